/* Every rule of a checkpoint, with its sentence, in one execution: refused
 * batches change nothing, so they can follow each other. */
#include "rig.h"

typedef struct rule {
  const char *updates, *message;
} rule;

#define U(id, type, action)                                                    \
  "{\"Id\":\"" id "\",\"Type\":\"" type "\",\"Action\":\"" action "\"}"
#define V(id, type, action, more)                                              \
  "{\"Id\":\"" id "\",\"Type\":\"" type "\",\"Action\":\"" action "\"," more "}"
#define CONSTRAINT(member, rule)                                               \
  "1 validation error detected: Value at 'updates.1.member." member            \
  "' failed to satisfy constraint: " rule
#define MAXIMUM(n)  "Member must have value less than or equal to " n
#define MINIMUM(n)  "Member must have value greater than or equal to " n
#define TOO_LONG(n) "Member must have length less than or equal to " n
#define PATTERN(p)  "Member must satisfy regular expression pattern: " p
#define S65         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What stands before the rules are tried: a started, a pending and a finished
 * step, a started and a finished context, a wait, a cancelled wait, a callback,
 * and an invoke that has failed. */
static const char *const BEFORE[] = {
    V("started", "STEP", "START", "\"Name\":\"n\",\"SubType\":\"Step\"") "," U(
        "done", "STEP",
        "SUCCEED") "," V("pending", "STEP", "RETRY",
                         "\"StepOptions\":{\"NextAttemptDelaySeconds\":60}"),
    U("ctx", "CONTEXT", "START") "," U("over", "CONTEXT", "SUCCEED") "," V(
        "kid", "STEP", "START", "\"ParentId\":\"ctx\""),
    V("wait", "WAIT", "START", "\"WaitOptions\":{\"WaitSeconds\":60}") "," V(
        "gone", "WAIT", "START",
        "\"WaitOptions\":{\"WaitSeconds\":60}") "," U("cb", "CALLBACK",
                                                      "START") "," V("inv",
                                                                     "CHAINED_"
                                                                     "INVOKE",
                                                                     "START",
                                                                     "\"Chained"
                                                                     "InvokeOpt"
                                                                     "ions\":{"
                                                                     "\"Functio"
                                                                     "nName\":"
                                                                     "\"Nobody"
                                                                     "\"}"),
    U("gone", "WAIT", "CANCEL"),
};

static const rule RULES[] = {
    /* the batch */
    {U("e1", "EXECUTION", "SUCCEED") "," U("e2", "EXECUTION", "SUCCEED"),
     "Cannot checkpoint multiple EXECUTION updates."},
    {U("e1", "EXECUTION", "SUCCEED") "," U("x", "STEP", "START"),
     "EXECUTION checkpoint must be the last update."},
    {U("x", "STEP", "START") "," U("x", "STEP", "START"),
     "Cannot checkpoint multiple operations with the same ID."},
    {U("x", "STEP", "SUCCEED") "," U("x", "STEP", "FAIL"),
     "Cannot checkpoint multiple operations with the same ID."},
    {U("x", "STEP", "START") "," U("x", "STEP", "SUCCEED") "," U("x", "STEP",
                                                                 "SUCCEED"),
     "Cannot checkpoint multiple operations with the same ID."},
    {V("x", "WAIT", "START",
       "\"WaitOptions\":{\"WaitSeconds\":1}") "," U("x", "WAIT", "CANCEL"),
     "Cannot checkpoint multiple operations with the same ID."},
    {U("x", "STEP", "START") "," U("x", "CONTEXT", "SUCCEED"),
     "Inconsistent operation type."},
    {V("x", "STEP", "START", "\"ParentId\":\"nobody\""),
     "Invalid parent operation id."},
    {V("x", "STEP", "START", "\"ParentId\":\"started\""),
     "Invalid parent operation id."},
    {V("x", "STEP", "START", "\"ParentId\":\"later\"") "," U("later", "CONTEXT",
                                                             "START"),
     "Invalid parent operation id."},
    /* consistency */
    {U("started", "CONTEXT", "SUCCEED"), "Inconsistent operation type."},
    {V("started", "STEP", "SUCCEED", "\"SubType\":\"Other\""),
     "Inconsistent operation subtype."},
    {V("started", "STEP", "SUCCEED", "\"Name\":\"m\""),
     "Inconsistent operation name."},
    {V("started", "STEP", "SUCCEED", "\"ParentId\":\"ctx\""),
     "Inconsistent parent operation id."},
    {V("kid", "STEP", "SUCCEED", "\"ParentId\":\"over\""),
     "Inconsistent parent operation id."},
    /* actions */
    {U("x", "STEP", "CANCEL"), "Invalid action for the given operation type."},
    {U("x", "CONTEXT", "RETRY"),
     "Invalid action for the given operation type."},
    {U("x", "CONTEXT", "CANCEL"),
     "Invalid action for the given operation type."},
    {U("x", "WAIT", "SUCCEED"), "Invalid action for the given operation type."},
    {U("cb", "CALLBACK", "CANCEL"),
     "Invalid action for the given operation type."},
    {U("x", "CALLBACK", "SUCCEED"),
     "Invalid action for the given operation type."},
    {U("x", "CHAINED_INVOKE", "FAIL"),
     "Invalid action for the given operation type."},
    {U("x", "EXECUTION", "START"),
     "Invalid action for the given operation type."},
    /* steps */
    {U("started", "STEP", "START"), "Invalid current STEP state to start."},
    {U("pending", "STEP", "START"), "Invalid current STEP state to start."},
    {U("done", "STEP", "START"), "Invalid current STEP state to start."},
    {U("done", "STEP", "SUCCEED"), "Invalid current STEP state to close."},
    {U("pending", "STEP", "FAIL"), "Invalid current STEP state to close."},
    {V("started", "STEP", "FAIL", "\"Payload\":\"1\""),
     "Cannot provide a Payload for FAIL action."},
    {V("started", "STEP", "SUCCEED", "\"Error\":{\"ErrorMessage\":\"m\"}"),
     "Cannot provide an Error for SUCCEED action."},
    {V("done", "STEP", "RETRY",
       "\"StepOptions\":{\"NextAttemptDelaySeconds\":1}"),
     "Invalid current STEP state to re-attempt."},
    {U("started", "STEP", "RETRY"),
     "Invalid StepOptions for the given action."},
    {V("started", "STEP", "RETRY",
       "\"Payload\":\"1\",\"Error\":{\"ErrorMessage\":\"m\"},"
       "\"StepOptions\":{\"NextAttemptDelaySeconds\":1}"),
     "Cannot provide both error and payload to RETRY a STEP."},
    /* contexts */
    {U("ctx", "CONTEXT", "START"),
     "Cannot start a CONTEXT that already exist."},
    {U("over", "CONTEXT", "SUCCEED"),
     "Invalid current CONTEXT state to close."},
    {V("x", "CONTEXT", "FAIL", "\"Payload\":\"1\""),
     "Cannot provide a Payload for FAIL action."},
    {V("ctx", "CONTEXT", "SUCCEED", "\"Error\":{\"ErrorType\":\"T\"}"),
     "Cannot provide an Error for SUCCEED action."},
    /* waits */
    {V("wait", "WAIT", "START", "\"WaitOptions\":{\"WaitSeconds\":1}"),
     "Cannot start a WAIT that already exist."},
    {U("x", "WAIT", "START"), "Invalid WaitOptions for the given action."},
    {U("x", "WAIT", "CANCEL"),
     "Cannot cancel a WAIT that does not exist or has already completed."},
    {U("gone", "WAIT", "CANCEL"),
     "Cannot cancel a WAIT that does not exist or has already completed."},
    /* callbacks, invokes, the execution */
    {U("cb", "CALLBACK", "START"),
     "Cannot start a CALLBACK that already exist."},
    {V("inv", "CHAINED_INVOKE", "START",
       "\"ChainedInvokeOptions\":{\"FunctionName\":\"F\"}"),
     "Cannot start an INVOKE that already exist."},
    {U("x", "CHAINED_INVOKE", "START"),
     "Invalid ChainedInvokeOptions for the given action."},
    {U("inv", "CHAINED_INVOKE", "CANCEL"),
     "Cannot cancel an INVOKE that does not exist or has already completed."},
    {V("e", "EXECUTION", "SUCCEED", "\"Error\":{\"ErrorType\":\"T\"}"),
     "Cannot provide an Error for SUCCEED action."},
    {V("e", "EXECUTION", "FAIL", "\"Payload\":\"1\""),
     "Cannot provide a Payload for FAIL action."},
    /* shapes */
    {U(S65, "STEP", "START"), CONSTRAINT("id", TOO_LONG("64"))},
    {U("a b", "STEP", "START"), CONSTRAINT("id", PATTERN("[a-zA-Z0-9-_]+"))},
    {V("x", "STEP", "START", "\"ParentId\":\"a/b\""),
     CONSTRAINT("parentId", PATTERN("[a-zA-Z0-9-_]+"))},
    {V("x", "STEP", "START", "\"Name\":\"" S65 S65 S65 S65 "\""),
     CONSTRAINT("name", TOO_LONG("256"))},
    {V("x", "STEP", "START", "\"Name\":\"caf\\u00e9\""),
     CONSTRAINT("name", PATTERN("[\\x20-\\x7E]+"))},
    {V("x", "STEP", "START", "\"SubType\":\"" S65 "\""),
     CONSTRAINT("subType", TOO_LONG("32"))},
    {V("x", "STEP", "START", "\"SubType\":\"a.b\""),
     CONSTRAINT("subType", PATTERN("[a-zA-Z0-9-_]+"))},
    {U("x", "BAD", "START"),
     CONSTRAINT("type",
                "Member must satisfy enum value set: [EXECUTION, CONTEXT, "
                "STEP, WAIT, CALLBACK, CHAINED_INVOKE]")},
    {U("x", "STEP", "BAD"),
     CONSTRAINT("action", "Member must satisfy enum value set: [START, "
                          "SUCCEED, FAIL, RETRY, CANCEL]")},
    {V("x", "WAIT", "START", "\"WaitOptions\":{\"WaitSeconds\":0}"),
     CONSTRAINT("waitOptions.waitSeconds", MINIMUM("1"))},
    {V("x", "WAIT", "START", "\"WaitOptions\":{\"WaitSeconds\":31622401}"),
     CONSTRAINT("waitOptions.waitSeconds", MAXIMUM("31622400"))},
    {V("started", "STEP", "RETRY",
       "\"StepOptions\":{\"NextAttemptDelaySeconds\":0}"),
     CONSTRAINT("stepOptions.nextAttemptDelaySeconds", MINIMUM("1"))},
    {V("started", "STEP", "RETRY",
       "\"StepOptions\":{\"NextAttemptDelaySeconds\":31622401}"),
     CONSTRAINT("stepOptions.nextAttemptDelaySeconds", MAXIMUM("31622400"))},
    {V("x", "CALLBACK", "START", "\"CallbackOptions\":{\"TimeoutSeconds\":-1}"),
     CONSTRAINT("callbackOptions.timeoutSeconds", MINIMUM("0"))},
    {V("x", "CALLBACK", "START",
       "\"CallbackOptions\":{\"HeartbeatTimeoutSeconds\":-1}"),
     CONSTRAINT("callbackOptions.heartbeatTimeoutSeconds", MINIMUM("0"))},
    {V("x", "CHAINED_INVOKE", "START",
       "\"ChainedInvokeOptions\":{\"FunctionName\":\"F\",\"TenantId\":\"#\"}"),
     CONSTRAINT("chainedInvokeOptions.tenantId",
                PATTERN("[a-zA-Z0-9\\._:\\/=+\\-@ ]+"))},
    {V("x", "CHAINED_INVOKE", "START",
       "\"ChainedInvokeOptions\":{\"FunctionName\":\"F\","
       "\"XAmznTraceId\":\"a\\r\\nb: c\"}"),
     CONSTRAINT("chainedInvokeOptions.xAmznTraceId",
                PATTERN("[\\x20-\\x7E]*"))},
};

/* A string of |n| letters, as |before| + letters + |after|. */
static char *filled(const char *before, size_t n, const char *after) {
  size_t b = strlen(before), a = strlen(after);
  char *text = malloc(b + n + a + 1);
  assert_non_null(text);
  memcpy(text, before, b);
  memset(text + b, 'x', n);
  memcpy(text + b + n, after, a + 1);
  return text;
}

typedef struct size_rule {
  const char *before;
  size_t accepted; /* this many letters pass, one more does not */
  const char *after, *message;
} size_rule;

#define PAYLOAD(id, type, action)                                              \
  "{\"Id\":\"" id "\",\"Type\":\"" type "\",\"Action\":\"" action              \
  "\",\"Payload\":\""

static const size_rule SIZES[] = {
    {PAYLOAD("big-step", "STEP", "SUCCEED"), 262144, "\"}",
     "STEP output payload size must be less than or equal to 262144 bytes."},
    {PAYLOAD("big-ctx", "CONTEXT", "SUCCEED"), 262144, "\"}",
     "CONTEXT output payload size must be less than or equal to 262144 "
     "bytes."},
    {PAYLOAD("big-inv", "CHAINED_INVOKE", "START"), 1048576,
     "\",\"ChainedInvokeOptions\":{\"FunctionName\":\"Nobody\"}}",
     "CHAINED_INVOKE input payload size must be less than or equal to 1048576 "
     "bytes."},
    {"{\"Id\":\"big-trace\",\"Type\":\"CHAINED_INVOKE\",\"Action\":\"START\","
     "\"ChainedInvokeOptions\":{\"FunctionName\":\"Nobody\","
     "\"XAmznTraceId\":\"",
     8192, "\"}}",
     CONSTRAINT("chainedInvokeOptions.xAmznTraceId",
                "Member must have length less than or equal to 8192")},
    /* {"ErrorMessage": "x..."} has 20 bytes beside the letters */
    {"{\"Id\":\"big-err\",\"Type\":\"STEP\",\"Action\":\"FAIL\",\"Error\":{"
     "\"ErrorMessage\":\"",
     32768 - 20, "\"}}", "Error object size must be less than 32768 bytes."},
};

static void check_size(turn *t, const size_rule *limit) {
  char *text = filled(limit->before, limit->accepted + 1, limit->after);
  answer a = turn_send(t, text);
  assert_refused(a, 400, "InvalidParameterValueException", limit->message);
  answer_drop(&a);
  free(text);
  text = filled(limit->before, limit->accepted, limit->after);
  turn_do(t, text);
  free(text);
}

static void try_all(turn *t, void *user) {
  (void)user;
  for (size_t i = 0; i < sizeof BEFORE / sizeof *BEFORE; i++)
    turn_do(t, BEFORE[i]);
  for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
    answer a = turn_send(t, RULES[i].updates);
    if (a.status == 200)
      print_error("accepted: %s\n", RULES[i].updates);
    assert_refused(a, 400, "InvalidParameterValueException", RULES[i].message);
    answer_drop(&a);
  }
  for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
    check_size(t, &SIZES[i]);
  turn_return(t, ALWAYS);
}

static void test_rules(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = try_all};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  /* nothing of the refused batches was written */
  answer a = history(r.s, arn);
  assert_non_null(find_event(&a, "CallbackStarted", 1));
  assert_null(find_event(&a, "CallbackStarted", 2));
  assert_null(find_event(&a, "WaitStarted", 3));
  answer_drop(&a);
  rig_wipe(&r);
}

static void accept_all(turn *t, void *user) {
  (void)user;
  /* a closing update on a new id, pairs, unknown sub-types */
  turn_do(t, V("a", "STEP", "SUCCEED", "\"SubType\":\"Custom-1\""));
  turn_do(t, U("b", "STEP", "FAIL"));
  turn_do(t, U("c", "CONTEXT", "START") "," U("c", "CONTEXT", "SUCCEED"));
  turn_do(t, V("d", "CONTEXT", "START", "\"ParentId\":\"c\"") "," V(
                 "e", "STEP", "START", "\"ParentId\":\"d\""));
  turn_do(t, V("e", "STEP", "SUCCEED", "\"ParentId\":\"d\""));
  answer a = turn_send(t, V("w", "WAIT", "START",
                            "\"WaitOptions\":{\"WaitSeconds\":31622400},"
                            "\"Unknown\":{\"x\":[1]}"));
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_accepted(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = accept_all};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

static void send_bodies(turn *t, void *user) {
  (void)user;
  char token[4096];
  snprintf(token, sizeof token, "{\"CheckpointToken\":\"%s\",", t->token);
  static const struct {
    const char *after, *message; /* after: of the token's member */
  } BODIES[] = {
      {"\"Updates\":7}",
       "JSON deserialization failed: Updates is not an array"},
      {"\"Updates\":[],\"ClientToken\":\"\"}",
       "1 validation error detected: Value at 'clientToken' failed to satisfy "
       "constraint: Member must have length between 1 and 64 and satisfy "
       "regular expression pattern: [\\x21-\\x7E]+"},
  };
  for (size_t i = 0; i < 2; i++) {
    char body[8192];
    snprintf(body, sizeof body, "%s%s", token, BODIES[i].after);
    answer a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", body);
    assert_refused(a, 400, "InvalidParameterValueException", BODIES[i].message);
    answer_drop(&a);
  }
  static const char *const EMPTY[] = {"", "{}"};
  for (size_t i = 0; i < 2; i++) {
    answer a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", EMPTY[i]);
    assert_refused(a, 400, "InvalidParameterValueException",
                   "Request body is required");
    answer_drop(&a);
  }
  static const char *const BAD[] = {
      "[]",       "{\"Updates\":[]}",        "{\"a\":",
      "nonsense", "{\"CheckpointToken\":7}", "{\"CheckpointToken\":\"x\"} y"};
  for (size_t i = 0; i < 6; i++) {
    answer a = call_run(t->s, "POST", t->inv->arn, "/checkpoint", BAD[i]);
    assert_int_equal(a.status, 400);
    assert_string_equal(a.type, "InvalidParameterValueException");
    answer_drop(&a);
  }
  turn_return(t, ALWAYS);
}

static void test_bodies(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = send_bodies};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

static void many(turn *t, void *user) {
  (void)user;
  char *text = malloc(300 * 64), *to = text;
  for (int i = 0; i < 251; i++)
    to +=
        sprintf(to, "%s{\"Id\":\"m%d\",\"Type\":\"STEP\",\"Action\":\"START\"}",
                i ? "," : "", i);
  answer a = turn_send(t, text);
  assert_refused(a, 400, "InvalidParameterValueException",
                 "1 validation error detected: Value at 'updates' failed to "
                 "satisfy constraint: Member must have length less than or "
                 "equal to 250");
  answer_drop(&a);
  char *last = strstr(text, ",{\"Id\":\"m250\"");
  assert_non_null(last);
  *last = '\0';
  turn_do(t, text);
  free(text);
  turn_return(t, ALWAYS);
}

static void test_batch_size(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = many};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_accepted),
      cmocka_unit_test(test_bodies),
      cmocka_unit_test(test_batch_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
