/* parse: values from the texts of integers, UUIDs, decimals and dates. */
#include "serdes/literal.h"
#include "serdes/value.h"

static int parse_text(dur_arena *arena, dur_kind kind, dur_bytes text,
                      dur_bytes *out, dur_serdes_error *err) {
  switch (kind) {
  case DUR_INT:
    return dur_literal_int(arena, text, out, err);
  case DUR_UUID:
    return dur_literal_uuid(arena, text, out, err);
  case DUR_DECIMAL:
    return dur_literal_decimal(arena, text, out, err);
  case DUR_DATETIME:
    return dur_literal_datetime(arena, text, out, err);
  case DUR_DATE:
    return dur_literal_date(arena, text, out, err);
  default:
    return dur_serdes_fail(err, DUR_SERDES_TYPE, NULL,
                           "%s is not made from a text", dur_kind_name(kind));
  }
}

int dur_value_parse(dur_arena *arena, dur_kind kind, dur_bytes text,
                    dur_value **out, dur_serdes_error *err) {
  dur_bytes parsed;
  int64_t number;
  if (!text.data)
    text = DUR_LIT("");
  if (parse_text(arena, kind, text, &parsed, err))
    return -1;
  if (kind == DUR_INT && dur_number_int(parsed, &number))
    *out = dur_value_i64(arena, number);
  else
    *out = dur_value_borrow(arena, kind, parsed);
  return *out ? 0 : dur_serdes_nomem(err);
}

/* ---- keys */

/* |text| is filled by one of the writers of numbers. */
static int number_key(dur_arena *arena, const dur_value *key, dur_bytes *out,
                      dur_serdes_error *err) {
  dur_buf text;
  dur_buf_init(&text, arena->mem, SIZE_MAX);
  if (key->kind == DUR_INT)
    dur_value_int_text(key, &text);
  else
    dur_json_put_double(&text, key->u.number);
  *out = text.failed ? DUR_NONE : dur_arena_copy(arena, dur_buf_view(&text));
  dur_buf_drop(&text);
  return out->data ? 0 : dur_serdes_nomem(err);
}

int dur_value_key(dur_arena *arena, const dur_value *key, dur_bytes *out,
                  dur_serdes_error *err) {
  switch ((dur_kind)key->kind) {
  case DUR_NULL:
    *out = DUR_LIT("null");
    return 0;
  case DUR_BOOL:
    *out = key->u.truth ? DUR_LIT("true") : DUR_LIT("false");
    return 0;
  case DUR_STRING:
    *out = key->u.text;
    return 0;
  case DUR_INT:
  case DUR_FLOAT:
    return number_key(arena, key, out, err);
  case DUR_TUPLE:
    return dur_serdes_fail(err, DUR_SERDES_FORM, NULL,
                           "Tuple keys not supported");
  default:
    return dur_serdes_fail(err, DUR_SERDES_TYPE, NULL,
                           "keys must be str, int, float, bool or None, not %s",
                           dur_kind_name((dur_kind)key->kind));
  }
}
