/* The API's length and character rules. */
#include "wire_test.h"

#include "wire/limits.h"

/* |n| times |c| */
static dur_bytes run_of(char c, size_t n) {
  static char text[2048];
  assert_true(n <= sizeof(text));
  memset(text, c, n);
  return (dur_bytes){text, n};
}

static void length_ends_where_the_api_says(void **state) {
  (void)state;
  static const struct {
    int (*ok)(dur_bytes);
    size_t max;
  } rules[] = {{dur_name_ok, 256},          {dur_id_ok, 64},
               {dur_sub_type_ok, 32},       {dur_tenant_ok, 256},
               {dur_function_name_ok, 256}, {dur_execution_name_ok, 64},
               {dur_client_token_ok, 64}};
  for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
    assert_false(rules[i].ok(DUR_NONE));
    assert_false(rules[i].ok(DUR_LIT("")));
    assert_true(rules[i].ok(run_of('a', 1)));
    assert_true(rules[i].ok(run_of('a', rules[i].max)));
    assert_false(rules[i].ok(run_of('a', rules[i].max + 1)));
  }
}

static void traces_may_be_empty(void **state) {
  (void)state;
  assert_true(dur_trace_ok(DUR_NONE));
  assert_true(dur_trace_ok(DUR_LIT("")));
  assert_false(dur_trace_ok(DUR_LIT("Root=1\r\nHost: x")));
  char text[8193];
  memset(text, 'a', sizeof text);
  assert_true(dur_trace_ok((dur_bytes){text, 8192}));
  assert_false(dur_trace_ok((dur_bytes){text, 8193}));
}

/* Every byte alone, against a set written out. */
static void check_class(int (*ok)(dur_bytes), const char *also) {
  for (int c = 0; c < 256; c++) {
    char text = (char)c;
    int word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9');
    int expected = word || (c != 0 && strchr(also, c) != NULL);
    if (ok((dur_bytes){&text, 1}) != expected)
      fail_msg("byte 0x%02x: expected %d", c, expected);
  }
}

static void characters_are_the_apis(void **state) {
  (void)state;
  check_class(dur_id_ok, "-_");
  check_class(dur_sub_type_ok, "-_");
  check_class(dur_execution_name_ok, "-_");
  check_class(dur_tenant_ok, "._:/=+-@ ");
  check_class(dur_name_ok, " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  check_class(dur_client_token_ok, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  check_class(dur_trace_ok, " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  assert_false(dur_name_ok(DUR_LIT("a\nb")));
  assert_false(dur_name_ok(DUR_LIT("caf\xc3\xa9")));
  assert_false(dur_id_ok(DUR_LIT("a/b")));
  assert_false(dur_id_ok((dur_bytes){"a\0b", 3}));
}

static void function_names_take_every_form(void **state) {
  (void)state;
  static const struct {
    const char *given, *name;
  } good[] = {
      {"fn", "fn"},
      {"My-Function_1.x", "My-Function_1.x"},
      {"fn:1", "fn"},
      {"fn:$LATEST", "fn"},
      {"fn:$LATEST.PUBLISHED", "fn"},
      {"fn:alias-2_b", "fn"},
      {"function:$LATEST", "function"},
      {"function:7", "function"},
      {"my-function:prod", "my-function"},
      {"function:fn:7", "fn"},
      {"123456789012:fn", "fn"},
      {"123456789012:function", "function"},
      {"123456789012:function:fn:prod", "fn"},
      {"123456789012:function:function", "function"},
      {"us-east-1:123456789012:function:fn", "fn"},
      {"us-gov-west-1:fn", "fn"},
      {"us-iso-east-1:fn", "fn"},
      {"us-isob-east-1:fn", "fn"},
      {"arn:aws:lambda:us-east-1:123456789012:function:fn", "fn"},
      {"arn:aws:lambda:us-east-1:123456789012:function:fn:$LATEST", "fn"},
      {"arn:aws:lambda:us-east-1:123456789012:function:function:$LATEST",
       "function"},
      {"arn:aws-cn:lambda:cn-north-1:123456789012:function:fn:1", "fn"},
      {"arn::lambda:fn", "fn"},
      {"arn:aws:lambda:fn:1", "fn"},
      {"arn:x", "arn"},
  };
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    dur_bytes name = dur_function_bare(dur_cstr(good[i].given));
    if (!dur_function_name_ok(dur_cstr(good[i].given)))
      fail_msg("refused: %s", good[i].given);
    if (!dur_bytes_is(name, good[i].name))
      fail_msg("%s: %.*s", good[i].given, (int)name.len, name.data);
  }
}

static void function_names_refuse_the_rest(void **state) {
  (void)state;
  static const char *const bad[] = {
      ":",
      "fn:",
      ":fn",
      "fn:1:2",
      "fn name",
      "fn/x",
      "fn:$latest",
      "fn:$LATEST.",
      "fn:a.b",
      "12345:function:fn",
      "1234567890123:function:fn",
      "us-east-1:12345:function:fn",
      "useast-1:123456789012:function:fn",
      "us-east-12:123456789012:function:fn",
      "us--1:123456789012:function:fn",
      "us-isobb-east-1:123456789012:function:fn",
      "arn:gcp:lambda:us-east-1:123456789012:function:fn",
      "arn:aws1:lambda:us-east-1:123456789012:function:fn",
      "arn:aws:s3:us-east-1:123456789012:function:fn",
      "arn:aws:lambda:us-east-1:123456789012:function:fn:1:2",
      "arn:aws:lambda:us-east-1:123456789012:function:fn:1:2:3",
      "function:arn:aws:lambda:fn",
      "caf\xc3\xa9",
  };
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    if (dur_function_name_ok(dur_cstr(bad[i])))
      fail_msg("taken: %s", bad[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(length_ends_where_the_api_says),
      cmocka_unit_test(traces_may_be_empty),
      cmocka_unit_test(characters_are_the_apis),
      cmocka_unit_test(function_names_take_every_form),
      cmocka_unit_test(function_names_refuse_the_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
