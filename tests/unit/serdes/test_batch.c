/* Batch results: three texts out, the same three in. */
#include "serdes_test.h"

#include "serdes/batch.h"
#include "serdes/tagged.h"

static dur_batch_item items[3];

static dur_batch batch(const char *first_result) {
  items[0] = (dur_batch_item){.index = 0,
                              .status = DUR_ITEM_SUCCEEDED,
                              .result = dur_cstr(first_result)};
  items[1] = (dur_batch_item){
      .index = 1,
      .status = DUR_ITEM_FAILED,
      .has_error = 1,
      .error = {DUR_LIT("m"), DUR_LIT("T"), DUR_LIT("d"), DUR_LIT("[\"s\"]")}};
  items[2] = (dur_batch_item){.index = 2, .status = DUR_ITEM_STARTED};
  return (dur_batch){items, 3, DUR_LIT("MIN_SUCCESSFUL_REACHED")};
}

static const char *write(const dur_batch *b, dur_batch_form form,
                         dur_form items_are) {
  dur_buf_reset(&buf);
  assert_int_equal(dur_batch_write(&buf, &arena, b, form, items_are, &err), 0);
  return written();
}

#define ERROR_TAGGED                                                           \
  "{\"t\":\"m\",\"v\":{\"ErrorMessage\":{\"t\":\"s\",\"v\":\"m\"},"            \
  "\"ErrorType\":{\"t\":\"s\",\"v\":\"T\"},\"ErrorData\":{\"t\":\"s\","        \
  "\"v\":\"d\"},\"StackTrace\":{\"t\":\"l\",\"v\":[{\"t\":\"s\",\"v\":\"s\"}]" \
  "}}}"
#define TAGGED_TEXT                                                            \
  "{\"t\":\"br\",\"v\":{\"all\":{\"t\":\"l\",\"v\":[{\"t\":\"m\",\"v\":{"      \
  "\"index\":{\"t\":\"i\",\"v\":0},\"status\":{\"t\":\"s\",\"v\":"             \
  "\"SUCCEEDED\"},\"result\":{\"t\":\"m\",\"v\":{\"x\":{\"t\":\"i\",\"v\":1}}" \
  "},\"error\":{\"t\":\"n\",\"v\":null}}},{\"t\":\"m\",\"v\":{\"index\":{"     \
  "\"t\":\"i\",\"v\":1},\"status\":{\"t\":\"s\",\"v\":\"FAILED\"},\"result\":" \
  "{\"t\":\"n\",\"v\":null},\"error\":" ERROR_TAGGED "}},{\"t\":\"m\",\"v\":"  \
  "{\"index\":{\"t\":\"i\",\"v\":2},\"status\":{\"t\":\"s\",\"v\":"            \
  "\"STARTED\"},\"result\":{\"t\":\"n\",\"v\":null},\"error\":{\"t\":\"n\","   \
  "\"v\":null}}}]},\"completionReason\":{\"t\":\"s\",\"v\":"                   \
  "\"MIN_SUCCESSFUL_REACHED\"}}}"
#define ERROR_SPACED                                                           \
  "{\"ErrorMessage\": \"m\", \"ErrorType\": \"T\", \"ErrorData\": \"d\", "     \
  "\"StackTrace\": [\"s\"]}"
#define DICT_TEXT                                                              \
  "{\"all\": [{\"index\": 0, \"status\": \"SUCCEEDED\", \"result\": "          \
  "{\"x\":1}, \"error\": null}, {\"index\": 1, \"status\": \"FAILED\", "       \
  "\"result\": null, \"error\": " ERROR_SPACED "}, {\"index\": 2, "            \
  "\"status\": \"STARTED\", \"result\": null, \"error\": null}], "             \
  "\"completionReason\": \"MIN_SUCCESSFUL_REACHED\"}"
#define JS_TEXT                                                                \
  "{\"all\":[{\"result\":{\"x\":1},\"index\":0,\"status\":\"SUCCEEDED\"},"     \
  "{\"error\":{\"ErrorMessage\":\"m\",\"ErrorType\":\"T\",\"ErrorData\":"      \
  "\"d\",\"StackTrace\":[\"s\"]},\"index\":1,\"status\":\"FAILED\"},"          \
  "{\"index\":2,\"status\":\"STARTED\"}],\"completionReason\":"                \
  "\"MIN_SUCCESSFUL_REACHED\"}"
#define X_TAGGED "{\"t\":\"m\",\"v\":{\"x\":{\"t\":\"i\",\"v\":1}}}"
#define X_PLAIN  "{\"x\":1}"

static void writes_the_three_forms_from_either_kind_of_item(void **state) {
  (void)state;
  dur_batch b = batch(X_TAGGED);
  assert_string_equal(write(&b, DUR_BATCH_TAGGED, DUR_FORM_TAGGED),
                      TAGGED_TEXT);
  assert_string_equal(write(&b, DUR_BATCH_DICT, DUR_FORM_TAGGED), DICT_TEXT);
  assert_string_equal(write(&b, DUR_BATCH_JS, DUR_FORM_TAGGED), JS_TEXT);
  b = batch(X_PLAIN);
  assert_string_equal(write(&b, DUR_BATCH_TAGGED, DUR_FORM_PLAIN), TAGGED_TEXT);
  assert_string_equal(write(&b, DUR_BATCH_DICT, DUR_FORM_PLAIN), DICT_TEXT);
  assert_string_equal(write(&b, DUR_BATCH_JS, DUR_FORM_PLAIN), JS_TEXT);
}

static void wraps_results_that_have_a_plain_form(void **state) {
  (void)state;
  dur_batch b = batch("[1,\"a\"]");
  b.count = 1;
  assert_string_equal(
      write(&b, DUR_BATCH_TAGGED, DUR_FORM_TAGGED),
      "{\"t\":\"br\",\"v\":{\"all\":{\"t\":\"l\",\"v\":[{\"t\":\"m\",\"v\":{"
      "\"index\":{\"t\":\"i\",\"v\":0},\"status\":{\"t\":\"s\",\"v\":"
      "\"SUCCEEDED\"},\"result\":{\"t\":\"l\",\"v\":[{\"t\":\"i\",\"v\":1},"
      "{\"t\":\"s\",\"v\":\"a\"}]},\"error\":{\"t\":\"n\",\"v\":null}}}]},"
      "\"completionReason\":{\"t\":\"s\",\"v\":\"MIN_SUCCESSFUL_REACHED\"}}}");
}

static void copies_results_of_its_own_form_as_they_stand(void **state) {
  (void)state;
  dur_batch b = batch("{ \"x\" : 1.10 }");
  b.count = 1;
  assert_non_null(strstr(write(&b, DUR_BATCH_JS, DUR_FORM_PLAIN),
                         "\"result\":{ \"x\" : 1.10 },"));
}

static void is_read(const char *text, dur_form items_are, const char *result) {
  dur_batch b;
  assert_int_equal(dur_batch_read(&arena, dur_cstr(text), items_are, &b, &err),
                   0);
  assert_true(dur_bytes_is(b.reason, "MIN_SUCCESSFUL_REACHED"));
  assert_int_equal(b.count, 3);
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(b.items[i].index, i);
    assert_int_equal(b.items[i].status, items[i].status);
    assert_int_equal(b.items[i].has_error, items[i].has_error);
  }
  assert_true(dur_bytes_is(b.items[0].result, result));
  assert_null(b.items[1].result.data);
  assert_true(dur_bytes_is(b.items[1].error.message, "m"));
  assert_true(dur_bytes_is(b.items[1].error.type, "T"));
  assert_true(dur_bytes_is(b.items[1].error.data, "d"));
  assert_true(dur_bytes_is(b.items[1].error.stack, "[\"s\"]"));
}

static void reads_the_three_forms_into_either_kind_of_item(void **state) {
  (void)state;
  batch(X_TAGGED);
  is_read(TAGGED_TEXT, DUR_FORM_TAGGED, X_TAGGED);
  is_read(TAGGED_TEXT, DUR_FORM_PLAIN, X_PLAIN);
  is_read(DICT_TEXT, DUR_FORM_TAGGED, X_TAGGED);
  is_read(DICT_TEXT, DUR_FORM_PLAIN, X_PLAIN);
  is_read(JS_TEXT, DUR_FORM_TAGGED, X_TAGGED);
  is_read(JS_TEXT, DUR_FORM_PLAIN, X_PLAIN);
}

static dur_batch read(const char *text, dur_form items_are) {
  dur_batch b;
  assert_int_equal(dur_batch_read(&arena, dur_cstr(text), items_are, &b, &err),
                   0);
  return b;
}

static void a_missing_reason_is_absent(void **state) {
  (void)state;
  assert_null(read("{\"all\":[]}", DUR_FORM_PLAIN).reason.data);
  assert_null(read("{\"t\":\"br\",\"v\":{\"all\":{\"t\":\"l\",\"v\":[]}}}",
                   DUR_FORM_TAGGED)
                  .reason.data);
  dur_batch none = {NULL, 0, DUR_NONE};
  assert_string_equal(write(&none, DUR_BATCH_JS, DUR_FORM_PLAIN),
                      "{\"all\":[]}");
}

static void keys_come_in_any_order_and_others_are_skipped(void **state) {
  (void)state;
  dur_batch b = read("{\"more\":[{}],\"completionReason\":\"X\",\"all\":[{"
                     "\"name\":\"n\",\"status\":\"FAILED\",\"error\":{"
                     "\"Cause\":{\"ErrorType\":\"C\"},\"ErrorType\":\"E\"},"
                     "\"index\":7}]}",
                     DUR_FORM_PLAIN);
  assert_int_equal(b.items[0].index, 7);
  assert_true(dur_bytes_is(b.items[0].error.type, "E"));
  assert_null(b.items[0].error.message.data);
  assert_true(dur_bytes_is(b.reason, "X"));
}

/* What the Python SDK reads leniently: members without an envelope. */
static void members_without_an_envelope_are_taken_as_they_are(void **state) {
  (void)state;
  dur_batch b = read("{\"t\":\"br\",\"v\":{\"all\":[{\"index\":0,\"status\":"
                     "\"SUCCEEDED\",\"result\":{\"plain\":1}},{\"index\":1,"
                     "\"status\":\"SUCCEEDED\",\"result\":5}]}}",
                     DUR_FORM_TAGGED);
  assert_true(
      dur_bytes_is(b.items[0].result,
                   "{\"t\":\"m\",\"v\":{\"plain\":{\"t\":\"i\",\"v\":1}}}"));
  assert_true(dur_bytes_is(b.items[1].result, "5"));
}

static void refuses(const char *text, dur_serdes_code code,
                    const char *message) {
  dur_batch b;
  assert_int_equal(
      dur_batch_read(&arena, dur_cstr(text), DUR_FORM_PLAIN, &b, &err), -1);
  assert_int_equal(err.code, code);
  assert_string_equal(err.message, message);
}

static void refuses_what_is_no_batch(void **state) {
  (void)state;
  refuses("{}", DUR_SERDES_FORM, "$: a batch result needs a list \"all\"");
  refuses("[]", DUR_SERDES_FORM, "$: a batch result needs a list \"all\"");
  refuses("{\"all\":{}}", DUR_SERDES_FORM,
          "$: a batch result needs a list \"all\"");
  refuses("{\"all\":[1]}", DUR_SERDES_FORM, "$.all[0]: expected a batch item");
  refuses("{\"all\":[{\"status\":\"FAILED\"}]}", DUR_SERDES_FORM,
          "$.all[0]: index is missing or out of range");
  refuses("{\"all\":[{\"index\":1000000,\"status\":\"FAILED\"}]}",
          DUR_SERDES_FORM, "$.all[0]: index is missing or out of range");
  refuses("{\"all\":[{\"index\":0,\"status\":\"LOST\"}]}", DUR_SERDES_FORM,
          "$.all[0]: not the status of a batch item");
  refuses("{\"all\":[{\"index\":0,\"status\":\"FAILED\",\"error\":[]}]}",
          DUR_SERDES_FORM, "$.all[0].error: expected an error object");
  refuses("{\"all\":[],\"completionReason\":1}", DUR_SERDES_FORM,
          "$.completionReason: expected a string");
  refuses("{\"all\":[", DUR_SERDES_JSON,
          "Expecting value: line 1 column 9 (char 8)");
}

static void names_the_item_that_does_not_fit(void **state) {
  (void)state;
  dur_batch b = batch("{\"t\":\"m\",\"v\":{\"d\":{\"t\":\"D\",\"v\":"
                      "\"2025-01-02\"}}}");
  assert_int_equal(
      dur_batch_write(&buf, &arena, &b, DUR_BATCH_JS, DUR_FORM_TAGGED, &err),
      -1);
  assert_string_equal(err.message,
                      "$.all[0].result.d: date cannot be stored as plain JSON");
  b = batch("not json");
  dur_buf_reset(&buf);
  assert_int_equal(
      dur_batch_write(&buf, &arena, &b, DUR_BATCH_JS, DUR_FORM_PLAIN, &err),
      -1);
  assert_int_equal(err.code, DUR_SERDES_JSON);
  b = batch("{\"x\":1}");
  dur_buf_reset(&buf);
  assert_int_equal(dur_batch_write(&buf, &arena, &b, DUR_BATCH_TAGGED,
                                   DUR_FORM_TAGGED, &err),
                   -1);
  assert_int_equal(err.code, DUR_SERDES_FORM);
  assert_string_equal(err.path, "$.all[0].result");
}

/* What cannot be read again must not be stored. */
static void results_that_nest_too_deeply_in_a_batch_are_refused(void **state) {
  (void)state;
  enum { AROUND = 3, DEPTH = DUR_JSON_MAX_DEPTH - AROUND };
  char text[2 * (DEPTH + 1) + 1] = "";
  memset(text, '[', DEPTH);
  memset(text + DEPTH, ']', DEPTH);
  dur_batch b = batch(text), back;
  write(&b, DUR_BATCH_JS, DUR_FORM_PLAIN);
  assert_int_equal(
      dur_batch_read(&arena, dur_buf_view(&buf), DUR_FORM_PLAIN, &back, &err),
      0);
  memset(text, '[', DEPTH + 1);
  memset(text + DEPTH + 1, ']', DEPTH + 1);
  dur_buf_reset(&buf);
  b = batch(text);
  assert_int_equal(
      dur_batch_write(&buf, &arena, &b, DUR_BATCH_JS, DUR_FORM_PLAIN, &err),
      -1);
  assert_int_equal(err.code, DUR_SERDES_LIMIT);
}

static void ten_thousand_items_come_back(void **state) {
  (void)state;
  enum { COUNT = 10000 };
  dur_batch_item *many = dur_arena_calloc(&arena, COUNT * sizeof *many);
  for (uint32_t i = 0; i < COUNT; i++)
    many[i] = (dur_batch_item){
        .index = i, .status = DUR_ITEM_SUCCEEDED, .result = DUR_LIT("1")};
  dur_batch b = {many, COUNT, DUR_LIT("ALL_COMPLETED")};
  write(&b, DUR_BATCH_TAGGED, DUR_FORM_TAGGED);
  dur_batch back;
  assert_int_equal(
      dur_batch_read(&arena, dur_buf_view(&buf), DUR_FORM_TAGGED, &back, &err),
      0);
  assert_int_equal(back.count, COUNT);
  assert_true(dur_bytes_is(back.items[COUNT - 1].result, "1"));
}

static int write_and_read(void) {
  dur_batch b = batch("[1,2]"), back;
  if (dur_batch_write(&buf, &arena, &b, DUR_BATCH_TAGGED, DUR_FORM_PLAIN, &err))
    return -1;
  return dur_batch_read(&arena, dur_buf_view(&buf), DUR_FORM_PLAIN, &back,
                        &err);
}

static void survives_every_failed_allocation(void **state) {
  (void)state;
  fail_each_allocation(write_and_read);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
      TEST(writes_the_three_forms_from_either_kind_of_item),
      TEST(wraps_results_that_have_a_plain_form),
      TEST(copies_results_of_its_own_form_as_they_stand),
      TEST(reads_the_three_forms_into_either_kind_of_item),
      TEST(a_missing_reason_is_absent),
      TEST(keys_come_in_any_order_and_others_are_skipped),
      TEST(members_without_an_envelope_are_taken_as_they_are),
      TEST(refuses_what_is_no_batch),
      TEST(names_the_item_that_does_not_fit),
      TEST(results_that_nest_too_deeply_in_a_batch_are_refused),
      TEST(ten_thousand_items_come_back),
      TEST(survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
