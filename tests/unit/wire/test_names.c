/* The enumerations: every text both ways, and what is unknown. */
#include "wire_test.h"

static void every_text_reads_back(void **state) {
  (void)state;
#define DUR_X(name, text)                                                      \
  assert_int_equal(dur_type_of(DUR_LIT(text)), DUR_TYPE_##name);               \
  assert_string_equal(dur_type_text(DUR_TYPE_##name), text);
  DUR_TYPE_MAP(DUR_X)
#undef DUR_X
#define DUR_X(name, text)                                                      \
  assert_int_equal(dur_status_of(DUR_LIT(text)), DUR_STATUS_##name);           \
  assert_string_equal(dur_status_text(DUR_STATUS_##name), text);
  DUR_STATUS_MAP(DUR_X)
#undef DUR_X
#define DUR_X(name, text)                                                      \
  assert_int_equal(dur_action_of(DUR_LIT(text)), DUR_ACTION_##name);           \
  assert_string_equal(dur_action_text(DUR_ACTION_##name), text);
  DUR_ACTION_MAP(DUR_X)
#undef DUR_X
}

static void unknown_is_other(void **state) {
  (void)state;
  const dur_bytes unknown[] = {DUR_NONE,          DUR_LIT(""),
                               DUR_LIT("step"),   DUR_LIT("STEPS"),
                               DUR_LIT("START "), DUR_LIT("BOGUS")};
  for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
    assert_int_equal(dur_type_of(unknown[i]), DUR_TYPE_OTHER);
    assert_int_equal(dur_status_of(unknown[i]), DUR_STATUS_OTHER);
    assert_int_equal(dur_action_of(unknown[i]), DUR_ACTION_OTHER);
  }
  assert_string_equal(dur_type_text(DUR_TYPE_OTHER), "");
  assert_string_equal(dur_status_text(DUR_STATUS_OTHER), "");
  assert_string_equal(dur_action_text(DUR_ACTION_OTHER), "");
  assert_string_equal(dur_type_text((dur_type)99), "");
}

static void five_statuses_are_terminal(void **state) {
  (void)state;
  assert_true(dur_status_is_terminal(DUR_STATUS_SUCCEEDED));
  assert_true(dur_status_is_terminal(DUR_STATUS_FAILED));
  assert_true(dur_status_is_terminal(DUR_STATUS_CANCELLED));
  assert_true(dur_status_is_terminal(DUR_STATUS_TIMED_OUT));
  assert_true(dur_status_is_terminal(DUR_STATUS_STOPPED));
  assert_false(dur_status_is_terminal(DUR_STATUS_STARTED));
  assert_false(dur_status_is_terminal(DUR_STATUS_PENDING));
  assert_false(dur_status_is_terminal(DUR_STATUS_READY));
  assert_false(dur_status_is_terminal(DUR_STATUS_OTHER));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_text_reads_back),
      cmocka_unit_test(unknown_is_other),
      cmocka_unit_test(five_statuses_are_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
