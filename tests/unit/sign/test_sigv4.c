/* Signature Version 4 against published examples and an independent signer.
 *
 * The signatures are facts: the IAM ListUsers example of the AWS general
 * reference and the public signing test suite where a case has a name in
 * brackets; every one of them was computed again with botocore 1.44.5, and so
 * were the lambda requests, which are in no published example. */
#include "test.h"

#include <string.h>

#include "alloc.h"
#include "sign/sigv4.h"

#define HOST(name)                                                             \
  { DUR_LIT("Host"), DUR_LIT(name) }
#define HEADERS(list)                                                          \
  .headers = (list), .header_count = sizeof(list) / sizeof *(list)

static const char token[] =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWH"
    "GBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC"
    "1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQ"
    "cHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fP"
    "OLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

static const dur_sigv4_header example_host[] = {HOST("example.amazonaws.com")};

static dur_sigv4 example(void) {
  return (dur_sigv4){
      .access_key_id = DUR_LIT("AKIDEXAMPLE"),
      .secret_access_key = DUR_LIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      .region = DUR_LIT("us-east-1"),
      .service = DUR_LIT("service"),
      .amz_date = DUR_LIT("20150830T123600Z"),
      .method = DUR_LIT("GET"),
      .path = DUR_LIT("/"),
      HEADERS(example_host),
  };
}

typedef int stage(const dur_sigv4 *request, dur_buf *out);

static void check_text(stage *run, const dur_sigv4 *r, const char *expected) {
  dur_buf out;
  dur_buf_init(&out, &dur_mem_default, 1 << 16);
  assert_int_equal(run(r, &out), 0);
  assert_string_equal(dur_buf_cstr(&out), expected);
  dur_buf_drop(&out);
}

static void check_signature(const dur_sigv4 *r, const char *expected) {
  dur_buf out;
  const char *text;
  dur_buf_init(&out, &dur_mem_default, 1 << 16);
  assert_int_equal(dur_sigv4_authorization(r, &out), 0);
  text = strstr(dur_buf_cstr(&out), "Signature=");
  assert_non_null(text);
  assert_string_equal(text + strlen("Signature="), expected);
  dur_buf_drop(&out);
}

/* Line |n| (0 is the first) of the canonical request. */
static void check_line(const dur_sigv4 *r, int n, const char *expected) {
  dur_buf out;
  char *line, *end;
  dur_buf_init(&out, &dur_mem_default, 1 << 16);
  assert_int_equal(dur_sigv4_canonical_request(r, &out), 0);
  assert_non_null(dur_buf_cstr(&out));
  line = out.data;
  while (n--)
    line = strchr(line, '\n') + 1;
  end = strchr(line, '\n');
  if (end)
    *end = '\0';
  assert_string_equal(line, expected);
  dur_buf_drop(&out);
}

static void the_documented_example_passes_every_stage(void **state) {
  static const dur_sigv4_header headers[] = {
      {DUR_LIT("Content-Type"),
       DUR_LIT("application/x-www-form-urlencoded; charset=utf-8")},
      HOST("iam.amazonaws.com"),
      {DUR_LIT("X-Amz-Date"), DUR_LIT("20150830T123600Z")},
  };
  dur_sigv4 r = example();
  (void)state;
  r.service = DUR_LIT("iam");
  r.query = DUR_LIT("Action=ListUsers&Version=2010-05-08");
  r.headers = headers;
  r.header_count = 3;
  check_text(
      dur_sigv4_canonical_request, &r,
      "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
      "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
      "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
      "content-type;host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  check_text(
      dur_sigv4_string_to_sign, &r,
      "AWS4-HMAC-SHA256\n20150830T123600Z\n"
      "20150830/us-east-1/iam/aws4_request\n"
      "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  check_text(
      dur_sigv4_authorization, &r,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/"
      "aws4_request, SignedHeaders=content-type;host;x-amz-date, "
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924"
      "a6f2b5d7");
}

/* A date header that the caller did not list is signed all the same. */
static void the_date_is_added_when_it_is_not_listed(void **state) {
  dur_sigv4 r = example();
  (void)state;
  check_line(&r, 4, "x-amz-date:20150830T123600Z");
  check_line(&r, 6, "host;x-amz-date");
  check_signature(
      &r, /* get-vanilla */
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void a_query_is_sorted_by_name_and_then_value(void **state) {
  dur_sigv4 r = example();
  (void)state;
  r.query = DUR_LIT("Param2=value2&Param1=value1");
  check_line(&r, 2, "Param1=value1&Param2=value2");
  check_signature(
      &r, /* get-vanilla-query-order-key-case */
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  r.query = DUR_LIT("Param1=value2&Param1=Value1&Param1=");
  check_line(&r, 2, "Param1=&Param1=Value1&Param1=value2");
  check_signature(
      &r, "a91384507eef6b89b751c44ad80a54f6289d5c533893be1835bf86b5dc9d76c0");
  /* '-' sorts before '=', a name before the names that it begins */
  r.query = DUR_LIT("a-b=1&a=2");
  check_line(&r, 2, "a=2&a-b=1");
  check_signature(
      &r, "3195c10f6c70f9392a7764f6f83099349c32cf39a12222f775fca70b6227a5a4");
}

static void a_query_is_encoded_exactly_once(void **state) {
  dur_sigv4 r = example();
  (void)state;
  r.query = DUR_LIT("b=%7E%2f&a&&c=x=y&d=1+2&e=%zz");
  check_line(&r, 2, "a=&b=~%2F&c=x%3Dy&d=1%2B2&e=%25zz");
}

static void a_body_is_hashed(void **state) {
  static const dur_sigv4_header headers[] = {
      {DUR_LIT("Content-Type"), DUR_LIT("application/x-www-form-urlencoded")},
      HOST("example.amazonaws.com"),
  };
  dur_sigv4 r = example();
  (void)state;
  r.method = DUR_LIT("POST");
  r.headers = headers;
  r.header_count = 2;
  r.body = DUR_LIT("Param1=value1");
  check_signature(
      &r, /* post-x-www-form-urlencoded */
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

static void a_session_token_is_signed_unless_omitted(void **state) {
  dur_sigv4 r = example();
  (void)state;
  r.session_token = dur_cstr(token);
  check_line(&r, 7, "host;x-amz-date;x-amz-security-token");
  check_signature(
      &r, "c8db8b9676d526f735dac5330f17623554c6cad1e2980d321903e9a3884c051b");
  r.omit_session_token = 1;
  check_line(&r, 6, "host;x-amz-date");
  check_signature(
      &r, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void a_listed_token_is_not_signed_twice(void **state) {
  static const dur_sigv4_header headers[] = {
      {DUR_LIT("x-amz-Security-token"), DUR_LIT("t")},
      HOST("example.amazonaws.com"),
  };
  dur_sigv4 r = example();
  (void)state;
  r.headers = headers;
  r.header_count = 2;
  r.session_token = DUR_LIT("t");
  check_line(&r, 5, "x-amz-security-token:t");
  check_line(&r, 7, "host;x-amz-date;x-amz-security-token");
}

typedef struct path_case {
  const char *path, *canonical, *signature;
} path_case;

static void a_path_is_normalized_and_then_encoded(void **state) {
  static const path_case cases[] = {
      {"/example space/", "/example%20space/",
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"/\xe1\x88\xb4", "/%E1%88%B4", /* get-utf8 */
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"//example//", "/example/", /* get-slashes */
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"/a/./b/../c//d", "/a/c/d",
       "a0bfccc88ccd4286fad13574308ed50acabfff5b2f0c50d1f015ba455e4749c6"},
      {"/example/..", "/", /* get-relative */
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"", "/",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"/../..", "/",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dur_sigv4 r = example();
    r.path = dur_cstr(cases[i].path);
    check_line(&r, 1, cases[i].canonical);
    check_signature(&r, cases[i].signature);
  }
}

static void normalization_can_be_declined(void **state) {
  dur_sigv4 r = example();
  (void)state;
  r.no_normalize = 1;
  r.path = DUR_LIT("//a/./b/../c d");
  check_line(&r, 1, "//a/./b/../c%20d");
  r.path = DUR_NONE;
  check_line(&r, 1, "/");
}

static void header_values_are_trimmed_and_folded(void **state) {
  static const dur_sigv4_header headers[] = {
      HOST("example.amazonaws.com"),
      {DUR_LIT("My-Header1"), DUR_LIT(" value1 ")},
      {DUR_LIT("My-Header2"), DUR_LIT(" \"a   b \t c\" ")},
  };
  dur_sigv4 r = example();
  (void)state;
  r.headers = headers;
  r.header_count = 3;
  check_line(&r, 4, "my-header1:value1");
  check_line(&r, 5, "my-header2:\"a b c\"");
  check_signature(
      &r, /* get-header-value-trim */
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

static void values_of_one_header_are_joined_in_order(void **state) {
  static const dur_sigv4_header headers[] = {
      {DUR_LIT("my-header1"), DUR_LIT("value2")},
      HOST("example.amazonaws.com"),
      {DUR_LIT("My-Header1"), DUR_LIT("value2")},
      {DUR_LIT("MY-HEADER1"), DUR_LIT("value1")},
  };
  dur_sigv4 r = example();
  (void)state;
  r.headers = headers;
  r.header_count = 4;
  check_line(&r, 4, "my-header1:value2,value2,value1");
  check_line(&r, 7, "host;my-header1;x-amz-date");
  check_signature(
      &r, /* get-header-key-duplicate */
      "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
}

/* The percent signs of an ARN in the request line are encoded once more. */
static void an_encoded_arn_in_the_path_is_encoded_twice(void **state) {
#define ONCE                                                                   \
  "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Aus-east-1%3A"           \
  "123456789012%3Afunction%3Aorders%3A%24LATEST%2Fdurable-execution%2Frun-1"   \
  "%2F0e3c"
#define TWICE                                                                  \
  "/2025-12-01/durable-executions/arn%253Aaws%253Alambda%253Aus-east-1%253A"   \
  "123456789012%253Afunction%253Aorders%253A%2524LATEST%252Fdurable-"          \
  "execution%252Frun-1%252F0e3c"
  static const dur_sigv4_header headers[] = {
      {DUR_LIT("Content-Type"), DUR_LIT("application/json")},
      HOST("lambda.us-east-1.amazonaws.com"),
  };
  dur_sigv4 r = example();
  (void)state;
  r.service = DUR_LIT("lambda");
  r.method = DUR_LIT("POST");
  r.path = DUR_LIT(ONCE "/checkpoint");
  r.headers = headers;
  r.header_count = 2;
  r.session_token = DUR_LIT("IQoJb3Jp//tok==");
  r.body = DUR_LIT("{\"CheckpointToken\":\"t\"}");
  check_line(&r, 1, TWICE "/checkpoint");
  check_signature(
      &r, "29f6afa08a26e5ce2987dc63b95bc755ccd240697f152dac757dc773bd0355d2");
  r.method = DUR_LIT("GET");
  r.path = DUR_LIT(ONCE "/state");
  r.query = DUR_LIT("Marker=b%2Fc%3D&CheckpointToken=a%2Bb&MaxItems=1000");
  r.headers = headers + 1;
  r.header_count = 1;
  r.session_token = DUR_NONE;
  r.body = DUR_NONE;
  check_line(&r, 1, TWICE "/state");
  check_line(&r, 2, "CheckpointToken=a%2Bb&Marker=b%2Fc%3D&MaxItems=1000");
  check_signature(
      &r, "7c22cf6e872527235ecd4293e163d790cbc7e29d532895428213177280790c90");
}

static void check_refused(const dur_sigv4 *r) {
  stage *stages[] = {dur_sigv4_canonical_request, dur_sigv4_string_to_sign,
                     dur_sigv4_authorization};
  for (size_t i = 0; i < 3; i++) {
    dur_buf out;
    dur_buf_init(&out, &dur_mem_default, 1 << 16);
    assert_int_equal(stages[i](r, &out), -1);
    dur_buf_drop(&out);
  }
}

static void an_incomplete_request_is_refused(void **state) {
  static const dur_sigv4_header other[] = {
      {DUR_LIT("Accept"), DUR_LIT("text/plain")}};
  dur_sigv4 r;
  (void)state;
#define WITHOUT(member, value)                                                 \
  r = example();                                                               \
  r.member = (value);                                                          \
  check_refused(&r)
  WITHOUT(access_key_id, DUR_NONE);
  WITHOUT(secret_access_key, DUR_NONE);
  WITHOUT(region, DUR_NONE);
  WITHOUT(service, DUR_NONE);
  WITHOUT(method, DUR_NONE);
  WITHOUT(headers, other);
  WITHOUT(header_count, 0);
  WITHOUT(amz_date, DUR_NONE);
  WITHOUT(amz_date, DUR_LIT("20150830123600"));
  WITHOUT(amz_date, DUR_LIT("20150830T12360Z0"));
}

static void more_than_256_parameters_or_headers_are_refused(void **state) {
  static dur_sigv4_header headers[300];
  static char query[2 * 257];
  dur_sigv4 r = example();
  (void)state;
  memset(query, '&', sizeof query);
  for (size_t i = 0; i < sizeof query; i += 2)
    query[i] = 'a';
  r.query = (dur_bytes){query, 2 * 256};
  check_line(&r, 6, "host;x-amz-date");
  r.query = (dur_bytes){query, 2 * 257};
  check_refused(&r);
  for (size_t i = 0; i < 300; i++)
    headers[i] = (dur_sigv4_header)HOST("h");
  r = example();
  r.headers = headers;
  r.header_count = 255;
  check_line(&r, 6, "host;x-amz-date");
  r.header_count = 256;
  check_refused(&r);
}

/* ---- failing allocations */

static int sign_all(const dur_mem *mem, void *user) {
  dur_buf out;
  int rc;
  dur_buf_init(&out, mem, 1 << 16);
  rc = dur_sigv4_authorization(user, &out);
  dur_buf_drop(&out);
  return rc;
}

static void every_failing_allocation_is_answered(void **state) {
  dur_sigv4 r = example();
  (void)state;
  r.path = DUR_LIT("/a/../b%20c");
  r.query = DUR_LIT("c=1&b=2");
  r.session_token = dur_cstr(token);
  test_each_failure(sign_all, &r, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_documented_example_passes_every_stage),
      cmocka_unit_test(the_date_is_added_when_it_is_not_listed),
      cmocka_unit_test(a_query_is_sorted_by_name_and_then_value),
      cmocka_unit_test(a_query_is_encoded_exactly_once),
      cmocka_unit_test(a_body_is_hashed),
      cmocka_unit_test(a_session_token_is_signed_unless_omitted),
      cmocka_unit_test(a_listed_token_is_not_signed_twice),
      cmocka_unit_test(a_path_is_normalized_and_then_encoded),
      cmocka_unit_test(normalization_can_be_declined),
      cmocka_unit_test(header_values_are_trimmed_and_folded),
      cmocka_unit_test(values_of_one_header_are_joined_in_order),
      cmocka_unit_test(an_encoded_arn_in_the_path_is_encoded_twice),
      cmocka_unit_test(an_incomplete_request_is_refused),
      cmocka_unit_test(more_than_256_parameters_or_headers_are_refused),
      cmocka_unit_test(every_failing_allocation_is_answered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
