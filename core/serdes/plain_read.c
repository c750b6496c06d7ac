/* plain_read: JSON to a value tree, members before their container is placed.
 */
#include "serdes/plain.h"

#include <string.h>

#include "serdes/json_reason.h"

typedef struct reader {
  dur_json json;
  dur_arena *arena;
} reader;

/* NULL: memory is out, or the text is no JSON (then json.error says so). */
static dur_value *read_value(reader *r, int token);

/* An integer in JSON has no needless zeros, so its text is canonical. */
static dur_value *read_number(reader *r) {
  dur_bytes text = r->json.text;
  int64_t number;
  if (dur_json_int(&r->json, &number))
    return dur_value_i64(r->arena, number);
  for (size_t i = text.data[0] == '-'; i < text.len; i++)
    if (text.data[i] < '0' || text.data[i] > '9')
      return dur_value_float(r->arena, dur_json_double(&r->json));
  dur_value *v = dur_value_borrow(r->arena, DUR_INT, text);
  return v;
}

static dur_value *read_string(reader *r) {
  dur_bytes text;
  if (dur_json_text(&r->json, r->arena, &text))
    return NULL;
  return dur_value_borrow(r->arena, DUR_STRING, text);
}

static dur_value *read_array(reader *r) {
  dur_value *list = dur_value_container(r->arena, DUR_LIST);
  int token;
  if (!list)
    return NULL;
  while ((token = dur_json_next(&r->json)) != DUR_JSON_ARRAY_END) {
    dur_value *item = read_value(r, token);
    if (!item || dur_value_append(list, item))
      return NULL;
  }
  return list;
}

static dur_value *read_object(reader *r) {
  dur_value *map = dur_value_container(r->arena, DUR_MAP);
  if (!map)
    return NULL;
  while (dur_json_next(&r->json) == DUR_JSON_KEY) {
    dur_bytes key;
    if (dur_json_text(&r->json, r->arena, &key))
      return NULL;
    dur_value *item = read_value(r, dur_json_next(&r->json));
    if (!item || dur_value_set_borrow(r->arena, map, key, item))
      return NULL;
  }
  return r->json.token == DUR_JSON_OBJECT_END ? map : NULL;
}

static dur_value *read_value(reader *r, int token) {
  switch (token) {
  case DUR_JSON_NULL:
    return dur_value_null(r->arena);
  case DUR_JSON_FALSE:
  case DUR_JSON_TRUE:
    return dur_value_bool(r->arena, token == DUR_JSON_TRUE);
  case DUR_JSON_NUMBER:
    return read_number(r);
  case DUR_JSON_STRING:
    return read_string(r);
  case DUR_JSON_ARRAY:
    return read_array(r);
  case DUR_JSON_OBJECT:
    return read_object(r);
  default:
    return NULL;
  }
}

int dur_plain_read(dur_arena *arena, dur_bytes text, dur_value **out,
                   dur_serdes_error *err) {
  reader r = {.arena = arena};
  dur_json_init(&r.json, text, DUR_JSON_ALLOW_NAN);
  *out = read_value(&r, dur_json_next(&r.json));
  if (*out && dur_json_next(&r.json) == DUR_JSON_END)
    return 0;
  *out = NULL;
  return r.json.error ? dur_json_reason(text, err) : dur_serdes_nomem(err);
}

int dur_plain_check(dur_bytes text, dur_serdes_error *err) {
  const char *error;
  size_t at;
  return dur_json_valid(text, DUR_JSON_ALLOW_NAN, &error, &at)
             ? 0
             : dur_json_reason(text, err);
}

int dur_plain_check_made(const dur_buf *out, size_t at, dur_serdes_error *err) {
  if (dur_serdes_buf_check(out, err))
    return -1;
  return dur_plain_check((dur_bytes){out->data + at, out->len - at}, err);
}
