/* buf: a growing byte buffer with a ceiling and a sticky failure.
 *
 * Invariant: after the first append that would pass |max| or that finds no
 * memory, |failed| is set, the content is freed, len is 0, and every later
 * append does nothing.  So a writer appends freely and checks |failed| once at
 * its end. */
#ifndef DUR_BASE_BUF_H
#define DUR_BASE_BUF_H

#include "base/mem.h"

enum { DUR_BUF_OK = 0, DUR_BUF_NOMEM = 1, DUR_BUF_TOO_LARGE = 2 };

typedef struct dur_buf {
  const dur_mem *mem;
  char *data; /* not NUL-terminated; see dur_buf_cstr */
  size_t len, cap, max;
  int failed; /* one of DUR_BUF_* */
} dur_buf;

void dur_buf_init(dur_buf *buf, const dur_mem *mem, size_t max);
void dur_buf_drop(dur_buf *buf);  /* frees; the buffer may be used again */
void dur_buf_reset(dur_buf *buf); /* len = 0, failed = 0, memory kept */

void dur_buf_add(dur_buf *buf, const void *data, size_t len);
void dur_buf_bytes(dur_buf *buf, dur_bytes b);
void dur_buf_str(dur_buf *buf, const char *text);
void dur_buf_char(dur_buf *buf, char c);
void dur_buf_i64(dur_buf *buf, int64_t n); /* decimal */
void dur_buf_u64(dur_buf *buf, uint64_t n);

/* Room for |len| more bytes at the end, to be written there and then counted by
 * adding to buf->len; NULL when the buffer has failed. */
char *dur_buf_reserve(dur_buf *buf, size_t len);
/* Fail as an append would; |code| is DUR_BUF_NOMEM or DUR_BUF_TOO_LARGE. */
void dur_buf_fail(dur_buf *buf, int code);

dur_bytes dur_buf_view(const dur_buf *buf); /* until the next append or drop */
/* NUL-terminates without counting the NUL; NULL when the buffer has failed */
const char *dur_buf_cstr(dur_buf *buf);
/* Give the memory to the caller (dur_free with size *cap); the buffer is empty.
 */
char *dur_buf_take(dur_buf *buf, size_t *len, size_t *cap);

#endif
