/* The bridge to cJSON. */
#include "test.h"

#include <stdlib.h>

#include <durable/cjson.h>

static int setup(void **state) {
  return durable_values_new((durable_values **)state, NULL);
}

static int teardown(void **state) {
  durable_values_free(*state);
  return 0;
}

static const durable_value *parse(durable_values *in, const char *text) {
  const durable_value *v = NULL;
  durable_bytes b = {text, strlen(text)};
  assert_int_equal(durable_value_parse(in, DURABLE_FORM_PLAIN, b, &v), 0);
  return v;
}

static void assert_there_and_back(durable_values *in, const char *text) {
  const durable_value *v = parse(in, text);
  cJSON *json = durable_value_to_cjson(in, v);
  assert_non_null(json);
  char *printed = cJSON_PrintUnformatted(json);
  assert_string_equal(printed, text);
  durable_value *back = durable_value_from_cjson(in, json);
  assert_true(durable_value_equal(v, back));
  free(printed);
  cJSON_Delete(json);
}

static void test_trees_go_there_and_back(void **state) {
  assert_there_and_back(*state, "null");
  assert_there_and_back(*state, "[]");
  assert_there_and_back(*state, "{}");
  assert_there_and_back(
      *state, "{\"a\":[1,-2,1.5,true,false,null,\"x\"],\"b\":{\"c\":\"\"}}");
}

static void test_large_integers_keep_their_digits(void **state) {
  assert_there_and_back(*state, "999999999999999");
  assert_there_and_back(*state, "-1000000000000000");
  assert_there_and_back(*state, "9007199254740992");
  assert_there_and_back(*state, "9007199254740993");
  assert_there_and_back(*state, "[-123456789012345678901234567890,{\"n\":1}]");
}

static void test_what_is_lost(void **state) {
  durable_values *in = *state;
  durable_value *back;
  cJSON *json = durable_value_to_cjson(in, parse(in, "1.0"));
  back = durable_value_from_cjson(in, json);
  assert_int_equal(durable_value_kind_of(back), DURABLE_KIND_INT);
  cJSON_Delete(json);
  durable_bytes data = {"ab", 2};
  assert_null(durable_value_to_cjson(
      in, durable_value_data(in, DURABLE_KIND_BYTES, data)));
}

static void test_a_bad_raw_node_is_refused(void **state) {
  durable_values *in = *state;
  cJSON *json = cJSON_CreateArray();
  cJSON_AddItemToArray(json, cJSON_CreateRaw("{nonsense"));
  assert_null(durable_value_from_cjson(in, json));
  cJSON_Delete(json);
}

static void test_depth_is_bounded(void **state) {
  durable_values *in = *state;
  cJSON *json = cJSON_CreateArray();
  for (int i = 0; i < DURABLE_CJSON_DEPTH + 5; i++) {
    cJSON *outer = cJSON_CreateArray();
    cJSON_AddItemToArray(outer, json);
    json = outer;
  }
  assert_null(durable_value_from_cjson(in, json));
  cJSON_Delete(json);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(test_trees_go_there_and_back),
      T(test_large_integers_keep_their_digits),
      T(test_what_is_lost),
      T(test_a_bad_raw_node_is_refused),
      T(test_depth_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
