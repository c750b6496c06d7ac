/* Recorded bodies: tests/vectors/wire-bodies.jsonl holds requests, responses,
 * events, outputs and refusals as a service and a function exchanged them, each
 * with what they say, worked out by another program.  Every body is read and
 * compared with that; requests are written again byte for byte, and the rest is
 * written, read and compared. */
#include "wire_test.h"

#include <stdio.h>

#include "wire/arn.h"
#include "wire/limits.h"

enum { OPERATIONS_MAX = 16, UPDATES_MAX = 8 };

typedef struct body {
  bench *b;
  dur_bytes text;
  dur_bytes facts[OPERATIONS_MAX + 4]; /* strings decoded, numbers as written */
  int fact_count;
} body;

typedef struct seen {
  dur_operation op[OPERATIONS_MAX];
  dur_update update[UPDATES_MAX];
  int count, ids;
} seen;

static int on_operation(void *user, const dur_operation *op) {
  seen *s = user;
  assert_true(s->count < OPERATIONS_MAX);
  s->op[s->count++] = *op;
  return 0;
}

static int on_update(void *user, const dur_update *update) {
  seen *s = user;
  assert_true(s->count < UPDATES_MAX);
  s->update[s->count++] = *update;
  return 0;
}

static int on_id(void *user, dur_bytes id) {
  seen *s = user;
  assert_true(dur_id_ok(id));
  s->ids++;
  return 0;
}

/* ---- what an operation says, in one line */

static void say(dur_buf *out, dur_bytes text) {
  if (text.data == NULL) {
    dur_buf_char(out, '-');
    return;
  }
  dur_buf_char(out, '<');
  dur_buf_bytes(out, text);
  dur_buf_char(out, '>');
}

static void say_error(dur_buf *out, int has, const dur_error *e) {
  if (!has) {
    dur_buf_char(out, '-');
    return;
  }
  dur_buf_char(out, '{');
  say(out, e->message);
  say(out, e->type);
  say(out, e->data);
  if (e->stack.data != NULL)
    dur_buf_bytes(out, e->stack);
  else
    dur_buf_char(out, '-');
  dur_buf_char(out, '}');
}

static void say_operation(dur_buf *out, const dur_operation *op) {
  const int64_t numbers[] = {op->start_ms,        op->end_ms,
                             op->has_details,     op->attempt,
                             op->next_attempt_ms, op->scheduled_end_ms};
  const dur_bytes before[] = {op->parent_id, op->name, op->sub_type};
  const dur_bytes after[] = {op->input, op->callback_id, op->result};
  dur_buf_str(out, dur_type_text(op->type));
  dur_buf_char(out, ' ');
  dur_buf_str(out, dur_status_text(op->status));
  dur_buf_char(out, ' ');
  dur_buf_bytes(out, op->id);
  for (int i = 0; i < 3; i++) {
    dur_buf_char(out, ' ');
    say(out, before[i]);
  }
  for (int i = 0; i < 6; i++) {
    dur_buf_char(out, ' ');
    dur_buf_i64(out, numbers[i]);
  }
  for (int i = 0; i < 3; i++) {
    dur_buf_char(out, ' ');
    say(out, after[i]);
  }
  dur_buf_char(out, ' ');
  say_error(out, op->has_error, &op->error);
}

static void check_operations(const body *in, const seen *s, int first) {
  assert_int_equal(s->count, in->fact_count - first);
  for (int i = 0; i < s->count; i++) {
    dur_buf said;
    dur_buf_init(&said, &dur_mem_default, 1u << 20);
    say_operation(&said, &s->op[i]);
    assert_same(dur_buf_view(&said), in->facts[first + i]);
    dur_buf_drop(&said);
  }
}

static void check_number(dur_bytes fact, int actual) {
  int64_t n;
  assert_true(dur_number_int(fact, &n));
  assert_int_equal(actual, n);
}

/* ---- one function a kind */

static void check_request(const body *in) {
  seen s = {0};
  dur_checkpoint r;
  const char *why = NULL;
  if (dur_checkpoint_read(in->text, &in->b->arena, on_update, &s, &r, &why) < 0)
    fail_msg("%s", why);
  assert_same(r.token, in->facts[0]);
  assert_same(r.client_token, in->facts[1]);
  check_number(in->facts[2], s.count);
  bench_again(in->b, 1);
  dur_checkpoint_begin(&in->b->out, r.token);
  for (int i = 0; i < s.count; i++)
    dur_update_write(&in->b->out, &s.update[i]);
  dur_checkpoint_end(&in->b->out, r.client_token);
  assert_same(written(in->b), in->text);
}

static void check_response(const body *in) {
  seen s = {0}, back = {0};
  dur_state_page page, again;
  const char *why = NULL;
  if (dur_page_read(in->text, 0, &in->b->arena, on_operation, &s, &page, &why) <
      0)
    fail_msg("%s", why);
  assert_same(page.token, in->facts[0]);
  assert_absent(page.next_marker);
  check_operations(in, &s, 1);
  bench_again(in->b, 0);
  dur_page_begin(&in->b->out, 0, page.token);
  for (int i = 0; i < s.count; i++)
    dur_operation_write(&in->b->out, &s.op[i], DUR_TIME_S);
  dur_page_end(&in->b->out, 0, page.next_marker);
  assert_int_equal(dur_page_read(written(in->b), 0, &in->b->arena, on_operation,
                                 &back, &again, &why),
                   0);
  assert_same(again.token, page.token);
  assert_int_equal(back.count, s.count);
  for (int i = 0; i < s.count; i++)
    assert_same_operation(&back.op[i], &s.op[i]);
}

static void check_event(const body *in) {
  seen s = {0}, back = {0};
  dur_event event, again;
  const char *why = NULL;
  if (dur_event_read(in->text, &in->b->arena, on_operation, on_id, &s, &event,
                     &why) < 0)
    fail_msg("%s", why);
  assert_same(event.arn, in->facts[0]);
  assert_same(event.token, in->facts[1]);
  check_number(in->facts[2], s.ids);
  check_operations(in, &s, 3);
  assert_same(dur_arn_last(event.arn), s.op[0].id);
  bench_again(in->b, 0);
  dur_event_begin(&in->b->out, event.arn, event.token);
  for (int i = 0; i < s.count; i++)
    dur_operation_write(&in->b->out, &s.op[i], DUR_TIME_MS);
  dur_event_updated(&in->b->out, event.next_marker);
  dur_event_end(&in->b->out);
  assert_int_equal(dur_event_read(written(in->b), &in->b->arena, on_operation,
                                  on_id, &back, &again, &why),
                   0);
  assert_same(again.arn, event.arn);
  assert_same(again.token, event.token);
  assert_int_equal(back.count, s.count);
  for (int i = 0; i < s.count; i++)
    assert_same_operation(&back.op[i], &s.op[i]);
}

static void check_output(const body *in) {
  dur_output out, back;
  dur_buf said;
  const char *why = NULL;
  if (dur_output_read(in->text, &in->b->arena, &out, &why) < 0)
    fail_msg("%s", why);
  assert_same(out.status, in->facts[0]);
  dur_buf_init(&said, &dur_mem_default, 1u << 20);
  say(&said, out.result);
  assert_same(dur_buf_view(&said), in->facts[1]);
  dur_buf_reset(&said);
  say_error(&said, out.has_error, &out.error);
  assert_same(dur_buf_view(&said), in->facts[2]);
  dur_buf_drop(&said);
  dur_bytes status = dur_arena_copy(&in->b->arena, out.status);
  bench_again(in->b, 0);
  dur_output_write(&in->b->buf, status.data, out.result,
                   out.has_error ? &out.error : NULL);
  assert_int_equal(dur_output_read(written(in->b), &in->b->arena, &back, &why),
                   0);
  assert_same(back.status, out.status);
  assert_same(back.result, out.result);
  assert_int_equal(back.has_error, out.has_error);
  assert_same_error(&back.error, &out.error);
}

static void check_refusal(const body *in) {
  dur_api_error e;
  int64_t status;
  assert_true(dur_number_int(in->facts[0], &status));
  dur_api_error_read((int)status, DUR_NONE, in->text, &in->b->arena, &e);
  assert_same(e.code, in->facts[1]);
  assert_same(e.message, in->facts[2]);
  bench_again(in->b, 0);
  dur_api_error_write(&in->b->buf, &e);
  assert_same(written(in->b), in->text);
}

/* ---- the file */

static const struct {
  const char *kind;
  void (*check)(const body *in);
} kinds[] = {{"request", check_request},
             {"response", check_response},
             {"event", check_event},
             {"output", check_output},
             {"refusal", check_refusal}};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static dur_bytes next_text(dur_json *json, dur_arena *arena) {
  dur_bytes text;
  if (dur_json_next(json) == DUR_JSON_NUMBER)
    return json->text;
  if (json->token != DUR_JSON_STRING)
    return DUR_NONE;
  assert_int_equal(dur_json_text(json, arena, &text), 0);
  return text;
}

static int check_line(dur_bytes line, bench *b) {
  dur_json json;
  body in = {.b = b};
  int kind = -1;
  dur_json_init(&json, line, 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_OBJECT);
  while (dur_json_next(&json) == DUR_JSON_KEY) {
    if (dur_json_text_is(&json, "kind")) {
      dur_bytes name = next_text(&json, &b->arena);
      for (int i = 0; i < KINDS; i++)
        kind = dur_bytes_is(name, kinds[i].kind) ? i : kind;
    } else if (dur_json_text_is(&json, "body")) {
      in.text = next_text(&json, &b->arena);
    } else {
      dur_bytes fact;
      assert_int_equal(dur_json_next(&json), DUR_JSON_ARRAY);
      while ((fact = next_text(&json, &b->arena)).data != NULL)
        in.facts[in.fact_count++] = fact;
    }
  }
  assert_int_equal(json.token, DUR_JSON_OBJECT_END);
  assert_true(kind >= 0);
  kinds[kind].check(&in);
  return kind;
}

static void every_body_reads_and_writes(void **state) {
  (void)state;
  static char line[1 << 16];
  int count[KINDS] = {0};
  FILE *file = fopen(DUR_VECTORS_DIR "/wire-bodies.jsonl", "rb");
  assert_non_null(file);
  while (fgets(line, sizeof(line), file) != NULL) {
    bench b;
    bench_init(&b);
    count[check_line(dur_cstr(line), &b)]++;
    bench_drop(&b);
  }
  fclose(file);
  for (int i = 0; i < KINDS; i++)
    assert_true(count[i] >= 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_body_reads_and_writes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
