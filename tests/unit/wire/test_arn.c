/* Durable execution ARNs: the shared vectors, the parts, near misses. */
#include "wire_test.h"

#include "vectors.h"
#include "wire/arn.h"

static void expect_text(dur_json *json, dur_bytes actual) {
  assert_int_equal(dur_json_next(json), DUR_JSON_STRING);
  assert_false(json->escaped);
  assert_same(actual, json->text);
}

static void the_vectors_parse_as_recorded(void **state) {
  (void)state;
  dur_bytes all = test_vectors();
  dur_json json;
  dur_bytes arn = DUR_NONE;
  dur_arn parts;
  int rows = 0;
  test_vectors_open(&json, all, "arn_parse");
  while (dur_json_next(&json) == DUR_JSON_OBJECT) {
    while (dur_json_next(&json) == DUR_JSON_KEY) {
      if (dur_json_text_is(&json, "arn")) {
        assert_int_equal(dur_json_next(&json), DUR_JSON_STRING);
        arn = json.text;
        continue;
      }
      assert_true(dur_json_text_is(&json, "result"));
      int parsed = dur_arn_parse(arn, &parts);
      int kind = dur_json_next(&json);
      assert_int_equal(parsed, kind == DUR_JSON_ARRAY);
      if (kind == DUR_JSON_ARRAY) {
        expect_text(&json, parts.function);
        expect_text(&json, parts.name);
        expect_text(&json, parts.id);
        assert_int_equal(dur_json_next(&json), DUR_JSON_ARRAY_END);
      }
      rows++;
    }
  }
  assert_int_equal(json.token, DUR_JSON_ARRAY_END);
  assert_true(rows >= 5);
  free((void *)all.data);
}

static void every_part_is_found(void **state) {
  (void)state;
  dur_arn a;
  assert_true(dur_arn_parse(DUR_LIT("arn:aws:lambda:us-east-1:123456789012:"
                                    "function:myFn:$LATEST.PUBLISHED/"
                                    "durable-execution/name_1/id-2"),
                            &a));
  assert_bytes(a.partition, "aws");
  assert_bytes(a.region, "us-east-1");
  assert_bytes(a.account, "123456789012");
  assert_bytes(a.function, "myFn");
  assert_bytes(a.version, "$LATEST.PUBLISHED");
  assert_bytes(a.name, "name_1");
  assert_bytes(a.id, "id-2");
}

static void a_line_end_stays_in_the_id(void **state) {
  (void)state;
  dur_arn a;
  assert_true(dur_arn_parse(
      DUR_LIT("arn:aws:lambda:r:a:function:f:1/durable-execution/n/i\n"), &a));
  assert_bytes(a.id, "i\n");
}

static void near_misses_are_no_arn(void **state) {
  (void)state;
  static const char *const bad[] = {
      "arn",
      "arn:",
      "ARN:aws:lambda:r:a:function:f:1/durable-execution/n/i",
      "arn::lambda:r:a:function:f:1/durable-execution/n/i",
      "arn:aws:sqs:r:a:function:f:1/durable-execution/n/i",
      "arn:aws:lambda:r:function:f:1/durable-execution/n/i",
      "arn:aws:lambda:r:a:layer:f:1/durable-execution/n/i",
      "arn:aws:lambda:r:a:function::1/durable-execution/n/i",
      "arn:aws:lambda:r:a:function:f/g:1/durable-execution/n/i",
      "arn:aws:lambda:r:a:function:f:/durable-execution/n/i",
      "arn:aws:lambda:r:a:function:f:1:2/durable-execution/n/i",
      "arn:aws:lambda:r:a:function:f:1/execution/n/i",
      "arn:aws:lambda:r:a:function:f:1/durable-execution/n",
      "arn:aws:lambda:r:a:function:f:1/durable-execution//i",
      "arn:aws:lambda:r:a:function:f:1/durable-execution/n/",
      "arn:aws:lambda:r:a:function:f:1/durable-execution/n/i/j",
      " arn:aws:lambda:r:a:function:f:1/durable-execution/n/i",
  };
  dur_arn a;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    if (dur_arn_parse(dur_cstr(bad[i]), &a))
      fail_msg("taken: %s", bad[i]);
  }
}

static void the_last_segment_is_the_execution_id(void **state) {
  (void)state;
  assert_bytes(dur_arn_last(DUR_LIT("a/b/c")), "c");
  assert_bytes(dur_arn_last(DUR_LIT("only")), "only");
  assert_bytes(dur_arn_last(DUR_LIT("a/")), "");
  assert_absent(dur_arn_last(DUR_NONE));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_vectors_parse_as_recorded),
      cmocka_unit_test(every_part_is_found),
      cmocka_unit_test(a_line_end_stays_in_the_id),
      cmocka_unit_test(near_misses_are_no_arn),
      cmocka_unit_test(the_last_segment_is_the_execution_id),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
