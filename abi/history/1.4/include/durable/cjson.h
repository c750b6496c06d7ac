/* durable/cjson.h: from and to cJSON trees, for programs that have cJSON.
 *
 * Everything is inline: the library itself knows nothing of cJSON.
 *
 * What cJSON cannot hold: an integer of more than 15 digits, which it would
 * print rounded, becomes a raw node with its digits (no number can be read from
 * it); a string ends at its first NUL; UUIDs, decimals, datetimes and dates
 * become strings, a tuple an array; bytes are refused.  What it does not keep:
 * whether 1.0 was a float, so a whole number comes back as an integer. */
#ifndef DURABLE_CJSON_H
#define DURABLE_CJSON_H

#include <string.h>

#include <cjson/cJSON.h>
#include <durable/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Containers nested deeper than this are refused. */
enum { DURABLE_CJSON_DEPTH = 500 };

/* Integers below this are printed exactly by cJSON. */
#define DURABLE_CJSON_EXACT INT64_C(1000000000000000)

static inline durable_value *durable_from_cjson_(durable_values *in,
                                                 const cJSON *json, int depth);

static inline durable_value *durable_cjson_number_(durable_values *in,
                                                   double number) {
  if (number >= -9007199254740992.0 && number <= 9007199254740992.0 &&
      number == (double)(int64_t)number)
    return durable_value_int(in, (int64_t)number);
  return durable_value_float(in, number);
}

/* A raw node is any JSON text. */
static inline durable_value *durable_cjson_raw_(durable_values *in,
                                                const char *text) {
  const durable_value *value = NULL;
  durable_bytes bytes = {text, text ? strlen(text) : 0};
  if (durable_value_parse(in, DURABLE_FORM_PLAIN, bytes, &value) != 0)
    return NULL;
  return durable_value_copy(in, value);
}

static inline durable_value *
durable_cjson_members_(durable_values *in, const cJSON *json, int depth) {
  int is_object = cJSON_IsObject(json) != 0;
  durable_value *out =
      is_object ? durable_value_object(in) : durable_value_list(in);
  const cJSON *item;
  if (!out || depth >= DURABLE_CJSON_DEPTH)
    return NULL;
  cJSON_ArrayForEach(item, json) {
    durable_value *member = durable_from_cjson_(in, item, depth + 1);
    if (!member)
      return NULL;
    int rc = is_object ? durable_value_set(in, out, item->string, member)
                       : durable_value_append(in, out, member);
    if (rc != 0)
      return NULL;
  }
  return out;
}

static inline durable_value *durable_from_cjson_(durable_values *in,
                                                 const cJSON *json, int depth) {
  if (!json || cJSON_IsNull(json))
    return durable_value_null(in);
  if (cJSON_IsBool(json))
    return durable_value_bool(in, cJSON_IsTrue(json) != 0);
  if (cJSON_IsNumber(json))
    return durable_cjson_number_(in, json->valuedouble);
  if (cJSON_IsString(json))
    return durable_value_str(in, json->valuestring);
  if (cJSON_IsRaw(json))
    return durable_cjson_raw_(in, json->valuestring);
  if (cJSON_IsArray(json) || cJSON_IsObject(json))
    return durable_cjson_members_(in, json, depth);
  return NULL;
}

/* A copy of |json| in the pool; NULL is null.  Answers NULL when memory is out,
 * the tree is too deep, a node is invalid or a raw node is no JSON. */
static inline durable_value *durable_value_from_cjson(durable_values *in,
                                                      const cJSON *json) {
  return durable_from_cjson_(in, json, 0);
}

static inline cJSON *durable_to_cjson_(durable_values *scratch,
                                       const durable_value *value);

static inline cJSON *durable_cjson_int_(durable_values *scratch,
                                        const durable_value *value) {
  int64_t number = durable_value_as_int(value, INT64_MIN);
  if (number > -DURABLE_CJSON_EXACT && number < DURABLE_CJSON_EXACT)
    return cJSON_CreateNumber((double)number);
  durable_bytes digits = durable_value_int_text(scratch, value);
  return digits.data ? cJSON_CreateRaw(digits.data) : NULL;
}

static inline cJSON *durable_cjson_container_(durable_values *scratch,
                                              const durable_value *value) {
  int kind = durable_value_kind_of(value);
  int is_object = kind == DURABLE_KIND_OBJECT || kind == DURABLE_KIND_BATCH;
  cJSON *out = is_object ? cJSON_CreateObject() : cJSON_CreateArray();
  const durable_value *v;
  for (v = durable_value_first(value); out && v; v = durable_value_next(v)) {
    cJSON *item = durable_to_cjson_(scratch, v);
    if (!item || !(is_object ? cJSON_AddItemToObject(
                                   out, durable_value_key(v).data, item)
                             : cJSON_AddItemToArray(out, item))) {
      cJSON_Delete(item);
      cJSON_Delete(out);
      return NULL;
    }
  }
  return out;
}

static inline cJSON *durable_to_cjson_(durable_values *scratch,
                                       const durable_value *value) {
  switch (durable_value_kind_of(value)) {
  case DURABLE_KIND_NULL:
    return cJSON_CreateNull();
  case DURABLE_KIND_BOOL:
    return cJSON_CreateBool(durable_value_as_bool(value, 0));
  case DURABLE_KIND_INT:
    return durable_cjson_int_(scratch, value);
  case DURABLE_KIND_FLOAT:
    return cJSON_CreateNumber(durable_value_as_float(value, 0));
  case DURABLE_KIND_STRING:
  case DURABLE_KIND_UUID:
  case DURABLE_KIND_DECIMAL:
  case DURABLE_KIND_DATETIME:
  case DURABLE_KIND_DATE:
    return cJSON_CreateString(durable_value_text(value).data);
  case DURABLE_KIND_BYTES:
    return NULL;
  default:
    return durable_cjson_container_(scratch, value);
  }
}

/* A new cJSON tree, the caller's to delete; NULL when memory is out or bytes
 * are among the values.  |scratch| takes the digits of large integers. */
static inline cJSON *durable_value_to_cjson(durable_values *scratch,
                                            const durable_value *value) {
  return durable_to_cjson_(scratch, value);
}

#ifdef __cplusplus
}
#endif
#endif
