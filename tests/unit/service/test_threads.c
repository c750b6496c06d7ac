/* Many executions at once, and commits that they share. */
#include "rig.h"

#include <sqlite3.h>

enum { RUNS = 100, STEPS = 5, CLIENTS = 8, MEET = 8 };

/* Five steps, a wait, a retry and a callback that another thread answers. */
static void busy(turn *t, void *user) {
  (void)user;
  if (turn_op(t, "w") == NULL) {
    for (int i = 0; i < STEPS; i++) {
      char updates[256];
      snprintf(updates, sizeof updates,
               "{\"Id\":\"s%d\",\"Type\":\"STEP\",\"Action\":\"START\"},"
               "{\"Id\":\"s%d\",\"Type\":\"STEP\",\"Action\":\"SUCCEED\","
               "\"Payload\":\"%d\"}",
               i, i, i);
      turn_do(t, updates);
    }
    turn_do(t, "{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\","
               "\"WaitOptions\":{\"WaitSeconds\":1}},"
               "{\"Id\":\"r\",\"Type\":\"STEP\",\"Action\":\"RETRY\","
               "\"StepOptions\":{\"NextAttemptDelaySeconds\":1}},"
               "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
    turn_return(t, PENDING);
    return;
  }
  for (int i = 0; i < STEPS; i++) {
    char id[16], value[16];
    snprintf(id, sizeof id, "s%d", i);
    snprintf(value, sizeof value, "%d", i);
    assert_text(turn_op(t, id), "StepDetails.Result", value);
  }
  int over = IS(turn_status(t, "w"), "SUCCEEDED") &&
             IS(turn_status(t, "r"), "READY") &&
             IS(turn_status(t, "cb"), "SUCCEEDED");
  turn_return(t, over ? ALWAYS : PENDING);
}

static void answer_callback(durable_service *s, const char *arn) {
  for (;;) {
    answer a = history(s, arn);
    const cJSON *started = find_event(&a, "CallbackStarted", 1);
    if (started != NULL) {
      answer b = call_callback(
          s, text_at(started, "CallbackStartedDetails.CallbackId"), "succeed",
          "1");
      assert_int_equal(b.status, 200);
      answer_drop(&b);
      answer_drop(&a);
      return;
    }
    answer_drop(&a);
    rest_ms(2);
  }
}

typedef struct half {
  durable_service *s;
  char (*arns)[DURABLE_ARN_SIZE];
  int first, last;
} half;

static void *answer_half(void *user) {
  half *h = user;
  for (int i = h->first; i < h->last; i++)
    answer_callback(h->s, h->arns[i]);
  return NULL;
}

static void test_hundred(void **state) {
  (void)state;
  static char arns[RUNS][DURABLE_ARN_SIZE];
  rig r;
  pthread_t threads[2];
  script sc = {.fn = busy};
  rig_open(&r, (durable_service_options){.time_scale = 0.1});
  rig_function(&r, "F", &sc);
  for (int i = 0; i < RUNS; i++)
    rig_start(&r, "F", NULL, arns[i]);
  half halves[2] = {{r.s, arns, 0, RUNS / 2}, {r.s, arns, RUNS / 2, RUNS}};
  for (int i = 0; i < 2; i++)
    pthread_create(&threads[i], NULL, answer_half, &halves[i]);
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < RUNS; i++)
    assert_int_equal(durable_service_wait(r.s, arns[i], 60000),
                     DURABLE_EXECUTION_SUCCEEDED);
  answer a = call(r.s, "GET",
                  "/2025-12-01/functions/F/durable-executions?MaxItems=1000&"
                  "Statuses=SUCCEEDED",
                  NULL);
  assert_int_equal(cJSON_GetArraySize(at(a.json, "DurableExecutions")), RUNS);
  answer_drop(&a);
  rig_wipe(&r);
}

/* ---- one commit for what comes together */

typedef struct gate {
  pthread_mutex_t lock;
  int arrived;
  int open;
} gate;

static void at_the_gate(turn *t, void *user) {
  gate *g = user;
  pthread_mutex_lock(&g->lock);
  g->arrived++;
  pthread_mutex_unlock(&g->lock);
  for (int open = 0; !open; rest_ms(1)) {
    pthread_mutex_lock(&g->lock);
    open = g->open;
    pthread_mutex_unlock(&g->lock);
  }
  turn_do(t, "{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"START\"},"
             "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\"}");
  turn_return(t, PENDING);
}

/* Transactions in the write-ahead log: frames whose header names a size. */
static int commits(const rig *r) {
  char path[160];
  unsigned char header[32], frame[24];
  int n = 0;
  snprintf(path, sizeof path, "%s-wal", r->path);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fread(header, sizeof header, 1, f), 1);
  long page =
      (long)header[8] << 24 | header[9] << 16 | header[10] << 8 | header[11];
  while (fread(frame, sizeof frame, 1, f) == 1 &&
         memcmp(frame + 8, header + 16, 8) == 0) {
    n += (frame[4] | frame[5] | frame[6] | frame[7]) != 0;
    fseek(f, page, SEEK_CUR);
  }
  fclose(f);
  return n;
}

static int arrived(gate *g) {
  pthread_mutex_lock(&g->lock);
  int n = g->arrived;
  pthread_mutex_unlock(&g->lock);
  return n;
}

/* The second invocation waits for those of all other executions. */
static void meets_the_others(turn *t, void *user) {
  gate *g = user;
  if (turn_op(t, "cb") == NULL) {
    turn_do(t, "{\"Id\":\"cb\",\"Type\":\"CALLBACK\",\"Action\":\"START\","
               "\"CallbackOptions\":{\"TimeoutSeconds\":60}}");
    turn_return(t, PENDING);
    return;
  }
  pthread_mutex_lock(&g->lock);
  g->arrived++;
  pthread_mutex_unlock(&g->lock);
  for (int i = 0; arrived(g) < MEET && i < 10000; i++)
    rest_ms(1);
  turn_return(t, arrived(g) == MEET ? ALWAYS
                                    : "{\"Status\":\"FAILED\",\"Error\":{"
                                      "\"ErrorMessage\":\"alone\"}}");
}

/* Fewer threads are there, and idle, than invocations come due at once. */
static void test_due_at_once(void **state) {
  (void)state;
  rig r;
  gate g = {.lock = PTHREAD_MUTEX_INITIALIZER};
  script sc = {.fn = meets_the_others, .user = &g};
  char arns[MEET][DURABLE_ARN_SIZE];
  rig_open(&r,
           (durable_service_options){.virtual_time = 1, .hold_callbacks = 1});
  rig_function(&r, "F", &sc);
  for (int i = 0; i < MEET; i++) {
    rig_start(&r, "F", NULL, arns[i]);
    assert_int_equal(durable_service_settle(r.s, arns[i], 10000),
                     DURABLE_EXECUTION_RUNNING);
  }
  assert_int_equal(durable_service_advance(r.s, 60000), 0);
  for (int i = 0; i < MEET; i++)
    assert_int_equal(durable_service_wait(r.s, arns[i], 60000),
                     DURABLE_EXECUTION_SUCCEEDED);
  rig_wipe(&r);
}

static void test_group_commit(void **state) {
  (void)state;
  rig r;
  sqlite3 *other;
  char arns[CLIENTS][DURABLE_ARN_SIZE];
  gate g = {.lock = PTHREAD_MUTEX_INITIALIZER};
  script sc = {.fn = at_the_gate, .user = &g};
  rig_open(&r, (durable_service_options){0});
  rig_function(&r, "F", &sc);
  for (int i = 0; i < CLIENTS; i++)
    rig_start(&r, "F", NULL, arns[i]);
  while (arrived(&g) < CLIENTS)
    rest_ms(1);
  int before = commits(&r);
  /* while somebody else writes, the first commit waits and the rest gathers */
  assert_int_equal(sqlite3_open(r.path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                   SQLITE_OK);
  pthread_mutex_lock(&g.lock);
  g.open = 1;
  pthread_mutex_unlock(&g.lock);
  rest_ms(300);
  assert_int_equal(commits(&r), before); /* nobody was answered */
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL),
                   SQLITE_OK);
  sqlite3_close(other);
  for (int i = 0; i < CLIENTS; i++)
    assert_int_equal(durable_service_settle(r.s, arns[i], 10000),
                     DURABLE_EXECUTION_RUNNING);
  for (int i = 0; i < CLIENTS; i++)
    assert_events(r.s, arns[i],
                  "ExecutionStarted StepStarted CallbackStarted "
                  "InvocationCompleted");
  /* CLIENTS checkpoints took two; the invocations' ends at most one each */
  assert_true(commits(&r) - before <= 2 + CLIENTS);
  rig_wipe(&r);
}

/* ---- at most so many at once */

typedef struct meter {
  pthread_mutex_t lock;
  int now, most;
} meter;

static void measure(turn *t, void *user) {
  meter *m = user;
  pthread_mutex_lock(&m->lock);
  if (++m->now > m->most)
    m->most = m->now;
  pthread_mutex_unlock(&m->lock);
  rest_ms(5);
  pthread_mutex_lock(&m->lock);
  m->now--;
  pthread_mutex_unlock(&m->lock);
  turn_return(t, ALWAYS);
}

static void test_concurrency_of_a_function(void **state) {
  (void)state;
  rig r;
  char arns[12][DURABLE_ARN_SIZE];
  meter m = {.lock = PTHREAD_MUTEX_INITIALIZER};
  script sc = {.fn = measure, .user = &m};
  durable_service_function_options o = DURABLE_SERVICE_FUNCTION_OPTIONS_INIT;
  o.concurrency = 2;
  rig_open(&r, (durable_service_options){0});
  assert_int_equal(durable_service_register(r.s, "F", run_script, &sc, &o), 0);
  for (int i = 0; i < 12; i++)
    rig_start(&r, "F", NULL, arns[i]);
  for (int i = 0; i < 12; i++)
    assert_outcome(r.s, arns[i], DURABLE_EXECUTION_SUCCEEDED);
  assert_in_range(m.most, 1, 2);
  rig_wipe(&r);
}

/* Two checkpoints with one token: exactly one is accepted. */
typedef struct race {
  turn *t;
  const char *id;
  int status;
} race;

static void *send_one(void *user) {
  race *x = user;
  char body[4096];
  snprintf(body, sizeof body,
           "{\"CheckpointToken\":\"%s\",\"ClientToken\":\"%s\",\"Updates\":[{"
           "\"Id\":\"%s\",\"Type\":\"STEP\",\"Action\":\"START\"}]}",
           x->t->token, x->id, x->id);
  answer a = call_run(x->t->s, "POST", x->t->inv->arn, "/checkpoint", body);
  x->status = a.status;
  answer_drop(&a);
  return NULL;
}

static void run_race(turn *t, void *user) {
  race racers[2] = {{t, "a", 0}, {t, "b", 0}};
  pthread_t threads[2];
  (void)user;
  for (int i = 0; i < 2; i++)
    pthread_create(&threads[i], NULL, send_one, &racers[i]);
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  if (racers[0].status + racers[1].status != 600)
    fail_msg("%d and %d", racers[0].status, racers[1].status);
  turn_return(t, ALWAYS);
}

static void test_race(void **state) {
  (void)state;
  rig r;
  script sc = {.fn = run_race};
  rig_open(&r, in_virtual_time());
  rig_function(&r, "F", &sc);
  for (int i = 0; i < 20; i++) {
    char arn[DURABLE_ARN_SIZE];
    rig_start(&r, "F", NULL, arn);
    assert_outcome(r.s, arn, DURABLE_EXECUTION_SUCCEEDED);
    assert_events(r.s, arn,
                  "ExecutionStarted StepStarted InvocationCompleted "
                  "ExecutionSucceeded");
  }
  rig_wipe(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hundred),
      cmocka_unit_test(test_due_at_once),
      cmocka_unit_test(test_group_commit),
      cmocka_unit_test(test_concurrency_of_a_function),
      cmocka_unit_test(test_race),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
