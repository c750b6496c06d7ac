/* value: the nodes of durable/value.h, made, filled and read.
 *
 * Every function takes NULL where the header says that reading nothing is
 * allowed; nothing here trusts a kind that a caller names. */
#include "abi/value_pool.h"

#include <stdlib.h>
#include <string.h>

/* ---- pools */

static const dur_mem *pool_mem(dur_mem *keep, const durable_mem *mem) {
  *keep = mem ? (dur_mem){mem->realloc, mem->user} : dur_mem_default;
  return keep;
}

int durable_values_new(durable_values **out, const durable_mem *mem) {
  dur_mem keep;
  if (!out)
    return DURABLE_E_ARGUMENT;
  *out = dur_alloc(pool_mem(&keep, mem), sizeof **out);
  if (!*out)
    return DURABLE_E_NOMEM;
  **out = (durable_values){.mem = keep};
  dur_arena_init(&(*out)->arena, &(*out)->mem);
  return DURABLE_OK;
}

void durable_values_free(durable_values *in) {
  if (!in)
    return;
  dur_mem mem = in->mem;
  dur_arena_drop(&in->arena);
  dur_free(&mem, in, sizeof *in);
}

int dur_pool_nomem(durable_values *in) {
  in->status = DURABLE_E_NOMEM;
  dur_serdes_nomem(&in->error);
  return DURABLE_E_NOMEM;
}

int dur_pool_code(durable_values *in) {
  return in->error.code == DUR_SERDES_NOMEM ? dur_pool_nomem(in)
                                            : DURABLE_E_SERDES;
}

int dur_pool_refuse(durable_values *in, int code, const char *sentence) {
  dur_serdes_fail(&in->error, DUR_SERDES_VALUE, NULL, "%s", sentence);
  return code;
}

durable_value *dur_pool_made(durable_values *in, dur_value *value) {
  if (!value)
    dur_pool_nomem(in);
  return dur_value_out(value);
}

void *durable_values_alloc(durable_values *in, size_t size) {
  void *memory = in ? dur_arena_alloc(&in->arena, size) : NULL;
  if (in && !memory)
    dur_pool_nomem(in);
  return memory;
}

durable_bytes durable_values_keep(durable_values *in, durable_bytes bytes) {
  if (!in)
    return (durable_bytes){NULL, 0};
  dur_bytes copy = dur_arena_copy(&in->arena, dur_pool_bytes(bytes));
  if (!dur_bytes_copied(dur_pool_bytes(bytes), copy))
    dur_pool_nomem(in);
  return dur_pool_view(copy);
}

int durable_values_status(const durable_values *in) {
  return in ? in->status : DURABLE_E_ARGUMENT;
}

const char *durable_values_error(const durable_values *in) {
  return in ? in->error.message : "";
}

const char *durable_values_error_path(const durable_values *in) {
  return in ? in->error.path : "";
}

const char *durable_values_error_class(const durable_values *in) {
  if (!in || in->error.code == DUR_SERDES_OK)
    return "";
  return dur_serdes_error_class(in->error.code);
}

/* ---- making */

durable_value *durable_value_null(durable_values *in) {
  return in ? dur_pool_made(in, dur_value_null(&in->arena)) : NULL;
}

durable_value *durable_value_bool(durable_values *in, int truth) {
  return in ? dur_pool_made(in, dur_value_bool(&in->arena, truth != 0)) : NULL;
}

durable_value *durable_value_int(durable_values *in, int64_t number) {
  return in ? dur_pool_made(in, dur_value_i64(&in->arena, number)) : NULL;
}

durable_value *durable_value_float(durable_values *in, double number) {
  return in ? dur_pool_made(in, dur_value_float(&in->arena, number)) : NULL;
}

durable_value *durable_value_str(durable_values *in, const char *text) {
  if (!text)
    return durable_value_null(in);
  return durable_value_data(in, DURABLE_KIND_STRING,
                            (durable_bytes){text, strlen(text)});
}

static int is_data_kind(int kind) {
  return kind == DURABLE_KIND_STRING || kind == DURABLE_KIND_BYTES;
}

static dur_bytes present(durable_bytes data) {
  return data.data ? dur_pool_bytes(data) : DUR_LIT("");
}

durable_value *durable_value_data(durable_values *in, int kind,
                                  durable_bytes data) {
  if (!in || !is_data_kind(kind))
    return NULL;
  return dur_pool_made(in, kind == DURABLE_KIND_STRING
                               ? dur_value_string(&in->arena, present(data))
                               : dur_value_bytes(&in->arena, present(data)));
}

durable_value *durable_value_borrow(durable_values *in, int kind,
                                    durable_bytes data) {
  if (!in || !is_data_kind(kind))
    return NULL;
  return dur_pool_made(
      in, dur_value_borrow(&in->arena, (dur_kind)kind, present(data)));
}

durable_value *durable_value_container(durable_values *in, int kind) {
  if (!in || kind < DURABLE_KIND_TUPLE || kind > DURABLE_KIND_BATCH)
    return NULL;
  return dur_pool_made(in, dur_value_container(&in->arena, (dur_kind)kind));
}

durable_value *durable_value_list(durable_values *in) {
  return durable_value_container(in, DURABLE_KIND_LIST);
}

durable_value *durable_value_object(durable_values *in) {
  return durable_value_container(in, DURABLE_KIND_OBJECT);
}

int durable_value_read(durable_values *in, int kind, durable_bytes text,
                       durable_value **out) {
  dur_value *value = NULL;
  int has_text = kind == DURABLE_KIND_INT ||
                 (kind >= DURABLE_KIND_UUID && kind <= DURABLE_KIND_DATE);
  if (!in || !out || !text.data || !has_text)
    return DURABLE_E_ARGUMENT;
  *out = NULL;
  if (dur_value_parse(&in->arena, (dur_kind)kind, dur_pool_bytes(text), &value,
                      &in->error) != 0)
    return dur_pool_code(in);
  if (kind != DURABLE_KIND_INT || !value->fits) {
    value->u.text = dur_arena_copy(&in->arena, value->u.text);
    if (!value->u.text.data)
      return dur_pool_nomem(in);
  }
  *out = dur_value_out(value);
  return DURABLE_OK;
}

/* ---- copies */

static int holds_text(const dur_value *value) {
  return (value->kind == DUR_INT && !value->fits) ||
         (value->kind >= DUR_STRING && value->kind <= DUR_DATE);
}

static dur_value *copy_scalar(dur_arena *arena, const dur_value *value) {
  dur_value *copy = dur_arena_alloc(arena, sizeof *copy);
  if (!copy)
    return NULL;
  *copy = *value;
  copy->placed = 0;
  copy->next = NULL;
  copy->key = DUR_NONE;
  if (!holds_text(value))
    return copy;
  copy->u.text = dur_arena_copy(arena, value->u.text);
  return copy->u.text.data ? copy : NULL;
}

/* Recursion is bounded by DUR_VALUE_MAX_HEIGHT. */
static dur_value *copy_tree(dur_arena *arena, const dur_value *value) {
  if (value->kind < DUR_TUPLE)
    return copy_scalar(arena, value);
  dur_value *copy = dur_value_container(arena, (dur_kind)value->kind);
  const dur_value *v = copy ? value->u.items.first : NULL;
  for (; v; v = v->next) {
    dur_value *item = copy_tree(arena, v);
    if (!item ||
        (dur_value_is_map(value) ? dur_value_set(arena, copy, v->key, item)
                                 : dur_value_append(copy, item)) != 0)
      return NULL;
  }
  return copy;
}

durable_value *durable_value_copy(durable_values *in,
                                  const durable_value *value) {
  if (!in || !value)
    return NULL;
  return dur_pool_made(in, copy_tree(&in->arena, dur_value_in(value)));
}

/* ---- filling */

/* The pool's answer to what dur_value_append or dur_value_set said. */
static int placed(durable_values *in, int answer) {
  switch (answer) {
  case 0:
    return DURABLE_OK;
  case DUR_VALUE_HEIGHT:
    return dur_pool_refuse(in, DURABLE_E_LIMIT,
                           "a value would be nested too deeply");
  case DUR_VALUE_PLACED:
    return dur_pool_refuse(in, DURABLE_E_STATE,
                           "a value that is in a container already cannot be "
                           "changed or put into another one");
  default:
    return dur_pool_nomem(in);
  }
}

/* NULL stands for null; but once the pool has failed it is that failure. */
static dur_value *item_of(durable_values *in, durable_value *item) {
  if (item)
    return dur_value_edit(item);
  return in->status == DURABLE_OK ? dur_value_edit(durable_value_null(in))
                                  : NULL;
}

int durable_value_set_key(durable_values *in, durable_value *object,
                          durable_bytes key, durable_value *item) {
  if (!in)
    return DURABLE_E_ARGUMENT;
  if (!object && in->status != DURABLE_OK)
    return in->status;
  if (!object || !key.data || !dur_value_is_map(dur_value_in(object)))
    return dur_pool_refuse(in, DURABLE_E_ARGUMENT,
                           "members have a key and go into an object");
  dur_value *value = item_of(in, item);
  if (!value)
    return in->status;
  return placed(in, dur_value_set(&in->arena, dur_value_edit(object),
                                  dur_pool_bytes(key), value));
}

int durable_value_set(durable_values *in, durable_value *object,
                      const char *key, durable_value *item) {
  durable_bytes bytes = {key, key ? strlen(key) : 0};
  return durable_value_set_key(in, object, bytes, item);
}

int durable_value_append(durable_values *in, durable_value *list,
                         durable_value *item) {
  if (!in)
    return DURABLE_E_ARGUMENT;
  if (!list && in->status != DURABLE_OK)
    return in->status;
  if (!list || !dur_value_is_sequence(dur_value_in(list)))
    return dur_pool_refuse(in, DURABLE_E_ARGUMENT,
                           "items are appended to a list or tuple");
  dur_value *value = item_of(in, item);
  if (!value)
    return in->status;
  return placed(in, dur_value_append(dur_value_edit(list), value));
}

int durable_value_key_text(durable_values *in, const durable_value *key,
                           durable_bytes *out) {
  dur_bytes text;
  if (!in || !key || !out)
    return DURABLE_E_ARGUMENT;
  *out = (durable_bytes){NULL, 0};
  if (dur_value_key(&in->arena, dur_value_in(key), &text, &in->error) != 0)
    return dur_pool_code(in);
  *out = dur_pool_view(text);
  return DURABLE_OK;
}

/* ---- reading */

int durable_value_kind_of(const durable_value *value) {
  return value ? dur_value_in(value)->kind : DURABLE_KIND_NULL;
}

const char *durable_value_kind_name(int kind) {
  return kind >= 0 && kind < DUR_KINDS ? dur_kind_name((dur_kind)kind) : "?";
}

static int is_container(const durable_value *value) {
  return durable_value_kind_of(value) >= DURABLE_KIND_TUPLE;
}

static int is_map(const durable_value *value) {
  return value && dur_value_is_map(dur_value_in(value));
}

size_t durable_value_count(const durable_value *value) {
  return is_container(value) ? dur_value_in(value)->count : 0;
}

static const durable_value *node_out(const dur_value *value) {
  return (const durable_value *)(const void *)value;
}

const durable_value *durable_value_get_key(const durable_value *object,
                                           durable_bytes key) {
  if (!is_map(object) || !key.data)
    return NULL;
  return node_out(dur_value_get(dur_value_in(object), dur_pool_bytes(key)));
}

const durable_value *durable_value_get(const durable_value *object,
                                       const char *key) {
  durable_bytes bytes = {key, key ? strlen(key) : 0};
  return durable_value_get_key(object, bytes);
}

const durable_value *durable_value_first(const durable_value *container) {
  return is_container(container)
             ? node_out(dur_value_in(container)->u.items.first)
             : NULL;
}

const durable_value *durable_value_next(const durable_value *member) {
  return member ? node_out(dur_value_in(member)->next) : NULL;
}

const durable_value *durable_value_at(const durable_value *list, size_t index) {
  if (index >= durable_value_count(list))
    return NULL;
  const durable_value *v = durable_value_first(list);
  for (; v && index > 0; index--)
    v = durable_value_next(v);
  return v;
}

durable_bytes durable_value_key(const durable_value *member) {
  if (!member)
    return (durable_bytes){NULL, 0};
  return dur_pool_view(dur_value_in(member)->key);
}

int durable_value_as_bool(const durable_value *value, int otherwise) {
  if (durable_value_kind_of(value) != DURABLE_KIND_BOOL)
    return otherwise;
  return dur_value_in(value)->u.truth;
}

int64_t durable_value_as_int(const durable_value *value, int64_t otherwise) {
  if (durable_value_kind_of(value) != DURABLE_KIND_INT ||
      !dur_value_in(value)->fits)
    return otherwise;
  return dur_value_in(value)->u.i64;
}

double durable_value_as_float(const durable_value *value, double otherwise) {
  int kind = durable_value_kind_of(value);
  if (kind == DURABLE_KIND_FLOAT)
    return dur_value_in(value)->u.number;
  if (kind != DURABLE_KIND_INT)
    return otherwise;
  return dur_value_in(value)->fits
             ? (double)dur_value_in(value)->u.i64
             : dur_number_double(dur_value_in(value)->u.text);
}

const char *durable_value_as_str(const durable_value *value,
                                 const char *otherwise) {
  if (durable_value_kind_of(value) != DURABLE_KIND_STRING)
    return otherwise;
  return dur_value_in(value)->u.text.data;
}

durable_bytes durable_value_text(const durable_value *value) {
  if (!value || !holds_text(dur_value_in(value)))
    return (durable_bytes){NULL, 0};
  return dur_pool_view(dur_value_in(value)->u.text);
}

durable_bytes durable_value_int_text(durable_values *in,
                                     const durable_value *value) {
  if (!in || durable_value_kind_of(value) != DURABLE_KIND_INT)
    return (durable_bytes){NULL, 0};
  if (!dur_value_in(value)->fits)
    return durable_value_text(value);
  dur_buf text;
  dur_buf_init(&text, &in->mem, 32);
  dur_value_int_text(dur_value_in(value), &text);
  durable_bytes out = {NULL, 0};
  if (text.failed)
    dur_pool_nomem(in);
  else
    out = durable_values_keep(in, dur_pool_view(dur_buf_view(&text)));
  dur_buf_drop(&text);
  return out;
}

int durable_value_get_bool(const durable_value *object, const char *key,
                           int otherwise) {
  return durable_value_as_bool(durable_value_get(object, key), otherwise);
}

int64_t durable_value_get_int(const durable_value *object, const char *key,
                              int64_t otherwise) {
  return durable_value_as_int(durable_value_get(object, key), otherwise);
}

double durable_value_get_float(const durable_value *object, const char *key,
                               double otherwise) {
  return durable_value_as_float(durable_value_get(object, key), otherwise);
}

const char *durable_value_get_str(const durable_value *object, const char *key,
                                  const char *otherwise) {
  return durable_value_as_str(durable_value_get(object, key), otherwise);
}

int durable_value_equal(const durable_value *a, const durable_value *b) {
  if (!a || !b)
    return durable_value_kind_of(a) == DURABLE_KIND_NULL &&
           durable_value_kind_of(b) == DURABLE_KIND_NULL;
  return dur_value_equal(dur_value_in(a), dur_value_in(b));
}
