/* literal: integers, floats and UUIDs, and Python's repr. */
#include "serdes/literal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static int is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static dur_bytes trim(dur_bytes text) {
  while (text.len && is_space(text.data[0]))
    text = (dur_bytes){text.data + 1, text.len - 1};
  while (text.len && is_space(text.data[text.len - 1]))
    text.len--;
  return text;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int is_word(dur_bytes text, const char *word) {
  size_t len = strlen(word);
  if (text.len != len)
    return 0;
  for (size_t i = 0; i < len; i++)
    if (lower(text.data[i]) != word[i])
      return 0;
  return 1;
}

/* ---- repr */

static size_t escape(char out[8], unsigned char c, char quote) {
  switch (c) {
  case '\n':
    return (size_t)snprintf(out, 8, "\\n");
  case '\r':
    return (size_t)snprintf(out, 8, "\\r");
  case '\t':
    return (size_t)snprintf(out, 8, "\\t");
  default:
    break;
  }
  if (c < 0x20 || c == 0x7F)
    return (size_t)snprintf(out, 8, "\\x%02x", (unsigned)c);
  if (c == '\\' || c == (unsigned char)quote)
    return (size_t)snprintf(out, 8, "\\%c", c);
  out[0] = (char)c;
  return 1;
}

void dur_literal_repr(dur_bytes text, char *out, size_t size) {
  int has_single = text.len && memchr(text.data, '\'', text.len);
  int has_double = text.len && memchr(text.data, '"', text.len);
  char quote = has_single && !has_double ? '"' : '\'';
  size_t at = 0;
  if (size < 16) { /* an escape and both quotes always fit */
    out[0] = '\0';
    return;
  }
  out[at++] = quote;
  size_t i = 0;
  for (; i < text.len && at + 8 < size; i++)
    at += escape(out + at, (unsigned char)text.data[i], quote);
  if (i < text.len) { /* cut: not inside a character */
    while (((unsigned char)text.data[i] & 0xC0) == 0x80 && i > 0 &&
           ((unsigned char)out[at - 1] & 0x80)) {
      at--;
      i--;
    }
  }
  out[at++] = quote;
  out[at] = '\0';
}

static int bad_value(dur_serdes_error *err, const char *what, dur_bytes text) {
  char repr[256];
  dur_literal_repr(text, repr, sizeof repr);
  return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL, "%s: %s", what, repr);
}

/* ---- numbers */

/* Copy the digits at |*p|, single underscores between them dropped, to |at|.
 * NULL when there are none or an underscore stands wrong. */
static char *copy_digits(const char **p, const char *end, char *at) {
  const char *s = *p;
  if (s == end || !is_digit(*s))
    return NULL;
  for (; s < end && (is_digit(*s) || *s == '_'); s++) {
    if (*s != '_')
      *at++ = *s;
    else if (s + 1 == end || !is_digit(s[1]))
      return NULL;
  }
  *p = s;
  return at;
}

int dur_literal_int(dur_arena *arena, dur_bytes text, dur_bytes *out,
                    dur_serdes_error *err) {
  static const char what[] = "invalid literal for int() with base 10";
  dur_bytes t = trim(text);
  const char *p = t.data, *end = p + t.len;
  char *first = dur_arena_alloc(arena, t.len + 2);
  if (!first)
    return dur_serdes_nomem(err);
  int negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+'))
    p++;
  char *last = copy_digits(&p, end, first + 1);
  if (!last || p != end)
    return bad_value(err, what, text);
  char *digits = first + 1;
  while (digits + 1 < last && *digits == '0')
    digits++;
  if (negative && *digits != '0')
    *--digits = '-';
  *out = (dur_bytes){digits, (size_t)(last - digits)};
  return 0;
}

/* Rewrite Python's float text as a JSON number at |at|; its end, or NULL. */
static char *to_json_number(const char *p, const char *end, char *at) {
  char *whole = at;
  if (p < end && is_digit(*p)) {
    char *last = copy_digits(&p, end, at);
    if (!last)
      return NULL;
    size_t zeros = 0;
    while (whole + zeros + 1 < last && whole[zeros] == '0')
      zeros++;
    memmove(whole, whole + zeros, (size_t)(last - whole) - zeros);
    at = last - zeros;
  } else if (end - p < 2 || *p != '.' || !is_digit(p[1])) {
    return NULL;
  } else {
    *at++ = '0';
  }
  if (p < end && *p == '.') {
    *at++ = *p++;
    if (p < end && is_digit(*p)) {
      if (!(at = copy_digits(&p, end, at)))
        return NULL;
    } else {
      *at++ = '0';
    }
  }
  if (p < end && lower(*p) == 'e') {
    *at++ = *p++;
    if (p < end && (*p == '+' || *p == '-'))
      *at++ = *p++;
    if (!(at = copy_digits(&p, end, at)))
      return NULL;
  }
  return p == end ? at : NULL;
}

int dur_literal_float(dur_arena *arena, dur_bytes text, double *out,
                      dur_serdes_error *err) {
  static const char what[] = "could not convert string to float";
  dur_bytes t = trim(text);
  int negative = t.len && t.data[0] == '-';
  if (t.len && (t.data[0] == '-' || t.data[0] == '+'))
    t = (dur_bytes){t.data + 1, t.len - 1};
  if (is_word(t, "nan")) {
    *out = NAN;
    return 0;
  }
  if (is_word(t, "inf") || is_word(t, "infinity")) {
    *out = negative ? -INFINITY : INFINITY;
    return 0;
  }
  char *first = dur_arena_alloc(arena, t.len + 4);
  if (!first)
    return dur_serdes_nomem(err);
  const char *p = t.len ? t.data : "";
  char *last = to_json_number(p, p + t.len, first);
  if (!last)
    return bad_value(err, what, text);
  *out = dur_number_double((dur_bytes){first, (size_t)(last - first)});
  if (negative)
    *out = -*out;
  return 0;
}

/* ---- UUID */

static int is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Python drops every "urn:" and "uuid:", then braces at the ends, then every
 * hyphen, and wants 32 digits. */
static size_t uuid_digits(dur_bytes text, char digits[32]) {
  const char *p = text.data, *end = p + text.len;
  size_t count = 0;
  while (p < end && (*p == '{' || *p == '}'))
    p++;
  while (end > p && (end[-1] == '{' || end[-1] == '}'))
    end--;
  while (p < end) {
    if (end - p >= 4 && memcmp(p, "urn:", 4) == 0) {
      p += 4;
    } else if (end - p >= 5 && memcmp(p, "uuid:", 5) == 0) {
      p += 5;
    } else if (*p == '-') {
      p++;
    } else if (count == 32 || !is_hex(lower(*p))) {
      return 0;
    } else {
      digits[count++] = lower(*p++);
    }
  }
  return count;
}

int dur_literal_uuid(dur_arena *arena, dur_bytes text, dur_bytes *out,
                     dur_serdes_error *err) {
  char digits[32];
  if (text.len == 0 || uuid_digits(text, digits) != 32)
    return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                           "badly formed hexadecimal UUID string");
  char canonical[37];
  snprintf(canonical, sizeof canonical, "%.8s-%.4s-%.4s-%.4s-%.12s", digits,
           digits + 8, digits + 12, digits + 16, digits + 20);
  *out = dur_arena_copy(arena, (dur_bytes){canonical, 36});
  return out->data ? 0 : dur_serdes_nomem(err);
}
