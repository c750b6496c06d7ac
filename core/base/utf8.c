/* utf8: one step function, on which the rest stands.
 *
 * Invariant: a sequence is well formed exactly as Unicode's table of
 * well-formed byte sequences says; WTF-8 mode adds ED A0..BF 80..BF. */
#include "base/utf8.h"

static int is_tail(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

/* The bounds of the second byte carry the whole rule: no overlong form, no
 * surrogate, nothing past U+10FFFF. */
static size_t step3(const unsigned char *p, size_t left, int mode) {
  unsigned char low = p[0] == 0xE0 ? 0xA0 : 0x80;
  unsigned char high = p[0] == 0xED && mode == DUR_UTF8_STRICT ? 0x9F : 0xBF;
  return left >= 3 && p[1] >= low && p[1] <= high && is_tail(p[2]) ? 3 : 0;
}

static size_t step4(const unsigned char *p, size_t left) {
  unsigned char low = p[0] == 0xF0 ? 0x90 : 0x80;
  unsigned char high = p[0] == 0xF4 ? 0x8F : 0xBF;
  return left >= 4 && p[1] >= low && p[1] <= high && is_tail(p[2]) &&
                 is_tail(p[3])
             ? 4
             : 0;
}

size_t dur_utf8_step(const char *at, const char *end, int mode) {
  const unsigned char *p = (const unsigned char *)at;
  size_t left = (size_t)(end - at);
  if (p[0] < 0x80)
    return 1;
  if (p[0] < 0xC2 || p[0] > 0xF4)
    return 0;
  if (p[0] < 0xE0)
    return left >= 2 && is_tail(p[1]) ? 2 : 0;
  return p[0] < 0xF0 ? step3(p, left, mode) : step4(p, left);
}

ptrdiff_t dur_utf8_check(dur_bytes b, int mode) {
  const char *p = b.len ? b.data : "";
  const char *end = p + b.len;
  while (p < end) {
    size_t len = dur_utf8_step(p, end, mode);
    if (len == 0)
      return p - b.data;
    p += len;
  }
  return -1;
}

uint32_t dur_utf8_decode(const char *at, const char *end, const char **next) {
  const unsigned char *p = (const unsigned char *)at;
  size_t len = dur_utf8_step(at, end, DUR_UTF8_WTF8);
  *next = at + (len ? len : 1);
  switch (len) {
  case 1:
    return p[0];
  case 2:
    return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
  case 3:
    return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  case 4:
    return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 |
           (p[3] & 0x3Fu);
  default: /* not well formed, which the caller has excluded */
    return 0xFFFD;
  }
}

size_t dur_utf8_encode(char out[4], uint32_t cp) {
  if (cp < 0x80) {
    out[0] = (char)cp;
    return 1;
  }
  if (cp < 0x800) {
    out[0] = (char)(0xC0 | cp >> 6);
    out[1] = (char)(0x80 | (cp & 0x3F));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = (char)(0xE0 | cp >> 12);
    out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[2] = (char)(0x80 | (cp & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | cp >> 18);
  out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
  out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
  out[3] = (char)(0x80 | (cp & 0x3F));
  return 4;
}
