/* The Runtime API client against a scripted peer over real sockets. */
#include "http_env.h"

#define ACCEPTED        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
#define REFUSED(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"
#define NEXT                                                                   \
  "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"                  \
  "Content-Length: 7\r\n\r\n{\"a\":1}"
#define NEXT_FULL                                                              \
  "HTTP/1.1 200 OK\r\n"                                                        \
  "lambda-runtime-aws-request-id: 8476a536-e9f4-11e8\r\n"                      \
  "LAMBDA-RUNTIME-DEADLINE-MS: 1542409706888\r\n"                              \
  "Lambda-Runtime-Invoked-Function-Arn:  arn:aws:lambda:a:b:function:c \r\n"   \
  "Lambda-Runtime-Trace-Id: Root=1-5bef4de7;Sampled=1\r\n"                     \
  "Lambda-Runtime-Client-Context: {\"client\":1}\r\n"                          \
  "Lambda-Runtime-Cognito-Identity: {\"id\":2}\r\n"                            \
  "Lambda-Runtime-Aws-Tenant-Id: tenant-a\r\n"                                 \
  "Lambda-Runtime-Invocation-Id: inv/1==\r\n"                                  \
  "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"       \
  "7\r\n{\"a\":1}\r\n0\r\n\r\n"

static peer p;
static durable_host_lambda *lambda;

static void start(const peer_turn *turns, size_t count) {
  peer_start(&p, turns, count);
  assert_int_equal(durable_host_lambda_new(&lambda, p.address, 1), 0);
}

static void stop(void) {
  durable_host_lambda_free(lambda);
  peer_stop(&p);
}

static void next(durable_host_invocation *inv) {
  *inv = (durable_host_invocation)DURABLE_HOST_INVOCATION_INIT;
  int rc = durable_host_lambda_next(lambda, inv);
  if (rc)
    fail_msg("%d: %s", rc, durable_host_lambda_message(lambda));
}

static void expect_line(int request, const char *line) {
  const char *text = p.requests[request].text;
  if (strncmp(text, line, strlen(line)) || text[strlen(line)] != '\r')
    fail_msg("request %d is '%.80s'", request, text);
}

static void expect_header(int request, const char *name, const char *want) {
  char got[256];
  const char *value = peer_header(&p.requests[request], name, got, sizeof got);
  if (want) {
    assert_non_null(value);
    assert_string_equal(value, want);
  } else {
    assert_null(value);
  }
}

static void every_header_arrives(void **state) {
  static const peer_turn turns[] = {{.reply = NEXT_FULL}, {.reply = ACCEPTED}};
  durable_host_invocation inv;
  (void)state;
  start(turns, 2);
  next(&inv);
  assert_bytes(inv.event, "{\"a\":1}");
  assert_string_equal(inv.request_id, "8476a536-e9f4-11e8");
  assert_true(inv.deadline_ms == 1542409706888);
  assert_string_equal(inv.function_arn, "arn:aws:lambda:a:b:function:c");
  assert_string_equal(inv.trace_id, "Root=1-5bef4de7;Sampled=1");
  assert_string_equal(inv.client_context, "{\"client\":1}");
  assert_string_equal(inv.cognito_identity, "{\"id\":2}");
  assert_string_equal(inv.tenant_id, "tenant-a");
  assert_string_equal(inv.invocation_id, "inv/1==");
  assert_string_equal(getenv("_X_AMZN_TRACE_ID"), inv.trace_id);
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")), 0);
  stop();
  expect_line(0, "GET /2018-06-01/runtime/invocation/next HTTP/1.1");
  expect_header(0, "Host", p.address);
  expect_line(1, "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8/"
                 "response HTTP/1.1");
  expect_header(1, "Lambda-Runtime-Invocation-Id", "inv/1==");
  expect_header(1, "Content-Type", "application/json");
  expect_header(1, "Expect", NULL);
  assert_string_equal(peer_body(&p.requests[1]), "{}");
  assert_int_equal(p.connections, 1);
  peer_drop(&p);
}

static void nothing_is_carried_over(void **state) {
  static const peer_turn turns[] = {{.reply = NEXT_FULL},
                                    {.reply = ACCEPTED},
                                    {.reply = NEXT},
                                    {.reply = ACCEPTED}};
  durable_host_invocation inv;
  (void)state;
  start(turns, 4);
  next(&inv);
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")), 0);
  next(&inv);
  assert_string_equal(inv.request_id, "r-1");
  assert_string_equal(inv.trace_id, "");
  assert_string_equal(inv.tenant_id, "");
  assert_string_equal(inv.invocation_id, "");
  assert_true(inv.deadline_ms == 0);
  assert_null(getenv("_X_AMZN_TRACE_ID"));
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("")), 0);
  stop();
  expect_header(3, "Lambda-Runtime-Invocation-Id", NULL);
  expect_header(3, "Content-Length", "0");
  peer_drop(&p);
}

static void an_error_names_its_category(void **state) {
  static const char error[] = "{\"errorMessage\":\"m\",\"errorType\":\"T\"}";
  static const peer_turn turns[] = {{.reply = NEXT_FULL},
                                    {.reply = ACCEPTED},
                                    {.reply = NEXT},
                                    {.reply = ACCEPTED}};
  durable_host_invocation inv;
  (void)state;
  start(turns, 4);
  next(&inv);
  assert_int_equal(
      durable_host_lambda_error(lambda, TEXT(error), "Durable.Retry"), 0);
  next(&inv);
  assert_int_equal(durable_host_lambda_error(lambda, TEXT(error), NULL), 0);
  stop();
  expect_line(1, "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8/error "
                 "HTTP/1.1");
  expect_header(1, "Lambda-Runtime-Function-Error-Type", "Durable.Retry");
  expect_header(1, "Lambda-Runtime-Invocation-Id", "inv/1==");
  assert_string_equal(peer_body(&p.requests[1]), error);
  expect_header(3, "Lambda-Runtime-Function-Error-Type",
                "Runtime.UnhandledException");
  peer_drop(&p);
}

static void a_response_too_large_becomes_an_error(void **state) {
  static const peer_turn turns[] = {{.reply = NEXT_FULL},
                                    {.reply = REFUSED("413 Too Large")},
                                    {.reply = ACCEPTED}};
  durable_host_invocation inv;
  (void)state;
  start(turns, 3);
  next(&inv);
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")), 0);
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")),
                   DURABLE_E_STATE);
  stop();
  expect_line(2, "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8/error "
                 "HTTP/1.1");
  expect_header(2, "Lambda-Runtime-Function-Error-Type",
                "Function.ResponseSizeTooLarge");
  expect_header(2, "Lambda-Runtime-Invocation-Id", "inv/1==");
  assert_non_null(strstr(peer_body(&p.requests[2]), "errorMessage"));
  peer_drop(&p);
}

static void a_refusal_concerns_one_invocation(void **state) {
  static const char *const replies[] = {
      REFUSED("410 Gone"), REFUSED("403 Forbidden"), REFUSED("400 Bad")};
  peer_turn turns[6];
  durable_host_invocation inv;
  (void)state;
  for (int i = 0; i < 3; i++) {
    turns[2 * i] = (peer_turn){.reply = NEXT};
    turns[2 * i + 1] = (peer_turn){.reply = replies[i]};
  }
  start(turns, 6);
  for (int i = 0; i < 3; i++) {
    next(&inv);
    assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")), 0);
    assert_non_null(strstr(durable_host_lambda_message(lambda), "status 4"));
  }
  stop();
  assert_int_equal(p.taken, 6);
  peer_drop(&p);
}

static void a_container_error_is_the_end(void **state) {
  static const peer_turn turns[] = {{.reply = NEXT},
                                    {.reply = REFUSED("500 Container")},
                                    {.reply = REFUSED("500 Container")}};
  durable_host_invocation inv = DURABLE_HOST_INVOCATION_INIT;
  (void)state;
  start(turns, 3);
  next(&inv);
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")),
                   DURABLE_E_IO);
  assert_int_equal(durable_host_lambda_next(lambda, &inv), DURABLE_E_IO);
  assert_non_null(strstr(durable_host_lambda_message(lambda), "status 500"));
  stop();
  peer_drop(&p);
}

static void nonsense_is_an_error(void **state) {
  static const peer_turn turns[] = {
      {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
      {.act = PEER_REPLY_CLOSE,
       .reply = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r\r\n"
                "Content-Length: 9\r\n\r\n{"},
      {.act = PEER_RESET_ACCEPT}};
  durable_host_invocation inv = DURABLE_HOST_INVOCATION_INIT;
  (void)state;
  start(turns, 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(durable_host_lambda_next(lambda, &inv), DURABLE_E_IO);
    assert_true(strlen(durable_host_lambda_message(lambda)) > 0);
    assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")),
                     DURABLE_E_STATE);
  }
  stop();
  peer_drop(&p);
}

static void an_init_error_is_posted(void **state) {
  static const peer_turn turns[] = {{.reply = ACCEPTED}};
  (void)state;
  start(turns, 1);
  assert_int_equal(durable_host_lambda_init_error(
                       lambda, TEXT("{\"errorType\":\"T\"}"), "Runtime.NoX"),
                   0);
  stop();
  expect_line(0, "POST /2018-06-01/runtime/init/error HTTP/1.1");
  expect_header(0, "Lambda-Runtime-Function-Error-Type", "Runtime.NoX");
  expect_header(0, "Lambda-Runtime-Invocation-Id", NULL);
  assert_string_equal(peer_body(&p.requests[0]), "{\"errorType\":\"T\"}");
  peer_drop(&p);
}

static void no_proxy_is_ever_used(void **state) {
  static const peer_turn turns[] = {{.reply = NEXT}};
  durable_host_invocation inv;
  (void)state;
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  start(turns, 1);
  next(&inv);
  stop();
  peer_drop(&p);
}

static void a_request_id_is_one_segment(void **state) {
  static const peer_turn turns[] = {
      {.reply = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a/../b?c\r\n"
                "Content-Length: 2\r\n\r\n{}"},
      {.reply = ACCEPTED}};
  durable_host_invocation inv;
  (void)state;
  start(turns, 2);
  next(&inv);
  assert_int_equal(durable_host_lambda_respond(lambda, TEXT("{}")), 0);
  stop();
  expect_line(1, "POST /2018-06-01/runtime/invocation/a%2F..%2Fb%3Fc/response "
                 "HTTP/1.1");
  peer_drop(&p);
}

static void the_address_comes_from_the_environment(void **state) {
  (void)state;
  assert_int_equal(durable_host_lambda_new(&lambda, NULL, 0),
                   DURABLE_E_ARGUMENT);
  assert_null(lambda);
  setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9", 1);
  assert_int_equal(durable_host_lambda_new(&lambda, NULL, 0), 0);
  durable_host_lambda_free(lambda);
  durable_host_lambda_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(every_header_arrives, env_clean),
      cmocka_unit_test_setup(nothing_is_carried_over, env_clean),
      cmocka_unit_test_setup(an_error_names_its_category, env_clean),
      cmocka_unit_test_setup(a_response_too_large_becomes_an_error, env_clean),
      cmocka_unit_test_setup(a_refusal_concerns_one_invocation, env_clean),
      cmocka_unit_test_setup(a_container_error_is_the_end, env_clean),
      cmocka_unit_test_setup(nonsense_is_an_error, env_clean),
      cmocka_unit_test_setup(an_init_error_is_posted, env_clean),
      cmocka_unit_test_setup(no_proxy_is_ever_used, env_clean),
      cmocka_unit_test_setup(a_request_id_is_one_segment, env_clean),
      cmocka_unit_test_setup(the_address_comes_from_the_environment, env_clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
