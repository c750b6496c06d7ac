/* buf: appends, the ceiling, and the failure that sticks. */
#include "test.h"

#include <string.h>

#include "alloc.h"
#include "base/buf.h"

static void appends_in_order(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_buf buf;
  dur_buf_init(&buf, &mem, 1000);
  assert_int_equal(dur_buf_view(&buf).len, 0);
  assert_non_null(dur_buf_view(&buf).data);
  dur_buf_str(&buf, "ab");
  dur_buf_char(&buf, '\0');
  dur_buf_bytes(&buf, DUR_LIT("cd"));
  dur_buf_bytes(&buf, DUR_NONE);
  dur_buf_i64(&buf, INT64_MIN);
  dur_buf_char(&buf, ' ');
  dur_buf_i64(&buf, INT64_MAX);
  dur_buf_char(&buf, ' ');
  dur_buf_u64(&buf, UINT64_MAX);
  dur_buf_i64(&buf, 0);
  dur_buf_i64(&buf, -7);
  static const char expected[] = "ab\0cd-9223372036854775808 "
                                 "9223372036854775807 18446744073709551615"
                                 "0-7";
  assert_int_equal(buf.len, sizeof expected - 1);
  assert_memory_equal(dur_buf_cstr(&buf), expected, sizeof expected);
  assert_int_equal(buf.len, sizeof expected - 1);
  dur_buf_drop(&buf);
  assert_int_equal(counter.live_bytes, 0);
}

static void the_ceiling_is_exact(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_buf buf;
  dur_buf_init(&buf, &mem, 100);
  for (int i = 0; i < 100; i++)
    dur_buf_char(&buf, 'x');
  assert_int_equal(buf.failed, DUR_BUF_OK);
  assert_int_equal(strlen(dur_buf_cstr(&buf)), 100);
  dur_buf_char(&buf, 'x');
  assert_int_equal(buf.failed, DUR_BUF_TOO_LARGE);
  assert_int_equal(buf.len, 0);
  assert_int_equal(counter.live_bytes, 0);
  dur_buf_str(&buf, "more");
  assert_int_equal(buf.len, 0);
  assert_null(dur_buf_cstr(&buf));
  assert_null(dur_buf_view(&buf).data);
  dur_buf_reset(&buf);
  dur_buf_str(&buf, "again");
  assert_string_equal(dur_buf_cstr(&buf), "again");
  dur_buf_drop(&buf);
  assert_int_equal(counter.live_bytes, 0);
}

static void one_append_past_the_ceiling_fails_whole(void **state) {
  (void)state;
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 3);
  dur_buf_str(&buf, "ab");
  dur_buf_str(&buf, "cd");
  assert_int_equal(buf.failed, DUR_BUF_TOO_LARGE);
  dur_buf_drop(&buf);
  assert_int_equal(buf.failed, DUR_BUF_OK);
  dur_buf_init(&buf, &dur_mem_default, 0);
  assert_string_equal(dur_buf_cstr(&buf), "");
  dur_buf_char(&buf, 'x');
  assert_int_equal(buf.failed, DUR_BUF_TOO_LARGE);
  dur_buf_drop(&buf);
}

static void no_memory_sticks(void **state) {
  (void)state;
  test_counter counter = {.fail_at = 2};
  dur_mem mem = test_mem(&counter);
  dur_buf buf;
  dur_buf_init(&buf, &mem, SIZE_MAX);
  for (int i = 0; i < 1000; i++)
    dur_buf_str(&buf, "0123456789");
  assert_int_equal(buf.failed, DUR_BUF_NOMEM);
  assert_int_equal(buf.len, 0);
  assert_int_equal(counter.requests, 2);
  assert_int_equal(counter.live_bytes, 0);
}

static void memory_is_kept_by_reset_and_given_by_take(void **state) {
  (void)state;
  test_counter counter = {0};
  dur_mem mem = test_mem(&counter);
  dur_buf buf;
  size_t len, cap;
  dur_buf_init(&buf, &mem, 1000);
  for (int i = 0; i < 10; i++) {
    dur_buf_reset(&buf);
    dur_buf_str(&buf, "hello");
  }
  assert_int_equal(counter.requests, 1);
  char *data = dur_buf_take(&buf, &len, &cap);
  assert_int_equal(len, 5);
  assert_memory_equal(data, "hello", 5);
  assert_int_equal(buf.len, 0);
  dur_buf_str(&buf, "next");
  assert_string_equal(dur_buf_cstr(&buf), "next");
  dur_buf_drop(&buf);
  dur_free(&mem, data, cap);
  assert_int_equal(counter.live_bytes, 0);
}

static void reserved_room_is_written_in_place(void **state) {
  (void)state;
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, 10);
  assert_non_null(dur_buf_reserve(&buf, 0));
  char *place = dur_buf_reserve(&buf, 10);
  memcpy(place, "0123456789", 10);
  buf.len += 10;
  assert_memory_equal(dur_buf_view(&buf).data, "0123456789", 10);
  assert_null(dur_buf_reserve(&buf, 1));
  assert_int_equal(buf.failed, DUR_BUF_TOO_LARGE);
  dur_buf_drop(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appends_in_order),
      cmocka_unit_test(the_ceiling_is_exact),
      cmocka_unit_test(one_append_past_the_ceiling_fails_whole),
      cmocka_unit_test(no_memory_sticks),
      cmocka_unit_test(memory_is_kept_by_reset_and_given_by_take),
      cmocka_unit_test(reserved_room_is_written_in_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
