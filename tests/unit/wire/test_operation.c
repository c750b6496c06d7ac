/* Operation: every details object, every refusal, both time forms. */
#include "wire_test.h"

static int read_as(bench *b, const char *text, dur_time_form form,
                   dur_operation *op, const char **why) {
  dur_json json;
  dur_json_init(&json, dur_cstr(text), 0);
  *why = NULL;
  return dur_operation_read_as(&json, &b->arena, form, op, why);
}

static dur_operation get(bench *b, const char *text) {
  dur_operation op;
  const char *why;
  if (read_as(b, text, DUR_TIME_MS, &op, &why) != 0)
    fail_msg("%s: %s", text, why);
  return op;
}

#define HEAD(type, status)                                                     \
  "{\"Id\":\"i\",\"Type\":\"" type "\",\"Status\":\"" status "\","

static void the_common_members_are_read(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op =
      get(&b, "{\"Id\":\"id-1\",\"Type\":\"STEP\",\"Status\":\"STARTED\","
              "\"ParentId\":\"p\",\"Name\":\"caf\\u00e9\",\"SubType\":\"Step\","
              "\"StartTimestamp\":1735689600123,\"EndTimestamp\":0,"
              "\"Extra\":{\"a\":[1,{}]}}");
  assert_bytes(op.id, "id-1");
  assert_int_equal(op.type, DUR_TYPE_STEP);
  assert_int_equal(op.status, DUR_STATUS_STARTED);
  assert_absent(op.type_text);
  assert_absent(op.status_text);
  assert_bytes(op.parent_id, "p");
  assert_bytes(op.name, "caf\xc3\xa9");
  assert_bytes(op.sub_type, "Step");
  assert_true(op.start_ms == 1735689600123);
  assert_true(op.end_ms == 0);
  assert_int_equal(op.has_details, 0);
  bench_drop(&b);
}

static void null_and_empty_are_absent(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op =
      get(&b, HEAD("CONTEXT", "STARTED") "\"ParentId\":null,\"Name\":\"\","
                                         "\"SubType\":null,"
                                         "\"StartTimestamp\":null,"
                                         "\"ContextDetails\":{},"
                                         "\"StepDetails\":null}");
  assert_absent(op.parent_id);
  assert_absent(op.name);
  assert_absent(op.sub_type);
  assert_int_equal(op.has_details, 0);
  op = get(&b, HEAD("CONTEXT", "FAILED") "\"ContextDetails\":{\"Result\":null,"
                                         "\"Error\":{}}}");
  assert_int_equal(op.has_details, 1);
  assert_int_equal(op.has_error, 0);
  assert_absent(op.result);
  bench_drop(&b);
}

static void each_type_has_its_details(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op = get(&b, HEAD("EXECUTION", "STARTED") //
                         "\"ExecutionDetails\":{\"InputPayload\":\"{}\"}}");
  assert_bytes(op.input, "{}");
  assert_int_equal(op.has_details, 1);
  op = get(&b, HEAD("CONTEXT", "SUCCEEDED") //
           "\"ContextDetails\":{\"ReplayChildren\":true,\"Result\":\"\"}}");
  assert_int_equal(op.replay_children, 1);
  assert_bytes(op.result, "");
  op = get(&b, HEAD("STEP", "PENDING") //
           "\"StepDetails\":{\"Attempt\":3,\"NextAttemptTimestamp\":5000.0,"
           "\"Result\":\"r\",\"Error\":{\"ErrorType\":\"T\"}}}");
  assert_int_equal(op.attempt, 3);
  assert_true(op.next_attempt_ms == 5000);
  assert_bytes(op.result, "r");
  assert_int_equal(op.has_error, 1);
  assert_bytes(op.error.type, "T");
  op = get(&b, HEAD("WAIT", "STARTED") //
           "\"WaitDetails\":{\"ScheduledEndTimestamp\":77}}");
  assert_true(op.scheduled_end_ms == 77);
  op = get(&b, HEAD("CALLBACK", "SUCCEEDED") //
           "\"CallbackDetails\":{\"CallbackId\":\"cb==\",\"Result\":\"x\"}}");
  assert_bytes(op.callback_id, "cb==");
  assert_bytes(op.result, "x");
  op = get(&b, HEAD("CHAINED_INVOKE", "FAILED") //
           "\"ChainedInvokeDetails\":{\"Error\":{\"ErrorMessage\":\"m\"}}}");
  assert_bytes(op.error.message, "m");
  assert_int_equal(op.has_details, 1);
  bench_drop(&b);
}

static void keys_come_in_any_order_and_spelling(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op = get(
      &b, "{\"StepDetails\":{\"Result\":\"r\",\"Attempt\":1},\"\":0,"
          "\"Stat\\u0075s\":\"SUCCEEDED\",\"Type\":\"STEP\",\"\\u0049d\":\"i\","
          "\"Ie\":1,\"Id2\":2}");
  assert_bytes(op.id, "i");
  assert_int_equal(op.status, DUR_STATUS_SUCCEEDED);
  assert_int_equal(op.attempt, 1);
  assert_int_equal(op.has_details, 1);
  bench_drop(&b);
}

static void the_last_of_two_equal_keys_counts(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op = get(&b, "{\"Id\":\"a\",\"Id\":\"b\",\"Type\":\"STEP\","
                             "\"Status\":\"READY\",\"Name\":\"n\","
                             "\"Name\":null}");
  assert_bytes(op.id, "b");
  assert_absent(op.name);
  bench_drop(&b);
}

static void details_of_another_type_do_not_count(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op = get(&b, HEAD("WAIT", "STARTED") //
                         "\"StepDetails\":{\"Attempt\":1}}");
  assert_int_equal(op.has_details, 0);
  bench_drop(&b);
}

static void unknown_enums_are_carried(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_operation op = get(&b, HEAD("SIGNAL", "PAUSED") "\"SubType\":\"New\"}");
  assert_int_equal(op.type, DUR_TYPE_OTHER);
  assert_int_equal(op.status, DUR_STATUS_OTHER);
  assert_bytes(op.type_text, "SIGNAL");
  assert_bytes(op.status_text, "PAUSED");
  dur_operation_write(&b.out, &op, DUR_TIME_MS);
  assert_bytes(written(&b), "{\"Id\":\"i\",\"Type\":\"SIGNAL\",\"SubType\":"
                            "\"New\",\"Status\":\"PAUSED\"}");
  bench_drop(&b);
}

static void strings_borrow_unless_escaped(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  const char *text = HEAD("STEP", "SUCCEEDED") //
      "\"Name\":\"plain\",\"StepDetails\":{\"Attempt\":1,\"Result\":\"7\"}}";
  dur_operation op = get(&b, text);
  assert_true(op.name.data > text && op.name.data < text + strlen(text));
  assert_null(b.arena.blocks);
  op = get(&b, HEAD("STEP", "SUCCEEDED") "\"Name\":\"a\\tb\"}");
  assert_bytes(op.name, "a\tb");
  assert_non_null(b.arena.blocks);
  bench_drop(&b);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"[]", "Operation is not an object"},
      {"null", "Operation is not an object"},
      {"{}", "Operation.Id is missing"},
      {"{\"Id\":\"\",\"Type\":\"STEP\"}", "Operation.Id is missing"},
      {"{\"Id\":\"i\"}", "Operation.Type is missing"},
      {"{\"Id\":\"i\",\"Type\":null}", "Operation.Type is missing"},
      {"{\"Id\":\"i\",\"Type\":\"STEP\"}", "Operation.Status is missing"},
      {"{\"Id\":1}", "Operation.Id is not a string"},
      {"{\"Type\":1}", "Operation.Type is not a string"},
      {"{\"Status\":true}", "Operation.Status is not a string"},
      {"{\"ParentId\":1}", "Operation.ParentId is not a string"},
      {"{\"Name\":{}}", "Operation.Name is not a string"},
      {"{\"SubType\":[]}", "Operation.SubType is not a string"},
      {"{\"StartTimestamp\":\"x\"}",
       "Operation.StartTimestamp is not a timestamp"},
      {"{\"EndTimestamp\":true}", "Operation.EndTimestamp is not a timestamp"},
      {"{\"ExecutionDetails\":\"x\"}",
       "Operation.ExecutionDetails is not an object"},
      {"{\"ContextDetails\":[]}", "Operation.ContextDetails is not an object"},
      {"{\"StepDetails\":1}", "Operation.StepDetails is not an object"},
      {"{\"WaitDetails\":1}", "Operation.WaitDetails is not an object"},
      {"{\"CallbackDetails\":1}", "Operation.CallbackDetails is not an object"},
      {"{\"ChainedInvokeDetails\":1}",
       "Operation.ChainedInvokeDetails is not an object"},
      {"{\"ExecutionDetails\":{\"InputPayload\":{}}}",
       "ExecutionDetails.InputPayload is not a string"},
      {"{\"ContextDetails\":{\"Result\":1}}",
       "ContextDetails.Result is not a string"},
      {"{\"ContextDetails\":{\"ReplayChildren\":1}}",
       "ContextDetails.ReplayChildren is not true or false"},
      {"{\"ContextDetails\":{\"Error\":1}}",
       "ContextDetails.Error is not an object"},
      {"{\"ContextDetails\":{\"Error\":{\"ErrorMessage\":1}}}",
       "Error.ErrorMessage is not a string"},
      {"{\"StepDetails\":{\"Attempt\":-1}}",
       "StepDetails.Attempt is not a small whole number"},
      {"{\"StepDetails\":{\"Attempt\":1.5}}",
       "StepDetails.Attempt is not a small whole number"},
      {"{\"StepDetails\":{\"Attempt\":4294967296}}",
       "StepDetails.Attempt is not a small whole number"},
      {"{\"StepDetails\":{\"NextAttemptTimestamp\":{}}}",
       "StepDetails.NextAttemptTimestamp is not a timestamp"},
      {"{\"StepDetails\":{\"Result\":1}}",
       "StepDetails.Result is not a string"},
      {"{\"StepDetails\":{\"Error\":[]}}",
       "StepDetails.Error is not an object"},
      {"{\"WaitDetails\":{\"ScheduledEndTimestamp\":true}}",
       "WaitDetails.ScheduledEndTimestamp is not a timestamp"},
      {"{\"CallbackDetails\":{\"CallbackId\":1}}",
       "CallbackDetails.CallbackId is not a string"},
      {"{\"CallbackDetails\":{\"Result\":1}}",
       "CallbackDetails.Result is not a string"},
      {"{\"CallbackDetails\":{\"Error\":1}}",
       "CallbackDetails.Error is not an object"},
      {"{\"ChainedInvokeDetails\":{\"Result\":1}}",
       "ChainedInvokeDetails.Result is not a string"},
      {"{\"ChainedInvokeDetails\":{\"Error\":\"x\"}}",
       "ChainedInvokeDetails.Error is not an object"},
  };
  bench b;
  dur_operation op;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (read_as(&b, rows[i].text, DUR_TIME_MS, &op, &why) != -1)
      fail_msg("taken: %s", rows[i].text);
    assert_string_equal(why, rows[i].why);
  }
  bench_drop(&b);
}

static void every_cut_is_malformed(void **state) {
  (void)state;
  const char *text = HEAD("STEP", "PENDING") //
      "\"Name\":\"a\\u00e9\",\"X\":[{\"y\":null}],\"StepDetails\":{\"Attempt\":"
      "1,\"NextAttemptTimestamp\":5,\"Error\":{\"StackTrace\":[\"l\"]}}}";
  bench b;
  dur_operation op;
  bench_init(&b);
  for (size_t len = 0; len < strlen(text); len++) {
    dur_json json;
    const char *why = NULL;
    dur_json_init(&json, (dur_bytes){text, len}, 0);
    assert_int_equal(dur_operation_read(&json, &b.arena, &op, &why), -1);
    assert_non_null(why);
    assert_ptr_equal(why, json.error);
  }
  bench_drop(&b);
}

static void check_written(const dur_operation *op, dur_time_form form,
                          const char *expected) {
  bench b;
  dur_operation back;
  const char *why;
  bench_init(&b);
  dur_operation_write(&b.out, op, form);
  assert_bytes(written(&b), expected);
  assert_int_equal(dur_operation_size(op, form), strlen(expected));
  if (read_as(&b, expected, form, &back, &why) != 0)
    fail_msg("%s: %s", expected, why);
  assert_same_operation(&back, op);
  bench_drop(&b);
}

static void keys_are_written_in_the_apis_order(void **state) {
  (void)state;
  check_written(
      &(dur_operation){.id = DUR_LIT("i"),
                       .type = DUR_TYPE_STEP,
                       .status = DUR_STATUS_PENDING,
                       .parent_id = DUR_LIT("p"),
                       .name = DUR_LIT("n"),
                       .sub_type = DUR_LIT("Step"),
                       .start_ms = 1735689600123,
                       .end_ms = 1735689601000,
                       .result = DUR_LIT("\"r\""),
                       .error = {.message = DUR_LIT("m")},
                       .has_error = 1,
                       .attempt = 2,
                       .next_attempt_ms = 1735689602500},
      DUR_TIME_S,
      "{\"Id\":\"i\",\"ParentId\":\"p\",\"Name\":\"n\",\"Type\":\"STEP\","
      "\"SubType\":\"Step\",\"StartTimestamp\":1735689600.123,"
      "\"EndTimestamp\":1735689601.0,\"Status\":\"PENDING\","
      "\"StepDetails\":{\"Attempt\":2,\"NextAttemptTimestamp\":1735689602.5,"
      "\"Result\":\"\\\"r\\\"\",\"Error\":{\"ErrorMessage\":\"m\"}}}");
}

static void each_type_writes_its_details(void **state) {
  (void)state;
  dur_operation op = {.id = DUR_LIT("i"),
                      .type = DUR_TYPE_EXECUTION,
                      .status = DUR_STATUS_STARTED,
                      .start_ms = 5,
                      .input = DUR_LIT("")};
#define START "{\"Id\":\"i\",\"Type\":"
#define TIMES ",\"StartTimestamp\":5,\"Status\":\"STARTED\""
  check_written(&op, DUR_TIME_MS,
                START "\"EXECUTION\"" TIMES
                      ",\"ExecutionDetails\":{\"InputPayload\":"
                      "\"\"}}");
  op.input = DUR_NONE;
  op.type = DUR_TYPE_CONTEXT;
  check_written(&op, DUR_TIME_MS, START "\"CONTEXT\"" TIMES "}");
  op.has_details = 1;
  check_written(&op, DUR_TIME_MS,
                START "\"CONTEXT\"" TIMES
                      ",\"ContextDetails\":{\"Result\":null}}");
  op.has_details = 0;
  op.replay_children = 1;
  op.result = DUR_LIT("");
  check_written(&op, DUR_TIME_MS,
                START "\"CONTEXT\"" TIMES ",\"ContextDetails\":{"
                      "\"ReplayChildren\":true,\"Result\":\"\"}}");
  op.replay_children = 0;
  op.type = DUR_TYPE_CALLBACK;
  op.callback_id = DUR_LIT("cb");
  check_written(&op, DUR_TIME_MS,
                START "\"CALLBACK\"" TIMES ",\"CallbackDetails\":{"
                      "\"CallbackId\":\"cb\",\"Result\":\"\"}}");
  op.callback_id = DUR_NONE;
  op.type = DUR_TYPE_CHAINED_INVOKE;
  check_written(&op, DUR_TIME_MS,
                START "\"CHAINED_INVOKE\"" TIMES ",\"ChainedInvokeDetails\":{"
                      "\"Result\":\"\"}}");
  op.result = DUR_NONE;
  op.type = DUR_TYPE_WAIT;
  op.scheduled_end_ms = 9;
  check_written(&op, DUR_TIME_MS,
                START "\"WAIT\"" TIMES ",\"WaitDetails\":{"
                      "\"ScheduledEndTimestamp\":9}}");
  op.scheduled_end_ms = 0;
  op.type = DUR_TYPE_STEP;
  check_written(&op, DUR_TIME_MS, START "\"STEP\"" TIMES "}");
  op.has_details = 1;
  check_written(&op, DUR_TIME_MS,
                START "\"STEP\"" TIMES ",\"StepDetails\":{\"Attempt\":0}}");
#undef START
#undef TIMES
}

static void a_copy_outlives_its_source(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  char text[] = HEAD("CALLBACK", "FAILED") //
      "\"ParentId\":\"p\",\"Name\":\"n\",\"SubType\":\"s\",\"CallbackDetails\":"
      "{\"CallbackId\":\"c\",\"Result\":\"r\",\"Error\":{\"ErrorMessage\":"
      "\"m\",\"ErrorType\":\"t\",\"ErrorData\":\"d\",\"StackTrace\":[\"l\"]}}}";
  dur_operation op = get(&b, text);
  dur_operation copy;
  assert_int_equal(dur_operation_copy(&b.arena, &op, &copy), 0);
  assert_same_operation(&copy, &op);
  memset(text, 'X', sizeof(text) - 1);
  assert_bytes(copy.id, "i");
  assert_bytes(copy.parent_id, "p");
  assert_bytes(copy.callback_id, "c");
  assert_bytes(copy.result, "r");
  assert_bytes(copy.error.stack, "[\"l\"]");
  assert_absent(copy.input);
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_common_members_are_read),
      cmocka_unit_test(null_and_empty_are_absent),
      cmocka_unit_test(each_type_has_its_details),
      cmocka_unit_test(keys_come_in_any_order_and_spelling),
      cmocka_unit_test(the_last_of_two_equal_keys_counts),
      cmocka_unit_test(details_of_another_type_do_not_count),
      cmocka_unit_test(unknown_enums_are_carried),
      cmocka_unit_test(strings_borrow_unless_escaped),
      cmocka_unit_test(what_is_wrong_is_said),
      cmocka_unit_test(every_cut_is_malformed),
      cmocka_unit_test(keys_are_written_in_the_apis_order),
      cmocka_unit_test(each_type_writes_its_details),
      cmocka_unit_test(a_copy_outlives_its_source),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
