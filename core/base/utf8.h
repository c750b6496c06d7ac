/* utf8: checks and steps over UTF-8 and WTF-8.
 *
 * WTF-8 is UTF-8 in which a lone surrogate (U+D800..U+DFFF) may stand as its
 * three bytes.  The JSON reader decodes a lone \udXXX into that form and the
 * writer turns it back, so text survives a round trip; a pair is always one
 * four-byte sequence. */
#ifndef DUR_BASE_UTF8_H
#define DUR_BASE_UTF8_H

#include "base/mem.h"

enum { DUR_UTF8_STRICT = 0, DUR_UTF8_WTF8 = 1 };

/* Offset of the first bad byte, or -1 when all of |b| is well formed.  Overlong
 * forms and code points past U+10FFFF are bad. */
ptrdiff_t dur_utf8_check(dur_bytes b, int mode);
/* Length of the well-formed sequence that starts at |p| (p < end), or 0. */
size_t dur_utf8_step(const char *p, const char *end, int mode);
/* Decode one code point at |p| (p < end, well formed) and set *next. */
uint32_t dur_utf8_decode(const char *p, const char *end, const char **next);
/* Write |cp| (a surrogate gives its WTF-8 form); answers 1 to 4 bytes. */
size_t dur_utf8_encode(char out[4], uint32_t cp);

#endif
