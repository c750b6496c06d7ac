/* One scenario through every module of base, with each allocation refused in
 * turn: no leak, no crash, and the failure is always seen. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/json.h"
#include "base/map.h"

typedef struct world {
  const dur_mem *mem;
  dur_arena arena;
  dur_buf text, back;
  dur_map map;
  dur_heap heap;
  dur_hasher *hasher;
} world;

static void world_init(world *w, const dur_mem *mem) {
  w->mem = mem;
  dur_arena_init(&w->arena, mem);
  dur_buf_init(&w->text, mem, 1 << 20);
  dur_buf_init(&w->back, mem, 1 << 20);
  dur_map_init(&w->map, mem);
  dur_heap_init(&w->heap, mem);
  w->hasher = NULL;
}

static void world_drop(world *w) {
  dur_hasher_free(w->hasher);
  dur_heap_drop(&w->heap);
  dur_map_drop(&w->map);
  dur_buf_drop(&w->back);
  dur_buf_drop(&w->text);
  dur_arena_drop(&w->arena);
}

/* Many objects with an id that is a digest and a name that needs escapes. */
static int write_operations(world *w, int count) {
  dur_json_out out;
  dur_json_out_init(&out, &w->text, 1);
  dur_json_begin_array(&out);
  for (int i = 0; i < count; i++) {
    unsigned char digest[DUR_HASH_MAX];
    char hex[64], seed[16];
    int len = snprintf(seed, sizeof seed, "%d", i);
    if (dur_hash2(w->hasher, DUR_HASH_BLAKE2B512,
                  (dur_bytes){seed, (size_t)len}, DUR_NONE, digest) != 64)
      return -1;
    dur_hex(hex, digest, 32);
    dur_json_begin_object(&out);
    dur_json_key(&out, "Id");
    dur_json_string(&out, (dur_bytes){hex, 64});
    dur_json_key(&out, "Name");
    dur_json_string(&out, DUR_LIT("st\xc3\xa9p\0"));
    dur_json_key(&out, "At");
    dur_json_double_value(&out, i * 0.5);
    dur_json_end_object(&out);
  }
  dur_json_end_array(&out);
  return w->text.failed ? -1 : 0;
}

static int keep(world *w, dur_bytes id, dur_bytes name, double at) {
  dur_bytes *kept = dur_arena_calloc(&w->arena, sizeof *kept);
  dur_bytes key = dur_arena_copy(&w->arena, id);
  if (!kept || !dur_bytes_copied(id, key))
    return -1;
  *kept = name;
  if (dur_map_put(&w->map, key, kept))
    return -1;
  return dur_heap_push(&w->heap, -(int64_t)(at * 2), kept);
}

static int read_operations(world *w) {
  dur_json json;
  dur_json_init(&json, dur_buf_view(&w->text), 0);
  assert_int_equal(dur_json_next(&json), DUR_JSON_ARRAY);
  while (dur_json_next(&json) == DUR_JSON_OBJECT) {
    dur_bytes id = DUR_NONE, name = DUR_NONE;
    double at = 0;
    while (dur_json_next(&json) == DUR_JSON_KEY) {
      int is_id = dur_json_text_is(&json, "Id");
      if (dur_json_next(&json) == DUR_JSON_NUMBER)
        at = dur_json_double(&json);
      else if (dur_json_text(&json, &w->arena, is_id ? &id : &name))
        return -1;
    }
    if (keep(w, id, name, at))
      return -1;
  }
  assert_int_equal(json.token, DUR_JSON_ARRAY_END);
  return 0;
}

static int check_results(world *w, int count) {
  const dur_bytes *first = dur_heap_pop(&w->heap);
  assert_int_equal(w->map.count, count);
  assert_true(dur_bytes_eq(*first, DUR_LIT("st\xc3\xa9p\0")));
  dur_base64_encode(&w->back, dur_buf_view(&w->text));
  if (w->back.failed)
    return -1;
  dur_buf_drop(&w->text);
  if (dur_base64_decode(&w->text, dur_buf_view(&w->back)))
    return -1;
  dur_buf_reset(&w->back);
  dur_percent_encode(&w->back, dur_buf_view(&w->text), 0);
  return w->back.failed ? -1 : 0;
}

static int scenario(const dur_mem *mem, void *user) {
  world w;
  int count = *(int *)user;
  int failed = -1;
  world_init(&w, mem);
  w.hasher = dur_hasher_new(mem);
  if (w.hasher && write_operations(&w, count) == 0 && read_operations(&w) == 0)
    failed = check_results(&w, count);
  world_drop(&w);
  return failed;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  int count = 300;
  test_each_failure(scenario, &count, 0);
}

/* A cstr that needs one byte more than there is must ask for it. */
static int terminate(const dur_mem *mem, void *user) {
  dur_buf buf;
  (void)user;
  dur_buf_init(&buf, mem, 64);
  for (int i = 0; i < 64; i++)
    dur_buf_char(&buf, 'x');
  int failed = dur_buf_cstr(&buf) == NULL;
  assert_int_equal(buf.len, failed ? 0 : 64);
  dur_buf_drop(&buf);
  return failed;
}

static void termination_may_fail(void **state) {
  (void)state;
  test_each_failure(terminate, NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(termination_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
