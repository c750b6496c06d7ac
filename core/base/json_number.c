/* json_number: number text to int64 and double, and double to Python's repr.
 *
 * Invariant: no answer depends on the locale.  strtod is only ever given text
 * of the form [-]digits[e[-]digits], which has no decimal point in any locale,
 * and of snprintf's output only the digits are read. */
#include "base/json_number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ---- reading */

/* No double, and no midpoint between two, has more significant digits. */
enum { MAX_DIGITS = 770 };
/* An exponent beyond this, either way, with MAX_DIGITS digits, is infinity or
 * zero whatever the digits. */
enum { MAX_EXPONENT = 5000 };

typedef struct decimal {
  char digits[MAX_DIGITS + 1]; /* without leading zeros */
  size_t count;
  int64_t exponent; /* of the last digit */
  uint64_t small;   /* the value of the digits while count <= 19 */
  int negative;
} decimal;

static int is_digit(const char *p, const char *end) {
  return p < end && *p >= '0' && *p <= '9';
}

static void add_digit(decimal *d, char digit, int in_fraction) {
  d->exponent -= in_fraction;
  if (d->count == 0 && digit == '0')
    return;
  if (d->count < MAX_DIGITS) {
    d->digits[d->count++] = digit;
    if (d->count <= 19)
      d->small = d->small * 10 + (uint64_t)(digit - '0');
    return;
  }
  /* A digit past the last kept one matters only as "more than nothing". */
  d->exponent++;
  if (digit != '0' && d->digits[MAX_DIGITS - 1] == '0')
    d->digits[MAX_DIGITS - 1] = '1';
}

static const char *read_exponent(decimal *d, const char *p, const char *end) {
  const int64_t most = INT64_MAX / 20;
  int negative = p < end && *p == '-';
  int64_t value = 0;
  if (p < end && (*p == '-' || *p == '+'))
    p++;
  if (!is_digit(p, end))
    return NULL;
  for (; is_digit(p, end); p++)
    value = value > most ? value : value * 10 + (*p - '0');
  d->exponent += negative ? -value : value;
  return p;
}

/* 0 when |text| is no JSON number. */
static int read_decimal(decimal *d, dur_bytes text) {
  const char *p = text.len ? text.data : "";
  const char *end = p + text.len;
  d->count = 0;
  d->exponent = 0;
  d->small = 0;
  d->negative = p < end && *p == '-';
  p += d->negative;
  if (!is_digit(p, end) || (*p == '0' && is_digit(p + 1, end)))
    return 0;
  for (; is_digit(p, end); p++)
    add_digit(d, *p, 0);
  if (p < end && *p == '.') {
    if (!is_digit(++p, end))
      return 0;
    for (; is_digit(p, end); p++)
      add_digit(d, *p, 1);
  }
  if (p < end && (*p == 'e' || *p == 'E'))
    p = read_exponent(d, p + 1, end);
  return p == end;
}

/* Exact in one rounding: both operands are exact doubles. */
static int fast_double(const decimal *d, double *out) {
  static const double powers[] = {
      1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (FLT_EVAL_METHOD != 0 || d->count > 19 || d->small > (uint64_t)1 << 53 ||
      d->exponent < -22 || d->exponent > 22)
    return 0;
  double value = (double)d->small;
  *out = d->exponent < 0 ? value / powers[-d->exponent]
                         : value * powers[d->exponent];
  return 1;
}

static double slow_double(const decimal *d) {
  char text[MAX_DIGITS + 16];
  int64_t exponent = d->exponent;
  if (exponent > MAX_EXPONENT)
    exponent = MAX_EXPONENT;
  if (exponent < -MAX_EXPONENT)
    exponent = -MAX_EXPONENT;
  memcpy(text, d->digits, d->count);
  snprintf(text + d->count, sizeof text - d->count, "e%d", (int)exponent);
  return strtod(text, NULL);
}

double dur_number_double(dur_bytes text) {
  decimal d;
  if (dur_bytes_is(text, "Infinity"))
    return INFINITY;
  if (dur_bytes_is(text, "-Infinity"))
    return -INFINITY;
  if (!read_decimal(&d, text))
    return NAN;
  double value = 0;
  if (d.count && !fast_double(&d, &value))
    value = slow_double(&d);
  return d.negative ? -value : value;
}

double dur_json_double(const dur_json *json) {
  return dur_number_double(json->text);
}

int dur_number_int(dur_bytes text, int64_t *out) {
  const char *p = text.len ? text.data : "";
  const char *end = p + text.len;
  int negative = p < end && *p == '-';
  uint64_t limit = (uint64_t)INT64_MAX + (uint64_t)negative;
  uint64_t value = 0;
  p += negative;
  if (!is_digit(p, end) || (*p == '0' && end - p > 1))
    return 0;
  for (; is_digit(p, end); p++) {
    uint64_t digit = (uint64_t)(*p - '0');
    if (value > (limit - digit) / 10)
      return 0;
    value = value * 10 + digit;
  }
  if (p != end)
    return 0;
  *out = negative ? (int64_t)(0 - value) : (int64_t)value;
  return 1;
}

int dur_json_int(const dur_json *json, int64_t *out) {
  return json->token == DUR_JSON_NUMBER && dur_number_int(json->text, out);
}

/* ---- writing */

size_t dur_printed_digits(const char *printed, char digits[DUR_REPR_DIGITS],
                          int *exponent) {
  size_t count = 0;
  const char *p = printed;
  for (; *p && *p != 'e'; p++)
    if (*p >= '0' && *p <= '9' && count < DUR_REPR_DIGITS)
      digits[count++] = *p;
  *exponent = *p ? atoi(p + 1) : 0;
  while (count > 1 && digits[count - 1] == '0')
    count--;
  return count;
}

/* The double that 0 < digits * 10^(exponent - count + 1) stands for. */
static double from_digits(const char *digits, size_t count, int exponent) {
  char text[DUR_REPR_DIGITS + 16];
  memcpy(text, digits, count);
  snprintf(text + count, sizeof text - count, "e%d", exponent - (int)count + 1);
  return strtod(text, NULL);
}

static size_t print_digits(double value, int count,
                           char digits[DUR_REPR_DIGITS], int *exponent) {
  char printed[48];
  snprintf(printed, sizeof printed, "%.*e", count - 1, value);
  return dur_printed_digits(printed, digits, exponent);
}

/* At a power of two the doubles above lie twice as far apart as those below, so
 * the 16 digits just above may stand for |value| when the nearest 16, just
 * below, do not.  1 when that was so, and |digits| are those. */
static int next_above(double value, char digits[DUR_REPR_DIGITS], size_t count,
                      int exponent) {
  char next[DUR_REPR_DIGITS - 1];
  memset(next, '0', sizeof next);
  memcpy(next, digits, count);
  if (next[sizeof next - 1] == '9')
    return 0; /* then fewer digits would have done */
  next[sizeof next - 1]++;
  if (from_digits(next, sizeof next, exponent) != value)
    return 0;
  memcpy(digits, next, sizeof next);
  return 1;
}

/* The fewest digits that read back as |value| (finite, above 0), the nearest
 * such; 17 always suffice.  Any decimal of up to 15 digits survives the way
 * through a normal double, so there 15 digits find all shorter ones too. */
static size_t shortest_digits(double value, char digits[DUR_REPR_DIGITS],
                              int *exponent) {
  for (int n = value < DBL_MIN ? 1 : 15; n < DUR_REPR_DIGITS; n++) {
    size_t count = print_digits(value, n, digits, exponent);
    if (from_digits(digits, count, *exponent) == value)
      return count;
    if (n == DUR_REPR_DIGITS - 1 && next_above(value, digits, count, *exponent))
      return DUR_REPR_DIGITS - 1;
  }
  return print_digits(value, DUR_REPR_DIGITS, digits, exponent);
}

static char *put(char *at, const char *data, size_t len) {
  memcpy(at, data, len);
  return at + len;
}

static char *put_zeros(char *at, int count) {
  for (int i = 0; i < count; i++)
    *at++ = '0';
  return at;
}

static char *put_exponential(char *at, const char *digits, size_t count,
                             int exponent) {
  *at++ = digits[0];
  if (count > 1) {
    *at++ = '.';
    at = put(at, digits + 1, count - 1);
  }
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  int size = abs(exponent);
  if (size >= 100)
    *at++ = (char)('0' + size / 100);
  *at++ = (char)('0' + size / 10 % 10);
  *at++ = (char)('0' + size % 10);
  return at;
}

static char *put_positional(char *at, const char *digits, size_t count,
                            int exponent) {
  int whole = exponent + 1; /* digits before the point */
  if (whole <= 0) {
    at = put(at, "0.", 2);
    at = put_zeros(at, -whole);
    return put(at, digits, count);
  }
  if ((size_t)whole >= count) {
    at = put(at, digits, count);
    at = put_zeros(at, whole - (int)count);
    return put(at, ".0", 2);
  }
  at = put(at, digits, (size_t)whole);
  *at++ = '.';
  return put(at, digits + whole, count - (size_t)whole);
}

size_t dur_double_repr(double number, char out[DUR_REPR_MAX]) {
  char digits[DUR_REPR_DIGITS];
  char *at = out;
  int exponent = 0;
  size_t count = 1;
  if (isnan(number))
    return (size_t)(put(at, "NaN", 3) - out);
  if (signbit(number)) {
    *at++ = '-';
    number = -number;
  }
  if (isinf(number))
    return (size_t)(put(at, "Infinity", 8) - out);
  if (number > 0)
    count = shortest_digits(number, digits, &exponent);
  else
    digits[0] = '0';
  at = exponent < -4 || exponent >= 16
           ? put_exponential(at, digits, count, exponent)
           : put_positional(at, digits, count, exponent);
  return (size_t)(at - out);
}

void dur_json_put_double(dur_buf *buf, double number) {
  char text[DUR_REPR_MAX];
  dur_buf_add(buf, text, dur_double_repr(number, text));
}
