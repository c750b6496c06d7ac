/* Records of bodies that are not one operation's own function. */
#include "script.h"

static int count(const char *text, const char *what) {
  int n = 0;
  for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
    n++;
  return n;
}

static const char *record_of(const char *kind, size_t *n) {
  for (;; (*n)++) {
    const char *text = sc_record(*n);
    if (!text || strstr(text, kind))
      return text;
  }
}

static void a_submitter_is_the_step_inside(void **state) {
  size_t n = 0;
  (void)state;
  sc.options.records = 1;
  sc_open();
  int op = durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, "ask", NULL,
                                            NULL);
  sc_says(op, RUN);
  sc_ok(op, NULL);
  sc_go(op);
  assert_int_equal(count(sc_records(), "UE"), 1);
  const char *end = record_of("outcome", &n);
  assert_non_null(end);
  assert_non_null(strstr(end, "ask submitter"));
}

static void a_group_is_one_body(void **state) {
  (void)state;
  sc.options.records = 1;
  sc_open();
  int op = durable_engine_group(sc.e, sc.task, sc.ctx, "none", 0, NULL);
  sc_says(op, RUN);
  sc_ok(op, "[]");
  sc_says(op, DONE);
  const char *kinds = sc_records();
  assert_int_equal(count(kinds, "US"), 1);
  assert_int_equal(count(kinds, "UE"), 1);
  assert_true(strstr(kinds, "US") < strstr(kinds, "UE"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(a_submitter_is_the_step_inside),
      SC_TEST(a_group_is_one_body),
  };
  return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
