/* OperationUpdate: the transcripts, byte for byte, both ways. */
#include "wire_test.h"

#define I1 "1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97"

static int read_text(bench *b, const char *text, dur_update *u,
                     const char **why) {
  dur_json json;
  dur_json_init(&json, dur_cstr(text), 0);
  *why = NULL;
  return dur_update_read(&json, &b->arena, u, why);
}

/* |update| gives |expected|, whose length is foretold, which reads back and
 * gives it again. */
static void check(const dur_update *update, const char *expected) {
  bench b;
  dur_update back;
  const char *why;
  bench_init(&b);
  dur_update_write(&b.out, update);
  assert_bytes(written(&b), expected);
  assert_int_equal(dur_update_size(update), strlen(expected));
  if (read_text(&b, expected, &back, &why) != 0)
    fail_msg("%s: %s", expected, why);
  assert_int_equal(back.type, update->type);
  assert_int_equal(back.action, update->action);
  bench_again(&b, 0);
  dur_update_write(&b.out, &back);
  assert_bytes(written(&b), expected);
  bench_drop(&b);
}

static dur_update step(dur_action action, const char *name) {
  return (dur_update){.id = DUR_LIT(I1),
                      .type = DUR_TYPE_STEP,
                      .action = action,
                      .name = dur_cstr(name),
                      .sub_type = DUR_LIT("Step")};
}

static const dur_error BAD = {.message = {"bad", 3},
                              .type = {"ValueError", 10}};

static void steps_match_the_transcripts(void **state) {
  (void)state;
  dur_update u = step(DUR_ACTION_START, "s1");
  check(&u, "{\"Id\":\"" I1 "\",\"Type\":\"STEP\",\"Action\":\"START\","
            "\"Name\":\"s1\",\"SubType\":\"Step\"}");
  u = step(DUR_ACTION_SUCCEED, "s1");
  u.payload = DUR_LIT("{\"t\":\"m\",\"v\":{\"a\":{\"t\":\"i\",\"v\":1}}}");
  check(&u, "{\"Id\":\"" I1 "\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
            "\"Name\":\"s1\",\"SubType\":\"Step\",\"Payload\":\"{\\\"t\\\":"
            "\\\"m\\\",\\\"v\\\":{\\\"a\\\":{\\\"t\\\":\\\"i\\\",\\\"v\\\":1}}}"
            "\"}");
  u = step(DUR_ACTION_RETRY, "s1");
  u.error = BAD;
  u.has_error = u.has_step = 1;
  u.next_attempt_delay_s = 1;
  check(&u, "{\"Id\":\"" I1 "\",\"Type\":\"STEP\",\"Action\":\"RETRY\","
            "\"Name\":\"s1\",\"SubType\":\"Step\",\"Error\":{\"ErrorMessage\":"
            "\"bad\",\"ErrorType\":\"ValueError\"},\"StepOptions\":{"
            "\"NextAttemptDelaySeconds\":1}}");
  u = step(DUR_ACTION_FAIL, NULL);
  u.error = BAD;
  u.has_error = 1;
  check(&u, "{\"Id\":\"" I1 "\",\"Type\":\"STEP\",\"Action\":\"FAIL\","
            "\"SubType\":\"Step\",\"Error\":{\"ErrorMessage\":\"bad\","
            "\"ErrorType\":\"ValueError\"}}");
  u = step(DUR_ACTION_RETRY, "wfc");
  u.sub_type = DUR_LIT("WaitForCondition");
  u.payload = DUR_LIT("1");
  u.has_step = 1;
  u.next_attempt_delay_s = 9;
  check(&u, "{\"Id\":\"" I1 "\",\"Type\":\"STEP\",\"Action\":\"RETRY\","
            "\"Name\":\"wfc\",\"SubType\":\"WaitForCondition\",\"Payload\":"
            "\"1\",\"StepOptions\":{\"NextAttemptDelaySeconds\":9}}");
}

static void waits_and_calls_match_the_transcripts(void **state) {
  (void)state;
  check(&(dur_update){.id = DUR_LIT(I1),
                      .type = DUR_TYPE_WAIT,
                      .action = DUR_ACTION_START,
                      .name = DUR_LIT("w"),
                      .sub_type = DUR_LIT("Wait"),
                      .has_wait = 1,
                      .wait_s = 7},
        "{\"Id\":\"" I1 "\",\"Type\":\"WAIT\",\"Action\":\"START\",\"Name\":"
        "\"w\",\"SubType\":\"Wait\",\"WaitOptions\":{\"WaitSeconds\":7}}");
  check(&(dur_update){.id = DUR_LIT(I1),
                      .type = DUR_TYPE_CALLBACK,
                      .action = DUR_ACTION_START,
                      .name = DUR_LIT("cb"),
                      .sub_type = DUR_LIT("Callback"),
                      .has_callback = 1},
        "{\"Id\":\"" I1 "\",\"Type\":\"CALLBACK\",\"Action\":\"START\","
        "\"Name\":\"cb\",\"SubType\":\"Callback\",\"CallbackOptions\":{"
        "\"TimeoutSeconds\":0,\"HeartbeatTimeoutSeconds\":0}}");
  dur_update u = {.id = DUR_LIT(I1),
                  .type = DUR_TYPE_CHAINED_INVOKE,
                  .action = DUR_ACTION_START,
                  .name = DUR_LIT("inv"),
                  .sub_type = DUR_LIT("ChainedInvoke"),
                  .payload = DUR_LIT("{\"a\": [1, 2]}"),
                  .has_invoke = 1,
                  .function_name = DUR_LIT("fn:1"),
                  .tenant_id = DUR_LIT("t1")};
#define INVOKE                                                                 \
  "{\"Id\":\"" I1 "\",\"Type\":\"CHAINED_INVOKE\",\"Action\":\"START\","       \
  "\"Name\":\"inv\",\"SubType\":\"ChainedInvoke\",\"Payload\":"                \
  "\"{\\\"a\\\": [1, "                                                         \
  "2]}\",\"ChainedInvokeOptions\":{\"FunctionName\":\"fn:1\""
  check(&u, INVOKE ",\"TenantId\":\"t1\"}}");
  u.trace_id = DUR_LIT("Root=1-a;Sampled=1");
  check(&u, INVOKE ",\"TenantId\":\"t1\",\"XAmznTraceId\":"
                   "\"Root=1-a;Sampled=1\"}}");
  u.tenant_id = DUR_NONE;
  u.trace_id = DUR_LIT("");
  check(&u, INVOKE ",\"XAmznTraceId\":\"\"}}");
  u.trace_id = DUR_NONE;
  check(&u, INVOKE "}}");
#undef INVOKE
}

static void contexts_match_the_transcripts(void **state) {
  (void)state;
#define KID(action)                                                            \
  "{\"Id\":\"" I1 "\",\"Type\":\"CONTEXT\",\"Action\":\"" action               \
  "\",\"Name\":\"kid\",\"SubType\":\"RunInChildContext\""
  dur_update u = {.id = DUR_LIT(I1),
                  .type = DUR_TYPE_CONTEXT,
                  .action = DUR_ACTION_START,
                  .name = DUR_LIT("kid"),
                  .sub_type = DUR_LIT("RunInChildContext")};
  check(&u, KID("START") "}");
  u.action = DUR_ACTION_SUCCEED;
  u.payload = DUR_LIT("1");
  u.has_context = 1;
  check(&u, KID("SUCCEED") ",\"Payload\":\"1\",\"ContextOptions\":{"
                           "\"ReplayChildren\":false}}");
  u.payload = DUR_LIT("");
  u.replay_children = 1;
  check(&u, KID("SUCCEED") ",\"Payload\":\"\",\"ContextOptions\":{"
                           "\"ReplayChildren\":true}}");
  u.payload = DUR_NONE;
  u.has_context = 0;
  u.action = DUR_ACTION_FAIL;
  u.has_error = 1;
  u.error = (dur_error){.message = DUR_LIT("division by zero"),
                        .type = DUR_LIT("ZeroDivisionError")};
  check(&u, KID("FAIL") ",\"Error\":{\"ErrorMessage\":\"division by zero\","
                        "\"ErrorType\":\"ZeroDivisionError\"}}");
#undef KID
}

static void the_large_result_names_only_itself(void **state) {
  (void)state;
  check(&(dur_update){.id = DUR_LIT("execution-result-1795229119559"),
                      .type = DUR_TYPE_EXECUTION,
                      .action = DUR_ACTION_SUCCEED,
                      .payload = DUR_LIT("...")},
        "{\"Id\":\"execution-result-1795229119559\",\"Type\":\"EXECUTION\","
        "\"Action\":\"SUCCEED\",\"Payload\":\"...\"}");
}

static void the_size_counts_escapes(void **state) {
  (void)state;
  dur_update u = step(DUR_ACTION_SUCCEED, "n");
  u.parent_id = DUR_LIT("p");
  u.payload = DUR_LIT("\"\\\n\t\x01\x7f caf\xc3\xa9 \xf0\x9f\x98\x80 /");
  u.has_error = 1;
  u.error.stack = DUR_LIT("[]");
  check(&u, "{\"Id\":\"" I1 "\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
            "\"ParentId\":\"p\",\"Name\":\"n\",\"SubType\":\"Step\","
            "\"Payload\":\"\\\"\\\\\\n\\t\\u0001\\u007f caf\\u00e9 "
            "\\ud83d\\ude00 /\",\"Error\":{\"StackTrace\":[]}}");
}

static void empty_options_are_absent(void **state) {
  (void)state;
  bench b;
  dur_update u;
  const char *why;
  bench_init(&b);
  assert_int_equal(
      read_text(&b,
                "{\"Id\":\"i\",\"Type\":\"STEP\",\"Action\":\"START\","
                "\"Payload\":null,\"Name\":\"\",\"Error\":{},"
                "\"ContextOptions\":{},\"StepOptions\":{},\"WaitOptions\":null,"
                "\"CallbackOptions\":{},\"ChainedInvokeOptions\":{}}",
                &u, &why),
      0);
  assert_absent(u.payload);
  assert_absent(u.name);
  assert_int_equal(u.has_error + u.has_context + u.has_step + u.has_wait +
                       u.has_callback + u.has_invoke,
                   0);
  assert_int_equal(
      read_text(&b,
                "{\"Id\":\"i\",\"Type\":\"X\",\"Action\":\"Y\",\"Z\":[{}],"
                "\"WaitOptions\":{\"New\":1}}",
                &u, &why),
      0);
  assert_int_equal(u.type, DUR_TYPE_OTHER);
  assert_int_equal(u.action, DUR_ACTION_OTHER);
  assert_bytes(u.type_text, "X");
  assert_bytes(u.action_text, "Y");
  assert_int_equal(u.has_wait, 1);
  assert_true(u.wait_s == 0);
  dur_update_write(&b.out, &u);
  assert_bytes(written(&b), "{\"Id\":\"i\",\"Type\":\"X\",\"Action\":\"Y\","
                            "\"WaitOptions\":{\"WaitSeconds\":0}}");
  bench_drop(&b);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"7", "OperationUpdate is not an object"},
      {"{}", "OperationUpdate.Id is missing"},
      {"{\"Id\":\"i\",\"Action\":\"START\"}",
       "OperationUpdate.Type is missing"},
      {"{\"Id\":\"i\",\"Type\":\"STEP\"}", "OperationUpdate.Action is missing"},
      {"{\"Id\":7}", "OperationUpdate.Id is not a string"},
      {"{\"Type\":7}", "OperationUpdate.Type is not a string"},
      {"{\"Action\":7}", "OperationUpdate.Action is not a string"},
      {"{\"ParentId\":7}", "OperationUpdate.ParentId is not a string"},
      {"{\"Name\":7}", "OperationUpdate.Name is not a string"},
      {"{\"SubType\":7}", "OperationUpdate.SubType is not a string"},
      {"{\"Payload\":{}}", "OperationUpdate.Payload is not a string"},
      {"{\"Error\":\"x\"}", "OperationUpdate.Error is not an object"},
      {"{\"ContextOptions\":1}",
       "OperationUpdate.ContextOptions is not an object"},
      {"{\"StepOptions\":1}", "OperationUpdate.StepOptions is not an object"},
      {"{\"WaitOptions\":1}", "OperationUpdate.WaitOptions is not an object"},
      {"{\"CallbackOptions\":1}",
       "OperationUpdate.CallbackOptions is not an object"},
      {"{\"ChainedInvokeOptions\":1}",
       "OperationUpdate.ChainedInvokeOptions is not an object"},
      {"{\"ContextOptions\":{\"ReplayChildren\":\"true\"}}",
       "ContextOptions.ReplayChildren is not true or false"},
      {"{\"StepOptions\":{\"NextAttemptDelaySeconds\":1.5}}",
       "StepOptions.NextAttemptDelaySeconds is not a whole number"},
      {"{\"WaitOptions\":{\"WaitSeconds\":\"5\"}}",
       "WaitOptions.WaitSeconds is not a whole number"},
      {"{\"CallbackOptions\":{\"TimeoutSeconds\":1e2}}",
       "CallbackOptions.TimeoutSeconds is not a whole number"},
      {"{\"CallbackOptions\":{\"HeartbeatTimeoutSeconds\":[]}}",
       "CallbackOptions.HeartbeatTimeoutSeconds is not a whole number"},
      {"{\"ChainedInvokeOptions\":{\"FunctionName\":1}}",
       "ChainedInvokeOptions.FunctionName is not a string"},
      {"{\"ChainedInvokeOptions\":{\"TenantId\":1}}",
       "ChainedInvokeOptions.TenantId is not a string"},
      {"{\"ChainedInvokeOptions\":{\"XAmznTraceId\":1}}",
       "ChainedInvokeOptions.XAmznTraceId is not a string"},
  };
  bench b;
  dur_update u;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (read_text(&b, rows[i].text, &u, &why) != -1)
      fail_msg("taken: %s", rows[i].text);
    assert_string_equal(why, rows[i].why);
  }
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_match_the_transcripts),
      cmocka_unit_test(waits_and_calls_match_the_transcripts),
      cmocka_unit_test(contexts_match_the_transcripts),
      cmocka_unit_test(the_large_result_names_only_itself),
      cmocka_unit_test(the_size_counts_escapes),
      cmocka_unit_test(empty_options_are_absent),
      cmocka_unit_test(what_is_wrong_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
