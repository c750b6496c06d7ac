/* SIGKILL at many points: what was acknowledged is there, what was finished is
 * not done again, and the execution ends as it would have. */
#include "rig.h"

#include <signal.h>
#include <sys/resource.h>

enum { STEPS = 8, POINTS = 24, RANDOM_KILLS = 10 };

/* What the handler tells the test through a pipe, one byte pair each:
 * 'S' n: START of step n was acknowledged; 'B' n: its body runs; 'D' n: its
 * SUCCEED was acknowledged; 'W' 0: the wait's START was. */
typedef struct serving {
  int pipe;
  int left; /* accepted requests until the process kills itself; 0: never */
} serving;

typedef struct told {
  int started[STEPS], bodies[STEPS], done[STEPS], again[STEPS], waits;
} told;

static void tell(serving *v, char what, int n) {
  char pair[2] = {what, (char)n};
  if (write(v->pipe, pair, 2) != 2)
    _exit(3);
}

static void accepted(serving *v, char what, int n) {
  tell(v, what, n);
  if (v->left > 0 && --v->left == 0)
    kill(getpid(), SIGKILL);
}

static void one_step(turn *t, serving *v, int i) {
  char id[16], updates[256];
  snprintf(id, sizeof id, "s%d", i);
  if (IS(turn_status(t, id), "SUCCEEDED"))
    return;
  if (IS(turn_status(t, id), "")) {
    snprintf(updates, sizeof updates,
             "{\"Id\":\"%s\",\"Type\":\"STEP\",\"Action\":\"START\"}", id);
    turn_do(t, updates);
    accepted(v, 'S', i);
  }
  tell(v, 'B', i);
  snprintf(updates, sizeof updates,
           "{\"Id\":\"%s\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
           "\"Payload\":\"%d\"}",
           id, i);
  turn_do(t, updates);
  accepted(v, 'D', i);
}

/* 1 when it is over. */
static int one_wait(turn *t, serving *v) {
  if (IS(turn_status(t, "w"), "")) {
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":86400}}");
    accepted(v, 'W', 0);
  }
  return IS(turn_status(t, "w"), "SUCCEEDED");
}

static void steps(turn *t, void *user) {
  serving *v = user;
  for (int i = 0; i < STEPS; i++) {
    one_step(t, v, i);
    if (i == STEPS / 2 && !one_wait(t, v)) {
      turn_return(t, PENDING);
      return;
    }
  }
  turn_return(t, ALWAYS);
}

static void serve(rig *r, int pipe, int kill_after) {
  char arn[DURABLE_ARN_SIZE];
  serving v = {.pipe = pipe, .left = kill_after};
  script sc = {.fn = steps, .user = &v};
  rig_reopen(r, in_virtual_time());
  rig_function(r, "F", &sc);
  rig_start(r, "F", "job", arn);
  int status = durable_service_wait(r->s, arn, 30000);
  rig_close(r);
  _exit(status == DURABLE_EXECUTION_SUCCEEDED ? 0 : 4);
}

static void hear(told *k, const char *pair) {
  int n = pair[1];
  switch (pair[0]) {
  case 'S':
    k->started[n]++;
    break;
  case 'B':
    k->bodies[n]++;
    k->again[n] += k->done[n] > 0;
    break;
  case 'D':
    k->done[n]++;
    break;
  default:
    k->waits++;
  }
}

/* Run the server in a process of its own, until it ends or |after_us| have
 * passed (0: no limit).  Its exit status. */
static int run_server(rig *r, told *k, int kill_after, long after_us) {
  int ends[2], status;
  char pair[2];
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    serve(r, ends[1], kill_after);
  }
  close(ends[1]);
  if (after_us > 0) {
    struct timespec t = {0, after_us * 1000};
    nanosleep(&t, NULL);
    kill(pid, SIGKILL);
  }
  while (read(ends[0], pair, 2) == 2)
    hear(k, pair);
  close(ends[0]);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

static void check(const told *k) {
  for (int i = 0; i < STEPS; i++) {
    assert_int_equal(k->again[i], 0);
    assert_true(k->bodies[i] >= 1);
    /* an acknowledged START or SUCCEED is never asked for again */
    assert_true(k->started[i] <= 1);
    assert_true(k->done[i] <= 1);
  }
  assert_true(k->waits <= 1);
}

static void check_history(rig *r) {
  static const char WHOLE[] =
      "StepStarted StepSucceeded StepStarted StepSucceeded StepStarted "
      "StepSucceeded StepStarted StepSucceeded StepStarted StepSucceeded "
      "WaitStarted WaitSucceeded StepStarted StepSucceeded StepStarted "
      "StepSucceeded StepStarted StepSucceeded ";
  char types[2048] = "", arn[DURABLE_ARN_SIZE];
  const cJSON *event;
  int n = 0;
  rig_reopen(r, (durable_service_options){.no_dispatch = 1});
  answer a =
      call(r->s, "GET", "/2025-12-01/functions/F/durable-executions", NULL);
  assert_int_equal(cJSON_GetArraySize(at(a.json, "DurableExecutions")), 1);
  assert_text(a.json, "DurableExecutions.0.Status", "SUCCEEDED");
  strcpy(arn, text_at(a.json, "DurableExecutions.0.DurableExecutionArn"));
  answer_drop(&a);
  a = history(r->s, arn);
  cJSON_ArrayForEach(event, at(a.json, "Events")) {
    const char *type = text_at(event, "EventType");
    assert_number(event, "EventId", ++n);
    if (strncmp(type, "Step", 4) == 0 || strncmp(type, "Wait", 4) == 0) {
      strcat(types, type);
      strcat(types, " ");
    }
  }
  assert_string_equal(types, WHOLE);
  answer_drop(&a);
}

static void test_after_each_request(void **state) {
  (void)state;
  for (int point = 1; point <= POINTS; point++) {
    rig r;
    told k = {0};
    rig_dir(&r);
    int status = run_server(&r, &k, point, 0);
    /* there are 2 * STEPS + 1 requests in all */
    if (point <= 2 * STEPS + 1)
      assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(run_server(&r, &k, 0, 0), 0);
    check(&k);
    check_history(&r);
    rig_wipe(&r);
  }
}

static void test_killed_again_and_again(void **state) {
  (void)state;
  rig r;
  told k = {0};
  int kills = 0;
  rig_dir(&r);
  while (run_server(&r, &k, 2, 0) != 0)
    assert_true(++kills <= 2 * STEPS);
  assert_true(kills >= STEPS / 2);
  check(&k);
  check_history(&r);
  rig_wipe(&r);
}

static void test_at_any_time(void **state) {
  (void)state;
  unsigned seed = 20261121;
  for (int i = 0; i < RANDOM_KILLS; i++) {
    rig r;
    told k = {0};
    rig_dir(&r);
    for (int n = 0; n < 3; n++)
      run_server(&r, &k, 0, 500 + rand_r(&seed) % 30000);
    assert_int_equal(run_server(&r, &k, 0, 0), 0);
    for (int s = 0; s < STEPS; s++) {
      assert_int_equal(k.again[s], 0);
      assert_true(k.done[s] <= 1);
    }
    check_history(&r);
    rig_wipe(&r);
  }
}

/* ---- what waits while nobody serves */

static void everything(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "w") == NULL) {
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":1}},"
               "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"RETRY\","
               "\"Payload\":\"7\",\"StepOptions\":{"
               "\"NextAttemptDelaySeconds\":1}},"
               "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\","
               "\"CallbackOptions\":{\"TimeoutSeconds\":1}},"
               "{\"Id\":\"hb\",\"Type\":\"CALLBACK\",\"Action\":\"START\","
               "\"CallbackOptions\":{\"HeartbeatTimeoutSeconds\":1}},"
               "{\"Id\":\"open\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
    turn_return(t, PENDING);
    return;
  }
  int all = IS(turn_status(t, "w"), "SUCCEEDED") &&
            IS(turn_status(t, "s"), "READY") &&
            IS(turn_status(t, "cb"), "TIMED_OUT") &&
            IS(turn_status(t, "hb"), "TIMED_OUT");
  if (!all) {
    turn_return(t, PENDING);
    return;
  }
  assert_text(turn_op(t, "s"), "StepDetails.Result", "7");
  assert_number(turn_op(t, "s"), "StepDetails.Attempt", 1);
  assert_text(turn_op(t, "cb"), "CallbackDetails.Error.ErrorType",
              "Callback.Timeout");
  assert_text(turn_op(t, "hb"), "CallbackDetails.Error.ErrorType",
              "Callback.Heartbeat");
  assert_string_equal(turn_status(t, "open"), "STARTED");
  turn_return(t, ALWAYS);
}

static void test_timers_come_due_meanwhile(void **state) {
  (void)state;
  rig r;
  char arn[DURABLE_ARN_SIZE];
  script sc = {.fn = everything};
  rig_open(&r, (durable_service_options){0});
  rig_function(&r, "F", &sc);
  rig_start(&r, "F", NULL, arn);
  assert_int_equal(durable_service_settle(r.s, arn, 10000),
                   DURABLE_EXECUTION_RUNNING);
  rig_close(&r);
  rest_ms(1100);
  rig_reopen(&r, (durable_service_options){0});
  rig_function(&r, "F", &sc);
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

/* ---- nested executions and plain calls of a process that died */

static void call_both(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "n") == NULL)
    turn_do(t, "{\"Id\":\"n\",\"Type\":\"CHAINED_INVOKE\",\"Action\":\"START\","
               "\"Payload\":\"1\",\"ChainedInvokeOptions\":{\"FunctionName\":"
               "\"Nested\"}},"
               "{\"Id\":\"p\",\"Type\":\"CHAINED_INVOKE\",\"Action\":\"START\","
               "\"Payload\":\"2\",\"ChainedInvokeOptions\":{\"FunctionName\":"
               "\"Plain\"}}");
  else if (IS(turn_status(t, "n"), "SUCCEEDED") &&
           IS(turn_status(t, "p"), "SUCCEEDED")) {
    assert_text(turn_op(t, "p"), "ChainedInvokeDetails.Result", "2");
    turn_return(t, ALWAYS);
    return;
  }
  turn_return(t, PENDING);
}

static void die(turn *t, void *user) {
  (void)t;
  (void)user;
  kill(getpid(), SIGKILL);
}

static void plain(void *user, durable_service *s,
                  const durable_service_invocation *inv) {
  if (user != NULL) /* the first life: never answers */
    for (;;)
      pause();
  durable_service_answer(s, inv, DURABLE_SERVICE_RETURNED, inv->event);
}

static void do_nothing(turn *t, void *user) {
  (void)user;
  turn_return(t, ALWAYS);
}

static void register_chain(rig *r, script *caller, script *nested, void *user) {
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  o.not_durable = 1;
  assert_int_equal(durable_service_register(r->s, "Plain", plain, user, &o), 0);
  rig_function(r, "Nested", nested);
  rig_function(r, "Caller", caller);
}

static void test_chains_go_on(void **state) {
  (void)state;
  rig r;
  int status;
  char arn[DURABLE_ARN_SIZE];
  script caller = {.fn = call_both}, nested = {.fn = do_nothing};
  rig_dir(&r);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    nested.fn = die;
    rig_reopen(&r, (durable_service_options){0});
    register_chain(&r, &caller, &nested, &r);
    rig_start(&r, "Caller", "chain", arn);
    for (;;)
      pause();
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status));
  rig_reopen(&r, (durable_service_options){0});
  register_chain(&r, &caller, &nested, NULL);
  rig_start(&r, "Caller", "chain", arn); /* finds it */
  assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

/* ---- a disk that is full */

enum { FULL_RUNS = 400 };

static void fill(rig *r, int pipe) {
  char body[4096];
  script sc = {.fn = do_nothing};
  rig_reopen(r, (durable_service_options){0});
  rig_function(r, "F", &sc);
  struct rlimit limit = {2000000, 2000000}; /* bytes of any one file */
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  memset(body, '1', sizeof body);
  for (int i = 0; i < FULL_RUNS; i++) {
    char arn[DURABLE_ARN_SIZE];
    int rc = durable_service_start(
        r->s, "F", (durable_bytes){body, sizeof body}, NULL, arn);
    if (rc == 0 && write(pipe, arn, sizeof arn) == sizeof arn)
      continue;
    /* not a success, and nothing succeeds from here on */
    int refused = rc == DURABLE_E_STORE && durable_service_error(r->s)[0];
    answer a = call(r->s, "POST", "/start-durable-execution", "{\"a\":1}");
    answer b = call(r->s, "GET", "/2025-12-01/durable-executions", NULL);
    _exit(refused && a.status == 500 && b.status == 500 ? 0 : 5);
  }
  _exit(6);
}

static void test_full_disk(void **state) {
  (void)state;
  rig r;
  int ends[2], status, n = 0;
  char arn[DURABLE_ARN_SIZE], arns[FULL_RUNS][DURABLE_ARN_SIZE];
  rig_dir(&r);
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0)
    fill(&r, ends[1]);
  close(ends[1]);
  FILE *in = fdopen(ends[0], "r");
  while (fread(arn, sizeof arn, 1, in) == 1)
    memcpy(arns[n++], arn, sizeof arn);
  fclose(in);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  assert_true(n > 5);
  script sc = {.fn = do_nothing};
  rig_reopen(&r, (durable_service_options){0});
  rig_function(&r, "F", &sc);
  for (int i = 0; i < n; i++)
    assert_outcome(r.s, arns[i], DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_after_each_request),
      cmocka_unit_test(test_killed_again_and_again),
      cmocka_unit_test(test_at_any_time),
      cmocka_unit_test(test_timers_come_due_meanwhile),
      cmocka_unit_test(test_chains_go_on),
      cmocka_unit_test(test_full_disk),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
