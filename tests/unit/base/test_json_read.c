/* The JSON reader: what it answers, what it refuses, and where. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* A copy on the heap of exactly |len| bytes, so that a sanitizer sees a read
 * past the end. */
static dur_bytes exact(const char *data, size_t len) {
  char *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  if (len)
    memcpy(copy, data, len);
  return (dur_bytes){copy, len};
}

static void release(dur_bytes b) {
  free((void *)(uintptr_t)b.data);
}

static void expect_error(const char *data, size_t len, int flags,
                         const char *message, size_t at) {
  const char *error = NULL;
  size_t error_at = 0;
  dur_bytes text = exact(data, len);
  assert_int_equal(dur_json_valid(text, flags, &error, &error_at), 0);
  assert_non_null(error);
  if (strcmp(error, message) != 0 || error_at != at)
    fail_msg("%.*s: \"%s\" at %zu, not \"%s\" at %zu", (int)len, data, error,
             error_at, message, at);
  release(text);
}

static void refuse(const char *text, const char *message, size_t at) {
  expect_error(text, strlen(text), 0, message, at);
}

static void accept(const char *data, size_t len, int flags) {
  const char *error = NULL;
  size_t at = 0;
  dur_bytes text = exact(data, len);
  if (!dur_json_valid(text, flags, &error, &at))
    fail_msg("%.*s: %s at %zu", (int)len, data, error, at);
  assert_null(error);
  release(text);
}

static const char early[] = "the text ends too early";
static const char no_value[] = "expected a value";
static const char control[] = "a raw control character in a string";
static const char bad_escape[] = "a bad escape in a string";
static const char bad_utf8[] = "bad UTF-8";
static const char not_closed[] = "a string is not closed";
static const char trailing[] = "text follows the value";
static const char nan_refused[] = "NaN and Infinity are not allowed here";
static const char needless_zero[] = "a number starts with a needless zero";

/* ---- what it answers */

static void answers_tokens_in_order(void **state) {
  (void)state;
  static const char source[] =
      " {\"a\" : [1, -2.5e+3 ,\"x\\n\",true,false,null,[],{}] ,\t\"b\":\r\n{"
      "\"c\":0}} ";
  static const struct {
    int token;
    const char *text;
  } expected[] = {{DUR_JSON_OBJECT, NULL},      {DUR_JSON_KEY, "a"},
                  {DUR_JSON_ARRAY, NULL},       {DUR_JSON_NUMBER, "1"},
                  {DUR_JSON_NUMBER, "-2.5e+3"}, {DUR_JSON_STRING, "x\\n"},
                  {DUR_JSON_TRUE, NULL},        {DUR_JSON_FALSE, NULL},
                  {DUR_JSON_NULL, NULL},        {DUR_JSON_ARRAY, NULL},
                  {DUR_JSON_ARRAY_END, NULL},   {DUR_JSON_OBJECT, NULL},
                  {DUR_JSON_OBJECT_END, NULL},  {DUR_JSON_ARRAY_END, NULL},
                  {DUR_JSON_KEY, "b"},          {DUR_JSON_OBJECT, NULL},
                  {DUR_JSON_KEY, "c"},          {DUR_JSON_NUMBER, "0"},
                  {DUR_JSON_OBJECT_END, NULL},  {DUR_JSON_OBJECT_END, NULL},
                  {DUR_JSON_END, NULL},         {DUR_JSON_END, NULL}};
  dur_json json;
  dur_json_init(&json, DUR_LIT(source), 0);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    assert_int_equal(dur_json_next(&json), expected[i].token);
    assert_int_equal(json.token, expected[i].token);
    if (expected[i].text)
      assert_true(dur_bytes_is(json.text, expected[i].text));
  }
  assert_null(json.error);
  assert_int_equal(json.depth, 0);
}

static void slices_point_into_the_source(void **state) {
  (void)state;
  static const char source[] = "[\"plain\",\"esc\\u0041\",12]";
  dur_json json;
  dur_json_init(&json, DUR_LIT(source), 0);
  dur_json_next(&json);
  dur_json_next(&json);
  assert_ptr_equal(json.text.data, source + 2);
  assert_int_equal(json.escaped, 0);
  dur_json_next(&json);
  assert_int_equal(json.escaped, 1);
  assert_int_equal(json.text.len, 9);
  dur_json_next(&json);
  assert_ptr_equal(json.text.data, source + 21);
}

static void accepts_every_form(void **state) {
  (void)state;
  static const char *const good[] = {"0",
                                     "-0",
                                     "10",
                                     "0.0",
                                     "-0.5",
                                     "1e5",
                                     "1E-05",
                                     "1e+00",
                                     "123.456e7",
                                     "null",
                                     "true",
                                     "false",
                                     "\"\"",
                                     "[]",
                                     "{}",
                                     "\"\x7f\"",
                                     "[[[]]]",
                                     "\t[ ]\r\n",
                                     "{ }",
                                     "\"\\/\"",
                                     "\"\\ud800\"",
                                     "\"\\uDBFF\\uDFFF\"",
                                     "{\"a\":1,\"a\":2}"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    accept(good[i], strlen(good[i]), 0);
}

static void skips_whole_values(void **state) {
  (void)state;
  dur_json json;
  dur_json_init(&json,
                DUR_LIT("{\"a\":[1,[2,{\"x\":[]}]],\"b\":{\"c\":{}},\"d\":7,"
                        "\"e\":\"z\"}"),
                0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_OBJECT);
  assert_int_equal(dur_json_next(&json), DUR_JSON_KEY);
  assert_int_equal(dur_json_skip(&json), DUR_JSON_ARRAY_END);
  assert_int_equal(dur_json_next(&json), DUR_JSON_KEY);
  assert_int_equal(dur_json_next(&json), DUR_JSON_OBJECT);
  assert_int_equal(dur_json_skip_rest(&json), DUR_JSON_OBJECT_END);
  assert_int_equal(dur_json_next(&json), DUR_JSON_KEY);
  assert_true(dur_json_text_is(&json, "d"));
  assert_int_equal(dur_json_skip_rest(&json), DUR_JSON_NUMBER);
  assert_int_equal(dur_json_skip(&json), DUR_JSON_STRING);
  assert_int_equal(dur_json_skip(&json), DUR_JSON_OBJECT_END);
  assert_int_equal(dur_json_skip(&json), DUR_JSON_END);
}

static void answers_raw_text(void **state) {
  (void)state;
  static const char *const parts[] = {"\"s\\n\"",     "-1.50", "null",
                                      "true",         "false", "[ 1 ,{} ]",
                                      "{\"k\": [ ] }"};
  dur_json json;
  dur_bytes raw;
  char source[200] = "[";
  for (size_t i = 0; i < 7; i++) {
    strcat(source, i ? " ,\n " : "  ");
    strcat(source, parts[i]);
  }
  strcat(source, " ]");
  dur_json_init(&json, dur_cstr(source), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_ARRAY);
  for (size_t i = 0; i < 7; i++) {
    assert_true(dur_json_raw(&json, &raw) > DUR_JSON_END);
    assert_true(dur_bytes_is(raw, parts[i]));
  }
  assert_int_equal(dur_json_raw(&json, &raw), DUR_JSON_ARRAY_END);
  assert_null(raw.data);
  assert_int_equal(dur_json_raw(&json, &raw), DUR_JSON_END);
  dur_json_init(&json, DUR_LIT("{\"a\": [1] ,\"b\":2}"), 0);
  dur_json_next(&json);
  assert_int_equal(dur_json_raw(&json, &raw), DUR_JSON_ARRAY_END);
  assert_true(dur_bytes_is(raw, "[1]"));
  assert_int_equal(dur_json_skip(&json), DUR_JSON_NUMBER);
  assert_int_equal(dur_json_raw(&json, &raw), DUR_JSON_OBJECT_END);
  assert_null(raw.data);
  dur_json_init(&json, DUR_LIT("{\"a\":[1"), 0);
  dur_json_next(&json);
  dur_json_next(&json);
  assert_int_equal(dur_json_raw(&json, &raw), DUR_JSON_ERROR);
  assert_null(raw.data);
}

/* ---- what it refuses */

static void refuses_an_early_end(void **state) {
  (void)state;
  refuse("", early, 0);
  refuse("  ", early, 2);
  refuse("[", early, 1);
  refuse("[1", early, 2);
  refuse("[1,", early, 3);
  refuse("{", early, 1);
  refuse("{\"a\"", early, 4);
  refuse("{\"a\":", early, 5);
  refuse("{\"a\":1", early, 6);
  refuse("{\"a\":1,", early, 7);
  refuse("-", early, 1);
  refuse("1.", early, 2);
  refuse("1e", early, 2);
  refuse("1e+", early, 3);
  refuse("\"", not_closed, 1);
  refuse("\"abc", not_closed, 4);
  refuse("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", not_closed, 34);
  expect_error(NULL, 0, 0, early, 0);
}

/* Every proper prefix of a document is refused, and reads nothing past it. */
static void refuses_every_prefix(void **state) {
  (void)state;
  static const char whole[] =
      "{\"key\":[1.5e-7,\"\\ud83d\\ude00 \xf0\x9f\x98\x80\",true,false,null,"
      "-12,{\"x\":\"0123456789012345678901234567890123456789\"}]}";
  const char *error;
  size_t at;
  for (size_t len = 0; len < sizeof whole - 1; len++) {
    dur_bytes text = exact(whole, len);
    assert_int_equal(dur_json_valid(text, 0, &error, &at), 0);
    assert_true(at <= len);
    release(text);
  }
  accept(whole, sizeof whole - 1, 0);
}

static void refuses_trailing_text(void **state) {
  (void)state;
  refuse("[1] x", trailing, 4);
  refuse("1 2", trailing, 2);
  refuse("nullnull", trailing, 4);
  refuse("{}}", trailing, 2);
  refuse("\"a\"\"b\"", trailing, 3);
  refuse("1,", trailing, 1);
  expect_error("1\0", 2, 0, trailing, 1);
  refuse("1\xef\xbb\xbf", trailing, 1);
}

static void refuses_misplaced_marks(void **state) {
  (void)state;
  refuse("]", no_value, 0);
  refuse("[,1]", no_value, 1);
  refuse("[1,]", no_value, 3);
  refuse("[1 2]", "expected ',' or ']'", 3);
  refuse("[1}", "expected ',' or ']'", 2);
  refuse("{\"a\":1]", "expected ',' or '}'", 6);
  refuse("{\"a\" 1}", "expected ':'", 5);
  refuse("{\"a\":,}", no_value, 5);
  refuse("{\"a\":}", no_value, 5);
  refuse("{1:2}", "expected a key or '}'", 1);
  refuse("{,}", "expected a key or '}'", 1);
  refuse("{\"a\":1,}", "expected a key", 7);
  refuse("{\"a\":1,2}", "expected a key", 7);
  refuse("'a'", no_value, 0);
  refuse("\xef\xbb\xbf{}", no_value, 0);
  refuse("// x\n1", no_value, 0);
  refuse("nul", no_value, 0);
  refuse("True", no_value, 0);
  refuse("undefined", no_value, 0);
  refuse("\f1", no_value, 0);
  expect_error("\0", 1, 0, no_value, 0);
}

static void refuses_bad_numbers(void **state) {
  (void)state;
  refuse("01", needless_zero, 0);
  refuse("-01", needless_zero, 1);
  refuse("[00]", needless_zero, 1);
  refuse("-x", "expected a digit", 1);
  refuse("[-]", "expected a digit", 2);
  refuse("--1", "expected a digit", 1);
  refuse("+1", no_value, 0);
  refuse(".5", no_value, 0);
  refuse("[1.]", "expected a digit after the point", 3);
  refuse("1.e5", "expected a digit after the point", 2);
  refuse("1e+x", "expected a digit in the exponent", 3);
  refuse("1e5.5", trailing, 3);
  refuse("0x10", trailing, 1);
  refuse("1_000", trailing, 1);
  refuse("1,5", trailing, 1);
}

static void refuses_nan_unless_allowed(void **state) {
  (void)state;
  static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
  for (size_t i = 0; i < 3; i++) {
    dur_json json;
    refuse(words[i], nan_refused, 0);
    accept(words[i], strlen(words[i]), DUR_JSON_ALLOW_NAN);
    dur_json_init(&json, dur_cstr(words[i]), DUR_JSON_ALLOW_NAN);
    assert_int_equal(dur_json_next(&json), DUR_JSON_NUMBER);
    assert_true(dur_bytes_is(json.text, words[i]));
    assert_int_equal(dur_json_next(&json), DUR_JSON_END);
  }
  static const char *const bad[] = {"Nan",  "nan", "-NaN", "Inf",
                                    "-Inf", "-I",  "N",    "+Infinity"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *error;
    size_t at;
    assert_int_equal(
        dur_json_valid(dur_cstr(bad[i]), DUR_JSON_ALLOW_NAN, &error, &at), 0);
  }
}

static void refuses_control_characters_anywhere(void **state) {
  (void)state;
  for (int c = 0; c < 0x20; c++) {
    for (size_t at = 0; at < 40; at++) {
      char text[43];
      memset(text, 'a', sizeof text);
      text[0] = '"';
      text[42] = '"';
      text[1 + at] = (char)c;
      expect_error(text, sizeof text, 0, control, 1 + at);
    }
  }
}

static void refuses_bad_utf8_anywhere(void **state) {
  (void)state;
  static const char *const bad[] = {"\x80",
                                    "\xbf",
                                    "\xc0\x80",
                                    "\xc1\xbf",
                                    "\xc3",
                                    "\xc3(",
                                    "\xe0\x80\x80",
                                    "\xe0\x9f\xbf",
                                    "\xe2\x82",
                                    "\xe2\x82(",
                                    "\xed\xa0\x80",
                                    "\xed\xbf\xbf",
                                    "\xf0\x80\x80\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf0\x9f\x98",
                                    "\xf0\x9f\x98(",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xfe",
                                    "\xff"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    size_t len = strlen(bad[i]);
    for (size_t at = 0; at < 36; at++) {
      char text[48] = "\"";
      memset(text + 1, 'a', 42);
      memcpy(text + 1 + at, bad[i], len);
      text[43] = '"';
      expect_error(text, 44, 0, bad_utf8, 1 + at);
    }
  }
  refuse("\"\xc3\"", bad_utf8, 1);
  refuse("{\"\xff\":1}", bad_utf8, 2);
}

static void accepts_good_utf8_anywhere(void **state) {
  (void)state;
  static const char *const good[] = {
      "\xc2\x80",     "\xdf\xbf",     "\xe0\xa0\x80",     "\xed\x9f\xbf",
      "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
      "\x7f",         "\xe2\x80\xa8"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    for (size_t at = 0; at < 36; at++) {
      char text[48] = "\"";
      memset(text + 1, 'a', 42);
      memcpy(text + 1 + at, good[i], strlen(good[i]));
      text[43] = '"';
      accept(text, 44, 0);
    }
  }
}

static void refuses_bad_escapes(void **state) {
  (void)state;
  refuse("\"\\x41\"", bad_escape, 1);
  refuse("\"\\a\"", bad_escape, 1);
  refuse("\"\\U0041\"", bad_escape, 1);
  refuse("\"\\'\"", bad_escape, 1);
  refuse("\"\\u\"", bad_escape, 1);
  refuse("\"\\u004\"", bad_escape, 1);
  refuse("\"ab\\u00g0\"", bad_escape, 3);
  refuse("\"\\u 041\"", bad_escape, 1);
  refuse("\"\\u-041\"", bad_escape, 1);
  refuse("\"\\", bad_escape, 1);
  refuse("\"\\u00", bad_escape, 1);
  refuse("\"\\\"", not_closed, 3);
  expect_error("\"\\\0\"", 4, 0, bad_escape, 1);
}

static void refuses_depth_past_the_ceiling(void **state) {
  (void)state;
  enum { MAX = DUR_JSON_MAX_DEPTH };
  static char text[2 * MAX + 2];
  memset(text, '[', MAX);
  memset(text + MAX, ']', MAX);
  accept(text, 2 * MAX, 0);
  memset(text, '[', MAX + 1);
  memset(text + MAX + 1, ']', MAX + 1);
  expect_error(text, sizeof text, 0, "arrays and objects are nested too deep",
               MAX);
}

static void remembers_the_kind_at_every_depth(void **state) {
  (void)state;
  dur_json json;
  static char text[8 * DUR_JSON_MAX_DEPTH];
  size_t len = 0;
  for (int i = 0; i < DUR_JSON_MAX_DEPTH; i++)
    len += (size_t)sprintf(text + len, i % 3 == 0 ? "{\"k\":" : "[");
  text[len++] = '1';
  for (int i = DUR_JSON_MAX_DEPTH - 1; i >= 0; i--)
    text[len++] = i % 3 == 0 ? '}' : ']';
  accept(text, len, 0);
  text[len - 5] = text[len - 5] == '}' ? ']' : '}';
  dur_json_init(&json, (dur_bytes){text, len}, 0);
  assert_int_equal(dur_json_skip(&json), DUR_JSON_ERROR);
  assert_int_equal(json.error_at, len - 5);
}

static void an_error_sticks(void **state) {
  (void)state;
  dur_json json;
  dur_bytes raw;
  dur_json_init(&json, DUR_LIT("[1,x,2]"), 0);
  dur_json_next(&json);
  dur_json_next(&json);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(dur_json_next(&json), DUR_JSON_ERROR);
    assert_int_equal(dur_json_skip(&json), DUR_JSON_ERROR);
    assert_int_equal(dur_json_skip_rest(&json), DUR_JSON_ERROR);
    assert_int_equal(dur_json_raw(&json, &raw), DUR_JSON_ERROR);
    assert_string_equal(json.error, no_value);
    assert_int_equal(json.error_at, 3);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_tokens_in_order),
      cmocka_unit_test(slices_point_into_the_source),
      cmocka_unit_test(accepts_every_form),
      cmocka_unit_test(skips_whole_values),
      cmocka_unit_test(answers_raw_text),
      cmocka_unit_test(refuses_an_early_end),
      cmocka_unit_test(refuses_every_prefix),
      cmocka_unit_test(refuses_trailing_text),
      cmocka_unit_test(refuses_misplaced_marks),
      cmocka_unit_test(refuses_bad_numbers),
      cmocka_unit_test(refuses_nan_unless_allowed),
      cmocka_unit_test(refuses_control_characters_anywhere),
      cmocka_unit_test(refuses_bad_utf8_anywhere),
      cmocka_unit_test(accepts_good_utf8_anywhere),
      cmocka_unit_test(refuses_bad_escapes),
      cmocka_unit_test(refuses_depth_past_the_ceiling),
      cmocka_unit_test(remembers_the_kind_at_every_depth),
      cmocka_unit_test(an_error_sticks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
