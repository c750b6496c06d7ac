/* Replay: whose code still replays, what does not match the record, pages of
 * state, and the dialects of the other SDKs. */
#include "branches.h"

/* ---- whose code still replays */

static char lines[128];

static void line(const char *what, durable_ctx_id ctx) {
  if (durable_engine_ctx_is_replaying(sc.e, ctx) == 0) {
    strcat(lines, what);
    strcat(lines, " ");
  }
}

static int step_in(const char *name, const char *log) {
  int op = sc_step(name);
  int answer = sc_go(op);
  if (answer != RUN)
    return answer;
  line(log, sc.ctx);
  sc_ok(op, "1");
  return sc_go(op);
}

/* log A; step s1; log B; wait w; log C; step s2; log D;
 * child kid { log cA; step cs; log cB }; log E */
static const char *program(void) {
  lines[0] = '\0';
  durable_ctx_id root = sc.ctx;
  line("A", root);
  if (step_in("s1", "s1") != DONE)
    return lines;
  line("B", root);
  if (sc_go(sc_wait("w", 5)) != DONE)
    return lines;
  line("C", root);
  if (step_in("s2", "s2") != DONE)
    return lines;
  line("D", root);
  int kid = sc_child("kid");
  int answer = sc_go(kid);
  if (answer == RUN) {
    sc_into(kid);
    line("cA", sc.ctx);
    if (step_in("cs", "cs") != DONE)
      return lines;
    line("cB", sc.ctx);
    sc.ctx = root;
    sc_ok(kid, "1");
    answer = sc_go(kid);
  }
  if (answer == DONE)
    line("E", root);
  return lines;
}

static void first_invocation(void **state) {
  (void)state;
  sc_open();
  assert_string_equal(program(), "A s1 B ");
  sc_unwind();
  sc_again(5000);
  assert_string_equal(program(), "C s2 D cA cs cB E ");
  sc_again(0);
  assert_string_equal(program(), "E "); /* after the last: new again */
}

static void rec_s1_and_w(void) {
  sc_rec("STEP", "1", "SUCCEEDED", "'Name':'s1'");
  sc_rec("WAIT", "2", "SUCCEEDED", "'Name':'w'");
}

static void a_retried_step_is_new(void **state) {
  (void)state;
  rec_s1_and_w();
  sc_rec("STEP", "3", "READY", "'Name':'s2','StepDetails':{'Attempt':1}");
  sc_open();
  assert_string_equal(program(), "s2 D cA cs cB E ");
}

static void a_started_child_replays_to_its_first_operation(void **state) {
  (void)state;
  rec_s1_and_w();
  sc_rec("STEP", "3", "SUCCEEDED", "'Name':'s2'");
  sc_rec("CONTEXT", "4", "STARTED", "'Name':'kid'");
  sc_open();
  assert_string_equal(program(), "cs cB E ");
}

static void what_is_done_in_a_started_child_is_quiet(void **state) {
  (void)state;
  rec_s1_and_w();
  sc_rec("STEP", "3", "SUCCEEDED", "'Name':'s2'");
  sc_rec("CONTEXT", "4", "STARTED", "'Name':'kid'");
  sc_rec("STEP", "4.1", "SUCCEEDED", "'Name':'cs'");
  sc_open();
  assert_string_equal(program(), "cB E ");
}

static void a_new_branch_of_a_replayed_group_is_new(void **state) {
  (void)state;
  sc_rec("CONTEXT", "1", "STARTED", "'SubType':'Map'");
  sc_rec("CONTEXT", "1.0", "STARTED",
         "'SubType':'MapIteration','Name':'map-item-0'");
  sc_open();
  int g = group(NULL, 2, NULL);
  branch old = spawned(g), fresh = spawned(g);
  enter(&old);
  assert_int_equal(durable_engine_ctx_is_replaying(sc.e, sc.ctx), 1);
  enter(&fresh);
  assert_int_equal(durable_engine_ctx_is_replaying(sc.e, sc.ctx), 0);
}

static void is_first(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(durable_engine_is_first(sc.e), 1);
  assert_int_equal(durable_engine_ctx_is_replaying(sc.e, sc.ctx), 0);
  assert_int_equal(durable_engine_start_ms(sc.e), 900000);
  durable_bytes input = durable_engine_input(sc.e);
  assert_memory_equal(input.data, "{\"q\":1}", input.len);
  sc_rec("STEP", "1", "STARTED", NULL);
  sc_again(0);
  assert_int_equal(durable_engine_is_first(sc.e), 0);
}

/* ---- pages of state */

static void state_is_read_whole_before_user_code(void **state) {
  (void)state;
  sc.page_items = 2;
  sc.manual = 1;
  for (int i = 1; i <= 5; i++) {
    char path[16];
    snprintf(path, sizeof path, "%d", i);
    sc_rec("STEP", path, "SUCCEEDED", "'StepDetails':{'Result':'1'}");
  }
  sc_open();
  assert_int_equal(sc.ev.kind, SEND);
  assert_int_equal(sc.ev.call, DURABLE_CALL_GET_STATE);
  assert_string_equal(sc.ev.method, "GET");
  assert_non_null(strstr(sc.ev.target.data, "CheckpointToken=token-1"));
  assert_false(sc_woken(sc.root));
  assert_int_equal(sc_step(NULL), DURABLE_E_STATE);
  assert_string_equal(durable_engine_error(sc.e),
                      "the state is not loaded yet");
  while (sc_answer() == 0 && sc_pump() == SEND)
    ;
  assert_true(sc_woken(sc.root));
  sc_sent_is("GET page | GET page");
  for (int i = 0; i < 5; i++)
    assert_int_equal(sc_next(sc_step(NULL)), DONE);
}

static void state_that_cannot_be_read(void **state) {
  (void)state;
  sc.page_items = 2;
  sc.manual = 1;
  sc.options.max_sends = 2;
  sc_rec("STEP", "1", "SUCCEEDED", NULL);
  sc_rec("STEP", "2", "SUCCEEDED", NULL);
  sc_open();
  assert_int_equal(sc_reply(500, "{'Message':'oops'}"), 0);
  assert_int_equal(sc_pump(), NONE);
  sc.now_ms = sc.ev.deadline_ms;
  assert_int_equal(sc_pump(), SEND);
  sc_reply(500, "{'Message':'oops'}");
  assert_int_equal(sc_pump(), ABORT); /* user code never ran */
  assert_non_null(strstr(sc.output, "'errorType':'GetExecutionStateError'"));
}

/* ---- what does not match the record */

typedef int claim_fn(void);

static int a_step(void) {
  return sc_step("s");
}
static int a_wait(void) {
  return sc_wait("s", 5);
}
static int a_child(void) {
  return sc_child("s");
}
static int a_condition(void) {
  return durable_engine_condition(sc.e, sc.task, sc.ctx, "s",
                                  (durable_bytes){"1", 1}, NULL);
}
static int a_virtual_child(void) {
  durable_child_options o = DURABLE_CHILD_OPTIONS_INIT;
  o.is_virtual = 1;
  return durable_engine_child(sc.e, sc.task, sc.ctx, "s", &o);
}

static void mismatches(void **state) {
  static const struct {
    const char *type, *more;
    claim_fn *claim;
    const char *said[2];
  } rows[] = {
      {"WAIT",
       "'Name':'s'",
       a_step,
       {"was recorded as WAIT/Wait \\'s\\' at the root",
        "the code now asks for STEP/Step \\'s\\' at the root"}},
      {"STEP",
       "'Name':'s'",
       a_wait,
       {"recorded as STEP/Step \\'s\\'", "asks for WAIT/Wait \\'s\\'"}},
      {"STEP",
       "'Name':'other'",
       a_step,
       {"recorded as STEP/Step \\'other\\'", "asks for STEP/Step \\'s\\'"}},
      {"STEP",
       "'SubType':'Step'",
       a_step,
       {"recorded as STEP/Step without a name", "asks for STEP/Step \\'s\\'"}},
      {"STEP",
       "'Name':'s'",
       a_condition,
       {"recorded as STEP/Step \\'s\\'", "asks for STEP/WaitForCondition"}},
      {"STEP",
       "'Name':'s','ParentId':'abc'",
       a_step,
       {"\\'s\\' in context abc", "\\'s\\' at the root"}},
      {"CONTEXT",
       "'Name':'s','SubType':'Map'",
       a_child,
       {"recorded as CONTEXT/Map", "asks for CONTEXT/RunInChildContext"}},
      {"CONTEXT",
       "'Name':'s'",
       a_virtual_child,
       {"recorded as CONTEXT/RunInChildContext", "a virtual context"}},
      {"TELEPORT",
       "'Name':'s','SubType':'Beam'",
       a_step,
       {"recorded as TELEPORT/Beam", "asks for STEP/Step"}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(sc_teardown(NULL), 0);
    sc_setup(NULL);
    sc_rec(rows[i].type, "1", "SUCCEEDED", rows[i].more);
    sc_open();
    int op = rows[i].claim();
    sc_drain();
    assert_true(op > 0);
    assert_int_equal(sc_next(op), SUSPEND);
    assert_int_equal(sc_return("1"), FINISH); /* it cannot be swallowed */
    assert_non_null(strstr(sc.output, "'Status':'FAILED'"));
    assert_non_null(
        strstr(sc.output, "'ErrorType':'NonDeterministicExecutionError'"));
    for (int side = 0; side < 2; side++)
      if (!strstr(sc.output, rows[i].said[side]))
        fail_msg("%s is not in %s", rows[i].said[side], sc.output);
    sc_sent_is("");
  }
}

/* Older records have no sub-type. */
static void a_record_without_a_sub_type_matches(void **state) {
  (void)state;
  sc_rec("STEP", "1", "SUCCEEDED", "'Name':'s','SubType':null");
  sc_open();
  assert_int_equal(sc_next(sc_step("s")), DONE);
}

/* ---- plugins on replay */

static void replay_notices(void **state) {
  (void)state;
  sc.options.records = 1;
  sc_rec("WAIT", "1", "SUCCEEDED", NULL); /* settled before: nothing */
  sc_rec("WAIT", "2", "SUCCEEDED", NULL);
  sc_updated("2"); /* settled since: its end is told */
  sc_rec("WAIT", "3", "STARTED", NULL);
  sc_open();
  assert_string_equal(sc_records(), "IS");
  assert_int_equal(sc_next(sc_wait(NULL, 5)), DONE);
  assert_string_equal(sc_records(), "");
  assert_int_equal(sc_next(sc_wait(NULL, 5)), DONE);
  assert_string_equal(sc_records(), "OE");
  sc_wait(NULL, 5);
  assert_string_equal(sc_records(), "OS"); /* replayed, still going on */
  assert_non_null(strstr(sc_record(2), "'is_replayed':true"));
}

/* ---- replay-safe values */

static void safe_values(void **state) {
  char first[3][DURABLE_UUID_SIZE], second[3][DURABLE_UUID_SIZE];
  int64_t randoms[2];
  (void)state;
  for (int run = 0; run < 2; run++) {
    sc_open();
    char(*uuids)[DURABLE_UUID_SIZE] = run ? second : first;
    assert_int_equal(durable_engine_uuid(sc.e, sc.ctx, uuids[0]), 0);
    assert_int_equal(durable_engine_uuid(sc.e, sc.ctx, uuids[1]), 0);
    randoms[run] = durable_engine_random(sc.e, sc.ctx);
    int kid = sc_child(NULL);
    sc_says(kid, RUN);
    sc_into(kid);
    assert_int_equal(durable_engine_uuid(sc.e, sc.ctx, uuids[2]), 0);
  }
  for (int i = 0; i < 3; i++) {
    assert_string_equal(first[i], second[i]);
    assert_int_equal(first[i][14], '4');
    assert_non_null(strchr("89ab", first[i][19]));
  }
  assert_string_not_equal(first[0], first[1]);
  assert_string_not_equal(first[0], first[2]);
  assert_true(randoms[0] == randoms[1]);
  assert_true(randoms[0] >= 0 && randoms[0] < (int64_t)1 << 53);
}

static void now_is_the_latest_end(void **state) {
  (void)state;
  sc_rec("STEP", "1", "SUCCEEDED", "'EndTimestamp':950000");
  sc_rec("STEP", "2", "SUCCEEDED", "'EndTimestamp':940000");
  sc_open();
  assert_true(durable_engine_now_ms(sc.e, sc.ctx) == 900000);
  assert_int_equal(sc_next(sc_step(NULL)), DONE);
  assert_true(durable_engine_now_ms(sc.e, sc.ctx) == 950000);
  assert_int_equal(sc_next(sc_step(NULL)), DONE);
  assert_true(durable_engine_now_ms(sc.e, sc.ctx) == 950000);
}

/* ---- dialects */

static void ids_are(uint32_t dialect, const char *root, const char *inner,
                    const char *branch_path) {
  assert_int_equal(sc_teardown(NULL), 0);
  sc_setup(NULL);
  sc_dialect(dialect);
  sc_open();
  int kid = sc_child("kid");
  durable_ctx_id before = sc.ctx;
  sc_says(kid, RUN);
  sc_into(kid);
  int step = sc_step("s");
  sc_says(step, RUN);
  sc.ctx = before;
  int g = group("m", 2, NULL);
  branch first = spawned(g), second = spawned(g);
  sc_says(g, PARK);
  sc.now_ms += 100;
  sc_pump();
  assert_string_equal(sc_update(0, "Id"), root);
  assert_string_equal(sc_update(1, "Id"), inner);
  assert_string_equal(sc_update(1, "ParentId"), "1");
  assert_string_equal(sc_update(3, "Id"), sc_id(branch_path));
  assert_string_equal(sc_update(3, "ParentId"), "2");
  assert_true(first.op > 0 && second.op > 0);
}

static void ids_of_all_dialects(void **state) {
  (void)state;
  ids_are(DURABLE_DIALECT_PYTHON,
          "1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97",
          "974bfc6321e227b0ff101342eaf19b336f002dc6cc99c18f0941a7755cc20fc4",
          "2.0");
  ids_are(DURABLE_DIALECT_JS, "c4ca4238a0b92382", "ea66c06c1e1c05fa", "2.1");
  ids_are(DURABLE_DIALECT_JAVA,
          "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
          "2ac06c59dbc2f95f867ebb0f4e986076465c3dfd08e9353610dcf46b8b030df6",
          "2.1");
  ids_are(DURABLE_DIALECT_RUST,
          "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
          "59510d91a04a1af467946ec474bb7593d71a8af45f3dc1911dd5b3cbf62478a2",
          "3");
}

/* rust: branches take ids of the context that the group is in. */
static void rust_counts_branches_in_its_context(void **state) {
  (void)state;
  sc_dialect(DURABLE_DIALECT_RUST);
  sc_open();
  int g = group("m", 2, NULL);
  branch a = spawned(g), b = spawned(g);
  branch *both[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    enter(both[i]);
    int step = sc_step(NULL);
    assert_int_equal(sc_next(step), RUN);
    sc_ok(step, "1");
    sc_says(step, DONE);
    ends(both[i], 1);
    sc_says(both[i]->op, DONE);
    leaves(both[i]);
  }
  payload(g);
  sc_says(g, DONE);
  sc.ctx = durable_engine_root_ctx(sc.e);
  sc.task = sc.root;
  sc_sent();
  assert_int_equal(sc_do(sc_step(NULL), "9"), DONE);
  sc_sent_is("STEP 4 START, STEP 4 SUCCEED =9");
  assert_string_equal(sc_update(1, "Id"), sc_id("2"));
  assert_string_equal(sc_update(3, "ParentId"), "2");
}

static void rust_wraps_attempts(void **state) {
  durable_with_retry_options o = DURABLE_WITH_RETRY_OPTIONS_INIT;
  durable_retry_policy fixed = DURABLE_RETRY_POLICY_INIT;
  (void)state;
  assert_int_equal(durable_retry_preset("fixed", &fixed), 0);
  o.retry = &fixed;
  sc_dialect(DURABLE_DIALECT_RUST);
  sc_open();
  int op = durable_engine_with_retry(sc.e, sc.task, sc.ctx, "r", &o);
  sc_says(op, RUN);
  assert_int_equal(durable_engine_op_body(sc.e, op), DURABLE_BODY_ATTEMPT);
  sc_into(op);
  assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  sc_fails(op, "E", "m", 1);
  sc_says(op, SUSPEND);
  sc_sent_is("CONTEXT 1 START, CONTEXT 1.1 START, STEP 1.1.1 START, STEP 1.1.1 "
             "SUCCEED =1 | CONTEXT 1.1 FAIL !E:m | WAIT 1.2 START 5s");
  assert_string_equal(sc_update(1, "Name"), "attempt-1");
  assert_string_equal(sc_update(5, "Name"), "retry-delay-1");
  sc_unwind();
  sc_again(5000);
  op = durable_engine_with_retry(sc.e, sc.task, sc.ctx, "r", &o);
  sc_says(op, RUN); /* the first is on record as failed */
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
  sc_ok(op, "2");
  sc_says(op, DONE);
  sc_result_is(op, "2");
  sc_sent_is("CONTEXT 1.3 START, CONTEXT 1.3 SUCCEED =2 | CONTEXT 1 SUCCEED "
             "=2");
}

static void java_names(void **state) {
  (void)state;
  sc_dialect(DURABLE_DIALECT_JAVA);
  sc_open();
  int op = durable_engine_with_retry(sc.e, sc.task, sc.ctx, NULL, NULL);
  sc_says(op, RUN);
  sc_ok(op, "1");
  sc_says(op, DONE);
  assert_string_equal(sc_update(0, "SubType"), "WithRetry");
  assert_string_equal(sc_update(0, "Name"), "retry");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(first_invocation),
      SC_TEST(a_retried_step_is_new),
      SC_TEST(a_started_child_replays_to_its_first_operation),
      SC_TEST(what_is_done_in_a_started_child_is_quiet),
      SC_TEST(a_new_branch_of_a_replayed_group_is_new),
      SC_TEST(is_first),
      SC_TEST(state_is_read_whole_before_user_code),
      SC_TEST(state_that_cannot_be_read),
      SC_TEST(mismatches),
      SC_TEST(a_record_without_a_sub_type_matches),
      SC_TEST(replay_notices),
      SC_TEST(safe_values),
      SC_TEST(now_is_the_latest_end),
      SC_TEST(ids_of_all_dialects),
      SC_TEST(rust_counts_branches_in_its_context),
      SC_TEST(rust_wraps_attempts),
      SC_TEST(java_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
