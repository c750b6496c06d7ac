/* Value trees: order, replacement, freezing, heights and equality. */
#include "serdes_test.h"

#include <math.h>
#include <stdio.h>

static void members_keep_their_order(void **state) {
  (void)state;
  dur_value *map = M("z", I(1), "a", I(2), "m", I(3));
  const char *const keys[] = {"z", "a", "m"};
  size_t i = 0;
  for (const dur_value *v = map->u.items.first; v; v = v->next, i++)
    assert_true(dur_bytes_is(v->key, keys[i]));
  assert_int_equal(i, 3);
  assert_int_equal(map->count, 3);
}

/* Small maps are scanned and large ones indexed: the same answers. */
static void a_key_is_found_and_replaced_at_any_size(void **state) {
  (void)state;
  for (int size = 1; size <= 40; size++) {
    dur_value *map = dur_value_container(&arena, DUR_MAP);
    char key[16];
    for (int i = 0; i < size; i++) {
      snprintf(key, sizeof key, "k%d", i);
      placed(map, dur_value_set(&arena, map, dur_cstr(key), I(i)));
    }
    for (int i = 0; i < size; i++) {
      snprintf(key, sizeof key, "k%d", i);
      assert_int_equal(dur_value_get(map, dur_cstr(key))->u.i64, i);
      placed(map, dur_value_set(&arena, map, dur_cstr(key), L(I(i))));
    }
    assert_int_equal(map->count, size);
    assert_int_equal(dur_value_get(map, DUR_LIT("k0"))->kind, DUR_LIST);
    assert_true(dur_bytes_is(map->u.items.first->key, "k0"));
    assert_true(dur_bytes_is(map->u.items.last->key, key));
    assert_null(dur_value_get(map, DUR_LIT("absent")));
  }
}

static void an_empty_key_is_a_key(void **state) {
  (void)state;
  dur_value *map = dur_value_container(&arena, DUR_MAP);
  placed(map, dur_value_set(&arena, map, DUR_NONE, I(1)));
  assert_non_null(map->u.items.first->key.data);
  assert_int_equal(dur_value_get(map, DUR_LIT(""))->u.i64, 1);
}

static void no_cycle_can_be_built(void **state) {
  (void)state;
  dur_value *a = L(END), *b = L(END), *m = M(END);
  assert_int_equal(dur_value_append(a, a), DUR_VALUE_PLACED);
  assert_int_equal(dur_value_append(a, b), 0);
  assert_int_equal(dur_value_append(b, a), DUR_VALUE_PLACED);
  assert_int_equal(dur_value_append(b, I(1)), DUR_VALUE_PLACED);
  assert_int_equal(dur_value_append(a, b), DUR_VALUE_PLACED);
  assert_int_equal(dur_value_set(&arena, m, DUR_LIT("k"), m), DUR_VALUE_PLACED);
  assert_int_equal(dur_value_set(&arena, m, DUR_LIT("k"), b), DUR_VALUE_PLACED);
  assert_int_equal(m->count, 0);
  assert_int_equal(a->count, 1);
}

static void heights_have_a_ceiling(void **state) {
  (void)state;
  dur_value *v = L(END);
  for (int i = 1; i < DUR_VALUE_MAX_HEIGHT; i++)
    v = L(v);
  assert_int_equal(v->height, DUR_VALUE_MAX_HEIGHT);
  assert_int_equal(dur_value_append(L(END), v), DUR_VALUE_HEIGHT);
  assert_int_equal(dur_value_set(&arena, M(END), DUR_LIT("k"), v),
                   DUR_VALUE_HEIGHT);
  assert_int_equal(v->placed, 0);
}

static void elements_are_found_by_index(void **state) {
  (void)state;
  dur_value *list = L(I(10), I(11), I(12));
  assert_int_equal(dur_value_at(list, 2)->u.i64, 12);
  assert_null(dur_value_at(list, 3));
  assert_null(dur_value_get(list, DUR_LIT("0")));
}

static void equal_is_the_same_kind_and_content(void **state) {
  (void)state;
  assert_true(
      dur_value_equal(M("a", I(1), "b", L(END)), M("b", L(END), "a", I(1))));
  assert_false(dur_value_equal(M("a", I(1)), M("b", I(1))));
  assert_false(dur_value_equal(L(I(1), I(2)), L(I(2), I(1))));
  assert_false(dur_value_equal(L(I(1)), T(I(1))));
  assert_false(dur_value_equal(L(I(1)), L(I(1), I(1))));
  assert_false(dur_value_equal(I(1), F(1.0)));
  assert_false(dur_value_equal(B(1), B(0)));
  assert_true(dur_value_equal(N(), N()));
  assert_true(dur_value_equal(F(NAN), F(NAN)));
  assert_false(dur_value_equal(F(NAN), F(1.0)));
  assert_false(dur_value_equal(F(0.0), F(-0.0)));
  assert_false(dur_value_equal(S("a"), Y("a")));
  assert_false(dur_value_equal(S("a"), S("b")));
  assert_false(dur_value_equal(S("a\0b"), S("a\0c")));
  assert_true(dur_value_equal(parsed(DUR_INT, "99999999999999999999"),
                              parsed(DUR_INT, "099999999999999999999")));
}

static void keys_of_other_kinds_have_a_text(void **state) {
  (void)state;
  dur_bytes out;
  const struct {
    dur_value *key;
    const char *text;
  } rows[] = {{N(), "null"},
              {B(1), "true"},
              {B(0), "false"},
              {I(-5), "-5"},
              {F(1e16), "1e+16"},
              {F(NAN), "NaN"},
              {S("\xC3\xA9"), "\xC3\xA9"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(dur_value_key(&arena, rows[i].key, &out, &err), 0);
    assert_true(dur_bytes_is(out, rows[i].text));
  }
  assert_int_equal(dur_value_key(&arena, T(END), &out, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_FORM);
  assert_string_equal(err.message, "Tuple keys not supported");
  assert_int_equal(dur_value_key(&arena, Y(""), &out, &err), -1);
  assert_int_equal(err.code, DUR_SERDES_TYPE);
}

static void copies_outlive_their_source(void **state) {
  (void)state;
  char text[] = "abc";
  dur_value *v = dur_value_string(&arena, dur_cstr(text));
  dur_value *map = dur_value_container(&arena, DUR_MAP);
  placed(map, dur_value_set(&arena, map, dur_cstr(text), v));
  memset(text, 'x', 3);
  assert_true(dur_bytes_is(v->u.text, "abc"));
  assert_non_null(dur_value_get(map, DUR_LIT("abc")));
}

static int build(void) {
  dur_value *map = dur_value_container(&arena, DUR_MAP);
  char key[16];
  for (int i = 0; map && i < 30; i++) {
    dur_value *v = dur_value_string(&arena, DUR_LIT("x"));
    snprintf(key, sizeof key, "k%d", i);
    if (!v)
      return dur_serdes_nomem(&err);
    size_t before = map->count;
    if (dur_value_set(&arena, map, dur_cstr(key), v)) {
      assert_int_equal(map->count, before);
      return dur_serdes_nomem(&err);
    }
  }
  return map ? 0 : dur_serdes_nomem(&err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(build);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(members_keep_their_order),
      TEST(a_key_is_found_and_replaced_at_any_size),
      TEST(an_empty_key_is_a_key),
      TEST(no_cycle_can_be_built),
      TEST(heights_have_a_ceiling),
      TEST(elements_are_found_by_index),
      TEST(equal_is_the_same_kind_and_content),
      TEST(keys_of_other_kinds_have_a_text),
      TEST(copies_outlive_their_source),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
