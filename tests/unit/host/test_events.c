/* A host driven by an event loop: no call of it blocks but wait and poll(2). */
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

static int is_readable(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, 0) == 1;
}

/* A coroutine of the test: one step after the other. */
typedef struct strand {
  durable_task_id task;
  durable_op_id op; /* 0: claim the next */
  int left;
} strand;

static void resume(durable_host *h, strand *s) {
  durable_ctx_id ctx = durable_engine_root_ctx(durable_host_engine(h));
  while (s->left) {
    if (!s->op)
      s->op = run_claim(h, s->task, ctx, "s");
    int rc = durable_host_next_for(h, s->task, s->op, 0);
    if (rc == DURABLE_NEXT_PARK)
      return;
    if (rc == DURABLE_NEXT_RUN) {
      run_succeed(h, s->op, "1");
    } else {
      assert_int_equal(rc, DURABLE_NEXT_DONE);
      s->op = 0;
      s->left--;
    }
  }
}

static void answer(durable_host *h, const durable_host_event *event) {
  durable_transport_reply reply = DURABLE_TRANSPORT_REPLY_INIT;
  assert_int_equal(desk_send(&k, &event->send, &reply), 0);
  assert_int_equal(
      durable_host_reply(h, event->request + 1, 200, TEXT(""), reply.body),
      DURABLE_E_STATE);
  assert_int_equal(durable_host_reply(h, event->request, reply.status,
                                      reply.error_type, reply.body),
                   0);
  reply.drop(&reply);
}

enum { STRANDS = 50, STEPS = 3 };

typedef struct loop {
  durable_host *h;
  strand strands[STRANDS];
  int started, returned;
} loop;

static void start(loop *l) {
  l->started = 1;
  for (int i = 0; i < STRANDS; i++) {
    durable_engine *e = durable_host_enter(l->h);
    l->strands[i].task =
        i ? durable_engine_task_new(e, durable_engine_root_ctx(e))
          : durable_engine_root_task(e);
    l->strands[i].left = STEPS;
    durable_host_leave(l->h);
  }
  for (int i = 0; i < STRANDS; i++)
    resume(l->h, &l->strands[i]);
}

static void on_wake(loop *l, durable_task_id task) {
  int left = 0;
  if (!l->started) {
    start(l);
    return;
  }
  for (int i = 0; i < STRANDS; i++) {
    if (l->strands[i].task == task)
      resume(l->h, &l->strands[i]);
    left += l->strands[i].left;
  }
  if (left || l->returned)
    return;
  for (int i = 1; i < STRANDS; i++) {
    durable_engine_task_end(durable_host_enter(l->h), l->strands[i].task);
    durable_host_leave(l->h);
  }
  run_return(l->h, "1");
  l->returned = 1;
}

static void wait_for_event(loop *l, int fd, int by_fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  if (by_fd)
    assert_int_equal(poll(&p, 1, 10000), 1);
  else
    assert_int_equal(durable_host_wait(l->h, INT64_MAX), 1);
}

/* Run STRANDS coroutines; |by_fd|: wait by poll(2) on the descriptor. */
static void run_loop(uint32_t flags, int by_fd) {
  durable_transport t = desk_transport(&k, flags);
  durable_host_options o = DURABLE_HOST_OPTIONS_INIT;
  o.event_loop = 1;
  loop l = {.h = desk_host(&o, &t)};
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  int fd = durable_host_eventfd(l.h), kind;
  assert_true(fd >= 0);
  while ((kind = durable_host_poll(l.h, &event)) != DURABLE_EVENT_FINISH) {
    if (kind == DURABLE_EVENT_NONE)
      wait_for_event(&l, fd, by_fd);
    else if (kind == DURABLE_EVENT_SEND)
      answer(l.h, &event);
    else if (kind == DURABLE_EVENT_WAKE)
      on_wake(&l, event.task);
    else
      fail_msg("event %d", kind);
  }
  assert_bytes(event.body, "{\"Status\":\"SUCCEEDED\",\"Result\":\"1\"}");
  assert_false(is_readable(fd));
  durable_host_close(l.h);
  assert_int_equal(k.calls, STEPS);
}

static void a_loop_can_perform_its_own_requests(void **state) {
  (void)state;
  run_loop(DURABLE_TRANSPORT_PULL, 1);
  assert_true(pthread_equal(k.last_thread, pthread_self()));
}

static void a_loop_can_wait_on_the_descriptor(void **state) {
  (void)state;
  run_loop(0, 1);
}

static void a_loop_can_wait_in_the_host(void **state) {
  (void)state;
  run_loop(0, 0);
}

static void a_loop_can_wait_while_an_inline_transport_works(void **state) {
  (void)state;
  run_loop(DURABLE_TRANSPORT_INLINE, 0);
}

static void the_descriptor_says_whether_poll_has_something(void **state) {
  durable_transport t = desk_transport(&k, DURABLE_TRANSPORT_PULL);
  durable_host *h = desk_host(NULL, &t);
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  (void)state;
  int fd = durable_host_eventfd(h);
  assert_int_equal(durable_host_eventfd(h), fd);
  assert_true(is_readable(fd));
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_WAKE);
  assert_false(is_readable(fd));
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_NONE);
  assert_int_equal(durable_host_wait(h, 0), 0);
  assert_int_equal(durable_host_wait(h, durable_host_now(h) + 2), 0);
  strand s = {.task = durable_engine_root_task(durable_host_engine(h)),
              .left = 1};
  resume(h, &s);
  assert_true(is_readable(fd));
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_SEND);
  assert_string_equal(event.send.method, "POST");
  assert_bytes(event.send.arn, DESK_ARN);
  assert_bytes(event.send.token, "VG9r");
  assert_false(is_readable(fd));
  answer(h, &event);
  assert_true(is_readable(fd));
  durable_host_close(h);
}

static void a_failed_pull_request_is_asked_for_again(void **state) {
  durable_transport t = desk_transport(&k, DURABLE_TRANSPORT_PULL);
  durable_host *h = desk_host(NULL, &t);
  durable_host_event event = DURABLE_HOST_EVENT_INIT, again = event;
  (void)state;
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_WAKE);
  strand s = {.task = event.task, .left = 1};
  resume(h, &s);
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_SEND);
  char *token =
      strndup(event.send.client_token.data, event.send.client_token.len);
  assert_int_equal(durable_host_fail(h, event.request, "no network"), 0);
  assert_int_equal(durable_host_wait(h, INT64_MAX), 1);
  assert_int_equal(durable_host_poll(h, &again), DURABLE_EVENT_SEND);
  assert_bytes(again.send.client_token, token);
  free(token);
  answer(h, &again);
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_WAKE);
  resume(h, &s);
  assert_int_equal(s.left, 0);
  durable_host_close(h);
}

/* No call of the host is made while the body "blocks". */
static void a_turn_that_blocks_is_not_waited_for(void **state) {
  durable_transport t = desk_transport(&k, 0);
  durable_host_options o = DURABLE_HOST_OPTIONS_INIT;
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  (void)state;
  o.event_loop = 2;
  durable_host *h = desk_host(&o, &t);
  assert_int_equal(durable_host_wait(h, INT64_MAX), 1);
  assert_int_equal(durable_host_poll(h, &event), DURABLE_EVENT_WAKE);
  durable_ctx_id ctx = durable_engine_root_ctx(durable_host_engine(h));
  durable_op_id op = run_claim(h, event.task, ctx, "long");
  assert_int_equal(durable_host_next_for(h, event.task, op, 0),
                   DURABLE_NEXT_RUN);
  desk_wait_calls(&k, 1); /* the START that is held */
  run_succeed(h, op, "1");
  assert_int_equal(durable_host_next_for(h, event.task, op, 0),
                   DURABLE_NEXT_PARK);
  durable_host_close(h);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_loop_can_perform_its_own_requests),
      T(a_loop_can_wait_on_the_descriptor),
      T(a_loop_can_wait_in_the_host),
      T(a_loop_can_wait_while_an_inline_transport_works),
      T(the_descriptor_says_whether_poll_has_something),
      T(a_failed_pull_request_is_asked_for_again),
      T(a_turn_that_blocks_is_not_waited_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
