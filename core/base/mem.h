/* mem: the one allocator that everything in core/ is given.
 *
 * Invariant: no code in core/ calls malloc itself, so a test can fail the n-th
 * allocation of a whole scenario.  A size is passed back on free and realloc so
 * that an arena or a counting allocator needs no header of its own.
 * Used by: every module of core/, and service/ with the default allocator. */
#ifndef DUR_BASE_MEM_H
#define DUR_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

typedef struct dur_mem {
  /* realloc(user, NULL, 0, n) allocates, (user, p, n, 0) frees and answers
   * NULL; a NULL answer to n > 0 means "out of memory" and leaves p alone. */
  void *(*realloc)(void *user, void *ptr, size_t old_size, size_t new_size);
  void *user;
} dur_mem;

/* malloc, realloc and free of the C library */
extern const dur_mem dur_mem_default;

void *dur_alloc(const dur_mem *mem, size_t size);
void *dur_realloc(const dur_mem *mem, void *ptr, size_t old_size, size_t size);
void dur_free(const dur_mem *mem, void *ptr, size_t size); /* NULL is fine */

/* A borrowed run of bytes: not NUL-terminated, may hold NUL.  {NULL, 0} means
 * "absent" where a field may be absent; {"", 0} is present and empty. */
typedef struct dur_bytes {
  const char *data;
  size_t len;
} dur_bytes;

#define DUR_LIT(s) ((dur_bytes){(s), sizeof(s) - 1})
#define DUR_NONE   ((dur_bytes){NULL, 0})

dur_bytes dur_cstr(const char *text);            /* NULL gives DUR_NONE */
int dur_bytes_eq(dur_bytes a, dur_bytes b);      /* absent == empty */
int dur_bytes_is(dur_bytes a, const char *text); /* equal to a C string */
int dur_bytes_starts(dur_bytes a, const char *prefix);

#endif
