/* json_reason: find the place and the words of json.loads for a refused text.
 *
 * The reader says where a text goes wrong in its own way; Python's error is
 * rebuilt from the last token that was well and what follows it.  Places are
 * counted in characters, as Python counts them. */
#include "serdes/json_reason.h"

#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

typedef struct reason {
  const char *start, *end;
  enum { TOP, IN_ARRAY, IN_OBJECT } in;
  dur_serdes_error *err;
} reason;

static const char *skip_space(const reason *r, const char *p) {
  while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
    p++;
  return p;
}

static int say(const reason *r, const char *what, const char *at) {
  size_t line = 1, column = 1, index = 0;
  for (const char *p = r->start; p < at; p++) {
    if (((unsigned char)*p & 0xC0) == 0x80)
      continue;
    index++;
    column++;
    if (*p == '\n') {
      line++;
      column = 1;
    }
  }
  dur_serdes_fail(r->err, DUR_SERDES_JSON, NULL,
                  "%s: line %zu column %zu (char %zu)", what, line, column,
                  index);
  r->err->path[0] = '\0';
  return -1;
}

/* Python wants a character behind the four digits too. */
static int hex_ahead(const reason *r, const char *p) {
  if (r->end - p < 5)
    return 0;
  for (int i = 0; i < 4; i++)
    if (!p[i] || !strchr("0123456789abcdefABCDEF", p[i]))
      return 0;
  return 1;
}

/* |quote| opens a string that is not well. */
static int say_string(const reason *r, const char *quote) {
  for (const char *p = quote + 1; p < r->end; p++) {
    if ((unsigned char)*p < 0x20)
      return say(r, "Invalid control character at", p);
    if (*p != '\\')
      continue;
    if (++p == r->end)
      break;
    if (*p == 'u' && !hex_ahead(r, p + 1))
      return say(r, "Invalid \\uXXXX escape", p);
    if (!*p || !strchr("\"\\/bfnrtu", *p))
      return say(r, "Invalid \\escape", p - 1);
  }
  return say(r, "Unterminated string starting at", quote);
}

static const char *skip_digits(const reason *r, const char *p) {
  while (p < r->end && *p >= '0' && *p <= '9')
    p++;
  return p;
}

/* Python takes the longest number that it can: its end, or NULL. */
static const char *number_end(const reason *r, const char *p) {
  const char *first = p + (p < r->end && *p == '-');
  const char *last = skip_digits(r, first);
  if (last == first)
    return NULL;
  if (*first == '0')
    last = first + 1;
  if (r->end - last > 1 && *last == '.' && skip_digits(r, last + 1) > last + 1)
    last = skip_digits(r, last + 1);
  if (r->end - last > 1 && (*last | 0x20) == 'e') {
    const char *power = last + 1;
    if (*power == '+' || *power == '-')
      power++;
    if (skip_digits(r, power) > power)
      last = skip_digits(r, power);
  }
  return last;
}

static const char *word_end(const reason *r, const char *p) {
  static const char *const words[] = {"null", "true",     "false",
                                      "NaN",  "Infinity", "-Infinity"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t len = strlen(words[i]);
    if ((size_t)(r->end - p) >= len && memcmp(p, words[i], len) == 0)
      return p + len;
  }
  return NULL;
}

static int say_behind_value(const reason *r, const char *p);

static int say_value(const reason *r, const char *p) {
  p = skip_space(r, p);
  if (p < r->end && *p == '"')
    return say_string(r, p);
  if (p < r->end && (*p == '[' || *p == '{'))
    return dur_serdes_fail(r->err, DUR_SERDES_LIMIT, NULL,
                           "JSON is nested deeper than %d levels",
                           DUR_JSON_MAX_DEPTH);
  const char *last = word_end(r, p);
  if (!last)
    last = number_end(r, p);
  return last ? say_behind_value(r, last) : say(r, "Expecting value", p);
}

static int say_key(const reason *r, const char *p) {
  p = skip_space(r, p);
  if (p < r->end && *p == '"')
    return say_string(r, p);
  return say(r, "Expecting property name enclosed in double quotes", p);
}

static int say_behind_value(const reason *r, const char *p) {
  p = skip_space(r, p);
  if (r->in == TOP)
    return say(r, "Extra data", p);
  if (p == r->end || *p != ',')
    return say(r, "Expecting ',' delimiter", p);
  return r->in == IN_ARRAY ? say_value(r, p + 1) : say_key(r, p + 1);
}

static int say_behind_key(const reason *r, const char *p) {
  p = skip_space(r, p);
  if (p == r->end || *p != ':')
    return say(r, "Expecting ':' delimiter", p);
  return say_value(r, p + 1);
}

static int innermost(const dur_json *j) {
  if (j->depth == 0)
    return TOP;
  unsigned at = j->depth - 1u;
  return j->kinds[at / 8] >> (at % 8) & 1 ? IN_OBJECT : IN_ARRAY;
}

int dur_json_reason(dur_bytes text, dur_serdes_error *err) {
  const char *start = text.data ? text.data : "";
  reason r = {start, start + text.len, TOP, err};
  ptrdiff_t bad = text.len ? dur_utf8_check(text, DUR_UTF8_STRICT) : -1;
  if (bad >= 0)
    return dur_serdes_fail(err, DUR_SERDES_JSON, NULL,
                           "payload is not UTF-8 at byte %td", bad);
  if (dur_bytes_starts(text, "\xEF\xBB\xBF"))
    return say(&r, "Unexpected UTF-8 BOM (decode using utf-8-sig)", start);
  dur_json j, before;
  dur_json_init(&j, text, DUR_JSON_ALLOW_NAN);
  int first = 1;
  do {
    before = j;
    first = j.p == j.start;
  } while (dur_json_next(&j) > DUR_JSON_END);
  r.in = innermost(&before);
  if (first)
    return say_value(&r, start);
  switch (before.token) {
  case DUR_JSON_ARRAY:
    return say_value(&r, before.p);
  case DUR_JSON_OBJECT:
    return say_key(&r, before.p);
  case DUR_JSON_KEY:
    return say_behind_key(&r, before.p);
  default:
    return say_behind_value(&r, before.p);
  }
}
