/* The door: handles, structs, order of calls, malformed events and replies.
 * Each mistake is an error code with a message that names it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <durable/engine.h>

#include "test.h"

#define B(text) ((durable_bytes){(text), sizeof(text) - 1})

static const char event[] =
    "{\"DurableExecutionArn\":\"arn:aws:lambda:us-east-1:123456789012:function:"
    "f:1/durable-execution/n/inv-1\",\"CheckpointToken\":\"t0\","
    "\"InitialExecutionState\":{\"Operations\":[{\"Id\":\"inv-1\",\"Type\":"
    "\"EXECUTION\",\"Status\":\"STARTED\",\"StartTimestamp\":1735689600123,"
    "\"ExecutionDetails\":{\"InputPayload\":\"1\"}}],\"NextMarker\":\"\"},"
    "\"UpdatedOperationIds\":[]}";

static durable_engine *e;
static durable_task_id task;
static durable_ctx_id ctx;

static int setup(void **state) {
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  (void)state;
  if (durable_engine_new(&e, NULL, B(event)) != 0)
    return -1;
  task = durable_engine_root_task(e);
  ctx = durable_engine_root_ctx(e);
  return durable_engine_poll(e, 1000, &ev) == DURABLE_EVENT_WAKE ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  durable_engine_free(e);
  e = NULL;
  return 0;
}

#define says(text) assert_string_equal(durable_engine_error(e), text)

/* ---- handles */

static void handles(void **state) {
  (void)state;
  int op = durable_engine_step(e, task, ctx, "s", NULL);
  assert_true(op > 0);
  const int bad[] = {0, -1, INT32_MAX, INT32_MIN, task, ctx, op + 1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(durable_engine_next(e, task, bad[i]), DURABLE_E_HANDLE);
    says("no such operation in this engine");
    assert_int_equal(durable_engine_op_succeed(e, bad[i], B("1")),
                     DURABLE_E_HANDLE);
    assert_int_equal(durable_engine_op_status(e, bad[i]), DURABLE_E_HANDLE);
    assert_null(durable_engine_op_id(e, bad[i]).data);
    assert_int_equal(durable_engine_callback_result(e, task, bad[i]),
                     DURABLE_E_HANDLE);
  }
  assert_int_equal(durable_engine_next(e, op, op), DURABLE_E_HANDLE);
  says("no such task in this engine");
  assert_int_equal(durable_engine_step(e, task, op, "s", NULL),
                   DURABLE_E_HANDLE);
  says("no such context in this engine");
  assert_int_equal(durable_engine_ctx_is_replaying(e, task), DURABLE_E_HANDLE);
  assert_int_equal(
      durable_engine_branch(
          e, op, &(durable_engine_branch_info)DURABLE_ENGINE_BRANCH_INFO_INIT),
      DURABLE_E_HANDLE);
  says("the operation is not a group");
  assert_int_equal(durable_engine_op_winner(e, op), DURABLE_E_HANDLE);
}

static void a_handle_of_another_engine(void **state) {
  durable_engine *other;
  (void)state;
  int op = durable_engine_step(e, task, ctx, "s", NULL);
  assert_int_equal(durable_engine_new(&other, NULL, B(event)), 0);
  assert_int_equal(durable_engine_next(other, task, op), DURABLE_E_HANDLE);
  assert_int_equal(durable_engine_op_status(other, op), DURABLE_E_HANDLE);
  durable_engine_free(other);
}

static void a_task_that_ended(void **state) {
  (void)state;
  int second = durable_engine_task_new(e, ctx);
  assert_true(second > 0);
  assert_int_equal(durable_engine_task_end(e, second), 0);
  assert_int_equal(durable_engine_task_end(e, second), DURABLE_E_HANDLE);
  says("the task has ended");
  assert_int_equal(durable_engine_wait(e, second, ctx, NULL, 5),
                   DURABLE_E_HANDLE);
}

/* ---- NULL */

static void nulls(void **state) {
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  durable_engine *none = NULL;
  (void)state;
  assert_int_equal(durable_engine_new(NULL, NULL, B(event)),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_new(&none, NULL, (durable_bytes){NULL, 0}),
                   DURABLE_E_ARGUMENT);
  assert_null(none);
  durable_engine_free(NULL);
  assert_string_equal(durable_engine_error(NULL), "no engine");
  assert_int_equal(durable_engine_poll(NULL, 0, &ev), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_poll(e, 0, NULL), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_step(NULL, task, ctx, "s", NULL),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_next(NULL, task, 1), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_task_wait(e, task, NULL, 1, 0),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(
      durable_engine_combine(e, task, ctx, NULL, DURABLE_COMBINE_ALL, NULL, 2),
      DURABLE_E_ARGUMENT);
  says("bad list of operations");
  assert_int_equal(durable_engine_return(e, (durable_bytes){NULL, 5}),
                   DURABLE_E_ARGUMENT);
  says("payload has a length but no data");
  assert_int_equal(durable_engine_condition(e, task, ctx, NULL,
                                            (durable_bytes){NULL, 5}, NULL),
                   DURABLE_E_ARGUMENT);
  says("state has a length but no data");
  assert_int_equal(durable_engine_record_next(e, NULL), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_uuid(e, ctx, NULL), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_retry_preset(NULL, NULL), DURABLE_E_ARGUMENT);
}

/* ---- structs of other versions */

static void a_larger_struct(void **state) {
  struct {
    durable_step_options known;
    uint64_t unknown;
  } larger = {.known = DURABLE_STEP_OPTIONS_INIT};
  (void)state;
  larger.known.size = sizeof larger;
  assert_true(durable_engine_step(e, task, ctx, "s", &larger.known) > 0);
  larger.unknown = 1;
  assert_int_equal(durable_engine_step(e, task, ctx, "s", &larger.known),
                   DURABLE_E_ABI);
  says("durable_step_options uses a field that this library does not know");
}

static void a_smaller_struct(void **state) {
  struct {
    size_t size;
    uint32_t at_most_once;
  } smaller = {sizeof smaller, 1};
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  (void)state;
  int op = durable_engine_step(e, task, ctx, "s",
                               (const durable_step_options *)&smaller);
  assert_true(op > 0);
  assert_int_equal(durable_engine_next(e, task, op), DURABLE_NEXT_PARK);
  ev.size = offsetof(durable_engine_event, request);
  ev.request = 4711; /* beyond what the caller says it has */
  assert_int_equal(durable_engine_poll(e, 1000, &ev), DURABLE_EVENT_SEND);
  assert_int_equal(ev.kind, DURABLE_EVENT_SEND);
  assert_int_equal(ev.request, 4711);
}

static void sizes_that_are_nonsense(void **state) {
  durable_step_options o = {0};
  durable_engine_event ev = {0};
  durable_engine_options options = DURABLE_ENGINE_OPTIONS_INIT;
  durable_engine *other;
  (void)state;
  assert_int_equal(durable_engine_step(e, task, ctx, "s", &o),
                   DURABLE_E_ARGUMENT);
  says("durable_step_options: |size| is not set; use its _INIT");
  o.size = (size_t)-1;
  assert_int_equal(durable_engine_step(e, task, ctx, "s", &o),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_poll(e, 1000, &ev), DURABLE_E_ARGUMENT);
  says("durable_engine_event: |size| is not set; use its _INIT");
  options.dialect = 99;
  assert_int_equal(durable_engine_new(&other, &options, B(event)),
                   DURABLE_E_ARGUMENT);
  options.size = 1;
  assert_int_equal(durable_engine_new(&other, &options, B(event)),
                   DURABLE_E_ARGUMENT);
}

/* An event that cannot be told is not lost. */
static void a_poll_that_fails_changes_nothing(void **state) {
  durable_engine_event bad = {0}, ev = DURABLE_ENGINE_EVENT_INIT;
  (void)state;
  int op = durable_engine_callback(e, task, ctx, "c", NULL);
  assert_int_equal(durable_engine_next(e, task, op), DURABLE_NEXT_PARK);
  assert_int_equal(durable_engine_poll(e, 1000, &bad), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_poll(e, 1000, &ev), DURABLE_EVENT_SEND);
}

static void policies(void **state) {
  durable_retry_policy p = DURABLE_RETRY_POLICY_INIT;
  durable_step_options o = DURABLE_STEP_OPTIONS_INIT;
  (void)state;
  o.retry = &p;
  p.kind = 17;
  assert_int_equal(durable_engine_step(e, task, ctx, "s", &o),
                   DURABLE_E_ARGUMENT);
  says("retry policy: unknown kind or jitter");
  p.kind = DURABLE_BACKOFF_FIXED;
  p.set = DURABLE_RETRY_SET_INITIAL_DELAY;
  p.initial_delay_s = -1;
  assert_int_equal(durable_engine_step(e, task, ctx, "s", &o),
                   DURABLE_E_ARGUMENT);
  says("retry policy: delays and rate are 0 or more");
  p.size = sizeof p;
  assert_int_equal(durable_retry_preset("nonsense", &p), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_retry_preset("linear", &p), 0);
  assert_int_equal(p.kind, DURABLE_BACKOFF_LINEAR);
}

/* ---- order */

static void wrong_order(void **state) {
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  durable_engine_branch_info b = DURABLE_ENGINE_BRANCH_INFO_INIT;
  (void)state;
  int op = durable_engine_step(e, task, ctx, "s", NULL);
  int g = durable_engine_group(e, task, ctx, "g", 1, NULL);
  assert_int_equal(durable_engine_op_succeed(e, op, B("1")), DURABLE_E_STATE);
  says("op_succeed needs an operation that was answered RUN");
  assert_int_equal(durable_engine_op_fail(e, op, B("{}"), 0), DURABLE_E_STATE);
  assert_int_equal(durable_engine_op_abandon(e, op, 0), DURABLE_E_STATE);
  assert_int_equal(durable_engine_op_decide(e, op, DURABLE_DECIDE_STOP, 0),
                   DURABLE_E_STATE);
  says("op_decide needs an operation that was answered DECIDE");
  assert_int_equal(durable_engine_op_decide(e, op, DURABLE_DECIDE_FAIL, 0),
                   DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_op_summary(e, op, B("x")), DURABLE_E_STATE);
  says("op_summary needs an operation that was answered SUMMARY");
  assert_int_equal(durable_engine_op_compose(e, op, DURABLE_FORM_PLAIN),
                   DURABLE_E_STATE);
  assert_int_equal(durable_engine_op_compose(e, op, 5), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_op_decision(e, op, &d), DURABLE_E_STATE);
  assert_int_equal(durable_engine_branch(e, g, &b), DURABLE_E_STATE);
  says("no branch was answered SPAWN");
  assert_int_equal(
      durable_engine_reply(e, 1, 200, (durable_bytes){NULL, 0}, B("{}"), 1000),
      DURABLE_E_ARGUMENT);
  says("no such request is in flight");
  assert_int_equal(durable_engine_fail(e, 1, "x", 1000), DURABLE_E_ARGUMENT);
  assert_int_equal(durable_engine_next(e, task, op), DURABLE_NEXT_RUN);
  assert_int_equal(durable_engine_op_fail(e, op, B("[]"), 0),
                   DURABLE_E_ARGUMENT);
  assert_non_null(strstr(durable_engine_error(e), "not an ErrorObject"));
  assert_int_equal(durable_engine_op_fail(e, op, B("{}"), 0), 0);
}

/* ---- malformed events: cut at every byte, and a byte changed */

static void cut_events(void **state) {
  (void)state;
  for (size_t len = 0; len + 1 < sizeof event - 1; len++) {
    durable_engine *other = NULL;
    char *exact = malloc(len ? len : 1); /* reading past it is seen */
    memcpy(exact, event, len);
    int rc = durable_engine_new(&other, NULL, (durable_bytes){exact, len});
    free(exact);
    assert_int_equal(rc, DURABLE_E_PROTOCOL);
    assert_non_null(other);
    assert_true(strlen(durable_engine_error(other)) >
                strlen("malformed invocation event: "));
    assert_true(durable_engine_root_task(other) < 0);
    durable_engine_free(other);
  }
}

static void changed_events(void **state) {
  static const char put[] = {'"', '}', '0', '\0', '\\', (char)0xff};
  (void)state;
  for (size_t at = 0; at < sizeof event - 1; at++)
    for (size_t i = 0; i < sizeof put; i++) {
      durable_engine *other = NULL;
      char *copy = malloc(sizeof event - 1);
      memcpy(copy, event, sizeof event - 1);
      copy[at] = put[i];
      int rc = durable_engine_new(&other, NULL,
                                  (durable_bytes){copy, sizeof event - 1});
      free(copy);
      assert_true(rc == 0 || rc == DURABLE_E_PROTOCOL);
      assert_non_null(other);
      durable_engine_free(other);
    }
}

static void not_configured_for_durable_execution(void **state) {
  durable_engine *other = NULL;
  (void)state;
  assert_int_equal(durable_engine_new(&other, NULL, B("{\"x\":1}")),
                   DURABLE_E_PROTOCOL);
  assert_non_null(strstr(durable_engine_error(other), "durable"));
  /* only error and free may be used, and nothing else does harm */
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  assert_true(durable_engine_poll(other, 0, &ev) < 0);
  assert_true(durable_engine_return(other, B("1")) <= 0);
  durable_engine_free(other);
}

/* ---- malformed replies: cut at every byte */

static const char reply[] =
    "{\"CheckpointToken\":\"t1\",\"NewExecutionState\":{\"Operations\":[{"
    "\"Id\":\"1ced8f5be2db23a6513eba4d819c73806424748a7bc6fa0d792cc1c7d1775a97"
    "\",\"Type\":\"CALLBACK\",\"SubType\":\"Callback\",\"Name\":\"c\","
    "\"Status\":\"STARTED\",\"StartTimestamp\":1.5,\"CallbackDetails\":{"
    "\"CallbackId\":\"cb\"}}]}}";

static int answered(const char *data, size_t len) {
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  setup(NULL);
  int op = durable_engine_callback(e, task, ctx, "c", NULL);
  assert_int_equal(durable_engine_next(e, task, op), DURABLE_NEXT_PARK);
  assert_int_equal(durable_engine_poll(e, 1000, &ev), DURABLE_EVENT_SEND);
  char *exact = malloc(len ? len : 1);
  memcpy(exact, data, len);
  int rc = durable_engine_reply(e, ev.request, 200, (durable_bytes){NULL, 0},
                                (durable_bytes){exact, len}, 1000);
  free(exact);
  assert_int_equal(rc, 0);
  return durable_engine_poll(e, 1000, &ev);
}

static void cut_replies(void **state) {
  (void)state;
  teardown(NULL);
  for (size_t len = 0; len < sizeof reply - 1; len++) {
    /* not to be understood: asked again later */
    assert_int_equal(answered(reply, len), DURABLE_EVENT_NONE);
    teardown(NULL);
  }
  assert_int_equal(answered(reply, sizeof reply - 1), DURABLE_EVENT_WAKE);
}

/* ---- versions and names */

static void versions(void **state) {
  char message[16];
  (void)state;

  assert_int_equal(
      durable_engine_abi(DURABLE_VERSION_MAJOR, 0, message, sizeof message), 0);
  assert_string_equal(message, "");
  assert_int_equal(durable_engine_abi(DURABLE_VERSION_MAJOR,
                                      DURABLE_VERSION_MINOR + 1, message,
                                      sizeof message),
                   DURABLE_E_ABI);
  assert_int_equal(strlen(message), sizeof message - 1); /* cut, with its NUL */
  assert_int_equal(durable_engine_abi(DURABLE_VERSION_MAJOR + 1, 0, NULL, 0),
                   DURABLE_E_ABI);
}

static void names(void **state) {
  (void)state;
  assert_string_equal(durable_error_name(DURABLE_E_HANDLE), "HANDLE");
  assert_string_equal(durable_error_name(12345), "?");
  assert_int_equal(durable_error_is_fatal(DURABLE_E_NOMEM), 1);
  assert_int_equal(durable_error_is_fatal(DURABLE_E_LIMIT), 0);
  for (int kind = 1; kind <= 11; kind++) {
    const char *name = durable_operation_error_name(kind);
    durable_bytes text = {name, strlen(name)};
    assert_int_equal(durable_operation_error_of(text), kind);
  }
  assert_string_equal(durable_operation_error_name(99), "");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(handles),
      TEST(a_handle_of_another_engine),
      TEST(a_task_that_ended),
      TEST(nulls),
      TEST(a_larger_struct),
      TEST(a_smaller_struct),
      TEST(sizes_that_are_nonsense),
      TEST(a_poll_that_fails_changes_nothing),
      TEST(policies),
      TEST(wrong_order),
      TEST(cut_events),
      TEST(changed_events),
      TEST(not_configured_for_durable_execution),
      TEST(cut_replies),
      cmocka_unit_test(versions),
      cmocka_unit_test(names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
