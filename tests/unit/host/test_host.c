/* Blocking calls of a host over each kind of transport. */
#include "desk.h"

static desk k;

static int setup(void **state) {
  env_clean(state);
  desk_init(&k);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  desk_drop(&k);
  return 0;
}

static void run_three_steps(uint32_t flags) {
  durable_transport t = desk_transport(&k, flags);
  durable_host *h = desk_host(NULL, &t);
  durable_task_id task;
  durable_ctx_id ctx;
  run_begin(h, &task, &ctx);
  for (int i = 0; i < 3; i++)
    run_step(h, task, ctx, "s");
  run_return(h, "\"out\"");
  run_finish(h, DURABLE_EVENT_FINISH,
             "\"Status\":\"SUCCEEDED\",\"Result\":\"\\\"out\\\"\"");
  run_finish(h, DURABLE_EVENT_FINISH, "SUCCEEDED");
  durable_host_close(h);
  assert_int_equal(k.calls, 3);
}

static void steps_run_over_a_blocking_transport(void **state) {
  (void)state;
  run_three_steps(0);
  assert_false(pthread_equal(k.last_thread, pthread_self()));
}

static void an_inline_transport_runs_on_the_blocked_thread(void **state) {
  (void)state;
  run_three_steps(DURABLE_TRANSPORT_INLINE);
  assert_true(pthread_equal(k.last_thread, pthread_self()));
}

/* The id of the first operation, in the default dialect. */
#define FIRST_ID                                                               \
  "1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97"

static void many_hosts_share_the_built_in_transport(void **state) {
  enum { HOSTS = 8 };
  static const char body[] =
      "{\"CheckpointToken\":\"bmV3\",\"NewExecutionState\":{\"Operations\":[{"
      "\"Id\":\"" FIRST_ID "\",\"Type\":\"STEP\",\"Status\":\"SUCCEEDED\","
      "\"Name\":\"s\",\"SubType\":\"Step\","
      "\"StepDetails\":{\"Result\":\"\\\"r\\\"\"}}]}}";
  char reply[1024];
  peer_turn turns[HOSTS];
  durable_host *hosts[HOSTS];
  peer p;
  (void)state;
  snprintf(reply, sizeof reply,
           "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
           body);
  for (int i = 0; i < HOSTS; i++)
    turns[i] = (peer_turn){.reply = reply};
  peer_start(&p, turns, HOSTS);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  for (int i = 0; i < HOSTS; i++) {
    durable_task_id task;
    durable_ctx_id ctx;
    hosts[i] = desk_host(NULL, i % 2 ? durable_host_curl_transport() : NULL);
    run_begin(hosts[i], &task, &ctx);
    run_step(hosts[i], task, ctx, "s");
    run_return(hosts[i], "1");
  }
  for (int i = 0; i < HOSTS; i++) {
    run_finish(hosts[i], DURABLE_EVENT_FINISH, "SUCCEEDED");
    durable_host_close(hosts[i]);
  }
  peer_stop(&p);
  assert_non_null(strstr(p.requests[0].text, "/checkpoint HTTP/1.1\r\n"));
  assert_non_null(strstr(peer_body(&p.requests[0]), FIRST_ID));
  peer_drop(&p);
}

static void a_wait_suspends_the_invocation(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host *h = desk_host(NULL, &t);
  durable_task_id task;
  durable_ctx_id ctx;
  (void)state;
  run_begin(h, &task, &ctx);
  durable_engine *e = durable_host_enter(h);
  durable_op_id op = durable_engine_wait(e, task, ctx, "w", 60);
  durable_host_leave(h);
  assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_SUSPEND);
  e = durable_host_enter(h);
  assert_int_equal(durable_engine_unwound(e), 0);
  assert_int_equal(durable_engine_task_end(e, task), 0);
  durable_host_leave(h);
  run_finish(h, DURABLE_EVENT_FINISH, "{\"Status\":\"PENDING\"}");
  durable_host_close(h);
}

static void all_pages_are_loaded_before_the_root_task_runs(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host *h;
  durable_task_id task;
  durable_ctx_id ctx;
  (void)state;
  k.more_operations = "[{\"Id\":\"" FIRST_ID "\",\"Type\":\"STEP\","
                      "\"Status\":\"SUCCEEDED\",\"Name\":\"s\","
                      "\"SubType\":\"Step\","
                      "\"StepDetails\":{\"Result\":\"\\\"old\\\"\"}}]";
  assert_int_equal(durable_host_new(&h, NULL), 0);
  durable_engine *e = desk_engine(DESK_EVENT(DESK_EXECUTION, "bQ=="), NULL);
  assert_int_equal(durable_host_attach(h, e, &t), 0);
  run_begin(h, &task, &ctx);
  assert_int_equal(desk_calls(&k), 1);
  durable_op_id op = run_claim(h, task, ctx, "s");
  assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_DONE);
  assert_bytes(durable_engine_op_result(durable_host_enter(h), op), "\"old\"");
  durable_host_leave(h);
  run_return(h, "1");
  run_finish(h, DURABLE_EVENT_FINISH, "SUCCEEDED");
  durable_host_close(h);
}

static void a_state_that_cannot_be_loaded_ends_it(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host_event out = DURABLE_HOST_EVENT_INIT;
  durable_host *h;
  (void)state;
  k.more_operations = "[]";
  k.status_next = 400;
  assert_int_equal(durable_host_new(&h, NULL), 0);
  durable_engine *e = desk_engine(DESK_EVENT(DESK_EXECUTION, "bQ=="), NULL);
  assert_int_equal(durable_host_attach(h, e, &t), 0);
  int kind = durable_host_begin(h);
  assert_true(kind == DURABLE_EVENT_ABORT || kind == DURABLE_EVENT_FINISH);
  assert_int_equal(durable_host_finish(h, &out), kind);
  assert_true(out.body.len > 0);
  durable_host_close(h);
}

static void a_request_without_answer_is_sent_again(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host *h = desk_host(NULL, &t);
  durable_task_id task;
  durable_ctx_id ctx;
  (void)state;
  k.fail_next = 1;
  run_begin(h, &task, &ctx);
  run_step(h, task, ctx, "s");
  run_return(h, "1");
  run_finish(h, DURABLE_EVENT_FINISH, "SUCCEEDED");
  durable_host_close(h);
  assert_int_equal(k.calls, 2);
}

/* The body ends only once the service has seen its START, so a timer has to
 * elapse while nothing but user code runs. */
static void a_long_body_is_seen_as_started(void **state) {
  static const uint32_t flags[] = {0, DURABLE_TRANSPORT_INLINE};
  (void)state;
  for (int i = 0; i < 2; i++) {
    durable_transport t = desk_transport(&k, flags[i]);
    durable_host *h = desk_host(NULL, &t);
    durable_task_id task;
    durable_ctx_id ctx;
    int before = desk_calls(&k);
    run_begin(h, &task, &ctx);
    durable_op_id op = run_claim(h, task, ctx, "long");
    assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_RUN);
    desk_wait_calls(&k, before + 1);
    run_succeed(h, op, "1");
    assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_DONE);
    run_return(h, "1");
    run_finish(h, DURABLE_EVENT_FINISH, "SUCCEEDED");
    durable_host_close(h);
    assert_int_equal(desk_calls(&k), before + 2);
  }
}

typedef struct worker {
  pthread_t thread;
  durable_host *h;
  durable_task_id task;
  durable_ctx_id ctx;
} worker;

static void *work(void *user) {
  worker *w = user;
  for (int i = 0; i < 5; i++)
    run_step(w->h, w->task, w->ctx, "s");
  assert_int_equal(durable_engine_task_end(durable_host_enter(w->h), w->task),
                   0);
  durable_host_leave(w->h);
  return NULL;
}

static void many_threads_share_one_host(void **state) {
  enum { WORKERS = 12 };
  static const uint32_t flags[] = {0, DURABLE_TRANSPORT_INLINE};
  (void)state;
  for (int round = 0; round < 2; round++) {
    durable_transport t = desk_transport(&k, flags[round]);
    durable_host *h = desk_host(NULL, &t);
    worker workers[WORKERS];
    durable_task_id task;
    durable_ctx_id ctx;
    int updates = k.updates;
    run_begin(h, &task, &ctx);
    for (int i = 0; i < WORKERS; i++) {
      workers[i] = (worker){.h = h, .ctx = ctx};
      workers[i].task = durable_engine_task_new(durable_host_enter(h), ctx);
      durable_host_leave(h);
      assert_true(workers[i].task > 0);
    }
    for (int i = 0; i < WORKERS; i++)
      pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (int i = 0; i < WORKERS; i++)
      pthread_join(workers[i].thread, NULL);
    run_return(h, "1");
    run_finish(h, DURABLE_EVENT_FINISH, "SUCCEEDED");
    durable_host_close(h);
    assert_true(k.updates - updates >= WORKERS * 5);
  }
}

static void a_time_limit_answers_park(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host *h = desk_host(NULL, &t);
  durable_task_id task;
  durable_ctx_id ctx;
  (void)state;
  desk_gate(&k, 1);
  run_begin(h, &task, &ctx);
  durable_op_id op = run_claim(h, task, ctx, "s");
  assert_int_equal(durable_host_next_for(h, task, op, 0), DURABLE_NEXT_RUN);
  run_succeed(h, op, "\"r\"");
  assert_int_equal(durable_host_next_for(h, task, op, 0), DURABLE_NEXT_PARK);
  assert_int_equal(durable_host_next_for(h, task, op, 5), DURABLE_NEXT_PARK);
  assert_int_equal(durable_host_task_wait_for(h, task, &op, 1, 1, 5),
                   DURABLE_NEXT_PARK);
  desk_gate(&k, 0);
  assert_int_equal(durable_host_task_wait(h, task, &op, 1, 1),
                   DURABLE_NEXT_DONE);
  assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_DONE);
  run_return(h, "1");
  run_finish(h, DURABLE_EVENT_FINISH, "SUCCEEDED");
  durable_host_close(h);
}

/* Both while the built-in transport waits for an answer that never comes and
 * while a transport of one's own is still at it. */
static void close_gives_up_what_is_in_flight(void **state) {
  static const peer_turn turns[] = {{.act = PEER_HOLD}};
  durable_task_id task;
  durable_ctx_id ctx;
  peer p;
  (void)state;
  peer_start(&p, turns, 1);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  durable_host *h = desk_host(NULL, NULL);
  run_begin(h, &task, &ctx);
  durable_op_id op = run_claim(h, task, ctx, "s");
  assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_RUN);
  run_succeed(h, op, "1");
  assert_int_equal(durable_host_next_for(h, task, op, 0), DURABLE_NEXT_PARK);
  peer_wait_taken(&p, 1);
  durable_host_close(h);
  peer_stop(&p);
  peer_drop(&p);
}

/* The peer answers nothing: what is in flight is cut off at every stage. */
static void a_host_can_be_closed_at_any_moment(void **state) {
  enum { ROUNDS = 150 };
  peer p;
  (void)state;
  peer_start(&p, NULL, 0);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  for (int i = 0; i < ROUNDS; i++) {
    struct timespec pause = {0, i % 16 * 20000};
    durable_task_id task;
    durable_ctx_id ctx;
    durable_host *h = desk_host(NULL, NULL);
    run_begin(h, &task, &ctx);
    durable_op_id op = run_claim(h, task, ctx, "s");
    assert_int_equal(durable_host_next(h, task, op), DURABLE_NEXT_RUN);
    run_succeed(h, op, "1");
    assert_int_equal(durable_host_next_for(h, task, op, 0), DURABLE_NEXT_PARK);
    if (i % 16)
      nanosleep(&pause, NULL);
    durable_host_close(h);
  }
  peer_stop(&p);
  peer_drop(&p);
}

static void a_host_that_was_never_used_can_be_closed(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host *h;
  (void)state;
  durable_host_close(NULL);
  assert_int_equal(durable_host_new(&h, NULL), 0);
  assert_null(durable_host_engine(h));
  durable_host_close(h);
  h = desk_host(NULL, &t);
  durable_host_close(h);
  assert_int_equal(k.calls, 0);
}

static int64_t fixed_now(void *user) {
  return *(int64_t *)user;
}

static void the_clock_is_the_callers(void **state) {
  int64_t now = 1735689600500;
  durable_host_options o = DURABLE_HOST_OPTIONS_INIT;
  durable_host *h;
  (void)state;
  o.now = fixed_now;
  o.now_user = &now;
  assert_int_equal(durable_host_new(&h, &o), 0);
  assert_true(durable_host_now(h) == now);
  durable_host_close(h);
}

static void wrong_arguments_are_refused(void **state) {
  struct {
    durable_host_options o;
    char tail[8];
  } larger = {.o = DURABLE_HOST_OPTIONS_INIT};
  durable_transport t = desk_transport(&k, 0), pull = t;
  durable_host *h;
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  (void)state;
  assert_int_equal(durable_host_new(NULL, NULL), DURABLE_E_ARGUMENT);
  larger.o.size = sizeof larger;
  assert_int_equal(durable_host_new(&h, &larger.o), 0);
  assert_int_equal(durable_host_begin(h), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_host_next(h, 1, 1), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_host_finish(h, &event), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_host_attach(h, NULL, &t), DURABLE_E_ARGUMENT);
  durable_engine *e = desk_engine(DESK_EVENT(DESK_EXECUTION, ""), NULL);
  pull.flags = DURABLE_TRANSPORT_PULL;
  assert_int_equal(durable_host_attach(h, e, &pull), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_host_attach(h, e, &t), 0);
  assert_int_equal(durable_host_attach(h, e, &t), DURABLE_E_STATE);
  assert_int_equal(durable_host_reply(h, 1, 200, TEXT(""), TEXT("")),
                   DURABLE_E_STATE);
  assert_int_equal(durable_host_fail(NULL, 1, "x"), DURABLE_E_ARGUMENT);
  durable_host_close(h);
  larger.tail[3] = 1;
  assert_int_equal(durable_host_new(&h, &larger.o), DURABLE_E_ABI);
  assert_null(h);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(steps_run_over_a_blocking_transport),
      T(an_inline_transport_runs_on_the_blocked_thread),
      T(many_hosts_share_the_built_in_transport),
      T(a_wait_suspends_the_invocation),
      T(all_pages_are_loaded_before_the_root_task_runs),
      T(a_state_that_cannot_be_loaded_ends_it),
      T(a_request_without_answer_is_sent_again),
      T(a_long_body_is_seen_as_started),
      T(many_threads_share_one_host),
      T(a_time_limit_answers_park),
      T(close_gives_up_what_is_in_flight),
      T(a_host_can_be_closed_at_any_moment),
      T(a_host_that_was_never_used_can_be_closed),
      T(the_clock_is_the_callers),
      T(wrong_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
