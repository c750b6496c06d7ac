/* table: handles.
 *
 * A handle is kind (2 bits), tag of the engine (8), index (21): positive, never
 * reused, and of no use in an engine with another tag. */
#include "engine/internal.h"

enum { INDEX_BITS = 21, TAG_BITS = 8, TABLE_MAX = 1 << INDEX_BITS };

static dur_table *table_of(const dur_engine *e, int kind) {
  dur_engine *me = (dur_engine *)(uintptr_t)e;
  switch (kind) {
  case DUR_HANDLE_CTX:
    return &me->ctxs;
  case DUR_HANDLE_TASK:
    return &me->tasks;
  default:
    return &me->ops;
  }
}

static int grow(dur_engine *e, dur_table *table) {
  uint32_t cap = table->cap ? table->cap * 2 : 64;
  void **items = dur_realloc(&e->mem, table->items, table->cap * sizeof(void *),
                             cap * sizeof(void *));
  if (!items)
    return -1;
  table->items = items;
  table->cap = cap;
  return 0;
}

int32_t dur_handle_new(dur_engine *e, int kind, void *item) {
  dur_table *table = table_of(e, kind);
  if (table->count == TABLE_MAX)
    return dur_latch(e, DUR_E_LIMIT, 0, "ExecutionError",
                     DUR_LIT("more than 2,097,152 handles of one kind in one "
                             "invocation"));
  if (table->count == table->cap && grow(e, table) != 0)
    return dur_oom(e);
  table->items[table->count] = item;
  uint32_t tag = e->set.tag & ((1u << TAG_BITS) - 1);
  return (int32_t)((uint32_t)kind << (INDEX_BITS + TAG_BITS) |
                   tag << INDEX_BITS | table->count++);
}

void *dur_handle_get(const dur_engine *e, int kind, int32_t handle) {
  uint32_t bits = (uint32_t)handle;
  uint32_t index = bits & (TABLE_MAX - 1);
  uint32_t tag = bits >> INDEX_BITS & ((1u << TAG_BITS) - 1);
  const dur_table *table = table_of(e, kind);
  if (handle <= 0 || bits >> (INDEX_BITS + TAG_BITS) != (uint32_t)kind ||
      tag != (e->set.tag & ((1u << TAG_BITS) - 1)) || index >= table->count)
    return NULL;
  return table->items[index];
}
