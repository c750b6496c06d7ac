/* buf: growth by doubling up to the ceiling, one place that fails.
 *
 * Invariant: cap <= max + 1 (the one is for the NUL of dur_buf_cstr), and after
 * a failure data is NULL and len and cap are 0. */
#include "base/buf.h"

#include <string.h>

enum { FIRST_CAP = 64 };

void dur_buf_init(dur_buf *buf, const dur_mem *mem, size_t max) {
  *buf = (dur_buf){mem, NULL, 0, 0, max, DUR_BUF_OK};
}

void dur_buf_drop(dur_buf *buf) {
  dur_free(buf->mem, buf->data, buf->cap);
  dur_buf_init(buf, buf->mem, buf->max);
}

void dur_buf_reset(dur_buf *buf) {
  buf->len = 0;
  buf->failed = DUR_BUF_OK;
}

void dur_buf_fail(dur_buf *buf, int code) {
  dur_buf_drop(buf);
  buf->failed = code;
}

/* Make cap >= need; 0 when the buffer failed.  need <= max + 1. */
static int grow(dur_buf *buf, size_t need) {
  size_t ceiling = buf->max == SIZE_MAX ? SIZE_MAX : buf->max + 1;
  size_t cap = buf->cap > SIZE_MAX / 2 ? SIZE_MAX : buf->cap * 2;
  if (cap < FIRST_CAP)
    cap = FIRST_CAP;
  if (cap < need)
    cap = need;
  if (cap > ceiling)
    cap = ceiling;
  char *data = dur_realloc(buf->mem, buf->data, buf->cap, cap);
  if (!data) {
    dur_buf_fail(buf, DUR_BUF_NOMEM);
    return 0;
  }
  buf->data = data;
  buf->cap = cap;
  return 1;
}

char *dur_buf_reserve(dur_buf *buf, size_t len) {
  if (buf->failed)
    return NULL;
  if (len > buf->max - buf->len) {
    dur_buf_fail(buf, DUR_BUF_TOO_LARGE);
    return NULL;
  }
  /* An empty buffer gets memory too, so NULL is always a failure. */
  if ((buf->cap - buf->len < len || !buf->data) && !grow(buf, buf->len + len))
    return NULL;
  return buf->data + buf->len;
}

void dur_buf_add(dur_buf *buf, const void *data, size_t len) {
  if (len == 0)
    return;
  char *place = dur_buf_reserve(buf, len);
  if (!place)
    return;
  memcpy(place, data, len);
  buf->len += len;
}

void dur_buf_bytes(dur_buf *buf, dur_bytes b) {
  dur_buf_add(buf, b.data, b.len);
}

void dur_buf_str(dur_buf *buf, const char *text) {
  dur_buf_add(buf, text, strlen(text));
}

void dur_buf_char(dur_buf *buf, char c) {
  dur_buf_add(buf, &c, 1);
}

void dur_buf_u64(dur_buf *buf, uint64_t n) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + n % 10);
    n /= 10;
  } while (n);
  dur_buf_add(buf, digits + at, sizeof digits - at);
}

void dur_buf_i64(dur_buf *buf, int64_t n) {
  if (n < 0)
    dur_buf_char(buf, '-');
  dur_buf_u64(buf, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

dur_bytes dur_buf_view(const dur_buf *buf) {
  if (buf->failed)
    return DUR_NONE;
  return buf->data ? (dur_bytes){buf->data, buf->len} : DUR_LIT("");
}

const char *dur_buf_cstr(dur_buf *buf) {
  if (buf->failed)
    return NULL;
  if (buf->cap - buf->len < 1 && !grow(buf, buf->len + 1))
    return NULL;
  buf->data[buf->len] = '\0';
  return buf->data;
}

char *dur_buf_take(dur_buf *buf, size_t *len, size_t *cap) {
  char *data = buf->data;
  *len = buf->len;
  *cap = buf->cap;
  buf->data = NULL;
  buf->len = buf->cap = 0;
  return data;
}
