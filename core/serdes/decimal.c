/* decimal: the texts that Python's Decimal takes, printed as str() prints them.
 *
 * Invariant: a number is digits x 10^exponent, digits without leading zeros
 * ("0" for zero); the printed form depends on these two and the sign alone. */
#include "serdes/literal.h"

#include <stdio.h>
#include <string.h>

/* Python's widest context: the exponent of the first digit. */
static const int64_t MOST_EXPONENT = 999999999999999999;
static const int64_t LEAST_EXPONENT = -1999999999999999997;

typedef struct decimal {
  const char *sign; /* "-" or "" */
  char *digits;
  size_t count;
  int64_t exponent; /* of the last digit */
} decimal;

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without white space around, then without underscores anywhere. */
static dur_bytes cleaned(dur_arena *arena, dur_bytes text) {
  char *copy = dur_arena_alloc(arena, text.len + 1);
  size_t len = 0, first = 0, last = text.len;
  if (!copy)
    return DUR_NONE;
  while (first < last && is_space(text.data[first]))
    first++;
  while (last > first && is_space(text.data[last - 1]))
    last--;
  for (; first < last; first++)
    if (text.data[first] != '_')
      copy[len++] = text.data[first];
  copy[len] = '\0';
  return (dur_bytes){copy, len};
}

/* The end of |word| at |p| without regard to case, or NULL. */
static const char *word_at(const char *p, const char *word) {
  for (; *word; p++, word++)
    if ((*p | 0x20) != *word)
      return NULL;
  return p;
}

static int read_exponent(decimal *d, const char *p, const char *end) {
  int negative = p < end && *p == '-';
  int64_t value = 0;
  if (p < end && (*p == '-' || *p == '+'))
    p++;
  if (p == end)
    return 0;
  for (; p < end; p++) {
    if (!is_digit(*p) || value > INT64_MAX / 20)
      return 0;
    value = value * 10 + (*p - '0');
  }
  d->exponent += negative ? -value : value;
  return 1;
}

/* |p| is behind the sign; digits move down over a point, in place. */
static int read_number(decimal *d, char *p, const char *end) {
  char *to = p;
  size_t count = 0;
  d->digits = p;
  d->exponent = 0;
  int point = 0;
  for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
    if (*p == '.') {
      point = 1;
      continue;
    }
    *to++ = *p;
    count++;
    d->exponent -= point;
  }
  if (count == 0)
    return 0;
  if (p < end && ((*p | 0x20) != 'e' || !read_exponent(d, p + 1, end)))
    return 0;
  while (count > 1 && *d->digits == '0') {
    d->digits++;
    count--;
  }
  d->count = count;
  int64_t first = d->exponent + (int64_t)count - 1;
  return first <= MOST_EXPONENT && d->exponent >= LEAST_EXPONENT;
}

static dur_bytes print_number(dur_arena *arena, const decimal *d) {
  size_t room = d->count + 64;
  char *text = dur_arena_alloc(arena, room);
  if (!text)
    return DUR_NONE;
  int64_t left = d->exponent + (int64_t)d->count;
  int64_t point = d->exponent <= 0 && left > -6 ? left : 1;
  int len;
  int digits = (int)d->count;
  if (point <= 0) /* at most five zeros */
    len = snprintf(text, room, "%s0.%.*s%.*s", d->sign, (int)-point, "000000",
                   digits, d->digits);
  else if (point >= digits)
    len = snprintf(text, room, "%s%.*s", d->sign, digits, d->digits);
  else
    len = snprintf(text, room, "%s%.*s.%.*s", d->sign, (int)point, d->digits,
                   digits - (int)point, d->digits + point);
  if (left != point)
    len += snprintf(text + len, room - (size_t)len, "E%+lld",
                    (long long)(left - point));
  return (dur_bytes){text, (size_t)len};
}

/* "Infinity", "NaN" and "sNaN", the latter two with digits after them. */
static dur_bytes print_special(dur_arena *arena, const char *sign,
                               const char *p, const char *end) {
  const char *name = "Infinity";
  const char *rest = word_at(p, "infinity");
  if (!rest)
    rest = word_at(p, "inf");
  if (rest)
    return rest == end ? dur_arena_copy(
                             arena, dur_cstr(*sign ? "-Infinity" : "Infinity"))
                       : DUR_LIT("");
  name = "NaN";
  rest = word_at(p, "nan");
  if (!rest) {
    name = "sNaN";
    rest = word_at(p, "snan");
  }
  if (!rest)
    return DUR_LIT("");
  while (rest < end && *rest == '0')
    rest++;
  for (const char *c = rest; c < end; c++)
    if (!is_digit(*c))
      return DUR_LIT("");
  size_t room = (size_t)(end - rest) + 8;
  char *text = dur_arena_alloc(arena, room);
  if (!text)
    return DUR_NONE;
  int len =
      snprintf(text, room, "%s%s%.*s", sign, name, (int)(end - rest), rest);
  return (dur_bytes){text, (size_t)len};
}

int dur_literal_decimal(dur_arena *arena, dur_bytes text, dur_bytes *out,
                        dur_serdes_error *err) {
  enum { MOST = 1 << 20 }; /* so that every length fits an int */
  dur_bytes clean = text.len <= MOST ? cleaned(arena, text) : DUR_LIT("");
  if (!clean.data)
    return dur_serdes_nomem(err);
  char *p = (char *)(uintptr_t)clean.data;
  const char *end = clean.data + clean.len;
  decimal d = {.sign = ""};
  if (p < end && (*p == '-' || *p == '+'))
    d.sign = *p++ == '-' ? "-" : "";
  if (p < end && (is_digit(*p) || *p == '.'))
    *out = read_number(&d, p, end) ? print_number(arena, &d) : DUR_LIT("");
  else
    *out = print_special(arena, d.sign, p, end);
  if (!out->data)
    return dur_serdes_nomem(err);
  return out->len ? 0
                  : dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                                    "[<class 'decimal.ConversionSyntax'>]");
}
