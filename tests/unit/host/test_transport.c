/* The built-in transport against a scripted peer over real sockets. */
#include "http_env.h"

#include "host/http.h"

#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static void open_peer(peer *p, const peer_turn *turns, size_t count) {
  peer_start(p, turns, count);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p->url, 1);
}

static void expect_ok(const char *body) {
  durable_transport_reply reply;
  assert_int_equal(send_post(&reply), 0);
  assert_int_equal(reply.status, 200);
  assert_bytes(reply.body, body);
  assert_null(reply.error_type.data);
  reply.drop(&reply);
}

static void expect_failure(const char *part) {
  durable_transport_reply reply;
  assert_true(send_post(&reply) < 0);
  assert_non_null(reply.why);
  if (!strstr(reply.why, part))
    fail_msg("'%s' does not say '%s'", reply.why, part);
  reply.drop(&reply);
}

static void requests_go_out_as_written(void **state) {
  static const peer_turn turns[] = {{.reply = OK_2}, {.reply = OK_2}};
  durable_transport_reply reply;
  char want[1024];
  peer p;
  (void)state;
  open_peer(&p, turns, 2);
  expect_ok("{}");
  assert_int_equal(
      send_get("/a%2Fb/../state?CheckpointToken=a%2B&Marker=%20", &reply), 0);
  reply.drop(&reply);
  peer_stop(&p);
  snprintf(want, sizeof want,
           "POST %s HTTP/1.1\r\n"
           "Host: %s\r\n"
           "Content-Type: application/json\r\n"
           "User-Agent: libdurable/" DURABLE_VERSION_STRING "\r\n"
           "Accept: application/json\r\n"
           "Content-Length: %zu\r\n\r\n%s",
           checkpoint_target, p.address, strlen(checkpoint_body),
           checkpoint_body);
  assert_string_equal(p.requests[0].text, want);
  snprintf(want, sizeof want,
           "GET /a%%2Fb/../state?CheckpointToken=a%%2B&Marker=%%20 HTTP/1.1\r\n"
           "Host: %s\r\n"
           "User-Agent: libdurable/" DURABLE_VERSION_STRING "\r\n"
           "Accept: application/json\r\n\r\n",
           p.address);
  assert_string_equal(p.requests[1].text, want);
  peer_drop(&p);
}

static void a_connection_is_kept(void **state) {
  static const peer_turn turns[] = {
      {.reply = OK_2}, {.reply = OK_2}, {.reply = OK_2}};
  peer p;
  (void)state;
  open_peer(&p, turns, 3);
  for (int i = 0; i < 3; i++)
    expect_ok("{}");
  peer_stop(&p);
  assert_int_equal(p.connections, 1);
  peer_drop(&p);
}

static void a_dead_kept_connection_is_replaced_once(void **state) {
  static const peer_turn turns[] = {
      {.reply = OK_2}, {.act = PEER_RESET}, {.reply = OK_2}};
  peer p;
  (void)state;
  open_peer(&p, turns, 3);
  expect_ok("{}");
  expect_ok("{}");
  peer_stop(&p);
  assert_int_equal(p.taken, 3);
  assert_int_equal(p.connections, 2);
  assert_string_equal(peer_body(&p.requests[1]), checkpoint_body);
  assert_string_equal(peer_body(&p.requests[2]), checkpoint_body);
  peer_drop(&p);
}

static void a_connection_that_was_closed_is_replaced(void **state) {
  static const peer_turn turns[] = {{.act = PEER_REPLY_CLOSE, .reply = OK_2},
                                    {.reply = OK_2}};
  peer p;
  (void)state;
  open_peer(&p, turns, 2);
  expect_ok("{}");
  expect_ok("{}");
  peer_stop(&p);
  assert_int_equal(p.connections, 2);
  peer_drop(&p);
}

static void a_reset_on_a_new_connection_is_reported(void **state) {
  static const peer_turn turns[] = {{.act = PEER_RESET_ACCEPT},
                                    {.act = PEER_RESET}};
  durable_transport_reply reply;
  peer p;
  (void)state;
  open_peer(&p, turns, 2);
  assert_true(send_post(&reply) < 0);
  assert_true(strlen(reply.why) > 0);
  reply.drop(&reply);
  assert_true(send_post(&reply) < 0);
  reply.drop(&reply);
  peer_stop(&p);
  assert_int_equal(p.taken, 2);
  peer_drop(&p);
}

static void a_refused_connection_is_reported(void **state) {
  peer p;
  (void)state;
  peer_start(&p, NULL, 0);
  setenv("AWS_ENDPOINT_URL_LAMBDA", p.url, 1);
  peer_stop(&p);
  peer_drop(&p);
  expect_failure("onnect");
}

static void slow_headers_and_chunks_are_read(void **state) {
  static const peer_turn turns[] = {
      {.act = PEER_REPLY_SLOWLY, .reply = OK_2},
      {.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\nTrailer: t\r\n\r\n"},
      {.act = PEER_REPLY_CLOSE, .reply = "HTTP/1.0 200 OK\r\n\r\nto the end"},
      {.reply = "HTTP/1.1 100 Continue\r\nx-amzn-errortype: No\r\n\r\n" OK_2}};
  peer p;
  (void)state;
  open_peer(&p, turns, 4);
  expect_ok("{}");
  expect_ok("{\"a\":1}");
  expect_ok("to the end");
  expect_ok("{}");
  peer_stop(&p);
  peer_drop(&p);
}

static void truncated_answers_are_no_answers(void **state) {
  static const peer_turn turns[] = {
      {.act = PEER_REPLY_CLOSE,
       .reply = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a"},
      {.act = PEER_REPLY_CLOSE,
       .reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "8\r\n{\"a"},
      {.act = PEER_REPLY_CLOSE, .reply = "HTTP/1.1 200 OK\r\nConte"},
      {.act = PEER_REPLY_CLOSE, .reply = "nonsense\r\n\r\n"}};
  durable_transport_reply reply;
  peer p;
  (void)state;
  open_peer(&p, turns, 4);
  for (int i = 0; i < 4; i++) {
    int rc = send_post(&reply);
    if (rc >= 0)
      fail_msg("answer %d was taken", i);
    assert_true(strlen(reply.why) > 0);
    reply.drop(&reply);
  }
  peer_stop(&p);
  peer_drop(&p);
}

static void refusals_carry_status_type_and_body(void **state) {
  static const peer_turn turns[] = {
      {.reply = "HTTP/1.1 429 Slow\r\nX-Amzn-ErrorType: "
                "TooManyRequestsException\r\nContent-Length: 2\r\n\r\n{}"},
      {.reply = "HTTP/1.1 500 No\r\nx-amzn-errortype:  "
                "ServiceException:http://internal.amazon.com/x \r\n"
                "Content-Length: 0\r\n\r\n"},
      {.reply = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                "Content-Length: 0\r\n\r\n"},
      {.reply = OK_2}};
  static const int statuses[] = {429, 500, 302};
  static const char *const types[] = {"TooManyRequestsException",
                                      "ServiceException", NULL};
  durable_transport_reply reply;
  peer p;
  (void)state;
  open_peer(&p, turns, 4);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(send_post(&reply), 0);
    assert_int_equal(reply.status, statuses[i]);
    if (types[i])
      assert_bytes(reply.error_type, types[i]);
    else
      assert_null(reply.error_type.data);
    assert_non_null(reply.body.data);
    reply.drop(&reply);
  }
  expect_ok("{}");
  peer_stop(&p);
  assert_int_equal(p.connections, 1);
  peer_drop(&p);
}

static void huge_answers_are_refused(void **state) {
  static const peer_turn turns[] = {
      {.act = PEER_REPLY_CLOSE,
       .reply = "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n{"},
      {.act = PEER_REPLY_CLOSE,
       .reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "10\r\n0123456789abcdef\r\n1\r\nX\r\n0\r\n\r\n"}};
  dur_http_limits kept = dur_http_limit;
  peer p;
  (void)state;
  open_peer(&p, turns, 2);
  expect_failure("larger than 64 MiB");
  dur_http_limit.body = 16;
  expect_failure("larger than 64 MiB");
  dur_http_limit = kept;
  peer_stop(&p);
  peer_drop(&p);
}

static void silence_is_given_up(void **state) {
  static const peer_turn turns[] = {{.act = PEER_HOLD}};
  dur_http_limits kept = dur_http_limit;
  peer p;
  (void)state;
  open_peer(&p, turns, 1);
  dur_http_limit.read_s = 1;
  dur_http_limit.read_speed = 1000000;
  expect_failure("too slow");
  dur_http_limit = kept;
  peer_stop(&p);
  assert_int_equal(p.taken, 1);
  peer_drop(&p);
}

static void settings_that_make_no_sense_are_named(void **state) {
  (void)state;
  unsetenv("AWS_ENDPOINT_URL_LAMBDA");
  expect_failure("AWS_REGION");
  setenv("AWS_ENDPOINT_URL_LAMBDA", "ftp://127.0.0.1", 1);
  expect_failure("http://");
  setenv("AWS_ENDPOINT_URL_LAMBDA", "http://u:p@127.0.0.1", 1);
  expect_failure("not allowed");
}

typedef struct caller {
  pthread_t thread;
  int rc;
} caller;

static void *call_main(void *user) {
  caller *c = user;
  durable_transport_reply reply;
  c->rc = send_post(&reply);
  reply.drop(&reply);
  return NULL;
}

/* The first request is answered only after the other seven. */
static void a_slow_request_delays_no_other(void **state) {
  peer_turn turns[8] = {{.reply = OK_2, .after_turns = 7}};
  caller callers[8];
  peer p;
  (void)state;
  for (int i = 1; i < 8; i++)
    turns[i].reply = OK_2;
  open_peer(&p, turns, 8);
  pthread_create(&callers[0].thread, NULL, call_main, &callers[0]);
  peer_wait_taken(&p, 1);
  for (int i = 1; i < 8; i++)
    pthread_create(&callers[i].thread, NULL, call_main, &callers[i]);
  for (int i = 0; i < 8; i++) {
    pthread_join(callers[i].thread, NULL);
    assert_int_equal(callers[i].rc, 0);
  }
  peer_stop(&p);
  assert_int_equal(p.taken, 8);
  peer_drop(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(requests_go_out_as_written, env_clean),
      cmocka_unit_test_setup(a_connection_is_kept, env_clean),
      cmocka_unit_test_setup(a_dead_kept_connection_is_replaced_once,
                             env_clean),
      cmocka_unit_test_setup(a_connection_that_was_closed_is_replaced,
                             env_clean),
      cmocka_unit_test_setup(a_reset_on_a_new_connection_is_reported,
                             env_clean),
      cmocka_unit_test_setup(a_refused_connection_is_reported, env_clean),
      cmocka_unit_test_setup(slow_headers_and_chunks_are_read, env_clean),
      cmocka_unit_test_setup(truncated_answers_are_no_answers, env_clean),
      cmocka_unit_test_setup(refusals_carry_status_type_and_body, env_clean),
      cmocka_unit_test_setup(huge_answers_are_refused, env_clean),
      cmocka_unit_test_setup(silence_is_given_up, env_clean),
      cmocka_unit_test_setup(settings_that_make_no_sense_are_named, env_clean),
      cmocka_unit_test_setup(a_slow_request_delays_no_other, env_clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
