/* Plain JSON: what is kept, what is refused, and where it says so. */
#include "serdes_test.h"

#include <math.h>

#include "serdes/plain.h"

static dur_value *read(const char *text) {
  dur_value *v;
  assert_int_equal(dur_plain_read(&arena, dur_cstr(text), &v, &err), 0);
  return v;
}

static const char *write(const dur_value *v, int spaced) {
  dur_buf_reset(&buf);
  assert_int_equal(dur_plain_write(&buf, v, spaced, &err), 0);
  return written();
}

static void spaced_is_what_json_dumps_writes(void **state) {
  (void)state;
  assert_string_equal(write(N(), 1), "null");
  assert_string_equal(write(S("h\xC3\xA9"), 1), "\"h\\u00e9\"");
  assert_string_equal(write(M("a", L(I(1), F(2.0), M("b", N()))), 1),
                      "{\"a\": [1, 2.0, {\"b\": null}]}");
  assert_string_equal(write(L(END), 1), "[]");
  assert_string_equal(write(M("a", L(I(1), F(2.0), M("b", N()))), 0),
                      "{\"a\":[1,2.0,{\"b\":null}]}");
}

static void numbers_keep_their_value(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"9007199254740993", "9007199254740993"},
      {"-1180591620717411303424", "-1180591620717411303424"},
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"1.10", "1.1"},
      {"1E2", "100.0"},
      {"1e400", "Infinity"},
      {"[NaN,-Infinity]", "[NaN,-Infinity]"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(write(read(rows[i][0]), 0), rows[i][1]);
  assert_int_equal(read("1.10")->kind, DUR_FLOAT);
  assert_int_equal(read("1180591620717411303424")->fits, 0);
}

static void text_keeps_nul_and_lone_surrogates(void **state) {
  (void)state;
  const char *text = "{\"a\\u0000b\":\"\\ud83d\"}";
  assert_string_equal(write(read(text), 0), text);
}

static void the_later_of_two_keys_stays_at_the_earlier_place(void **state) {
  (void)state;
  assert_string_equal(write(read("{\"a\":1,\"b\":2,\"a\":[3]}"), 0),
                      "{\"a\":[3],\"b\":2}");
}

static void a_tuple_is_an_array(void **state) {
  (void)state;
  assert_string_equal(write(T(I(1), T(END)), 0), "[1,[]]");
}

static void refuses_to_write(const dur_value *v, const char *message,
                             const char *path) {
  assert_int_equal(dur_plain_write(&buf, v, 0, &err), -1);
  assert_string_equal(err.message, message);
  assert_string_equal(err.path, path);
}

static void other_kinds_are_named_with_their_place(void **state) {
  (void)state;
  dur_value *when = parsed(DUR_DATETIME, "2025-01-02");
  refuses_to_write(M("items", L(N(), N(), N(), M("when", when))),
                   "$.items[3].when: datetime cannot be stored as plain JSON",
                   "$.items[3].when");
  refuses_to_write(Y(""), "$: bytes cannot be stored as plain JSON", "$");
  refuses_to_write(
      M("a.b", parsed(DUR_UUID, "12345678-1234-5678-1234-567812345678")),
      "$[\"a.b\"]: UUID cannot be stored as plain JSON", "$[\"a.b\"]");
  refuses_to_write(L(parsed(DUR_DECIMAL, "1")),
                   "$[0]: decimal cannot be stored as plain JSON", "$[0]");
  refuses_to_write(L(parsed(DUR_DATE, "2025-01-02")),
                   "$[0]: date cannot be stored as plain JSON", "$[0]");
  refuses_to_write(dur_value_container(&arena, DUR_BATCH),
                   "$: batch result cannot be stored as plain JSON", "$");
}

static void bytes_that_are_no_text_are_refused(void **state) {
  (void)state;
  refuses_to_write(M("a", S("\xFF")), "$.a: string is not UTF-8", "$.a");
  refuses_to_write(M("\xFF", I(1)), "$[\"\xFF\"]: string is not UTF-8",
                   "$[\"\xFF\"]");
}

static void long_paths_are_cut(void **state) {
  (void)state;
  dur_value *v = Y("");
  for (int i = 0; i < 300; i++)
    v = M("\xC3\xA9\xC3\xA9\xC3\xA9", v);
  assert_int_equal(dur_plain_write(&buf, v, 0, &err), -1);
  assert_in_range(strlen(err.path), 240, DUR_SERDES_PATH_MAX - 1);
  assert_non_null(strstr(err.message, "cannot be stored"));
}

static void refuses_to_read(const char *text, const char *message) {
  dur_value *v;
  assert_int_equal(dur_plain_read(&arena, dur_cstr(text), &v, &err), -1);
  assert_null(v);
  assert_int_equal(err.code, DUR_SERDES_JSON);
  assert_string_equal(err.message, message);
}

static void says_what_python_says(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {" ", "Expecting value: line 1 column 2 (char 1)"},
      {"[", "Expecting value: line 1 column 2 (char 1)"},
      {"[1,]", "Expecting value: line 1 column 4 (char 3)"},
      {"[1,\n2,\n,]", "Expecting value: line 3 column 1 (char 7)"},
      {"[nan]", "Expecting value: line 1 column 2 (char 1)"},
      {"-", "Expecting value: line 1 column 1 (char 0)"},
      {"{\"a\":", "Expecting value: line 1 column 6 (char 5)"},
      {"01", "Extra data: line 1 column 2 (char 1)"},
      {"1.", "Extra data: line 1 column 2 (char 1)"},
      {"nullx", "Extra data: line 1 column 5 (char 4)"},
      {"\"\xC3\xA9\" x", "Extra data: line 1 column 5 (char 4)"},
      {"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"},
      {"[01]", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
      {"{\"a\":1", "Expecting ',' delimiter: line 1 column 7 (char 6)"},
      {"{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"},
      {"{\"a\":1,}", "Expecting property name enclosed in double quotes: line "
                     "1 column 8 (char 7)"},
      {"{1:2}", "Expecting property name enclosed in double quotes: line 1 "
                "column 2 (char 1)"},
      {"\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"},
      {"\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"},
      {"\"a\\qb\"", "Invalid \\escape: line 1 column 3 (char 2)"},
      {"\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
      {"\xEF\xBB\xBF"
       "1",
       "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char "
       "0)"},
      {"\"\xFF\"", "payload is not UTF-8 at byte 1"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    refuses_to_read(rows[i][0], rows[i][1]);
}

static void nesting_has_a_ceiling(void **state) {
  (void)state;
  char text[2 * (DUR_JSON_MAX_DEPTH + 1)];
  size_t depth = DUR_JSON_MAX_DEPTH;
  dur_value *v;
  memset(text, '[', depth);
  memset(text + depth, ']', depth);
  dur_bytes deepest = {text, 2 * depth};
  assert_int_equal(dur_plain_read(&arena, deepest, &v, &err), 0);
  assert_int_equal(v->height, DUR_VALUE_MAX_HEIGHT);
  assert_int_equal(dur_plain_write(&buf, v, 0, &err), 0);
  assert_true(dur_bytes_eq(dur_buf_view(&buf), deepest));
  memset(text, '[', depth + 1);
  memset(text + depth + 1, ']', depth + 1);
  dur_bytes deeper = {text, 2 * (depth + 1)};
  assert_int_equal(dur_plain_read(&arena, deeper, &v, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_LIMIT);
}

static void a_full_buffer_is_a_limit(void **state) {
  (void)state;
  dur_buf small;
  dur_buf_init(&small, &counting_mem, 8);
  assert_int_equal(dur_plain_write(&small, S("123456789"), 0, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_LIMIT);
  assert_string_equal(err.message, "payload is larger than 8 bytes");
  dur_buf_drop(&small);
}

static int read_and_write(void) {
  dur_value *v;
  if (dur_plain_read(&arena,
                     DUR_LIT("{\"a\\n\":[1,2.5,\"\\u00e9\",{\"b\":null}],"
                             "\"c\":99999999999999999999}"),
                     &v, &err))
    return -1;
  return dur_plain_write(&buf, v, 1, &err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(read_and_write);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(spaced_is_what_json_dumps_writes),
      TEST(numbers_keep_their_value),
      TEST(text_keeps_nul_and_lone_surrogates),
      TEST(the_later_of_two_keys_stays_at_the_earlier_place),
      TEST(a_tuple_is_an_array),
      TEST(other_kinds_are_named_with_their_place),
      TEST(bytes_that_are_no_text_are_refused),
      TEST(long_paths_are_cut),
      TEST(says_what_python_says),
      TEST(nesting_has_a_ceiling),
      TEST(a_full_buffer_is_a_limit),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
