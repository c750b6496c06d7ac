/* Map and parallel, live: completion, scheduling, names, ids, early exits. */
#include "branches.h"

/* ---- completion: the decision table, through the engine */

typedef struct row {
  uint32_t set, min, count;
  double percentage;
  const char *cells; /* s1f0 s2f0 s0f1 s1f1 s2f1 s0f2 s2f2 s1f3 s4f0 s0f4 */
} row;

enum {
  MIN = DURABLE_GROUP_SET_MIN_SUCCESSFUL,
  COUNT = DURABLE_GROUP_SET_TOLERATED_FAILURES,
  PERCENT = DURABLE_GROUP_SET_TOLERATED_PERCENTAGE
};

static const row table[] = {
    {0, 0, 0, 0, "ggFFFFFFAF"},
    {COUNT | PERCENT, 0, 0, 0, "ggFFFFFFAF"}, /* all_successful */
    {MIN, 1, 0, 0, "MMgMMgAAAA"},             /* first_successful */
    {PERCENT, 0, 0, 100, "ggggggAAAA"},       /* all_completed */
    {MIN, 2, 0, 0, "gMggMgAAAA"},
    {COUNT, 0, 1, 0, "gggggFFFAF"},
    {PERCENT, 0, 0, 25, "gggggFFFAF"},
    {MIN | COUNT, 2, 1, 0, "gMggMFFFAF"},
    {COUNT | PERCENT, 0, 2, 25, "gggggFFFAF"},
};

static void one_cell(const row *r, int ok, int bad, char expected) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  o.set = r->set;
  o.min_successful = r->min;
  o.tolerated_failures = r->count;
  o.tolerated_percentage = r->percentage;
  sc_open();
  int g = group("m", 4, &o);
  branch b[4];
  for (int i = 0; i < 4; i++) {
    b[i] = spawned(g);
    enter(&b[i]);
  }
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  for (int i = 0; i < ok + bad; i++) {
    ends(&b[i], i < ok);
    assert_int_equal(sc_next(b[i].op), PARK);
  }
  sc_pump(); /* one reply for all: the group sees them at once */
  sc.task = sc.root;
  int answer = sc_next(g);
  const char *reason = expected == 'F'   ? "FAILURE_TOLERANCE_EXCEEDED"
                       : expected == 'A' ? "ALL_COMPLETED"
                       : expected == 'M' ? "MIN_SUCCESSFUL_REACHED"
                                         : "";
  assert_int_equal(answer, expected == 'g' ? PARK : RUN);
  assert_string_equal(reason_of(g), reason);
  assert_int_equal(
      durable_engine_group_count(sc.e, g, DURABLE_STATUS_SUCCEEDED), ok);
  assert_int_equal(durable_engine_group_count(sc.e, g, DURABLE_STATUS_FAILED),
                   bad);
  assert_int_equal(durable_engine_group_count(sc.e, g, DURABLE_STATUS_STARTED),
                   4 - ok - bad);
}

static void decision_table(void **state) {
  static const int cells[10][2] = {{1, 0}, {2, 0}, {0, 1}, {1, 1}, {2, 1},
                                   {0, 2}, {2, 2}, {1, 3}, {4, 0}, {0, 4}};
  (void)state;
  for (size_t r = 0; r < sizeof table / sizeof *table; r++)
    for (int c = 0; c < 10; c++) {
      assert_int_equal(sc_teardown(NULL), 0);
      sc_setup(NULL);
      one_cell(&table[r], cells[c][0], cells[c][1], table[r].cells[c]);
    }
}

/* ---- the trail of a batch */

static void two_branches(void **state) {
  (void)state;
  sc_open();
  int g = group("m", 2, NULL);
  branch a = spawned(g), b = spawned(g);
  assert_int_equal(a.index, 0);
  assert_int_equal(b.index, 1);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  branch *both[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    enter(both[i]);
    int step = sc_step(NULL);
    assert_int_equal(sc_next(step), RUN);
    sc_ok(step, "5");
    assert_int_equal(sc_next(step), PARK);
  }
  sc_pump();
  for (int i = 0; i < 2; i++) {
    assert_true(sc_woken(both[i]->task));
    ends(both[i], 1);
    assert_int_equal(sc_next(both[i]->op), PARK);
  }
  sc_pump();
  for (int i = 0; i < 2; i++) {
    sc.task = both[i]->task;
    assert_int_equal(sc_next(both[i]->op), DONE);
    leaves(both[i]);
  }
  assert_true(sc_woken(sc.root));
  payload(g);
  sc_says(g, DONE);
  sc_sent_is(
      "CONTEXT 1 START, CONTEXT 1.0 START, CONTEXT 1.1 START, STEP 1.0.1 "
      "START, STEP 1.0.1 SUCCEED =5, STEP 1.1.1 START, STEP 1.1.1 SUCCEED =5 | "
      "CONTEXT 1.0 SUCCEED =1, CONTEXT 1.1 SUCCEED =1 | CONTEXT 1 SUCCEED "
      "={'all': [{'index': 0, 'status': 'SUCCEEDED', 'result': 1, 'error': "
      "null}, {'index': 1, 'status': 'SUCCEEDED', 'result': 1, 'error': "
      "null}], 'completionReason': 'ALL_COMPLETED'}");
  assert_string_equal(sc_update(0, "SubType"), "Map");
  assert_string_equal(sc_update(1, "SubType"), "MapIteration");
  assert_string_equal(sc_update(1, "Name"), "map-item-0");
  assert_string_equal(sc_update(2, "ParentId"), "1");
  assert_string_equal(sc_update(5, "ParentId"), "1.1");
  sc.ctx = durable_engine_root_ctx(sc.e);
  assert_int_equal(sc_do(sc_step(NULL), "9"), DONE);
  sc_sent_is("STEP 2 START, STEP 2 SUCCEED =9");
}

static void empty_batch(void **state) {
  (void)state;
  sc_open();
  int g = group(NULL, 0, NULL);
  payload(g);
  sc_says(g, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 SUCCEED ={'all': [], "
             "'completionReason': 'ALL_COMPLETED'}");
  assert_string_equal(reason_of(g), "ALL_COMPLETED");
}

static void parallel_names(void **state) {
  const char *const names[] = {"first", NULL, ""};
  durable_group_options o = options(DURABLE_GROUP_PARALLEL);
  (void)state;
  o.names = names;
  sc_open();
  int g = group("p", 3, &o);
  spawned(g);
  spawned(g);
  spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  sc.now_ms += 100; /* past the linger */
  sc_pump();
  assert_string_equal(sc_update(0, "SubType"), "Parallel");
  assert_string_equal(sc_update(1, "SubType"), "ParallelBranch");
  assert_string_equal(sc_update(1, "Name"), "first");
  assert_string_equal(sc_update(2, "Name"), "parallel-branch-1");
  assert_string_equal(sc_update(3, "Name"), ""); /* kept empty */
}

static void arguments(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  const char *const bad[] = {"\x01"};
  (void)state;
  sc_open();
  o.set = MIN;
  o.min_successful = 3;
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  assert_string_equal(
      durable_engine_error(sc.e),
      "min_successful cannot be greater than total items: 3 > 2");
  o.min_successful = 0;
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  o = options(DURABLE_GROUP_MAP);
  o.set = PERCENT;
  o.tolerated_percentage = 100.5;
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  o.tolerated_percentage = -1;
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  o.tolerated_percentage = 50;
  o.caller_decides = 1;
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  o = options(7);
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  o = options(DURABLE_GROUP_PARALLEL);
  o.set = DURABLE_GROUP_SET_MAX_CONCURRENCY;
  assert_int_equal(group(NULL, 2, &o), DURABLE_E_ARGUMENT);
  assert_string_equal(durable_engine_error(sc.e),
                      "max_concurrency must be at least 1");
  o = options(DURABLE_GROUP_MAP);
  o.names = bad;
  assert_int_equal(group(NULL, 1, &o), DURABLE_E_LIMIT);
  assert_int_equal(group(NULL, 1000001, NULL), DURABLE_E_LIMIT);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE); /* no id was taken */
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED =1");
}

/* ---- scheduling */

static void max_concurrency(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.max_concurrency = 2;
  sc_open();
  int g = group(NULL, 4, &o);
  branch b[4];
  b[0] = spawned(g);
  b[1] = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  enter(&b[1]);
  ends(&b[1], 1);
  sc_says(b[1].op, DONE);
  leaves(&b[1]);
  assert_true(sc_woken(sc.root));
  b[2] = spawned(g);
  assert_int_equal(b[2].index, 2);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
}

/* A suspended branch keeps its slot: the second is not even started. */
static void a_suspended_branch_keeps_its_slot(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.max_concurrency = 1;
  sc_open();
  int g = group(NULL, 2, &o);
  branch b = spawned(g);
  enter(&b);
  int wait = sc_wait(NULL, 5);
  assert_int_equal(sc_next(wait), PARK);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  sc_pump();
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  sc.task = b.task;
  sc_says(wait, SUSPEND);
  assert_int_equal(durable_engine_op_abandon(sc.e, b.op, 0), 0);
  leaves(&b);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), SUSPEND);
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");
  sc_sent_is("CONTEXT 1 START, CONTEXT 1.0 START, WAIT 1.0.1 START 5s");
}

/* ---- early exit */

static void orphans_write_nothing_more(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.set = MIN;
  o.min_successful = 1;
  sc_open();
  int g = group(NULL, 4, &o);
  branch fast = spawned(g), parked = spawned(g), busy = spawned(g);
  enter(&parked);
  int wait = sc_wait(NULL, 60);
  assert_int_equal(sc_next(wait), PARK);
  enter(&busy);
  durable_ctx_id inside = sc.ctx;
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), RUN);
  enter(&fast);
  ends(&fast, 1);
  sc_says(fast.op, DONE);
  leaves(&fast);
  sc_sent();
  payload(g); /* the fourth is never started */
  sc_says(g, DONE);
  assert_true(sc_woken(parked.task)); /* told to unwind */
  assert_string_equal(reason_of(g), "MIN_SUCCESSFUL_REACHED");
  assert_string_equal(items_of(g, 4), "S1 - - .");
  sc_sent_is("CONTEXT 1 SUCCEED ={'all': [{'index': 0, 'status': 'SUCCEEDED', "
             "'result': 1, 'error': null}, {'index': 1, 'status': 'STARTED', "
             "'result': null, 'error': null}, {'index': 2, 'status': "
             "'STARTED', 'result': null, 'error': null}], 'completionReason': "
             "'MIN_SUCCESSFUL_REACHED'}");
  sc.task = parked.task;
  assert_int_equal(sc_next(wait), SUSPEND);
  assert_int_equal(durable_engine_op_abandon(sc.e, parked.op, 0), 0);
  leaves(&parked);
  /* the busy one ends its step, then starts a new operation: Q-4 */
  sc.task = busy.task;
  sc.ctx = inside;
  assert_int_equal(sc_ok(step, "1"), 0);
  assert_int_equal(sc_next(step), SUSPEND);
  int fresh = sc_step(NULL);
  assert_true(fresh > 0);
  assert_int_equal(sc_next(fresh), SUSPEND);
  int late = sc_wait(NULL, 5);
  assert_int_equal(sc_next(late), SUSPEND);
  ends(&busy, 1);
  assert_int_equal(sc_next(busy.op), SUSPEND);
  leaves(&busy);
  sc_pump();
  sc_sent_is("");
  assert_string_equal(items_of(g, 4), "S1 - - .");
  sc.task = sc.root;
  assert_int_equal(sc_return("1"), FINISH);
  sc_sent_is("");
}

/* What was queued before the batch ended is told in one reply with its end. */
static void losers_in_the_same_reply_count(void **state) {
  (void)state;
  sc_open();
  int g = group(NULL, 2, NULL);
  branch a = spawned(g), b = spawned(g);
  enter(&a);
  enter(&b);
  ends(&a, 0);
  ends(&b, 1);
  assert_int_equal(sc_next(b.op), PARK);
  sc_pump();
  payload(g);
  assert_string_equal(reason_of(g), "FAILURE_TOLERANCE_EXCEEDED");
  assert_string_equal(items_of(g, 2), "F S1");
}

static void a_failed_item(void **state) {
  (void)state;
  sc_open();
  int g = group(NULL, 1, NULL);
  branch a = spawned(g);
  enter(&a);
  ends(&a, 0);
  sc_says(a.op, DONE);
  sc_error_is(a.op, "ChildContextError|E|bad");
  payload(g);
  sc_says(g, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1.0 START, CONTEXT 1.0 FAIL !E:bad | "
             "CONTEXT 1 SUCCEED ={'all': [{'index': 0, 'status': 'FAILED', "
             "'result': null, 'error': {'ErrorMessage': 'bad', 'ErrorType': "
             "'E'}}], 'completionReason': 'FAILURE_TOLERANCE_EXCEEDED'}");
  assert_int_equal(durable_engine_op_status(sc.e, g), DURABLE_STATUS_SUCCEEDED);
}

static void the_payload_fails(void **state) {
  (void)state;
  sc_open();
  int g = group(NULL, 0, NULL);
  sc_says(g, RUN);
  sc_fails(g, "SerDesError", "no", 0);
  sc_says(g, DONE);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1 FAIL !SerDesError:no");
  sc_error_is(g, "ChildContextError|SerDesError|no");
}

/* ---- flat */

static void flat_branches(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.flat = 1;
  sc_open();
  int g = group(NULL, 2, &o);
  branch a = spawned(g), b = spawned(g);
  enter(&a);
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), RUN);
  sc_ok(step, "1");
  sc_says(step, DONE);
  ends(&a, 1);
  assert_int_equal(sc_next(a.op), DONE); /* at once */
  leaves(&a);
  enter(&b);
  ends(&b, 1);
  assert_int_equal(sc_next(b.op), DONE);
  leaves(&b);
  payload(g);
  sc_says(g, DONE);
  assert_int_equal(sc_updates(), 4); /* no CONTEXT of a branch */
  assert_string_equal(sc_update(1, "Id"), sc_id("1.0.1")); /* as nested */
  assert_string_equal(sc_update(1, "ParentId"), "1");
}

/* ---- a predicate of the caller's */

static void decide(int g, int decision) {
  assert_int_equal(durable_engine_op_decide(sc.e, g, decision, 0), 0);
}

static void the_caller_decides(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.caller_decides = 1;
  o.max_concurrency = 2;
  sc_open();
  int g = group(NULL, 3, &o);
  assert_int_equal(sc_next(g), DECIDE); /* before anything runs */
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  assert_int_equal(durable_engine_op_decision(sc.e, g, &d), 0);
  assert_int_equal(d.what, DURABLE_DECISION_COMPLETION);
  assert_int_equal(d.total, 3);
  assert_int_equal(d.started, 0);
  decide(g, DURABLE_DECIDE_CONTINUE);
  branch a = spawned(g), b = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  enter(&a);
  ends(&a, 0);
  sc_says(a.op, DONE);
  leaves(&a);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), DECIDE);
  assert_int_equal(durable_engine_op_decision(sc.e, g, &d), 0);
  assert_int_equal(d.succeeded, 0);
  assert_int_equal(d.failed, 1);
  assert_int_equal(d.started, 2);
  decide(g, DURABLE_DECIDE_CONTINUE);
  branch c = spawned(g);
  enter(&b);
  ends(&b, 1);
  sc_says(b.op, DONE);
  leaves(&b);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), DECIDE);
  decide(g, DURABLE_DECIDE_STOP);
  payload(g);
  assert_string_equal(reason_of(g), "CUSTOM_COMPLETION_SUCCEEDED");
  assert_string_equal(items_of(g, 3), "F S1 -");
  assert_true(c.task > 0);
}

static void the_caller_fails_the_batch(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.caller_decides = 1;
  sc_open();
  int g = group(NULL, 1, &o);
  assert_int_equal(sc_next(g), DECIDE);
  decide(g, DURABLE_DECIDE_FAIL);
  payload(g);
  assert_string_equal(reason_of(g), "CUSTOM_COMPLETION_FAILED");
}

static void a_predicate_that_never_stops(void **state) {
  durable_group_options o = options(DURABLE_GROUP_MAP);
  (void)state;
  o.caller_decides = 1;
  sc_open();
  int g = group(NULL, 1, &o);
  assert_int_equal(sc_next(g), DECIDE);
  decide(g, DURABLE_DECIDE_CONTINUE);
  branch a = spawned(g);
  enter(&a);
  ends(&a, 0); /* no tolerance but the predicate's */
  sc_says(a.op, DONE);
  leaves(&a);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), DECIDE);
  decide(g, DURABLE_DECIDE_CONTINUE);
  payload(g);
  assert_string_equal(reason_of(g), "ALL_COMPLETED");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(decision_table),
      SC_TEST(two_branches),
      SC_TEST(empty_batch),
      SC_TEST(parallel_names),
      SC_TEST(arguments),
      SC_TEST(max_concurrency),
      SC_TEST(a_suspended_branch_keeps_its_slot),
      SC_TEST(orphans_write_nothing_more),
      SC_TEST(losers_in_the_same_reply_count),
      SC_TEST(a_failed_item),
      SC_TEST(the_payload_fails),
      SC_TEST(flat_branches),
      SC_TEST(the_caller_decides),
      SC_TEST(the_caller_fails_the_batch),
      SC_TEST(a_predicate_that_never_stops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
