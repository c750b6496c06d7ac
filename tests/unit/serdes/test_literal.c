/* Texts that Python's constructors take, and what they print. */
#include "serdes_test.h"

#include <math.h>

#include "base/utf8.h"
#include "serdes/literal.h"

static void prints(dur_kind kind, const char *text, const char *wanted) {
  dur_value *v = parsed(kind, text);
  dur_buf_reset(&buf);
  if (kind == DUR_INT)
    dur_value_int_text(v, &buf);
  else
    dur_buf_bytes(&buf, v->u.text);
  assert_string_equal(written(), wanted);
}

static void refuses(dur_kind kind, const char *text, const char *message) {
  dur_value *v;
  assert_int_equal(dur_value_parse(&arena, kind, dur_cstr(text), &v, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_VALUE);
  assert_string_equal(err.message, message);
}

static void integers(void **state) {
  (void)state;
  prints(DUR_INT, " +007 ", "7");
  prints(DUR_INT, "-0", "0");
  prints(DUR_INT, "1_000", "1000");
  prints(DUR_INT, "-9223372036854775808", "-9223372036854775808");
  prints(DUR_INT, "-00123456789012345678901", "-123456789012345678901");
  assert_true(parsed(DUR_INT, "9223372036854775807")->fits);
  assert_false(parsed(DUR_INT, "9223372036854775808")->fits);
  refuses(DUR_INT, "", "invalid literal for int() with base 10: ''");
  refuses(DUR_INT, "1__0", "invalid literal for int() with base 10: '1__0'");
  refuses(DUR_INT, "1_", "invalid literal for int() with base 10: '1_'");
  refuses(DUR_INT, "\n'\t",
          "invalid literal for int() with base 10: "
          "\"\\n'\\t\"");
}

static void floats(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double wanted;
  } rows[] = {{"1_0.5", 10.5},
              {".5", 0.5},
              {" 5. ", 5.0},
              {"007e-1", 0.7},
              {"-Infinity", -HUGE_VAL},
              {"+inf", HUGE_VAL},
              {"1e400", HUGE_VAL}};
  double out;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dur_bytes text = dur_cstr(rows[i].text);
    assert_int_equal(dur_literal_float(&arena, text, &out, &err), 0);
    assert_true(out == rows[i].wanted);
  }
  assert_int_equal(dur_literal_float(&arena, DUR_LIT("-NaN"), &out, &err), 0);
  assert_true(isnan(out));
  static const char *const bad[] = {"", ".", "1e", "1._0", "_1", "0x1", "1 2"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(dur_literal_float(&arena, dur_cstr(bad[i]), &out, &err),
                     -1);
}

static void uuids(void **state) {
  (void)state;
  static const char canonical[] = "abcdefab-1234-5678-1234-567812345678";
  prints(DUR_UUID, canonical, canonical);
  prints(DUR_UUID, "{ABCDEFAB123456781234567812345678}", canonical);
  prints(DUR_UUID, "urn:uuid:abcdefab-1234-5678-1234-567812345678", canonical);
  refuses(DUR_UUID, "", "badly formed hexadecimal UUID string");
  refuses(DUR_UUID, "abcdefab-1234-5678-1234-56781234567",
          "badly formed hexadecimal UUID string");
  refuses(DUR_UUID, "gbcdefab-1234-5678-1234-567812345678",
          "badly formed hexadecimal UUID string");
}

static void decimals(void **state) {
  (void)state;
  prints(DUR_DECIMAL, "1.10", "1.10");
  prints(DUR_DECIMAL, "1e3", "1E+3");
  prints(DUR_DECIMAL, "0.000001", "0.000001");
  prints(DUR_DECIMAL, "0.0000001", "1E-7");
  prints(DUR_DECIMAL, "-00.00", "-0.00");
  prints(DUR_DECIMAL, "12E5", "1.2E+6");
  prints(DUR_DECIMAL, "1.5e-3", "0.0015");
  prints(DUR_DECIMAL, " +1_0.5 ", "10.5");
  prints(DUR_DECIMAL, "5.", "5");
  prints(DUR_DECIMAL, ".5", "0.5");
  prints(DUR_DECIMAL, "-inf", "-Infinity");
  prints(DUR_DECIMAL, "nan007", "NaN7");
  prints(DUR_DECIMAL, "-sNaN", "-sNaN");
  prints(DUR_DECIMAL, "1E999999999999999999", "1E+999999999999999999");
  static const char *const bad[] = {
      "",        ".",    "1.2.3", "1E",
      "infinit", "NaNx", "1 2",   "1E1000000000000000000"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    refuses(DUR_DECIMAL, bad[i], "[<class 'decimal.ConversionSyntax'>]");
}

static void dates(void **state) {
  (void)state;
  prints(DUR_DATE, "20250102", "2025-01-02");
  prints(DUR_DATE, "2025-W01", "2024-12-30");
  prints(DUR_DATE, "2020W537", "2021-01-03");
  prints(DUR_DATE, "0001-01-01", "0001-01-01");
  refuses(DUR_DATE, "2025-1-2", "Invalid isoformat string: '2025-1-2'");
  refuses(DUR_DATE, "2025-02-29", "day is out of range for month");
  refuses(DUR_DATE, "2025-13-01", "month must be in 1..12");
  refuses(DUR_DATE, "0000-01-01", "year 0 is out of range");
  refuses(DUR_DATE, "2021-W53-1", "Invalid isoformat string: '2021-W53-1'");
}

static void datetimes(void **state) {
  (void)state;
  prints(DUR_DATETIME, "2025-01-02", "2025-01-02T00:00:00");
  prints(DUR_DATETIME, "2025-01-02 03:04", "2025-01-02T03:04:00");
  prints(DUR_DATETIME,
         "2025-01-02\xC3\xA9"
         "03",
         "2025-01-02T03:00:00");
  prints(DUR_DATETIME, "20250102T030405,1234567", "2025-01-02T03:04:05.123456");
  prints(DUR_DATETIME, "2024-02-29T23:59:59Z", "2024-02-29T23:59:59+00:00");
  prints(DUR_DATETIME, "2025-01-02T03:04:05-00:00",
         "2025-01-02T03:04:05+00:00");
  prints(DUR_DATETIME, "2025-01-02T03:04:05-0530", "2025-01-02T03:04:05-05:30");
  prints(DUR_DATETIME, "2025-01-02T03:04:05+01:02:03.000004",
         "2025-01-02T03:04:05+01:02:03.000004");
  prints(DUR_DATETIME, "2021-W01-1T05", "2021-01-04T05:00:00");
  prints(DUR_DATETIME, "2021W01T05", "2021-01-04T05:00:00");
  refuses(DUR_DATETIME, "2025-01-02T",
          "Invalid isoformat string: "
          "'2025-01-02T'");
  refuses(DUR_DATETIME, "x", "Invalid isoformat string: 'x'");
  refuses(DUR_DATETIME, "2025-01-02T24:00", "hour must be in 0..23");
  refuses(DUR_DATETIME, "2025-01-02T00:60", "minute must be in 0..59");
  refuses(DUR_DATETIME, "2025-01-02T00:00:60", "second must be in 0..59");
  refuses(DUR_DATETIME, "2025-01-02T00:00+24:00",
          "offset must be a timedelta strictly between -timedelta(hours=24) "
          "and timedelta(hours=24)");
}

static void other_kinds_have_no_text(void **state) {
  (void)state;
  dur_value *v;
  assert_int_equal(dur_value_parse(&arena, DUR_LIST, DUR_LIT("[]"), &v, &err),
                   -1);
  assert_int_equal(err.code, DUR_SERDES_TYPE);
}

static void long_texts_are_cut_in_messages(void **state) {
  (void)state;
  char text[2000];
  dur_value *v;
  memset(text, 'x', sizeof text);
  dur_bytes all = {text, sizeof text};
  assert_int_equal(dur_value_parse(&arena, DUR_INT, all, &v, &err), -1);
  assert_in_range(strlen(err.message), 100, DUR_SERDES_MESSAGE_MAX - 1);
  for (size_t shift = 0; shift < 3; shift++) {
    for (size_t i = 0; i < sizeof text; i++)
      text[i] = "\xE2\x82\xAC"[(i + shift) % 3];
    all.data = text + (3 - shift) % 3;
    all.len = 900;
    assert_int_equal(dur_value_parse(&arena, DUR_INT, all, &v, &err), -1);
    assert_int_equal(dur_utf8_check(dur_cstr(err.message), DUR_UTF8_STRICT),
                     -1);
  }
}

static int parse_all(void) {
  static const struct {
    dur_kind kind;
    const char *text;
  } rows[] = {{DUR_INT, "99999999999999999999"},
              {DUR_UUID, "12345678-1234-5678-1234-567812345678"},
              {DUR_DECIMAL, "1E9"},
              {DUR_DECIMAL, "-Infinity"},
              {DUR_DECIMAL, "NaN12"},
              {DUR_DATE, "2025-01-02"},
              {DUR_DATETIME, "2025-01-02T03:04:05Z"}};
  dur_value *v;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (dur_value_parse(&arena, rows[i].kind, dur_cstr(rows[i].text), &v, &err))
      return -1;
  return 0;
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(parse_all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(integers),
      TEST(floats),
      TEST(uuids),
      TEST(decimals),
      TEST(dates),
      TEST(datetimes),
      TEST(other_kinds_have_no_text),
      TEST(long_texts_are_cut_in_messages),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
