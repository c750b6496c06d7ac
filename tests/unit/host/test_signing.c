/* Signed requests as they arrive: the peer stands in as the proxy of a host
 * with a fixed name, so the signatures are constants (made by another
 * implementation of Signature Version 4). */
#include "http_env.h"

#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static const int64_t date_2026 = 1795219200000, date_2015 = 1440938160000;

static void open_proxy(peer *p, const peer_turn *turns, size_t count) {
  peer_start(p, turns, count);
  setenv("http_proxy", p->url, 1);
  setenv("AWS_ENDPOINT_URL_LAMBDA", "http://lambda.test", 1);
  setenv("AWS_REGION", "us-east-1", 1);
}

static void set_key(const char *id, const char *token) {
  setenv("AWS_ACCESS_KEY_ID", id, 1);
  setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
         1);
  if (token)
    setenv("AWS_SESSION_TOKEN", token, 1);
  else
    unsetenv("AWS_SESSION_TOKEN");
}

static void perform(const durable_transport_request *r) {
  const durable_transport *t = durable_host_curl_transport();
  durable_transport_reply reply = DURABLE_TRANSPORT_REPLY_INIT;
  int rc = t->send(t->user, r, &reply);
  if (rc)
    fail_msg("%s", reply.why);
  reply.drop(&reply);
}

static void post(int64_t now_ms) {
  durable_transport_request r = DURABLE_TRANSPORT_REQUEST_INIT;
  r.method = "POST";
  r.target = TEXT(checkpoint_target);
  r.body = TEXT(checkpoint_body);
  r.now_ms = now_ms;
  perform(&r);
}

static void expect_header(const peer *p, int request, const char *name,
                          const char *want) {
  char got[1024];
  const char *value = peer_header(&p->requests[request], name, got, sizeof got);
  if (!want) {
    assert_null(value);
    return;
  }
  assert_non_null(value);
  assert_string_equal(value, want);
}

static void a_post_is_signed_with_its_body_and_token(void **state) {
  static const peer_turn turns[] = {{.reply = OK_2}};
  peer p;
  (void)state;
  open_proxy(&p, turns, 1);
  set_key("AKIDEXAMPLE", "tok/en==");
  post(date_2026);
  peer_stop(&p);
  expect_header(&p, 0, "Host", "lambda.test");
  expect_header(&p, 0, "X-Amz-Date", "20261121T000000Z");
  expect_header(&p, 0, "X-Amz-Security-Token", "tok/en==");
  expect_header(
      &p, 0, "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/lambda/"
      "aws4_request, "
      "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
      "Signature="
      "deae7a9b24430bf7df7d3f78ba2a5ec88b601271307d45dffa7e2bea3856b886");
  peer_drop(&p);
}

static void a_get_is_signed_with_its_query_and_prefix(void **state) {
  static const peer_turn turns[] = {{.reply = OK_2}};
  peer p;
  (void)state;
  open_proxy(&p, turns, 1);
  set_key("AKIDEXAMPLE", NULL);
  setenv("AWS_ENDPOINT_URL_LAMBDA", "http://lambda.test/pre/", 1);
  setenv("AWS_REGION", "eu-west-1", 1);
  durable_transport_request r = DURABLE_TRANSPORT_REQUEST_INIT;
  r.method = "GET";
  r.target = TEXT("/a%2Fb/state?CheckpointToken=a%2B&Marker=m");
  r.now_ms = date_2015;
  perform(&r);
  peer_stop(&p);
  assert_memory_equal(
      p.requests[0].text,
      "GET http://lambda.test/pre/a%2Fb/state?CheckpointToken=a%2B&Marker=m ",
      strlen("GET http://lambda.test/pre/a%2Fb/state?CheckpointToken=a%2B&"
             "Marker=m "));
  expect_header(&p, 0, "X-Amz-Security-Token", NULL);
  expect_header(
      &p, 0, "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/lambda/"
      "aws4_request, SignedHeaders=host;x-amz-date, Signature="
      "f82c9eab86af66b1f451a655b7b589cda1ba0f70a58ff03843d74bb0ceb18a30");
  peer_drop(&p);
}

static void keys_are_read_for_each_request(void **state) {
  static const peer_turn turns[] = {
      {.reply = OK_2}, {.reply = OK_2}, {.reply = OK_2}};
  char value[1024];
  peer p;
  (void)state;
  open_proxy(&p, turns, 3);
  set_key("FIRST", NULL);
  post(date_2026);
  set_key("SECOND", "t2");
  post(0);
  unsetenv("AWS_ACCESS_KEY_ID");
  post(0);
  peer_stop(&p);
  peer_header(&p.requests[0], "Authorization", value, sizeof value);
  assert_non_null(strstr(value, "Credential=FIRST/2026"));
  peer_header(&p.requests[1], "Authorization", value, sizeof value);
  assert_non_null(strstr(value, "Credential=SECOND/"));
  expect_header(&p, 1, "X-Amz-Security-Token", "t2");
  expect_header(&p, 2, "Authorization", NULL);
  expect_header(&p, 2, "X-Amz-Date", NULL);
  peer_drop(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_post_is_signed_with_its_body_and_token,
                             env_clean),
      cmocka_unit_test_setup(a_get_is_signed_with_its_query_and_prefix,
                             env_clean),
      cmocka_unit_test_setup(keys_are_read_for_each_request, env_clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
