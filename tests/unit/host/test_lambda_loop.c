/* The Runtime API loop, on one thread and on several. */
#include "http_env.h"

#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
#define NEXT                                                                   \
  "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"                  \
  "Content-Length: 7\r\n\r\n{\"a\":1}"

static peer p;
static int handled, dropped; /* atomic */

static void drop(void *owner) {
  free(owner);
  __atomic_add_fetch(&dropped, 1, __ATOMIC_RELAXED);
}

static int echo(void *user, const durable_host_invocation *inv,
                durable_host_answer *answer) {
  (void)user;
  __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
  answer->owner = strndup(inv->event.data, inv->event.len);
  answer->body = (durable_bytes){answer->owner, inv->event.len};
  answer->drop = drop;
  return 0;
}

static int refuse(void *user, const durable_host_invocation *inv,
                  durable_host_answer *answer) {
  (void)inv;
  answer->kind = DURABLE_HOST_ANSWER_ERROR;
  answer->body = TEXT("{\"errorType\":\"E\"}");
  answer->category = "Function.E";
  return *(int *)user;
}

static durable_host_lambda_options options(void) {
  durable_host_lambda_options o = DURABLE_HOST_LAMBDA_OPTIONS_INIT;
  o.api = p.address;
  return o;
}

static int setup(void **state) {
  handled = dropped = 0;
  return env_clean(state);
}

static void answers_go_back(void **state) {
  static const peer_turn turns[] = {{.reply = NEXT},
                                    {.reply = ACCEPTED},
                                    {.reply = NEXT},
                                    {.reply = ACCEPTED}};
  (void)state;
  peer_start(&p, turns, 4);
  durable_host_lambda_options o = options();
  o.max_invocations = 2;
  assert_int_equal(durable_host_lambda_loop(&o, echo), 0);
  peer_stop(&p);
  assert_int_equal(handled, 2);
  assert_int_equal(dropped, 2);
  assert_string_equal(peer_body(&p.requests[3]), "{\"a\":1}");
  assert_non_null(strstr(p.requests[3].text, "/r-1/response HTTP"));
  peer_drop(&p);
}

static void errors_go_back_and_a_code_stops_the_loop(void **state) {
  static const peer_turn turns[] = {
      {.reply = NEXT}, {.reply = ACCEPTED}, {.reply = NEXT}};
  int code = DURABLE_E_LIMIT;
  char category[64];
  (void)state;
  peer_start(&p, turns, 3);
  durable_host_lambda_options o = options();
  o.user = &code;
  assert_int_equal(durable_host_lambda_loop(&o, refuse), DURABLE_E_LIMIT);
  peer_stop(&p);
  assert_int_equal(p.taken, 2);
  assert_non_null(strstr(p.requests[1].text, "/r-1/error HTTP"));
  assert_string_equal(peer_header(&p.requests[1],
                                  "Lambda-Runtime-Function-Error-Type",
                                  category, sizeof category),
                      "Function.E");
  peer_drop(&p);
}

static void the_loop_ends_when_the_api_is_gone(void **state) {
  static const peer_turn turns[] = {
      {.reply = NEXT},
      {.act = PEER_REPLY_CLOSE, .reply = ACCEPTED},
      {.act = PEER_RESET_ACCEPT}};
  (void)state;
  peer_start(&p, turns, 3);
  durable_host_lambda_options o = options();
  assert_int_equal(durable_host_lambda_loop(&o, echo), DURABLE_E_IO);
  peer_stop(&p);
  assert_int_equal(handled, 1);
  peer_drop(&p);
}

/* Four invocations are open at once: none is handed out before all were asked
 * for.  Then the API fails one thread, and the others stop. */
static void a_managed_instance_runs_several_at_once(void **state) {
  enum { THREADS = 4 };
  peer_turn turns[3 * THREADS];
  (void)state;
  for (int i = 0; i < THREADS; i++) {
    turns[i] = (peer_turn){.reply = NEXT, .after_taken = THREADS};
    turns[THREADS + i] =
        (peer_turn){.reply = ACCEPTED, .after_taken = 2 * THREADS};
    turns[2 * THREADS + i] = (peer_turn){.act = PEER_HOLD};
  }
  turns[3 * THREADS - 1] =
      (peer_turn){.reply = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"};
  peer_start(&p, turns, 3 * THREADS);
  setenv("AWS_LAMBDA_MAX_CONCURRENCY", "4", 1);
  setenv("_X_AMZN_TRACE_ID", "untouched", 1);
  durable_host_lambda_options o = options();
  assert_int_equal(durable_host_lambda_loop(&o, echo), DURABLE_E_IO);
  peer_stop(&p);
  assert_int_equal(handled, THREADS);
  assert_string_equal(getenv("_X_AMZN_TRACE_ID"), "untouched");
  peer_drop(&p);
}

static void wrong_arguments_are_refused(void **state) {
  durable_host_lambda_options o = DURABLE_HOST_LAMBDA_OPTIONS_INIT;
  (void)state;
  assert_int_equal(durable_host_lambda_loop(&o, NULL), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_host_lambda_loop(NULL, echo), DURABLE_E_ARGUMENT);
  o.size = 1;
  assert_int_equal(durable_host_lambda_loop(&o, echo), DURABLE_E_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(answers_go_back, setup),
      cmocka_unit_test_setup(errors_go_back_and_a_code_stops_the_loop, setup),
      cmocka_unit_test_setup(the_loop_ends_when_the_api_is_gone, setup),
      cmocka_unit_test_setup(a_managed_instance_runs_several_at_once, setup),
      cmocka_unit_test_setup(wrong_arguments_are_refused, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
