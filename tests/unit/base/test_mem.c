/* mem and arena: sizes, alignment, stability, and what "absent" means. */
#include "test.h"

#include <stdalign.h>
#include <string.h>

#include "alloc.h"
#include "base/arena.h"

static void size_zero_is_a_block_like_any_other(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  void *p = dur_alloc(&mem, 0);
  assert_non_null(p);
  p = dur_realloc(&mem, p, 0, 10);
  assert_non_null(p);
  p = dur_realloc(&mem, p, 10, 0);
  assert_non_null(p);
  assert_int_equal(counter.live_blocks, 1);
  dur_free(&mem, p, 0);
  assert_int_equal(counter.live_blocks, 0);
  assert_int_equal(counter.live_bytes, 0);
  dur_free(&mem, NULL, 5);
  assert_int_equal(counter.requests, 3);
}

static void a_refused_realloc_leaves_the_block(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 2};
  dur_mem mem = test_mem(&counter);
  char *p = dur_alloc(&mem, 4);
  memcpy(p, "abc", 4);
  assert_null(dur_realloc(&mem, p, 4, 4000));
  assert_string_equal(p, "abc");
  dur_free(&mem, p, 4);
  assert_int_equal(counter.live_bytes, 0);
}

static void the_default_allocator_allocates(void **state) {
  (void)state;
  char *p = dur_alloc(&dur_mem_default, 3);
  assert_non_null(p);
  memcpy(p, "ab", 3);
  p = dur_realloc(&dur_mem_default, p, 3, 1000);
  assert_non_null(p);
  assert_string_equal(p, "ab");
  dur_free(&dur_mem_default, p, 1000);
}

static void bytes_compare_by_content(void **state) {
  (void)state;
  assert_true(dur_bytes_eq(DUR_NONE, DUR_LIT("")));
  assert_true(dur_bytes_eq(DUR_LIT("a\0b"), DUR_LIT("a\0b")));
  assert_false(dur_bytes_eq(DUR_LIT("a\0b"), DUR_LIT("a\0c")));
  assert_false(dur_bytes_eq(DUR_LIT("ab"), DUR_LIT("abc")));
  assert_true(dur_bytes_is(DUR_LIT("abc"), "abc"));
  assert_false(dur_bytes_is(DUR_LIT("abc\0"), "abc"));
  assert_true(dur_bytes_is(DUR_NONE, ""));
  assert_true(dur_bytes_starts(DUR_LIT("arn:aws"), "arn:"));
  assert_false(dur_bytes_starts(DUR_LIT("ar"), "arn:"));
  assert_true(dur_bytes_starts(DUR_NONE, ""));
  assert_null(dur_cstr(NULL).data);
  assert_int_equal(dur_cstr("xyz").len, 3);
}

static void arena_memory_is_aligned_and_never_overlaps(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_arena_init(&arena, &mem);
  enum { COUNT = 3000 };
  static unsigned char *places[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 97 == 0 ? i * 10 : i % 50;
    places[i] = dur_arena_alloc(&arena, size);
    assert_non_null(places[i]);
    assert_int_equal((uintptr_t)places[i] % alignof(max_align_t), 0);
    memset(places[i], (int)(i % 251), size);
  }
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 97 == 0 ? i * 10 : i % 50;
    for (size_t k = 0; k < size; k++)
      assert_int_equal(places[i][k], i % 251);
  }
  dur_arena_drop(&arena);
  assert_int_equal(counter.live_bytes, 0);
}

static void arena_blocks_double_up_to_a_ceiling(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_arena_init(&arena, &mem);
  assert_non_null(dur_arena_alloc(&arena, 1));
  assert_int_equal(counter.live_bytes, 4096);
  size_t largest = 0;
  for (size_t i = 0; i < 20000; i++) {
    size_t before = counter.live_bytes;
    assert_non_null(dur_arena_alloc(&arena, 64));
    if (counter.live_bytes - before > largest)
      largest = counter.live_bytes - before;
  }
  assert_int_equal(largest, 256 * 1024);
  assert_true(counter.requests < 15);
  dur_arena_drop(&arena);
  assert_int_equal(counter.live_bytes, 0);
}

static void a_big_request_leaves_the_newest_block_in_use(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_arena_init(&arena, &mem);
  char *first = dur_arena_alloc(&arena, 16);
  char *big = dur_arena_calloc(&arena, 1 << 20);
  char *second = dur_arena_alloc(&arena, 16);
  assert_ptr_equal(second, first + 16);
  assert_int_equal(counter.requests, 2);
  for (size_t i = 0; i < 1 << 20; i++)
    assert_int_equal(big[i], 0);
  dur_arena_drop(&arena);
  assert_int_equal(counter.live_bytes, 0);
}

static void the_first_request_may_be_big(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_arena_init(&arena, &mem);
  char *big = dur_arena_alloc(&arena, 5000);
  char *small = dur_arena_alloc(&arena, 16);
  memset(big, 'b', 5000);
  memset(small, 's', 16);
  for (size_t i = 0; i < 5000; i++)
    assert_int_equal(big[i], 'b');
  assert_int_equal(counter.live_blocks, 2);
  dur_arena_drop(&arena);
  assert_int_equal(counter.live_bytes, 0);
}

static void an_impossible_size_is_out_of_memory(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 1};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_arena_init(&arena, &mem);
  assert_null(dur_arena_alloc(&arena, SIZE_MAX));
  assert_int_equal(counter.requests, 0);
  assert_null(dur_arena_alloc(&arena, SIZE_MAX / 2));
  assert_int_equal(counter.requests, 1);
  assert_non_null(dur_arena_alloc(&arena, 8));
  dur_arena_drop(&arena);
  assert_int_equal(counter.live_bytes, 0);
}

static void copies_are_terminated_and_absence_is_kept(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_arena arena;
  dur_arena_init(&arena, &mem);
  dur_bytes copy = dur_arena_copy(&arena, DUR_NONE);
  assert_null(copy.data);
  assert_true(dur_bytes_copied(DUR_NONE, copy));
  assert_int_equal(counter.requests, 0);
  copy = dur_arena_copy(&arena, DUR_LIT(""));
  assert_non_null(copy.data);
  assert_int_equal(copy.len, 0);
  copy = dur_arena_copy(&arena, DUR_LIT("a\0b"));
  assert_int_equal(copy.len, 3);
  assert_memory_equal(copy.data, "a\0b", 4);
  counter.fail_at = counter.requests + 1;
  dur_bytes large = {copy.data, 3};
  for (int i = 0; i < 1000 && copy.data; i++)
    copy = dur_arena_copy(&arena, large);
  assert_null(copy.data);
  assert_false(dur_bytes_copied(large, copy));
  dur_arena_drop(&arena);
  assert_int_equal(counter.live_bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(size_zero_is_a_block_like_any_other),
      cmocka_unit_test(a_refused_realloc_leaves_the_block),
      cmocka_unit_test(the_default_allocator_allocates),
      cmocka_unit_test(bytes_compare_by_content),
      cmocka_unit_test(arena_memory_is_aligned_and_never_overlaps),
      cmocka_unit_test(arena_blocks_double_up_to_a_ceiling),
      cmocka_unit_test(a_big_request_leaves_the_newest_block_in_use),
      cmocka_unit_test(the_first_request_may_be_big),
      cmocka_unit_test(an_impossible_size_is_out_of_memory),
      cmocka_unit_test(copies_are_terminated_and_absence_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
