/* State pages, collapsed state, history pages, lists, starts and odd requests. */
#include "rig.h"
#include "service/commit.h"
#include "service/dispatch.h"
#include "service/start.h"

#define START_PATH "/start-durable-execution"
#define API        "/2025-12-01"

static void do_nothing(turn *t, void *user) {
  (void)user;
  turn_return(t, ALWAYS);
}

/* ---- state */

static void put_steps(turn *t, int n, size_t size) {
  char *text = malloc(size + 512);
  for (int i = 0; i < n; i++) {
    int len = sprintf(text,
                      "{\"Id\":\"s%d\",\"Type\":\"STEP\",\"Action\":"
                      "\"SUCCEED\",\"Payload\":\"",
                      i);
    memset(text + len, 'x', size);
    strcpy(text + len + size, "\"}");
    turn_do(t, text);
  }
  free(text);
}

static answer state_page(turn *t, const char *query) {
  char token[4096], suffix[8192];
  encode(token, t->token);
  snprintf(suffix, sizeof suffix, "/state?CheckpointToken=%s%s", token, query);
  return call_run(t->s, "GET", t->inv->arn, suffix, NULL);
}

static void pages(turn *t, void *user) {
  (void)user;
  put_steps(t, 25, 8);
  answer a = state_page(t, "");
  assert_int_equal(a.status, 200);
  assert_int_equal(cJSON_GetArraySize(at(a.json, "Operations")), 26);
  assert_text(a.json, "Operations.0.Type", "EXECUTION");
  assert_text(a.json, "Operations.0.Id", strrchr(t->inv->arn, '/') + 1);
  assert_true(number_at(a.json, "Operations.0.StartTimestamp") < 1e11);
  assert_null(at(a.json, "NextMarker"));
  answer_drop(&a);
  int seen = 0;
  char query[256] = "&MaxItems=10";
  for (int page = 0; page < 3; page++) {
    a = state_page(t, query);
    assert_int_equal(a.status, 200);
    int n = cJSON_GetArraySize(at(a.json, "Operations"));
    assert_int_equal(n, page < 2 ? 10 : 6);
    seen += n;
    if (page < 2)
      snprintf(query, sizeof query, "&MaxItems=10&Marker=%s",
               text_at(a.json, "NextMarker"));
    else
      assert_null(at(a.json, "NextMarker"));
    answer_drop(&a);
  }
  assert_int_equal(seen, 26);
  a = state_page(t, "&Marker="); /* blank: none */
  assert_int_equal(a.status, 200);
  answer_drop(&a);
  static const char *const MARKERS[] = {"&Marker=x", "&Marker=0:1",
                                        "&Marker=25:26", "&Marker=25:-1"};
  for (size_t i = 0; i < 4; i++) {
    a = state_page(t, MARKERS[i]);
    assert_refused(a, 400, "InvalidParameterValueException", "Invalid marker");
    answer_drop(&a);
  }
  static const char *const ITEMS[] = {"&MaxItems=1001", "&MaxItems=-1",
                                      "&MaxItems=abc"};
  for (size_t i = 0; i < 3; i++) {
    a = state_page(t, ITEMS[i]);
    assert_int_equal(a.status, 400);
    answer_drop(&a);
  }
  a = call_run(t->s, "GET", t->inv->arn, "/state", NULL);
  assert_refused(a, 400, "InvalidParameterValueException",
                 "Invalid checkpoint token");
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void run_one(turn_fn *fn, durable_service_options o) {
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = fn};
  rig_open(&r, o);
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

static void test_state(void **state) {
  (void)state;
  run_one(pages, in_virtual_time());
}

/* 30 results of 256 KB: 7.5 MB are two pages, in the event too. */
static void large_state(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "w") == NULL) {
    put_steps(t, 30, 262144);
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":1}}");
    turn_return(t, PENDING);
    return;
  }
  fail_msg("the wait is on the second page");
}

static void second_page(turn *t, void *user) {
  if (turn_op(t, "s0") == NULL) {
    large_state(t, user);
    return;
  }
  assert_true(t->inv->event.len < 6000000);
  int first =
      cJSON_GetArraySize(at(t->event, "InitialExecutionState.Operations"));
  char query[128];
  snprintf(query, sizeof query, "&MaxItems=1000&Marker=%s",
           text_at(t->event, "InitialExecutionState.NextMarker"));
  answer a = state_page(t, query);
  assert_int_equal(a.status, 200);
  assert_int_equal(first + cJSON_GetArraySize(at(a.json, "Operations")), 32);
  assert_null(at(a.json, "NextMarker"));
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_large_state(void **state) {
  (void)state;
  run_one(second_page, in_virtual_time());
}

#define CONTEXT(id, parent, action, more)                                      \
  "{\"Id\":\"" id "\",\"Type\":\"CONTEXT\",\"Action\":\"" action               \
  "\",\"ParentId\":\"" parent "\"" more "}"
#define TOP(id, action, more)                                                  \
  "{\"Id\":\"" id "\",\"Type\":\"CONTEXT\",\"Action\":\"" action "\"" more "}"
#define STEP(id, parent)                                                       \
  "{\"Id\":\"" id "\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\",\"ParentId\":"  \
  "\"" parent "\"}"
#define REPLAY ",\"ContextOptions\":{\"ReplayChildren\":true}"

static void collapsed(turn *t, void *user) {
  int *kept = user;
  if (turn_op(t, "w") == NULL) {
    turn_do(t, TOP("plain", "START", "") "," STEP("p1", "plain") "," CONTEXT(
                   "p2", "plain", "START", "") "," STEP("p3", "p2"));
    turn_do(t, CONTEXT("p2", "plain", "SUCCEED",
                       REPLAY) "," TOP("plain", "SUCCEED", ""));
    turn_do(t,
            TOP("kept", "START", "") "," CONTEXT(
                "k1", "kept", "START",
                "") "," STEP("k2", "k1") "," CONTEXT("k3", "kept", "START",
                                                     "") "," STEP("k4", "k3"));
    turn_do(t, CONTEXT("k1", "kept", "SUCCEED", "") "," CONTEXT(
                   "k3", "kept", "SUCCEED", REPLAY) "," TOP("kept", "SUCCEED",
                                                            REPLAY));
    turn_do(t, TOP("failed", "START", "") "," STEP("f1", "failed"));
    turn_do(t, TOP("failed", "FAIL", ""));
    turn_do(t, TOP("open", "START", "") "," STEP("o1", "open"));
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":1}}");
    turn_return(t, PENDING);
    return;
  }
  static const char *const SHOWN[] = {"plain",  "kept", "k1", "k3", "k4",
                                      "failed", "open", "o1", "w"};
  static const char *const HIDDEN[] = {"p1", "p2", "p3", "k2", "f1"};
  answer a = state_page(t, "");
  for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++)
    assert_non_null(turn_op(t, SHOWN[i]));
  for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
    assert_int_equal(turn_op(t, HIDDEN[i]) != NULL, *kept);
  assert_int_equal(
      cJSON_GetArraySize(at(a.json, "Operations")),
      cJSON_GetArraySize(at(t->event, "InitialExecutionState.Operations")));
  answer_drop(&a);
  turn_return(t, ALWAYS);
}

static void test_collapse(void **state) {
  (void)state;
  for (int kept = 0; kept < 2; kept++) {
    rig r;
    char arn[DURABLE_ARN_SIZE];
    script sc = {.fn = collapsed, .user = &kept};
    rig_open(&r,
             (durable_service_options){.virtual_time = 1, .collapse = !kept});
    rig_function(&r, "F", &sc);
    rig_start(&r, "F", NULL, arn);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
    rig_wipe(&r);
  }
}

/* ---- history */

static void ten_steps(turn *t, void *user) {
  (void)user;
  put_steps(t, 10, 3);
  turn_return(t, ALWAYS);
}

static void ids_of(const answer *a, char *out) {
  const cJSON *event;
  *out = '\0';
  cJSON_ArrayForEach(event, at(a->json, "Events"))
      sprintf(out + strlen(out), "%d ", (int)number_at(event, "EventId"));
}

static void test_history_pages(void **state) {
  (void)state;
  static const struct {
    const char *query, *ids, *marker;
  } PAGES[] = {
      {"?MaxItems=5", "1 2 3 4 5 ", "6"},
      {"?MaxItems=5&Marker=6", "6 7 8 9 10 ", "11"},
      {"?MaxItems=5&Marker=11", "11 12 13 ", "(none)"},
      {"?MaxItems=5&ReverseOrder=true", "13 12 11 10 9 ", "9"},
      {"?MaxItems=5&ReverseOrder=true&Marker=9", "8 7 6 5 4 ", "4"},
      {"?MaxItems=5&ReverseOrder=true&Marker=4", "3 2 1 ", "(none)"},
      {"?MaxItems=0", "1 2 3 4 5 6 7 8 9 10 11 12 13 ", "(none)"},
      {"?Marker=99", "", "(none)"},
      {"?Marker=x", "1 2 3 4 5 6 7 8 9 10 11 12 13 ", "(none)"},
  };
  rig r;
  char arn[DURABLE_ARN_SIZE], ids[256];
  script sc = {.fn = ten_steps};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
    char suffix[128];
    snprintf(suffix, sizeof suffix, "/history%s", PAGES[i].query);
    answer a = call_run(r.s, "GET", arn, suffix, NULL);
    assert_int_equal(a.status, 200);
    ids_of(&a, ids);
    assert_string_equal(ids, PAGES[i].ids);
    assert_text(a.json, "NextMarker", PAGES[i].marker);
    answer_drop(&a);
  }
  answer a =
      call_run(r.s, "GET", arn, "/history?IncludeExecutionData=false", NULL);
  assert_null(strstr(a.text, "Payload"));
  assert_true(cJSON_IsTrue(at(find_event(&a, "StepSucceeded", 1),
                              "StepSucceededDetails.Result.Truncated")));
  assert_int_equal(cJSON_GetArraySize(at(a.json, "Events")), 13);
  answer_drop(&a);
  a = call_run(r.s, "GET", arn, "/history?IncludeExecutionData=true", NULL);
  assert_text(find_event(&a, "StepSucceeded", 1),
              "StepSucceededDetails.Result.Payload", "xxx");
  answer_drop(&a);
  a = call_run(r.s, "GET", "nope", "/history", NULL);
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Execution nope not found");
  answer_drop(&a);
  rig_wipe(&r);
}

/* ---- lists */

static void names_of(const answer *a, char *out) {
  const cJSON *it;
  *out = '\0';
  cJSON_ArrayForEach(it, at(a->json, "DurableExecutions"))
      sprintf(out + strlen(out), "%s ", text_at(it, "DurableExecutionName"));
}

static void assert_list(rig *r, const char *target, const char *expected) {
  char names[1024];
  answer a = call(r->s, "GET", target, NULL);
  if (a.status != 200)
    print_error("%s: %s\n", target, a.text);
  assert_int_equal(a.status, 200);
  names_of(&a, names);
  if (strcmp(names, expected) != 0)
    print_error("%s\n", target);
  assert_string_equal(names, expected);
  answer_drop(&a);
}

static void fail_or_park(turn *t, void *user) {
  const cJSON *root = at(t->event, "InitialExecutionState.Operations.0");
  const char *name = text_at(root, "Name");
  (void)user;
  if (strcmp(name, "bad") == 0) {
    turn_return(t, "{\"Status\":\"FAILED\",\"Error\":{\"ErrorType\":\"T\"}}");
  } else if (strcmp(name, "open") == 0) {
    turn_do(t, "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
    turn_return(t, PENDING);
  } else {
    turn_return(t, ALWAYS);
  }
}

static void test_lists(void **state) {
  (void)state;
  static const char *const NAMES[] = {"good", "bad", "open", "last"};
  rig r;
  char arn[DURABLE_ARN_SIZE], target[256];
  script sc = {.fn = fail_or_park}, other = {.fn = do_nothing};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_function(&r, "Other", &other);
  int64_t starts[4];
  for (int i = 0; i < 4; i++) {
    starts[i] = durable_service_now(r.s);
    rig_start(&r, "F", NAMES[i], arn);
    durable_service_settle(r.s, arn, 10000);
    durable_service_advance(r.s, 10000);
  }
  rig_start(&r, "Other", "else", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
#define LIST API "/functions/F/durable-executions"
  assert_list(&r, LIST, "good bad open last ");
  assert_list(&r, API "/functions/F%3A%24LATEST/durable-executions",
              "good bad open last ");
  assert_list(&r,
              API "/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%"
                  "3Afunction%3AF/durable-executions",
              "good bad open last ");
  assert_list(&r, API "/functions/Nobody/durable-executions", "");
  assert_list(&r, API "/durable-executions", "good bad open last else ");
  assert_list(&r, API "/durable-executions?FunctionName=Other", "else ");
  assert_list(&r, LIST "?ReverseOrder=true", "last open bad good ");
  assert_list(&r, LIST "?Statuses=FAILED", "bad ");
  assert_list(&r, LIST "?Statuses=FAILED&Statuses=RUNNING", "bad open ");
  assert_list(&r, LIST "?StatusFilter=SUCCEEDED", "good last ");
  assert_list(&r, LIST "?DurableExecutionName=open", "open ");
  assert_list(&r, LIST "?executionName=open", "open ");
  snprintf(target, sizeof target, LIST "?StartedAfter=%lld.%03d",
           (long long)starts[1] / 1000, (int)(starts[1] % 1000));
  assert_list(&r, target, "open last ");
  snprintf(target, sizeof target, LIST "?StartedBefore=%lld.%03d",
           (long long)starts[1] / 1000, (int)(starts[1] % 1000));
  assert_list(&r, target, "good ");
  assert_list(&r, LIST "?StartedAfter=2020-01-01T00:00:00Z",
              "good bad open last ");
  assert_list(&r, LIST "?StartedBefore=2020-01-01T00%3A00%3A00%2B00%3A00", "");
  assert_list(&r, LIST "?StartedAfter=2100-01-01T00:00:00.123456Z", "");
  assert_list(&r, LIST "?StartedBefore=2100-01-01T00%3A00%3A00Z",
              "good bad open last ");
  char marker[128] = "", names[64];
  for (int page = 0; page < 2; page++) {
    snprintf(target, sizeof target, LIST "?MaxItems=3%s%s",
             page ? "&Marker=" : "", marker);
    answer a = call(r.s, "GET", target, NULL);
    names_of(&a, names);
    assert_string_equal(names, page ? "last " : "good bad open ");
    snprintf(marker, sizeof marker, "%s", text_at(a.json, "NextMarker"));
    assert_int_equal(strcmp(marker, "(none)") == 0, page);
    if (page == 0) {
      assert_text(a.json, "DurableExecutions.1.Status", "FAILED");
      assert_true(number_at(a.json, "DurableExecutions.1.EndTimestamp") > 1e9);
      assert_null(at(a.json, "DurableExecutions.2.EndTimestamp"));
    }
    answer_drop(&a);
  }
  static const char *const BAD[] = {LIST "?Statuses=DONE",
                                    LIST "?StartedAfter=yesterday",
                                    LIST "?MaxItems=1001", LIST "?Marker=x",
                                    API "/functions/%20/durable-executions"};
  for (size_t i = 0; i < 5; i++) {
    answer a = call(r.s, "GET", BAD[i], NULL);
    assert_int_equal(a.status, 400);
    assert_string_equal(a.type, "InvalidParameterValueException");
    answer_drop(&a);
  }
  rig_wipe(&r);
}

/* ---- starts */

#define START_BODY(more)                                                       \
  "{\"AccountId\":\"123456789012\",\"FunctionName\":\"F\","                    \
  "\"FunctionQualifier\":\"$LATEST\",\"ExecutionName\":null,"                  \
  "\"ExecutionTimeoutSeconds\":300,\"ExecutionRetentionPeriodDays\":7" more    \
  "}"

static void test_start(void **state) {
  (void)state;
  rig r;
  script sc = {.fn = do_nothing};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  static const struct {
    const char *body, *input;
  } INPUTS[] = {
      {START_BODY(""), "null"},
      {START_BODY(",\"Input\":null"), "null"},
      {START_BODY(",\"Input\":\"{\\\"a\\\": 1.0}\""), "{\"a\": 1.0}"},
      {START_BODY(",\"Input\":\"not json\",\"TraceFields\":{\"x\":[1]}"),
       "\"not json\""},
  };
  for (size_t i = 0; i < 4; i++) {
    answer a = call(r.s, "POST", START_PATH, INPUTS[i].body);
    assert_int_equal(a.status, 201);
    char arn[DURABLE_ARN_SIZE];
    strcpy(arn, text_at(a.json, "ExecutionArn"));
    answer_drop(&a);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
    a = call_run(r.s, "GET", arn, "", NULL);
    assert_text(a.json, "InputPayload", INPUTS[i].input);
    answer_drop(&a);
    a = history(r.s, arn);
    assert_number(find_event(&a, "ExecutionStarted", 1),
                  "ExecutionStartedDetails.ExecutionTimeout", 300);
    answer_drop(&a);
  }
  static const struct {
    const char *body, *message;
    int status;
  } BAD[] = {
      {"", "Request body is required", 400},
      {"{}", "Request body is required", 400},
      {"{\"AccountId\":\"1\"}", "Missing required field: FunctionName", 400},
      {"{\"FunctionName\":\"F\"}", "Missing required field: AccountId", 400},
      {"[]", "JSON deserialization failed: not an object", 400},
      {START_BODY(",\"Input\":7"), "Invalid value of Input", 400},
      {START_BODY(",\"FunctionName\":\"Nobody\""),
       "Function not found: "
       "arn:aws:lambda:us-east-1:123456789012:function:Nobody",
       404},
      {START_BODY(",\"ExecutionTimeoutSeconds\":-1"),
       "ExecutionTimeoutSeconds must be between 0 and 31622400", 400},
      {START_BODY(",\"ExecutionRetentionPeriodDays\":91"),
       "ExecutionRetentionPeriodDays must be between 1 and 90", 400},
      {START_BODY(",\"ExecutionName\":\"a b\""),
       "1 validation error detected: Value at 'durableExecutionName' failed to "
       "satisfy constraint: Member must have length between 1 and 64 and "
       "satisfy regular expression pattern: [a-zA-Z0-9-_]+",
       400},
  };
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    answer a = call(r.s, "POST", START_PATH, BAD[i].body);
    assert_refused(a, BAD[i].status,
                   BAD[i].status == 404 ? "ResourceNotFoundException"
                                        : "InvalidParameterValueException",
                   BAD[i].message);
    answer_drop(&a);
  }
  rig_wipe(&r);
}

static void test_names(void **state) {
  (void)state;
  rig r;
  char one[DURABLE_ARN_SIZE], two[DURABLE_ARN_SIZE];
  script sc = {.fn = fail_or_park}, other = {.fn = do_nothing};
  durable_service_start_options o = DURABLE_SERVICE_START_OPTIONS_INIT;
  durable_bytes x = {"1", 1}, y = {"2", 1}, bad = {"{", 1};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  rig_function(&r, "G", &other);
  static const char *const NAMES[] = {"open", "good"}; /* running, finished */
  for (int i = 0; i < 2; i++) {
    o.name = NAMES[i];
    assert_int_equal(durable_service_start(r.s, "F", x, &o, one), 0);
    durable_service_settle(r.s, one, 10000);
    assert_int_equal(durable_service_start(r.s, "F", x, &o, two), 1);
    assert_string_equal(one, two);
    assert_int_equal(durable_service_start(r.s, "F", y, &o, two),
                     DURABLE_E_EXISTS);
    assert_string_equal(one, two);
    /* a name is unique per function */
    assert_int_equal(durable_service_start(r.s, "G", y, &o, two), 0);
  }
  assert_int_equal(durable_service_start(r.s, "F", bad, NULL, one),
                   DURABLE_E_ARGUMENT);
  assert_string_equal(durable_service_error(r.s),
                      "the input is not valid JSON");
  assert_int_equal(durable_service_start(r.s, "H", x, NULL, one),
                   DURABLE_E_ARGUMENT);
  o.name = "a b";
  assert_int_equal(durable_service_start(r.s, "F", x, &o, one),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_service_wait(r.s, "nope", 0), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_service_register(r.s, "a.b", run_script, &sc, NULL),
                   DURABLE_E_ARGUMENT);
  rig_wipe(&r);
}

/* Another one of that name. */
static void start_again(rig *r, const char *id, char *arn) {
  uint64_t mark;
  pthread_mutex_lock(&r->s->lock);
  const dur_start start = {.function = dur_function_find(r->s, DUR_LIT("F")),
                           .input = DUR_LIT("1"),
                           .name = DUR_LIT("open"),
                           .id = dur_cstr(id),
                           .again = 1};
  assert_int_equal(dur_start_named(r->s, &start, arn, &mark), 0);
  assert_int_equal(dur_commit_wait(r->s, mark), 0);
  pthread_mutex_unlock(&r->s->lock);
  durable_service_settle(r->s, arn, 10000);
}

static void stop_run(rig *r, const char *arn) {
  answer a = call_run(r->s, "POST", arn, "/stop", "");
  assert_int_equal(a.status, 200);
  answer_drop(&a);
}

/* A name that is started again means its newest execution, whatever of the
 * others is over, and an id that is taken is not given twice. */
static void test_names_again(void **state) {
  (void)state;
  rig r;
  char arns[3][DURABLE_ARN_SIZE], found[DURABLE_ARN_SIZE];
  script sc = {.fn = fail_or_park};
  durable_service_start_options o = DURABLE_SERVICE_START_OPTIONS_INIT;
  const durable_bytes input = {"1", 1};
  o.name = "open";
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  for (int i = 0; i < 3; i++)
    start_again(&r, "id", arns[i]);
  assert_non_null(strstr(arns[0], "/durable-execution/open/id"));
  assert_string_not_equal(arns[0], arns[1]);
  assert_string_not_equal(arns[1], arns[2]);
  static const int STOPS[] = {0, 2, 1};
  for (int i = 0; i < 3; i++) {
    stop_run(&r, arns[STOPS[i]]);
    assert_int_equal(durable_service_start(r.s, "F", input, &o, found), 1);
    assert_string_equal(found, arns[2]);
  }
  rig_close(&r);
  rig_reopen(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  start_again(&r, "id", found); /* taken by what only the disk knows */
  assert_null(strstr(found, "/open/id"));
  rig_wipe(&r);
}

static void test_retention(void **state) {
  (void)state;
  rig r;
  char old[DURABLE_ARN_SIZE], kept[DURABLE_ARN_SIZE], open[DURABLE_ARN_SIZE];
  script sc = {.fn = fail_or_park};
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  o.retention_days = 2;
  rig_open(&r, in_virtual_time());
  assert_int_equal(durable_service_register(r.s, "F", run_script, &sc, &o), 0);
  rig_start(&r, "F", "good", old);
  assert_outcome(r.s, old, DURABLE_EXECUTION_SUCCEEDED);
  rig_start(&r, "F", "open", open);
  durable_service_settle(r.s, open, 10000);
  assert_int_equal(durable_service_advance(r.s, 2 * 86400000 + 1000), 0);
  rig_start(&r, "F", "kept", kept);
  assert_outcome(r.s, kept, DURABLE_EXECUTION_SUCCEEDED);
  rig_close(&r);
  rig_reopen(&r, in_virtual_time()); /* time does not go back */
  assert_int_equal(durable_service_wait(r.s, old, 0), DURABLE_E_ARGUMENT);
  assert_outcome(r.s, kept, DURABLE_EXECUTION_SUCCEEDED);
  assert_int_equal(durable_service_wait(r.s, open, 0),
                   DURABLE_EXECUTION_RUNNING);
  answer a = call_run(r.s, "GET", old, "/history", NULL);
  assert_int_equal(a.status, 404);
  answer_drop(&a);
  assert_int_equal(durable_service_register(r.s, "F", run_script, &sc, &o), 0);
  rig_start(&r, "F", "good", old); /* the name is free again */
  assert_outcome(r.s, old, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

/* ---- odd requests */

static void test_routes(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE], target[2048];
  script sc = {.fn = do_nothing};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  answer a = call(r.s, "GET", "/health", NULL);
  assert_int_equal(a.status, 200);
  assert_string_equal(a.text, "{\"status\":\"healthy\"}");
  answer_drop(&a);
  static const char *const UNKNOWN[][2] = {
      {"GET", "/nope"},
      {"POST", "/health"},
      {"GET", "/"},
      {"GET", API "/functions/F"},
      {"POST", API "/durable-executions/x/explode"},
      {"GET", API "/durable-execution-callbacks/x/succeed"},
      {"PUT", "/2015-03-31/functions/F/invocations"}};
  for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++) {
    char message[256];
    snprintf(message, sizeof message, "Unknown path pattern: %s %s",
             UNKNOWN[i][0], UNKNOWN[i][1]);
    a = call(r.s, UNKNOWN[i][0], UNKNOWN[i][1], NULL);
    assert_refused(a, 404, "ResourceNotFoundException", message);
    answer_drop(&a);
  }
  a = call(r.s, "GET", API "/durable-executions/%zz", NULL);
  assert_int_equal(a.status, 400);
  answer_drop(&a);
  a = call(r.s, "GET", API "/durable-executions/nope", NULL);
  assert_refused(a, 404, "ResourceNotFoundException",
                 "Execution nope not found");
  answer_drop(&a);
  /* an ARN as it is, with its slashes, and with others around the path */
  rig_start(&r, "F", "x", arn);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  static const char *const FORMS[] = {API "/durable-executions/%s",
                                      API "/durable-executions/%s/history",
                                      "/" API "/durable-executions/%s/"};
  for (size_t i = 0; i < 3; i++) {
    snprintf(target, sizeof target, FORMS[i], arn);
    a = call(r.s, "GET", target, NULL);
    assert_int_equal(a.status, 200);
    answer_drop(&a);
  }
  durable_service_response out = DURABLE_SERVICE_RESPONSE_INIT;
  assert_int_equal(durable_service_request(NULL, "GET", "/", NULL,
                                           (durable_bytes){NULL, 0}, &out),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_service_request(r.s, "GET", NULL, NULL,
                                           (durable_bytes){NULL, 0}, &out),
                   DURABLE_E_ARGUMENT);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_state),     cmocka_unit_test(test_large_state),
      cmocka_unit_test(test_collapse),  cmocka_unit_test(test_history_pages),
      cmocka_unit_test(test_lists),     cmocka_unit_test(test_start),
      cmocka_unit_test(test_names),     cmocka_unit_test(test_names_again),
      cmocka_unit_test(test_retention), cmocka_unit_test(test_routes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
