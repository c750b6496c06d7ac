/* ErrorObject: read, written, refused, cut to size. */
#include "wire_test.h"

static dur_error parse(bench *b, const char *text, int expected) {
  dur_error e;
  const char *why = "untouched";
  int got = dur_error_parse(dur_cstr(text), &b->arena, &e, &why);
  if (got != expected)
    fail_msg("%s: %d (%s)", text, got, why);
  return e;
}

static void all_members_are_read(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_error e =
      parse(&b,
            "{\"StackTrace\":[\"l1\", \"l\\n2\"],\"ErrorData\":\"\",\"New\":"
            "{\"x\":[1]},\"ErrorType\":\"T\",\"ErrorMessage\":\"caf\\u00e9\"}",
            1);
  assert_bytes(e.message, "caf\xc3\xa9");
  assert_bytes(e.type, "T");
  assert_bytes(e.data, "");
  assert_bytes(e.stack, "[\"l1\", \"l\\n2\"]");
  bench_drop(&b);
}

static void null_and_empty_are_no_error(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_error e = parse(&b, "null", 0);
  assert_absent(e.message);
  parse(&b, "{}", 0);
  parse(&b, " { } ", 0);
  /* a member makes it an error, even one that says nothing */
  e = parse(&b, "{\"ErrorMessage\":null,\"StackTrace\":null}", 1);
  assert_absent(e.message);
  assert_absent(e.stack);
  parse(&b, "{\"Unknown\":1}", 1);
  bench_drop(&b);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"[]", "the error is not an object"},
      {"\"x\"", "the error is not an object"},
      {"{\"ErrorMessage\":1}", "Error.ErrorMessage is not a string"},
      {"{\"ErrorType\":[]}", "Error.ErrorType is not a string"},
      {"{\"ErrorData\":{}}", "Error.ErrorData is not a string"},
      {"{\"StackTrace\":\"x\"}", "Error.StackTrace is not an array of strings"},
      {"{\"StackTrace\":[1]}", "Error.StackTrace is not an array of strings"},
      {"{\"StackTrace\":[\"a\",[]]}",
       "Error.StackTrace is not an array of strings"},
  };
  bench b;
  dur_error e;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *why = NULL;
    assert_int_equal(
        dur_error_parse(dur_cstr(rows[i].text), &b.arena, &e, &why), -1);
    assert_string_equal(why, rows[i].why);
  }
  const char *why = NULL;
  assert_int_equal(dur_error_parse(DUR_LIT("{} x"), &b.arena, &e, &why), -1);
  assert_non_null(why);
  why = NULL;
  assert_int_equal(dur_error_parse(DUR_LIT(""), &b.arena, &e, &why), -1);
  assert_non_null(why);
  bench_drop(&b);
}

static void a_reader_goes_on_behind_the_error(void **state) {
  (void)state;
  bench b;
  dur_json json;
  dur_error e;
  bench_init(&b);
  dur_json_init(&json, DUR_LIT("[{\"ErrorType\":\"A\"},null,7]"), 0);
  dur_json_next(&json);
  assert_int_equal(dur_error_read(&json, &b.arena, &e), 1);
  assert_bytes(e.type, "A");
  assert_int_equal(dur_error_read(&json, &b.arena, &e), 0);
  assert_absent(e.type);
  assert_int_equal(dur_error_read(&json, &b.arena, &e), -1);
  assert_null(json.error);
  bench_drop(&b);
}

static void check_written(const dur_error *e, const char *expected) {
  bench b;
  bench_init(&b);
  dur_error_write(&b.out, e);
  assert_bytes(written(&b), expected);
  assert_int_equal(dur_error_size(e), strlen(expected));
  bench_drop(&b);
}

static void absent_members_are_not_written(void **state) {
  (void)state;
  check_written(&(dur_error){0}, "{}");
  check_written(
      &(dur_error){.message = DUR_LIT("bad"), .type = DUR_LIT("ValueError")},
      "{\"ErrorMessage\":\"bad\",\"ErrorType\":\"ValueError\"}");
  check_written(&(dur_error){.message = DUR_LIT(""),
                             .type = DUR_LIT("T\xc3\xa9"),
                             .data = DUR_LIT("{\"d\":1}"),
                             .stack = DUR_LIT("[\"l1\",\"l2\"]")},
                "{\"ErrorMessage\":\"\",\"ErrorType\":\"T\\u00e9\","
                "\"ErrorData\":\"{\\\"d\\\":1}\","
                "\"StackTrace\":[\"l1\",\"l2\"]}");
}

static void a_copy_outlives_its_source(void **state) {
  (void)state;
  bench b;
  char message[] = "gone";
  dur_error to;
  bench_init(&b);
  dur_error from = {.message = {message, 4}, .data = DUR_LIT("")};
  assert_int_equal(dur_error_copy(&b.arena, &from, &to), 0);
  message[0] = 'X';
  assert_bytes(to.message, "gone");
  assert_bytes(to.data, "");
  assert_absent(to.type);
  assert_absent(to.stack);
  bench_drop(&b);
}

/* ---- cutting */

static dur_error big(void) {
  return (dur_error){.message = DUR_LIT("h\xc3\xa9\xc3\xa9llo"),
                     .type = DUR_LIT("Type"),
                     .data = DUR_LIT("dddddddddddddddd"),
                     .stack = DUR_LIT("[\"one\",\"two\",\"three\"]")};
}

static void what_fits_is_left_alone(void **state) {
  (void)state;
  bench b;
  dur_error e = big(), same = big();
  bench_init(&b);
  assert_int_equal(dur_error_truncate(&b.arena, &e, dur_error_size(&e)), 0);
  assert_same_error(&e, &same);
  bench_drop(&b);
}

static void data_goes_first_then_lines_then_text(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_error e = big();
  assert_int_equal(dur_error_truncate(&b.arena, &e, dur_error_size(&e) - 1), 0);
  assert_absent(e.data);
  assert_bytes(e.stack, "[\"one\",\"two\",\"three\"]");
  size_t size = dur_error_size(&e);
  assert_int_equal(dur_error_truncate(&b.arena, &e, size - 1), 0);
  assert_bytes(e.stack, "[\"one\",\"two\"]");
  assert_bytes(e.message, "h\xc3\xa9\xc3\xa9llo");
  e.stack = DUR_NONE;
  size = dur_error_size(&e);
  assert_int_equal(dur_error_truncate(&b.arena, &e, size - 3), 0);
  assert_bytes(e.message, "h\xc3\xa9\xc3\xa9");
  assert_int_equal(dur_error_truncate(&b.arena, &e, size - 4), 0);
  assert_bytes(e.message, "h\xc3\xa9");
  assert_bytes(e.type, "Type");
  bench_drop(&b);
}

static void every_ceiling_is_kept(void **state) {
  (void)state;
  bench b;
  dur_error e = big();
  bench_init(&b);
  for (size_t max = dur_error_size(&e) + 1; max >= 2; max--) {
    e = big();
    assert_int_equal(dur_error_truncate(&b.arena, &e, max), 0);
    assert_true(dur_error_size(&e) <= max);
    bench_again(&b, 0);
    dur_error_write(&b.out, &e);
    dur_bytes text = written(&b);
    assert_int_equal(text.len, dur_error_size(&e));
    /* nothing was cut inside a character, and the stack is still an array */
    const char *error;
    size_t at;
    assert_true(dur_json_valid(text, 0, &error, &at));
    assert_null(strstr(dur_buf_cstr(&b.buf), "ufffd"));
  }
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_members_are_read),
      cmocka_unit_test(null_and_empty_are_no_error),
      cmocka_unit_test(what_is_wrong_is_said),
      cmocka_unit_test(a_reader_goes_on_behind_the_error),
      cmocka_unit_test(absent_members_are_not_written),
      cmocka_unit_test(a_copy_outlives_its_source),
      cmocka_unit_test(what_fits_is_left_alone),
      cmocka_unit_test(data_goes_first_then_lines_then_text),
      cmocka_unit_test(every_ceiling_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
