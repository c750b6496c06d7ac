/* error: places and messages into fixed texts, so a failure needs no memory.
 *
 * Invariant: message and path are NUL-terminated and end on a character. */
#include "serdes/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *dur_serdes_error_class(dur_serdes_code code) {
  switch (code) {
  case DUR_SERDES_OK:
    return "";
  case DUR_SERDES_NOMEM:
    return "MemoryError";
  case DUR_SERDES_JSON:
    return "JSONDecodeError";
  case DUR_SERDES_VALUE:
    return "ValueError";
  case DUR_SERDES_TYPE:
    return "TypeError";
  case DUR_SERDES_LIMIT:
  case DUR_SERDES_FORM:
    break;
  }
  return "SerDesError";
}

/* A cursor over a fixed text; |end| is where the NUL goes at the latest. */
typedef struct text {
  char *p, *end;
} text;

static void put(text *t, const char *data, size_t len) {
  size_t room = (size_t)(t->end - t->p);
  if (len > room)
    len = room;
  memcpy(t->p, data, len);
  t->p += len;
}

/* Drop the bytes of a character that was cut at |*p|. */
static void end_on_character(char *start, char *p) {
  char *first = p;
  while (first > start && ((unsigned char)first[-1] & 0xC0) == 0x80)
    first--;
  if (first > start && (unsigned char)first[-1] >= 0xC0) {
    unsigned char lead = (unsigned char)*--first;
    ptrdiff_t whole = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (p - first < whole)
      p = first;
  }
  *p = '\0';
}

static int is_word(dur_bytes key) {
  for (size_t i = 0; i < key.len; i++) {
    char c = key.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
          (c >= '0' && c <= '9' && i > 0)))
      return 0;
  }
  return key.len > 0;
}

static void put_key(text *t, dur_bytes key) {
  if (is_word(key)) {
    put(t, ".", 1);
    put(t, key.data, key.len);
    return;
  }
  put(t, "[\"", 2);
  for (size_t i = 0; i < key.len; i++)
    put(t, (unsigned char)key.data[i] < 0x20 ? "?" : key.data + i, 1);
  put(t, "\"]", 2);
}

static void put_place(text *t, const dur_serdes_place *place) {
  if (!place)
    return;
  put_place(t, place->up);
  if (place->key.data) {
    put_key(t, place->key);
    return;
  }
  char number[32];
  int len = snprintf(number, sizeof number, "[%zu]", place->index);
  put(t, number, (size_t)len);
}

static void set_path(dur_serdes_error *err, const dur_serdes_place *place) {
  text t = {err->path, err->path + sizeof err->path - 1};
  put(&t, "$", 1);
  put_place(&t, place);
  end_on_character(err->path, t.p);
}

static int fail(dur_serdes_error *err, dur_serdes_code code,
                const dur_serdes_place *place, int with_place,
                const char *format, va_list args) {
  err->code = code;
  set_path(err, place);
  int at = with_place
               ? snprintf(err->message, sizeof err->message, "%s: ", err->path)
               : 0;
  size_t room = sizeof err->message - (size_t)at;
  int len = vsnprintf(err->message + at, room, format, args);
  size_t kept = len < 0 ? 0 : (size_t)len >= room ? room - 1 : (size_t)len;
  end_on_character(err->message, err->message + at + kept);
  return -1;
}

int dur_serdes_fail(dur_serdes_error *err, dur_serdes_code code,
                    const dur_serdes_place *place, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail(err, code, place, 0, format, args);
  va_end(args);
  return -1;
}

int dur_serdes_fail_at(dur_serdes_error *err, dur_serdes_code code,
                       const dur_serdes_place *place, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail(err, code, place, 1, format, args);
  va_end(args);
  return -1;
}

int dur_serdes_nomem(dur_serdes_error *err) {
  dur_serdes_fail(err, DUR_SERDES_NOMEM, NULL, "out of memory");
  err->path[0] = '\0';
  return -1;
}

int dur_serdes_move(dur_serdes_error *err, const dur_serdes_place *place) {
  if (err->code != DUR_SERDES_NOMEM)
    set_path(err, place);
  return -1;
}

int dur_serdes_under(dur_serdes_error *err, const dur_serdes_place *place) {
  dur_serdes_error old = *err;
  if (!place || old.path[0] != '$')
    return -1;
  size_t len = strlen(old.path);
  text t = {err->path, err->path + sizeof err->path - 1};
  put(&t, "$", 1);
  put_place(&t, place);
  put(&t, old.path + 1, len - 1);
  end_on_character(err->path, t.p);
  if (strncmp(old.message, old.path, len) || old.message[len] != ':')
    return -1;
  t = (text){err->message, err->message + sizeof err->message - 1};
  put(&t, err->path, strlen(err->path));
  put(&t, old.message + len, strlen(old.message + len));
  end_on_character(err->message, t.p);
  return -1;
}

int dur_serdes_buf_check(const dur_buf *buf, dur_serdes_error *err) {
  if (!buf->failed)
    return 0;
  if (buf->failed == DUR_BUF_NOMEM)
    return dur_serdes_nomem(err);
  return dur_serdes_fail(err, DUR_SERDES_LIMIT, NULL,
                         "payload is larger than %zu bytes", buf->max);
}
