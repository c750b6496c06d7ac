/* The driver side: group commit, limits, timers, failures, ending. */
#include "script.h"

static int spare_task(void) {
  int task = durable_engine_task_new(sc.e, durable_engine_root_ctx(sc.e));
  assert_true(task > 0);
  return task;
}

static void ends(int task) {
  assert_int_equal(durable_engine_task_end(sc.e, task), 0);
}

static int callback(void) {
  int op = durable_engine_callback(sc.e, sc.task, sc.ctx, NULL, NULL);
  sc_drain();
  return op;
}

/* ---- group commit */

static void n_sequential_steps_cost_n_calls(void **state) {
  (void)state;
  sc_open();
  for (int i = 0; i < 20; i++)
    assert_int_equal(sc_do(sc_step(NULL), "1"), DONE);
  assert_int_equal(sc.calls, 20);
  assert_int_equal(sc_return("1"), FINISH);
  assert_int_equal(sc.calls, 20);
}

static void a_start_is_held_for_the_linger(void **state) {
  (void)state;
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  assert_int_equal(sc_poll(), NONE);
  assert_true(sc.ev.deadline_ms == sc.now_ms + 20);
  sc.now_ms += 19;
  assert_int_equal(sc_poll(), NONE);
  sc.now_ms += 1;
  sc_pump();
  sc_sent_is("STEP 1 START");
  sc_ok(op, "1");
  sc_says(op, DONE);
  sc_sent_is("STEP 1 SUCCEED =1");
}

static void no_linger(void **state) {
  (void)state;
  sc.options.set |= DURABLE_ENGINE_SET_LINGER; /* 0 */
  sc_open();
  sc_says(sc_step(NULL), RUN);
  sc_pump();
  sc_sent_is("STEP 1 START");
}

/* A blocked caller is never held up while others run. */
static void a_parked_task_is_served_at_once(void **state) {
  (void)state;
  sc_open();
  int busy = spare_task();
  int op = callback();
  sc_says(op, DONE);
  sc_sent_is("CALLBACK 1 START t0 h0");
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), RUN);
  sc_ok(step, "1");
  sc_says(step, DONE);
  assert_int_equal(sc.calls, 2);
  ends(busy);
}

static void parts_of_composed_operations_too(void **state) {
  durable_with_retry_options o = DURABLE_WITH_RETRY_OPTIONS_INIT;
  durable_retry_policy fixed = DURABLE_RETRY_POLICY_INIT;
  (void)state;
  assert_int_equal(durable_retry_preset("fixed", &fixed), 0);
  o.retry = &fixed;
  sc_open();
  spare_task();
  int op =
      durable_engine_wait_for_callback(sc.e, sc.task, sc.ctx, NULL, NULL, NULL);
  sc_says(op, RUN);
  sc_ok(op, NULL);
  assert_int_equal(sc_go(op), PARK); /* the submitter's outcome went out */
  sc_sent_is("CONTEXT 1 START, CALLBACK 1.1 START t0 h0 | STEP 1.2 START, STEP "
             "1.2 SUCCEED");
  int again = durable_engine_with_retry(sc.e, sc.task, sc.ctx, NULL, &o);
  sc_says(again, RUN);
  sc_pump();
  sc.now_ms += 30;
  sc_pump(); /* its START, by the linger */
  sc_sent();
  sc_fails(again, "E", "m", 1);
  assert_int_equal(sc_go(again), PARK);
  sc_sent_is("WAIT 2.1 START 5s");
}

static void what_comes_during_a_call_goes_together(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  int first = callback();
  assert_int_equal(sc_next(first), PARK);
  assert_int_equal(sc_pump(), SEND);
  int task = spare_task();
  sc.task = task;
  int a = callback(), b = callback();
  assert_int_equal(sc_next(a), PARK);
  assert_int_equal(sc_poll(), NONE); /* one request at a time */
  assert_true(b > 0);
  sc_answer();
  assert_int_equal(sc_pump(), SEND);
  sc_sent_is("CALLBACK 1 START t0 h0 | CALLBACK 2 START t0 h0, CALLBACK 3 "
             "START t0 h0");
  sc_answer();
  sc_pump();
  assert_true(sc_woken(task));
  assert_int_equal(sc_next(a), DONE);
}

static void at_most_250_updates(void **state) {
  (void)state;
  sc_open();
  int ops[600];
  for (int i = 0; i < 600; i++)
    ops[i] = callback();
  sc_pump(); /* nobody waits: full batches go, the rest lingers */
  assert_int_equal(sc.calls, 2);
  sc_says(ops[599], DONE);
  assert_int_equal(sc.calls, 3);
  assert_int_equal(sc_updates(), 600);
  for (int i = 0; i < 599; i++)
    assert_int_equal(sc_next(ops[i]), DONE);
}

static int large_step(size_t len) {
  char *text = malloc(len);
  memset(text, '1', len);
  int op = sc_step(NULL);
  assert_int_equal(sc_next(op), RUN);
  assert_int_equal(
      durable_engine_op_succeed(sc.e, op, (durable_bytes){text, len}), 0);
  free(text);
  sc_drain();
  return op;
}

static void at_most_768000_bytes(void **state) {
  (void)state;
  sc_open();
  int ops[4];
  for (int i = 0; i < 4; i++)
    ops[i] = large_step(300000);
  sc_says(ops[3], DONE);
  sc_sent_is("STEP 1 START, STEP 1 SUCCEED =300000 bytes, STEP 2 START, STEP 2 "
             "SUCCEED =300000 bytes, STEP 3 START | STEP 3 SUCCEED =300000 "
             "bytes, STEP 4 START, STEP 4 SUCCEED =300000 bytes");
}

/* */
static void an_oversize_update_goes_alone(void **state) {
  (void)state;
  sc_open();
  int op = large_step(800000);
  assert_int_equal(sc_go(op), DONE);
  sc_sent_is("STEP 1 START | STEP 1 SUCCEED =800000 bytes");
}

/* ---- requests */

static void what_a_request_says(void **state) {
  char token[64];
  (void)state;
  sc.manual = 1;
  sc_open();
  callback();
  assert_int_equal(sc_next(callback()), PARK);
  assert_int_equal(sc_pump(), SEND);
  assert_string_equal(sc.ev.method, "POST");
  assert_int_equal(sc.ev.call, DURABLE_CALL_CHECKPOINT);
  char target[512];
  snprintf(target, sizeof target, "%.*s", (int)sc.ev.target.len,
           sc.ev.target.data);
  assert_string_equal(
      target, "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Aus-east-1%3A"
              "123456789012%3Afunction%3Af%3A1%2Fdurable-execution%2Fn%2Finv-1/"
              "checkpoint");
  assert_memory_equal(sc.ev.updates.data, "[{\"Id\":\"", 8);
  assert_int_equal(sc.ev.updates.data[sc.ev.updates.len - 1], ']');
  assert_int_equal(sc.ev.client_token.len, 64);
  snprintf(token, sizeof token, "%.*s", (int)sc.ev.token.len, sc.ev.token.data);
  assert_string_equal(token, "token-1");
}

/* The same bytes again: the same ClientToken makes it safe. */
static void a_request_without_an_answer_is_sent_again(void **state) {
  char first[4096], second[4096];
  (void)state;
  sc.manual = 1;
  sc_open();
  int op = callback();
  assert_int_equal(sc_next(op), PARK);
  assert_int_equal(sc_pump(), SEND);
  snprintf(first, sizeof first, "%.*s", (int)sc.ev.body.len, sc.ev.body.data);
  uint32_t request = sc.ev.request;
  assert_int_equal(sc_break("connection reset"), 0);
  assert_int_equal(sc_poll(), NONE);
  int64_t when = sc.ev.deadline_ms;
  assert_true(when > sc.now_ms && when <= sc.now_ms + 200);
  sc.now_ms = when;
  assert_int_equal(sc_poll(), SEND);
  snprintf(second, sizeof second, "%.*s", (int)sc.ev.body.len, sc.ev.body.data);
  assert_string_equal(first, second);
  assert_int_not_equal(sc.ev.request, request);
  /* an answer to the old one is refused */
  assert_int_equal(durable_engine_fail(sc.e, request, "late", sc.now_ms),
                   DURABLE_E_ARGUMENT);
  sc_answer();
  sc_pump();
  assert_int_equal(sc_next(op), DONE);
}

static int tries_of(int status, const char *body, int max_sends) {
  sc.manual = 1;
  sc.options.max_sends = (uint32_t)max_sends;
  sc_open();
  int op = callback();
  assert_int_equal(sc_next(op), PARK);
  for (int i = 0; i < 50; i++) {
    int kind = sc_pump();
    if (kind == SEND)
      sc_reply(status, body);
    else if (sc_woken(sc.root))
      break;
    else
      sc.now_ms = sc.ev.deadline_ms;
  }
  assert_int_equal(sc_next(op), SUSPEND);
  return sc.calls;
}

static void refusals(void **state) {
  static const struct {
    int status;
    const char *body;
    int tries, end;
    const char *output; /* a part of it */
  } rows[] = {
      {400,
       "{'Type':'InvalidParameterValueException','message':'Invalid Checkpoint "
       "Token'}",
       1, ABORT, "Invalid Checkpoint Token"},
      {400,
       "{'Type':'InvalidParameterValueException','message':'Invalid checkpoint "
       "token'}",
       1, ABORT, "Invalid checkpoint token"},
      {400,
       "{'Type':'InvalidParameterValueException','message':'STEP output "
       "payload "
       "size must be less'}",
       1, FINISH,
       "{'Status':'FAILED','Error':{'ErrorMessage':'An error occurred "
       "(InvalidParameterValueException) when calling the "
       "CheckpointDurableExecution operation: STEP output payload size must be "
       "less','ErrorType':'CheckpointError'}}"},
      {403, "{'Message':'no'}", 1, FINISH, "CheckpointError"},
      {404, "{'Message':'gone'}", 1, FINISH, "CheckpointError"},
      {502, "{'Type':'KMSAccessDeniedException','Message':'kms'}", 1, FINISH,
       "KMSAccessDeniedException"},
      {429, "{'Type':'TooManyRequestsException','Reason':'r'}", 3, ABORT,
       "TooManyRequestsException"},
      {500, "{'Type':'ServiceException','Message':'oops'}", 3, ABORT, "oops"},
      {503, "not json", 3, ABORT, "503"},
      {200, "not json", 3, ABORT, "unreadable response"},
      {200, "{'CheckpointToken':'t','NewExecutionState':{'Operations':[{", 3,
       ABORT, "unreadable response"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(sc_teardown(NULL), 0);
    sc_setup(NULL);
    assert_int_equal(tries_of(rows[i].status, rows[i].body, 3), rows[i].tries);
    assert_int_equal(sc_unwind(), rows[i].end);
    if (!strstr(sc.output, rows[i].output))
      fail_msg("%s is not in %s", rows[i].output, sc.output);
  }
}

static void five_tries_by_default(void **state) {
  (void)state;
  assert_int_equal(tries_of(500, "{}", 0), 5);
}

/* Poisoned: nothing more is written, whatever user code does. */
static void the_fatal_latch(void **state) {
  (void)state;
  assert_int_equal(tries_of(403, "{'Message':'no'}", 1), 1);
  int op = sc_step(NULL);
  assert_true(op > 0);
  assert_int_equal(sc_next(op), SUSPEND);
  int other = callback();
  assert_int_equal(sc_next(other), SUSPEND);
  assert_int_equal(sc_return("\"swallowed\""), FINISH);
  assert_non_null(strstr(sc.output, "'FAILED'"));
  assert_int_equal(sc.calls, 1);
  assert_int_equal(sc_poll(), DURABLE_E_STATE);
  assert_string_equal(durable_engine_error(sc.e), "the invocation is over");
}

/* ---- replies */

static void pages_are_read_before_anybody_wakes(void **state) {
  (void)state;
  sc.manual = 1;
  sc.page_items = 2;
  sc_open();
  int ops[5];
  for (int i = 0; i < 5; i++)
    ops[i] = callback();
  assert_int_equal(sc_next(ops[0]), PARK);
  assert_int_equal(sc_pump(), SEND);
  sc_answer();
  assert_int_equal(sc_pump(), SEND);
  assert_int_equal(sc.ev.call, DURABLE_CALL_GET_STATE);
  assert_false(sc_woken(sc.root));
  char token[64];
  snprintf(token, sizeof token, "%.*s", (int)sc.ev.token.len, sc.ev.token.data);
  assert_string_equal(token, "token-2"); /* the new one */
  sc_answer();
  while (sc_pump() == SEND)
    sc_answer();
  assert_true(sc_woken(sc.root));
  for (int i = 0; i < 5; i++)
    assert_int_equal(sc_next(ops[i]), DONE);
}

/* Without a token the service has ended the execution: Q-5 */
static void a_reply_without_a_token(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  int op = callback();
  assert_int_equal(sc_next(op), PARK);
  assert_int_equal(sc_pump(), SEND);
  assert_int_equal(sc_reply(200, "{}"), 0);
  sc_pump();
  assert_true(sc_woken(sc.root));
  assert_int_equal(sc_next(op), SUSPEND);
  assert_int_equal(sc_next(sc_step(NULL)), SUSPEND);
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");
  assert_int_equal(sc.calls, 1);
}

static void an_empty_checkpoint_needs_a_token(void **state) {
  (void)state;
  sc.manual = 1;
  sc_rec("WAIT", "1", "STARTED",
         "'WaitDetails':{'ScheduledEndTimestamp':1001000}");
  sc_open();
  int op = sc_wait(NULL, 5);
  spare_task();
  assert_int_equal(sc_next(op), PARK);
  sc.now_ms = 1001000;
  assert_int_equal(sc_pump(), SEND);
  sc_sent_is("-");
  sc_reply(200, "{}");
  sc_pump();
  assert_int_equal(sc_next(op), SUSPEND);
  assert_string_equal(
      durable_engine_error(sc.e),
      "Checkpoint response omitted the token for an empty checkpoint.");
}

/* After the handler's return nothing is sent with a token that is no more. */
static void no_token_while_flushing(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  int op = sc_step(NULL);
  assert_int_equal(sc_next(op), RUN);
  int task = spare_task();
  assert_int_equal(durable_engine_return(sc.e, (durable_bytes){"1", 1}), 0);
  ends(sc.root);
  assert_int_equal(sc_pump(), SEND);
  assert_int_equal(sc_ok(op, "1"), 0); /* still running: accepted */
  sc_reply(200, "{}");
  ends(task);
  assert_int_equal(sc_pump(), FINISH);
  sc_output_is("{'Status':'SUCCEEDED','Result':'1'}");
  assert_int_equal(sc.calls, 1);
}

/* ---- timers in place */

static void timers_of_parked_tasks(void **state) {
  (void)state;
  sc.manual = 1;
  sc_rec("STEP", "1", "PENDING",
         "'StepDetails':{'Attempt':1,'NextAttemptTimestamp':1003000}");
  sc_open();
  int busy = spare_task();
  int op = sc_step(NULL);
  assert_int_equal(sc_next(op), PARK);
  assert_int_equal(sc_pump(), NONE);
  assert_true(sc.ev.deadline_ms == 1003000);
  static const int paces[] = {1000, 2000, 4000, 8000, 10000, 10000};
  for (int i = 0; i < 6; i++) {
    sc.now_ms = sc.ev.deadline_ms;
    assert_int_equal(sc_pump(), SEND);
    sc_sent_is("-");
    char body[64];
    snprintf(body, sizeof body, "{'CheckpointToken':'t%d'}", i); /* not yet */
    assert_int_equal(sc_reply(200, body), 0);
    assert_int_equal(sc_pump(), NONE);
    assert_true(sc.ev.deadline_ms == sc.now_ms + paces[i]);
  }
  sc.now_ms = sc.ev.deadline_ms;
  assert_int_equal(sc_pump(), SEND);
  char body[512];
  snprintf(body, sizeof body,
           "{'CheckpointToken':'u','NewExecutionState':{'Operations':[{'Id':"
           "'%s','Type':'STEP','SubType':'Step','Status':'READY',"
           "'StartTimestamp':900,'StepDetails':{'Attempt':1}}]}}",
           sc_id("1"));
  assert_int_equal(sc_reply(200, body), 0);
  sc_pump();
  assert_true(sc_woken(sc.root));
  assert_int_equal(sc_next(op), RUN);
  assert_int_equal(durable_engine_op_attempt(sc.e, op), 2);
  ends(busy);
}

static void due_timers_share_one_refresh(void **state) {
  (void)state;
  sc_open();
  int task = spare_task();
  int a = sc_wait(NULL, 3), b = sc_wait(NULL, 3);
  assert_int_equal(sc_next(a), PARK);
  sc.task = task;
  assert_int_equal(sc_next(b), PARK);
  spare_task();
  sc_pump();
  sc_woken(sc.root);
  sc_woken(task);
  sc.task = sc.root;
  assert_int_equal(sc_next(a), PARK);
  sc.task = task;
  assert_int_equal(sc_next(b), PARK);
  sc_sent();
  sc_pump();
  sc.now_ms = sc.ev.deadline_ms;
  sc_pump();
  sc_sent_is("-");
  assert_int_equal(sc_next(b), DONE);
  sc.task = sc.root;
  assert_int_equal(sc_next(a), DONE);
}

/* A service clock ahead of ours by a minute: its times are moved. */
static void skew(void **state) {
  (void)state;
  sc.ahead_ms = 60000;
  sc_open();
  spare_task();
  int op = sc_wait(NULL, 5);
  assert_int_equal(sc_go(op), PARK);
  assert_true(sc.ev.deadline_ms == sc.now_ms + 5000);
}

static void stay(void **state) {
  (void)state;
  sc.options.stay_ms = 3000;
  sc_open();
  int op = sc_wait(NULL, 3);
  assert_int_equal(sc_go(op), PARK);
  assert_int_equal(sc.ev.kind, NONE);
  assert_true(sc.ev.deadline_ms == 1003000);
  sc.now_ms = 1003000;
  sc_pump();
  assert_true(sc_woken(sc.root));
  assert_int_equal(sc_next(op), DONE);
  sc_sent_is("WAIT 1 START 3s | -");
  sc_says(sc_wait(NULL, 4), SUSPEND); /* too far away */
  sc_unwind();
  sc_output_is("{'Status':'PENDING'}");
}

static void waiting_on_several(void **state) {
  (void)state;
  sc_open();
  int busy = spare_task();
  int ops[2] = {sc_wait(NULL, 3), sc_wait(NULL, 9)};
  int answer = durable_engine_task_wait(sc.e, sc.task, ops, 2, 0);
  assert_int_equal(answer, PARK);
  sc_pump();
  for (int i = 0; i < 4 && answer == PARK; i++) {
    sc_woken(sc.root);
    answer = durable_engine_task_wait(sc.e, sc.task, ops, 2, 0);
    if (answer != PARK)
      break;
    sc_pump();
    sc.now_ms = sc.ev.deadline_ms;
    sc_pump();
  }
  assert_int_equal(answer, DONE);
  assert_true(sc.now_ms == 1003000);
  assert_int_equal(durable_engine_op_status(sc.e, ops[0]),
                   DURABLE_STATUS_SUCCEEDED);
  assert_int_equal(durable_engine_task_wait(sc.e, sc.task, ops, 2, 1), PARK);
  sc.task = busy;
  ends(busy);
}

static void an_idle_event_loop(void **state) {
  (void)state;
  sc_open();
  int op = sc_wait(NULL, 5);
  sc_pump();
  sc_sent_is(""); /* the loop runs: held */
  assert_int_equal(durable_engine_task_idle(sc.e, sc.root, 1), 0);
  sc_pump();
  sc_sent_is("WAIT 1 START 5s");
  assert_true(sc_woken(sc.root)); /* it has to unwind */
  assert_int_equal(sc_next(op), SUSPEND);
}

/* ---- the deadline */

static void close_to_the_deadline(void **state) {
  (void)state;
  sc.options.deadline_ms = 1010000; /* margin: a tenth of what was left */
  sc_open();
  int busy = spare_task();
  int op = callback();
  sc_says(op, DONE);
  int result = durable_engine_callback_result(sc.e, sc.task, op);
  assert_int_equal(sc_go(result), PARK);
  assert_true(sc.ev.deadline_ms == 1009000);
  sc.now_ms = 1009000;
  sc_pump();
  assert_true(sc_woken(sc.root));
  assert_string_equal(sc_records(), "LOG");
  assert_int_equal(sc_next(result), SUSPEND);
  int step = sc_step(NULL);
  assert_int_equal(sc_next(step), SUSPEND); /* no body is started */
  ends(busy);
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");
  sc_sent_is("CALLBACK 1 START t0 h0");
}

static void the_deadline_with_nothing_pending(void **state) {
  (void)state;
  sc.options.deadline_ms = 1100000;
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  sc.now_ms = 1095000;
  sc_pump();
  assert_int_equal(durable_engine_op_abandon(sc.e, op, 0), 0);
  assert_int_equal(sc_next(op), SUSPEND);
  assert_int_equal(sc_unwind(), ABORT);
  assert_non_null(
      strstr(sc.output, "'errorMessage':'the deadline was reached"));
  assert_non_null(strstr(sc.output, "'errorType':'InvocationError'"));
}

static void a_body_that_ends_in_the_margin_is_kept(void **state) {
  (void)state;
  sc.options.deadline_ms = 1100000;
  sc_open();
  int op = sc_step(NULL);
  sc_says(op, RUN);
  sc.now_ms = 1096000;
  sc_pump();
  sc_sent();
  sc_ok(op, "1");
  sc_says(op, SUSPEND);
  assert_int_equal(sc_unwind(), ABORT);
  sc_sent_is("STEP 1 SUCCEED =1"); /* on record for the next invocation */
}

/* ---- ending */

static void nothing_pending_is_a_failure(void **state) {
  (void)state;
  sc_open();
  int step = sc_step(NULL);
  for (int i = 0; i < 2; i++) { /* the START was answered: look again */
    assert_int_equal(durable_engine_task_wait(sc.e, sc.task, &step, 1, 1),
                     PARK);
    sc_pump();
    assert_true(sc_woken(sc.root));
  }
  assert_int_equal(durable_engine_task_wait(sc.e, sc.task, &step, 1, 1),
                   SUSPEND);
  assert_int_equal(sc_unwind(), FINISH);
  assert_non_null(strstr(sc.output, "'Status':'FAILED'"));
  assert_non_null(strstr(sc.output, "nothing is running"));
}

static void unawaited_operations_change_nothing(void **state) {
  (void)state;
  sc_open();
  sc_wait(NULL, 60);
  int step = sc_step(NULL);
  assert_true(step > 0);
  assert_int_equal(sc_return("'done'"), FINISH);
  sc_sent_is("WAIT 1 START 60s, STEP 2 START");
  sc_output_is("{'Status':'SUCCEEDED','Result':'\\'done\\''}");
}

static void finish_waits_for_all_tasks(void **state) {
  (void)state;
  sc_open();
  int task = spare_task();
  sc.task = task;
  int op = sc_wait(NULL, 60);
  assert_int_equal(sc_next(op), PARK);
  assert_int_equal(sc_return("1"), NONE);
  assert_true(sc_woken(task));
  assert_int_equal(sc_next(op), SUSPEND);
  ends(task);
  assert_int_equal(sc_pump(), FINISH);
}

static void finish_waits_for_the_request(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  sc_wait(NULL, 60);
  assert_int_equal(sc_return("1"), SEND);
  assert_int_equal(sc_poll(), NONE);
  sc_answer();
  assert_int_equal(sc_pump(), FINISH);
}

static void raise_and_abort(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(sc_raise("ValueError", "no"), FINISH);
  sc_output_is("{'Status':'FAILED','Error':{'ErrorMessage':'no','ErrorType':"
               "'ValueError'}}");
  sc_again(0);
  const char error[] = "{\"ErrorMessage\":\"m\",\"ErrorType\":\"T\"}";
  assert_int_equal(
      durable_engine_raise(sc.e, (durable_bytes){error, sizeof error - 1}, 1),
      0);
  assert_int_equal(durable_engine_return(sc.e, (durable_bytes){"1", 1}),
                   DURABLE_E_STATE); /* the outcome was given */
  ends(sc.root);
  assert_int_equal(sc_pump(), ABORT);
  sc_output_is("{'errorMessage':'m','errorType':'T'}");
}

static void no_outcome_at_all(void **state) {
  (void)state;
  sc_open();
  ends(sc.root);
  assert_int_equal(sc_pump(), FINISH);
  assert_non_null(strstr(sc.output, "the handler ended without an outcome"));
}

static void returned(size_t len) {
  char *text = malloc(len);
  memset(text, '1', len);
  assert_int_equal(durable_engine_return(sc.e, (durable_bytes){text, len}), 0);
  free(text);
  ends(sc.root);
  assert_int_equal(sc_pump(), FINISH);
}

static void large_results(void **state) {
  (void)state;
  sc_open();
  returned(6000000);
  sc_sent_is("");
  sc_again(0);
  returned(6291407);
  sc_sent_is("EXECUTION result SUCCEED =6291407 bytes");
  assert_string_equal(sc_update(0, "Id"), "execution-result-1000000");
  sc_output_is("{'Status':'SUCCEEDED','Result':''}");
}

static void large_errors(void **state) {
  (void)state;
  sc_open();
  size_t len = 6291500;
  char *text = malloc(len + 32);
  size_t at = (size_t)sprintf(text, "{\"ErrorMessage\":\"");
  memset(text + at, 'x', len);
  memcpy(text + at + len, "\"}", 3);
  assert_int_equal(
      durable_engine_raise(sc.e, (durable_bytes){text, at + len + 2}, 0), 0);
  free(text);
  ends(sc.root);
  assert_int_equal(sc_pump(), FINISH);
  sc_output_is("{'Status':'FAILED'}");
  assert_int_equal(sc_updates(), 1);
  assert_in_range(strlen(sc_sent()), 30000, 32768); /* what is taken */
}

/* The output of a large result that is not taken says why. */
static void large_result_refused(void **state) {
  (void)state;
  sc.manual = 1;
  sc_open();
  char *text = malloc(6291457);
  memset(text, '1', 6291457);
  assert_int_equal(durable_engine_return(sc.e, (durable_bytes){text, 6291457}),
                   0);
  free(text);
  ends(sc.root);
  assert_int_equal(sc_pump(), SEND);
  sc_reply(400, "{'Type':'InvalidParameterValueException',"
                "'message':'Member must have length less than or equal to "
                "6291456'}");
  assert_int_equal(sc_pump(), FINISH);
  assert_non_null(strstr(sc.output, "'Status':'FAILED'"));
  assert_non_null(strstr(sc.output, "less than or equal to 6291456"));
}

/* An error object over 64 KiB is no lack of memory: it is cut to what the
 * service takes, and one that is on record is told whole. */
static void large_errors_of_operations(void **state) {
  (void)state;
  size_t len = 100000;
  char *x = malloc(len + 1), *json = malloc(len + 128);
  memset(x, 'x', len);
  x[len] = '\0';
  snprintf(json, len + 128, "'StepDetails':{'Error':{'ErrorMessage':'%s'}}", x);
  sc_rec("STEP", "1", "FAILED", json);
  sc_open();
  int op = sc_step(NULL);
  assert_int_equal(sc_next(op), DONE);
  assert_int_equal(
      durable_engine_op_error_field(sc.e, op, DURABLE_ERROR_MESSAGE).len, len);
  op = sc_step(NULL);
  sc_says(op, RUN);
  int size = sprintf(json, "{\"ErrorMessage\":\"%s\"}", x);
  assert_int_equal(
      durable_engine_op_fail(sc.e, op, (durable_bytes){json, (size_t)size}, 0),
      0);
  free(json);
  free(x);
  sc_says(op, DONE);
  size_t kept =
      durable_engine_op_error_field(sc.e, op, DURABLE_ERROR_MESSAGE).len;
  assert_true(kept > 30000 && kept <= 32768);
}

/* ---- records */

static void the_order_of_records(void **state) {
  (void)state;
  sc.options.records = 1;
  sc_open();
  int op = sc_step("s");
  sc_says(op, RUN);
  sc_ok(op, "1");
  sc_says(op, DONE);
  sc_return("1");
  assert_string_equal(sc_records(), "IS OS US UE OE OC IE");
  assert_non_null(strstr(sc_record(0), "'operation_count':1"));
  assert_non_null(strstr(sc_record(0), "'updated_operation_count':0"));
  assert_non_null(strstr(sc_record(1), "'operation_type':'STEP'"));
  assert_non_null(strstr(sc_record(3), "'outcome':'SUCCEEDED'"));
  assert_non_null(strstr(sc_record(5), "'updated_operation_count':1"));
  assert_non_null(strstr(sc_record(6), "'status':'SUCCEEDED'"));
  sc_again(0);
  op = sc_step_once("s");
  assert_int_equal(sc_next(op), DONE);
  sc_return("1");
  assert_string_equal(sc_records(), "IS IE");
}

/* What an invocation finds, and what its plugins are told of the whole. */
static void what_records_say_of_all_operations(void **state) {
  (void)state;
  sc_rec("WAIT", "1", "SUCCEEDED", "'WaitDetails':{}");
  sc_updated("1");
  sc_rec("STEP", "2", "SUCCEEDED", "'StepDetails':{'Result':'2'}");
  sc.options.records = 2;
  sc_open();
  assert_non_null(strstr(sc_record(0), "'is_first_invocation':false"));
  assert_non_null(strstr(sc_record(0), "'operation_count':3"));
  assert_non_null(strstr(sc_record(0), "'updated_operation_count':1"));
  assert_non_null(strstr(sc_record(0), "'operation_type':'WAIT'"));
  assert_null(strstr(sc_record(0), "'operation_type':'STEP'"));
  assert_int_equal(sc_next(durable_engine_wait(sc.e, sc.task, sc.ctx, NULL, 1)),
                   DONE);
  assert_int_equal(sc_next(sc_step(NULL)), DONE);
  assert_int_equal(sc_do(sc_step("s"), "3"), DONE);
  sc_return("1");
  assert_string_equal(sc_records(), "IS OE OS US UE OE OC IE");
  assert_non_null(strstr(sc_record(6), "'operation_count':4"));
  const char *all = strstr(sc_record(6), "'operations':");
  assert_non_null(all);
  assert_non_null(strstr(all, "'operation_type':'EXECUTION'"));
  assert_non_null(strstr(all, "'operation_type':'WAIT'"));
  assert_non_null(strstr(all, "'name':'s'"));
  assert_non_null(strstr(sc_record(7), "'operation_count':4"));
}

static void at_most_once_changes_twice(void **state) {
  (void)state;
  sc.options.records = 1;
  sc_open();
  int op = sc_step_once("s");
  sc_says(op, RUN);
  sc_ok(op, "1");
  sc_says(op, DONE);
  assert_string_equal(sc_records(), "IS OS OC US UE OE OC");
}

static void a_virtual_context_ends_without_a_start(void **state) {
  durable_child_options o = DURABLE_CHILD_OPTIONS_INIT;
  (void)state;
  o.is_virtual = 1;
  sc.options.records = 1;
  sc_open();
  int op = durable_engine_child(sc.e, sc.task, sc.ctx, "v", &o);
  sc_says(op, RUN);
  sc_ok(op, "1");
  sc_says(op, DONE);
  assert_string_equal(sc_records(), "IS US UE OE");
}

static void undelivered_records_hold_everything_up(void **state) {
  (void)state;
  sc.options.records = 1;
  sc_open();
  int op = durable_engine_step(sc.e, sc.task, sc.ctx, "s", NULL);
  assert_true(op > 0);
  assert_int_equal(durable_engine_next(sc.e, sc.task, op), DURABLE_E_STATE);
  assert_string_equal(durable_engine_error(sc.e),
                      "records are undelivered: drain record_next first");
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  assert_int_equal(durable_engine_poll(sc.e, sc.now_ms, &ev), DURABLE_E_STATE);
  sc_drain();
  assert_int_equal(sc_next(op), RUN);
}

static void no_records_unless_asked_for(void **state) {
  (void)state;
  sc_open();
  assert_int_equal(sc_do(sc_step("s"), "1"), DONE);
  sc_return("1");
  assert_string_equal(sc_records(), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(n_sequential_steps_cost_n_calls),
      SC_TEST(a_start_is_held_for_the_linger),
      SC_TEST(no_linger),
      SC_TEST(a_parked_task_is_served_at_once),
      SC_TEST(parts_of_composed_operations_too),
      SC_TEST(what_comes_during_a_call_goes_together),
      SC_TEST(at_most_250_updates),
      SC_TEST(at_most_768000_bytes),
      SC_TEST(an_oversize_update_goes_alone),
      SC_TEST(what_a_request_says),
      SC_TEST(a_request_without_an_answer_is_sent_again),
      SC_TEST(refusals),
      SC_TEST(five_tries_by_default),
      SC_TEST(the_fatal_latch),
      SC_TEST(pages_are_read_before_anybody_wakes),
      SC_TEST(a_reply_without_a_token),
      SC_TEST(an_empty_checkpoint_needs_a_token),
      SC_TEST(no_token_while_flushing),
      SC_TEST(timers_of_parked_tasks),
      SC_TEST(due_timers_share_one_refresh),
      SC_TEST(skew),
      SC_TEST(stay),
      SC_TEST(waiting_on_several),
      SC_TEST(an_idle_event_loop),
      SC_TEST(close_to_the_deadline),
      SC_TEST(the_deadline_with_nothing_pending),
      SC_TEST(a_body_that_ends_in_the_margin_is_kept),
      SC_TEST(nothing_pending_is_a_failure),
      SC_TEST(unawaited_operations_change_nothing),
      SC_TEST(finish_waits_for_all_tasks),
      SC_TEST(finish_waits_for_the_request),
      SC_TEST(raise_and_abort),
      SC_TEST(no_outcome_at_all),
      SC_TEST(large_results),
      SC_TEST(large_errors),
      SC_TEST(large_result_refused),
      SC_TEST(large_errors_of_operations),
      SC_TEST(the_order_of_records),
      SC_TEST(what_records_say_of_all_operations),
      SC_TEST(at_most_once_changes_twice),
      SC_TEST(a_virtual_context_ends_without_a_start),
      SC_TEST(undelivered_records_hold_everything_up),
      SC_TEST(no_records_unless_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
