/* json_read: the reader's state machine and its scanners.
 *
 * Invariant: |p| stands behind the last token; |state| says what may come next;
 * bit depth-1 of |kinds| is 1 when the innermost container is an object.  Every
 * byte between |start| and |p| has been checked, so a slice handed out is well
 * formed. */
#include "base/json.h"

#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

enum state {
  ANY_VALUE,    /* the document's one value */
  DONE,         /* only white space may follow */
  FIRST_ITEM,   /* behind '[' */
  AFTER_ITEM,   /* behind a value in an array */
  FIRST_KEY,    /* behind '{' */
  MEMBER_VALUE, /* behind a key */
  AFTER_MEMBER, /* behind a value in an object */
  FAILED
};

void dur_json_init(dur_json *json, dur_bytes text, int flags) {
  const char *start = text.data ? text.data : "";
  json->start = json->p = start;
  json->end = start + text.len;
  json->text = DUR_NONE;
  json->error = NULL;
  json->error_at = 0;
  json->token = DUR_JSON_END;
  json->flags = flags;
  json->escaped = 0;
  json->state = ANY_VALUE;
  json->depth = 0;
}

static int fail(dur_json *json, const char *at, const char *error) {
  json->state = FAILED;
  json->error = error;
  json->error_at = (size_t)(at - json->start);
  json->text = DUR_NONE;
  return json->token = DUR_JSON_ERROR;
}

static const char *skip_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
    p++;
  return p;
}

static int at_end(dur_json *json, const char *p) {
  return fail(json, p, "the text ends too early");
}

/* ---- strings */

/* Length of the escape at |p| (a backslash), or 0. */
static size_t escape_len(const char *p, const char *end) {
  if (end - p < 2)
    return 0;
  switch (p[1]) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't':
    return 2;
  case 'u':
    break;
  default:
    return 0;
  }
  if (end - p < 6)
    return 0;
  for (int i = 2; i < 6; i++)
    if (dur_json_hex_digit(p[i]) < 0)
      return 0;
  return 6;
}

static int string_error(dur_json *json, const char *p) {
  if (p == json->end)
    return fail(json, p, "a string is not closed");
  if (*p == '\\')
    return fail(json, p, "a bad escape in a string");
  if ((unsigned char)*p < 0x20)
    return fail(json, p, "a raw control character in a string");
  return fail(json, p, "bad UTF-8");
}

/* |p| is behind the opening quote. */
static int scan_string(dur_json *json, const char *p, int token, int state) {
  const char *first = p;
  const char *end = json->end;
  unsigned char escaped = 0;
  for (;;) {
    p = dur_json_plain_run(p, end);
    if (p < end && *p == '"')
      break;
    size_t len = 0;
    if (p < end && *p == '\\') {
      escaped = 1;
      len = escape_len(p, end);
    } else if (p < end && (unsigned char)*p >= 0x20) {
      len = dur_utf8_step(p, end, DUR_UTF8_STRICT);
    }
    if (len == 0)
      return string_error(json, p);
    p += len;
  }
  json->text = (dur_bytes){first, (size_t)(p - first)};
  json->escaped = escaped;
  json->p = p + 1;
  json->state = (unsigned char)state;
  return json->token = token;
}

/* ---- numbers and words */

static const char *skip_digits(const char *p, const char *end) {
  while (p < end && *p >= '0' && *p <= '9')
    p++;
  return p;
}

static int number_error(dur_json *json, const char *p, const char *error) {
  return p == json->end ? at_end(json, p) : fail(json, p, error);
}

static int scan_word(dur_json *json, const char *p, const char *word, int token,
                     int state) {
  size_t len = strlen(word);
  if ((size_t)(json->end - p) < len || memcmp(p, word, len) != 0)
    return fail(json, p, "expected a value");
  json->text = (dur_bytes){p, len};
  json->p = p + len;
  json->state = (unsigned char)state;
  return json->token = token;
}

/* NaN, Infinity and -Infinity: numbers to those who allow them. */
static int scan_nan(dur_json *json, const char *p, int state) {
  const char *word = *p == 'N' ? "NaN" : *p == 'I' ? "Infinity" : "-Infinity";
  if (scan_word(json, p, word, DUR_JSON_NUMBER, state) == DUR_JSON_ERROR)
    return DUR_JSON_ERROR;
  if (!(json->flags & DUR_JSON_ALLOW_NAN))
    return fail(json, p, "NaN and Infinity are not allowed here");
  return DUR_JSON_NUMBER;
}

static int scan_number(dur_json *json, const char *first, int state) {
  const char *end = json->end;
  const char *p = first + (*first == '-');
  if (p < end && *p == 'I')
    return scan_nan(json, first, state);
  const char *digits = p;
  p = skip_digits(p, end);
  if (p == digits)
    return number_error(json, p, "expected a digit");
  if (*digits == '0' && p - digits > 1)
    return fail(json, digits, "a number starts with a needless zero");
  if (p < end && *p == '.') {
    digits = ++p;
    p = skip_digits(p, end);
    if (p == digits)
      return number_error(json, p, "expected a digit after the point");
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-'))
      p++;
    digits = p;
    p = skip_digits(p, end);
    if (p == digits)
      return number_error(json, p, "expected a digit in the exponent");
  }
  json->text = (dur_bytes){first, (size_t)(p - first)};
  json->p = p;
  json->state = (unsigned char)state;
  return json->token = DUR_JSON_NUMBER;
}

/* ---- containers */

static int open_container(dur_json *json, const char *p, int is_object) {
  if (json->depth == DUR_JSON_MAX_DEPTH)
    return fail(json, p, "arrays and objects are nested too deep");
  unsigned bit = 1u << (json->depth % 8);
  unsigned char *kinds = &json->kinds[json->depth / 8];
  *kinds = (unsigned char)(is_object ? *kinds | bit : *kinds & ~bit);
  json->depth++;
  json->p = p + 1;
  json->state = is_object ? FIRST_KEY : FIRST_ITEM;
  return json->token = is_object ? DUR_JSON_OBJECT : DUR_JSON_ARRAY;
}

static int close_container(dur_json *json, const char *p, int token) {
  unsigned depth = --json->depth;
  json->p = p + 1;
  if (depth == 0)
    json->state = DONE;
  else if (json->kinds[(depth - 1) / 8] >> ((depth - 1) % 8) & 1)
    json->state = AFTER_MEMBER;
  else
    json->state = AFTER_ITEM;
  return json->token = token;
}

/* Read a value at |p|; a scalar leaves the reader in |state|. */
static int read_value(dur_json *json, const char *p, int state) {
  if (p == json->end)
    return at_end(json, p);
  switch (*p) {
  case '"':
    return scan_string(json, p + 1, DUR_JSON_STRING, state);
  case '{':
    return open_container(json, p, 1);
  case '[':
    return open_container(json, p, 0);
  case 'n':
    return scan_word(json, p, "null", DUR_JSON_NULL, state);
  case 't':
    return scan_word(json, p, "true", DUR_JSON_TRUE, state);
  case 'f':
    return scan_word(json, p, "false", DUR_JSON_FALSE, state);
  case 'N':
  case 'I':
    return scan_nan(json, p, state);
  default:
    if (*p == '-' || (*p >= '0' && *p <= '9'))
      return scan_number(json, p, state);
    return fail(json, p, "expected a value");
  }
}

static int read_key(dur_json *json, const char *p, const char *error) {
  if (p == json->end)
    return at_end(json, p);
  if (*p != '"')
    return fail(json, p, error);
  return scan_string(json, p + 1, DUR_JSON_KEY, MEMBER_VALUE);
}

static int after_value(dur_json *json, const char *p, int is_object) {
  if (p == json->end)
    return at_end(json, p);
  if (*p == ',') {
    p = skip_space(p + 1, json->end);
    return is_object ? read_key(json, p, "expected a key")
                     : read_value(json, p, AFTER_ITEM);
  }
  if (*p == (is_object ? '}' : ']'))
    return close_container(
        json, p, is_object ? DUR_JSON_OBJECT_END : DUR_JSON_ARRAY_END);
  return fail(json, p,
              is_object ? "expected ',' or '}'" : "expected ',' or ']'");
}

int dur_json_next(dur_json *json) {
  const char *p = skip_space(json->p, json->end);
  switch (json->state) {
  case ANY_VALUE:
    return read_value(json, p, DONE);
  case AFTER_MEMBER:
    return after_value(json, p, 1);
  case MEMBER_VALUE:
    if (p == json->end)
      return at_end(json, p);
    if (*p != ':')
      return fail(json, p, "expected ':'");
    return read_value(json, skip_space(p + 1, json->end), AFTER_MEMBER);
  case FIRST_KEY:
    if (p < json->end && *p == '}')
      return close_container(json, p, DUR_JSON_OBJECT_END);
    return read_key(json, p, "expected a key or '}'");
  case AFTER_ITEM:
    return after_value(json, p, 0);
  case FIRST_ITEM:
    if (p < json->end && *p == ']')
      return close_container(json, p, DUR_JSON_ARRAY_END);
    return read_value(json, p, AFTER_ITEM);
  case DONE:
    if (p < json->end)
      return fail(json, p, "text follows the value");
    json->p = p;
    json->text = DUR_NONE;
    return json->token = DUR_JSON_END;
  default:
    return DUR_JSON_ERROR;
  }
}

/* ---- whole values */

int dur_json_skip_rest(dur_json *json) {
  if (json->token == DUR_JSON_KEY)
    dur_json_next(json);
  if (json->token != DUR_JSON_ARRAY && json->token != DUR_JSON_OBJECT)
    return json->token;
  unsigned outside = json->depth - 1u;
  while (json->state != FAILED && json->depth > outside)
    dur_json_next(json);
  return json->token;
}

int dur_json_skip(dur_json *json) {
  dur_json_next(json);
  return dur_json_skip_rest(json);
}

/* Where the value starts whose first token was just answered; NULL when that
 * token is no value. */
static const char *value_start(const dur_json *json) {
  switch (json->token) {
  case DUR_JSON_STRING:
    return json->text.data - 1;
  case DUR_JSON_NULL:
  case DUR_JSON_FALSE:
  case DUR_JSON_TRUE:
  case DUR_JSON_NUMBER:
    return json->text.data;
  case DUR_JSON_ARRAY:
  case DUR_JSON_OBJECT:
    return json->p - 1;
  default:
    return NULL;
  }
}

int dur_json_raw(dur_json *json, dur_bytes *out) {
  *out = DUR_NONE;
  if (dur_json_next(json) == DUR_JSON_KEY)
    dur_json_next(json);
  const char *first = value_start(json);
  int token = dur_json_skip_rest(json);
  if (first && token != DUR_JSON_ERROR)
    *out = (dur_bytes){first, (size_t)(json->p - first)};
  return token;
}

int dur_json_valid(dur_bytes text, int flags, const char **error, size_t *at) {
  dur_json json;
  dur_json_init(&json, text, flags);
  while (dur_json_next(&json) > DUR_JSON_END) {
  }
  if (error)
    *error = json.error;
  if (at)
    *at = json.error_at;
  return json.token == DUR_JSON_END;
}
