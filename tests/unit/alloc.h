/* alloc: an allocator that counts, checks sizes and fails on demand.
 *
 * Invariant: a block remembers its size in a header of its own, so that a wrong
 * size on free or realloc fails the test at that call.  Single-threaded.
 *
 *   test_counter counter = {.fail_at = i};
 *   dur_mem mem = test_mem(&counter);
 *   ... the scenario ...
 *   assert_int_equal(counter.live_bytes, 0);
 *
 * For a whole scenario, for every i: test_each_failure. */
#ifndef DUR_TEST_ALLOC_H
#define DUR_TEST_ALLOC_H

#include <stdlib.h>

#include "base/mem.h"
#include "test.h"

typedef struct test_counter {
  size_t fail_at;     /* the 1-based request that fails; 0: none does */
  int persistent;     /* every request from fail_at on fails */
  size_t requests;    /* allocations and reallocations so far, failed or not */
  size_t failures;    /* of these, how many were refused */
  size_t live_blocks; /* not yet freed */
  size_t live_bytes;
  size_t peak_bytes;
} test_counter;

typedef union test_block {
  size_t size;
  max_align_t align;
} test_block;

static inline int test_refuses(test_counter *counter) {
  size_t request = ++counter->requests;
  int refuses =
      counter->fail_at && (counter->persistent ? request >= counter->fail_at
                                               : request == counter->fail_at);
  counter->failures += (size_t)refuses;
  return refuses;
}

static inline void *counted_realloc(void *user, void *ptr, size_t old_size,
                                    size_t new_size) {
  test_counter *counter = user;
  test_block *block = ptr ? (test_block *)ptr - 1 : NULL;
  if (block)
    assert_int_equal(block->size, old_size);
  else
    assert_int_equal(old_size, 0);
  if (new_size == 0) {
    counter->live_blocks -= block != NULL;
    counter->live_bytes -= old_size;
    free(block);
    return NULL;
  }
  if (test_refuses(counter))
    return NULL;
  test_block *grown = realloc(block, sizeof *grown + new_size);
  assert_non_null(grown);
  grown->size = new_size;
  counter->live_blocks += block == NULL;
  counter->live_bytes += new_size - old_size;
  if (counter->live_bytes > counter->peak_bytes)
    counter->peak_bytes = counter->live_bytes;
  return grown + 1;
}

static inline dur_mem test_mem(test_counter *counter) {
  return (dur_mem){counted_realloc, counter};
}

/* Run |scenario| with the i-th request failing, for i = 1, 2, ... until a run
 * asks for fewer than i; then with all requests from the i-th on failing.  The
 * scenario answers 0 on success and anything else when it saw a failure; it
 * must free all it took.  It must succeed when nothing failed, and must not
 * when something was refused, unless |may_recover|.  |user| is passed on. */
static inline void test_each_failure(int (*scenario)(const dur_mem *mem,
                                                     void *user),
                                     void *user, int may_recover) {
  for (int persistent = 0; persistent <= 1; persistent++) {
    for (size_t i = 1;; i++) {
      test_counter counter = {.fail_at = i, .persistent = persistent};
      dur_mem mem = test_mem(&counter);
      int failed = scenario(&mem, user) != 0;
      assert_int_equal(counter.live_blocks, 0);
      assert_int_equal(counter.live_bytes, 0);
      if (counter.failures == 0) {
        assert_false(failed);
        break;
      }
      if (!may_recover)
        assert_true(failed);
    }
  }
}

#endif
