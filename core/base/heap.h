/* heap: a binary min-heap of (key, value), ties broken by insertion order.
 *
 * Invariant: items[0] has the smallest key; among equal keys the first pushed
 * comes out first, so timers fire in the order in which they were armed. */
#ifndef DUR_BASE_HEAP_H
#define DUR_BASE_HEAP_H

#include "base/mem.h"

typedef struct dur_heap_item {
  int64_t key;
  uint64_t seq;
  void *value;
} dur_heap_item;

typedef struct dur_heap {
  const dur_mem *mem;
  dur_heap_item *items;
  size_t count, cap;
  uint64_t next_seq;
} dur_heap;

void dur_heap_init(dur_heap *heap, const dur_mem *mem);
void dur_heap_drop(dur_heap *heap);
int dur_heap_push(dur_heap *heap, int64_t key, void *value); /* -1: no memory */
const dur_heap_item *dur_heap_top(const dur_heap *heap);     /* NULL: empty */
void *dur_heap_pop(dur_heap *heap);                          /* NULL: empty */

#endif
