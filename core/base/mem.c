/* mem: the default allocator, and what every byte run needs.
 *
 * Invariant: a size of 0 is asked for as 1, on allocation and on free alike, so
 * NULL always means "out of memory" and counted bytes balance. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *default_realloc(void *user, void *ptr, size_t old_size,
                             size_t new_size) {
  (void)user;
  (void)old_size;
  if (new_size == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, new_size);
}

const dur_mem dur_mem_default = {default_realloc, NULL};

static size_t at_least_one(size_t size) {
  return size ? size : 1;
}

void *dur_alloc(const dur_mem *mem, size_t size) {
  return mem->realloc(mem->user, NULL, 0, at_least_one(size));
}

void *dur_realloc(const dur_mem *mem, void *ptr, size_t old_size, size_t size) {
  if (!ptr)
    return dur_alloc(mem, size);
  return mem->realloc(mem->user, ptr, at_least_one(old_size),
                      at_least_one(size));
}

void dur_free(const dur_mem *mem, void *ptr, size_t size) {
  if (ptr)
    mem->realloc(mem->user, ptr, at_least_one(size), 0);
}

dur_bytes dur_cstr(const char *text) {
  return text ? (dur_bytes){text, strlen(text)} : DUR_NONE;
}

int dur_bytes_eq(dur_bytes a, dur_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int dur_bytes_is(dur_bytes a, const char *text) {
  return dur_bytes_eq(a, dur_cstr(text));
}

int dur_bytes_starts(dur_bytes a, const char *prefix) {
  size_t len = strlen(prefix);
  return a.len >= len && (len == 0 || memcmp(a.data, prefix, len) == 0);
}
