/* Numbers: text to int64 and double, double to Python's repr, in any locale. */
#include "test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/json_number.h"
#include "base/prng.h"

static uint64_t bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

static double of_bits(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

static void check_repr(double number, const char *expected) {
  char text[DUR_REPR_MAX + 1];
  text[dur_double_repr(number, text)] = '\0';
  assert_string_equal(text, expected);
}

/* ---- int64 */

static void check_int(const char *text, int fits, int64_t expected) {
  dur_json json;
  int64_t number = 99;
  dur_json_init(&json, dur_cstr(text), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_NUMBER);
  assert_int_equal(dur_json_int(&json, &number), fits);
  assert_true(number == (fits ? expected : 99));
  assert_true(dur_bytes_is(json.text, text));
}

static void integers_are_exact_up_to_their_limits(void **state) {
  (void)state;
  check_int("0", 1, 0);
  check_int("-0", 1, 0);
  check_int("-7", 1, -7);
  check_int("9007199254740993", 1, INT64_C(9007199254740993));
  check_int("9223372036854775807", 1, INT64_MAX);
  check_int("-9223372036854775808", 1, INT64_MIN);
  check_int("9223372036854775808", 0, 0);
  check_int("-9223372036854775809", 0, 0);
  check_int("18446744073709551616", 0, 0);
  check_int("1180591620717411303424", 0, 0);
  check_int("1.0", 0, 0);
  check_int("1e2", 0, 0);
}

static void integer_text_is_checked_whole(void **state) {
  (void)state;
  static const char *const bad[] = {"",    "-",  "+1",  " 1",  "1 ", "01",
                                    "-01", "1x", "0x1", "--1", "1-"};
  int64_t number = 99;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(dur_number_int(dur_cstr(bad[i]), &number), 0);
  assert_int_equal(dur_number_int(DUR_NONE, &number), 0);
  assert_int_equal(dur_number_int(DUR_LIT("1\0"), &number), 0);
  assert_int_equal(number, 99);
  assert_int_equal(dur_number_int(DUR_LIT("1700000000123"), &number), 1);
  assert_true(number == INT64_C(1700000000123));
}

static void only_a_number_token_is_an_integer(void **state) {
  (void)state;
  dur_json json;
  int64_t number;
  dur_json_init(&json, DUR_LIT("\"12\""), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_STRING);
  assert_int_equal(dur_json_int(&json, &number), 0);
}

/* ---- double to text */

static const struct {
  double number;
  const char *repr;
} samples[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {1.0, "1.0"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {1.0 / 3, "0.3333333333333333"},
    {2.0 / 3, "0.6666666666666666"},
    {100.0, "100.0"},
    {123456789.125, "123456789.125"},
    {1e15, "1000000000000000.0"},
    {9999999999999998.0, "9999999999999998.0"},
    {1e16, "1e+16"},
    {12345678901234567.0, "1.2345678901234568e+16"},
    {123456789012345678.0, "1.2345678901234568e+17"},
    {9007199254740993.0, "9007199254740992.0"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {1e-05, "1e-05"},
    {1.5e-07, "1.5e-07"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {1e100, "1e+100"},
    {-1e-100, "-1e-100"},
    {5e-324, "5e-324"},
    {1.5e-323, "1.5e-323"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {2.225073858507201e-308, "2.225073858507201e-308"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {9.5367431640625e-07, "9.5367431640625e-07"},
    {0x1p-44, "5.684341886080802e-14"}, /* the nearest 16 digits are ...801 */
    {0x1p-1022, "2.2250738585072014e-308"},
    {0x1p89, "6.189700196426902e+26"},
    {2e-44, "2e-44"},
    {1700000000.123, "1700000000.123"},
};

static void check_samples(void) {
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    check_repr(samples[i].number, samples[i].repr);
    double back = dur_number_double(dur_cstr(samples[i].repr));
    assert_true(bits_of(back) == bits_of(samples[i].number));
  }
}

static void doubles_print_as_pythons_repr(void **state) {
  (void)state;
  check_samples();
  check_repr(NAN, "NaN");
  check_repr(-NAN, "NaN");
  check_repr(INFINITY, "Infinity");
  check_repr(-INFINITY, "-Infinity");
}

/* Fewer digits than were printed must not read back as the same double. */
static void check_shortest(double number) {
  char text[DUR_REPR_MAX], shorter[48];
  size_t len = dur_double_repr(number, text);
  double back = dur_number_double((dur_bytes){text, len});
  assert_true(bits_of(back) == bits_of(number));
  int digits = 0, seen = 0, zeros = 0;
  for (size_t i = 0; i < len && text[i] != 'e'; i++) {
    seen |= text[i] >= '1' && text[i] <= '9';
    zeros = text[i] == '0' ? zeros + seen : text[i] == '.' ? zeros : 0;
    digits += seen && text[i] != '.' && text[i] != '-';
  }
  digits -= zeros;
  assert_true(digits >= 1 && digits <= 17);
  if (digits == 1)
    return;
  snprintf(shorter, sizeof shorter, "%.*e", digits - 2, number);
  assert_true(strtod(shorter, NULL) != number);
}

static void doubles_print_shortest_and_read_back(void **state) {
  (void)state;
  dur_prng prng;
  dur_prng_seed(&prng, 11);
  for (uint64_t exponent = 0; exponent < 2047; exponent++) {
    check_shortest(of_bits((exponent << 52) + 1));
    check_shortest(of_bits((exponent << 52) + ((uint64_t)1 << 52) - 1));
    if (exponent)
      check_shortest(of_bits(exponent << 52));
  }
  for (int i = 0; i < 20000; i++) {
    double number = of_bits(dur_prng_next(&prng));
    if (isfinite(number) && number != 0)
      check_shortest(number);
    number = (double)(dur_prng_next(&prng) >> 30) / 1000.0;
    if (number != 0)
      check_shortest(number);
  }
}

/* ---- text to double */

static void check_double(const char *text, double expected) {
  assert_true(bits_of(dur_number_double(dur_cstr(text))) == bits_of(expected));
}

static void texts_round_to_the_nearest_double(void **state) {
  (void)state;
  check_double("0", 0.0);
  check_double("-0", -0.0);
  check_double("-0.0e99", -0.0);
  check_double("0e999999999999999999999", 0.0);
  check_double("1E5", 1e5);
  check_double("1e+05", 1e5);
  check_double("0.1", 0.1);
  check_double("9007199254740993", 9007199254740992.0);
  check_double("9007199254740992.99", 9007199254740992.0);
  check_double("9007199254740993.01", 9007199254740994.0);
  check_double("1180591620717411303424", 0x1p70);
  check_double("1e23", 1e23);
  check_double("8.5e22", 8.5e22);
  check_double("123456789012345678901234567890",
               123456789012345678901234567890.0);
  check_double("4.9e-324", 5e-324);
  check_double("2.4e-324", 0.0);
  check_double("1e-400", 0.0);
  check_double("1e400", INFINITY);
  check_double("-1e400", -INFINITY);
  check_double("1e99999999999999999999", INFINITY);
  check_double("1e-99999999999999999999", 0.0);
  check_double("NaN", NAN);
  check_double("Infinity", INFINITY);
  check_double("-Infinity", -INFINITY);
}

static void ill_formed_texts_are_not_a_number(void **state) {
  (void)state;
  static const char *const bad[] = {"",    "-",   "+1",   ".5",   "1.", "1e",
                                    "1e+", "01",  "1x",   "0x1",  " 1", "1,5",
                                    "inf", "nan", "1.5.", "1e5.0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_true(isnan(dur_number_double(dur_cstr(bad[i]))));
  assert_true(isnan(dur_number_double(DUR_NONE)));
}

/* The midpoint of 1 and the next double has 53 decimals.  One digit far behind
 * it decides the rounding, and so it must when it is past all that are kept. */
static void a_far_digit_breaks_the_tie(void **state) {
  (void)state;
  enum { ZEROS = 2000 };
  static const char midpoint[] =
      "1.00000000000000011102230246251565404236316680908203125";
  static char text[sizeof midpoint + ZEROS + 8];
  check_double(midpoint, 1.0);
  for (size_t zeros = 0; zeros < ZEROS; zeros += 7) {
    memcpy(text, midpoint, sizeof midpoint - 1);
    memset(text + sizeof midpoint - 1, '0', zeros);
    strcpy(text + sizeof midpoint - 1 + zeros, "1");
    check_double(text, 1.0 + DBL_EPSILON);
    strcpy(text + sizeof midpoint - 1 + zeros, "0");
    check_double(text, 1.0);
  }
}

/* The exact decimal midpoint of two neighbouring doubles below 1e-300. */
static void write_midpoint(double low, double high, char out[1200]) {
  char a[1200], b[1200];
  int carry = 0;
  snprintf(a, sizeof a, "%.1074f", low);
  snprintf(b, sizeof b, "%.1074f", high);
  int sum[1200];
  for (size_t i = strlen(a); i-- > 2;) {
    sum[i] = a[i] - '0' + b[i] - '0' + carry;
    carry = sum[i] / 10;
    sum[i] %= 10;
  }
  memcpy(out, "0.", 2);
  for (size_t i = 2; i < strlen(a); i++) {
    out[i] = (char)('0' + (sum[i] + 10 * carry) / 2);
    carry = sum[i] % 2;
  }
  strcpy(out + strlen(a), "5");
  assert_int_equal(carry, 1);
}

/* Here a midpoint has 768 digits, the most there are. */
static void all_digits_of_the_longest_midpoint_count(void **state) {
  (void)state;
  char text[1208];
  double even = of_bits(UINT64_C(0x001ffffffffffffe));
  double odd = of_bits(UINT64_C(0x001fffffffffffff));
  write_midpoint(even, odd, text);
  size_t len = strlen(text);
  size_t digits = 0;
  for (size_t i = 2; i < len; i++)
    digits += digits || text[i] != '0';
  assert_int_equal(digits, 768);
  check_double(text, even);
  strcpy(text + len, "00001");
  check_double(text, odd);
  strcpy(text + len - 1, "4999999");
  check_double(text, even);
}

static void many_zeros_move_the_point_only(void **state) {
  (void)state;
  enum { ZEROS = 3000 };
  static char text[ZEROS + 32];
  text[0] = '5';
  memset(text + 1, '0', ZEROS);
  strcpy(text + 1 + ZEROS, "e-3000");
  check_double(text, 5.0);
  strcpy(text, "0.");
  memset(text + 2, '0', ZEROS);
  strcpy(text + 2 + ZEROS, "25e3001");
  check_double(text, 2.5);
}

static void agrees_with_the_c_library(void **state) {
  (void)state;
  dur_prng prng;
  dur_prng_seed(&prng, 5);
  for (int i = 0; i < 50000; i++) {
    char text[64];
    uint64_t r = dur_prng_next(&prng);
    int exponent = (int)(r % 660) - 330;
    unsigned long long digits = dur_prng_next(&prng) >> (r >> 16) % 60;
    snprintf(text, sizeof text, "%s%llu.%05uE%d", r >> 63 ? "-" : "", digits,
             (unsigned)(r >> 40) % 100000, exponent);
    check_double(text, strtod(text, NULL));
  }
}

/* ---- locale */

static void check_digits(const char *printed, const char *digits,
                         int exponent) {
  char found[DUR_REPR_DIGITS + 1];
  int found_exponent;
  found[dur_printed_digits(printed, found, &found_exponent)] = '\0';
  assert_string_equal(found, digits);
  assert_int_equal(found_exponent, exponent);
}

static void digits_are_found_under_any_decimal_point(void **state) {
  (void)state;
  check_digits("1.25e+03", "125", 3);
  check_digits("1,25e+03", "125", 3);
  check_digits("1\xd9\xab"
               "25e-07",
               "125", -7); /* U+066B */
  check_digits("1,2500000000000000e+100", "125", 100);
  check_digits("5e-324", "5", -324);
  check_digits("1,0000000000000000e+00", "1", 0);
}

/* Make a locale whose decimal point is a comma, in a directory of its own, and
 * put the process into it; 0 when the system has no such locale to offer. */
static int enter_comma_locale(char *dir) {
  static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8",
                                      "de_DE.utf8", "de_DE"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (setlocale(LC_NUMERIC, names[i]))
      return 1;
  char command[300];
  snprintf(command, sizeof command,
           "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", dir);
  if (system(command) != 0)
    return 0;
  setenv("LOCPATH", dir, 1);
  return setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
}

static void remove_locale(const char *dir) {
  char command[300];
  snprintf(command, sizeof command, "rm -r '%s'", dir);
  assert_int_equal(system(command), 0);
}

/* Where the system can give a comma locale, everything is done again under it;
 * elsewhere at least the one place that meets printf's decimal point is. */
static void a_comma_locale_changes_nothing(void **state) {
  (void)state;
  char dir[] = "/tmp/durable-locale-XXXXXX";
  assert_non_null(mkdtemp(dir));
  int entered = enter_comma_locale(dir);
  if (entered) {
    char text[16];
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5");
  } else {
    print_message("no locale with a decimal comma on this system\n");
    digits_are_found_under_any_decimal_point(state);
  }
  check_samples();
  check_double("1.2345678901234567890123e-5", 1.2345678901234567890123e-5);
  assert_true(isnan(dur_number_double(DUR_LIT("1,5"))));
  texts_round_to_the_nearest_double(state);
  doubles_print_as_pythons_repr(state);
  setlocale(LC_ALL, "C");
  remove_locale(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_are_exact_up_to_their_limits),
      cmocka_unit_test(integer_text_is_checked_whole),
      cmocka_unit_test(only_a_number_token_is_an_integer),
      cmocka_unit_test(doubles_print_as_pythons_repr),
      cmocka_unit_test(doubles_print_shortest_and_read_back),
      cmocka_unit_test(texts_round_to_the_nearest_double),
      cmocka_unit_test(ill_formed_texts_are_not_a_number),
      cmocka_unit_test(a_far_digit_breaks_the_tie),
      cmocka_unit_test(all_digits_of_the_longest_midpoint_count),
      cmocka_unit_test(many_zeros_move_the_point_only),
      cmocka_unit_test(agrees_with_the_c_library),
      cmocka_unit_test(digits_are_found_under_any_decimal_point),
      cmocka_unit_test(a_comma_locale_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
