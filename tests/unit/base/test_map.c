/* map, heap and prng against what they promise, some of it by comparison with a
 * plain model. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/prng.h"

static void finds_what_was_put(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_map map;
  int one, two;
  dur_map_init(&map, &mem);
  assert_null(dur_map_get(&map, DUR_LIT("a")));
  assert_null(dur_map_remove(&map, DUR_LIT("a")));
  assert_int_equal(dur_map_put(&map, DUR_LIT("a"), &one), 0);
  assert_int_equal(dur_map_put(&map, DUR_LIT("a\0"), &two), 0);
  assert_int_equal(dur_map_put(&map, DUR_NONE, &two), 0);
  assert_ptr_equal(dur_map_get(&map, DUR_LIT("a")), &one);
  assert_ptr_equal(dur_map_get(&map, DUR_LIT("a\0")), &two);
  assert_ptr_equal(dur_map_get(&map, DUR_LIT("")), &two);
  assert_null(dur_map_get(&map, DUR_LIT("a\0\0")));
  assert_int_equal(map.count, 3);
  dur_map_drop(&map);
  assert_int_equal(counter.live_bytes, 0);
}

static void an_existing_key_keeps_its_bytes(void **state) {
  (void)state;
  dur_map map;
  int one, two;
  char first[] = "key", second[] = "key";
  dur_map_init(&map, &dur_mem_default);
  dur_map_put(&map, dur_cstr(first), &one);
  dur_map_put(&map, dur_cstr(second), &two);
  memset(second, 'x', 3);
  assert_int_equal(map.count, 1);
  assert_ptr_equal(dur_map_get(&map, DUR_LIT("key")), &two);
  assert_ptr_equal(dur_map_remove(&map, DUR_LIT("key")), &two);
  assert_int_equal(map.count, 0);
  assert_null(dur_map_get(&map, DUR_LIT("key")));
  dur_map_drop(&map);
}

enum { KEYS = 700 };
static char keys[KEYS][80];

/* Keys of every length, many of them alike but for one byte. */
static void make_keys(void) {
  for (int i = 0; i < KEYS; i++) {
    int len = snprintf(keys[i], sizeof keys[i], "%d-", i);
    while (len < i % 70)
      keys[i][len++] = 'k';
    keys[i][len] = '\0';
  }
}

static void agrees_with_a_model_under_puts_and_removals(void **state) {
  (void)state;
  dur_map map;
  dur_prng prng;
  static void *model[KEYS];
  static char values[KEYS];
  size_t count = 0;
  make_keys();
  dur_map_init(&map, &dur_mem_default);
  dur_prng_seed(&prng, 42);
  for (int round = 0; round < 60000; round++) {
    size_t i = dur_prng_next(&prng) % KEYS;
    dur_bytes key = dur_cstr(keys[i]);
    if (dur_prng_next(&prng) % 2) {
      void *value = &values[dur_prng_next(&prng) % KEYS];
      count += model[i] == NULL;
      model[i] = value;
      assert_int_equal(dur_map_put(&map, key, value), 0);
    } else {
      count -= model[i] != NULL;
      assert_ptr_equal(dur_map_remove(&map, key), model[i]);
      model[i] = NULL;
    }
    assert_int_equal(map.count, count);
    size_t other = dur_prng_next(&prng) % KEYS;
    assert_ptr_equal(dur_map_get(&map, dur_cstr(keys[other])), model[other]);
    assert_true(map.count <= map.cap / 4 * 3);
  }
  for (size_t i = 0; i < KEYS; i++)
    assert_ptr_equal(dur_map_get(&map, dur_cstr(keys[i])), model[i]);
  dur_map_drop(&map);
}

/* A weak hash would make long chains of occupied slots out of ids that differ
 * in a few digits. */
static void similar_keys_spread(void **state) {
  (void)state;
  enum { COUNT = 6000 };
  static char ids[COUNT][24];
  dur_map map;
  dur_map_init(&map, &dur_mem_default);
  for (int i = 0; i < COUNT; i++) {
    snprintf(ids[i], sizeof ids[i], "operation-%06d", i);
    assert_int_equal(dur_map_put(&map, dur_cstr(ids[i]), ids[i]), 0);
  }
  size_t distance = 0;
  for (size_t i = 0; i < map.cap; i++)
    if (map.slots[i].value)
      distance += (i - (size_t)map.slots[i].hash) & (map.cap - 1);
  assert_true(distance < 3 * COUNT);
  dur_map_drop(&map);
}

static void reserve_makes_room_for_all(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_map map;
  make_keys();
  dur_map_init(&map, &mem);
  assert_int_equal(dur_map_reserve(&map, KEYS), 0);
  assert_int_equal(counter.requests, 1);
  for (int i = 0; i < KEYS; i++)
    assert_int_equal(dur_map_put(&map, dur_cstr(keys[i]), keys[i]), 0);
  assert_int_equal(counter.requests, 1);
  assert_int_equal(dur_map_reserve(&map, SIZE_MAX), -1);
  assert_int_equal(dur_map_reserve(&map, SIZE_MAX / 64), -1);
  assert_int_equal(map.count, KEYS);
  dur_map_drop(&map);
  assert_int_equal(counter.live_bytes, 0);
}

static void a_failed_put_changes_nothing(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 2};
  dur_mem mem = test_mem(&counter);
  dur_map map;
  make_keys();
  dur_map_init(&map, &mem);
  int i = 0;
  while (dur_map_put(&map, dur_cstr(keys[i]), keys[i]) == 0)
    i++;
  assert_int_equal(map.count, i);
  assert_null(dur_map_get(&map, dur_cstr(keys[i])));
  for (int k = 0; k < i; k++)
    assert_ptr_equal(dur_map_get(&map, dur_cstr(keys[k])), keys[k]);
  assert_int_equal(dur_map_put(&map, dur_cstr(keys[0]), keys[1]), 0);
  assert_int_equal(dur_map_put(&map, dur_cstr(keys[i]), keys[i]), 0);
  dur_map_drop(&map);
  assert_int_equal(counter.live_bytes, 0);
}

static void the_heap_orders_by_key_then_by_arrival(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  static struct {
    int64_t key;
    int arrival;
  } items[COUNT];
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_heap heap;
  dur_prng prng;
  dur_heap_init(&heap, &mem);
  dur_prng_seed(&prng, 7);
  assert_null(dur_heap_top(&heap));
  assert_null(dur_heap_pop(&heap));
  for (int i = 0; i < COUNT; i++) {
    items[i].key = (int64_t)(dur_prng_next(&prng) % 100) - 50;
    items[i].arrival = i;
    assert_int_equal(dur_heap_push(&heap, items[i].key, &items[i]), 0);
  }
  int64_t key = INT64_MIN;
  int arrival = -1;
  for (int i = 0; i < COUNT; i++) {
    const dur_heap_item *top = dur_heap_top(&heap);
    size_t at = (size_t)((char *)top->value - (char *)items) / sizeof *items;
    assert_ptr_equal(dur_heap_pop(&heap), &items[at]);
    assert_true(items[at].key > key ||
                (items[at].key == key && items[at].arrival > arrival));
    key = items[at].key;
    arrival = items[at].arrival;
  }
  assert_null(dur_heap_pop(&heap));
  dur_heap_drop(&heap);
  assert_int_equal(counter.live_bytes, 0);
}

static void a_failed_push_keeps_the_heap(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 2};
  dur_mem mem = test_mem(&counter);
  dur_heap heap;
  dur_heap_init(&heap, &mem);
  int64_t pushed = 0;
  while (dur_heap_push(&heap, -pushed, &heap) == 0)
    pushed++;
  assert_int_equal(heap.count, pushed);
  assert_int_equal(dur_heap_top(&heap)->key, 1 - pushed);
  dur_heap_drop(&heap);
  assert_int_equal(counter.live_bytes, 0);
}

/* The first outputs of the published reference code for this state. */
static void the_generator_is_xoshiro256starstar(void **state) {
  (void)state;
  dur_prng prng = {{1, 2, 3, 4}};
  static const uint64_t expected[] = {11520, 0, 1509978240,
                                      UINT64_C(1215971899390074240)};
  for (size_t i = 0; i < 4; i++)
    assert_true(dur_prng_next(&prng) == expected[i]);
  dur_prng_seed(&prng, 0);
  assert_true(prng.s[0] == UINT64_C(0xe220a8397b1dcdaf));
  assert_true(prng.s[1] == UINT64_C(0x6e789e6aa1b965f4));
}

static void units_lie_in_the_half_open_interval(void **state) {
  (void)state;
  dur_prng prng;
  double sum = 0;
  dur_prng_seed(&prng, 1);
  for (int i = 0; i < 10000; i++) {
    double unit = dur_prng_unit(&prng);
    assert_true(unit >= 0 && unit < 1);
    sum += unit;
  }
  assert_true(sum > 4800 && sum < 5200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_was_put),
      cmocka_unit_test(an_existing_key_keeps_its_bytes),
      cmocka_unit_test(agrees_with_a_model_under_puts_and_removals),
      cmocka_unit_test(similar_keys_spread),
      cmocka_unit_test(reserve_makes_room_for_all),
      cmocka_unit_test(a_failed_put_changes_nothing),
      cmocka_unit_test(the_heap_orders_by_key_then_by_arrival),
      cmocka_unit_test(a_failed_push_keeps_the_heap),
      cmocka_unit_test(the_generator_is_xoshiro256starstar),
      cmocka_unit_test(units_lie_in_the_half_open_interval),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
