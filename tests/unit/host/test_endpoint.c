/* Endpoint, region and credentials from the environment. */
#include "http_env.h"

#include "host/endpoint.h"

static dur_endpoint endpoint;

static int setup(void **state) {
  env_clean(state);
  dur_endpoint_init(&endpoint);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  dur_endpoint_drop(&endpoint);
  return 0;
}

static void is(dur_bytes got, const char *want) {
  if (got.len != strlen(want) || memcmp(got.data, want, got.len))
    fail_msg("'%.*s' is not '%s'", (int)got.len, got.data, want);
}

static void the_region_names_the_endpoint(void **state) {
  (void)state;
  setenv("AWS_DEFAULT_REGION", "eu-central-1", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.base, "https://lambda.eu-central-1.amazonaws.com");
  is(endpoint.authority, "lambda.eu-central-1.amazonaws.com");
  is(endpoint.prefix, "");
  setenv("AWS_REGION", "cn-north-1", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.base, "https://lambda.cn-north-1.amazonaws.com.cn");
  is(endpoint.region, "cn-north-1");
}

static void a_url_comes_before_the_region(void **state) {
  (void)state;
  setenv("AWS_REGION", "us-west-2", 1);
  setenv("AWS_ENDPOINT_URL", "http://all:1/", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.base, "http://all:1");
  setenv("AWS_ENDPOINT_URL_LAMBDA", "HTTPS://one:2/a/b//", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.base, "HTTPS://one:2/a/b");
  is(endpoint.authority, "one:2");
  is(endpoint.prefix, "/a/b");
  is(endpoint.region, "us-west-2");
}

static void an_empty_setting_is_none(void **state) {
  (void)state;
  setenv("AWS_ENDPOINT_URL_LAMBDA", "", 1);
  setenv("AWS_REGION", "", 1);
  assert_non_null(dur_endpoint_read(&endpoint));
  setenv("AWS_DEFAULT_REGION", "us-east-2", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.region, "us-east-2");
}

static void without_a_region_a_url_is_signed_for_us_east_1(void **state) {
  (void)state;
  setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.region, "us-east-1");
}

static void credentials_need_both_halves(void **state) {
  (void)state;
  setenv("AWS_REGION", "us-east-1", 1);
  assert_null(dur_endpoint_read(&endpoint));
  assert_null(endpoint.key_id.data);
  setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
  assert_null(dur_endpoint_read(&endpoint));
  assert_null(endpoint.key_id.data);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.key_id, "AKID");
  is(endpoint.secret, "secret");
  assert_null(endpoint.token.data);
  setenv("AWS_SESSION_TOKEN", "token", 1);
  assert_null(dur_endpoint_read(&endpoint));
  is(endpoint.token, "token");
}

static void urls_that_could_mislead_are_refused(void **state) {
  static const char *const urls[] = {
      "127.0.0.1:9000", "ftp://host",       "http://",      "http:///path",
      "http://u@host",  "http://host?q",    "http://h#f",   "http://a b",
      "http://h\\x",    "http://h\r\nX: y", "http://h\x7f", "https://\xc3\xa9"};
  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    setenv("AWS_ENDPOINT_URL_LAMBDA", urls[i], 1);
    if (!dur_endpoint_read(&endpoint))
      fail_msg("'%s' was taken", urls[i]);
  }
}

static void a_bundle_of_the_environment_is_used(void **state) {
  (void)state;
  setenv("CURL_CA_BUNDLE", "/two", 1);
  assert_string_equal(dur_ca_bundle(), "/two");
  setenv("AWS_CA_BUNDLE", "/one", 1);
  assert_string_equal(dur_ca_bundle(), "/one");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_region_names_the_endpoint, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(a_url_comes_before_the_region, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(an_empty_setting_is_none, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(
          without_a_region_a_url_is_signed_for_us_east_1, setup, teardown),
      cmocka_unit_test_setup_teardown(credentials_need_both_halves, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(urls_that_could_mislead_are_refused,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(a_bundle_of_the_environment_is_used,
                                      setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
