/* equal: comparing two value trees. */
#include "serdes/value.h"

#include <math.h>

static int same_float(double a, double b) {
  if (isnan(a) || isnan(b))
    return isnan(a) && isnan(b);
  return a == b && !signbit(a) == !signbit(b);
}

static int same_int(const dur_value *a, const dur_value *b) {
  if (a->fits != b->fits)
    return 0;
  return a->fits ? a->u.i64 == b->u.i64 : dur_bytes_eq(a->u.text, b->u.text);
}

static int same_items(const dur_value *a, const dur_value *b) {
  const dur_value *y = b->u.items.first;
  for (const dur_value *x = a->u.items.first; x; x = x->next, y = y->next)
    if (!dur_value_equal(x, y))
      return 0;
  return 1;
}

static int same_members(const dur_value *a, const dur_value *b) {
  for (const dur_value *x = a->u.items.first; x; x = x->next) {
    const dur_value *y = dur_value_get(b, x->key);
    if (!y || !dur_value_equal(x, y))
      return 0;
  }
  return 1;
}

int dur_value_equal(const dur_value *a, const dur_value *b) {
  if (a->kind != b->kind || a->count != b->count)
    return 0;
  switch ((dur_kind)a->kind) {
  case DUR_NULL:
    return 1;
  case DUR_BOOL:
    return a->u.truth == b->u.truth;
  case DUR_INT:
    return same_int(a, b);
  case DUR_FLOAT:
    return same_float(a->u.number, b->u.number);
  case DUR_TUPLE:
  case DUR_LIST:
    return same_items(a, b);
  case DUR_MAP:
  case DUR_BATCH:
    return same_members(a, b);
  default:
    return dur_bytes_eq(a->u.text, b->u.text);
  }
}
