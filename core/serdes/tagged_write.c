/* tagged_write: a value tree to the extended-types form. */
#include "base/hash.h"
#include "base/utf8.h"
#include "serdes/plain.h"
#include "serdes/tag.h"
#include "serdes/tagged.h"

static const char *const tags[DUR_KINDS] = {
    [DUR_NULL] = "n",  [DUR_BOOL] = "b",    [DUR_INT] = "i",
    [DUR_FLOAT] = "f", [DUR_STRING] = "s",  [DUR_BYTES] = "B",
    [DUR_UUID] = "u",  [DUR_DECIMAL] = "d", [DUR_DATETIME] = "dt",
    [DUR_DATE] = "D",  [DUR_TUPLE] = "t",   [DUR_LIST] = "l",
    [DUR_MAP] = "m",   [DUR_BATCH] = "br",
};

const char *dur_tag_of(dur_kind kind) {
  return tags[kind];
}

dur_kind dur_tag_kind(dur_bytes tag) {
  int kind = 0;
  while (kind < DUR_KINDS && !dur_bytes_is(tag, tags[kind]))
    kind++;
  return (dur_kind)kind;
}

int dur_tagged_is_plain(const dur_value *value) {
  if (dur_value_is_primitive(value))
    return 1;
  if (value->kind != DUR_LIST)
    return 0;
  for (const dur_value *v = value->u.items.first; v; v = v->next)
    if (!dur_tagged_is_plain(v))
      return 0;
  return 1;
}

static int write_inner(dur_buf *out, const dur_value *v,
                       const dur_serdes_place *at, dur_serdes_error *err);

static int check_text(dur_bytes text, const dur_serdes_place *at,
                      dur_serdes_error *err) {
  if (dur_utf8_check(text, DUR_UTF8_WTF8) < 0)
    return 0;
  return dur_serdes_fail_at(err, DUR_SERDES_VALUE, at, "string is not UTF-8");
}

static int write_items(dur_buf *out, const dur_value *v,
                       const dur_serdes_place *up, dur_serdes_error *err) {
  dur_serdes_place at = {up, DUR_NONE, 0};
  dur_buf_char(out, '[');
  for (const dur_value *i = v->u.items.first; i; i = i->next, at.index++) {
    if (i != v->u.items.first)
      dur_buf_char(out, ',');
    if (write_inner(out, i, &at, err))
      return -1;
  }
  dur_buf_char(out, ']');
  return 0;
}

static int write_members(dur_buf *out, const dur_value *v,
                         const dur_serdes_place *up, dur_serdes_error *err) {
  dur_buf_char(out, '{');
  for (const dur_value *i = v->u.items.first; i; i = i->next) {
    dur_serdes_place at = {up, i->key, 0};
    if (i != v->u.items.first)
      dur_buf_char(out, ',');
    if (check_text(i->key, &at, err))
      return -1;
    dur_json_put_string(out, i->key);
    dur_buf_char(out, ':');
    if (write_inner(out, i, &at, err))
      return -1;
  }
  dur_buf_char(out, '}');
  return 0;
}

static int write_scalar(dur_buf *out, const dur_value *v,
                        const dur_serdes_place *at, dur_serdes_error *err) {
  switch ((dur_kind)v->kind) {
  case DUR_NULL:
    dur_buf_str(out, "null");
    return 0;
  case DUR_BOOL:
    dur_buf_str(out, v->u.truth ? "true" : "false");
    return 0;
  case DUR_INT:
    dur_value_int_text(v, out);
    return 0;
  case DUR_FLOAT:
    dur_json_put_double(out, v->u.number);
    return 0;
  case DUR_BYTES:
    dur_buf_char(out, '"');
    dur_base64_encode(out, v->u.text);
    dur_buf_char(out, '"');
    return 0;
  default:
    if (check_text(v->u.text, at, err))
      return -1;
    dur_json_put_string(out, v->u.text);
    return 0;
  }
}

static int write_inner(dur_buf *out, const dur_value *v,
                       const dur_serdes_place *at, dur_serdes_error *err) {
  int rc;
  dur_buf_str(out, "{\"t\":\"");
  dur_buf_str(out, tags[v->kind]);
  dur_buf_str(out, "\",\"v\":");
  if (dur_value_is_map(v))
    rc = write_members(out, v, at, err);
  else if (dur_value_is_sequence(v))
    rc = write_items(out, v, at, err);
  else
    rc = write_scalar(out, v, at, err);
  dur_buf_char(out, '}');
  return rc;
}

int dur_tagged_write_inner(dur_buf *out, const dur_value *value,
                           dur_serdes_error *err) {
  if (value->height > DUR_TAGGED_MAX_HEIGHT)
    return dur_serdes_fail(err, DUR_SERDES_LIMIT, NULL,
                           "value is nested deeper than %d levels",
                           DUR_TAGGED_MAX_HEIGHT);
  if (write_inner(out, value, NULL, err))
    return -1;
  return dur_serdes_buf_check(out, err);
}

int dur_tagged_write(dur_buf *out, const dur_value *value,
                     dur_serdes_error *err) {
  if (dur_tagged_is_plain(value))
    return dur_plain_write(out, value, 0, err);
  return dur_tagged_write_inner(out, value, err);
}
