/* Whole executions: what each kind of operation does, and its history. */
#include "rig.h"

static void hello(turn *t, void *user) {
  (void)user;
  turn_return(t, ALWAYS);
}

static void test_hello(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = hello};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "Hello", &sc);
  rig_start(&r, "Hello", "first", arn);
  assert_int_equal(
      strncmp(arn,
              "arn:aws:lambda:us-east-1:123456789012:function:Hello:$LATEST/"
              "durable-execution/first/",
              84),
      0);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted InvocationCompleted ExecutionSucceeded");
  answer a = call_run(r.s, "GET", arn, "", NULL);
  assert_int_equal(a.status, 200);
  assert_text(a.json, "DurableExecutionArn", arn);
  assert_text(a.json, "DurableExecutionName", "first");
  assert_text(a.json, "FunctionArn",
              "arn:aws:lambda:us-east-1:123456789012:function:Hello:$LATEST");
  assert_text(a.json, "Status", "SUCCEEDED");
  assert_text(a.json, "InputPayload", "{}");
  assert_text(a.json, "Result", "1");
  assert_text(a.json, "Version", "$LATEST");
  assert_true(number_at(a.json, "EndTimestamp") >=
              number_at(a.json, "StartTimestamp"));
  answer_drop(&a);
  rig_wipe(&r);
}

static void step(turn *t, void *user) {
  (void)user;
  assert_int_equal(
      cJSON_GetArraySize(at(t->event, "InitialExecutionState.Operations")), 1);
  answer a = turn_send(
      t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"START\",\"Name\":"
         "\"custom\",\"SubType\":\"Step\"},"
         "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
         "\"Payload\":\"\\\"done\\\"\"}");
  assert_int_equal(a.status, 200);
  assert_text(answer_op(&a, "s"), "Status", "SUCCEEDED");
  assert_text(answer_op(&a, "s"), "Name", "custom");
  assert_text(answer_op(&a, "s"), "SubType", "Step");
  assert_text(answer_op(&a, "s"), "StepDetails.Result", "\"done\"");
  assert_number(answer_op(&a, "s"), "StepDetails.Attempt", 1);
  assert_int_equal(
      cJSON_GetArraySize(at(a.json, "NewExecutionState.Operations")), 1);
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_step(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = step};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted StepStarted StepSucceeded "
                "InvocationCompleted ExecutionSucceeded");
  answer a = history(r.s, arn);
  char *details = cJSON_PrintUnformatted(
      at(find_event(&a, "StepSucceeded", 1), "StepSucceededDetails"));
  assert_string_equal(details,
                      "{\"Result\":{\"Payload\":\"\\\"done\\\"\",\"Truncated\":"
                      "false},\"RetryDetails\":{\"CurrentAttempt\":1,"
                      "\"NextAttemptDelaySeconds\":0}}");
  cJSON_free(details);
  details = cJSON_PrintUnformatted(
      at(find_event(&a, "StepStarted", 1), "StepStartedDetails"));
  assert_string_equal(details, "{}");
  cJSON_free(details);
  details = cJSON_PrintUnformatted(
      at(find_event(&a, "ExecutionStarted", 1), "ExecutionStartedDetails"));
  assert_string_equal(details,
                      "{\"Input\":{\"Payload\":\"{}\",\"Truncated\":false},"
                      "\"ExecutionTimeout\":31536000}");
  cJSON_free(details);
  const cJSON *ic = find_event(&a, "InvocationCompleted", 1);
  assert_true(number_at(ic, "InvocationCompletedDetails.StartTimestamp") > 0);
  assert_true(number_at(ic, "InvocationCompletedDetails.EndTimestamp") > 0);
  assert_int_equal(strlen(text_at(ic, "InvocationCompletedDetails.RequestId")),
                   36);
  assert_null(at(ic, "InvocationCompletedDetails.Error"));
  assert_text(find_event(&a, "ExecutionStarted", 1), "Name", "x");
  answer_drop(&a);
  rig_wipe(&r);
}

static void wait_once(turn *t, void *user) {
  (void)user;
  if (IS(turn_status(t, "w"), "")) {
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\",\"Name\":"
               "\"nap\",\"SubType\":\"Wait\",\"WaitOptions\":{\"WaitSeconds\":"
               "3600}}");
    turn_return(t, PENDING);
    return;
  }
  assert_string_equal(turn_status(t, "w"), "SUCCEEDED");
  assert_text(t->event, "UpdatedOperationIds.0", "w");
  const cJSON *op = turn_op(t, "w");
  assert_true(number_at(op, "StartTimestamp") > 1e12); /* milliseconds */
  assert_true(number_at(op, "EndTimestamp") ==
              number_at(op, "StartTimestamp") + 3600000);
  assert_true(number_at(op, "WaitDetails.ScheduledEndTimestamp") ==
              number_at(op, "EndTimestamp"));
  /* what the event carried is not delivered again */
  answer a = turn_send(t, "");
  assert_int_equal(
      cJSON_GetArraySize(at(a.json, "NewExecutionState.Operations")), 0);
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_wait(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = wait_once};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  int64_t before = durable_service_now(r.s);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_int_equal(durable_service_now(r.s) - before, 3600000);
  assert_int_equal(sc.turns, 2);
  assert_events(r.s, arn,
                "ExecutionStarted WaitStarted InvocationCompleted "
                "WaitSucceeded InvocationCompleted ExecutionSucceeded");
  answer a = history(r.s, arn);
  const cJSON *started = find_event(&a, "WaitStarted", 1);
  assert_number(started, "WaitStartedDetails.Duration", 3600);
  assert_true(number_at(started, "WaitStartedDetails.ScheduledEndTimestamp") ==
              number_at(find_event(&a, "WaitSucceeded", 1), "EventTimestamp"));
  assert_number(find_event(&a, "WaitSucceeded", 1),
                "WaitSucceededDetails.Duration", 3600);
  answer_drop(&a);
  rig_wipe(&r);
}

static void retry(turn *t, void *user) {
  int *attempts = user;
  const cJSON *op = turn_op(t, "s");
  if (op != NULL) {
    assert_text(op, "Status", "READY");
    assert_number(op, "StepDetails.Attempt", *attempts);
    assert_null(at(op, "StepDetails.NextAttemptTimestamp"));
    assert_text(op, "StepDetails.Error.ErrorMessage", "no luck");
    assert_text(t->event, "UpdatedOperationIds.0", "s");
  }
  turn_do(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"START\"}");
  if (++*attempts < 3) {
    answer a = turn_send(
        t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"RETRY\",\"Error\":"
           "{\"ErrorMessage\":\"no luck\",\"ErrorType\":\"E\"},"
           "\"StepOptions\":{\"NextAttemptDelaySeconds\":7}}");
    assert_text(answer_op(&a, "s"), "Status", "PENDING");
    assert_true(number_at(answer_op(&a, "s"),
                          "StepDetails.NextAttemptTimestamp") > 1e9);
    answer_drop(&a);
    turn_return(t, PENDING);
  } else {
    turn_do(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
               "\"Payload\":\"3\"}");
    turn_return(t, ALWAYS);
  }
}

static void test_retry(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  int attempts = 0;
  script sc = {.fn = retry, .user = &attempts};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted StepStarted StepFailed InvocationCompleted "
                "StepStarted StepFailed InvocationCompleted StepStarted "
                "StepSucceeded InvocationCompleted ExecutionSucceeded");
  answer a = history(r.s, arn);
  const cJSON *failed = find_event(&a, "StepFailed", 2);
  assert_number(failed, "StepFailedDetails.RetryDetails.CurrentAttempt", 2);
  assert_number(failed,
                "StepFailedDetails.RetryDetails.NextAttemptDelaySeconds", 7);
  assert_text(failed, "StepFailedDetails.Error.Payload.ErrorType", "E");
  assert_true(cJSON_IsFalse(at(failed, "StepFailedDetails.Error.Truncated")));
  assert_number(find_event(&a, "StepSucceeded", 1),
                "StepSucceededDetails.RetryDetails.CurrentAttempt", 3);
  answer_drop(&a);
  rig_wipe(&r);
}

static void poll_condition(turn *t, void *user) {
  (void)user;
  const cJSON *op = turn_op(t, "c");
  if (op == NULL) {
    turn_do(t, "{\"Id\":\"c\",\"Type\":\"STEP\",\"Action\":\"START\","
               "\"SubType\":\"WaitForCondition\"},"
               "{\"Id\":\"c\",\"Type\":\"STEP\",\"Action\":\"RETRY\","
               "\"Payload\":\"41\",\"StepOptions\":{"
               "\"NextAttemptDelaySeconds\":1}}");
    turn_return(t, PENDING);
    return;
  }
  assert_text(op, "StepDetails.Result", "41");
  answer a =
      turn_send(t, "{\"Id\":\"c\",\"Type\":\"STEP\",\"Action\":\"START\"}");
  assert_text(answer_op(&a, "c"), "Status", "STARTED");
  assert_text(answer_op(&a, "c"), "StepDetails.Result", "41");
  answer_drop(&a);
  turn_do(t, "{\"Id\":\"c\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
             "\"Payload\":\"42\"}");
  turn_return(t, ALWAYS);
}

static void test_condition(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = poll_condition};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted StepStarted StepSucceeded "
                "InvocationCompleted StepStarted StepSucceeded "
                "InvocationCompleted ExecutionSucceeded");
  answer a = history(r.s, arn);
  const cJSON *poll = find_event(&a, "StepSucceeded", 1);
  assert_text(poll, "StepSucceededDetails.Result.Payload", "41");
  assert_number(poll,
                "StepSucceededDetails.RetryDetails.NextAttemptDelaySeconds", 1);
  answer_drop(&a);
  rig_wipe(&r);
}

static void contexts(turn *t, void *user) {
  (void)user;
  turn_do(t, "{\"Id\":\"p\",\"Type\":\"CONTEXT\",\"Action\":\"START\","
             "\"SubType\":\"RunInChildContext\"},"
             "{\"Id\":\"c\",\"ParentId\":\"p\",\"Type\":\"CONTEXT\","
             "\"Action\":\"START\"}");
  turn_do(t, "{\"Id\":\"c\",\"ParentId\":\"p\",\"Type\":\"CONTEXT\","
             "\"Action\":\"FAIL\",\"Error\":{\"ErrorMessage\":\"oh\"}}");
  answer a = turn_send(
      t, "{\"Id\":\"p\",\"Type\":\"CONTEXT\",\"Action\":\"SUCCEED\","
         "\"Payload\":\"\",\"ContextOptions\":{\"ReplayChildren\":true}}");
  assert_true(
      cJSON_IsTrue(at(answer_op(&a, "p"), "ContextDetails.ReplayChildren")));
  assert_text(answer_op(&a, "p"), "ContextDetails.Result", "");
  assert_text(answer_op(&a, "p"), "SubType", "RunInChildContext");
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_context(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = contexts};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted ContextStarted ContextStarted ContextFailed "
                "ContextSucceeded InvocationCompleted ExecutionSucceeded");
  answer a = history(r.s, arn);
  const cJSON *failed = find_event(&a, "ContextFailed", 1);
  assert_text(failed, "ParentId", "p");
  assert_text(failed, "ContextFailedDetails.Error.Payload.ErrorMessage", "oh");
  assert_true(
      cJSON_IsFalse(at(failed, "ContextFailedDetails.Error.Truncated")));
  answer_drop(&a);
  rig_wipe(&r);
}

static void cancel(turn *t, void *user) {
  (void)user;
  turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
             "\"WaitOptions\":{\"WaitSeconds\":5}}");
  answer a =
      turn_send(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"CANCEL\"}");
  assert_text(answer_op(&a, "w"), "Status", "CANCELLED");
  assert_true(
      number_at(answer_op(&a, "w"), "WaitDetails.ScheduledEndTimestamp") > 0);
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_cancelled_wait(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = cancel};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted WaitStarted WaitCancelled "
                "InvocationCompleted ExecutionSucceeded");
  rig_wipe(&r);
}

static void large(turn *t, void *user) {
  (void)user;
  answer a = turn_send(t, "{\"Id\":\"execution-result-1\",\"Type\":"
                          "\"EXECUTION\",\"Action\":\"SUCCEED\",\"Payload\":"
                          "\"[1,2]\"}");
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  /* nothing is accepted once the execution is over */
  a = turn_send(t, "");
  assert_refused(a, 400, "InvalidParameterValueException",
                 "Invalid checkpoint token");
  answer_drop(&a);
  turn_return(t, "{\"Status\":\"SUCCEEDED\",\"Result\":\"\"}");
}

static void test_result_by_checkpoint(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = large};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  answer a = call_run(r.s, "GET", arn, "", NULL);
  assert_text(a.json, "Result", "[1,2]");
  answer_drop(&a);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hello),
      cmocka_unit_test(test_step),
      cmocka_unit_test(test_wait),
      cmocka_unit_test(test_retry),
      cmocka_unit_test(test_condition),
      cmocka_unit_test(test_context),
      cmocka_unit_test(test_cancelled_wait),
      cmocka_unit_test(test_result_by_checkpoint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
