/* Chained invokes, and the Invoke route. */
#include "rig.h"

#define INVOKE(options, payload)                                               \
  "{\"Id\":\"i\",\"Type\":\"CHAINED_INVOKE\",\"Action\":\"START\",\"Name\":"   \
  "\"call\",\"SubType\":\"ChainedInvoke\",\"Payload\":\"" payload              \
  "\",\"ChainedInvokeOptions\":{" options "}}"

typedef struct chained {
  const char *update;
  const char *status, *result, *error; /* of the finished invoke */
} chained;

static void caller(turn *t, void *user) {
  const chained *c = user;
  const cJSON *op = turn_op(t, "i");
  if (op == NULL) {
    answer a = turn_send(t, c->update);
    assert_int_equal(a.status, 200);
    op = answer_op(&a, "i");
    if (strcmp(text_at(op, "Status"), "STARTED") == 0) {
      answer_drop(&a);
      turn_return(t, PENDING);
      return;
    }
    assert_text(op, "Status", c->status); /* refused at once */
    assert_text(op, "ChainedInvokeDetails.Error.ErrorType", c->error);
    answer_drop(&a);
  } else {
    if (strcmp(text_at(op, "Status"), c->status) != 0)
      fail_msg("%s instead of %s", text_at(op, "Status"), c->status);
    assert_text(op, "ChainedInvokeDetails.Result", c->result);
    assert_text(op, "ChainedInvokeDetails.Error.ErrorType", c->error);
    assert_text(t->event, "UpdatedOperationIds.0", "i");
  }
  turn_return(t, ALWAYS);
}

/* A durable target that waits, then answers its input, or fails for "bad". */
static void echo(turn *t, void *user) {
  (void)user;
  const cJSON *root = at(t->event, "InitialExecutionState.Operations.0");
  const char *input = text_at(root, "ExecutionDetails.InputPayload");
  if (turn_op(t, "w") == NULL) {
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":1}}");
    turn_return(t, PENDING);
  } else if (strcmp(input, "\"bad\"") == 0) {
    turn_return(t, "{\"Status\":\"FAILED\",\"Error\":{\"ErrorType\":\"Bad\"}}");
  } else {
    cJSON *out = cJSON_CreateObject();
    char result[256];
    snprintf(result, sizeof result, "[%s,\"%s%s%s\"]", input,
             t->inv->tenant_id ? t->inv->tenant_id : "",
             t->inv->trace_id ? " ~" : "",
             t->inv->trace_id ? t->inv->trace_id : "");
    cJSON_AddStringToObject(out, "Status", "SUCCEEDED");
    cJSON_AddStringToObject(out, "Result", result);
    char *text = cJSON_PrintUnformatted(out);
    turn_return(t, text);
    cJSON_free(text);
    cJSON_Delete(out);
  }
}

static void plain(void *user, durable_service *s,
                  const durable_service_invocation *inv) {
  (void)user;
  assert_null(inv->arn);
  int bad = inv->event.len == 5 && memcmp(inv->event.data, "\"bad\"", 5) == 0;
  static const char ERROR[] = "{\"errorMessage\":\"m\",\"errorType\":\"Bad\"}";
  durable_bytes error = {ERROR, sizeof ERROR - 1};
  char traced[64];
  durable_bytes result = inv->event;
  if (inv->trace_id) {
    snprintf(traced, sizeof traced, "\"~%s\"", inv->trace_id);
    result = (durable_bytes){traced, strlen(traced)};
  }
  durable_service_answer(
      s, inv, bad ? DURABLE_SERVICE_RAISED : DURABLE_SERVICE_RETURNED,
      bad ? error : result);
}

static void register_targets(rig *r, script *e) {
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  *e = (script){.fn = echo};
  rig_function(r, "Echo", e);
  o.tenant_isolation = 1;
  assert_int_equal(durable_service_register(r->s, "Tenants", run_script, e, &o),
                   0);
  o.tenant_isolation = 0;
  o.not_durable = 1;
  assert_int_equal(durable_service_register(r->s, "Plain", plain, NULL, &o), 0);
}

#define TRACE     ",\"XAmznTraceId\":\"Root=1\""
#define F(name)   "\"FunctionName\":\"" name "\""
#define ARN(name) "arn:aws:lambda:us-east-1:123456789012:function:" name

static const chained CHAINED[] = {
    {INVOKE(F("Echo"), "{\\\"a\\\":1.0}"), "SUCCEEDED", "[{\"a\":1.0},\"\"]",
     "(none)"},
    {INVOKE(F("Echo:$LATEST"), "1"), "SUCCEEDED", "[1,\"\"]", "(none)"},
    {INVOKE(F(ARN("Echo:prod")), "1"), "SUCCEEDED", "[1,\"\"]", "(none)"},
    {INVOKE(F("Echo"), "\\\"bad\\\""), "FAILED", "(none)", "Bad"},
    {INVOKE(F("Tenants") ",\"TenantId\":\"t1\"", "1"), "SUCCEEDED",
     "[1,\"t1\"]", "(none)"},
    {INVOKE(F("Tenants"), "1"), "FAILED", "(none)",
     "InvalidParameterValueException"},
    {INVOKE(F("Plain"), "{\\\"a\\\": 1.0}"), "SUCCEEDED", "{\"a\": 1.0}",
     "(none)"},
    {INVOKE(F("Plain"), "\\\"bad\\\""), "FAILED", "(none)", "Bad"},
    {INVOKE(F("Echo") TRACE, "1"), "SUCCEEDED", "[1,\" ~Root=1\"]", "(none)"},
    {INVOKE(F("Plain") TRACE, "1"), "SUCCEEDED", "\"~Root=1\"", "(none)"},
    {INVOKE(F("Nobody"), "1"), "FAILED", "(none)", "ResourceNotFoundException"},
    {INVOKE(F("Echo"), "not json"), "FAILED", "(none)",
     "InvalidRequestContentException"},
};

static void test_chained(void **state) {
  (void)state;
  rig r;
  script e;
  rig_open(&r, in_virtual_time());
  register_targets(&r, &e);
  for (size_t i = 0; i < sizeof CHAINED / sizeof *CHAINED; i++) {
    char arn[DURABLE_ARN_SIZE];
    chained c = CHAINED[i];
    script sc = {.fn = caller, .user = &c};
    rig_function(&r, "Caller", &sc);
    rig_start(&r, "Caller", NULL, arn);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
    answer a = history(r.s, arn);
    const cJSON *started = find_event(&a, "ChainedInvokeStarted", 1);
    assert_non_null(started);
    assert_text(started, "Name", "call");
    assert_true(cJSON_IsFalse(
        at(started, "ChainedInvokeStartedDetails.Input.Truncated")));
    assert_text(started, "ChainedInvokeStartedDetails.ExecutedVersion",
                "$LATEST");
    const cJSON *over =
        find_event(&a,
                   strcmp(c.status, "FAILED") == 0 ? "ChainedInvokeFailed"
                                                   : "ChainedInvokeSucceeded",
                   1);
    assert_non_null(over);
    answer_drop(&a);
  }
  rig_wipe(&r);
}

static void test_nested_history(void **state) {
  (void)state;
  rig r;
  script e;
  char arn[DURABLE_ARN_SIZE];
  chained c = CHAINED[4];
  script sc = {.fn = caller, .user = &c};
  rig_open(&r, in_virtual_time());
  register_targets(&r, &e);
  rig_function(&r, "Caller", &sc);
  rig_start(&r, "Caller", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_events(r.s, arn,
                "ExecutionStarted ChainedInvokeStarted InvocationCompleted "
                "ChainedInvokeSucceeded InvocationCompleted "
                "ExecutionSucceeded");
  answer a = history(r.s, arn);
  const cJSON *started = find_event(&a, "ChainedInvokeStarted", 1);
  assert_text(started, "ChainedInvokeStartedDetails.FunctionName", "Tenants");
  assert_text(started, "ChainedInvokeStartedDetails.TenantId", "t1");
  assert_text(started, "ChainedInvokeStartedDetails.Input.Payload", "1");
  assert_events(
      r.s, text_at(started, "ChainedInvokeStartedDetails.DurableExecutionArn"),
      "ExecutionStarted WaitStarted InvocationCompleted WaitSucceeded "
      "InvocationCompleted ExecutionSucceeded");
  answer_drop(&a);
  rig_wipe(&r);
}

static void park(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "cb") == NULL) { /* refused when it was stopped already */
    answer a = turn_send(
        t, "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
    answer_drop(&a);
  }
  turn_return(t, PENDING);
}

static const char *child_arn(rig *r, const char *arn, char *out) {
  answer a = history(r->s, arn);
  strcpy(out, text_at(find_event(&a, "ChainedInvokeStarted", 1),
                      "ChainedInvokeStartedDetails.DurableExecutionArn"));
  answer_drop(&a);
  return out;
}

static void test_child_stopped(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE], child[DURABLE_ARN_SIZE];
  chained c = {INVOKE(F("Parked"), "1"), "STOPPED", "(none)", "(none)"};
  script sc = {.fn = caller, .user = &c}, parked = {.fn = park};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "Parked", &parked);
  rig_function(&r, "Caller", &sc);
  rig_start(&r, "Caller", NULL, arn);
  assert_int_equal(durable_service_settle(r.s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
  answer a = call_run(r.s, "POST", child_arn(&r, arn, child), "/stop", "");
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  a = history(r.s, arn);
  assert_non_null(find_event(&a, "ChainedInvokeStopped", 1));
  answer_drop(&a);
  rig_wipe(&r);
}

static void start_and_cancel(turn *t, void *user) {
  char *child = user;
  turn_do(t, INVOKE(F("Parked"), "1"));
  answer a = history(t->s, t->inv->arn);
  strcpy(child, text_at(find_event(&a, "ChainedInvokeStarted", 1),
                        "ChainedInvokeStartedDetails.DurableExecutionArn"));
  answer_drop(&a);
  a = turn_send(
      t, "{\"Id\":\"i\",\"Type\":\"CHAINED_INVOKE\",\"Action\":\"CANCEL\"}");
  assert_text(answer_op(&a, "i"), "Status", "CANCELLED");
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_cancelled(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE], child[DURABLE_ARN_SIZE] = "";
  script sc = {.fn = start_and_cancel, .user = child}, parked = {.fn = park};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "Parked", &parked);
  rig_function(&r, "Caller", &sc);
  rig_start(&r, "Caller", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  assert_outcome(r.s, child, DURABLE_EXECUTION_STOPPED);
  rig_wipe(&r);
}

/* ---- the Invoke route */

#define INVOCATIONS(name) "/2015-03-31/functions/" name "/invocations"

static void test_invoke_durable(void **state) {
  (void)state;
  rig r;
  script e;
  rig_open(&r, in_virtual_time());
  register_targets(&r, &e);
  const char *named[] = {"x-amz-durable-execution-name", "one", NULL};
  answer a = call_with(r.s, "POST", INVOCATIONS("Echo"), named, "{\"a\":1.0}");
  assert_int_equal(a.status, 200);
  assert_string_equal(a.text, "[{\"a\":1.0},\"\"]");
  assert_non_null(
      strstr(a.arn, ":function:Echo:$LATEST/durable-execution/one/"));
  /* the name again: the same execution, whose answer is kept */
  answer b = call_with(r.s, "POST", INVOCATIONS("Echo"), named, "{\"a\":1.0}");
  assert_string_equal(a.arn, b.arn);
  assert_string_equal(a.text, b.text);
  answer_drop(&b);
  b = call_with(r.s, "POST", INVOCATIONS("Echo"), named, "2");
  assert_int_equal(b.status, 409);
  assert_string_equal(b.type, "DurableExecutionAlreadyStartedException");
  answer_drop(&b);
  answer_drop(&a);
  /* failures, qualifiers, no body */
  durable_service_response out = DURABLE_SERVICE_RESPONSE_INIT;
  assert_int_equal(
      durable_service_request(r.s, "POST", INVOCATIONS("Echo%3A%24LATEST"),
                              NULL, (durable_bytes){"\"bad\"", 5}, &out),
      0);
  assert_int_equal(out.status, 200);
  assert_string_equal(out.function_error, "Unhandled");
  assert_memory_equal(out.body.data,
                      "{\"errorMessage\":\"\",\"errorType\":\"Bad\"}",
                      out.body.len);
  durable_service_response_drop(&out);
  a = call(r.s, "POST", INVOCATIONS("Echo") "?Qualifier=%24LATEST", NULL);
  assert_string_equal(a.text, "[{},\"\"]");
  answer_drop(&a);
  const char *event[] = {"X-Amz-Invocation-Type", "Event", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Echo"), event, "7");
  assert_int_equal(a.status, 202);
  assert_string_equal(a.text, "");
  assert_outcome(r.s, a.arn, DURABLE_EXECUTION_SUCCEEDED);
  answer_drop(&a);
  const char *dry[] = {"X-Amz-Invocation-Type", "DryRun", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Echo"), dry, "7");
  assert_int_equal(a.status, 204);
  assert_string_equal(a.arn, "");
  answer_drop(&a);
  const char *tenant[] = {"X-Amz-Tenant-Id", "t9", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Tenants"), tenant, "7");
  assert_string_equal(a.text, "[7,\"t9\"]");
  answer_drop(&a);
  const char *traced[] = {"X-Amzn-Trace-Id", "Root=1;Sampled=1", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Echo"), traced, "7");
  assert_string_equal(a.text, "[7,\" ~Root=1;Sampled=1\"]");
  answer got = call_run(r.s, "GET", a.arn, "", NULL);
  assert_text(got.json, "TraceHeader.XAmznTraceId", "Root=1;Sampled=1");
  answer_drop(&got);
  answer_drop(&a);
  rig_wipe(&r);
}

static void test_invoke_plain(void **state) {
  (void)state;
  rig r;
  script e;
  rig_open(&r, in_virtual_time());
  register_targets(&r, &e);
  answer a = call(r.s, "POST", INVOCATIONS("Plain"), "{ \"x\": 1.0 }");
  assert_int_equal(a.status, 200);
  assert_string_equal(a.text, "{ \"x\": 1.0 }");
  assert_string_equal(a.arn, "");
  answer_drop(&a);
  a = call(r.s, "POST", INVOCATIONS("Plain"), "\"bad\"");
  assert_int_equal(a.status, 200);
  assert_text(a.json, "errorType", "Bad");
  answer_drop(&a);
  const char *event[] = {"X-Amz-Invocation-Type", "Event", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Plain"), event, "7");
  assert_int_equal(a.status, 202);
  answer_drop(&a);
  rig_wipe(&r);
}

static void test_invoke_refused(void **state) {
  (void)state;
  rig r;
  script e;
  rig_open(&r, in_virtual_time());
  register_targets(&r, &e);
  answer a = call(r.s, "POST", INVOCATIONS("Nobody"), "{}");
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Function not found: arn:aws:lambda:us-east-1:123456789012:"
                 "function:Nobody");
  answer_drop(&a);
  a = call(r.s, "POST", INVOCATIONS("Echo"), "{");
  assert_int_equal(a.status, 400);
  assert_string_equal(a.type, "InvalidRequestContentException");
  answer_drop(&a);
  a = call(r.s, "POST", INVOCATIONS("Tenants"), "{}");
  assert_int_equal(a.status, 400);
  answer_drop(&a);
  const char *traced[] = {"X-Amzn-Trace-Id", "Root=1\r\nHost: x", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Echo"), traced, "{}");
  assert_refused(a, 400, "InvalidParameterValueException",
                 "X-Amzn-Trace-Id must be at most 8192 printable ASCII "
                 "characters");
  answer_drop(&a);
  const char *type[] = {"X-Amz-Invocation-Type", "Later", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Echo"), type, "{}");
  assert_int_equal(a.status, 400);
  answer_drop(&a);
  const char *named[] = {"X-Amz-Durable-Execution-Name", "a b", NULL};
  a = call_with(r.s, "POST", INVOCATIONS("Echo"), named, "{}");
  assert_int_equal(a.status, 400);
  answer_drop(&a);
  char *big = malloc(6291458);
  memset(big, '1', 6291457);
  big[6291457] = '\0';
  a = call(r.s, "POST", INVOCATIONS("Echo"), big);
  assert_int_equal(a.status, 413);
  assert_string_equal(a.type, "RequestTooLargeException");
  answer_drop(&a);
  free(big);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chained),
      cmocka_unit_test(test_nested_history),
      cmocka_unit_test(test_child_stopped),
      cmocka_unit_test(test_cancelled),
      cmocka_unit_test(test_invoke_durable),
      cmocka_unit_test(test_invoke_plain),
      cmocka_unit_test(test_invoke_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
