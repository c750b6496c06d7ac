/* heap: an array in which no item is before its parent. */
#include "base/heap.h"

enum { FIRST_CAP = 16 };

void dur_heap_init(dur_heap *heap, const dur_mem *mem) {
  *heap = (dur_heap){mem, NULL, 0, 0, 0};
}

void dur_heap_drop(dur_heap *heap) {
  dur_free(heap->mem, heap->items, heap->cap * sizeof *heap->items);
  dur_heap_init(heap, heap->mem);
}

static int grow(dur_heap *heap) {
  size_t size = sizeof *heap->items;
  size_t cap = heap->cap ? heap->cap * 2 : FIRST_CAP;
  if (cap > SIZE_MAX / size)
    return -1;
  dur_heap_item *items =
      dur_realloc(heap->mem, heap->items, heap->cap * size, cap * size);
  if (!items)
    return -1;
  heap->items = items;
  heap->cap = cap;
  return 0;
}

static int before(const dur_heap_item *a, const dur_heap_item *b) {
  return a->key != b->key ? a->key < b->key : a->seq < b->seq;
}

int dur_heap_push(dur_heap *heap, int64_t key, void *value) {
  if (heap->count == heap->cap && grow(heap))
    return -1;
  dur_heap_item item = {key, heap->next_seq++, value};
  size_t at = heap->count++;
  while (at > 0 && before(&item, &heap->items[(at - 1) / 2])) {
    heap->items[at] = heap->items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap->items[at] = item;
  return 0;
}

const dur_heap_item *dur_heap_top(const dur_heap *heap) {
  return heap->count ? &heap->items[0] : NULL;
}

void *dur_heap_pop(dur_heap *heap) {
  if (heap->count == 0)
    return NULL;
  void *value = heap->items[0].value;
  dur_heap_item last = heap->items[--heap->count];
  size_t at = 0;
  for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
    if (child + 1 < heap->count &&
        before(&heap->items[child + 1], &heap->items[child]))
      child++;
    if (!before(&heap->items[child], &last))
      break;
    heap->items[at] = heap->items[child];
    at = child;
  }
  heap->items[at] = last;
  return value;
}
