/* arena: memory that is freed all at once.
 *
 * Invariant: what dur_arena_alloc answered stays valid and in place until
 * dur_arena_drop; blocks are never moved.  Alignment is that of max_align_t. */
#ifndef DUR_BASE_ARENA_H
#define DUR_BASE_ARENA_H

#include "base/mem.h"

typedef struct dur_arena_block dur_arena_block;
typedef struct dur_arena {
  const dur_mem *mem;
  dur_arena_block *blocks; /* newest first; big requests get their own */
  size_t used;             /* bytes taken of the newest block */
} dur_arena;

void dur_arena_init(dur_arena *arena, const dur_mem *mem);
void dur_arena_drop(dur_arena *arena);

/* All answer NULL (data == NULL) when memory is out. */
void *dur_arena_alloc(dur_arena *arena, size_t size);  /* uninitialised */
void *dur_arena_calloc(dur_arena *arena, size_t size); /* zeroed */
/* A NUL-terminated copy (the NUL is not counted).  An absent |b| gives an
 * absent copy without allocating; check with dur_bytes_copied. */
dur_bytes dur_arena_copy(dur_arena *arena, dur_bytes b);
/* 1 unless |b| is present and |copy| is not: how to see a failed copy */
int dur_bytes_copied(dur_bytes b, dur_bytes copy);

#endif
