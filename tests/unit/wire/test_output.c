/* The answer to Lambda: three statuses, byte for byte, and what is refused. */
#include "wire_test.h"

static void check_written(const char *status, dur_bytes result,
                          const dur_error *error, const char *expected) {
  bench b;
  dur_output out;
  const char *why = NULL;
  bench_init(&b);
  dur_output_write(&b.buf, status, result, error);
  assert_bytes(written(&b), expected);
  assert_int_equal(dur_output_read(written(&b), &b.arena, &out, &why), 0);
  assert_bytes(out.status, status);
  assert_same(out.result, result);
  bench_drop(&b);
}

static void outputs_are_written(void **state) {
  (void)state;
  check_written("PENDING", DUR_NONE, NULL, "{\"Status\":\"PENDING\"}");
  check_written("SUCCEEDED", DUR_LIT("null"), NULL,
                "{\"Status\":\"SUCCEEDED\",\"Result\":\"null\"}");
  check_written("SUCCEEDED", DUR_LIT(""), NULL,
                "{\"Status\":\"SUCCEEDED\",\"Result\":\"\"}");
  check_written("SUCCEEDED", DUR_LIT("{\"a\": 1}"), NULL,
                "{\"Status\":\"SUCCEEDED\",\"Result\":\"{\\\"a\\\": 1}\"}");
  check_written("FAILED", DUR_NONE, NULL, "{\"Status\":\"FAILED\"}");
  check_written("FAILED", DUR_NONE, &(dur_error){0},
                "{\"Status\":\"FAILED\",\"Error\":{}}");
  check_written("FAILED", DUR_NONE,
                &(dur_error){.message = DUR_LIT("user failure"),
                             .type = DUR_LIT("ValueError")},
                "{\"Status\":\"FAILED\",\"Error\":{\"ErrorMessage\":"
                "\"user failure\",\"ErrorType\":\"ValueError\"}}");
}

static void outputs_are_read(void **state) {
  (void)state;
  bench b;
  dur_output out;
  const char *why;
  bench_init(&b);
  assert_int_equal(
      dur_output_read(DUR_LIT("{\"Error\":{\"ErrorType\":\"T\"},\"Result\":"
                              "null,\"Status\":\"FAILED\",\"More\":[]}"),
                      &b.arena, &out, &why),
      0);
  assert_bytes(out.status, "FAILED");
  assert_absent(out.result);
  assert_int_equal(out.has_error, 1);
  assert_bytes(out.error.type, "T");
  assert_int_equal(dur_output_read(DUR_LIT("{\"Status\":\"NEW\",\"Error\":{}}"),
                                   &b.arena, &out, &why),
                   0);
  assert_bytes(out.status, "NEW");
  assert_int_equal(out.has_error, 0);
  bench_drop(&b);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"null", "the output is not a JSON object"},
      {"\"SUCCEEDED\"", "the output is not a JSON object"},
      {"{}", "the output has no Status"},
      {"{\"Status\":null}", "the output has no Status"},
      {"{\"Status\":1}", "the output's Status is not a string"},
      {"{\"Status\":\"SUCCEEDED\",\"Result\":{}}",
       "the output's Result is not a string"},
      {"{\"Status\":\"FAILED\",\"Error\":\"x\"}",
       "the output's Error is not an object"},
  };
  bench b;
  dur_output out;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    why = NULL;
    assert_int_equal(
        dur_output_read(dur_cstr(rows[i].text), &b.arena, &out, &why), -1);
    assert_string_equal(why, rows[i].why);
  }
  why = NULL;
  assert_int_equal(
      dur_output_read(DUR_LIT("{\"Status\":"), &b.arena, &out, &why), -1);
  assert_non_null(why);
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs_are_written),
      cmocka_unit_test(outputs_are_read),
      cmocka_unit_test(what_is_wrong_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
