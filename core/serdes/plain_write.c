/* plain_write: a value tree to JSON. */
#include "serdes/plain.h"

#include "base/utf8.h"

typedef struct writer {
  dur_json_out json;
  dur_serdes_error *err;
} writer;

static int write_value(writer *w, const dur_value *v,
                       const dur_serdes_place *at);

static int check_text(const writer *w, dur_bytes text,
                      const dur_serdes_place *at) {
  if (dur_utf8_check(text, DUR_UTF8_WTF8) < 0)
    return 0;
  return dur_serdes_fail_at(w->err, DUR_SERDES_VALUE, at,
                            "string is not UTF-8");
}

static int write_string(writer *w, dur_bytes text, const dur_serdes_place *at) {
  if (check_text(w, text, at))
    return -1;
  dur_json_string(&w->json, text);
  return 0;
}

static int write_items(writer *w, const dur_value *v,
                       const dur_serdes_place *up) {
  dur_serdes_place at = {up, DUR_NONE, 0};
  dur_json_begin_array(&w->json);
  for (const dur_value *i = v->u.items.first; i; i = i->next, at.index++)
    if (write_value(w, i, &at))
      return -1;
  dur_json_end_array(&w->json);
  return 0;
}

static int write_members(writer *w, const dur_value *v,
                         const dur_serdes_place *up) {
  dur_json_begin_object(&w->json);
  for (const dur_value *i = v->u.items.first; i; i = i->next) {
    dur_serdes_place at = {up, i->key, 0};
    if (check_text(w, i->key, &at))
      return -1;
    dur_json_key_bytes(&w->json, i->key);
    if (write_value(w, i, &at))
      return -1;
  }
  dur_json_end_object(&w->json);
  return 0;
}

static int write_value(writer *w, const dur_value *v,
                       const dur_serdes_place *at) {
  switch ((dur_kind)v->kind) {
  case DUR_NULL:
    dur_json_null(&w->json);
    return 0;
  case DUR_BOOL:
    dur_json_bool(&w->json, v->u.truth);
    return 0;
  case DUR_INT:
    if (v->fits)
      dur_json_i64(&w->json, v->u.i64);
    else
      dur_json_raw_value(&w->json, v->u.text);
    return 0;
  case DUR_FLOAT:
    dur_json_double_value(&w->json, v->u.number);
    return 0;
  case DUR_STRING:
    return write_string(w, v->u.text, at);
  case DUR_TUPLE:
  case DUR_LIST:
    return write_items(w, v, at);
  case DUR_MAP:
    return write_members(w, v, at);
  default:
    return dur_serdes_fail_at(w->err, DUR_SERDES_TYPE, at,
                              "%s cannot be stored as plain JSON",
                              dur_kind_name((dur_kind)v->kind));
  }
}

int dur_plain_write(dur_buf *out, const dur_value *value, int spaced,
                    dur_serdes_error *err) {
  writer w = {.err = err};
  dur_json_out_init(&w.json, out, spaced);
  if (write_value(&w, value, NULL))
    return -1;
  return dur_serdes_buf_check(out, err);
}
