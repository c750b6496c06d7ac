/* json_scan: runs of string bytes that need no thought.
 *
 * Private to the JSON reader and writer.  Invariant: never reads at or past
 * |end|, so a document needs no terminator. */
#ifndef DUR_BASE_JSON_SCAN_H
#define DUR_BASE_JSON_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* 1 for printable ASCII other than '"' and '\\'. */
static inline int dur_json_is_plain(char c) {
  unsigned char u = (unsigned char)c;
  return u >= 0x20 && u < 0x7F && u != '"' && u != '\\';
}

/* The first byte in [p, end) that is not plain, or |end|. */
static inline const char *dur_json_plain_run(const char *p, const char *end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i slash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i del = _mm_set1_epi8(0x7F);
  while (end - p >= 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    /* Bytes from 0x80 up are negative, so they too are below a space. */
    __m128i low = _mm_cmplt_epi8(v, space);
    __m128i special =
        _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(v, del));
    int mask = _mm_movemask_epi8(_mm_or_si128(low, special));
    if (mask)
      return p + __builtin_ctz((unsigned)mask);
    p += 16;
  }
#endif
  while (p < end && dur_json_is_plain(*p))
    p++;
  return p;
}

/* Value of a hexadecimal digit, or -1. */
static inline int dur_json_hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
