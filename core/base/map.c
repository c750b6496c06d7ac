/* map: linear probing; a removal closes the gap, so there are no tombstones.
 *
 * Invariant: no free slot lies between a key's home slot (hash & cap-1) and the
 * slot where it stands. */
#include "base/map.h"

#include <string.h>

enum { FIRST_CAP = 16 };

/* ---- hash: eight bytes at a time through a 64 by 64 bit multiplication */

#define SEED_A UINT64_C(0x9e3779b97f4a7c15)
#define SEED_B UINT64_C(0xd1b54a32d192ed03)

/* The two halves of the 128-bit product, xored. */
static uint64_t mix(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
  uint64_t a1 = a >> 32, a0 = a & UINT32_MAX;
  uint64_t b1 = b >> 32, b0 = b & UINT32_MAX;
  uint64_t cross = (a0 * b0 >> 32) + (a1 * b0 & UINT32_MAX) + a0 * b1;
  uint64_t high = a1 * b1 + (a1 * b0 >> 32) + (cross >> 32);
  return a * b ^ high;
#endif
}

static uint64_t load(const char *p, size_t len) {
  uint64_t word = 0;
  memcpy(&word, p, len);
  return word;
}

static uint64_t hash_of(dur_bytes key) {
  const char *p = key.data;
  size_t left = key.len;
  uint64_t h = SEED_A ^ key.len;
  for (; left > 16; left -= 16, p += 16)
    h = mix(load(p, 8) ^ SEED_A, load(p + 8, 8) ^ h);
  uint64_t a = 0, b = 0;
  if (left > 8) {
    a = load(p, 8);
    b = load(p + 8, left - 8);
  } else if (left) {
    a = load(p, left);
  }
  return mix(SEED_B ^ key.len, mix(a ^ SEED_A, b ^ h));
}

/* ---- slots */

void dur_map_init(dur_map *map, const dur_mem *mem) {
  *map = (dur_map){mem, NULL, 0, 0};
}

void dur_map_drop(dur_map *map) {
  dur_free(map->mem, map->slots, map->cap * sizeof *map->slots);
  dur_map_init(map, map->mem);
}

/* The slot of |key|, or the free one where it would go; cap > count. */
static size_t find(const dur_map *map, dur_bytes key, uint64_t hash) {
  size_t at = (size_t)hash & (map->cap - 1);
  while (map->slots[at].value && (map->slots[at].hash != hash ||
                                  !dur_bytes_eq(map->slots[at].key, key)))
    at = (at + 1) & (map->cap - 1);
  return at;
}

static int rehash(dur_map *map, size_t cap) {
  if (cap > SIZE_MAX / sizeof *map->slots)
    return -1;
  dur_map bigger = {map->mem, NULL, map->count, cap};
  bigger.slots = dur_alloc(map->mem, cap * sizeof *map->slots);
  if (!bigger.slots)
    return -1;
  memset(bigger.slots, 0, cap * sizeof *map->slots);
  for (size_t i = 0; i < map->cap; i++) {
    dur_map_slot *slot = &map->slots[i];
    if (slot->value)
      bigger.slots[find(&bigger, slot->key, slot->hash)] = *slot;
  }
  dur_map_drop(map);
  *map = bigger;
  return 0;
}

int dur_map_reserve(dur_map *map, size_t count) {
  size_t cap = map->cap ? map->cap : FIRST_CAP;
  while (count > cap / 4 * 3) {
    if (cap > SIZE_MAX / 2)
      return -1;
    cap *= 2;
  }
  return cap == map->cap ? 0 : rehash(map, cap);
}

void *dur_map_get(const dur_map *map, dur_bytes key) {
  if (map->count == 0)
    return NULL;
  return map->slots[find(map, key, hash_of(key))].value;
}

int dur_map_put(dur_map *map, dur_bytes key, void *value) {
  uint64_t hash = hash_of(key);
  if (map->count) {
    dur_map_slot *slot = &map->slots[find(map, key, hash)];
    if (slot->value) {
      slot->value = value;
      return 0;
    }
  }
  if (dur_map_reserve(map, map->count + 1))
    return -1;
  map->slots[find(map, key, hash)] = (dur_map_slot){key, value, hash};
  map->count++;
  return 0;
}

/* Move every follower that the gap cuts off from its home into the gap. */
static void close_gap(dur_map *map, size_t gap) {
  size_t mask = map->cap - 1;
  for (size_t at = (gap + 1) & mask; map->slots[at].value;
       at = (at + 1) & mask) {
    size_t home = (size_t)map->slots[at].hash & mask;
    if (((at - home) & mask) < ((at - gap) & mask))
      continue;
    map->slots[gap] = map->slots[at];
    gap = at;
  }
  memset(&map->slots[gap], 0, sizeof map->slots[gap]);
}

void *dur_map_remove(dur_map *map, dur_bytes key) {
  if (map->count == 0)
    return NULL;
  size_t at = find(map, key, hash_of(key));
  void *value = map->slots[at].value;
  if (value) {
    map->count--;
    close_gap(map, at);
  }
  return value;
}
