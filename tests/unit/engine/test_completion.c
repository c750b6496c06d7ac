/* The completion policy against the shared decision table. */
#include "test.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "engine/completion.h"
#include "vectors.h"

static uint32_t number(const cJSON *row, int column) {
  return (uint32_t)cJSON_GetArrayItem(row, column)->valuedouble;
}

static int is_given(const cJSON *row, int column) {
  return !cJSON_IsNull(cJSON_GetArrayItem(row, column));
}

static int flag(const cJSON *row, int column) {
  return cJSON_IsTrue(cJSON_GetArrayItem(row, column));
}

/* total, min_successful, tolerated_failure_count,
 * tolerated_failure_percentage, succeeded, failed, complete,
 * tolerance_exceeded, reason */
static void check_row(const cJSON *row) {
  dur_completion c = {
      .total = number(row, 0),
      .has_min = is_given(row, 1),
      .min_successful = number(row, 1),
      .has_count = is_given(row, 2),
      .tolerated_count = number(row, 2),
      .has_percentage = is_given(row, 3),
      .tolerated_percentage = cJSON_GetArrayItem(row, 3)->valuedouble,
  };
  uint32_t succeeded = number(row, 4), failed = number(row, 5);
  assert_int_equal(dur_completion_complete(&c, succeeded, failed),
                   flag(row, 6));
  assert_int_equal(dur_completion_exceeded(&c, failed), flag(row, 7));
  assert_string_equal(
      dur_reason_text(dur_completion_reason(&c, succeeded, failed)),
      cJSON_GetArrayItem(row, 8)->valuestring);
}

static void decisions_follow_the_vectors(void **state) {
  dur_bytes text = test_vectors();
  cJSON *all = cJSON_ParseWithLength(text.data, text.len);
  const cJSON *rows = cJSON_GetObjectItem(
      cJSON_GetObjectItem(all, "completion_policy"), "rows");
  const cJSON *row;
  (void)state;
  free((void *)text.data);
  assert_true(cJSON_GetArraySize(rows) > 500);
  cJSON_ArrayForEach(row, rows) check_row(row);
  cJSON_Delete(all);
}

static void a_percentage_is_of_all_branches_and_may_be_reached(void **state) {
  dur_completion c = {
      .total = 8, .has_percentage = 1, .tolerated_percentage = 25};
  (void)state;
  assert_false(dur_completion_exceeded(&c, 2));
  assert_true(dur_completion_exceeded(&c, 3));
  c.tolerated_percentage = 100;
  assert_false(dur_completion_exceeded(&c, 8));
  c.tolerated_percentage = 0;
  assert_true(dur_completion_exceeded(&c, 1));
  c.total = 0;
  assert_false(dur_completion_exceeded(&c, 1));
}

static void an_unreachable_minimum_runs_everything(void **state) {
  dur_completion c = {.total = 3, .has_min = 1, .min_successful = 3};
  (void)state;
  assert_false(dur_completion_complete(&c, 1, 1));
  assert_true(dur_completion_complete(&c, 1, 2));
  assert_int_equal(dur_completion_reason(&c, 1, 2), DUR_REASON_ALL_COMPLETED);
}

static void counts_do_not_wrap(void **state) {
  dur_completion c = {.total = UINT32_MAX, .has_count = 1};
  (void)state;
  c.tolerated_count = UINT32_MAX;
  assert_true(dur_completion_complete(&c, UINT32_MAX, 1));
}

static void every_reason_has_its_wire_text(void **state) {
  static const char *const texts[] = {
      "ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED", "FAILURE_TOLERANCE_EXCEEDED",
      "CUSTOM_COMPLETION_SUCCEEDED", "CUSTOM_COMPLETION_FAILED"};
  (void)state;
  for (int i = 0; i < 5; i++) {
    assert_string_equal(dur_reason_text((dur_reason)(i + 1)), texts[i]);
    assert_int_equal(dur_reason_of(dur_cstr(texts[i])), i + 1);
  }
  assert_string_equal(dur_reason_text(DUR_REASON_OPEN), "");
  assert_string_equal(dur_reason_text((dur_reason)6), "");
}

static void an_unknown_reason_reads_as_open(void **state) {
  (void)state;
  assert_int_equal(dur_reason_of(DUR_LIT("SOMETHING_NEW")), DUR_REASON_OPEN);
  assert_int_equal(dur_reason_of(DUR_LIT("all_completed")), DUR_REASON_OPEN);
  assert_int_equal(dur_reason_of(DUR_LIT("")), DUR_REASON_OPEN);
  assert_int_equal(dur_reason_of(DUR_NONE), DUR_REASON_OPEN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decisions_follow_the_vectors),
      cmocka_unit_test(a_percentage_is_of_all_branches_and_may_be_reached),
      cmocka_unit_test(an_unreachable_minimum_runs_everything),
      cmocka_unit_test(counts_do_not_wrap),
      cmocka_unit_test(every_reason_has_its_wire_text),
      cmocka_unit_test(an_unknown_reason_reads_as_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
