/* The two API calls: targets, checkpoint requests, pages of operations. */
#include "wire_test.h"

/* What the callbacks were given. */
typedef struct seen {
  int count, stop_at;
  dur_operation op[4];
  dur_update update[4];
} seen;

static int on_operation(void *user, const dur_operation *op) {
  seen *s = user;
  assert_true(s->count < 4);
  s->op[s->count++] = *op;
  return s->count == s->stop_at;
}

static int on_update(void *user, const dur_update *update) {
  seen *s = user;
  assert_true(s->count < 4);
  s->update[s->count++] = *update;
  return s->count == s->stop_at;
}

static void targets_are_percent_encoded(void **state) {
  (void)state;
  bench b;
  bench_init(&b);
  dur_bytes arn = DUR_LIT("arn:aws:lambda:r:1:function:f:$LATEST/"
                          "durable-execution/n_1/i-2");
#define ENCODED                                                                \
  "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Ar%3A1%3Afunction%3Af"   \
  "%3A%24LATEST%2Fdurable-execution%2Fn_1%2Fi-2"
  dur_checkpoint_target(&b.buf, arn);
  assert_bytes(written(&b), ENCODED "/checkpoint");
  bench_again(&b, 0);
  dur_state_target(&b.buf, arn, DUR_LIT("a+b/c=="), DUR_LIT("m&1"));
  assert_bytes(written(&b),
               ENCODED "/state?CheckpointToken=a%2Bb%2Fc%3D%3D&Marker=m%261&"
                       "MaxItems=1000");
  bench_again(&b, 0);
  dur_state_target(&b.buf, arn, DUR_LIT("t"), DUR_LIT(""));
  assert_bytes(written(&b), ENCODED "/state?CheckpointToken=t&MaxItems=1000");
  bench_drop(&b);
}

/* ---- the request */

static void a_request_is_written_as_recorded(void **state) {
  (void)state;
  bench b;
  dur_update u = {.id = DUR_LIT("i"),
                  .type = DUR_TYPE_STEP,
                  .action = DUR_ACTION_START,
                  .name = DUR_LIT("s1"),
                  .sub_type = DUR_LIT("Step")};
  bench_init(&b);
  dur_checkpoint_begin(&b.out, DUR_LIT("VG9r"));
  dur_update_write(&b.out, &u);
  dur_update_write(&b.out, &u);
  dur_checkpoint_end(&b.out, DUR_LIT("54a1b836"));
  assert_bytes(written(&b),
               "{\"CheckpointToken\":\"VG9r\",\"Updates\":["
               "{\"Id\":\"i\",\"Type\":\"STEP\",\"Action\":\"START\",\"Name\":"
               "\"s1\",\"SubType\":\"Step\"},"
               "{\"Id\":\"i\",\"Type\":\"STEP\",\"Action\":\"START\",\"Name\":"
               "\"s1\",\"SubType\":\"Step\"}],\"ClientToken\":\"54a1b836\"}");
  bench_again(&b, 0);
  dur_checkpoint_begin(&b.out, DUR_LIT("VG9r"));
  dur_checkpoint_end(&b.out, DUR_LIT("c"));
  assert_bytes(written(&b), "{\"CheckpointToken\":\"VG9r\",\"Updates\":[],"
                            "\"ClientToken\":\"c\"}");
  bench_again(&b, 0);
  dur_checkpoint_begin(&b.out, DUR_LIT("VG9r"));
  dur_checkpoint_end(&b.out, DUR_NONE);
  assert_bytes(written(&b), "{\"CheckpointToken\":\"VG9r\",\"Updates\":[]}");
  bench_drop(&b);
}

static int read_request(bench *b, const char *text, seen *s, dur_checkpoint *r,
                        const char **why) {
  *why = NULL;
  return dur_checkpoint_read(dur_cstr(text), &b->arena, on_update, s, r, why);
}

static void a_request_is_read(void **state) {
  (void)state;
  bench b;
  seen s = {0};
  dur_checkpoint r;
  const char *why;
  bench_init(&b);
  assert_int_equal(
      read_request(&b,
                   "{\"Updates\":[{\"Id\":\"a\",\"Type\":\"WAIT\",\"Action\":"
                   "\"START\",\"WaitOptions\":{\"WaitSeconds\":3}},{\"Id\":"
                   "\"b\",\"Type\":\"STEP\",\"Action\":\"FAIL\"}],"
                   "\"ClientToken\":\"c\",\"CheckpointToken\":\"t\",\"X\":1}",
                   &s, &r, &why),
      0);
  assert_bytes(r.token, "t");
  assert_bytes(r.client_token, "c");
  assert_int_equal(s.count, 2);
  assert_true(s.update[0].wait_s == 3);
  assert_bytes(s.update[1].id, "b");
  s = (seen){0};
  assert_int_equal(read_request(&b, "{\"Updates\":null}", &s, &r, &why), 0);
  assert_int_equal(s.count, 0);
  assert_absent(r.token);
  assert_absent(r.client_token);
  bench_drop(&b);
}

static void a_bad_request_says_why(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"[]", "the request is not a JSON object"},
      {"{\"CheckpointToken\":1}",
       "the request's CheckpointToken is not a string"},
      {"{\"ClientToken\":[]}", "the request's ClientToken is not a string"},
      {"{\"Updates\":{}}", "the request's Updates is not an array"},
      {"{\"Updates\":[1]}", "OperationUpdate is not an object"},
      {"{\"Updates\":[null]}", "OperationUpdate is not an object"},
      {"{\"Updates\":[{}]}", "OperationUpdate.Id is missing"},
  };
  bench b;
  dur_checkpoint r;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    seen s = {0};
    assert_int_equal(read_request(&b, rows[i].text, &s, &r, &why), -1);
    assert_string_equal(why, rows[i].why);
  }
  seen s = {.stop_at = 1};
  assert_int_equal(
      read_request(&b,
                   "{\"Updates\":[{\"Id\":\"a\",\"Type\":\"T\",\"Action\":\"A\""
                   "},{\"Id\":\"b\",\"Type\":\"T\",\"Action\":\"A\"}]}",
                   &s, &r, &why),
      -1);
  assert_int_equal(s.count, 1);
  assert_null(why);
  bench_drop(&b);
}

/* ---- pages */

static int read_page(bench *b, const char *text, int state, seen *s,
                     dur_state_page *page, const char **why) {
  *why = NULL;
  return dur_page_read(dur_cstr(text), state, &b->arena, on_operation, s, page,
                       why);
}

#define OP(id)                                                                 \
  "{\"Id\":\"" id "\",\"Type\":\"STEP\",\"StartTimestamp\":1735689600.123,"    \
  "\"Status\":\"STARTED\"}"

static void both_pages_are_read(void **state) {
  (void)state;
  bench b;
  seen s = {0};
  dur_state_page page;
  const char *why;
  bench_init(&b);
  assert_int_equal(read_page(&b,
                             "{\"CheckpointToken\":\"t\",\"NewExecutionState\":"
                             "{\"Operations\":[" OP("a") "," OP(
                                 "b") "],"
                                      "\"NextMarker\":\"m\"}}",
                             0, &s, &page, &why),
                   0);
  assert_bytes(page.token, "t");
  assert_bytes(page.next_marker, "m");
  assert_int_equal(s.count, 2);
  assert_true(s.op[0].start_ms == 1735689600123);
  s = (seen){0};
  assert_int_equal(
      read_page(&b, "{\"Operations\":[" OP("c") "]}", 1, &s, &page, &why), 0);
  assert_int_equal(s.count, 1);
  assert_bytes(s.op[0].id, "c");
  assert_absent(page.token);
  assert_absent(page.next_marker);
  bench_drop(&b);
}

static void what_a_page_lacks_is_absent(void **state) {
  (void)state;
  static const char *const empty[] = {
      "{}",
      "{\"CheckpointToken\":null,\"NewExecutionState\":null}",
      "{\"CheckpointToken\":\"\",\"NewExecutionState\":{}}",
      "{\"NewExecutionState\":{\"Operations\":null,\"NextMarker\":null}}",
      "{\"NewExecutionState\":{\"Operations\":[],\"NextMarker\":\"\"}}",
      /* a state page in the place of a checkpoint's: nothing of it is ours */
      "{\"Operations\":[" OP("a") "]}",
  };
  bench b;
  dur_state_page page;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
    seen s = {0};
    assert_int_equal(read_page(&b, empty[i], 0, &s, &page, &why), 0);
    assert_int_equal(s.count, 0);
    assert_absent(page.token);
    assert_absent(page.next_marker);
  }
  bench_drop(&b);
}

static void a_bad_page_says_why(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int state;
    const char *why;
  } rows[] = {
      {"\"x\"", 0, "the response is not a JSON object"},
      {"null", 1, "the response is not a JSON object"},
      {"{\"CheckpointToken\":1}", 0,
       "the response's CheckpointToken is not a string"},
      {"{\"NewExecutionState\":[]}", 0,
       "the response's NewExecutionState is not an object"},
      {"{\"Operations\":{}}", 1, "the response's Operations is not an array"},
      {"{\"NextMarker\":1}", 1, "the response's NextMarker is not a string"},
      {"{\"Operations\":[1]}", 1, "Operation is not an object"},
      {"{\"Operations\":[{\"Id\":\"i\"}]}", 1, "Operation.Type is missing"},
  };
  bench b;
  dur_state_page page;
  const char *why;
  bench_init(&b);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    seen s = {0};
    assert_int_equal(
        read_page(&b, rows[i].text, rows[i].state, &s, &page, &why), -1);
    assert_string_equal(why, rows[i].why);
  }
  const char *cut[] = {"",      "{",   "{\"Operations\":[" OP("a"),
                       "{} {}", "{}x", "<html>"};
  for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
    seen s = {0};
    assert_int_equal(read_page(&b, cut[i], 1, &s, &page, &why), -1);
    assert_non_null(why);
  }
  bench_drop(&b);
}

static void a_callback_stops_the_page(void **state) {
  (void)state;
  bench b;
  seen s = {.stop_at = 1};
  dur_state_page page;
  const char *why;
  bench_init(&b);
  assert_int_equal(read_page(&b, "{\"Operations\":[" OP("a") "," OP("b") "]}",
                             1, &s, &page, &why),
                   -1);
  assert_int_equal(s.count, 1);
  assert_null(why);
  /* none to call is as good as one that takes everything */
  assert_int_equal(dur_page_read(DUR_LIT("{\"Operations\":[" OP("a") "]}"), 1,
                                 &b.arena, NULL, NULL, &page, &why),
                   0);
  bench_drop(&b);
}

static void pages_are_written(void **state) {
  (void)state;
  bench b;
  dur_operation op = {.id = DUR_LIT("a"),
                      .type = DUR_TYPE_STEP,
                      .status = DUR_STATUS_STARTED,
                      .start_ms = 1735689600123};
  bench_init(&b);
  dur_page_begin(&b.out, 0, DUR_LIT("t"));
  dur_operation_write(&b.out, &op, DUR_TIME_S);
  dur_page_end(&b.out, 0, DUR_NONE);
  assert_bytes(written(&b), "{\"CheckpointToken\":\"t\",\"NewExecutionState\":{"
                            "\"Operations\":[" OP("a") "]}}");
  bench_again(&b, 0);
  dur_page_begin(&b.out, 0, DUR_NONE);
  dur_page_end(&b.out, 0, DUR_NONE);
  assert_bytes(written(&b), "{\"NewExecutionState\":{\"Operations\":[]}}");
  bench_again(&b, 0);
  dur_page_begin(&b.out, 1, DUR_LIT("never written"));
  dur_operation_write(&b.out, &op, DUR_TIME_S);
  dur_page_end(&b.out, 1, DUR_LIT("3:100"));
  assert_bytes(written(&b),
               "{\"Operations\":[" OP("a") "],\"NextMarker\":\"3:100\"}");
  bench_drop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(targets_are_percent_encoded),
      cmocka_unit_test(a_request_is_written_as_recorded),
      cmocka_unit_test(a_request_is_read),
      cmocka_unit_test(a_bad_request_says_why),
      cmocka_unit_test(both_pages_are_read),
      cmocka_unit_test(what_a_page_lacks_is_absent),
      cmocka_unit_test(a_bad_page_says_why),
      cmocka_unit_test(a_callback_stops_the_page),
      cmocka_unit_test(pages_are_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
