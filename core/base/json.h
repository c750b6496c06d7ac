/* json: a pull reader and a writer for JSON that loses nothing.
 *
 * Reader.  No tree and no allocation: each dur_json_next answers one token and
 * a slice of the source.  Numbers keep their text; strings keep NUL and lone
 * surrogates (decoded to WTF-8, see utf8.h); duplicate keys are the caller's to
 * judge.  Refused: trailing text, bad UTF-8, raw control characters, leading
 * zeros, depth past DUR_JSON_MAX_DEPTH; NaN, Infinity and -Infinity unless
 * DUR_JSON_ALLOW_NAN.
 *
 *   dur_json j;
 *   dur_json_init(&j, text, 0);
 *   if (dur_json_next(&j) != DUR_JSON_OBJECT) ...
 *   while (dur_json_next(&j) == DUR_JSON_KEY) {
 *     if (dur_json_text_is(&j, "Id")) { dur_json_next(&j); ... }
 *     else dur_json_skip(&j);
 *   }
 *   if (j.token != DUR_JSON_OBJECT_END) -> j.error, j.error_at
 *
 * Writer.  Python's json.dumps text: ASCII only, its escapes, its float repr
 * (spec/core.md 1.9); compact or with ", " and ": ". */
#ifndef DUR_BASE_JSON_H
#define DUR_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

enum { DUR_JSON_MAX_DEPTH = 512 };
enum { DUR_JSON_ALLOW_NAN = 1 };

typedef enum dur_json_token {
  DUR_JSON_ERROR = -1, /* sticky: every later call answers it again */
  DUR_JSON_END = 0,    /* the whole document was read; sticky too */
  DUR_JSON_NULL,
  DUR_JSON_FALSE,
  DUR_JSON_TRUE,
  DUR_JSON_NUMBER, /* text: the number as written; NaN etc. when allowed */
  DUR_JSON_STRING, /* text: between the quotes, still escaped if |escaped| */
  DUR_JSON_ARRAY,
  DUR_JSON_ARRAY_END,
  DUR_JSON_OBJECT,
  DUR_JSON_KEY, /* text as for a string; its value comes next */
  DUR_JSON_OBJECT_END
} dur_json_token;

typedef struct dur_json {
  const char *start, *p, *end;
  dur_bytes text; /* of the last NUMBER, STRING or KEY: a slice of the source */
  const char *error; /* a static sentence; NULL while all is well */
  size_t error_at;   /* byte offset of the error */
  int token;         /* the last answer */
  int flags;
  unsigned char escaped; /* the last STRING or KEY holds a backslash */
  unsigned char state;
  uint16_t depth;
  unsigned char kinds[DUR_JSON_MAX_DEPTH / 8]; /* bit: object or array */
} dur_json;

void dur_json_init(dur_json *json, dur_bytes text, int flags);
int dur_json_next(dur_json *json);
/* Skip the next value whole (call instead of dur_json_next).  The token that
 * ended it, or DUR_JSON_ERROR.  Where no value comes next, the token that does:
 * ARRAY_END, OBJECT_END or END; before a KEY, the key goes with its value. */
int dur_json_skip(dur_json *json);
/* After ARRAY, OBJECT or a scalar was answered: skip the rest of that value.
 * After KEY: skip its value. */
int dur_json_skip_rest(dur_json *json);
/* Read the next value whole and answer its source text, white space trimmed.
 * Answers as dur_json_skip does; *out is absent unless a value was read. */
int dur_json_raw(dur_json *json, dur_bytes *out);
/* Compare the last STRING or KEY, decoded, with a C string. */
int dur_json_text_is(const dur_json *json, const char *text);
/* Decode the last STRING or KEY.  Not escaped: *out borrows the source and
 * nothing is allocated.  -1: out of memory. */
int dur_json_text(const dur_json *json, dur_arena *arena, dur_bytes *out);
/* Decode into a buffer (appends). */
void dur_json_text_buf(const dur_json *json, dur_buf *out);
/* The last NUMBER as int64: 1, or 0 when it has a fraction or exponent or does
 * not fit. */
int dur_json_int(const dur_json *json, int64_t *out);
double dur_json_double(const dur_json *json); /* locale-independent */
/* Parse number text that did not come from a reader.  What is not a JSON number
 * gives 0, and NaN for the double. */
int dur_number_int(dur_bytes text, int64_t *out);
double dur_number_double(dur_bytes text);
/* 1 when |text| is one well-formed JSON value.  Otherwise 0, *error and *at (either
 * may be NULL). */
int dur_json_valid(dur_bytes text, int flags, const char **error, size_t *at);

/* ---- writing */

/* "..." with Python's escapes; ill-formed input bytes become \ufffd. */
void dur_json_put_string(dur_buf *buf, dur_bytes text);
/* Length of what dur_json_put_string would append, quotes included. */
size_t dur_json_string_len(dur_bytes text);
/* Python's repr: 1.0, 1e+16, 5e-324, -0.0, NaN, Infinity. */
void dur_json_put_double(dur_buf *buf, double number);

/* A writer that places commas and colons.  Depth is bounded by
 * DUR_JSON_MAX_DEPTH; passing it fails the buffer. */
typedef struct dur_json_out {
  dur_buf *buf;
  unsigned char spaced;    /* ", " and ": " instead of "," and ":" */
  unsigned char after_key; /* the next value follows a colon */
  uint16_t depth;
  unsigned char used[DUR_JSON_MAX_DEPTH / 8]; /* bit: container has a member */
} dur_json_out;

void dur_json_out_init(dur_json_out *out, dur_buf *buf, int spaced);
void dur_json_begin_object(dur_json_out *out);
void dur_json_end_object(dur_json_out *out);
void dur_json_begin_array(dur_json_out *out);
void dur_json_end_array(dur_json_out *out);
void dur_json_key(dur_json_out *out, const char *key); /* plain ASCII */
void dur_json_key_bytes(dur_json_out *out, dur_bytes key);
void dur_json_string(dur_json_out *out, dur_bytes text);
void dur_json_cstr(dur_json_out *out, const char *text);
void dur_json_i64(dur_json_out *out, int64_t number);
void dur_json_bool(dur_json_out *out, int truth);
void dur_json_null(dur_json_out *out);
void dur_json_double_value(dur_json_out *out, double number);
void dur_json_raw_value(dur_json_out *out,
                        dur_bytes text); /* copied as it is */

#endif
