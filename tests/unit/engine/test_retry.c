/* Delays of the retry policies against the shared vectors. */
#include "test.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "engine/retry.h"
#include "vectors.h"
#include "wire/limits.h"

static cJSON *read_vectors(void) {
  dur_bytes text = test_vectors();
  cJSON *all = cJSON_ParseWithLength(text.data, text.len);
  free((void *)text.data);
  assert_non_null(all);
  return all;
}

static dur_retry preset(const char *name) {
  dur_retry retry;
  assert_int_equal(dur_retry_preset(name, &retry), 0);
  return retry;
}

/* delays[i] is the answer after i + 1 attempts; null: no more */
static void check_delays(const dur_retry *retry, const cJSON *row) {
  double u = cJSON_GetObjectItem(row, "u")->valuedouble;
  const cJSON *delay;
  uint32_t attempts = 0;
  cJSON_ArrayForEach(delay, cJSON_GetObjectItem(row, "delays")) {
    int64_t expected = cJSON_IsNull(delay) ? -1 : (int64_t)delay->valuedouble;
    assert_int_equal(dur_retry_delay(retry, ++attempts, u), expected);
  }
  assert_true(attempts > 10);
}

static void presets_follow_the_vectors(void **state) {
  cJSON *all = read_vectors();
  const cJSON *row;
  int rows = 0;
  (void)state;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(all, "retry_presets")) {
    dur_retry retry = preset(cJSON_GetObjectItem(row, "preset")->valuestring);
    check_delays(&retry, row);
    rows++;
  }
  assert_int_equal(rows, 35);
  cJSON_Delete(all);
}

static void the_wait_preset_follows_the_vectors(void **state) {
  cJSON *all = read_vectors();
  dur_retry retry = preset("wait");
  const cJSON *row;
  int rows = 0;
  (void)state;
  cJSON_ArrayForEach(row, cJSON_GetObjectItem(all, "wait_strategy_default")) {
    check_delays(&retry, row);
    rows++;
  }
  assert_int_equal(rows, 3);
  assert_int_equal(dur_retry_delay(&retry, 59, 0.5), 150);
  assert_int_equal(dur_retry_delay(&retry, 60, 0.5), -1);
  cJSON_Delete(all);
}

static void with_retry_makes_three_attempts(void **state) {
  dur_retry retry = preset("with_retry");
  (void)state;
  assert_int_equal(dur_retry_delay(&retry, 1, 0.5), 3);
  assert_int_equal(dur_retry_delay(&retry, 2, 0.5), 5);
  assert_int_equal(dur_retry_delay(&retry, 3, 0.5), -1);
}

/* .NET's Transient: 3 attempts, 1 s, at most 5 s, x2, half.  Rust's default wait
 * strategy: 1 s, x2, at most 60 s, without jitter or a last attempt. */
static void presets_of_other_sdks(void **state) {
  dur_retry dotnet = preset("dotnet_transient"), rust = preset("rust_wait");
  (void)state;
  assert_int_equal(dur_retry_delay(&dotnet, 1, 0), 1);
  assert_int_equal(dur_retry_delay(&dotnet, 2, 0.999), 2);
  assert_int_equal(dur_retry_delay(&dotnet, 3, 0), -1);
  assert_int_equal(dur_retry_delay(&rust, 1, 0.5), 1);
  assert_int_equal(dur_retry_delay(&rust, 6, 0.5), 32);
  assert_int_equal(dur_retry_delay(&rust, 1000, 0.5), 60);
}

static void unknown_presets_are_refused(void **state) {
  dur_retry retry;
  (void)state;
  assert_int_equal(dur_retry_preset("Default", &retry), -1);
  assert_int_equal(dur_retry_preset("", &retry), -1);
  assert_int_equal(dur_retry_preset(NULL, &retry), -1);
}

static void check_row(const dur_retry *retry, double u, const int64_t *expected,
                      uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    assert_int_equal(dur_retry_delay(retry, i + 1, u), expected[i]);
}

#define ROW(retry, u, ...)                                                     \
  check_row(&(retry), u, (const int64_t[]){__VA_ARGS__},                       \
            sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void an_exponential_delay_is_capped(void **state) {
  dur_retry r = {.kind = DUR_BACKOFF_EXPONENTIAL,
                 .jitter = DUR_JITTER_NONE,
                 .max_attempts = 12,
                 .initial_s = 5,
                 .max_delay_s = 300,
                 .rate = 2};
  (void)state;
  ROW(r, 0.5, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300, -1, -1);
  r.initial_s = 1;
  r.rate = 1.5;
  ROW(r, 0, 1, 2, 3, 4, 6);
  r.initial_s = 5;
  r.rate = 0; /* 0^0 is 1 */
  ROW(r, 0, 5, 1, 1);
  r.initial_s = 0;
  r.rate = 2;
  ROW(r, 0, 1, 1);
}

static void a_linear_delay_grows_by_its_increment(void **state) {
  dur_retry r = {.kind = DUR_BACKOFF_LINEAR,
                 .jitter = DUR_JITTER_FULL,
                 .max_attempts = 6,
                 .initial_s = 1,
                 .increment_s = 1,
                 .max_delay_s = 300};
  (void)state;
  ROW(r, 0.5, 1, 1, 2, 2, 3, -1);
  r.jitter = DUR_JITTER_NONE;
  r.increment_s = 200;
  ROW(r, 0.5, 1, 201, 300, 300);
}

static void the_cap_comes_before_the_jitter(void **state) {
  dur_retry r = {.kind = DUR_BACKOFF_FIXED,
                 .initial_s = 1000,
                 .max_delay_s = 100,
                 .jitter = DUR_JITTER_HALF};
  (void)state;
  assert_int_equal(dur_retry_delay(&r, 1, 0), 50);
  assert_int_equal(dur_retry_delay(&r, 1, 0.5), 75);
  r.jitter = DUR_JITTER_FULL;
  assert_int_equal(dur_retry_delay(&r, 1, 0.25), 25);
}

static void zero_attempts_means_no_limit(void **state) {
  dur_retry r = preset("default");
  (void)state;
  r.max_attempts = 0;
  assert_int_equal(dur_retry_delay(&r, UINT32_MAX, 0.5), 30);
}

static void the_caller_and_none_never_get_a_delay(void **state) {
  dur_retry r = preset("default");
  (void)state;
  r.kind = DUR_BACKOFF_CALLER;
  assert_int_equal(dur_retry_delay(&r, 1, 0.5), -1);
  r.kind = DUR_BACKOFF_NONE;
  r.max_attempts = 0;
  assert_int_equal(dur_retry_delay(&r, 1, 0.5), -1);
}

static void an_answer_is_always_a_second_to_the_longest_wait(void **state) {
  const double rates[] = {INFINITY, -INFINITY, NAN, -2, 1e308, 0};
  const int64_t sizes[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
  (void)state;
  for (size_t i = 0; i < 6 * 5 * 5 * 3; i++) {
    dur_retry r = {.kind = i % 2 ? DUR_BACKOFF_EXPONENTIAL : DUR_BACKOFF_LINEAR,
                   .jitter = (dur_jitter)(i / 150),
                   .initial_s = sizes[i % 5],
                   .increment_s = sizes[i / 5 % 5],
                   .max_delay_s = sizes[i / 25 % 5],
                   .rate = rates[i % 6]};
    int64_t delay = dur_retry_delay(&r, 1 + (uint32_t)i, 0.999999);
    assert_in_range(delay, 1, DUR_SECONDS_MAX);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(presets_follow_the_vectors),
      cmocka_unit_test(the_wait_preset_follows_the_vectors),
      cmocka_unit_test(with_retry_makes_three_attempts),
      cmocka_unit_test(presets_of_other_sdks),
      cmocka_unit_test(unknown_presets_are_refused),
      cmocka_unit_test(an_exponential_delay_is_capped),
      cmocka_unit_test(a_linear_delay_grows_by_its_increment),
      cmocka_unit_test(the_cap_comes_before_the_jitter),
      cmocka_unit_test(zero_attempts_means_no_limit),
      cmocka_unit_test(the_caller_and_none_never_get_a_delay),
      cmocka_unit_test(an_answer_is_always_a_second_to_the_longest_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
