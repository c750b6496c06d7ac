/* fuzz_wire: every reader of core/wire on arbitrary bytes.
 *
 * The first byte chooses the reader, the rest is its text.  What a reader takes
 * is written and read again, and must then be the same; what it refuses must
 * come with a reason.  A libFuzzer entry point. */
#include <stdlib.h>
#include <string.h>

#include "wire/arn.h"
#include "wire/call.h"
#include "wire/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 1 << 24 };

static void require(int truth) {
  if (!truth)
    abort();
}

typedef struct run {
  dur_arena arena;
  dur_buf buf;
  dur_json_out out;
  const char *why;
} run;

/* An error of unknown members alone is one, but is written as {}, which is
 * none: the one thing that a round trip does not keep. */
static int says_nothing(const dur_error *e) {
  return e->message.data == NULL && e->type.data == NULL &&
         e->data.data == NULL && e->stack.data == NULL;
}

/* |given|, written and read, is written the same. */
static int on_operation(void *user, const dur_operation *given) {
  run *r = user;
  dur_operation known = *given;
  const dur_operation *op = &known;
  dur_json json;
  dur_operation back, copy;
  const char *why = NULL;
  require(op->id.len > 0);
  known.has_error = given->has_error && !says_nothing(&given->error);
  dur_buf_reset(&r->buf);
  dur_json_out_init(&r->out, &r->buf, 0);
  dur_operation_write(&r->out, op, DUR_TIME_MS);
  size_t size = r->buf.len;
  require(!r->buf.failed && size == dur_operation_size(op, DUR_TIME_MS));
  dur_bytes text = dur_arena_copy(&r->arena, dur_buf_view(&r->buf));
  dur_json_init(&json, text, 0);
  require(dur_operation_read(&json, &r->arena, &back, &why) == 0);
  require(dur_operation_copy(&r->arena, &back, &copy) == 0);
  dur_buf_reset(&r->buf);
  dur_json_out_init(&r->out, &r->buf, 0);
  dur_operation_write(&r->out, &copy, DUR_TIME_MS);
  require(dur_bytes_eq(dur_buf_view(&r->buf), text));
  return 0;
}

static int on_update(void *user, const dur_update *given) {
  run *r = user;
  dur_json json;
  dur_update back;
  dur_update known = *given;
  const dur_update *update = &known;
  const char *why = NULL;
  known.has_error = given->has_error && !says_nothing(&given->error);
  dur_buf_reset(&r->buf);
  dur_json_out_init(&r->out, &r->buf, 0);
  dur_update_write(&r->out, update);
  require(!r->buf.failed && r->buf.len == dur_update_size(update));
  dur_bytes text = dur_arena_copy(&r->arena, dur_buf_view(&r->buf));
  dur_json_init(&json, text, 0);
  require(dur_update_read(&json, &r->arena, &back, &why) == 0);
  dur_buf_reset(&r->buf);
  dur_json_out_init(&r->out, &r->buf, 0);
  dur_update_write(&r->out, &back);
  require(dur_bytes_eq(dur_buf_view(&r->buf), text));
  return 0;
}

static int on_id(void *user, dur_bytes id) {
  (void)user;
  require(id.data != NULL);
  return 0;
}

static void on_error(run *r, dur_bytes text) {
  dur_error e;
  const char *why = NULL;
  int got = dur_error_parse(text, &r->arena, &e, &why);
  require(got >= 0 || why != NULL);
  if (got <= 0)
    return;
  for (size_t max = dur_error_size(&e); max >= 2; max /= 2) {
    dur_error cut;
    require(dur_error_copy(&r->arena, &e, &cut) == 0);
    require(dur_error_truncate(&r->arena, &cut, max) == 0);
    require(dur_error_size(&cut) <= max);
  }
}

static void on_plain_text(dur_bytes text) {
  dur_arn arn;
  dur_bytes last = dur_arn_last(text);
  require(last.len <= text.len);
  if (dur_arn_parse(text, &arn))
    require(arn.id.len > 0 && dur_bytes_eq(last, arn.id));
  (void)dur_name_ok(text);
  (void)dur_id_ok(text);
  (void)dur_sub_type_ok(text);
  (void)dur_tenant_ok(text);
  (void)dur_execution_name_ok(text);
  (void)dur_client_token_ok(text);
  require(!dur_function_name_ok(text) || text.len <= DUR_FUNCTION_NAME_MAX);
}

static void read_one(run *r, int reader, dur_bytes text) {
  dur_state_page page;
  dur_event event;
  dur_checkpoint request;
  dur_output output;
  dur_api_error error;
  int got = 0;
  switch (reader) {
  case 0:
    got = dur_event_read(text, &r->arena, on_operation, on_id, r, &event,
                         &r->why);
    require(got < 0 || (event.arn.len > 0 && event.token.len > 0));
    break;
  case 1:
  case 2:
    got = dur_page_read(text, reader == 2, &r->arena, on_operation, r, &page,
                        &r->why);
    break;
  case 3:
    got = dur_checkpoint_read(text, &r->arena, on_update, r, &request, &r->why);
    break;
  case 4:
    got = dur_output_read(text, &r->arena, &output, &r->why);
    break;
  case 5:
    dur_api_error_read(400, DUR_NONE, text, &r->arena, &error);
    (void)dur_api_error_category(&error);
    break;
  case 6:
    on_error(r, text);
    break;
  default:
    on_plain_text(text);
    break;
  }
  require(got == 0 || (got == -1 && r->why != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  run r = {0};
  if (size == 0)
    return 0;
  dur_arena_init(&r.arena, &dur_mem_default);
  dur_buf_init(&r.buf, &dur_mem_default, OUT_MAX);
  read_one(&r, data[0] % 8, (dur_bytes){(const char *)data + 1, size - 1});
  dur_buf_drop(&r.buf);
  dur_arena_drop(&r.arena);
  return 0;
}
