/* What the end of an invocation means, tokens, replays, stop and timeouts. */
#include "rig.h"

/* ---- outcomes */

typedef struct output_case {
  int outcome;
  const char *body;
  int turns; /* invocations until the execution is over */
  const char *message, *type, *events;
} output_case;

#define ONCE "ExecutionStarted InvocationCompleted ExecutionFailed"
#define THREE                                                                  \
  "ExecutionStarted InvocationCompleted InvocationCompleted "                  \
  "InvocationCompleted ExecutionFailed"
#define FIVE                                                                   \
  "ExecutionStarted InvocationCompleted InvocationCompleted "                  \
  "InvocationCompleted InvocationCompleted InvocationCompleted "               \
  "ExecutionFailed"
#define INVALID "InvalidParameterValueException"

static const output_case OUTPUTS[] = {
    {DURABLE_SERVICE_RETURNED,
     "{\"Status\":\"FAILED\",\"Error\":{\"ErrorMessage\":\"m\",\"ErrorType\":"
     "\"T\"}}",
     1, "m", "T", ONCE},
    {DURABLE_SERVICE_RETURNED, "{\"Status\":\"FAILED\"}", 1,
     "The function returned FAILED without an Error.", "(none)", ONCE},
    {DURABLE_SERVICE_RETURNED,
     "{\"Status\":\"FAILED\",\"Result\":\"1\",\"Error\":{\"ErrorType\":\"T\"}}",
     1, "Cannot provide a Result for FAILED status.", INVALID, ONCE},
    {DURABLE_SERVICE_RETURNED,
     "{\"Status\":\"SUCCEEDED\",\"Error\":{\"ErrorType\":\"T\"}}", 1,
     "Cannot provide an Error for SUCCEEDED status.", INVALID, ONCE},
    {DURABLE_SERVICE_RETURNED, "{\"Status\":\"RETRY\"}", 1,
     "Unexpected invocation status: RETRY.", INVALID, ONCE},
    {DURABLE_SERVICE_RETURNED, "{}", 1,
     "Invalid invocation output: the output has no Status.", INVALID, ONCE},
    {DURABLE_SERVICE_RETURNED, "[]", 1,
     "Invalid invocation output: the output is not a JSON object.", INVALID,
     ONCE},
    {DURABLE_SERVICE_RETURNED, PENDING, 3,
     "Cannot return PENDING status with no pending operations.", INVALID,
     THREE},
    {DURABLE_SERVICE_RAISED,
     "{\"ErrorMessage\":\"boom\",\"ErrorType\":\"Boom\"}", 5, "boom", "Boom",
     FIVE},
    {DURABLE_SERVICE_RAISED,
     "{\"errorMessage\":\"boom\",\"errorType\":\"Boom\",\"stackTrace\":[]}", 5,
     "boom", "Boom", FIVE},
    {DURABLE_SERVICE_CRASHED, "{\"ErrorMessage\":\"exit 3\"}", 5, "exit 3",
     "Runtime.ExitError", FIVE},
    {-1, NULL, 5, "Runtime exited without providing a reason",
     "Runtime.ExitError", FIVE},
};

static void give(turn *t, void *user) {
  const output_case *c = user;
  if (c->outcome >= 0)
    assert_int_equal(
        durable_service_answer(t->s, t->inv, c->outcome,
                               (durable_bytes){c->body, strlen(c->body)}),
        0);
}

static void test_outputs(void **state) {
  (void)state;
  rig r;
  rig_open(&r, in_virtual_time());
  for (size_t i = 0; i < sizeof OUTPUTS / sizeof *OUTPUTS; i++) {
    char arn[DURABLE_ARN_SIZE];
    output_case c = OUTPUTS[i];
    script sc = {.fn = give, .user = &c};
    rig_function(&r, "F", &sc);
    rig_start(&r, "F", NULL, arn);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_FAILED);
    assert_int_equal(sc.turns, c.turns);
    assert_events(r.s, arn, c.events);
    answer a = call_run(r.s, "GET", arn, "", NULL);
    assert_text(a.json, "Error.ErrorMessage", c.message);
    assert_text(a.json, "Error.ErrorType", c.type);
    answer_drop(&a);
    a = history(r.s, arn);
    const cJSON *last = find_event(&a, "ExecutionFailed", 1);
    assert_text(last, "ExecutionFailedDetails.Error.Payload.ErrorMessage",
                c.message);
    const cJSON *ic = find_event(&a, "InvocationCompleted", 1);
    if (c.turns > 1 || strcmp(c.type, INVALID) == 0)
      assert_text(ic, "InvocationCompletedDetails.Error.Payload.ErrorMessage",
                  c.message);
    else
      assert_null(at(ic, "InvocationCompletedDetails.Error"));
    answer_drop(&a);
  }
  rig_wipe(&r);
}

static void test_back_off(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  output_case c = {DURABLE_SERVICE_RAISED, "{}", 0, NULL, NULL, NULL};
  script sc = {.fn = give, .user = &c};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_FAILED);
  answer a = history(r.s, arn);
  static const double GAPS[] = {0.5, 1, 2, 4};
  for (int i = 0; i < 4; i++) {
    double gap = number_at(find_event(&a, "InvocationCompleted", i + 2),
                           "EventTimestamp") -
                 number_at(find_event(&a, "InvocationCompleted", i + 1),
                           "EventTimestamp");
    assert_true(gap > GAPS[i] - 0.01 && gap < GAPS[i] + 0.01);
  }
  answer_drop(&a);
  rig_wipe(&r);
}

static void fail_four_times(turn *t, void *user) {
  int *n = user;
  if (++*n % 5 != 0) {
    turn_raise(t, "{\"ErrorMessage\":\"again\"}");
  } else if (*n < 10) { /* a clean invocation starts the count again */
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":1}}");
    turn_return(t, PENDING);
  } else {
    turn_return(t, ALWAYS);
  }
}

static void test_failures_are_consecutive(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  int n = 0;
  script sc = {.fn = fail_four_times, .user = &n};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_int_equal(sc.turns, 10);
  rig_wipe(&r);
}

/* ---- tokens and replays */

static void tokens(turn *t, void *user) {
  char *old = user;
  if (old[0] != '\0') { /* the second invocation */
    char body[4096];
    snprintf(body, sizeof body, "{\"CheckpointToken\":\"%s\"}", old);
    answer a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", body);
    assert_refused(a, 400, INVALID, "Invalid checkpoint token");
    answer_drop(&a);
    turn_return(t, ALWAYS);
    return;
  }
  char first[2048], body[8192];
  strcpy(first, t->token);
  assert_int_equal(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"
                                 "rstuvwxyz0123456789+/="),
                   strlen(first));
  snprintf(body, sizeof body,
           "{\"CheckpointToken\":\"%s\",\"ClientToken\":\"one\",\"Updates\":[{"
           "\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
           "\"WaitOptions\":{\"WaitSeconds\":1}}]}",
           first);
  answer a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", body);
  assert_int_equal(a.status, 200);
  strcpy(t->token, text_at(a.json, "CheckpointToken"));
  assert_string_not_equal(t->token, first);
  turn_do(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"START\"}");
  /* the same call again, later: the same bytes, and nothing happens */
  answer b = call_run(t->s, "POST", t->inv->arn, "/checkpoint", body);
  assert_int_equal(b.status, 200);
  assert_string_equal(a.text, b.text);
  answer_drop(&a);
  answer_drop(&b);
  /* an old token with another client token is stale */
  memcpy(strstr(body, "\"one\""), "\"two\"", 5);
  a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", body);
  assert_refused(a, 400, INVALID, "Invalid checkpoint token");
  answer_drop(&a);
  turn_do(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\"}");
  strcpy(old, t->token);
  turn_return(t, PENDING);
}

static void test_tokens(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE], old[2048] = "";
  script sc = {.fn = tokens, .user = old};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted WaitStarted StepStarted StepSucceeded "
                "InvocationCompleted WaitSucceeded InvocationCompleted "
                "ExecutionSucceeded");
  /* after the end: known, but closed; and never known */
  char body[4096];
  snprintf(body, sizeof body, "{\"CheckpointToken\":\"%s\"}", old);
  answer a = call_run(r.s, "POST", arn, "/checkpoint", body);
  assert_refused(a, 400, INVALID, "Invalid checkpoint token");
  answer_drop(&a);
  a = call_run(r.s, "POST", "nope", "/checkpoint", body);
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Execution nope not found");
  answer_drop(&a);
  rig_wipe(&r);
}

/* ---- what completes while the handler runs */

typedef struct meanwhile {
  int deliver; /* 1: one more checkpoint after the callback is answered */
  int second;  /* invocations that saw it in their event */
} meanwhile;

static void answer_myself(turn *t, void *user) {
  meanwhile *m = user;
  const cJSON *op = turn_op(t, "cb");
  if (op != NULL) {
    assert_text(op, "Status", "SUCCEEDED");
    assert_text(op, "CallbackDetails.Result", "yes");
    assert_text(t->event, "UpdatedOperationIds.0", "cb");
    m->second++;
    turn_return(t, ALWAYS);
    return;
  }
  answer a = turn_send(
      t, "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
  char id[2048];
  strcpy(id, text_at(answer_op(&a, "cb"), "CallbackDetails.CallbackId"));
  answer_drop(&a);
  a = call_callback(t->s, id, "succeed", "yes");
  assert_int_equal(a.status, 200);
  assert_string_equal(a.text, "");
  answer_drop(&a);
  if (m->deliver) {
    a = turn_send(t, "");
    assert_text(answer_op(&a, "cb"), "Status", "SUCCEEDED");
    answer_drop(&a);
    a = turn_send(t, "");
    assert_null(answer_op(&a, "cb")); /* once is enough */
    answer_drop(&a);
    turn_return(t, ALWAYS);
  } else {
    turn_return(t, PENDING); /* it does not know yet */
  }
}

static void test_completed_meanwhile(void **state) {
  (void)state;
  for (int deliver = 0; deliver < 2; deliver++) {
    rig r;
    char arn[DURABLE_ARN_SIZE];
    meanwhile m = {.deliver = deliver};
    script sc = {.fn = answer_myself, .user = &m};
    rig_open(&r, in_virtual_time());
    rig_function(&r, "F", &sc);
    rig_start(&r, "F", NULL, arn);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
    assert_int_equal(sc.turns, deliver ? 1 : 2);
    assert_int_equal(m.second, !deliver);
    rig_wipe(&r);
  }
}

/* ---- stop and timeouts */

static void wait_for_ever(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "cb") == NULL)
    turn_do(t, "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
  turn_return(t, PENDING);
}

static void test_stop(void **state) {
  (void)state;
  rig r;
  static const struct {
    const char *body, *message, *type;
  } CASES[] = {
      {"", "Execution stopped by user request", "(none)"},
      {"{}", "Execution stopped by user request", "(none)"},
      {"{\"ErrorMessage\":\"m\",\"ErrorType\":\"T\"}", "m", "T"},
      {"{\"Error\":{\"ErrorMessage\":\"m\",\"ErrorType\":\"T\"}}", "m", "T"},
  };
  rig_open(&r, in_virtual_time());
  script sc = {.fn = wait_for_ever};
  rig_function(&r, "F", &sc);
  for (size_t i = 0; i < 4; i++) {
    char arn[DURABLE_ARN_SIZE];
    rig_start(&r, "F", NULL, arn);
    assert_int_equal(durable_service_settle(r.s, arn, 10000),
                     DURABLE_EXECUTION_RUNNING);
    answer a = call_run(r.s, "POST", arn, "/stop", CASES[i].body);
    assert_int_equal(a.status, 200);
    double end = number_at(a.json, "StopTimestamp");
    assert_true(end > 1e9);
    answer_drop(&a);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_STOPPED);
    assert_events(r.s, arn,
                  "ExecutionStarted CallbackStarted InvocationCompleted "
                  "ExecutionStopped");
    a = call_run(r.s, "GET", arn, "", NULL);
    assert_text(a.json, "Status", "STOPPED");
    assert_text(a.json, "Error.ErrorMessage", CASES[i].message);
    assert_text(a.json, "Error.ErrorType", CASES[i].type);
    answer_drop(&a);
    a = call_run(r.s, "POST", arn, "/stop", "");
    assert_int_equal(a.status, 200); /* again: the same end */
    assert_true(number_at(a.json, "StopTimestamp") == end);
    answer_drop(&a);
  }
  answer a = call_run(r.s, "POST", "nope", "/stop", "{}");
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Execution nope not found");
  answer_drop(&a);
  rig_wipe(&r);
}

static void stop_myself(turn *t, void *user) {
  (void)user;
  answer a = call_run(t->s, "POST", t->inv->arn, "/stop", "");
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  a = turn_send(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"START\"}");
  assert_refused(a, 400, INVALID, "Invalid checkpoint token");
  answer_drop(&a);
  turn_return(t, ALWAYS); /* comes too late */
}

static void test_stop_while_running(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = stop_myself};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_STOPPED);
  rig_close(&r); /* waits for the handler */
  rig_reopen(&r, in_virtual_time());
  assert_events(r.s, arn,
                "ExecutionStarted ExecutionStopped InvocationCompleted");
  rig_wipe(&r);
}

static void wait_long(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "w") == NULL)
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":30}}");
  turn_return(t, PENDING);
}

static void test_execution_timeout(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = wait_long};
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  o.execution_timeout_s = 5;
  rig_open(&r, in_virtual_time());
  assert_int_equal(durable_service_register(r.s, "F", run_script, &sc, &o), 0);
  int64_t before = durable_service_now(r.s);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_TIMED_OUT);
  assert_int_equal(durable_service_now(r.s) - before, 5000);
  assert_events(r.s, arn,
                "ExecutionStarted WaitStarted InvocationCompleted "
                "ExecutionTimedOut");
  answer a = call_run(r.s, "GET", arn, "", NULL);
  assert_text(a.json, "Error.ErrorMessage",
              "Execution timed out after 5 seconds.");
  answer_drop(&a);
  rig_wipe(&r);
}

static void overrun_once(turn *t, void *user) {
  int *n = user;
  if (__atomic_add_fetch(n, 1, __ATOMIC_SEQ_CST) > 1) {
    turn_return(t, ALWAYS);
    return;
  }
  while (__atomic_load_n(n, __ATOMIC_SEQ_CST) < 3)
    rest_ms(5); /* until the test lets go */
  durable_bytes late = {"{}", 2};
  assert_int_equal(
      durable_service_answer(t->s, t->inv, DURABLE_SERVICE_RETURNED, late),
      DURABLE_E_STATE);
}

static void test_invocation_timeout(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  int n = 0;
  script sc = {.fn = overrun_once, .user = &n};
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  o.timeout_s = 1;
  rig_open(&r, (durable_service_options){.max_threads = 1});
  assert_int_equal(durable_service_register(r.s, "F", run_script, &sc, &o), 0);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  __atomic_store_n(&n, 3, __ATOMIC_SEQ_CST);
  answer a = history(r.s, arn);
  const cJSON *ic = find_event(&a, "InvocationCompleted", 1);
  assert_text(ic, "InvocationCompletedDetails.Error.Payload.ErrorType",
              "Sandbox.Timedout");
  assert_text(ic, "InvocationCompletedDetails.Error.Payload.ErrorMessage",
              "Task timed out after 1.00 seconds");
  answer_drop(&a);
  rig_wipe(&r);
}

static void too_much_once(turn *t, void *user) {
  int *n = user;
  const size_t len = 6291556 + 1;
  if ((*n)++ > 0) {
    turn_return(t, ALWAYS);
    return;
  }
  char *text = malloc(len);
  assert_non_null(text);
  memset(text, ' ', len);
  assert_int_equal(durable_service_answer(t->s, t->inv,
                                          DURABLE_SERVICE_RETURNED,
                                          (durable_bytes){text, len}),
                   0);
  free(text);
}

static void test_too_large_an_output(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  int n = 0;
  script sc = {.fn = too_much_once, .user = &n};
  rig_open(&r, (durable_service_options){.virtual_time = 1});
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  answer a = history(r.s, arn);
  const cJSON *ic = find_event(&a, "InvocationCompleted", 1);
  assert_text(ic, "InvocationCompletedDetails.Error.Payload.ErrorType",
              "Function.ResponseSizeTooLarge");
  assert_text(ic, "InvocationCompletedDetails.Error.Payload.ErrorMessage",
              "Response payload size (6291557 bytes) exceeded maximum allowed "
              "payload size (6291556 bytes).");
  answer_drop(&a);
  rig_wipe(&r);
}

/* ---- clocks */

static void wait_a_second(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "w") != NULL) {
    turn_return(t, ALWAYS);
    return;
  }
  turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
             "\"WaitOptions\":{\"WaitSeconds\":1}}");
  turn_return(t, PENDING);
}

static void test_real_and_scaled_time(void **state) {
  (void)state;
  static const double SCALES[] = {1.0, 0.02};
  for (int i = 0; i < 2; i++) {
    rig r;
    char arn[DURABLE_ARN_SIZE];
    script sc = {.fn = wait_a_second};
    rig_open(&r, (durable_service_options){.time_scale = SCALES[i]});
    rig_function(&r, "F", &sc);
    rig_start(&r, "F", NULL, arn);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
    assert_int_equal(durable_service_advance(r.s, 1000), DURABLE_E_STATE);
    answer a = history(r.s, arn);
    double slept =
        number_at(find_event(&a, "WaitSucceeded", 1), "EventTimestamp") -
        number_at(find_event(&a, "WaitStarted", 1), "EventTimestamp");
    assert_true(slept > 0.999);
    answer_drop(&a);
    rig_wipe(&r);
  }
}

static void test_advance(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = wait_for_ever};
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  o.execution_timeout_s = 100;
  rig_open(&r, in_virtual_time());
  assert_int_equal(durable_service_register(r.s, "F", run_script, &sc, &o), 0);
  rig_start(&r, "F", NULL, arn);
  assert_int_equal(durable_service_settle(r.s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
  /* nothing jumps over somebody's callback to the end of the execution */
  int64_t before = durable_service_now(r.s);
  rest_ms(100);
  assert_int_equal(durable_service_now(r.s), before);
  assert_int_equal(durable_service_advance(r.s, 99000), 0);
  assert_int_equal(durable_service_now(r.s), before + 99000);
  assert_int_equal(durable_service_wait(r.s, arn, 0),
                   DURABLE_EXECUTION_RUNNING);
  assert_int_equal(durable_service_advance(r.s, 2000), 0);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_TIMED_OUT);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_back_off),
      cmocka_unit_test(test_failures_are_consecutive),
      cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_completed_meanwhile),
      cmocka_unit_test(test_stop),
      cmocka_unit_test(test_stop_while_running),
      cmocka_unit_test(test_execution_timeout),
      cmocka_unit_test(test_invocation_timeout),
      cmocka_unit_test(test_too_large_an_output),
      cmocka_unit_test(test_real_and_scaled_time),
      cmocka_unit_test(test_advance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
