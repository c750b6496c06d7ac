/* The invocation event: what is required, what may lack, what is refused. */
#include "wire_test.h"

#define CONFIGURED ": is the function configured for durable execution?"
#define ARN                                                                    \
  "arn:aws:lambda:us-east-1:123456789012:function:myFn:1/durable-execution/"   \
  "exec-name/inv-1"
#define HEAD "\"DurableExecutionArn\":\"" ARN "\",\"CheckpointToken\":\"VG9r\""
#define EXECUTION                                                              \
  "{\"Id\":\"inv-1\",\"Type\":\"EXECUTION\",\"StartTimestamp\":1735689600123," \
  "\"Status\":\"STARTED\",\"ExecutionDetails\":{\"InputPayload\":"             \
  "\"{\\\"q\\\":1}\"}}"

typedef struct seen {
  int operations, ids, stop_at_operation, stop_at_id;
  dur_operation op;
  dur_bytes id[4];
} seen;

static int on_operation(void *user, const dur_operation *op) {
  seen *s = user;
  s->op = *op;
  return ++s->operations == s->stop_at_operation;
}

static int on_id(void *user, dur_bytes id) {
  seen *s = user;
  assert_true(s->ids < 4);
  s->id[s->ids++] = id;
  return s->ids == s->stop_at_id;
}

static int get(bench *b, const char *text, seen *s, dur_event *event,
               const char **why) {
  *why = NULL;
  return dur_event_read(dur_cstr(text), &b->arena, on_operation, on_id, s,
                        event, why);
}

static void the_example_is_read(void **state) {
  (void)state;
  bench b;
  seen s = {0};
  dur_event event;
  const char *why;
  bench_init(&b);
  assert_int_equal(get(&b,
                       "{" HEAD ",\n \"InitialExecutionState\":{\"Operations\":"
                       "[\n   " EXECUTION "],\"NextMarker\":\"m\"},\n "
                       "\"UpdatedOperationIds\":[\"a\",\"b\\u0063\"],"
                       "\"LocalRunner\":true}\n",
                       &s, &event, &why),
                   0);
  assert_bytes(event.arn, ARN);
  assert_bytes(event.token, "VG9r");
  assert_bytes(event.next_marker, "m");
  assert_int_equal(s.operations, 1);
  assert_bytes(s.op.input, "{\"q\":1}");
  assert_true(s.op.start_ms == 1735689600123);
  assert_int_equal(s.ids, 2);
  assert_bytes(s.id[0], "a");
  assert_bytes(s.id[1], "bc");
  bench_drop(&b);
}

static void null_reads_as_empty(void **state) {
  (void)state;
  static const char *const empty[] = {
      "{" HEAD "}",
      "{" HEAD ",\"InitialExecutionState\":null,\"UpdatedOperationIds\":null}",
      "{" HEAD ",\"InitialExecutionState\":{},\"UpdatedOperationIds\":[]}",
      "{" HEAD ",\"InitialExecutionState\":{\"Operations\":null,"
      "\"NextMarker\":null}}",
      "{" HEAD ",\"InitialExecutionState\":{\"Operations\":[],"
      "\"NextMarker\":\"\"}}",
  };
  bench b;
  dur_event event;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
    seen s = {0};
    if (get(&b, empty[i], &s, &event, &why) != 0)
      fail_msg("%s: %s", empty[i], why);
    assert_int_equal(s.operations + s.ids, 0);
    assert_absent(event.next_marker);
  }
  bench_drop(&b);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"{}", "the event has no DurableExecutionArn" CONFIGURED},
      {"{\"key1\":\"value1\"}",
       "the event has no DurableExecutionArn" CONFIGURED},
      {"{\"DurableExecutionArn\":null,\"CheckpointToken\":\"t\"}",
       "the event has no DurableExecutionArn" CONFIGURED},
      {"{\"DurableExecutionArn\":\"\",\"CheckpointToken\":\"t\"}",
       "the event has no DurableExecutionArn" CONFIGURED},
      {"{\"DurableExecutionArn\":\"a\"}",
       "the event has no CheckpointToken" CONFIGURED},
      {"{\"DurableExecutionArn\":\"a\",\"CheckpointToken\":\"\"}",
       "the event has no CheckpointToken" CONFIGURED},
      {"[]", "the event is not a JSON object" CONFIGURED},
      {"null", "the event is not a JSON object" CONFIGURED},
      {"\"text\"", "the event is not a JSON object" CONFIGURED},
      {"{\"DurableExecutionArn\":1}",
       "the event's DurableExecutionArn is not a string"},
      {"{\"CheckpointToken\":{}}",
       "the event's CheckpointToken is not a string"},
      {"{\"InitialExecutionState\":[]}",
       "the event's InitialExecutionState is not an object"},
      {"{\"InitialExecutionState\":{\"Operations\":{}}}",
       "InitialExecutionState.Operations is not an array"},
      {"{\"InitialExecutionState\":{\"Operations\":[7]}}",
       "Operation is not an object"},
      {"{\"InitialExecutionState\":{\"Operations\":[{}]}}",
       "Operation.Id is missing"},
      {"{\"InitialExecutionState\":{\"NextMarker\":0}}",
       "InitialExecutionState.NextMarker is not a string"},
      {"{\"UpdatedOperationIds\":\"a\"}",
       "the event's UpdatedOperationIds is not an array of strings"},
      {"{\"UpdatedOperationIds\":[\"a\",1]}",
       "the event's UpdatedOperationIds is not an array of strings"},
  };
  bench b;
  dur_event event;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    seen s = {0};
    if (get(&b, rows[i].text, &s, &event, &why) != -1)
      fail_msg("taken: %s", rows[i].text);
    assert_string_equal(why, rows[i].why);
  }
  bench_drop(&b);
}

static void every_cut_is_refused(void **state) {
  (void)state;
  const char *text = "{" HEAD ",\"InitialExecutionState\":{\"Operations\":[" //
      EXECUTION "],\"NextMarker\":\"\"},\"UpdatedOperationIds\":[\"a\"]}";
  bench b;
  dur_event event;
  bench_init(&b);
  for (size_t len = 0; len < strlen(text); len++) {
    seen s = {0};
    const char *why = NULL;
    assert_int_equal(dur_event_read((dur_bytes){text, len}, &b.arena,
                                    on_operation, on_id, &s, &event, &why),
                     -1);
    assert_non_null(why);
  }
  seen s = {0};
  const char *why;
  assert_int_equal(get(&b, "{" HEAD "} {}", &s, &event, &why), -1);
  assert_non_null(why);
  bench_drop(&b);
}

static void a_callback_stops_the_event(void **state) {
  (void)state;
  const char *text = "{" HEAD ",\"InitialExecutionState\":{\"Operations\":[" //
      EXECUTION "," EXECUTION "]},\"UpdatedOperationIds\":[\"a\",\"b\"]}";
  bench b;
  dur_event event;
  const char *why;
  bench_init(&b);
  seen s = {.stop_at_operation = 1};
  assert_int_equal(get(&b, text, &s, &event, &why), -1);
  assert_null(why);
  assert_int_equal(s.operations, 1);
  s = (seen){.stop_at_id = 1};
  assert_int_equal(get(&b, text, &s, &event, &why), -1);
  assert_null(why);
  assert_int_equal(s.ids, 1);
  assert_int_equal(
      dur_event_read(dur_cstr(text), &b.arena, NULL, NULL, NULL, &event, &why),
      0);
  bench_drop(&b);
}

static void too_large_an_event_is_refused(void **state) {
  (void)state;
  static const char brace[] = "{";
  bench b;
  seen s = {0};
  dur_event event;
  const char *why = NULL;
  bench_init(&b);
  /* refused by its length alone: the bytes are never looked at */
  assert_int_equal(dur_event_read((dur_bytes){brace, 64u * 1024 * 1024 + 1},
                                  &b.arena, on_operation, on_id, &s, &event,
                                  &why),
                   -1);
  assert_string_equal(why, "the JSON text is larger than 64 MiB");
  bench_drop(&b);
}

static void an_event_is_written(void **state) {
  (void)state;
  bench b;
  dur_operation op = {.id = DUR_LIT("inv-1"),
                      .type = DUR_TYPE_EXECUTION,
                      .status = DUR_STATUS_STARTED,
                      .start_ms = 1735689600123,
                      .input = DUR_LIT("{\"q\":1}")};
  bench_init(&b);
  dur_event_begin(&b.out, DUR_LIT(ARN), DUR_LIT("VG9r"));
  dur_operation_write(&b.out, &op, DUR_TIME_MS);
  dur_operation_write(&b.out, &op, DUR_TIME_MS);
  dur_event_updated(&b.out, DUR_NONE);
  dur_json_string(&b.out, DUR_LIT("a"));
  dur_json_string(&b.out, DUR_LIT("b"));
  dur_event_end(&b.out);
  assert_bytes(written(&b),
               "{" HEAD ",\"InitialExecutionState\":{\"Operations\":[" //
               EXECUTION "," EXECUTION "],\"NextMarker\":\"\"},"
               "\"UpdatedOperationIds\":[\"a\",\"b\"]}");
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_example_is_read),
      cmocka_unit_test(null_reads_as_empty),
      cmocka_unit_test(what_is_wrong_is_said),
      cmocka_unit_test(every_cut_is_refused),
      cmocka_unit_test(a_callback_stops_the_event),
      cmocka_unit_test(too_large_an_event_is_refused),
      cmocka_unit_test(an_event_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
