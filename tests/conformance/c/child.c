/* Suite "child". */
#include "conformance.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Run |body| in a child context named |name|, with the event as its arg. */
static int child(durable_ctx *ctx, const char *name, durable_child_fn *body,
                 const durable_value *event, const durable_value **result) {
  return durable_child(ctx, name, body, as_arg(event), result, NULL);
}

/* 3-1: a step that returns the event */
static int one_step(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, NULL, give, arg, result, NULL);
}

static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return child(ctx, NULL, one_step, event, result);
}

/* 3-2 */
static int named(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return child(ctx, durable_value_get_str(event, "name", NULL), one_step,
               durable_value_get(event, "value"), result);
}

/* 3-3 */
static int two_steps(durable_ctx *ctx, void *arg,
                     const durable_value **result) {
  const durable_value *first;
  int rc = durable_step(ctx, NULL, give, arg, &first, NULL);
  return rc ? rc : durable_step(ctx, NULL, give, as_arg(first), result, NULL);
}

static int sequential(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  return child(ctx, "two_steps", two_steps, event, result);
}

/* 3-4 */
static int failing_step(durable_ctx *ctx, void *arg,
                        const durable_value **result) {
  return durable_step(ctx, NULL, fail, arg, result,
                      DURABLE_STEP(.retry = &NO_RETRY));
}

static int fails(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  return child(ctx, "failing_step", failing_step, NULL, result);
}

/* 3-5 */
static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  int rc = child(ctx, NULL, failing_step, NULL, result);
  if (rc != DURABLE_FAILED)
    return rc;
  return durable_step(ctx, NULL, give, as_arg(event), result, NULL);
}

/* 3-6 */
static int outer(durable_ctx *ctx, void *arg, const durable_value **result) {
  int rc = durable_step(ctx, NULL, give, arg, result, NULL);
  return rc ? rc : child(ctx, "inner", one_step, arg, result);
}

static int nested(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  return child(ctx, "outer", outer, event, result);
}

/* 3-7 */
static int flaky_step(durable_ctx *ctx, void *arg,
                      const durable_value **result) {
  return durable_step(ctx, NULL, fail_once, arg, result,
                      DURABLE_STEP(.retry = &RETRY_TWICE));
}

static int retried(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  return child(ctx, "flaky_step", flaky_step, event, result);
}

/* 3-8 */
static int hopeless_step(durable_ctx *ctx, void *arg,
                         const durable_value **result) {
  return durable_step(ctx, NULL, fail, arg, result,
                      DURABLE_STEP(.retry = &RETRY_ONCE));
}

static int exhausted(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  return child(ctx, "hopeless_step", hopeless_step, NULL, result);
}

/* 3-9 */
static int then_wait(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  int rc = child(ctx, NULL, one_step, event, result);
  return rc ? rc : durable_wait(ctx, NULL, 2);
}

/* 3-10 */
static int step_and_wait(durable_ctx *ctx, void *arg,
                         const durable_value **result) {
  int rc = durable_step(ctx, NULL, give, arg, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 2);
}

static int mixed(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  return child(ctx, "step_and_wait", step_and_wait, event, result);
}

/* 3-11: 300 KiB out of a small step; the body is run again on replay. */
enum { LARGE = 300 * 1024 };

static int large_result(durable_ctx *ctx, void *arg,
                        const durable_value **result) {
  const durable_value *small;
  durable_log(ctx, DURABLE_LOG_INFO, "%s", durable_value_as_str(arg, ""));
  int rc = durable_step(ctx, NULL, give, text(ctx, "x"), &small, NULL);
  if (rc)
    return rc;
  durable_values *in = durable_ctx_values(ctx);
  char *large = durable_values_alloc(in, LARGE);
  if (large)
    memset(large, durable_value_as_str(small, "?")[0], LARGE);
  *result = durable_value_data(in, DURABLE_KIND_STRING,
                               (durable_bytes){large, large ? LARGE : 0});
  return DURABLE_OK;
}

static int large(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)result; /* too large to be returned, and not asked for */
  int rc = child(ctx, "large_result", large_result, event, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 2);
}

/* 3-12: the process ends in the step, once its START is on record; a file is
 * what tells the second run from the first. */
enum { LONGER_THAN_A_START_IS_HELD_S = 1 };

static int crash_first(durable_step_ctx *step, void *arg,
                       const durable_value **result) {
  char path[4096];
  const char *directory = getenv("CONFORMANCE_DIR");
  snprintf(path, sizeof path, "%s/%s", directory ? directory : ".",
           durable_step_operation_id(step));
  int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (fd >= 0) {
    sleep(LONGER_THAN_A_START_IS_HELD_S);
    _exit(1);
  }
  return give(step, arg, result);
}

static int crashing_step(durable_ctx *ctx, void *arg,
                         const durable_value **result) {
  return durable_step(ctx, NULL, crash_first, arg, result, NULL);
}

static int interrupted(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  return child(ctx, NULL, crashing_step, event, result);
}

/* 3-13 */
static int only_wait(durable_ctx *ctx, void *arg,
                     const durable_value **result) {
  *result = arg;
  return durable_wait(ctx, NULL, 1);
}

static int wait_then_step(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  int rc = child(ctx, "only_wait", only_wait, event, result);
  return rc ? rc : durable_step(ctx, NULL, give, as_arg(event), result, NULL);
}

/* 3-14 */
static int custom_serdes(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  return durable_child(ctx, "one_step", one_step, as_arg(event), result,
                       DURABLE_CHILD(.serdes = &UPPER_CASE));
}

/* 3-15 */
static int just_fail(durable_ctx *ctx, void *arg,
                     const durable_value **result) {
  (void)arg, (void)result;
  return durable_fail(ctx, "RuntimeError", "as told");
}

static int fails_itself(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  return child(ctx, "just_fail", just_fail, NULL, result);
}

/* 3-16 */
static int nothing(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)ctx, (void)arg, (void)result;
  return DURABLE_OK;
}

static int null_result(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event;
  return child(ctx, "nothing", nothing, NULL, result);
}

/* 3-17 */
static int only_log(durable_ctx *ctx, void *arg, const durable_value **result) {
  durable_log(ctx, DURABLE_LOG_INFO, "%s", durable_value_as_str(arg, ""));
  *result = arg;
  return DURABLE_OK;
}

static int logger(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  int rc = child(ctx, "only_log", only_log, event, result);
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

/* 3-18 */
static int inside_and_after(durable_ctx *ctx, const durable_value *event,
                            const durable_value **result) {
  int rc = child(ctx, "step_and_wait", step_and_wait, event, result);
  if (rc == DURABLE_OK)
    rc = durable_step(ctx, NULL, give, as_arg(event), result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, 2);
}

const durable_handler CHILD[] = {
    HANDLER("3-1", basic),
    HANDLER("3-2", named),
    HANDLER("3-3", sequential),
    HANDLER("3-4", fails),
    HANDLER("3-5", caught),
    HANDLER("3-6", nested),
    HANDLER("3-7", retried),
    HANDLER("3-8", exhausted),
    HANDLER("3-9", then_wait),
    HANDLER("3-10", mixed),
    HANDLER("3-11", large, .log_replays = 1),
    HANDLER("3-12", interrupted),
    HANDLER("3-13", wait_then_step),
    HANDLER("3-14", custom_serdes),
    HANDLER("3-15", fails_itself),
    HANDLER("3-16", null_result),
    HANDLER("3-17", logger, .log_replays = 1),
    HANDLER("3-18", inside_and_after),
    HANDLERS_END,
};
