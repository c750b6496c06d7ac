/* Previews: which paths show, what a mask hides, where the budget ends. */
#include "serdes_test.h"

#include "serdes/plain.h"
#include "serdes/preview.h"

static const char document[] =
    "{\"id\": 1, \"user\": {\"email\": \"e\", \"name\": \"n\", \"id\": 9}, "
    "\"items\": [{\"sku\": \"a\", \"q\": 1}, {\"sku\": \"b\"}], \"a.b\": 3, "
    "\"n\": null, \"empty\": {}, \"l\": [1, 2, [3]]}";

static dur_value *read(const char *text) {
  dur_value *value;
  assert_int_equal(dur_plain_read(&arena, dur_cstr(text), &value, &err), 0);
  return value;
}

static void shows(const char *text, const dur_preview_config *config,
                  const char *wanted) {
  dur_value *preview;
  assert_int_equal(dur_preview(&arena, read(text), config, &preview, &err), 0);
  if (!wanted) {
    assert_null(preview);
    return;
  }
  dur_buf_reset(&buf);
  assert_int_equal(dur_plain_write(&buf, preview, 0, &err), 0);
  assert_string_equal(written(), wanted);
}

static dur_preview_rule one(const char *name, dur_preview_match match) {
  return (dur_preview_rule){dur_cstr(name), match};
}

static void include_all(void **state) {
  (void)state;
  dur_preview_rule user = one("user", DUR_PREVIEW_ANYWHERE);
  dur_preview_rule email = one("email", DUR_PREVIEW_ANYWHERE);
  dur_preview_config c = {.mode = DUR_PREVIEW_INCLUDE_ALL};
  shows(document, &c,
        "{\"id\":1,\"user\":{\"email\":\"e\",\"name\":\"n\",\"id\":9},"
        "\"items\":{\"sku\":\"b\",\"q\":1},\"n\":null}");
  c = (dur_preview_config){.exclude = &user, .exclude_count = 1};
  shows(document, &c,
        "{\"id\":1,\"items\":{\"sku\":\"b\",\"q\":1},\"n\":null}");
  c = (dur_preview_config){
      .mask = &user, .mask_count = 1, .mask_string = DUR_LIT("#")};
  shows(document, &c,
        "{\"id\":1,\"user\":\"#\",\"items\":{\"sku\":\"b\",\"q\":1},"
        "\"n\":null}");
  c = (dur_preview_config){
      .exclude = &email, .exclude_count = 1, .mask = &email, .mask_count = 1};
  shows(document, &c,
        "{\"id\":1,\"user\":{\"name\":\"n\",\"id\":9},\"items\":{\"sku\":\"b\","
        "\"q\":1},\"n\":null}");
}

static void exclude_all(void **state) {
  (void)state;
  dur_preview_rule rule = one("id", DUR_PREVIEW_ANYWHERE);
  dur_preview_config c = {
      .mode = DUR_PREVIEW_EXCLUDE_ALL, .include = &rule, .include_count = 1};
  shows(document, &c, "{\"id\":1,\"user\":{\"id\":9}}");
  rule = one("id", DUR_PREVIEW_PATH);
  shows(document, &c, "{\"id\":1}");
  rule = one("user", DUR_PREVIEW_ANYWHERE);
  shows(document, &c, "{\"user\":{\"email\":\"e\",\"name\":\"n\",\"id\":9}}");
  rule = one("user.name", DUR_PREVIEW_PATH);
  shows(document, &c, "{\"user\":{\"name\":\"n\"}}");
  rule = one("email", DUR_PREVIEW_ANYWHERE);
  c = (dur_preview_config){
      .mode = DUR_PREVIEW_EXCLUDE_ALL, .mask = &rule, .mask_count = 1};
  shows(document, &c, "{\"user\":{\"email\":\"***\"}}");
  c = (dur_preview_config){.mode = DUR_PREVIEW_EXCLUDE_ALL};
  shows(document, &c, NULL);
}

static void the_budget_ends_the_walk(void **state) {
  (void)state;
  dur_preview_config c = {.max_bytes = 30};
  shows(document, &c, "{\"id\":1,\"user\":{\"email\":\"e\"}}");
  c.max_bytes = 26; /* 2 + 7 + 17 */
  shows(document, &c, "{\"id\":1,\"user\":{\"email\":\"e\"}}");
  c.max_bytes = 25;
  shows(document, &c, "{\"id\":1}");
  c.max_bytes = 5;
  shows(document, &c, NULL);
  c.max_bytes = 1;
  shows(document, &c, NULL);
}

static void a_mask_hides_what_is_below_it(void **state) {
  (void)state;
  dur_preview_rule card = one("card", DUR_PREVIEW_ANYWHERE);
  dur_preview_config c = {.mask = &card, .mask_count = 1};
  shows("{\"card\":[{\"number\":\"4111\"}],\"x\":{\"card\":{\"cvc\":1}}}", &c,
        "{\"card\":\"***\",\"x\":{\"card\":\"***\"}}");
}

static void the_later_of_two_conflicting_members_stays(void **state) {
  (void)state;
  dur_preview_config c = {0};
  shows("{\"l\":[{\"a\":1},{\"a\":{\"b\":2}}]}", &c,
        "{\"l\":{\"a\":{\"b\":2}}}");
  shows("{\"l\":[{\"a\":{\"b\":2}},{\"a\":1}]}", &c, "{\"l\":{\"a\":1}}");
}

static void a_root_that_is_no_map_has_none(void **state) {
  (void)state;
  dur_preview_config c = {0};
  shows("[{\"a\":1}]", &c, NULL);
  shows("1", &c, NULL);
}

static void a_kind_without_json_is_an_error(void **state) {
  (void)state;
  dur_preview_config c = {0};
  dur_value *out;
  assert_int_equal(dur_preview(&arena, M("a", Y("x")), &c, &out, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_TYPE);
  assert_null(out);
}

static int preview_one(void) {
  dur_preview_config c = {0};
  dur_value *value, *out;
  if (dur_plain_read(&arena, DUR_LIT(document), &value, &err))
    return -1;
  return dur_preview(&arena, value, &c, &out, &err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(preview_one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(include_all),
      TEST(exclude_all),
      TEST(the_budget_ends_the_walk),
      TEST(a_mask_hides_what_is_below_it),
      TEST(the_later_of_two_conflicting_members_stays),
      TEST(a_root_that_is_no_map_has_none),
      TEST(a_kind_without_json_is_an_error),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
