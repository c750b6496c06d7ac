/* wire_test: what the tests of core/wire share. */
#ifndef DUR_WIRE_TEST_H
#define DUR_WIRE_TEST_H

#include <string.h>

#include "test.h"

#include "wire/call.h"

#define assert_bytes(actual, text) assert_same((actual), dur_cstr(text))
#define assert_absent(bytes)       assert_null((bytes).data)

/* Both absent, or both there with the same content. */
static inline void assert_same(dur_bytes actual, dur_bytes expected) {
  if (expected.data == NULL) {
    assert_null(actual.data);
    return;
  }
  assert_non_null(actual.data);
  if (actual.len != expected.len ||
      memcmp(actual.data, expected.data, actual.len) != 0)
    fail_msg("\"%.*s\" is not \"%.*s\"", (int)actual.len, actual.data,
             (int)expected.len, expected.data);
}

/* An arena and a JSON writer over a buffer, for one test. */
typedef struct bench {
  dur_arena arena;
  dur_buf buf;
  dur_json_out out;
} bench;

static inline void bench_init(bench *b) {
  dur_arena_init(&b->arena, &dur_mem_default);
  dur_buf_init(&b->buf, &dur_mem_default, 64u << 20);
  dur_json_out_init(&b->out, &b->buf, 0);
}

/* Forget what was written; |spaced| as for dur_json_out_init. */
static inline void bench_again(bench *b, int spaced) {
  dur_buf_reset(&b->buf);
  dur_json_out_init(&b->out, &b->buf, spaced);
}

static inline void bench_drop(bench *b) {
  dur_buf_drop(&b->buf);
  dur_arena_drop(&b->arena);
}

static inline dur_bytes written(bench *b) {
  assert_int_equal(b->buf.failed, 0);
  return dur_buf_view(&b->buf);
}

static inline void assert_same_error(const dur_error *a, const dur_error *b) {
  assert_same(a->message, b->message);
  assert_same(a->type, b->type);
  assert_same(a->data, b->data);
  assert_same(a->stack, b->stack);
}

static inline void assert_same_operation(const dur_operation *a,
                                         const dur_operation *b) {
  assert_same(a->id, b->id);
  assert_int_equal(a->type, b->type);
  assert_int_equal(a->status, b->status);
  assert_same(a->type_text, b->type_text);
  assert_same(a->status_text, b->status_text);
  assert_same(a->parent_id, b->parent_id);
  assert_same(a->name, b->name);
  assert_same(a->sub_type, b->sub_type);
  assert_true(a->start_ms == b->start_ms);
  assert_true(a->end_ms == b->end_ms);
  assert_same(a->input, b->input);
  assert_same(a->result, b->result);
  assert_int_equal(a->has_error, b->has_error);
  assert_same_error(&a->error, &b->error);
  assert_int_equal(a->replay_children, b->replay_children);
  assert_int_equal(a->attempt, b->attempt);
  assert_true(a->next_attempt_ms == b->next_attempt_ms);
  assert_true(a->scheduled_end_ms == b->scheduled_end_ms);
  assert_same(a->callback_id, b->callback_id);
}

#endif
