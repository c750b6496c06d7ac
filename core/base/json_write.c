/* json_write: Python's json.dumps text.
 *
 * Invariant: whatever bytes come in, what goes out is well-formed ASCII JSON,
 * as long as the caller nests rightly and raw text is itself JSON. */
#include "base/json.h"

#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

/* ---- strings */

enum { LONGEST_ESCAPE = 12 }; /* a surrogate pair */

static size_t put_u(char *out, uint32_t unit) {
  static const char hex[] = "0123456789abcdef";
  out[0] = '\\';
  out[1] = 'u';
  for (int i = 0; i < 4; i++)
    out[2 + i] = hex[unit >> (12 - 4 * i) & 15];
  return 6;
}

static char short_escape(char c) {
  switch (c) {
  case '"':
  case '\\':
    return c;
  case '\b':
    return 'b';
  case '\f':
    return 'f';
  case '\n':
    return 'n';
  case '\r':
    return 'r';
  case '\t':
    return 't';
  default:
    return 0;
  }
}

/* Escape what stands at |p|, which is not plain; the length written. */
static size_t escape(const char *p, const char *end, char out[LONGEST_ESCAPE],
                     const char **next) {
  char c = short_escape(*p);
  if (c) {
    out[0] = '\\';
    out[1] = c;
    *next = p + 1;
    return 2;
  }
  uint32_t cp = dur_utf8_decode(p, end, next); /* U+FFFD for a bad byte */
  if (cp < 0x10000)
    return put_u(out, cp);
  cp -= 0x10000;
  size_t len = put_u(out, 0xD800 + (cp >> 10));
  return len + put_u(out + len, 0xDC00 + (cp & 0x3FF));
}

void dur_json_put_string(dur_buf *buf, dur_bytes text) {
  const char *p = text.len ? text.data : "";
  const char *end = p + text.len;
  dur_buf_char(buf, '"');
  while (p < end && !buf->failed) {
    const char *run = dur_json_plain_run(p, end);
    dur_buf_add(buf, p, (size_t)(run - p));
    p = run;
    while (p < end && !dur_json_is_plain(*p)) {
      char escaped[LONGEST_ESCAPE];
      size_t len = escape(p, end, escaped, &p);
      dur_buf_add(buf, escaped, len);
    }
  }
  dur_buf_char(buf, '"');
}

size_t dur_json_string_len(dur_bytes text) {
  const char *p = text.len ? text.data : "";
  const char *end = p + text.len;
  size_t total = 2;
  while (p < end) {
    const char *run = dur_json_plain_run(p, end);
    total += (size_t)(run - p);
    p = run;
    while (p < end && !dur_json_is_plain(*p)) {
      char escaped[LONGEST_ESCAPE];
      total += escape(p, end, escaped, &p);
    }
  }
  return total;
}

/* ---- the writer */

void dur_json_out_init(dur_json_out *out, dur_buf *buf, int spaced) {
  *out = (dur_json_out){.buf = buf, .spaced = spaced != 0};
}

/* Whatever must stand before the next value or key. */
static void separate(dur_json_out *out) {
  if (out->after_key) {
    out->after_key = 0;
    return;
  }
  if (out->depth == 0)
    return;
  unsigned char *used = &out->used[(out->depth - 1) / 8];
  unsigned bit = 1u << ((out->depth - 1) % 8);
  if (*used & bit)
    dur_buf_add(out->buf, ", ", out->spaced ? 2 : 1);
  *used = (unsigned char)(*used | bit);
}

static void begin(dur_json_out *out, char bracket) {
  separate(out);
  if (out->depth == DUR_JSON_MAX_DEPTH) {
    dur_buf_fail(out->buf, DUR_BUF_TOO_LARGE);
    return;
  }
  unsigned bit = 1u << (out->depth % 8);
  unsigned char *used = &out->used[out->depth / 8];
  *used = (unsigned char)(*used & ~bit);
  out->depth++;
  dur_buf_char(out->buf, bracket);
}

/* After a begin that failed for depth the ends outnumber the begins. */
static void end(dur_json_out *out, char bracket) {
  if (out->depth > 0)
    out->depth--;
  dur_buf_char(out->buf, bracket);
}

void dur_json_begin_object(dur_json_out *out) {
  begin(out, '{');
}

void dur_json_end_object(dur_json_out *out) {
  end(out, '}');
}

void dur_json_begin_array(dur_json_out *out) {
  begin(out, '[');
}

void dur_json_end_array(dur_json_out *out) {
  end(out, ']');
}

static void colon(dur_json_out *out) {
  dur_buf_add(out->buf, ": ", out->spaced ? 2 : 1);
  out->after_key = 1;
}

void dur_json_key(dur_json_out *out, const char *key) {
  size_t len = strlen(key);
  separate(out);
  char *place = dur_buf_reserve(out->buf, len + 2);
  if (place) {
    place[0] = '"';
    memcpy(place + 1, key, len);
    place[len + 1] = '"';
    out->buf->len += len + 2;
  }
  colon(out);
}

void dur_json_key_bytes(dur_json_out *out, dur_bytes key) {
  separate(out);
  dur_json_put_string(out->buf, key);
  colon(out);
}

void dur_json_string(dur_json_out *out, dur_bytes text) {
  separate(out);
  dur_json_put_string(out->buf, text);
}

void dur_json_cstr(dur_json_out *out, const char *text) {
  dur_json_string(out, dur_cstr(text));
}

void dur_json_i64(dur_json_out *out, int64_t number) {
  separate(out);
  dur_buf_i64(out->buf, number);
}

void dur_json_bool(dur_json_out *out, int truth) {
  separate(out);
  dur_buf_str(out->buf, truth ? "true" : "false");
}

void dur_json_null(dur_json_out *out) {
  separate(out);
  dur_buf_add(out->buf, "null", 4);
}

void dur_json_double_value(dur_json_out *out, double number) {
  separate(out);
  dur_json_put_double(out->buf, number);
}

void dur_json_raw_value(dur_json_out *out, dur_bytes text) {
  separate(out);
  dur_buf_bytes(out->buf, text);
}
