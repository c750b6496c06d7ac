/* value_pack: a tree from a pattern and its arguments.
 *
 * Arguments are taken in the order of the pattern, each exactly once, until the
 * pattern ends or is wrong. */
#include <string.h>

#include "abi/value_pool.h"

enum { DEPTH_MAX = 32 };

typedef struct packer {
  durable_values *in;
  const char *start, *p;
  va_list args;
} packer;

static durable_value *pack_value(packer *k, int depth);

static char peek(packer *k) {
  k->p += strspn(k->p, " \t\n,:");
  return *k->p;
}

static durable_value *wrong(packer *k, const char *what) {
  dur_serdes_fail(&k->in->error, DUR_SERDES_VALUE, NULL,
                  "pattern, character %d: %s", (int)(k->p - k->start) + 1,
                  what);
  k->in->status = DURABLE_E_ARGUMENT;
  return NULL;
}

static durable_value *pack_object(packer *k, int depth) {
  durable_value *object = durable_value_object(k->in);
  while (object && peek(k) != '}') {
    if (*k->p != 's')
      return wrong(k, *k->p ? "a key is an s" : "} is missing");
    k->p++;
    const char *key = va_arg(k->args, const char *);
    if (!key)
      return wrong(k, "the key is NULL");
    durable_value *item = pack_value(k, depth);
    if (!item || durable_value_set(k->in, object, key, item) != 0)
      return NULL;
  }
  k->p += object != NULL;
  return object;
}

static durable_value *pack_list(packer *k, int depth) {
  durable_value *list = durable_value_list(k->in);
  while (list && peek(k) != ']') {
    durable_value *item = pack_value(k, depth);
    if (!item || durable_value_append(k->in, list, item) != 0)
      return NULL;
  }
  k->p += list != NULL;
  return list;
}

static durable_value *pack_copy(packer *k) {
  const durable_value *value = va_arg(k->args, const durable_value *);
  return value ? durable_value_copy(k->in, value) : durable_value_null(k->in);
}

static durable_value *pack_moved(packer *k) {
  durable_value *value = va_arg(k->args, durable_value *);
  return value ? value : durable_value_null(k->in);
}

static durable_value *pack_value(packer *k, int depth) {
  char c = peek(k);
  if (c == '\0')
    return wrong(k, "a value is missing");
  if (depth >= DEPTH_MAX)
    return wrong(k, "too many levels");
  k->p++;
  switch (c) {
  case 's':
    return durable_value_str(k->in, va_arg(k->args, const char *));
  case 'i':
    return durable_value_int(k->in, va_arg(k->args, int));
  case 'I':
    return durable_value_int(k->in, va_arg(k->args, int64_t));
  case 'f':
    return durable_value_float(k->in, va_arg(k->args, double));
  case 'b':
    return durable_value_bool(k->in, va_arg(k->args, int));
  case 'n':
    return durable_value_null(k->in);
  case 'v':
    return pack_copy(k);
  case 'V':
    return pack_moved(k);
  case '{':
    return pack_object(k, depth + 1);
  case '[':
    return pack_list(k, depth + 1);
  default:
    k->p--;
    return wrong(k, "no such letter");
  }
}

durable_value *durable_value_vpack(durable_values *in, const char *pattern,
                                   va_list args) {
  if (!in || !pattern)
    return NULL;
  packer k = {.in = in, .start = pattern, .p = pattern};
  va_copy(k.args, args);
  durable_value *value = pack_value(&k, 0);
  if (value && peek(&k) != '\0')
    value = wrong(&k, "the value has ended");
  va_end(k.args);
  return value;
}

durable_value *durable_value_pack(durable_values *in, const char *pattern,
                                  ...) {
  va_list args;
  va_start(args, pattern);
  durable_value *value = durable_value_vpack(in, pattern, args);
  va_end(args);
  return value;
}
