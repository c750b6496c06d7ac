/* time: timestamps of the wire, read and written exactly.
 *
 * Invariant: a number is turned into milliseconds digit by digit, never through
 * a double, so 1735689600.123 s is 1735689600123 ms on every machine; what is
 * finer than a millisecond is cut off.  Callable by core/ and service/. */
#include <stdio.h>
#include <string.h>

#include "wire/operation.h"
#include "wire/put.h"

/* 9999-12-31T23:59:59.999Z: no timestamp of the API is past it */
#define TIME_MAX_MS 253402300799999

/* where an exponent stops to matter: no JSON text has so many digits */
#define EXPONENT_MAX 1000000000

/* ---- numbers */

/* A JSON number cut into the digits before and after its point. */
typedef struct decimal {
  dur_bytes whole, fraction;
  int negative;
  int64_t exponent;
} decimal;

static size_t digits_at(dur_bytes text, size_t at) {
  size_t n = 0;
  while (at + n < text.len && text.data[at + n] >= '0' &&
         text.data[at + n] <= '9')
    n++;
  return n;
}

static int decimal_of(dur_bytes text, decimal *out) {
  size_t at = 0;
  *out = (decimal){0};
  if (at < text.len && text.data[at] == '-') {
    out->negative = 1;
    at++;
  }
  out->whole = (dur_bytes){text.data + at, digits_at(text, at)};
  at += out->whole.len;
  if (at < text.len && text.data[at] == '.') {
    out->fraction = (dur_bytes){text.data + at + 1, digits_at(text, at + 1)};
    at += 1 + out->fraction.len;
  }
  if (at < text.len && (text.data[at] == 'e' || text.data[at] == 'E')) {
    char sign = at + 1 < text.len ? text.data[at + 1] : '0';
    at += sign == '-' || sign == '+' ? 2 : 1;
    size_t end = at + digits_at(text, at);
    for (; at < end; at++) {
      if (out->exponent < EXPONENT_MAX)
        out->exponent = out->exponent * 10 + (text.data[at] - '0');
    }
    if (sign == '-')
      out->exponent = -out->exponent;
  }
  return at == text.len && out->whole.len > 0;
}

/* A number in whole milliseconds, which an event holds two of per operation. */
static int is_plain(const dur_json *json, dur_time_form form, int64_t *ms) {
  return form == DUR_TIME_MS && json->text.len <= 15 && dur_json_int(json, ms);
}

/* |text| * 10^shift, cut towards zero; 0 when that is past TIME_MAX_MS. */
static int scaled(dur_bytes text, int shift, int64_t *out) {
  decimal d;
  int64_t n = 0;
  if (!decimal_of(text, &d))
    return 0;
  size_t given = d.whole.len + d.fraction.len;
  int64_t keep = (int64_t)d.whole.len + d.exponent + shift;
  for (int64_t i = 0; i < keep; i++) {
    size_t k = (size_t)i;
    if (n == 0 && k >= given)
      break;
    char c = k < d.whole.len ? d.whole.data[k]
             : k < given     ? d.fraction.data[k - d.whole.len]
                             : '0';
    n = n * 10 + (c - '0');
    if (n > TIME_MAX_MS)
      return 0;
  }
  *out = d.negative ? -n : n;
  return 1;
}

/* ---- ISO 8601: YYYY-MM-DDThh:mm:ss[.fraction][Z|+hh:mm|+hhmm] */

static int number_at(dur_bytes text, size_t at, int width, int *out) {
  if (at + (size_t)width > text.len || digits_at(text, at) < (size_t)width)
    return 0;
  *out = 0;
  for (int i = 0; i < width; i++)
    *out = *out * 10 + (text.data[at + (size_t)i] - '0');
  return 1;
}

static int char_at(dur_bytes text, size_t at, char c) {
  return at < text.len && text.data[at] == c;
}

/* Days from 1970-01-01; the year is counted from March, so that the leap day
 * is its last. */
static int64_t days_of(int year, int month, int day) {
  int64_t y = month > 2 ? year : year - 1;
  int64_t era_year = y % 400;
  int64_t year_day = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
  return y / 400 * 146097 + era_year * 365 + era_year / 4 - era_year / 100 +
         year_day + day - 1 - 719468;
}

/* Offset from UTC in minutes; the zone is the rest of the text. */
static int zone_at(dur_bytes text, size_t at, int *minutes) {
  int hour, minute;
  *minutes = 0;
  if (at == text.len || (at + 1 == text.len && text.data[at] == 'Z'))
    return 1;
  if (!char_at(text, at, '+') && !char_at(text, at, '-'))
    return 0;
  size_t colon = char_at(text, at + 3, ':') ? 1 : 0;
  if (!number_at(text, at + 1, 2, &hour) ||
      !number_at(text, at + 3 + colon, 2, &minute) ||
      at + 5 + colon != text.len || hour > 23 || minute > 59)
    return 0;
  *minutes = (text.data[at] == '-' ? -1 : 1) * (hour * 60 + minute);
  return 1;
}

static int iso_read(dur_bytes text, int64_t *ms) {
  int year, month, day, hour, minute, second, zone;
  int milli = 0;
  size_t at = 19;
  if (!number_at(text, 0, 4, &year) || !char_at(text, 4, '-') ||
      !number_at(text, 5, 2, &month) || !char_at(text, 7, '-') ||
      !number_at(text, 8, 2, &day) ||
      (!char_at(text, 10, 'T') && !char_at(text, 10, ' ')) ||
      !number_at(text, 11, 2, &hour) || !char_at(text, 13, ':') ||
      !number_at(text, 14, 2, &minute) || !char_at(text, 16, ':') ||
      !number_at(text, 17, 2, &second))
    return 0;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
      minute > 59 || second > 60)
    return 0;
  if (char_at(text, at, '.')) {
    size_t n = digits_at(text, at + 1);
    for (size_t i = 0; i < 3; i++)
      milli = milli * 10 + (i < n ? text.data[at + 1 + i] - '0' : 0);
    if (n == 0)
      return 0;
    at += 1 + n;
  }
  if (!zone_at(text, at, &zone))
    return 0;
  int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 +
                    (minute - zone) * 60 + second;
  *ms = seconds * 1000 + milli;
  return 1;
}

/* ---- */

int dur_time_read(dur_json *json, dur_time_form form, int64_t *ms) {
  *ms = 0;
  switch (dur_json_next(json)) {
  case DUR_JSON_NULL:
    return 0;
  case DUR_JSON_NUMBER:
    if (is_plain(json, form, ms) && *ms <= TIME_MAX_MS && *ms >= -TIME_MAX_MS)
      return 0;
    return scaled(json->text, form == DUR_TIME_S ? 3 : 0, ms) ? 0 : -1;
  case DUR_JSON_STRING:
    return iso_read(json->text, ms) ? 0 : -1;
  default:
    return -1;
  }
}

size_t dur_time_text(char text[DUR_TIME_TEXT_MAX], dur_time_form form,
                     int64_t ms) {
  if (form == DUR_TIME_MS)
    return (size_t)snprintf(text, DUR_TIME_TEXT_MAX, "%lld", (long long)ms);
  uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
  int len =
      snprintf(text, DUR_TIME_TEXT_MAX, "%s%llu.%03u", ms < 0 ? "-" : "",
               (unsigned long long)(size / 1000), (unsigned)(size % 1000));
  /* one digit stays after the point, so that the number reads as fractional */
  while (text[len - 1] == '0' && text[len - 2] != '.')
    len--;
  return (size_t)len;
}

void dur_time_write(dur_json_out *out, dur_time_form form, int64_t ms) {
  char text[DUR_TIME_TEXT_MAX];
  size_t len = dur_time_text(text, form, ms);
  dur_json_raw_value(out, (dur_bytes){text, len});
}
