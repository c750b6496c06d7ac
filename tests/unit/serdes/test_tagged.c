/* The extended-types form: what the Python SDK writes and what it reads. */
#include "serdes_test.h"

#include <math.h>

#include "serdes/tagged.h"

static void check(const dur_value *value, const char *text) {
  dur_value *back;
  dur_buf_reset(&buf);
  assert_int_equal(dur_tagged_write(&buf, value, &err), 0);
  assert_string_equal(written(), text);
  assert_int_equal(dur_tagged_read(&arena, dur_buf_view(&buf), &back, &err), 0);
  assert_true(dur_value_equal(value, back));
}

static dur_bytes key(dur_value *value) {
  dur_bytes out;
  assert_int_equal(dur_value_key(&arena, value, &out, &err), 0);
  return out;
}

static dur_value *odd_keys(void) {
  dur_value *map = dur_value_container(&arena, DUR_MAP);
  placed(map, dur_value_set(&arena, map, key(I(1)), S("b")));
  placed(map, dur_value_set(&arena, map, key(N()), S("n")));
  placed(map, dur_value_set(&arena, map, key(F(1.5)), S("f")));
  return placed(map, dur_value_set(&arena, map, key(B(0)), S("z")));
}

static void writes_what_python_writes(void **state) {
  (void)state;
  check(N(), "null");
  check(B(1), "true");
  check(B(0), "false");
  check(I(0), "0");
  check(I(-7), "-7");
  check(parsed(DUR_INT, "1180591620717411303424"), "1180591620717411303424");
  check(F(1.0), "1.0");
  check(F(0.1), "0.1");
  check(F(1000000000000000.0), "1000000000000000.0");
  check(F(1e16), "1e+16");
  check(F(1e-05), "1e-05");
  check(F(1e100), "1e+100");
  check(F(-0.0), "-0.0");
  check(S(""), "\"\"");
  check(S("h\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\"\\/\n\x7f\x01"),
        "\"h\\u00e9\\u2028\\ud83d\\ude00\\\"\\\\/\\n\\u007f\\u0001\"");
  check(L(END), "[]");
  check(L(I(1), S("a"), N(), B(1), F(1.5)), "[1,\"a\",null,true,1.5]");
  check(L(L(I(1)), L(I(2), L(I(3)))), "[[1],[2,[3]]]");
  check(M(END), "{\"t\":\"m\",\"v\":{}}");
  check(M("a", I(1)), "{\"t\":\"m\",\"v\":{\"a\":{\"t\":\"i\",\"v\":1}}}");
  check(M("a", M("b", L(I(1), M("c", N())))),
        "{\"t\":\"m\",\"v\":{\"a\":{\"t\":\"m\",\"v\":{\"b\":{\"t\":\"l\","
        "\"v\":[{\"t\":\"i\",\"v\":1},{\"t\":\"m\",\"v\":{\"c\":{\"t\":\"n\","
        "\"v\":null}}}]}}}}}");
  check(L(M("a", I(1))), "{\"t\":\"l\",\"v\":[{\"t\":\"m\",\"v\":{\"a\":{\"t\":"
                         "\"i\",\"v\":1}}}]}");
  check(T(I(1), I(2)),
        "{\"t\":\"t\",\"v\":[{\"t\":\"i\",\"v\":1},{\"t\":\"i\",\"v\":2}]}");
  check(T(END), "{\"t\":\"t\",\"v\":[]}");
  check(L(T(I(1))),
        "{\"t\":\"l\",\"v\":[{\"t\":\"t\",\"v\":[{\"t\":\"i\",\"v\":1}]}]}");
  check(Y(""), "{\"t\":\"B\",\"v\":\"\"}");
  check(Y("hi"), "{\"t\":\"B\",\"v\":\"aGk=\"}");
  check(Y("\x00\xff"), "{\"t\":\"B\",\"v\":\"AP8=\"}");
  check(parsed(DUR_UUID, "12345678-1234-5678-1234-567812345678"),
        "{\"t\":\"u\",\"v\":\"12345678-1234-5678-1234-567812345678\"}");
  check(parsed(DUR_DECIMAL, "1.10"), "{\"t\":\"d\",\"v\":\"1.10\"}");
  check(parsed(DUR_DECIMAL, "1E+3"), "{\"t\":\"d\",\"v\":\"1E+3\"}");
  check(parsed(DUR_DATETIME, "2025-01-02T03:04:05"),
        "{\"t\":\"dt\",\"v\":\"2025-01-02T03:04:05\"}");
  check(parsed(DUR_DATETIME, "2025-01-02T03:04:05.6789Z"),
        "{\"t\":\"dt\",\"v\":\"2025-01-02T03:04:05.678900+00:00\"}");
  check(parsed(DUR_DATETIME, "2025-01-02T03:04:05-05:30"),
        "{\"t\":\"dt\",\"v\":\"2025-01-02T03:04:05-05:30\"}");
  check(parsed(DUR_DATE, "2025-01-02"), "{\"t\":\"D\",\"v\":\"2025-01-02\"}");
  check(M("t", S("s"), "v", I(1)),
        "{\"t\":\"m\",\"v\":{\"t\":{\"t\":\"s\",\"v\":\"s\"},\"v\":{\"t\":"
        "\"i\",\"v\":1}}}");
  check(odd_keys(), "{\"t\":\"m\",\"v\":{\"1\":{\"t\":\"s\",\"v\":\"b\"},"
                    "\"null\":{\"t\":\"s\",\"v\":\"n\"},\"1.5\":{\"t\":\"s\","
                    "\"v\":\"f\"},\"false\":{\"t\":\"s\",\"v\":\"z\"}}}");
  check(M("z", I(1), "a", L(Y("x"), M("k", T(I(1))))),
        "{\"t\":\"m\",\"v\":{\"z\":{\"t\":\"i\",\"v\":1},\"a\":{\"t\":\"l\","
        "\"v\":[{\"t\":\"B\",\"v\":\"eA==\"},{\"t\":\"m\",\"v\":{\"k\":{\"t\":"
        "\"t\",\"v\":[{\"t\":\"i\",\"v\":1}]}}}]}}}");
}

static void writes_numbers_that_json_lacks(void **state) {
  (void)state;
  check(T(F(NAN), F(INFINITY), F(-INFINITY)),
        "{\"t\":\"t\",\"v\":[{\"t\":\"f\",\"v\":NaN},{\"t\":\"f\",\"v\":"
        "Infinity},"
        "{\"t\":\"f\",\"v\":-Infinity}]}");
}

static void wraps_every_member_once_one_needs_it(void **state) {
  (void)state;
  check(L(L(I(1)), Y("")),
        "{\"t\":\"l\",\"v\":[{\"t\":\"l\",\"v\":[{\"t\":\"i\",\"v\":1}]},"
        "{\"t\":\"B\",\"v\":\"\"}]}");
}

static void keeps_a_batch_result(void **state) {
  (void)state;
  check(
      mapping(DUR_BATCH, "all", L(M("index", I(0))), "completionReason",
              S("ALL_COMPLETED"), END),
      "{\"t\":\"br\",\"v\":{\"all\":{\"t\":\"l\",\"v\":[{\"t\":\"m\",\"v\":"
      "{\"index\":{\"t\":\"i\",\"v\":0}}}]},\"completionReason\":{\"t\":\"s\","
      "\"v\":\"ALL_COMPLETED\"}}}");
}

static void reads(const char *text, const dur_value *wanted) {
  dur_value *value;
  assert_int_equal(dur_tagged_read(&arena, dur_cstr(text), &value, &err), 0);
  assert_true(dur_value_equal(value, wanted));
}

static void refuses(const char *text, const char *class, const char *message,
                    const char *path) {
  dur_value *value;
  assert_int_equal(dur_tagged_read(&arena, dur_cstr(text), &value, &err), -1);
  assert_null(value);
  assert_string_equal(err.message, message);
  assert_string_equal(dur_serdes_error_class(err.code), class);
  assert_string_equal(err.path, path);
}

#define MALFORMED "Malformed envelope: missing \"t\" or \"v\" at root."

static void reads_what_python_reads(void **state) {
  (void)state;
  refuses("{\"a\":1}", "SerDesError", MALFORMED, "$");
  refuses("{\"t\":\"zz\",\"v\":1}", "SerDesError", "Unknown type tag: \"zz\"",
          "$");
  refuses("{\"t\":\"s\"}", "SerDesError", MALFORMED, "$");
  refuses("[{\"t\":\"i\",\"v\":1}]", "SerDesError", MALFORMED, "$");
  refuses("", "JSONDecodeError", "Expecting value: line 1 column 1 (char 0)",
          "");
  reads("null", N());
  reads("{\"t\":\"i\",\"v\":\"12\"}", I(12));
  reads("{\"t\":\"m\",\"v\":{\"a\":5,\"c\":{\"plain\":1}}}",
        M("a", I(5), "c", M("plain", I(1))));
  reads("{\"t\":\"dt\",\"v\":\"2025-01-01T00:00:00Z\"}",
        parsed(DUR_DATETIME, "2025-01-01T00:00:00+00:00"));
  refuses("{\"t\":\"l\",\"v\":\"x\"}", "SerDesError",
          "Expected list, got <class 'str'>", "$");
  refuses("{\"t\":\"m\",\"v\":{\"k\":{\"t\":\"zz\",\"v\":1}}}", "ValueError",
          "'zz' is not a valid TypeTag", "$.k");
  reads("{\"t\":\"b\",\"v\":1}", B(1));
  reads("{\"t\":\"s\",\"v\":\"x\",\"extra\":1}", S("x"));
  refuses("{bad", "JSONDecodeError",
          "Expecting property name enclosed in double quotes: line 1 column 2 "
          "(char 1)",
          "");
}

static void converts_as_python_does(void **state) {
  (void)state;
  reads("{\"t\":\"f\",\"v\":\"nan\"}", F(NAN));
  reads("{\"t\":\"f\",\"v\":\" -1_0.5e1 \"}", F(-105.0));
  reads("{\"t\":\"f\",\"v\":3}", F(3.0));
  reads("{\"t\":\"i\",\"v\":-12.9}", I(-12));
  reads("{\"t\":\"i\",\"v\":1e20}", parsed(DUR_INT, "100000000000000000000"));
  reads("{\"t\":\"i\",\"v\":true}", I(1));
  reads("{\"t\":\"s\",\"v\":null}", S("None"));
  reads("{\"t\":\"s\",\"v\":false}", S("False"));
  reads("{\"t\":\"s\",\"v\":1.5}", S("1.5"));
  reads("{\"t\":\"s\",\"v\":Infinity}", S("inf"));
  reads("{\"t\":\"b\",\"v\":\"\"}", B(0));
  reads("{\"t\":\"b\",\"v\":[0]}", B(1));
  reads("{\"t\":\"b\",\"v\":{}}", B(0));
  reads("{\"t\":\"n\",\"v\":7}", N());
  reads("{\"t\":\"B\",\"v\":\"aG\\nk=\"}", Y("hi"));
  reads("{\"t\":\"d\",\"v\":5}", parsed(DUR_DECIMAL, "5"));
  reads("{\"t\":\"dt\",\"v\":\"2025-01-01\"}",
        parsed(DUR_DATETIME, "2025-01-01T00:00:00"));
  reads("{\"t\":\"dt\",\"v\":\"2025-01-01Z\"}",
        parsed(DUR_DATETIME, "2025-01-01T00:00:00"));
  reads("{\"v\":[{\"v\":1,\"t\":\"i\"}],\"t\":\"t\"}", T(I(1)));
}

static void names_the_place_of_a_bad_member(void **state) {
  (void)state;
  refuses("{\"t\":\"m\",\"v\":{\"a b\":{\"t\":\"l\",\"v\":[1,"
          "{\"t\":\"B\",\"v\":\"a\"}]}}}",
          "ValueError", "Incorrect padding", "$[\"a b\"][1]");
  refuses("{\"t\":\"l\",\"v\":[{\"t\":\"br\",\"v\":[]}]}", "SerDesError",
          "Expected dict, got <class 'list'>", "$[0]");
  refuses("{\"t\":\"t\",\"v\":null}", "SerDesError",
          "Expected list, got <class 'NoneType'>", "$");
  refuses("{\"t\":\"i\",\"v\":\"x'y\"}", "ValueError",
          "invalid literal for int() with base 10: \"x'y\"", "$");
  refuses("{\"t\":\"i\",\"v\":NaN}", "ValueError",
          "cannot convert float NaN to integer", "$");
  refuses("{\"t\":\"f\",\"v\":[]}", "TypeError",
          "float() argument must be a string or a real number, not 'list'",
          "$");
}

/* json.loads runs first, so its error wins over one that stands before it. */
static void reports_bad_json_before_bad_tags(void **state) {
  (void)state;
  refuses("{\"t\":\"zz\",\"v\":1} x", "JSONDecodeError",
          "Extra data: line 1 column 18 (char 17)", "");
}

static void a_replaced_member_is_found_in_a_large_map(void **state) {
  (void)state;
  dur_value *map = dur_value_container(&arena, DUR_MAP), *back;
  for (int i = 0; i < 100; i++)
    placed(map, dur_value_set(&arena, map, key(I(i)), T(I(i))));
  assert_int_equal(dur_tagged_write(&buf, map, &err), 0);
  assert_int_equal(dur_tagged_read(&arena, dur_buf_view(&buf), &back, &err), 0);
  assert_true(dur_value_equal(dur_value_get(back, DUR_LIT("77")), T(I(77))));
}

static dur_value *tower(int height) {
  dur_value *v = dur_value_container(&arena, DUR_TUPLE);
  while (--height > 0)
    v = T(v);
  return v;
}

static void stops_at_its_height(void **state) {
  (void)state;
  dur_value *back;
  assert_int_equal(dur_tagged_write(&buf, tower(DUR_TAGGED_MAX_HEIGHT), &err),
                   0);
  assert_int_equal(dur_tagged_read(&arena, dur_buf_view(&buf), &back, &err), 0);
  assert_int_equal(
      dur_tagged_write(&buf, tower(DUR_TAGGED_MAX_HEIGHT + 1), &err), -1);
  assert_int_equal(err.code, DUR_SERDES_LIMIT);
}

static int write_and_read(void) {
  static const char text[] =
      "{\"t\":\"m\",\"v\":{\"z\\u00e9\":{\"t\":\"i\",\"v\":\"1\"},\"a\":"
      "{\"t\":\"l\",\"v\":[{\"t\":\"B\",\"v\":\"eA==\"},{\"t\":\"d\",\"v\":"
      "\"1E9\"},{\"t\":\"dt\",\"v\":\"2025-01-01\"},{\"t\":\"f\",\"v\":\"1\"},"
      "{\"t\":\"s\",\"v\":12}]}}}";
  dur_value *value;
  if (dur_tagged_read(&arena, DUR_LIT(text), &value, &err))
    return -1;
  return dur_tagged_write(&buf, value, &err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(write_and_read);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(writes_what_python_writes),
      TEST(writes_numbers_that_json_lacks),
      TEST(wraps_every_member_once_one_needs_it),
      TEST(keeps_a_batch_result),
      TEST(reads_what_python_reads),
      TEST(converts_as_python_does),
      TEST(names_the_place_of_a_bad_member),
      TEST(reports_bad_json_before_bad_tags),
      TEST(a_replaced_member_is_found_in_a_large_map),
      TEST(stops_at_its_height),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
