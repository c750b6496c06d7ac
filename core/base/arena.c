/* arena: a list of blocks, filled from the newest.
 *
 * Invariant: a request above a quarter of the next block gets a block of its
 * own, which stands behind the newest, so it wastes none of what is left. */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 256 * 1024 };
enum { ALIGN = alignof(max_align_t) };

struct dur_arena_block {
  alignas(max_align_t) dur_arena_block *next;
  size_t size; /* of the whole block, this header included */
};

void dur_arena_init(dur_arena *arena, const dur_mem *mem) {
  *arena = (dur_arena){mem, NULL, 0};
}

void dur_arena_drop(dur_arena *arena) {
  while (arena->blocks) {
    dur_arena_block *block = arena->blocks;
    arena->blocks = block->next;
    dur_free(arena->mem, block, block->size);
  }
  arena->used = 0;
}

static dur_arena_block *new_block(dur_arena *arena, size_t size) {
  dur_arena_block *block = dur_alloc(arena->mem, size);
  if (block)
    block->size = size;
  return block;
}

static size_t next_size(const dur_arena *arena) {
  size_t newest = arena->blocks ? arena->blocks->size : 0;
  if (newest >= LARGEST_BLOCK / 2)
    return LARGEST_BLOCK;
  return newest < FIRST_BLOCK ? FIRST_BLOCK : newest * 2;
}

static void *alloc_own(dur_arena *arena, size_t size) {
  dur_arena_block *block = new_block(arena, sizeof *block + size);
  if (!block)
    return NULL;
  if (arena->blocks) {
    block->next = arena->blocks->next;
    arena->blocks->next = block;
  } else {
    block->next = NULL;
    arena->blocks = block;
    arena->used = block->size;
  }
  return block + 1;
}

void *dur_arena_alloc(dur_arena *arena, size_t size) {
  if (size > SIZE_MAX - sizeof(dur_arena_block) - ALIGN)
    return NULL;
  size = (size + ALIGN - 1) / ALIGN * ALIGN;
  if (!arena->blocks || arena->blocks->size - arena->used < size) {
    size_t next = next_size(arena);
    if (size > next / 4)
      return alloc_own(arena, size);
    dur_arena_block *block = new_block(arena, next);
    if (!block)
      return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = sizeof *block;
  }
  char *answer = (char *)arena->blocks + arena->used;
  arena->used += size;
  return answer;
}

void *dur_arena_calloc(dur_arena *arena, size_t size) {
  void *answer = dur_arena_alloc(arena, size);
  if (answer)
    memset(answer, 0, size);
  return answer;
}

dur_bytes dur_arena_copy(dur_arena *arena, dur_bytes b) {
  if (!b.data || b.len == SIZE_MAX)
    return DUR_NONE;
  char *copy = dur_arena_alloc(arena, b.len + 1);
  if (!copy)
    return DUR_NONE;
  memcpy(copy, b.data, b.len);
  copy[b.len] = '\0';
  return (dur_bytes){copy, b.len};
}

int dur_bytes_copied(dur_bytes b, dur_bytes copy) {
  return !b.data || copy.data;
}
