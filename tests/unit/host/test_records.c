/* The way of records to a sink: in order, one at a time, before any answer. */
#include "desk.h"

#include <sched.h>

enum { SEEN_MAX = 1024 };

static desk k;
static durable_transport transport;
static durable_host *host;
static int seen[SEEN_MAX]; /* kinds */
static int seen_count;     /* atomic */
static int inside;         /* atomic */
static int enter_inside;

static void sink(void *user, const durable_engine_record *record) {
  (void)user;
  assert_int_equal(__atomic_add_fetch(&inside, 1, __ATOMIC_ACQ_REL), 1);
  assert_int_equal(record->size, sizeof *record);
  assert_int_equal(record->json.data[0], '{');
  int n = __atomic_load_n(&seen_count, __ATOMIC_ACQUIRE);
  assert_true(n < SEEN_MAX);
  seen[n] = record->kind;
  __atomic_store_n(&seen_count, n + 1, __ATOMIC_RELEASE);
  if (enter_inside) {
    durable_engine *e = durable_host_enter(host);
    assert_true(durable_engine_arn(e).len > 0);
    durable_host_leave(host);
    assert_int_equal(durable_host_next(host, 1, 1), DURABLE_E_STATE);
  }
  sched_yield();
  __atomic_sub_fetch(&inside, 1, __ATOMIC_ACQ_REL);
}

static int count(void) {
  return __atomic_load_n(&seen_count, __ATOMIC_ACQUIRE);
}

static int setup(void **state) {
  env_clean(state);
  desk_init(&k);
  transport = desk_transport(&k, 0);
  seen_count = enter_inside = 0;
  return 0;
}

static int teardown(void **state) {
  (void)state;
  durable_host_close(host);
  desk_drop(&k);
  return 0;
}

static void open_host(uint32_t pull) {
  durable_engine_options eo = DURABLE_ENGINE_OPTIONS_INIT;
  durable_host_options ho = DURABLE_HOST_OPTIONS_INIT;
  eo.records = 1;
  ho.record = pull ? NULL : sink;
  ho.pull_records = pull;
  assert_int_equal(durable_host_new(&host, &ho), 0);
  durable_engine *e = desk_engine(DESK_EVENT(DESK_EXECUTION, ""), &eo);
  assert_int_equal(durable_host_attach(host, e, &transport), 0);
}

static void expect_seen(const int *kinds, int n) {
  assert_int_equal(count(), n);
  assert_memory_equal(seen, kinds, (size_t)n * sizeof *kinds);
}

static void one_step_shows_in_order(void) {
  static const int kinds[] = {
      DURABLE_RECORD_INVOCATION_START,    DURABLE_RECORD_OPERATION_START,
      DURABLE_RECORD_USER_FUNCTION_START, DURABLE_RECORD_USER_FUNCTION_END,
      DURABLE_RECORD_OPERATION_END,       DURABLE_RECORD_OPERATION_CHANGE,
      DURABLE_RECORD_INVOCATION_END};
  durable_task_id task;
  durable_ctx_id ctx;
  open_host(0);
  run_begin(host, &task, &ctx);
  expect_seen(kinds, 1);
  durable_op_id op = run_claim(host, task, ctx, "s");
  assert_int_equal(durable_host_next(host, task, op), DURABLE_NEXT_RUN);
  expect_seen(kinds, 3);
  run_succeed(host, op, "1");
  expect_seen(kinds, 4);
  assert_int_equal(durable_host_next(host, task, op), DURABLE_NEXT_DONE);
  expect_seen(kinds, 6);
  run_return(host, "1");
  run_finish(host, DURABLE_EVENT_FINISH, "SUCCEEDED");
  expect_seen(kinds, 7);
}

static void records_come_before_the_answer(void **state) {
  (void)state;
  one_step_shows_in_order();
}

static void a_sink_may_enter_but_not_block(void **state) {
  (void)state;
  enter_inside = 1;
  one_step_shows_in_order();
}

static void an_inline_transport_keeps_the_order(void **state) {
  (void)state;
  transport = desk_transport(&k, DURABLE_TRANSPORT_INLINE);
  one_step_shows_in_order();
}

typedef struct worker {
  pthread_t thread;
  durable_task_id task;
  durable_ctx_id ctx;
} worker;

static void *work(void *user) {
  worker *w = user;
  for (int i = 0; i < 5; i++)
    run_step(host, w->task, w->ctx, "s");
  durable_engine_task_end(durable_host_enter(host), w->task);
  durable_host_leave(host);
  return NULL;
}

static void run_workers(void *(*main)(void *)) {
  enum { WORKERS = 8 };
  worker workers[WORKERS];
  durable_task_id task = durable_engine_root_task(durable_host_engine(host));
  durable_ctx_id ctx = durable_engine_root_ctx(durable_host_engine(host));
  for (int i = 0; i < WORKERS; i++) {
    workers[i].task = durable_engine_task_new(durable_host_enter(host), ctx);
    workers[i].ctx = ctx;
    durable_host_leave(host);
  }
  for (int i = 0; i < WORKERS; i++)
    pthread_create(&workers[i].thread, NULL, main, &workers[i]);
  for (int i = 0; i < WORKERS; i++)
    pthread_join(workers[i].thread, NULL);
  (void)task;
}

static int seen_of(int kind) {
  int n = 0;
  for (int i = 0; i < count(); i++)
    n += seen[i] == kind;
  return n;
}

static void threads_share_one_sink(void **state) {
  durable_task_id task;
  durable_ctx_id ctx;
  (void)state;
  open_host(0);
  run_begin(host, &task, &ctx);
  run_workers(work);
  run_return(host, "1");
  run_finish(host, DURABLE_EVENT_FINISH, "SUCCEEDED");
  assert_int_equal(seen_of(DURABLE_RECORD_USER_FUNCTION_START), 40);
  assert_int_equal(seen_of(DURABLE_RECORD_OPERATION_END), 40);
  assert_int_equal(seen[count() - 1], DURABLE_RECORD_INVOCATION_END);
}

/* ---- pulled */

static void pull_all(void) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  while (durable_host_record_next(host, &record) == 1)
    sink(NULL, &record);
}

static int pull_next(durable_task_id task, durable_op_id op) {
  int rc;
  do {
    rc = durable_host_next(host, task, op);
    pull_all();
  } while (rc == DURABLE_HOST_RECORDS);
  return rc;
}

static void pull_step(durable_task_id task, durable_ctx_id ctx) {
  durable_op_id op = run_claim(host, task, ctx, "s");
  assert_int_equal(pull_next(task, op), DURABLE_NEXT_RUN);
  run_succeed(host, op, "1");
  assert_int_equal(pull_next(task, op), DURABLE_NEXT_DONE);
}

static void *pull_work(void *user) {
  worker *w = user;
  for (int i = 0; i < 5; i++)
    pull_step(w->task, w->ctx);
  durable_engine_task_end(durable_host_enter(host), w->task);
  durable_host_leave(host);
  return NULL;
}

static void pull_begin(void) {
  int rc;
  do {
    rc = durable_host_begin(host);
    pull_all();
  } while (rc == DURABLE_HOST_RECORDS);
  assert_int_equal(rc, DURABLE_EVENT_WAKE);
}

static void pull_finish(void) {
  durable_host_event out = DURABLE_HOST_EVENT_INIT;
  int rc;
  do {
    rc = durable_host_finish(host, &out);
    pull_all();
  } while (rc == DURABLE_HOST_RECORDS);
  assert_int_equal(rc, DURABLE_EVENT_FINISH);
  assert_int_equal(seen[count() - 1], DURABLE_RECORD_INVOCATION_END);
}

static void records_can_be_pulled(void **state) {
  (void)state;
  open_host(1);
  pull_begin();
  durable_engine *e = durable_host_engine(host);
  pull_step(durable_engine_root_task(e), durable_engine_root_ctx(e));
  run_return(host, "1");
  pull_finish();
  assert_int_equal(count(), 7);
}

static void an_untaken_record_is_all_there_is(void **state) {
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  (void)state;
  open_host(1);
  pull_begin();
  durable_engine *e = durable_host_engine(host);
  durable_task_id task = durable_engine_root_task(e);
  durable_op_id op = run_claim(host, task, durable_engine_root_ctx(e), "s");
  assert_int_equal(durable_host_next(host, task, op), DURABLE_HOST_RECORDS);
  assert_int_equal(durable_host_next(host, task, op), DURABLE_HOST_RECORDS);
  assert_int_equal(durable_host_poll(host, &event), DURABLE_HOST_RECORDS);
  assert_int_equal(durable_host_wait(host, 0), 1);
  pull_all();
  assert_int_equal(pull_next(task, op), DURABLE_NEXT_RUN);
}

static void threads_can_pull(void **state) {
  (void)state;
  open_host(1);
  pull_begin();
  run_workers(pull_work);
  run_return(host, "1");
  pull_finish();
  assert_int_equal(seen_of(DURABLE_RECORD_USER_FUNCTION_END), 40);
  assert_int_equal(seen_of(DURABLE_RECORD_OPERATION_END), 40);
}

static void close_drops_what_nobody_took(void **state) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  (void)state;
  open_host(1);
  pull_begin();
  durable_engine *e = durable_host_engine(host);
  run_claim(host, durable_engine_root_task(e), durable_engine_root_ctx(e), "a");
  run_claim(host, durable_engine_root_task(e), durable_engine_root_ctx(e), "b");
  assert_int_equal(durable_host_record_next(host, &record), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(records_come_before_the_answer),
      T(a_sink_may_enter_but_not_block),
      T(an_inline_transport_keeps_the_order),
      T(threads_share_one_sink),
      T(records_can_be_pulled),
      T(an_untaken_record_is_all_there_is),
      T(threads_can_pull),
      T(close_drops_what_nobody_took),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
