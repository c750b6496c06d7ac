/* The background thread across fork(). */
#include "http_env.h"

#include <fcntl.h>
#include <sys/wait.h>

#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

#if defined(__SANITIZE_THREAD__)
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
  return "die_after_fork=0";
}
#endif

static int request(void) {
  durable_transport_reply reply;
  int rc = send_post(&reply);
  int ok = rc == 0 && reply.status == 200;
  reply.drop(&reply);
  return ok;
}

static int count_sockets(void) {
  int n = 0, type;
  for (int fd = 0; fd < 256; fd++) {
    socklen_t len = sizeof type;
    n += !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
  }
  return n;
}

static void expect_success(pid_t child) {
  int status;
  assert_true(child > 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* The child opens its own connection; the parent's stays usable. */
static void a_child_performs_its_own_requests(void **state) {
  static const peer_turn turns[] = {
      {.reply = OK_2}, {.reply = OK_2}, {.reply = OK_2}, {.reply = OK_2}};
  peer p;
  (void)state;
  peer_start(&p, turns, 4);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  assert_true(request());
  pid_t child = fork();
  if (!child)
    _exit(request() && request() ? 0 : 1);
  expect_success(child);
  assert_true(request());
  peer_stop(&p);
  assert_int_equal(p.taken, 4);
  assert_int_equal(p.requests[1].connection, 2);
  assert_int_equal(p.requests[2].connection, 2);
  assert_int_equal(p.requests[3].connection, 1);
  peer_drop(&p);
}

static void a_child_holds_no_connection_of_its_parent(void **state) {
  static const peer_turn turns[] = {{.reply = OK_2}};
  peer p;
  (void)state;
  peer_start(&p, turns, 1);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  assert_true(request());
  int before = count_sockets();
  pid_t child = fork();
  if (!child)
    _exit(count_sockets() < before ? 0 : 1);
  expect_success(child);
  peer_stop(&p);
  peer_drop(&p);
}

static void a_host_of_the_parent_can_be_closed(void **state) {
  durable_host *host;
  (void)state;
  assert_int_equal(durable_host_new(&host, NULL), DURABLE_OK);
  pid_t child = fork();
  if (!child) {
    durable_host_close(host);
    _exit(0);
  }
  expect_success(child);
  durable_host_close(host);
}

static void *call_main(void *user) {
  *(int *)user = request();
  return NULL;
}

/* A fork while a request is in flight leaves the parent's request alone. */
static void a_fork_in_the_middle_of_a_request(void **state) {
  static const peer_turn turns[] = {{.reply = OK_2, .after_turns = 1},
                                    {.reply = OK_2}};
  pthread_t thread;
  int ok = 0;
  peer p;
  (void)state;
  peer_start(&p, turns, 2);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  pthread_create(&thread, NULL, call_main, &ok);
  peer_wait_taken(&p, 1);
  pid_t child = fork();
  if (!child)
    _exit(request() ? 0 : 1);
  expect_success(child);
  pthread_join(thread, NULL);
  assert_true(ok);
  peer_stop(&p);
  peer_drop(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_child_performs_its_own_requests, env_clean),
      cmocka_unit_test_setup(a_child_holds_no_connection_of_its_parent,
                             env_clean),
      cmocka_unit_test_setup(a_host_of_the_parent_can_be_closed, env_clean),
      cmocka_unit_test_setup(a_fork_in_the_middle_of_a_request, env_clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
