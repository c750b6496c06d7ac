/* serdes_test: short constructors of values, and an allocator that fails. */
#ifndef SERDES_TEST_H
#define SERDES_TEST_H

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "serdes/value.h"

static dur_arena arena;
static dur_buf buf;
static dur_serdes_error err;

/* The n-th allocation fails; negative: none does. */
static int fail_at = -1;
static int failures;
static size_t live;

static void *counting_realloc(void *user, void *ptr, size_t old_size,
                              size_t size) {
  (void)user;
  if (size == 0) {
    live -= old_size;
    free(ptr);
    return NULL;
  }
  if (fail_at == 0) {
    failures++;
    return NULL;
  }
  if (fail_at > 0)
    fail_at--;
  void *grown = realloc(ptr, size);
  if (grown)
    live += size - old_size;
  return grown;
}

static const dur_mem counting_mem = {counting_realloc, NULL};

static int set_up(void **state) {
  (void)state;
  fail_at = -1;
  failures = 0;
  live = 0;
  memset(&err, 0, sizeof err);
  dur_arena_init(&arena, &counting_mem);
  dur_buf_init(&buf, &counting_mem, (size_t)1 << 26);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  dur_buf_drop(&buf);
  dur_arena_drop(&arena);
  return live != 0;
}

static inline const char *written(void) {
  return dur_buf_cstr(&buf);
}

/* Run |scenario| (0, or -1 with |err|) with the first, the second ... of its
 * allocations failing, until it succeeds. */
static inline void fail_each_allocation(int (*scenario)(void)) {
  for (int i = 0;; i++) {
    assert_in_range(i, 0, 10000);
    dur_buf_drop(&buf);
    dur_arena_drop(&arena);
    assert_int_equal(live, 0);
    set_up(NULL);
    fail_at = i;
    memset(&err, 0, sizeof err);
    int rc = scenario();
    fail_at = -1;
    if (!failures) {
      assert_int_equal(rc, 0);
      assert_true(i > 0);
      return;
    }
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, DUR_SERDES_NOMEM);
  }
}

static inline dur_value *placed(dur_value *in, int rc) {
  assert_int_equal(rc, 0);
  return in;
}

#define N()    dur_value_null(&arena)
#define B(x)   dur_value_bool(&arena, x)
#define I(x)   dur_value_i64(&arena, x)
#define F(x)   dur_value_float(&arena, x)
#define S(lit) dur_value_string(&arena, DUR_LIT(lit))
#define Y(lit) dur_value_bytes(&arena, DUR_LIT(lit))

static inline dur_value *parsed(dur_kind kind, const char *text) {
  dur_value *v = NULL;
  assert_int_equal(dur_value_parse(&arena, kind, dur_cstr(text), &v, &err), 0);
  return v;
}

/* Both end with a NULL; a map's members are key, value, key, value. */
static inline dur_value *sequence(dur_kind kind, ...) {
  dur_value *list = dur_value_container(&arena, kind), *item;
  va_list args;
  va_start(args, kind);
  while ((item = va_arg(args, dur_value *)))
    placed(list, dur_value_append(list, item));
  va_end(args);
  return list;
}

static inline dur_value *mapping(dur_kind kind, ...) {
  dur_value *map = dur_value_container(&arena, kind);
  const char *key;
  va_list args;
  va_start(args, kind);
  while ((key = va_arg(args, const char *)))
    placed(map, dur_value_set(&arena, map, dur_cstr(key),
                              va_arg(args, dur_value *)));
  va_end(args);
  return map;
}

#define END    ((void *)NULL)
#define L(...) sequence(DUR_LIST, __VA_ARGS__, END)
#define T(...) sequence(DUR_TUPLE, __VA_ARGS__, END)
#define M(...) mapping(DUR_MAP, __VA_ARGS__, END)

#endif
