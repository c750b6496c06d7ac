/* Payloads made of payloads: lists, settled outcomes, members. */
#include "serdes_test.h"

#include "serdes/form.h"

static const char *list(dur_form form, const char *const *texts, size_t count) {
  dur_bytes b[8];
  for (size_t i = 0; i < count; i++)
    b[i] = dur_cstr(texts[i]);
  dur_buf_reset(&buf);
  return dur_form_list(&buf, &arena, form, b, count, &err) ? NULL : written();
}

static void a_plain_list_holds_its_payloads(void **state) {
  (void)state;
  const char *const texts[] = {"{\"a\":1}", NULL, "[2]"};
  assert_string_equal(list(DUR_FORM_PLAIN, texts, 3), "[{\"a\":1},null,[2]]");
  assert_string_equal(list(DUR_FORM_PLAIN, NULL, 0), "[]");
}

static void a_tagged_list_of_plain_payloads_is_plain(void **state) {
  (void)state;
  const char *const texts[] = {"1", NULL, "[\"x\"]"};
  assert_string_equal(list(DUR_FORM_TAGGED, texts, 3), "[1,null,[\"x\"]]");
}

static void one_envelope_wraps_all(void **state) {
  (void)state;
  const char *const texts[] = {"1", NULL, "{\"t\":\"t\",\"v\":[]}", "[2]"};
  assert_string_equal(list(DUR_FORM_TAGGED, texts, 4),
                      "{\"t\":\"l\",\"v\":[{\"t\":\"i\",\"v\":1},{\"t\":\"n\","
                      "\"v\":null},{\"t\":\"t\",\"v\":[]},{\"t\":\"l\",\"v\":"
                      "[{\"t\":\"i\",\"v\":2}]}]}");
}

static void payloads_of_another_form_are_refused(void **state) {
  (void)state;
  const char *const map[] = {"1", "{\"a\":1}"};
  assert_null(list(DUR_FORM_TAGGED, map, 2));
  assert_int_equal(err.code, DUR_SERDES_FORM);
  assert_string_equal(err.path, "$[1]");
  const char *const hidden[] = {"[{\"a\":1}]"};
  assert_null(list(DUR_FORM_TAGGED, hidden, 1));
  assert_int_equal(err.code, DUR_SERDES_FORM);
  const char *const tag[] = {"{\"t\":\"zz\",\"v\":1}"};
  assert_null(list(DUR_FORM_TAGGED, tag, 1));
  assert_int_equal(err.code, DUR_SERDES_FORM);
  const char *const broken[] = {"1", "2]"};
  assert_null(list(DUR_FORM_PLAIN, broken, 2));
  assert_int_equal(err.code, DUR_SERDES_JSON);
}

static const char *settled(dur_form form) {
  const dur_settled items[] = {
      {.value = DUR_LIT("5")},
      {.rejected = 1, .reason = DUR_LIT("{\"ErrorType\":\"E\"}")},
      {0}};
  dur_buf_reset(&buf);
  assert_int_equal(dur_form_settled(&buf, &arena, form, items, 3, &err), 0);
  return written();
}

static void settled_outcomes_are_a_list_of_maps(void **state) {
  (void)state;
  assert_string_equal(settled(DUR_FORM_PLAIN),
                      "[{\"status\":\"fulfilled\",\"value\":5},{\"status\":"
                      "\"rejected\",\"reason\":{\"ErrorType\":\"E\"}},"
                      "{\"status\":\"fulfilled\",\"value\":null}]");
  assert_string_equal(
      settled(DUR_FORM_TAGGED),
      "{\"t\":\"l\",\"v\":[{\"t\":\"m\",\"v\":{\"status\":{\"t\":\"s\",\"v\":"
      "\"fulfilled\"},\"value\":{\"t\":\"i\",\"v\":5}}},{\"t\":\"m\",\"v\":{"
      "\"status\":{\"t\":\"s\",\"v\":\"rejected\"},\"reason\":{\"t\":\"m\","
      "\"v\":{\"ErrorType\":{\"t\":\"s\",\"v\":\"E\"}}}}},{\"t\":\"m\",\"v\":{"
      "\"status\":{\"t\":\"s\",\"v\":\"fulfilled\"},\"value\":{\"t\":\"n\","
      "\"v\":null}}}]}");
}

static void what_is_composed_is_read_back(void **state) {
  (void)state;
  dur_value *plain, *tagged;
  dur_bytes text = dur_arena_copy(&arena, dur_cstr(settled(DUR_FORM_PLAIN)));
  assert_int_equal(dur_form_read(DUR_FORM_PLAIN, &arena, text, &plain, &err),
                   0);
  text = dur_arena_copy(&arena, dur_cstr(settled(DUR_FORM_TAGGED)));
  assert_int_equal(dur_form_read(DUR_FORM_TAGGED, &arena, text, &tagged, &err),
                   0);
  assert_true(dur_value_equal(plain, tagged));
}

static void extracts(const char *member, dur_form from, dur_form to,
                     const char *wanted) {
  dur_bytes out;
  assert_int_equal(
      dur_form_extract(&arena, dur_cstr(member), from, to, &out, &err), 0);
  assert_true(dur_bytes_is(out, wanted));
}

static void members_become_whole_payloads(void **state) {
  (void)state;
  const dur_form plain = DUR_FORM_PLAIN, tagged = DUR_FORM_TAGGED;
  extracts("{\"a\": 1.10}", plain, plain, "{\"a\": 1.10}");
  extracts("{\"t\":\"i\",\"v\":5}", tagged, tagged, "5");
  extracts("{\"t\":\"l\",\"v\":[{\"t\":\"i\",\"v\":5}]}", tagged, tagged,
           "[5]");
  extracts("{\"t\":\"D\",\"v\":\"2025-01-02\"}", tagged, tagged,
           "{\"t\":\"D\",\"v\":\"2025-01-02\"}");
  extracts("{\"t\":\"m\",\"v\":{\"a\":{\"t\":\"i\",\"v\":5}}}", tagged, plain,
           "{\"a\":5}");
  extracts("{\"a\":5}", plain, tagged,
           "{\"t\":\"m\",\"v\":{\"a\":{\"t\":\"i\",\"v\":5}}}");
  dur_bytes out;
  assert_int_equal(dur_form_extract(&arena, DUR_LIT("{\"t\":\"zz\",\"v\":1}"),
                                    tagged, tagged, &out, &err),
                   -1);
}

static int compose_all(void) {
  const dur_bytes texts[] = {DUR_LIT("{\"t\":\"t\",\"v\":[]}"), DUR_LIT("[1]")};
  const dur_settled items[] = {
      {.rejected = 1, .reason = DUR_LIT("{\"ErrorType\":\"\\u0045\"}")}};
  dur_bytes out;
  if (dur_form_list(&buf, &arena, DUR_FORM_TAGGED, texts, 2, &err) ||
      dur_form_settled(&buf, &arena, DUR_FORM_TAGGED, items, 1, &err))
    return -1;
  return dur_form_extract(&arena, DUR_LIT("{\"a\":[1]}"), DUR_FORM_PLAIN,
                          DUR_FORM_TAGGED, &out, &err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(compose_all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(a_plain_list_holds_its_payloads),
      TEST(a_tagged_list_of_plain_payloads_is_plain),
      TEST(one_envelope_wraps_all),
      TEST(payloads_of_another_form_are_refused),
      TEST(settled_outcomes_are_a_list_of_maps),
      TEST(what_is_composed_is_read_back),
      TEST(members_become_whole_payloads),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
