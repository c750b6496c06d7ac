/* json_text: what a STRING or KEY of the reader says.
 *
 * Invariant: the slice was checked by the reader, so every escape is complete.
 * A \uD8xx\uDCxx pair gives one four-byte sequence, a lone surrogate its
 * three-byte WTF-8 form. */
#include "base/json.h"

#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

static uint32_t hex4(const char *p) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++)
    value = value << 4 | (uint32_t)dur_json_hex_digit(p[i]);
  return value;
}

/* Decode the \uXXXX at |p|, with the second half of a pair when one follows. */
static uint32_t unicode_escape(const char *p, const char *end,
                               const char **next) {
  uint32_t cp = hex4(p + 2);
  *next = p + 6;
  if (cp < 0xD800 || cp > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u')
    return cp;
  uint32_t low = hex4(p + 8);
  if (low < 0xDC00 || low > 0xDFFF)
    return cp;
  *next = p + 12;
  return 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
}

/* Decode the escape at |p| into |out|; its length there, at most 4. */
static size_t decode_escape(const char *p, const char *end, char out[4],
                            const char **next) {
  *next = p + 2;
  switch (p[1]) {
  case 'b':
    out[0] = '\b';
    return 1;
  case 'f':
    out[0] = '\f';
    return 1;
  case 'n':
    out[0] = '\n';
    return 1;
  case 'r':
    out[0] = '\r';
    return 1;
  case 't':
    out[0] = '\t';
    return 1;
  case 'u':
    return dur_utf8_encode(out, unicode_escape(p, end, next));
  default: /* '"', '\\' and '/' stand for themselves */
    out[0] = p[1];
    return 1;
  }
}

/* Up to the next backslash of [p, end), or |end|. */
static const char *unescaped_run(const char *p, const char *end) {
  const char *slash = memchr(p, '\\', (size_t)(end - p));
  return slash ? slash : end;
}

/* Decode |text| into |out|, which has room for text.len bytes: no escape gets
 * longer by decoding. */
static size_t decode(dur_bytes text, char *out) {
  const char *p = text.data;
  const char *end = p + text.len;
  char *at = out;
  while (p < end) {
    const char *run = unescaped_run(p, end);
    memcpy(at, p, (size_t)(run - p));
    at += run - p;
    if (run == end)
      break;
    char decoded[4];
    size_t len = decode_escape(run, end, decoded, &p);
    memcpy(at, decoded, len);
    at += len;
  }
  return (size_t)(at - out);
}

int dur_json_text_is(const dur_json *json, const char *text) {
  size_t left = strlen(text);
  if (!json->escaped)
    return json->text.len == left && memcmp(json->text.data, text, left) == 0;
  const char *p = json->text.data;
  const char *end = p + json->text.len;
  while (p < end) {
    const char *run = unescaped_run(p, end);
    size_t len = (size_t)(run - p);
    if (len > left || memcmp(p, text, len) != 0)
      return 0;
    text += len;
    left -= len;
    if (run == end)
      break;
    char decoded[4];
    len = decode_escape(run, end, decoded, &p);
    if (len > left || memcmp(decoded, text, len) != 0)
      return 0;
    text += len;
    left -= len;
  }
  return left == 0;
}

int dur_json_text(const dur_json *json, dur_arena *arena, dur_bytes *out) {
  *out = json->text;
  if (!json->escaped)
    return 0;
  char *decoded = dur_arena_alloc(arena, json->text.len + 1);
  if (!decoded) {
    *out = DUR_NONE;
    return -1;
  }
  size_t len = decode(json->text, decoded);
  decoded[len] = '\0';
  *out = (dur_bytes){decoded, len};
  return 0;
}

void dur_json_text_buf(const dur_json *json, dur_buf *out) {
  if (!json->escaped) {
    dur_buf_bytes(out, json->text);
    return;
  }
  char *place = dur_buf_reserve(out, json->text.len);
  if (place)
    out->len += decode(json->text, place);
}
