/* Timestamps: exact to the millisecond, cut below it. */
#include "wire_test.h"

static int read_time(const char *text, dur_time_form form, int64_t *ms) {
  dur_json json;
  *ms = 12345;
  dur_json_init(&json, dur_cstr(text), 0);
  return dur_time_read(&json, form, ms);
}

static void check(const char *text, dur_time_form form, int64_t expected) {
  int64_t ms;
  if (read_time(text, form, &ms) != 0)
    fail_msg("refused: %s", text);
  if (ms != expected)
    fail_msg("%s: %lld is not %lld", text, (long long)ms, (long long)expected);
}

static void numbers_are_exact(void **state) {
  (void)state;
  check("1735689600123", DUR_TIME_MS, 1735689600123);
  check("1735689600123.0", DUR_TIME_MS, 1735689600123);
  check("1735689600123.999", DUR_TIME_MS, 1735689600123);
  check("1.735689600123e12", DUR_TIME_MS, 1735689600123);
  check("1735689600.123", DUR_TIME_S, 1735689600123);
  check("1735689600.1239999", DUR_TIME_S, 1735689600123);
  check("1735689600", DUR_TIME_S, 1735689600000);
  check("1735689600.5", DUR_TIME_S, 1735689600500);
  check("1.7356896E9", DUR_TIME_S, 1735689600000);
  check("17356896001e-1", DUR_TIME_S, 1735689600100);
  check("1795229256.53639", DUR_TIME_S, 1795229256536);
  /* the next three are one less in double arithmetic */
  check("1.001", DUR_TIME_S, 1001);
  check("64.1", DUR_TIME_S, 64100);
  check("263578.991", DUR_TIME_S, 263578991);
  check("253402300799.999", DUR_TIME_S, 253402300799999);
}

static void zero_and_null_are_absent(void **state) {
  (void)state;
  check("0", DUR_TIME_MS, 0);
  check("0.0", DUR_TIME_S, 0);
  check("-0", DUR_TIME_S, 0);
  check("null", DUR_TIME_S, 0);
  check("0.0001", DUR_TIME_S, 0);
  check("0e999999999999999999999", DUR_TIME_S, 0);
  check("1e-999999999999999999999", DUR_TIME_S, 0);
  check("-1.5", DUR_TIME_S, -1500);
}

static void iso_strings_are_read(void **state) {
  (void)state;
  check("\"1970-01-01T00:00:00Z\"", DUR_TIME_S, 0);
  check("\"2025-01-01T00:00:00Z\"", DUR_TIME_S, 1735689600000);
  check("\"2025-01-01T00:00:00.123456Z\"", DUR_TIME_MS, 1735689600123);
  check("\"2025-01-01T00:00:00.5\"", DUR_TIME_MS, 1735689600500);
  check("\"2025-01-01 02:30:00+02:30\"", DUR_TIME_S, 1735689600000);
  check("\"2024-12-31T19:00:00-0500\"", DUR_TIME_S, 1735689600000);
  check("\"2024-02-29T12:00:00+00:00\"", DUR_TIME_S, 1709208000000);
  check("\"1969-12-31T23:59:59Z\"", DUR_TIME_S, -1000);
  check("\"2000-03-01T00:00:00Z\"", DUR_TIME_S, 951868800000);
}

static void the_rest_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "true",
      "{}",
      "[]",
      "\"\"",
      "\"now\"",
      "\"2025-01-01\"",
      "\"2025-13-01T00:00:00Z\"",
      "\"2025-00-01T00:00:00Z\"",
      "\"2025-01-32T00:00:00Z\"",
      "\"2025-01-01T24:00:00Z\"",
      "\"2025-01-01T00:60:00Z\"",
      "\"2025-01-01T00:00:00.Z\"",
      "\"2025-01-01T00:00:00ZZ\"",
      "\"2025-01-01T00:00:00+1\"",
      "\"2025-01-01T00:00:00+01:0\"",
      "\"2025-01-01T00:00:00+01:000\"",
      "\"2025-1-01T00:00:00Z\"",
      "1e15",
      "1e999999999999999999999",
      "253402300800000",
      "99999999999999999999999999",
      "",
      "1.",
  };
  int64_t ms;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    if (read_time(bad[i], DUR_TIME_MS, &ms) == 0)
      fail_msg("taken: %s", bad[i]);
  }
}

static void check_written(dur_time_form form, int64_t ms, const char *text) {
  bench b;
  bench_init(&b);
  dur_time_write(&b.out, form, ms);
  assert_bytes(written(&b), text);
  check(text, form, ms);
  bench_drop(&b);
}

static void written_numbers_read_back(void **state) {
  (void)state;
  check_written(DUR_TIME_MS, 1735689600123, "1735689600123");
  check_written(DUR_TIME_MS, 0, "0");
  check_written(DUR_TIME_S, 1735689600123, "1735689600.123");
  check_written(DUR_TIME_S, 1735689600120, "1735689600.12");
  check_written(DUR_TIME_S, 1735689600000, "1735689600.0");
  check_written(DUR_TIME_S, 7, "0.007");
  check_written(DUR_TIME_S, 0, "0.0");
  check_written(DUR_TIME_S, -500, "-0.5");
  check_written(DUR_TIME_MS, -500, "-500");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_exact),
      cmocka_unit_test(zero_and_null_are_absent),
      cmocka_unit_test(iso_strings_are_read),
      cmocka_unit_test(the_rest_is_refused),
      cmocka_unit_test(written_numbers_read_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
