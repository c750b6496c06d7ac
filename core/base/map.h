/* map: bytes -> pointer, open addressing, insertion only grows it.
 *
 * Invariant: keys are borrowed and must outlive the map; a key is present at
 * most once; the load factor stays at or below 3/4.  Iteration order is by
 * slot. */
#ifndef DUR_BASE_MAP_H
#define DUR_BASE_MAP_H

#include "base/mem.h"

typedef struct dur_map_slot {
  dur_bytes key;
  void *value; /* NULL: the slot is free */
  uint64_t hash;
} dur_map_slot;

typedef struct dur_map {
  const dur_mem *mem;
  dur_map_slot *slots;
  size_t count, cap; /* cap is 0 or a power of two */
} dur_map;

void dur_map_init(dur_map *map, const dur_mem *mem);
void dur_map_drop(dur_map *map);
void *dur_map_get(const dur_map *map, dur_bytes key); /* NULL: absent */
/* |value| is not NULL.  An existing key keeps its slot and key bytes, the value
 * is replaced.  -1: out of memory, nothing changed. */
int dur_map_put(dur_map *map, dur_bytes key, void *value);
void *dur_map_remove(dur_map *map, dur_bytes key); /* the value, or NULL */
int dur_map_reserve(dur_map *map, size_t count);   /* -1: out of memory */

#endif
