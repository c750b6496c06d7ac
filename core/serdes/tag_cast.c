/* tag_cast: what Python's str(), int(), float(), bool(), b64decode(), UUID(),
 * Decimal() and fromisoformat() make of a JSON value. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "serdes/literal.h"
#include "serdes/tag.h"

const char *dur_tag_python_type(const dur_value *raw) {
  static const char *const names[DUR_KINDS] = {
      [DUR_NULL] = "NoneType", [DUR_BOOL] = "bool",  [DUR_INT] = "int",
      [DUR_FLOAT] = "float",   [DUR_STRING] = "str", [DUR_LIST] = "list",
      [DUR_MAP] = "dict",
  };
  const char *name = names[raw->kind];
  return name ? name : "object";
}

static int made(dur_value *value, dur_value **out, dur_serdes_error *err) {
  *out = value;
  return value ? 0 : dur_serdes_nomem(err);
}

/* ---- str() */

static dur_value *text_of_float(dur_arena *arena, double number) {
  if (isnan(number))
    return dur_value_string(arena, DUR_LIT("nan"));
  if (isinf(number))
    return dur_value_string(arena, dur_cstr(number < 0 ? "-inf" : "inf"));
  dur_value key = {.kind = DUR_FLOAT, .u.number = number};
  dur_serdes_error ignored;
  dur_bytes text;
  if (dur_value_key(arena, &key, &text, &ignored))
    return NULL;
  return dur_value_borrow(arena, DUR_STRING, text);
}

static int to_string(dur_arena *arena, dur_value *raw, dur_value **out,
                     dur_serdes_error *err) {
  dur_bytes text;
  switch ((dur_kind)raw->kind) {
  case DUR_STRING:
    return made(raw, out, err);
  case DUR_NULL:
    return made(dur_value_string(arena, DUR_LIT("None")), out, err);
  case DUR_BOOL:
    return made(
        dur_value_string(arena, dur_cstr(raw->u.truth ? "True" : "False")), out,
        err);
  case DUR_FLOAT:
    return made(text_of_float(arena, raw->u.number), out, err);
  case DUR_INT:
    if (dur_value_key(arena, raw, &text, err))
      return -1;
    return made(dur_value_borrow(arena, DUR_STRING, text), out, err);
  default:
    return dur_serdes_fail(err, DUR_SERDES_FORM, NULL,
                           "Expected str, got <class '%s'>",
                           dur_tag_python_type(raw));
  }
}

/* ---- int(), float(), bool() */

static int float_to_int(dur_arena *arena, double number, dur_value **out,
                        dur_serdes_error *err) {
  char text[400]; /* the largest double has 309 digits */
  if (isnan(number))
    return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                           "cannot convert float NaN to integer");
  if (isinf(number))
    return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                           "cannot convert float infinity to integer");
  snprintf(text, sizeof text, "%.0f", trunc(number));
  return dur_value_parse(arena, DUR_INT, dur_cstr(text), out, err);
}

static int to_int(dur_arena *arena, dur_value *raw, dur_value **out,
                  dur_serdes_error *err) {
  switch ((dur_kind)raw->kind) {
  case DUR_INT:
    return made(raw, out, err);
  case DUR_BOOL:
    return made(dur_value_i64(arena, raw->u.truth), out, err);
  case DUR_FLOAT:
    return float_to_int(arena, raw->u.number, out, err);
  case DUR_STRING:
    return dur_value_parse(arena, DUR_INT, raw->u.text, out, err);
  default:
    return dur_serdes_fail(err, DUR_SERDES_TYPE, NULL,
                           "int() argument must be a string, a bytes-like "
                           "object or a real number, not '%s'",
                           dur_tag_python_type(raw));
  }
}

static int int_to_double(const dur_value *raw, double *out,
                         dur_serdes_error *err) {
  *out = raw->fits ? (double)raw->u.i64 : dur_number_double(raw->u.text);
  if (isinf(*out))
    return dur_serdes_fail(err, DUR_SERDES_VALUE, NULL,
                           "int too large to convert to float");
  return 0;
}

static int to_float(dur_arena *arena, dur_value *raw, dur_value **out,
                    dur_serdes_error *err) {
  double number = 0;
  int rc = 0;
  switch ((dur_kind)raw->kind) {
  case DUR_FLOAT:
    return made(raw, out, err);
  case DUR_BOOL:
    number = raw->u.truth;
    break;
  case DUR_INT:
    rc = int_to_double(raw, &number, err);
    break;
  case DUR_STRING:
    rc = dur_literal_float(arena, raw->u.text, &number, err);
    break;
  default:
    rc = dur_serdes_fail(
        err, DUR_SERDES_TYPE, NULL,
        "float() argument must be a string or a real number, not '%s'",
        dur_tag_python_type(raw));
  }
  return rc ? -1 : made(dur_value_float(arena, number), out, err);
}

static int truth_of(const dur_value *raw) {
  switch ((dur_kind)raw->kind) {
  case DUR_NULL:
    return 0;
  case DUR_BOOL:
    return raw->u.truth;
  case DUR_INT:
    return !raw->fits || raw->u.i64 != 0;
  case DUR_FLOAT:
    return raw->u.number != 0; /* so a NaN is true */
  case DUR_STRING:
    return raw->u.text.len > 0;
  default:
    return raw->count > 0;
  }
}

/* ---- bytes */

static int is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

/* Characters outside the alphabet are dropped, as b64decode does. */
static int to_bytes(dur_arena *arena, dur_value *raw, dur_value **out,
                    dur_serdes_error *err) {
  dur_bytes text = raw->u.text;
  char *kept = dur_arena_alloc(arena, text.len + 1);
  size_t len = 0;
  if (!kept)
    return dur_serdes_nomem(err);
  for (size_t i = 0; i < text.len; i++)
    if (is_base64(text.data[i]))
      kept[len++] = text.data[i];
  dur_buf data;
  dur_buf_init(&data, arena->mem, SIZE_MAX);
  int rc = dur_base64_decode(&data, (dur_bytes){kept, len});
  if (data.failed)
    rc = dur_serdes_nomem(err);
  else if (rc)
    rc = dur_serdes_fail(err, DUR_SERDES_VALUE, NULL, "Incorrect padding");
  else
    rc = made(dur_value_bytes(arena, dur_buf_view(&data)), out, err);
  dur_buf_drop(&data);
  return rc;
}

/* The SDK turns a trailing Z into an offset before Python reads the text. */
static int to_datetime(dur_arena *arena, dur_bytes text, dur_value **out,
                       dur_serdes_error *err) {
  static const char utc[] = "+00:00";
  if (text.len == 0 || text.data[text.len - 1] != 'Z')
    return dur_value_parse(arena, DUR_DATETIME, text, out, err);
  char *copy = dur_arena_alloc(arena, text.len + sizeof utc);
  if (!copy)
    return dur_serdes_nomem(err);
  memcpy(copy, text.data, text.len - 1);
  memcpy(copy + text.len - 1, utc, sizeof utc - 1);
  text = (dur_bytes){copy, text.len - 1 + sizeof utc - 1};
  return dur_value_parse(arena, DUR_DATETIME, text, out, err);
}

static int to_text_kind(dur_arena *arena, dur_kind kind, dur_value *raw,
                        dur_value **out, dur_serdes_error *err) {
  if (raw->kind == DUR_INT && kind == DUR_DECIMAL) {
    dur_bytes text;
    if (dur_value_key(arena, raw, &text, err))
      return -1;
    return dur_value_parse(arena, kind, text, out, err);
  }
  if (raw->kind != DUR_STRING)
    return dur_serdes_fail(err, DUR_SERDES_TYPE, NULL,
                           "%s: argument must be str, not '%s'",
                           dur_kind_name(kind), dur_tag_python_type(raw));
  if (kind == DUR_BYTES)
    return to_bytes(arena, raw, out, err);
  if (kind == DUR_DATETIME)
    return to_datetime(arena, raw->u.text, out, err);
  return dur_value_parse(arena, kind, raw->u.text, out, err);
}

static int cast(dur_arena *arena, dur_kind kind, dur_value *raw,
                dur_value **out, dur_serdes_error *err) {
  switch (kind) {
  case DUR_NULL:
    return made(dur_value_null(arena), out, err);
  case DUR_BOOL:
    return made(dur_value_bool(arena, truth_of(raw)), out, err);
  case DUR_INT:
    return to_int(arena, raw, out, err);
  case DUR_FLOAT:
    return to_float(arena, raw, out, err);
  case DUR_STRING:
    return to_string(arena, raw, out, err);
  default:
    return to_text_kind(arena, kind, raw, out, err);
  }
}

int dur_tag_cast(dur_arena *arena, dur_kind kind, dur_value *raw,
                 const dur_serdes_place *at, dur_value **out,
                 dur_serdes_error *err) {
  return cast(arena, kind, raw, out, err) ? dur_serdes_move(err, at) : 0;
}
