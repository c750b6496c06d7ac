/* fs_envelope: where a payload's file lies, and what the checkpoint holds. */
#include "serdes/fs_envelope.h"

#include <string.h>

#include "base/hash.h"
#include "serdes/member.h"
#include "serdes/plain.h"

/* ---- paths */

static dur_bytes without_slashes(dur_bytes base) {
  while (base.len > 1 && base.data[base.len - 1] == '/')
    base.len--;
  return base;
}

/* Percent-encoding leaves dots alone, so a name of nothing but dots has them
 * encoded too. */
static void put_encoded(dur_buf *out, dur_bytes part) {
  size_t dots = 0;
  while (dots < part.len && part.data[dots] == '.')
    dots++;
  if (dots < part.len) {
    dur_percent_encode(out, part, 0);
    return;
  }
  for (size_t i = 0; i < dots; i++)
    dur_buf_str(out, "%2E");
  if (part.len == 0)
    dur_buf_char(out, '%'); /* no encoded name is a lone '%' */
}

static int is_safe(dur_bytes part) {
  size_t dots = 0;
  for (size_t i = 0; i < part.len; i++) {
    unsigned char c = (unsigned char)part.data[i];
    if (c < 0x20 || c == 0x7F || c == '/' || c == '\\')
      return 0;
    dots += c == '.';
  }
  return part.len > dots;
}

static void put_part(dur_buf *out, dur_bytes part) {
  if (is_safe(part))
    dur_buf_bytes(out, part);
  else
    put_encoded(out, part);
}

static void put_uri(dur_buf *out, const dur_fs_place *place) {
  if (place->function.data) {
    put_part(out, place->function);
    dur_buf_char(out, '/');
    put_part(out, place->name);
    dur_buf_char(out, '/');
    put_part(out, place->id);
  } else {
    put_encoded(out, place->arn);
  }
  dur_buf_char(out, '/');
  dur_percent_encode(out, place->operation, 0);
}

static int put_digest(dur_buf *out, dur_bytes text) {
  unsigned char digest[32];
  char hex[64];
  if (dur_sha256(text, digest))
    return -1;
  dur_hex(hex, digest, sizeof digest);
  dur_buf_add(out, hex, sizeof hex);
  return 0;
}

int dur_fs_path(dur_buf *out, const dur_fs_place *place,
                dur_fs_encoding encoding, dur_serdes_error *err) {
  dur_bytes base = without_slashes(place->base);
  if (base.len == 0 || memchr(base.data, '\0', base.len))
    return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                           "base path is empty or holds a NUL");
  dur_buf_bytes(out, base);
  if (base.data[base.len - 1] != '/')
    dur_buf_char(out, '/');
  if (encoding == DUR_FS_URI) {
    put_uri(out, place);
  } else {
    int rc = put_digest(out, place->arn);
    dur_buf_char(out, '/');
    if (rc || put_digest(out, place->operation))
      return dur_serdes_nomem(err);
  }
  dur_buf_str(out, ".json");
  return dur_serdes_buf_check(out, err);
}

/* Resolve |path| to |to|: no "//", ".", "..", no slash at the end; "/" is "".
 * 0 when it leaves where it starts from. */
static int resolve(dur_bytes path, char *to, size_t *len) {
  int is_absolute = path.len && path.data[0] == '/';
  size_t at = 0;
  *len = 0;
  while (at < path.len) {
    size_t from = at;
    while (at < path.len && path.data[at] != '/')
      at++;
    dur_bytes part = {path.data + from, at - from};
    at++;
    if (part.len == 0 || dur_bytes_is(part, "."))
      continue;
    if (dur_bytes_is(part, "..")) {
      if (*len == 0 && !is_absolute)
        return 0;
      while (*len > 0 && to[--*len] != '/') {
      }
      continue;
    }
    to[(*len)++] = '/';
    memcpy(to + *len, part.data, part.len);
    *len += part.len;
  }
  return 1;
}

int dur_fs_inside(dur_arena *arena, dur_bytes base, dur_bytes path) {
  if (base.len == 0 || path.len == 0 || memchr(path.data, '\0', path.len) ||
      (base.data[0] == '/') != (path.data[0] == '/'))
    return 0;
  char *b = dur_arena_alloc(arena, base.len + 1);
  char *p = dur_arena_alloc(arena, path.len + 1);
  size_t base_len, path_len;
  if (!b || !p || !resolve(base, b, &base_len) || !resolve(path, p, &path_len))
    return 0;
  return path_len > base_len + 1 && memcmp(b, p, base_len) == 0 &&
         p[base_len] == '/';
}

/* ---- the checkpoint's payload */

int dur_fs_write_file(dur_buf *out, dur_bytes path, const dur_value *preview,
                      dur_serdes_error *err) {
  dur_buf_str(out, "{\"file\": ");
  dur_json_put_string(out, path);
  if (preview && (!dur_value_is_map(preview) || preview->count > 0)) {
    dur_buf_str(out, ", \"preview\": ");
    if (dur_plain_write(out, preview, 1, err))
      return -1;
  }
  dur_buf_char(out, '}');
  return dur_serdes_buf_check(out, err);
}

int dur_fs_write_data(dur_buf *out, dur_bytes inner, dur_serdes_error *err) {
  static const char before[] = "{\"data\": ";
  if (sizeof before - 1 + dur_json_string_len(inner) + 1 > DUR_FS_INLINE_MAX)
    return 0;
  dur_buf_str(out, before);
  dur_json_put_string(out, inner);
  dur_buf_char(out, '}');
  return dur_serdes_buf_check(out, err) ? -1 : 1;
}

int dur_fs_read(dur_arena *arena, dur_bytes text, dur_fs_envelope *out,
                dur_serdes_error *err) {
  static const char *const keys[] = {"file", "data"};
  dur_bytes raws[2];
  *out = (dur_fs_envelope){DUR_NONE, DUR_NONE};
  if (dur_plain_check(text, err))
    return -1;
  dur_member_find(text, keys, 2, raws);
  int is_file = raws[0].data != NULL;
  dur_bytes *to = is_file ? &out->file : &out->data;
  if (dur_member_string(arena, raws[is_file ? 0 : 1], to))
    return dur_serdes_nomem(err);
  if (to->data)
    return 0;
  return dur_serdes_fail(err, DUR_SERDES_FORM, NULL,
                         "payload is neither {\"file\": path} nor "
                         "{\"data\": text}");
}
