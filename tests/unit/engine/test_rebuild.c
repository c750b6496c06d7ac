/* Map and parallel on record: whole payloads, summaries, children. */
#include "branches.h"

static void rec_group(const char *status, const char *details) {
  char more[4096];
  snprintf(more, sizeof more, "'SubType':'Map'%s%s",
           details ? ",'ContextDetails':" : "", details ? details : "");
  sc_rec("CONTEXT", "1", status, more);
}

static void rec_branch(const char *path, const char *status,
                       const char *details) {
  char more[512];
  snprintf(more, sizeof more,
           "'SubType':'MapIteration','Name':'map-item-%s'%s%s", path + 2,
           details ? ",'ContextDetails':" : "", details ? details : "");
  sc_rec("CONTEXT", path, status, more);
}

#define BAD "{'Error':{'ErrorMessage':'bad','ErrorType':'E'}}"

static void the_payload_alone_is_enough(void **state) {
  (void)state;
  rec_group("SUCCEEDED", "{'Result':'the batch'}");
  sc_open();
  int g = group(NULL, 3, NULL);
  assert_int_equal(sc_next(g), DONE);
  sc_result_is(g, "the batch");
  sc_sent_is("");
}

static void other_terminal_records(void **state) {
  (void)state;
  rec_group("FAILED", BAD);
  sc_open();
  int g = group(NULL, 3, NULL);
  assert_int_equal(sc_next(g), DONE);
  sc_error_is(g, "ChildContextError|E|bad");
}

static void started_goes_on(void **state) {
  (void)state;
  rec_group("STARTED", NULL);
  rec_branch("1.0", "SUCCEEDED", "{'Result':'7'}");
  rec_branch("1.1", "STARTED", NULL);
  rec_branch("1.2", "FAILED", BAD);
  sc_open();
  durable_group_options o = options(DURABLE_GROUP_MAP);
  o.set = DURABLE_GROUP_SET_TOLERATED_FAILURES;
  o.tolerated_failures = 1;
  int g = group(NULL, 4, &o);
  branch b = spawned(g); /* those that are over need no task */
  assert_int_equal(b.index, 1);
  branch d = spawned(g);
  assert_int_equal(d.index, 3);
  branch *open[] = {&b, &d};
  for (int i = 0; i < 2; i++) {
    enter(open[i]);
    ends(open[i], 1);
    sc_says(open[i]->op, DONE);
    leaves(open[i]);
  }
  payload(g);
  assert_string_equal(items_of(g, 4), "S7 S1 F S1");
  assert_string_equal(reason_of(g), "ALL_COMPLETED");
}

/* ---- a batch over the limit: summary, then made again */

static void summary_and_rebuild(void **state) {
  (void)state;
  durable_group_options o = options(DURABLE_GROUP_MAP);
  o.set = DURABLE_GROUP_SET_MIN_SUCCESSFUL;
  o.min_successful = 1;
  o.has_summary = 1;
  sc_open();
  int g = group(NULL, 4, &o);
  branch b[3] = {spawned(g), spawned(g), spawned(g)};
  sc.task = sc.root;
  enter(&b[0]);
  ends(&b[0], 0);
  assert_int_equal(sc_next(b[0].op), PARK);
  enter(&b[1]);
  enter(&b[2]);
  ends(&b[2], 1);
  sc_says(b[2].op, DONE);
  sc.task = sc.root;
  sc_says(g, RUN);
  size_t len = 262145;
  char *big = malloc(len);
  memset(big, '1', len);
  assert_int_equal(
      durable_engine_op_succeed(sc.e, g, (durable_bytes){big, len}), 0);
  free(big);
  sc_sent();
  sc_says(g, SUMMARY);
  assert_int_equal(
      durable_engine_op_summary(sc.e, g, (durable_bytes){"mine", 4}), 0);
  sc_says(g, DONE);
  assert_int_equal(durable_engine_op_result(sc.e, g).len, len);
  sc_sent_is(
      "CONTEXT 1 SUCCEED ={'type': 'MapResult', 'totalCount': 3, "
      "'completionReason': 'MIN_SUCCESSFUL_REACHED', 'startedIndexes': [1], "
      "'startedCount': 1, 'successCount': 1, 'failureCount': 1, 'status': "
      "'FAILED', 'itemStatuses': 'F-S', 'summary': 'mine'} children");
  durable_engine_task_end(sc.e, b[0].task);
  durable_engine_task_end(sc.e, b[1].task);
  durable_engine_task_end(sc.e, b[2].task);

  sc_again(0);
  /* the open one has settled since: it is told as it was */
  rec_branch("1.1", "SUCCEEDED", "{'Result':'99'}");
  sc_again(0);
  g = group(NULL, 4, &o);
  payload(g);
  assert_int_equal(sc_next(g), DONE);
  assert_string_equal(items_of(g, 4), "F - S1 .");
  assert_string_equal(reason_of(g), "MIN_SUCCESSFUL_REACHED");
  sc_sent_is("");
}

static void a_branch_stored_as_its_children(void **state) {
  (void)state;
  rec_group("SUCCEEDED", "{'ReplayChildren':true,'Result':'{\\'totalCount\\':"
                         "2,\\'completionReason\\':\\'ALL_COMPLETED\\',"
                         "\\'startedIndexes\\':[]}'}");
  rec_branch("1.0", "SUCCEEDED", "{'ReplayChildren':true,'Result':''}");
  rec_branch("1.1", "SUCCEEDED", "{'Result':'2'}");
  sc_rec("STEP", "1.0.1", "SUCCEEDED", "'StepDetails':{'Result':'5'}");
  sc_open();
  int g = group(NULL, 2, NULL);
  branch b = spawned(g);
  assert_int_equal(b.index, 0);
  enter(&b);
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), DONE);
  sc_result_is(step, "5");
  ends(&b, 1);
  assert_int_equal(sc_next(b.op), DONE);
  leaves(&b);
  payload(g);
  assert_int_equal(sc_next(g), DONE);
  assert_string_equal(items_of(g, 2), "S1 S2");
  sc_sent_is("");
}

/* Older data: the branches' own records are all there is. */
static void without_a_record(void **state) {
  (void)state;
  rec_group("SUCCEEDED", "{'ReplayChildren':true,'Result':''}");
  rec_branch("1.0", "SUCCEEDED", "{'Result':'1'}");
  rec_branch("1.1", "FAILED", BAD);
  rec_branch("1.2", "STARTED", NULL);
  sc_open();
  int g = group(NULL, 3, NULL);
  payload(g);
  assert_int_equal(sc_next(g), DONE);
  assert_string_equal(items_of(g, 3), "S1 F -");
  assert_string_equal(reason_of(g), "FAILURE_TOLERANCE_EXCEEDED");
}

/* Q-14, kept: flat and without a record, all are open. */
static void flat_without_a_record(void **state) {
  (void)state;
  durable_group_options o = options(DURABLE_GROUP_MAP);
  o.flat = 1;
  rec_group("SUCCEEDED", "{'ReplayChildren':true,'Result':''}");
  sc_rec("STEP", "1.0.1", "SUCCEEDED", "'ParentId':'@1'");
  sc_open();
  int g = group(NULL, 2, &o);
  payload(g);
  assert_string_equal(items_of(g, 2), "- -");
  assert_string_equal(reason_of(g), "ALL_COMPLETED");
}

static void flat_with_a_record(void **state) {
  (void)state;
  durable_group_options o = options(DURABLE_GROUP_MAP);
  o.flat = 1;
  rec_group("SUCCEEDED",
            "{'ReplayChildren':true,'Result':'{\\'totalCount\\':2,"
            "\\'completionReason\\':\\'ALL_COMPLETED\\',\\'startedIndexes\\':["
            "]}'}");
  sc_rec("STEP", "1.0.1", "SUCCEEDED",
         "'ParentId':'@1','StepDetails':{'Result':'4'}");
  sc_open();
  int g = group(NULL, 2, &o);
  branch a = spawned(g), b = spawned(g); /* bodies run over their records */
  enter(&a);
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), DONE);
  ends(&a, 1);
  assert_int_equal(sc_next(a.op), DONE);
  enter(&b);
  ends(&b, 0);
  assert_int_equal(sc_next(b.op), DONE);
  leaves(&a);
  leaves(&b);
  payload(g);
  assert_int_equal(sc_next(g), DONE);
  assert_string_equal(items_of(g, 2), "S1 F");
  sc_sent_is("");
}

/* What a branch did not finish shows in no other way than as it was. */
static void more_items_than_the_record_knows(void **state) {
  (void)state;
  rec_group("SUCCEEDED",
            "{'ReplayChildren':true,'Result':'{\\'totalCount\\':1,"
            "\\'completionReason\\':\\'ALL_COMPLETED\\',\\'startedIndexes\\':["
            "]}'}");
  rec_branch("1.0", "SUCCEEDED", "{'Result':'1'}");
  sc_open();
  int g = group(NULL, 5, NULL);
  payload(g);
  assert_string_equal(items_of(g, 5), "S1 . . . .");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(the_payload_alone_is_enough),
      SC_TEST(other_terminal_records),
      SC_TEST(started_goes_on),
      SC_TEST(summary_and_rebuild),
      SC_TEST(a_branch_stored_as_its_children),
      SC_TEST(without_a_record),
      SC_TEST(flat_without_a_record),
      SC_TEST(flat_with_a_record),
      SC_TEST(more_items_than_the_record_knows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
