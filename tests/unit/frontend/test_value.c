/* Values as users see them. */
#include "test.h"

#include <string.h>

#include <durable/value.h>

static int setup(void **state) {
  return durable_values_new((durable_values **)state, NULL);
}

static int teardown(void **state) {
  durable_values_free(*state);
  return 0;
}

static durable_bytes bytes(const char *text) {
  return (durable_bytes){text, strlen(text)};
}

static const durable_value *parse(durable_values *in, const char *text) {
  const durable_value *v = NULL;
  int rc = durable_value_parse(in, DURABLE_FORM_PLAIN, bytes(text), &v);
  if (rc != 0)
    fail_msg("%s: %s", text, durable_values_error(in));
  return v;
}

static const char *print(durable_values *in, int form, const durable_value *v) {
  durable_bytes out;
  assert_int_equal(durable_value_print(in, form, v, &out), DURABLE_OK);
  assert_int_equal(strlen(out.data), out.len);
  return out.data;
}

static void test_pack_builds_and_getters_read(void **state) {
  durable_values *in = *state;
  const durable_value *gift = parse(in, "{\"to\":\"Ann\"}");
  durable_value *moved = durable_value_str(in, "x");
  durable_value *v = durable_value_pack(
      in, "{s:s, s:i, s:I, s:f, s:b, s:n, s:[i i], s:v, s:V}", "id", "A-17",
      "n", -3, "big", INT64_C(9007199254740993), "f", 1.5, "yes", 7, "none",
      "list", 1, 2, "gift", gift, "moved", moved);
  assert_non_null(v);
  assert_string_equal(
      print(in, DURABLE_FORM_PLAIN, v),
      "{\"id\":\"A-17\",\"n\":-3,\"big\":9007199254740993,\"f\":1.5,"
      "\"yes\":true,\"none\":null,\"list\":[1,2],\"gift\":{\"to\":\"Ann\"},"
      "\"moved\":\"x\"}");
  assert_string_equal(durable_value_get_str(v, "id", ""), "A-17");
  assert_int_equal(durable_value_get_int(v, "n", 0), -3);
  assert_true(durable_value_get_float(v, "f", 0) == 1.5);
  assert_true(durable_value_get_float(v, "n", 0) == -3.0);
  assert_int_equal(durable_value_get_bool(v, "yes", 0), 1);
  assert_int_equal(durable_value_get_int(v, "id", 42), 42);
  assert_string_equal(durable_value_get_str(v, "absent", "d"), "d");
  assert_int_equal(durable_value_count(v), 9);
}

static void test_a_wrong_pattern_fails_the_pool(void **state) {
  durable_values *in = *state;
  assert_null(durable_value_pack(in, "{s:x}", "a"));
  assert_non_null(strstr(durable_values_error(in), "character 4"));
  assert_int_equal(durable_values_status(in), DURABLE_E_ARGUMENT);
  assert_null(durable_value_pack(in, "[i", 1));
  assert_null(durable_value_pack(in, "i i", 1));
  assert_non_null(strstr(durable_values_error(in), "has ended"));
}

static void test_null_reads_as_nothing(void **state) {
  (void)state;
  assert_int_equal(durable_value_kind_of(NULL), DURABLE_KIND_NULL);
  assert_int_equal(durable_value_count(NULL), 0);
  assert_null(durable_value_get(NULL, "a"));
  assert_null(durable_value_first(NULL));
  assert_null(durable_value_next(NULL));
  assert_int_equal(durable_value_as_int(NULL, 5), 5);
  assert_string_equal(durable_value_as_str(NULL, "d"), "d");
  assert_null(durable_value_text(NULL).data);
}

static void test_parsed_strings_end_with_nul(void **state) {
  durable_values *in = *state;
  const durable_value *v = parse(
      in, "{\"key\":\"one\",\"esc\":\"a\\nb\",\"l\":[\"two\",\"\",\"three\"]}");
  assert_string_equal(durable_value_get_str(v, "key", ""), "one");
  assert_string_equal(durable_value_get_str(v, "esc", ""), "a\nb");
  const durable_value *l = durable_value_get(v, "l");
  assert_string_equal(durable_value_as_str(durable_value_at(l, 0), ""), "two");
  assert_string_equal(durable_value_as_str(durable_value_at(l, 1), "?"), "");
  assert_string_equal(durable_value_as_str(durable_value_at(l, 2), ""),
                      "three");
  assert_string_equal(durable_value_key(durable_value_first(v)).data, "key");
  assert_null(durable_value_key(durable_value_first(l)).data);
  assert_null(durable_value_at(l, 3));
}

static void test_integers_of_any_length(void **state) {
  durable_values *in = *state;
  const char *digits = "-123456789012345678901234567890";
  const durable_value *v = parse(in, digits);
  assert_int_equal(durable_value_kind_of(v), DURABLE_KIND_INT);
  assert_int_equal(durable_value_as_int(v, 1), 1);
  assert_string_equal(durable_value_int_text(in, v).data, digits);
  assert_string_equal(print(in, DURABLE_FORM_PLAIN, v), digits);
  durable_value *made;
  assert_int_equal(
      durable_value_read(in, DURABLE_KIND_INT, bytes(digits), &made), 0);
  assert_true(durable_value_equal(v, made));
  const durable_value *list = parse(in, "[18446744073709551616,1]");
  assert_string_equal(
      durable_value_int_text(in, durable_value_first(list)).data,
      "18446744073709551616");
  assert_string_equal(durable_value_int_text(in, durable_value_int(in, 7)).data,
                      "7");
}

static void test_kinds_of_the_tagged_form(void **state) {
  durable_values *in = *state;
  durable_value *o = durable_value_object(in), *when, *id;
  assert_int_equal(durable_value_read(in, DURABLE_KIND_DATETIME,
                                      bytes("2025-01-02T03:04:05Z"), &when),
                   0);
  assert_int_equal(durable_value_read(in, DURABLE_KIND_UUID,
                                      bytes("12345678123456781234567812345678"),
                                      &id),
                   0);
  durable_value_set(in, o, "when", when);
  durable_value_set(in, o, "id", id);
  durable_value_set(
      in, o, "b",
      durable_value_data(in, DURABLE_KIND_BYTES, (durable_bytes){"h\0i", 3}));
  const char *text = print(in, DURABLE_FORM_TAGGED, o);
  const durable_value *back;
  assert_int_equal(
      durable_value_parse(in, DURABLE_FORM_TAGGED, bytes(text), &back), 0);
  assert_true(durable_value_equal(o, back));
  assert_string_equal(durable_value_text(durable_value_get(back, "id")).data,
                      "12345678-1234-5678-1234-567812345678");
  assert_int_equal(durable_value_text(durable_value_get(back, "b")).len, 3);
}

static void test_errors_name_the_place(void **state) {
  durable_values *in = *state;
  durable_value *o = durable_value_object(in), *l = durable_value_list(in);
  durable_value *d;
  durable_bytes out;
  assert_int_equal(
      durable_value_read(in, DURABLE_KIND_DATE, bytes("2025-01-02"), &d), 0);
  durable_value_append(in, l, durable_value_int(in, 1));
  durable_value_append(in, l, d);
  durable_value_set(in, o, "items", l);
  assert_int_equal(durable_value_print(in, DURABLE_FORM_PLAIN, o, &out),
                   DURABLE_E_SERDES);
  assert_string_equal(durable_values_error_path(in), "$.items[1]");
  assert_non_null(strstr(durable_values_error(in), "$.items[1]"));
  const durable_value *v;
  assert_int_equal(
      durable_value_parse(in, DURABLE_FORM_PLAIN, bytes("{\"a\":}"), &v),
      DURABLE_E_SERDES);
  assert_null(v);
  assert_string_equal(durable_values_error_class(in), "JSONDecodeError");
  assert_int_equal(durable_values_status(in), DURABLE_OK);
}

static void test_containers_freeze_when_placed(void **state) {
  durable_values *in = *state;
  durable_value *inner = durable_value_list(in),
                *outer = durable_value_list(in);
  assert_int_equal(durable_value_append(in, outer, inner), DURABLE_OK);
  assert_int_equal(durable_value_append(in, inner, NULL), DURABLE_E_STATE);
  assert_int_equal(durable_value_append(in, outer, inner), DURABLE_E_STATE);
  assert_int_equal(durable_value_append(in, outer, outer), DURABLE_E_STATE);
  durable_value *copy = durable_value_copy(in, inner);
  assert_int_equal(durable_value_append(in, copy, NULL), DURABLE_OK);
  assert_int_equal(durable_value_append(in, outer, copy), DURABLE_OK);
  assert_string_equal(print(in, DURABLE_FORM_PLAIN, outer), "[[],[null]]");
  assert_int_equal(durable_value_set(in, outer, "k", NULL), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_value_append(in, durable_value_object(in), NULL),
                   DURABLE_E_ARGUMENT);
}

static void test_a_later_value_of_a_key_replaces(void **state) {
  durable_values *in = *state;
  durable_value *o = durable_value_object(in);
  durable_value_set(in, o, "a", durable_value_int(in, 1));
  durable_value_set(in, o, "b", durable_value_int(in, 2));
  durable_value_set(in, o, "a", durable_value_int(in, 3));
  assert_string_equal(print(in, DURABLE_FORM_SPACED, o),
                      "{\"a\": 3, \"b\": 2}");
}

/* ---- memory */

typedef struct budget {
  int left;
} budget;

static void *stingy(void *user, void *ptr, size_t old_size, size_t new_size) {
  budget *b = user;
  (void)old_size;
  if (new_size == 0) {
    test_free(ptr);
    return NULL;
  }
  if (b->left-- <= 0)
    return NULL;
  return test_realloc(ptr, new_size);
}

static int build(durable_values *in) {
  const durable_value *parsed;
  durable_bytes out;
  durable_value *o =
      durable_value_pack(in, "{s:s, s:[i,f]}", "a", "text", "l", 1, 2.5);
  durable_value_set(in, o, "copy", durable_value_copy(in, o));
  if (durable_values_status(in) != DURABLE_OK)
    return durable_values_status(in);
  int rc = durable_value_print(in, DURABLE_FORM_TAGGED, o, &out);
  return rc ? rc : durable_value_parse(in, DURABLE_FORM_TAGGED, out, &parsed);
}

static void test_every_failed_allocation_is_said(void **state) {
  int rc = DURABLE_E_NOMEM;
  (void)state;
  for (int i = 0; rc == DURABLE_E_NOMEM; i++) {
    budget b = {.left = i};
    durable_mem mem = {stingy, &b};
    durable_values *in = NULL;
    rc = durable_values_new(&in, &mem);
    if (rc == DURABLE_OK)
      rc = build(in);
    if (rc == DURABLE_OK)
      assert_true(i > 3);
    durable_values_free(in);
    assert_true(i < 1000);
  }
  assert_int_equal(rc, DURABLE_OK);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(test_pack_builds_and_getters_read),
      T(test_a_wrong_pattern_fails_the_pool),
      cmocka_unit_test(test_null_reads_as_nothing),
      T(test_parsed_strings_end_with_nul),
      T(test_integers_of_any_length),
      T(test_kinds_of_the_tagged_form),
      T(test_errors_name_the_place),
      T(test_containers_freeze_when_placed),
      T(test_a_later_value_of_a_key_replaces),
      cmocka_unit_test(test_every_failed_allocation_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
