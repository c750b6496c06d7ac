/* Failed calls: where the code and message come from, and what follows. */
#include "wire_test.h"

#include "vectors.h"

/* Shared vectors, of which one row differs on purpose: they hold a stale token
 * whose message is in lower case for a failure of the execution, because the
 * comparison they record minds the case.  The service writes that very text, so
 * here it is the stale token that it says it is. */
static int differs_on_purpose(const dur_api_error *e) {
  return e->status == 400 &&
         dur_bytes_is(e->code, "InvalidParameterValueException") &&
         dur_bytes_is(e->message, "Invalid checkpoint token");
}

static dur_bytes text_or_null(dur_json *json) {
  if (dur_json_next(json) == DUR_JSON_NULL)
    return DUR_NONE;
  assert_int_equal(json->token, DUR_JSON_STRING);
  assert_false(json->escaped);
  return json->text;
}

static void the_vectors_classify_as_recorded(void **state) {
  (void)state;
  dur_bytes all = test_vectors();
  dur_json json;
  int rows = 0, differing = 0;
  test_vectors_open(&json, all, "api_error_classification");
  while (dur_json_next(&json) == DUR_JSON_OBJECT) {
    dur_api_error e = {0};
    dur_category expected = DUR_CATEGORY_INVOCATION;
    while (dur_json_next(&json) == DUR_JSON_KEY) {
      if (dur_json_text_is(&json, "code")) {
        e.code = text_or_null(&json);
      } else if (dur_json_text_is(&json, "message")) {
        e.message = text_or_null(&json);
      } else if (dur_json_text_is(&json, "category")) {
        expected = dur_bytes_is(text_or_null(&json), "EXECUTION")
                       ? DUR_CATEGORY_EXECUTION
                       : DUR_CATEGORY_INVOCATION;
      } else {
        int64_t status = 0;
        assert_true(dur_json_text_is(&json, "status"));
        if (dur_json_next(&json) == DUR_JSON_NUMBER)
          assert_true(dur_json_int(&json, &status));
        e.status = (int)status;
      }
    }
    rows++;
    if (differs_on_purpose(&e)) {
      assert_int_equal(expected, DUR_CATEGORY_EXECUTION);
      expected = DUR_CATEGORY_INVOCATION;
      differing++;
    }
    if (dur_api_error_category(&e) != expected)
      fail_msg("row %d", rows);
  }
  assert_int_equal(json.token, DUR_JSON_ARRAY_END);
  assert_true(rows >= 15);
  assert_int_equal(differing, 1);
  free((void *)all.data);
}

static void a_stale_token_is_known_by_its_text(void **state) {
  (void)state;
  static const struct {
    const char *code, *message;
    dur_category category;
  } rows[] = {
      {"InvalidParameterValueException", "INVALID CHECKPOINT TOKEN",
       DUR_CATEGORY_INVOCATION},
      {"InvalidParameterValueException", "Invalid checkpoint token: old",
       DUR_CATEGORY_INVOCATION},
      {NULL, "Invalid checkpoint token", DUR_CATEGORY_INVOCATION},
      {"ValidationException", "Invalid checkpoint token",
       DUR_CATEGORY_EXECUTION},
      {"InvalidParameterValueException", "An invalid checkpoint token",
       DUR_CATEGORY_EXECUTION},
      {"InvalidParameterValueException", "Invalid checkpoint",
       DUR_CATEGORY_EXECUTION},
      {"InvalidParameterValueException", NULL, DUR_CATEGORY_EXECUTION},
      {NULL, "something else", DUR_CATEGORY_EXECUTION},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    dur_api_error e = {400, dur_cstr(rows[i].code), dur_cstr(rows[i].message)};
    if (dur_api_error_category(&e) != rows[i].category)
      fail_msg("row %zu", i);
  }
}

static void what_may_pass_is_sent_again(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *code;
    int again;
  } rows[] = {
      {0, NULL, 1},
      {429, "TooManyRequestsException", 1},
      {500, "ServiceException", 1},
      {502, NULL, 1},
      {503, NULL, 1},
      {502, "KMSDisabledException", 0},
      {500, "KMSAccessDeniedException", 0},
      {502, "KMSInvalidStateException", 0},
      {502, "KMSNotFoundException", 0},
      {400, "InvalidParameterValueException", 0},
      {403, NULL, 0},
      {404, NULL, 0},
      {301, NULL, 0},
      {200, NULL, 0},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    dur_api_error e = {rows[i].status, dur_cstr(rows[i].code), DUR_NONE};
    if (dur_api_error_may_resend(&e) != rows[i].again)
      fail_msg("row %zu", i);
  }
}

static void code_and_message_are_found(void **state) {
  (void)state;
  static const struct {
    const char *header, *body, *code, *message;
  } rows[] = {
      {NULL, "{\"Type\":\"A\",\"message\":\"m\"}", "A", "m"},
      {NULL, "{\"Type\":\"A\",\"Message\":\"m\"}", "A", "m"},
      {NULL, "{\"__type\":\"com.amazonaws#B\",\"message\":\"m\"}", "B", "m"},
      {NULL, "{\"code\":\"C\"}", "C", NULL},
      {NULL, "{\"Type\":\"A\",\"__type\":\"B\",\"code\":\"C\"}", "A", NULL},
      {"H", "{\"Type\":\"User\",\"Message\":\"m\"}", "H", "m"},
      {"H:http://internal.amazon.com/coral/", "{}", "H", NULL},
      {"ns#H:http://x#y/", "{}", "H", NULL},
      {"", "{\"Type\":\"A\"}", "A", NULL},
      {NULL,
       "{\"Type\":null,\"code\":7,\"message\":{\"a\":[]},\"Message\":"
       "\"m\"}",
       NULL, "m"},
      {NULL, "{\"message\":\"caf\\u00e9\"}", NULL, "caf\xc3\xa9"},
      {NULL, "", NULL, NULL},
      {NULL, "null", NULL, NULL},
      {NULL, "[\"Type\"]", NULL, NULL},
      {NULL, "<html>Forbidden</html>", NULL, NULL},
      {NULL, "{\"Type\":\"A\",\"message\":\"cut", NULL, NULL},
      {NULL, "{\"Type\":\"A\"} trailing", NULL, NULL},
      {"H", "<html>", "H", NULL},
  };
  bench b;
  dur_api_error e;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    dur_api_error_read(418, dur_cstr(rows[i].header), dur_cstr(rows[i].body),
                       &b.arena, &e);
    assert_int_equal(e.status, 418);
    assert_same(e.code, dur_cstr(rows[i].code));
    assert_same(e.message, dur_cstr(rows[i].message));
  }
  bench_drop(&b);
}

static void a_refusal_is_written_as_the_api_spells_it(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *key;
  } rows[] = {{400, "message"}, {404, "Message"}, {408, "message"},
              {409, "message"}, {429, "message"}, {500, "Message"},
              {503, "Message"}};
  bench b;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char expected[64];
    dur_api_error back;
    dur_api_error e = {rows[i].status, DUR_LIT("SomeException"),
                       DUR_LIT("why \"so\"")};
    snprintf(expected, sizeof(expected),
             "{\"Type\":\"SomeException\",\"%s\":\"why \\\"so\\\"\"}",
             rows[i].key);
    bench_again(&b, 0);
    dur_api_error_write(&b.buf, &e);
    assert_bytes(written(&b), expected);
    dur_api_error_read(e.status, DUR_NONE, written(&b), &b.arena, &back);
    assert_same(back.code, e.code);
    assert_same(back.message, e.message);
  }
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_vectors_classify_as_recorded),
      cmocka_unit_test(a_stale_token_is_known_by_its_text),
      cmocka_unit_test(what_may_pass_is_sent_again),
      cmocka_unit_test(code_and_message_are_found),
      cmocka_unit_test(a_refusal_is_written_as_the_api_spells_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
