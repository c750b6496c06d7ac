/* Callbacks: every way in which one ends, and every way not to. */
#include "rig.h"

typedef struct plan {
  const char *options;
  char id[2048];
  const char *status; /* seen by the second invocation */
  pthread_mutex_t lock;
} plan;

static void one_callback(turn *t, void *user) {
  plan *p = user;
  const cJSON *op = turn_op(t, "cb");
  if (op == NULL) {
    char updates[512];
    snprintf(updates, sizeof updates,
             "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\","
             "\"Name\":\"approval\",\"SubType\":\"Callback\"%s}",
             p->options);
    answer a = turn_send(t, updates);
    assert_int_equal(a.status, 200);
    assert_text(answer_op(&a, "cb"), "Status", "STARTED");
    pthread_mutex_lock(&p->lock);
    snprintf(p->id, sizeof p->id, "%s",
             text_at(answer_op(&a, "cb"), "CallbackDetails.CallbackId"));
    pthread_mutex_unlock(&p->lock);
    answer_drop(&a);
    turn_return(t, PENDING);
    return;
  }
  if (strcmp(text_at(op, "Status"), p->status) != 0)
    fail_msg("%s instead of %s", text_at(op, "Status"), p->status);
  char output[1024];
  const char *error = text_at(op, "CallbackDetails.Error.ErrorType");
  snprintf(output, sizeof output,
           "{\"Status\":\"SUCCEEDED\",\"Result\":\"%s|%s\"}",
           text_at(op, "CallbackDetails.Result"), error);
  turn_return(t, output);
}

static void begin(rig *r, script *sc, plan *p, char *arn) {
  pthread_mutex_init(&p->lock, NULL);
  *sc = (script){.fn = one_callback, .user = p};
  rig_open(r,
           (durable_service_options){.virtual_time = 1, .hold_callbacks = 1});
  rig_function(r, "F", sc);
  rig_start(r, "F", NULL, arn);
  assert_int_equal(durable_service_settle(r->s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
  assert_int_equal(strspn(p->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"
                                 "rstuvwxyz0123456789+/="),
                   strlen(p->id));
}

static void finish(rig *r, const char *arn, const char *result,
                   const char *event) {
  char events[512];
  assert_outcome(r->s, arn, DURABLE_EXECUTION_SUCCEEDED);
  answer a = call_run(r->s, "GET", arn, "", NULL);
  assert_text(a.json, "Result", result);
  answer_drop(&a);
  snprintf(events, sizeof events,
           "ExecutionStarted CallbackStarted InvocationCompleted %s "
           "InvocationCompleted ExecutionSucceeded",
           event);
  assert_events(r->s, arn, events);
}

static void refused_afterwards(rig *r, const char *id) {
  static const char *const VERBS[] = {"succeed", "fail"};
  static const char *const WORDS[] = {"success", "failure"};
  char message[4096];
  for (int i = 0; i < 2; i++) {
    snprintf(message, sizeof message,
             "Failed to process callback %s: Callback operation [%s] is not in "
             "STARTED state",
             WORDS[i], id);
    answer a = call_callback(r->s, id, VERBS[i], "");
    assert_refused(a, 404, "ResourceNotFoundException", message);
    answer_drop(&a);
  }
  snprintf(message, sizeof message,
           "Failed to process callback heartbeat: Callback %s is not active",
           id);
  answer a = call_callback(r->s, id, "heartbeat", "");
  assert_refused(a, 404, "ResourceNotFoundException", message);
  answer_drop(&a);
}

static void test_success(void **state) {
  (void)state;
  static const char *const BODIES[] = {"{ \"kept\": 1.0 }", "not json", ""};
  static const char *const RESULTS[] = {"not json|(none)", "(none)|(none)"};
  for (int i = 0; i < 3; i++) {
    rig r;
    script sc;
    plan p = {.options = "", .status = "SUCCEEDED"};
    char arn[DURABLE_ARN_SIZE];
    begin(&r, &sc, &p, arn);
    answer a = call_callback(r.s, p.id, "succeed", BODIES[i]);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.text, "");
    answer_drop(&a);
    if (i > 0)
      finish(&r, arn, RESULTS[i - 1], "CallbackSucceeded");
    else
      durable_service_wait(r.s, arn, 10000);
    a = history(r.s, arn);
    assert_text(find_event(&a, "CallbackSucceeded", 1),
                "CallbackSucceededDetails.Result.Payload",
                i == 2 ? "(none)" : BODIES[i]);
    answer_drop(&a);
    refused_afterwards(&r, p.id);
    rig_wipe(&r);
  }
}

static void test_failure(void **state) {
  (void)state;
  static const char *const BODIES[] = {
      ("{\"ErrorMessage\":\"no\",\"ErrorType\":\"Denied\",\"ErrorData\":\"d\","
       "\"StackTrace\":[\"a\"]}"),
      "{\"Error\":{\"ErrorType\":\"Denied\"}}", "{}", ""};
  static const char *const RESULTS[] = {"(none)|Denied", "(none)|Denied",
                                        "(none)|(none)", "(none)|(none)"};
  for (int i = 0; i < 4; i++) {
    rig r;
    script sc;
    plan p = {.options = "", .status = "FAILED"};
    char arn[DURABLE_ARN_SIZE];
    begin(&r, &sc, &p, arn);
    answer a = call_callback(r.s, p.id, "fail", BODIES[i]);
    assert_int_equal(a.status, 200);
    answer_drop(&a);
    finish(&r, arn, RESULTS[i], "CallbackFailed");
    a = history(r.s, arn);
    const cJSON *error =
        at(find_event(&a, "CallbackFailed", 1), "CallbackFailedDetails.Error");
    assert_non_null(error);
    assert_true((at(error, "Payload") != NULL) == (i < 2));
    answer_drop(&a);
    rig_wipe(&r);
  }
}

static void test_timeout(void **state) {
  (void)state;
  rig r;
  script sc;
  plan p = {.options = ",\"CallbackOptions\":{\"TimeoutSeconds\":60,"
                       "\"HeartbeatTimeoutSeconds\":0}",
            .status = "TIMED_OUT"};
  char arn[DURABLE_ARN_SIZE];
  begin(&r, &sc, &p, arn);
  assert_int_equal(durable_service_advance(r.s, 59999), 0);
  assert_int_equal(durable_service_wait(r.s, arn, 0),
                   DURABLE_EXECUTION_RUNNING);
  assert_int_equal(durable_service_advance(r.s, 1), 0);
  finish(&r, arn, "(none)|Callback.Timeout", "CallbackTimedOut");
  answer a = history(r.s, arn);
  const cJSON *started = find_event(&a, "CallbackStarted", 1);
  assert_text(started, "CallbackStartedDetails.CallbackId", p.id);
  assert_number(started, "CallbackStartedDetails.Timeout", 60);
  assert_number(started, "CallbackStartedDetails.HeartbeatTimeout", 0);
  assert_text(find_event(&a, "CallbackTimedOut", 1),
              "CallbackTimedOutDetails.Error.Payload.ErrorMessage",
              "Callback timed out");
  answer_drop(&a);
  rig_wipe(&r);
}

static void test_heartbeat(void **state) {
  (void)state;
  rig r;
  script sc;
  plan p = {.options = ",\"CallbackOptions\":{\"TimeoutSeconds\":600,"
                       "\"HeartbeatTimeoutSeconds\":10}",
            .status = "TIMED_OUT"};
  char arn[DURABLE_ARN_SIZE];
  begin(&r, &sc, &p, arn);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(durable_service_advance(r.s, 9000), 0);
    answer a = call_callback(r.s, p.id, "heartbeat", "");
    assert_int_equal(a.status, 200);
    answer_drop(&a);
  }
  assert_int_equal(durable_service_wait(r.s, arn, 0),
                   DURABLE_EXECUTION_RUNNING);
  assert_int_equal(durable_service_advance(r.s, 10000), 0);
  finish(&r, arn, "(none)|Callback.Heartbeat", "CallbackTimedOut");
  rig_wipe(&r);
}

/* Without hold_callbacks virtual time goes to the timeout by itself. */
static void test_jump_to_timeout(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  plan p = {.options = ",\"CallbackOptions\":{\"TimeoutSeconds\":60}",
            .status = "TIMED_OUT"};
  pthread_mutex_init(&p.lock, NULL);
  script sc = {.fn = one_callback, .user = &p};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  finish(&r, arn, "(none)|Callback.Timeout", "CallbackTimedOut");
  rig_wipe(&r);
}

static void two_steps(turn *t, void *user) {
  if (turn_op(t, "cb") == NULL) {
    one_callback(t, user);
  } else if (turn_op(t, "w") == NULL) {
    assert_string_equal(turn_status(t, "cb"), "TIMED_OUT");
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
    turn_return(t, PENDING);
  }
}

static void test_too_late(void **state) {
  (void)state;
  rig r;
  script sc;
  plan p = {.options = ",\"CallbackOptions\":{\"TimeoutSeconds\":60}"};
  char arn[DURABLE_ARN_SIZE];
  begin(&r, &sc, &p, arn);
  sc.fn = two_steps;
  assert_int_equal(durable_service_advance(r.s, 60000), 0);
  assert_int_equal(durable_service_settle(r.s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
  answer a = call_callback(r.s, p.id, "succeed", "1");
  assert_int_equal(a.status, 400);
  assert_string_equal(a.type, "CallbackTimeoutException");
  answer_drop(&a);
  rig_wipe(&r);
}

static void test_refused(void **state) {
  (void)state;
  rig r;
  script sc;
  plan p = {.options = "", .status = "SUCCEEDED"};
  char arn[DURABLE_ARN_SIZE];
  begin(&r, &sc, &p, arn);
  answer a = call_callback(r.s, p.id, "succeed", "caf\xe9 ole");
  assert_refused(a, 400, "InvalidParameterValueException",
                 "The result must be UTF-8 text, and byte 3 is not");
  answer_drop(&a);
  a = call_callback(r.s, "notbase64!", "succeed", "");
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Failed to process callback success: Invalid base64-encoded "
                 "string: number of data characters (9) cannot be 1 more than "
                 "a multiple of 4");
  answer_drop(&a);
  a = call_callback(r.s, "abc", "fail", "");
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Failed to process callback failure: Incorrect padding");
  answer_drop(&a);
  /* {"arn":"a","op":"b"} */
  a = call_callback(r.s, "eyJhcm4iOiJhIiwib3AiOiJiIn0=", "succeed", "");
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Failed to process callback success: Execution a not found");
  answer_drop(&a);
  a = call_callback(r.s, p.id, "fail", "nonsense");
  assert_int_equal(a.status, 400);
  assert_non_null(strstr(a.text, "Invalid JSON in request body: "));
  answer_drop(&a);
  char *big = malloc(262146);
  memset(big, 'x', 262145);
  big[262145] = '\0';
  a = call_callback(r.s, p.id, "succeed", big);
  assert_int_equal(a.status, 400);
  answer_drop(&a);
  big[262144] = '\0';
  /* a stopped execution takes no callback */
  a = call_run(r.s, "POST", arn, "/stop", "");
  answer_drop(&a);
  refused_afterwards(&r, p.id);
  free(big);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_success),         cmocka_unit_test(test_failure),
      cmocka_unit_test(test_timeout),         cmocka_unit_test(test_heartbeat),
      cmocka_unit_test(test_jump_to_timeout), cmocka_unit_test(test_too_late),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
