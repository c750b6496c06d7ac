/* value: making and building trees.
 *
 * Invariant: |placed| is set exactly when a value is put into a container, and
 * nothing writes to a container's members after that. */
#include "serdes/value.h"

#include <string.h>

/* Above so many members a map gets an index; below, a scan is faster. */
enum { INDEX_FROM = 16 };

static dur_value *make(dur_arena *arena, dur_kind kind) {
  dur_value *v = dur_arena_calloc(arena, sizeof *v);
  if (v)
    v->kind = (unsigned char)kind;
  return v;
}

dur_value *dur_value_null(dur_arena *arena) {
  return make(arena, DUR_NULL);
}

dur_value *dur_value_bool(dur_arena *arena, int truth) {
  dur_value *v = make(arena, DUR_BOOL);
  if (v)
    v->u.truth = truth != 0;
  return v;
}

dur_value *dur_value_i64(dur_arena *arena, int64_t number) {
  dur_value *v = make(arena, DUR_INT);
  if (v) {
    v->fits = 1;
    v->u.i64 = number;
  }
  return v;
}

dur_value *dur_value_float(dur_arena *arena, double number) {
  dur_value *v = make(arena, DUR_FLOAT);
  if (v)
    v->u.number = number;
  return v;
}

dur_value *dur_value_borrow(dur_arena *arena, dur_kind kind, dur_bytes data) {
  dur_value *v = make(arena, kind);
  if (v)
    v->u.text = data.data ? data : DUR_LIT("");
  return v;
}

static dur_value *copied(dur_arena *arena, dur_kind kind, dur_bytes data) {
  dur_bytes copy = dur_arena_copy(arena, data);
  return dur_bytes_copied(data, copy) ? dur_value_borrow(arena, kind, copy)
                                      : NULL;
}

dur_value *dur_value_string(dur_arena *arena, dur_bytes text) {
  return copied(arena, DUR_STRING, text);
}

dur_value *dur_value_bytes(dur_arena *arena, dur_bytes data) {
  return copied(arena, DUR_BYTES, data);
}

dur_value *dur_value_container(dur_arena *arena, dur_kind kind) {
  dur_value *v = make(arena, kind);
  if (v)
    v->height = 1;
  return v;
}

/* ---- building */

static int may_place(const dur_value *in, const dur_value *item) {
  if (in == item || in->placed || item->placed)
    return DUR_VALUE_PLACED;
  if (item->height >= DUR_VALUE_MAX_HEIGHT || in->count == UINT32_MAX)
    return DUR_VALUE_HEIGHT;
  return 0;
}

static void raise_height(dur_value *in, const dur_value *item) {
  if (in->height <= item->height)
    in->height = (uint16_t)(item->height + 1);
}

static void link_last(dur_value *in, dur_value *item) {
  item->placed = 1;
  item->next = NULL;
  if (in->u.items.last)
    in->u.items.last->next = item;
  else
    in->u.items.first = item;
  in->u.items.last = item;
  in->count++;
  raise_height(in, item);
}

int dur_value_append(dur_value *list, dur_value *item) {
  int rc = may_place(list, item);
  if (rc == 0)
    link_last(list, item);
  return rc;
}

/* An index takes its memory from the arena and never gives it back. */
typedef struct index_block {
  dur_map map;
  dur_mem mem;
} index_block;

static void *arena_realloc(void *user, void *ptr, size_t old_size,
                           size_t new_size) {
  if (new_size == 0)
    return NULL;
  void *grown = dur_arena_alloc(user, new_size);
  if (grown && ptr)
    memcpy(grown, ptr, old_size < new_size ? old_size : new_size);
  return grown;
}

static int add_index(dur_arena *arena, dur_value *map) {
  index_block *block = dur_arena_alloc(arena, sizeof *block);
  if (!block)
    return DUR_VALUE_NOMEM;
  block->mem = (dur_mem){arena_realloc, arena};
  dur_map_init(&block->map, &block->mem);
  for (dur_value *v = map->u.items.first; v; v = v->next)
    if (dur_map_put(&block->map, v->key, v))
      return DUR_VALUE_NOMEM;
  map->u.items.index = &block->map;
  return 0;
}

static dur_value *find(const dur_value *map, dur_bytes key) {
  if (map->u.items.index)
    return dur_map_get(map->u.items.index, key);
  for (dur_value *v = map->u.items.first; v; v = v->next)
    if (dur_bytes_eq(v->key, key))
      return v;
  return NULL;
}

/* |there| keeps its place and key and becomes what |item| is. */
static void replace(dur_value *map, dur_value *there, dur_value *item) {
  item->placed = 1;
  there->kind = item->kind;
  there->fits = item->fits;
  there->height = item->height;
  there->count = item->count;
  there->u = item->u;
  raise_height(map, item);
}

int dur_value_set_borrow(dur_arena *arena, dur_value *map, dur_bytes key,
                         dur_value *item) {
  int rc = may_place(map, item);
  if (rc)
    return rc;
  dur_value *there = find(map, key);
  if (there) {
    replace(map, there, item);
    return 0;
  }
  item->key = key.data ? key : DUR_LIT("");
  if (!map->u.items.index && map->count == INDEX_FROM)
    rc = add_index(arena, map);
  if (rc == 0 && map->u.items.index &&
      dur_map_put(map->u.items.index, item->key, item))
    rc = DUR_VALUE_NOMEM;
  if (rc == 0)
    link_last(map, item);
  return rc;
}

int dur_value_set(dur_arena *arena, dur_value *map, dur_bytes key,
                  dur_value *item) {
  dur_bytes copy = dur_arena_copy(arena, key);
  if (!dur_bytes_copied(key, copy))
    return DUR_VALUE_NOMEM;
  return dur_value_set_borrow(arena, map, copy, item);
}

/* ---- reading */

const dur_value *dur_value_get(const dur_value *map, dur_bytes key) {
  return dur_value_is_map(map) ? find(map, key) : NULL;
}

const dur_value *dur_value_at(const dur_value *list, size_t index) {
  if (index >= list->count)
    return NULL;
  const dur_value *v = list->u.items.first;
  while (index-- > 0)
    v = v->next;
  return v;
}

void dur_value_int_text(const dur_value *number, dur_buf *out) {
  if (number->fits)
    dur_buf_i64(out, number->u.i64);
  else
    dur_buf_bytes(out, number->u.text);
}

int dur_value_is_primitive(const dur_value *value) {
  return value->kind <= DUR_STRING;
}

int dur_value_is_sequence(const dur_value *value) {
  return value->kind == DUR_LIST || value->kind == DUR_TUPLE;
}

int dur_value_is_map(const dur_value *value) {
  return value->kind == DUR_MAP || value->kind == DUR_BATCH;
}

const char *dur_kind_name(dur_kind kind) {
  static const char *const names[DUR_KINDS] = {
      "null",  "boolean", "integer", "float",        "string",
      "bytes", "UUID",    "decimal", "datetime",     "date",
      "tuple", "list",    "map",     "batch result",
  };
  return kind < DUR_KINDS ? names[kind] : "?";
}
