/* Plugins and logs. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

/* ---- what was seen */

static char seen[65536];
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

static void see(const char *what) {
  pthread_mutex_lock(&seen_lock);
  size_t len = strlen(seen);
  snprintf(seen + len, sizeof seen - len, "%s%s", len ? " " : "", what);
  pthread_mutex_unlock(&seen_lock);
}

static int see_named(const char *what, const durable_value *info) {
  char text[256];
  snprintf(text, sizeof text, "%s:%s", what,
           durable_value_get_str(info, "name", "-"));
  see(text);
  return 0;
}

static int setup(void **state) {
  seen[0] = '\0';
  return play_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, play_teardown)

/* ---- the order of records */

#define HOOK(hook)                                                             \
  static int hook(void *user, const durable_value *info) {                     \
    (void)user;                                                                \
    return see_named(#hook, info);                                             \
  }
HOOK(invocation_start)
HOOK(invocation_end)
HOOK(operation_start)
HOOK(operation_end)
HOOK(operation_change)
HOOK(body_start)
HOOK(body_end)

static const durable_plugin observer = {.size = sizeof observer,
                                        .name = "observer",
                                        .on_invocation_start = invocation_start,
                                        .on_invocation_end = invocation_end,
                                        .on_operation_start = operation_start,
                                        .on_operation_end = operation_end,
                                        .on_operation_change = operation_change,
                                        .on_user_function_start = body_start,
                                        .on_user_function_end = body_end};

static int seven(durable_step_ctx *step, void *arg,
                 const durable_value **result) {
  (void)arg;
  see("body");
  *result = durable_value_int(durable_step_values(step), 7);
  return DURABLE_OK;
}

static int one_step(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  return durable_step(ctx, "s", seven, NULL, result, NULL);
}

static void test_hooks_come_in_order(void **state) {
  static const durable_plugin *const plugins[] = {&observer, NULL};
  durable_handler h = play_handler(one_step);
  h.plugins = plugins;
  h.set = DURABLE_ENGINE_SET_LINGER; /* however slow the body is, its START */
  h.linger_ms = 600000;              /* goes with its end */
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_string_equal(seen,
                      "invocation_start:- operation_start:s body_start:s body "
                      "body_end:s operation_end:s operation_change:- "
                      "invocation_end:-");
}

/* ---- a failing hook */

static char lines[65536];
static void keep_line(void *user, int level, durable_bytes fields) {
  (void)user;
  pthread_mutex_lock(&seen_lock);
  size_t len = strlen(lines);
  snprintf(lines + len, sizeof lines - len, "%d %.*s\n", level, (int)fields.len,
           fields.data);
  pthread_mutex_unlock(&seen_lock);
}

static int failing(void *user, const durable_value *info) {
  (void)user;
  (void)info;
  return -1;
}

static int failing_wrap(void *user, durable_wrapped *body) {
  (void)user;
  (void)body;
  return 1;
}

static const durable_plugin broken = {.size = sizeof broken,
                                      .name = "broken",
                                      .on_operation_start = failing,
                                      .wrap_attempt = failing_wrap};

static void test_a_failing_hook_is_logged_and_ignored(void **state) {
  static const durable_plugin *const plugins[] = {&broken, &observer, NULL};
  durable_handler h = play_handler(one_step);
  lines[0] = '\0';
  h.plugins = plugins;
  h.log = keep_line;
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_string_equal(fake_result(*state), "7");
  assert_non_null(strstr(lines, "Plugin broken: on_operation_start failed"));
  assert_non_null(strstr(lines, "Plugin broken: wrap_attempt failed"));
  assert_non_null(strstr(seen, "operation_start:s"));
}

/* ---- wrapping */

static int wrap(const char *who, const char *what, durable_wrapped *body) {
  char text[128];
  const durable_value *info = durable_wrapped_info(body);
  snprintf(text, sizeof text, "%s<%s:%s", who, what,
           durable_value_get_str(info, "name", "-"));
  see(text);
  assert_int_equal(durable_wrapped_run(body), durable_wrapped_run(body));
  snprintf(text, sizeof text, "%s>", who);
  see(text);
  return 0;
}

static int wrap_invocation(void *user, durable_wrapped *body) {
  return wrap(user, "invocation", body);
}
static int wrap_attempt(void *user, durable_wrapped *body) {
  return wrap(user, "attempt", body);
}
static int wrap_child(void *user, durable_wrapped *body) {
  return wrap(user, "child", body);
}

static const durable_plugin outer = {.size = sizeof outer,
                                     .user = (void *)(uintptr_t) "a",
                                     .wrap_invocation = wrap_invocation,
                                     .wrap_attempt = wrap_attempt,
                                     .wrap_child = wrap_child};
static const durable_plugin inner = {.size = sizeof inner,
                                     .user = (void *)(uintptr_t) "b",
                                     .wrap_attempt = wrap_attempt};

static int kid(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, "s", seven, arg, result, NULL);
}

static int one_child(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  return durable_child(ctx, "kid", kid, NULL, result, NULL);
}

static void test_wrap_hooks_nest(void **state) {
  static const durable_plugin *const plugins[] = {&outer, &inner, NULL};
  durable_handler h = play_handler(one_child);
  h.plugins = plugins;
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_string_equal(fake_result(*state), "7");
  assert_string_equal(seen, "a<invocation:- a<child:kid a<attempt:s "
                            "b<attempt:s body b> a> a> a>");
}

/* ---- logs */

static int enrich(void *user, durable_values *in, durable_value *fields) {
  return durable_value_set(in, fields, user, durable_value_int(in, 1));
}

static const durable_plugin enricher = {.size = sizeof enricher,
                                        .user = (void *)(uintptr_t) "rich",
                                        .enrich_log = enrich};

static int logging_step(durable_step_ctx *step, void *arg,
                        const durable_value **result) {
  (void)arg;
  (void)result;
  durable_step_log(step, DURABLE_LOG_WARN, "in s%d", 1);
  return DURABLE_OK;
}

static int logging_kid(durable_ctx *ctx, void *arg,
                       const durable_value **result) {
  (void)result;
  durable_log(ctx, DURABLE_LOG_INFO, "cA");
  int rc = durable_step(ctx, "cs", logging_step, arg, NULL, NULL);
  if (rc == DURABLE_OK)
    durable_log(ctx, DURABLE_LOG_INFO, "cB");
  return rc;
}

static int logging(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event;
  (void)result;
  durable_log(ctx, DURABLE_LOG_INFO, "A");
  int rc = durable_step(ctx, "s1", logging_step, NULL, NULL, NULL);
  if (rc)
    return rc;
  durable_log(ctx, DURABLE_LOG_INFO, "B");
  rc = durable_wait(ctx, "w", 5);
  if (rc)
    return rc;
  durable_log_with(
      ctx, DURABLE_LOG_ERROR, "C",
      durable_value_pack(durable_ctx_values(ctx), "{s:i}", "order", 17));
  rc = durable_step(ctx, "s2", logging_step, NULL, NULL, NULL);
  if (rc)
    return rc;
  durable_log(ctx, DURABLE_LOG_INFO, "D");
  rc = durable_child(ctx, "kid", logging_kid, NULL, NULL, NULL);
  if (rc == DURABLE_OK)
    durable_log(ctx, DURABLE_LOG_INFO, "E");
  return rc;
}

static int count(const char *what) {
  int n = 0;
  for (const char *p = lines; (p = strstr(p, what)) != NULL; p++)
    n++;
  return n;
}

static void test_a_replay_is_silent(void **state) {
  static const char *const once[] = {"\"A\"",  "\"B\"",  "\"C\"", "\"D\"",
                                     "\"cA\"", "\"cB\"", "\"E\""};
  static const durable_plugin *const plugins[] = {&enricher, NULL};
  durable_handler h = play_handler(logging);
  lines[0] = '\0';
  h.plugins = plugins;
  h.log = keep_line;
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_int_equal(fake_invocations(*state), 2);
  for (size_t i = 0; i < sizeof once / sizeof *once; i++)
    assert_int_equal(count(once[i]), 1);
  assert_int_equal(count("\"in s1\""), 3);
  assert_int_equal(count("\"rich\":1"), 10);
  assert_non_null(strstr(
      lines, "5 {\"message\":\"C\",\"requestId\":\"request-2\",\"executionArn\""
             ":\"arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-"
             "execution/n/inv-1\",\"order\":17,\"rich\":1}"));
}

static void test_a_replay_speaks_when_asked(void **state) {
  durable_handler h = play_handler(logging);
  lines[0] = '\0';
  h.log = keep_line;
  h.log_replays = 1;
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  assert_int_equal(count("\"A\""), 2);
  assert_int_equal(count("\"C\""), 1);
}

static void test_a_line_of_a_step_says_where(void **state) {
  durable_handler h = play_handler(logging);
  lines[0] = '\0';
  h.log = keep_line;
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  const char *line = strstr(lines, "\"operationName\":\"cs\"");
  assert_non_null(line);
  assert_memory_equal(line, "\"operationName\":\"cs\",\"parentId\":\"", 33);
  assert_non_null(strstr(line, "\"attempt\":1}"));
  assert_non_null(strstr(lines, "4 {\"message\":\"in s1\""));
  assert_non_null(strstr(lines, "\"operationId\":\""));
}

/* ---- what a body knows */

static int knows(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  char a[DURABLE_UUID_SIZE], b[DURABLE_UUID_SIZE];
  (void)event;
  assert_int_equal(durable_uuid(ctx, a), DURABLE_OK);
  int rc = durable_wait(ctx, NULL, 1);
  if (rc)
    return rc;
  assert_int_equal(durable_uuid(ctx, b), DURABLE_OK);
  assert_string_not_equal(a, b);
  double r = durable_random(ctx);
  assert_true(r >= 0 && r < 1);
  assert_string_equal(durable_tenant_id(ctx), "");
  assert_ptr_equal(durable_user(ctx), NULL);
  *result = durable_value_pack(durable_ctx_values(ctx), "[s s f]", a, b, r);
  return DURABLE_OK;
}

static void test_replay_safe_values(void **state) {
  char first[512];
  durable_handler h = play_handler(knows);
  assert_string_equal(fake_run(*state, &h, "{}"), "SUCCEEDED");
  snprintf(first, sizeof first, "%s", fake_result(*state));
  assert_string_equal(fake_replay(*state, &h, "{}"), "SUCCEEDED");
  assert_string_equal(fake_result(*state), first);
}

/* ---- events that are none, inputs that are not JSON, sizes from the future */

static void test_bad_events(void **state) {
  durable_handler h = play_handler(one_step);
  durable_output out = DURABLE_OUTPUT_INIT;
  durable_bytes event = {"{\"a\":1}", 7};
  (void)state;
  assert_int_equal(durable_invoke_handler(&h, event, NULL, &out), DURABLE_OK);
  assert_int_equal(out.kind, DURABLE_EVENT_ABORT);
  assert_non_null(strstr(out.body.data, "Unexpected payload"));
  durable_output_drop(&out);
  assert_int_equal(durable_invoke_handler(NULL, event, NULL, &out),
                   DURABLE_E_ARGUMENT);
  assert_string_equal(fake_run(*state, &h, "{not json"), "ABORT");
}

typedef struct newer {
  durable_step_config config;
  int more;
} newer;

static int from_the_future(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  newer n = {.config = {.size = sizeof n}, .more = 0};
  (void)event;
  int rc = durable_step(ctx, "s", seven, NULL, result, &n.config);
  assert_int_equal(rc, DURABLE_OK);
  n.more = 1;
  return durable_step(ctx, "s", seven, NULL, result, &n.config);
}

static void test_a_newer_struct(void **state) {
  durable_handler h = play_handler(from_the_future);
  assert_string_equal(fake_run(*state, &h, "{}"), "FAILED");
  assert_non_null(strstr(fake_result(*state), "newer than this library"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_hooks_come_in_order),
      TEST(test_a_failing_hook_is_logged_and_ignored),
      TEST(test_wrap_hooks_nest),
      TEST(test_a_replay_is_silent),
      TEST(test_a_replay_speaks_when_asked),
      TEST(test_a_line_of_a_step_says_where),
      TEST(test_replay_safe_values),
      TEST(test_bad_events),
      TEST(test_a_newer_struct),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
