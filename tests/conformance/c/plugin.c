/* Suite "plugin": what plugins are told, as a JSON line for each call of a hook.
 *
 * Every line has the execution's ARN, since logs are looked up by it.  A
 * process runs one invocation at a time, so the ARN is kept here. */
#include "conformance.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char arn[2048];

/* ---- lines */

/* |line| with the members that every line has. */
static int put_line(durable_values *in, durable_value *line, const char *plugin,
                    const char *hook) {
  durable_bytes json;
  (void)durable_value_set(in, line, "plugin", durable_value_str(in, plugin));
  (void)durable_value_set(in, line, "hook", durable_value_str(in, hook));
  (void)durable_value_set(in, line, "durableExecutionArn",
                          durable_value_str(in, arn));
  if (durable_value_print(in, DURABLE_FORM_PLAIN, line, &json) != DURABLE_OK)
    return -1;
  puts(json.data);
  return fflush(stdout);
}

/* The same of the members that |pattern| packs. */
static int put(const char *plugin, const char *hook, const char *pattern, ...) {
  durable_values *in;
  va_list members;
  if (durable_values_new(&in, NULL) != DURABLE_OK)
    return -1;
  va_start(members, pattern);
  durable_value *line = durable_value_vpack(in, pattern, members);
  va_end(members);
  int rc = put_line(in, line, plugin, hook);
  durable_values_free(in);
  return rc;
}

/* ---- infos */

static const char *string_of(const durable_value *info, const char *key) {
  return durable_value_get_str(info, key, "NONE");
}

static int is_type(const durable_value *info, const char *type) {
  return strcmp(string_of(info, "operation_type"), type) == 0;
}

static const char *id_of(const durable_value *info) {
  return string_of(info, "operation_id");
}

static const char *status_of(const durable_value *info) {
  return string_of(info, "status");
}

static int is_first(const durable_value *info) {
  return durable_value_get_bool(info, "is_first_invocation", 0);
}

static int is_terminal(const durable_value *info) {
  const char *status = status_of(info);
  return strcmp(status, "SUCCEEDED") == 0 || strcmp(status, "FAILED") == 0;
}

/* ---- hooks of many handlers; |user| is the plugin's name. */

static char CONFPLUGIN[] = "CONFPLUGIN";

static int begun(void *user, const durable_value *info) {
  snprintf(arn, sizeof arn, "%s", string_of(info, "execution_arn"));
  return put(user, "invocation-start", "{s:b}", "first", is_first(info));
}

static int ended(void *user, const durable_value *info) {
  return put(user, "invocation-end", "{s:b, s:b, s:s}", "first", is_first(info),
             "terminal", is_terminal(info), "status", status_of(info));
}

static int step_begun(void *user, const durable_value *info) {
  if (!is_type(info, "STEP"))
    return 0;
  return put(user, "operation-start", "{s:s, s:b}", "op", id_of(info), "replay",
             durable_value_get_bool(info, "is_replayed", 0));
}

static int step_ended(void *user, const durable_value *info) {
  if (!is_type(info, "STEP"))
    return 0;
  return put(user, "operation-end", "{s:s, s:s, s:s, s:s}", "op", id_of(info),
             "status", status_of(info), "result", string_of(info, "result"),
             "error",
             string_of(durable_value_get(info, "error"), "ErrorMessage"));
}

static int attempt_begun(void *user, const durable_value *info) {
  if (!is_type(info, "STEP"))
    return 0;
  return put(user, "attempt-start", "{s:s, s:I}", "op", id_of(info), "n",
             durable_value_get_int(info, "attempt", 0));
}

static int attempt_ended(void *user, const durable_value *info) {
  if (!is_type(info, "STEP"))
    return 0;
  return put(user, "attempt-end", "{s:s, s:I, s:s}", "op", id_of(info), "n",
             durable_value_get_int(info, "attempt", 0), "outcome",
             string_of(info, "outcome"));
}

#define PLUGIN_OF(plugin_name, ...)                                            \
  (&(const durable_plugin){.size = sizeof(durable_plugin),                     \
                           .name = (plugin_name),                              \
                           .user = (plugin_name),                              \
                           __VA_ARGS__})
#define PLUGINS(...) ((const durable_plugin *const[]){__VA_ARGS__, NULL})
#define ONE_PLUGIN(...)                                                        \
  PLUGINS(PLUGIN_OF(CONFPLUGIN, .on_invocation_start = begun, __VA_ARGS__))

/* ---- workflows of many handlers */

static int greeting(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return durable_step(ctx, NULL, greet, as_arg(event), result, NULL);
}

static int two_seconds(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event, (void)result;
  return durable_wait(ctx, NULL, 2);
}

static int failing(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, fail, NULL, result,
                      DURABLE_STEP(.retry = &NO_RETRY));
}

static int flaky(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, fail_once, text(ctx, "Operation succeeded"),
                      result, DURABLE_STEP(.retry = &RETRY_TWICE));
}

/* ---- 10-1 */

static int greet_aloud(durable_step_ctx *step, void *arg,
                       const durable_value **result) {
  durable_step_log(step, DURABLE_LOG_INFO, "Greeting step running for: %s",
                   durable_value_as_str(arg, "?"));
  return greet(step, arg, result);
}

static int loud_greeting(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  return durable_step(ctx, NULL, greet_aloud, as_arg(event), result, NULL);
}

/* ---- 10-4, 10-17: hooks that fail */

static char FAULTY[] = "CONFPLUGIN-FAULTY", HEALTHY[] = "CONFPLUGIN-HEALTHY";

static int faulty(const char *plugin, const char *hook) {
  (void)put(plugin, hook, "{}");
  return -1;
}

static int faulty_begun(void *user, const durable_value *info) {
  (void)begun(user, info);
  return -1;
}

static int faulty_ended(void *user, const durable_value *info) {
  (void)info;
  return faulty(user, "invocation-end");
}

static int faulty_step_begun(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? faulty(user, "operation-start") : 0;
}

static int faulty_step_ended(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? faulty(user, "operation-end") : 0;
}

static int faulty_attempt_begun(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? faulty(user, "attempt-start") : 0;
}

static int faulty_attempt_ended(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? faulty(user, "attempt-end") : 0;
}

#define FAULTY_PLUGIN                                                          \
  PLUGIN_OF(FAULTY, .on_invocation_start = faulty_begun,                       \
            .on_invocation_end = faulty_ended,                                 \
            .on_operation_start = faulty_step_begun,                           \
            .on_operation_end = faulty_step_ended,                             \
            .on_user_function_start = faulty_attempt_begun,                    \
            .on_user_function_end = faulty_attempt_ended)
#define HEALTHY_PLUGIN                                                         \
  PLUGIN_OF(HEALTHY, .on_invocation_start = begun, .on_invocation_end = ended, \
            .on_operation_start = step_begun, .on_operation_end = step_ended,  \
            .on_user_function_start = attempt_begun,                           \
            .on_user_function_end = attempt_ended)

/* ---- 10-5 */

static char PLUGIN_A[] = "CONFPLUGIN-A", PLUGIN_B[] = "CONFPLUGIN-B";

#define WATCH_INVOCATIONS                                                      \
  .on_invocation_start = begun, .on_invocation_end = ended

/* ---- 10-8 */

static int has_id(const durable_value *operations, const char *id) {
  for (const durable_value *v = durable_value_first(operations); v;
       v = durable_value_next(v))
    if (strcmp(id_of(v), id) == 0)
      return 1;
  return 0;
}

static int steps_changed(void *user, const durable_value *info) {
  int rc = 0;
  const durable_value *news = durable_value_get(info, "updated_operations");
  for (const durable_value *v = durable_value_first(news); v;
       v = durable_value_next(v))
    if (is_type(v, "STEP"))
      rc |= put(user, "operation-change", "{s:s, s:s, s:b}", "op", id_of(v),
                "status", status_of(v), "in_full_map",
                has_id(durable_value_get(info, "operations"), id_of(v)));
  return rc;
}

/* ---- 10-9 */

static int waits_updated(void *user, const durable_value *info) {
  int rc = begun(user, info);
  const durable_value *news = durable_value_get(info, "updated_operations");
  for (const durable_value *v = durable_value_first(news); v;
       v = durable_value_next(v))
    if (is_type(v, "WAIT"))
      rc |= put(user, "updated-on-invoke", "{s:s, s:s, s:b}", "op", id_of(v),
                "status", status_of(v), "first", is_first(info));
  return rc;
}

/* ---- 10-10, 10-18 */

static int wait_begun(void *user, const durable_value *info) {
  if (!is_type(info, "WAIT"))
    return 0;
  return put(user, "operation-start", "{s:s, s:s, s:s, s:b, s:b}", "op",
             id_of(info), "type", string_of(info, "operation_type"), "name",
             string_of(info, "name"), "replay",
             durable_value_get_bool(info, "is_replayed", 0), "pending",
             durable_value_get(info, "end_time") == NULL);
}

static int wait_ended(void *user, const durable_value *info) {
  if (!is_type(info, "WAIT"))
    return 0;
  return put(user, "operation-end", "{s:s, s:s, s:s, s:s}", "op", id_of(info),
             "type", string_of(info, "operation_type"), "name",
             string_of(info, "name"), "status", status_of(info));
}

/* ---- 10-11 */

static int one_step(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, NULL, greet, arg, result, NULL);
}

static int in_child(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return durable_child(ctx, NULL, one_step, as_arg(event), result, NULL);
}

static int any_ended(void *user, const durable_value *info) {
  return put(user, "operation-end", "{s:s, s:s, s:s}", "op", id_of(info),
             "parent", string_of(info, "parent_id"), "status", status_of(info));
}

/* ---- 10-12 */

static int constant(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)ctx;
  *result = arg;
  return DURABLE_OK;
}

static int two_branches(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  const durable_branch branches[] = {{NULL, constant, text(ctx, "task-1")},
                                     {NULL, constant, text(ctx, "task-2")}};
  const durable_batch *batch;
  (void)event;
  int rc = durable_parallel(ctx, "parallel", branches, 2, &batch,
                            DURABLE_BATCH(.max_concurrency = 1));
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

static int is_branch(const durable_value *info) {
  return strcmp(string_of(info, "sub_type"), "ParallelBranch") == 0;
}

static int branch_begun(void *user, const durable_value *info) {
  if (!is_branch(info))
    return 0;
  return put(user, "fn-start", "{s:s, s:s}", "op", id_of(info), "parent",
             string_of(info, "parent_id"));
}

static int branch_ended(void *user, const durable_value *info) {
  if (!is_branch(info))
    return 0;
  return put(user, "fn-end", "{s:s, s:s, s:s}", "op", id_of(info), "parent",
             string_of(info, "parent_id"), "outcome",
             string_of(info, "outcome"));
}

/* ---- 10-13 */

static int good_then_flaky(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  int rc = durable_step(ctx, NULL, give, NULL, NULL, NULL);
  return rc ? rc : flaky(ctx, event, result);
}

/* ---- 10-14 */

static int boom(durable_step_ctx *step, void *arg,
                const durable_value **result) {
  (void)arg, (void)result;
  return durable_step_fail(step, "RuntimeError", "boom");
}

static int good_then_bad(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  (void)event;
  int rc = durable_step(ctx, NULL, give, text(ctx, "task-a"), NULL, NULL);
  if (rc)
    return rc;
  return durable_step(ctx, NULL, boom, NULL, result,
                      DURABLE_STEP(.retry = &NO_RETRY));
}

/* ---- 10-15 */

static int exhausted(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, fail, NULL, result,
                      DURABLE_STEP(.retry = &RETRY_ONCE));
}

/* ---- 10-18 */

static int short_wait(durable_ctx *ctx, void *arg,
                      const durable_value **result) {
  *result = arg;
  return durable_wait(ctx, "short", 2);
}

static int long_wait(durable_ctx *ctx, void *arg,
                     const durable_value **result) {
  *result = arg;
  return durable_wait(ctx, "long", 8);
}

static int two_waits(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_branch branches[] = {
      {NULL, short_wait, text(ctx, "short-done")},
      {NULL, long_wait, text(ctx, "long-done")}};
  const durable_batch *batch;
  (void)event;
  int rc = durable_parallel(ctx, "waits", branches, 2, &batch,
                            DURABLE_BATCH(.max_concurrency = 2));
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

/* ---- 10-19..10-23: infos as they are, under other names */

static durable_value *iso(durable_values *in, const durable_value *unix_ms) {
  int64_t ms = durable_value_as_int(unix_ms, 0);
  time_t seconds = ms / 1000;
  struct tm tm;
  char stamp[64];
  gmtime_r(&seconds, &tm);
  size_t len = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
  snprintf(stamp + len, sizeof stamp - len, ".%03dZ", (int)(ms % 1000));
  return durable_value_str(in, stamp);
}

static durable_value *message(durable_values *in, const durable_value *error) {
  return durable_value_copy(in, durable_value_get(error, "ErrorMessage"));
}

static const struct {
  const char *key, *canonical;
  durable_value *(*as)(durable_values *in, const durable_value *value);
} NAMES[] = {
    {"operation_id", "id", durable_value_copy},
    {"name", "name", durable_value_copy},
    {"operation_type", "type", durable_value_copy},
    {"sub_type", "subType", durable_value_copy},
    {"parent_id", "parentId", durable_value_copy},
    {"status", "status", durable_value_copy},
    {"outcome", "outcome", durable_value_copy},
    {"attempt", "attempt", durable_value_copy},
    {"start_time", "startTimestamp", iso},
    {"end_time", "endTimestamp", iso},
    {"error", "error", message},
    {"is_replayed", "isReplay", durable_value_copy},
    {"is_replay_children", "isReplayingChildren", durable_value_copy},
    {"request_id", "requestId", durable_value_copy},
    {"is_first_invocation", "isFirstInvocation", durable_value_copy},
    {"execution_start_time", "executionStartTimestamp", iso},
    {"execution_arn", "executionArn", durable_value_copy},
    {"operation_count", "operationsCount", durable_value_copy},
    {"updated_operation_count", "updatedOperationsCount", durable_value_copy},
};

static void rename_into(durable_values *in, durable_value *line,
                        const durable_value *info) {
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    const durable_value *value = durable_value_get(info, NAMES[i].key);
    if (value)
      (void)durable_value_set(in, line, NAMES[i].canonical,
                              NAMES[i].as(in, value));
  }
}

static int dump(const char *plugin, const char *hook,
                const durable_value *info) {
  durable_values *in;
  if (durable_values_new(&in, NULL) != DURABLE_OK)
    return -1;
  durable_value *line = durable_value_object(in);
  rename_into(in, line, info);
  int rc = put_line(in, line, plugin, hook);
  durable_values_free(in);
  return rc;
}

/* 10-19 */
static int done_with(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  char done[128];
  snprintf(done, sizeof done, "done-%s", durable_value_as_str(event, "?"));
  *result = text(ctx, done);
  return durable_wait(ctx, NULL, 2);
}

static int dump_begun(void *user, const durable_value *info) {
  snprintf(arn, sizeof arn, "%s", string_of(info, "execution_arn"));
  return dump(user, "invocation-start", info);
}

static int dump_ended(void *user, const durable_value *info) {
  durable_values *in;
  if (durable_values_new(&in, NULL) != DURABLE_OK)
    return -1;
  durable_value *line =
      durable_value_pack(in, "{s:b}", "terminal", is_terminal(info));
  const durable_value *error = durable_value_get(info, "error");
  if (error)
    (void)durable_value_set(in, line, "executionError", message(in, error));
  rename_into(in, line, info);
  int rc = put_line(in, line, user, "invocation-end");
  durable_values_free(in);
  return rc;
}

/* 10-20, 10-22 */
static int greet_step(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_step(ctx, "greet", give, text(ctx, "task-a"), result, NULL);
}

static int dump_step_begun(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? dump(user, "operation-start", info) : 0;
}

static int dump_step_ended(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? dump(user, "operation-end", info) : 0;
}

/* 10-21 */
static int flaky_step(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_step(ctx, "flaky", fail_once, text(ctx, "ok"), result,
                      DURABLE_STEP(.retry = &RETRY_TWICE));
}

static int dump_attempt_begun(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? dump(user, "attempt-start", info) : 0;
}

static int dump_attempt_ended(void *user, const durable_value *info) {
  return is_type(info, "STEP") ? dump(user, "attempt-end", info) : 0;
}

/* 10-22 */
static int dump_change(const char *plugin, const durable_value *change,
                       const durable_value *operation) {
  durable_values *in;
  if (durable_values_new(&in, NULL) != DURABLE_OK)
    return -1;
  const durable_value *all = durable_value_get(change, "operations");
  durable_value *line = durable_value_pack(in, "{s:b}", "inFullMap",
                                           has_id(all, id_of(operation)));
  rename_into(in, line, change);
  rename_into(in, line, operation);
  int rc = put_line(in, line, plugin, "operation-change");
  durable_values_free(in);
  return rc;
}

static int dump_steps_changed(void *user, const durable_value *info) {
  int rc = 0;
  const durable_value *news = durable_value_get(info, "updated_operations");
  for (const durable_value *v = durable_value_first(news); v;
       v = durable_value_next(v))
    if (is_type(v, "STEP"))
      rc |= dump_change(user, info, v);
  return rc;
}

/* 10-23 */
static int step_and_wait(durable_ctx *ctx, void *arg,
                         const durable_value **result) {
  int rc = durable_step(ctx, "inner", give, text(ctx, "x"), NULL, NULL);
  *result = arg;
  return rc ? rc : durable_wait(ctx, NULL, 2);
}

static int contexts(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  const durable_branch branches[] = {
      {"branch-a", step_and_wait, text(ctx, "a-done")},
      {"branch-b", constant, text(ctx, "b-done")}};
  const durable_batch *batch;
  (void)event;
  int rc = durable_parallel(ctx, "ctx", branches, 2, &batch,
                            DURABLE_BATCH(.max_concurrency = 1));
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

static int dump_context_begun(void *user, const durable_value *info) {
  return is_type(info, "CONTEXT") ? dump(user, "operation-start", info) : 0;
}

static int dump_body_begun(void *user, const durable_value *info) {
  return is_type(info, "CONTEXT") ? dump(user, "fn-start", info) : 0;
}

/* ---- */

#define WATCHED(id, f, ...) HANDLER(id, f, .plugins = ONE_PLUGIN(__VA_ARGS__))

const durable_handler PLUGIN[] = {
    WATCHED("10-1", loud_greeting, .on_invocation_end = ended),
    WATCHED("10-2", greeting, .on_operation_start = step_begun,
            .on_operation_end = step_ended),
    WATCHED("10-3", flaky, .on_user_function_start = attempt_begun,
            .on_user_function_end = attempt_ended),
    HANDLER("10-4", greeting, .plugins = PLUGINS(FAULTY_PLUGIN)),
    HANDLER("10-5", greeting,
            .plugins = PLUGINS(PLUGIN_OF(PLUGIN_A, WATCH_INVOCATIONS),
                               PLUGIN_OF(PLUGIN_B, WATCH_INVOCATIONS))),
    WATCHED("10-6", two_seconds, .on_invocation_end = ended),
    WATCHED("10-7", failing, .on_invocation_end = ended),
    WATCHED("10-8", greeting, .on_operation_change = steps_changed,
            .all_operations = 1),
    HANDLER("10-9", two_seconds,
            .plugins = PLUGINS(
                PLUGIN_OF(CONFPLUGIN, .on_invocation_start = waits_updated))),
    WATCHED("10-10", two_seconds, .on_operation_start = wait_begun,
            .on_operation_end = wait_ended),
    WATCHED("10-11", in_child, .on_operation_end = any_ended),
    WATCHED("10-12", two_branches, .on_user_function_start = branch_begun,
            .on_user_function_end = branch_ended),
    WATCHED("10-13", good_then_flaky, .on_operation_start = step_begun,
            .on_operation_end = step_ended),
    WATCHED("10-14", good_then_bad, .on_operation_end = step_ended),
    WATCHED("10-15", exhausted, .on_operation_end = step_ended,
            .on_user_function_start = attempt_begun,
            .on_user_function_end = attempt_ended),
    WATCHED("10-16", two_seconds, .on_invocation_end = ended),
    HANDLER("10-17", greeting,
            .plugins = PLUGINS(FAULTY_PLUGIN, HEALTHY_PLUGIN)),
    WATCHED("10-18", two_waits, .on_operation_start = wait_begun,
            .on_operation_end = wait_ended),
    HANDLER("10-19", done_with,
            .plugins =
                PLUGINS(PLUGIN_OF(CONFPLUGIN, .on_invocation_start = dump_begun,
                                  .on_invocation_end = dump_ended))),
    WATCHED("10-20", greet_step, .on_operation_start = dump_step_begun,
            .on_operation_end = dump_step_ended),
    WATCHED("10-21", flaky_step, .on_user_function_start = dump_attempt_begun,
            .on_user_function_end = dump_attempt_ended),
    WATCHED("10-22", greet_step, .on_operation_change = dump_steps_changed,
            .all_operations = 1),
    WATCHED("10-23", contexts, .on_operation_start = dump_context_begun,
            .on_user_function_start = dump_body_begun),
    HANDLERS_END,
};
