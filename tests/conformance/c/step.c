/* Suite "step". */
#include "conformance.h"
#include <stdio.h>
#include <unistd.h>

/* 1-1, 1-2: greet who is named by the event; |user| names the step. */
static int greeting(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  return durable_step(ctx, durable_user(ctx), greet, as_arg(event), result,
                      NULL);
}

/* 1-3 */
static int append_second(durable_step_ctx *step, void *arg,
                         const durable_value **result) {
  char both[64];
  snprintf(both, sizeof both, "%s_second", durable_value_as_str(arg, "?"));
  *result = durable_value_str(durable_step_values(step), both);
  return DURABLE_OK;
}

static int sequential(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_value *first;
  (void)event;
  int rc = durable_step(ctx, NULL, give, text(ctx, "first"), &first, NULL);
  return rc ? rc
            : durable_step(ctx, NULL, append_second, as_arg(first), result,
                           NULL);
}

/* 1-4 */
static int count_tags(durable_step_ctx *step, void *arg,
                      const durable_value **result) {
  const durable_value *event = arg;
  *result = durable_value_pack(
      durable_step_values(step), "{s: {s:v, s:v}, s:I}", "user", "name",
      durable_value_get(event, "name"), "tags",
      durable_value_get(event, "tags"), "count",
      (int64_t)durable_value_count(durable_value_get(event, "tags")));
  return DURABLE_OK;
}

static int complex_object(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  return durable_step(ctx, NULL, count_tags, as_arg(event), result, NULL);
}

/* 1-5 */
static int null_result(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, give, NULL, result, NULL);
}

/* 1-6 */
static int custom_serdes(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  return durable_step(ctx, NULL, give, as_arg(event), result,
                      DURABLE_STEP(.serdes = &UPPER_CASE));
}

/* 1-7 */
static int greet_aloud(durable_step_ctx *step, void *arg,
                       const durable_value **result) {
  durable_step_log(step, DURABLE_LOG_INFO, "Greeting step started for: %s",
                   durable_value_as_str(arg, "?"));
  int rc = greet(step, arg, result);
  durable_step_log(step, DURABLE_LOG_INFO, "Greeting step completed with: %s",
                   durable_value_as_str(*result, "?"));
  return rc;
}

static int step_logger(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  return durable_step(ctx, NULL, greet_aloud, as_arg(event), result, NULL);
}

/* 1-8, 1-9: a step that returns |arg|, then a wait. */
static int step_then_wait(durable_ctx *ctx, void *arg, int64_t seconds,
                          const durable_value **result) {
  int rc = durable_step(ctx, NULL, give, arg, result, NULL);
  return rc ? rc : durable_wait(ctx, NULL, seconds);
}

static int step_and_wait(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  (void)event;
  return step_then_wait(ctx, text(ctx, "computed"), 2, result);
}

static int replay_skips(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  return step_then_wait(ctx, text(ctx, "cached_value"), 1, result);
}

/* 1-10 */
static int replay_rethrows(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  (void)event;
  int rc = durable_step(ctx, NULL, fail, NULL, result,
                        DURABLE_STEP(.retry = &NO_RETRY));
  if (rc != DURABLE_FAILED)
    return rc;
  return durable_wait(ctx, NULL, 1);
}

/* 1-11 */
static int retry_once(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, fail_once, text(ctx, "Operation succeeded"),
                      result, DURABLE_STEP(.retry = &RETRY_TWICE));
}

/* 1-12 */
static int exhausted(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  (void)event;
  const durable_retry_policy *policy =
      DURABLE_POLICY(.set = DURABLE_RETRY_SET_MAX_ATTEMPTS |
                            DURABLE_RETRY_SET_INITIAL_DELAY |
                            DURABLE_RETRY_SET_BACKOFF_RATE,
                     .kind = DURABLE_BACKOFF_EXPONENTIAL,
                     .jitter = DURABLE_JITTER_NONE, .max_attempts = 4,
                     .initial_delay_s = 1, .backoff_rate = 1);
  return durable_step(ctx, NULL, fail, NULL, result,
                      DURABLE_STEP(.retry = DURABLE_RETRY(.policy = policy)));
}

/* 1-13, 1-14: fails twice */
static int fail_twice(durable_step_ctx *step, void *arg,
                      const durable_value **result) {
  if (durable_step_attempt(step) <= 2)
    return fail(step, NULL, result);
  return give(step, arg, result);
}

static int default_retry(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, fail_twice, NULL, result, NULL);
}

static int custom_retry(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  const durable_retry_policy *policy =
      DURABLE_POLICY(.set = DURABLE_RETRY_SET_INITIAL_DELAY |
                            DURABLE_RETRY_SET_BACKOFF_RATE,
                     .kind = DURABLE_BACKOFF_EXPONENTIAL,
                     .jitter = DURABLE_JITTER_NONE, .initial_delay_s = 2,
                     .backoff_rate = 3);
  return durable_step(ctx, NULL, fail_twice, NULL, result,
                      DURABLE_STEP(.retry = DURABLE_RETRY(.policy = policy)));
}

/* 1-15: tried again, being of a type in the list; 1-16: not being in it. */
static char TRANSIENT[] = "TransientError";

static int fail_transiently(durable_step_ctx *step, void *arg,
                            const durable_value **result) {
  if (durable_step_attempt(step) == 1)
    return fail(step, TRANSIENT, result);
  return give(step, arg, result);
}

static int retry_only(durable_ctx *ctx, const char *type,
                      const durable_value **result) {
  const char *const types[] = {type, NULL};
  return durable_step(
      ctx, NULL, fail_transiently, NULL, result,
      DURABLE_STEP(.retry =
                       DURABLE_RETRY(.policy = RETRY_TWICE.policy,
                                     .only = DURABLE_ONLY(.types = types))));
}

static int retry_that(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  return retry_only(ctx, TRANSIENT, result);
}

static int retry_another(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  (void)event;
  return retry_only(ctx, "ThrottlingError", result);
}

/* 1-17, 1-18: the process ends in the first attempt. */
static int crash_once(durable_step_ctx *step, void *arg,
                      const durable_value **result) {
  durable_step_log(step, DURABLE_LOG_INFO, "%s", durable_value_as_str(arg, ""));
  if (durable_step_attempt(step) == 1)
    _exit(1);
  *result = durable_value_str(durable_step_values(step),
                              "succeeded on second attempt");
  return DURABLE_OK;
}

static int interrupted(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  return durable_step(ctx, "at_most_once_flaky_step", crash_once, as_arg(event),
                      result,
                      DURABLE_STEP(.at_most_once = 1, .retry = &NO_RETRY));
}

static int interrupted_retried(durable_ctx *ctx, const durable_value *event,
                               const durable_value **result) {
  return durable_step(ctx, NULL, crash_once, as_arg(event), result,
                      DURABLE_STEP(.at_most_once = 1, .retry = &RETRY_TWICE));
}

/* 1-19 */
static int fails(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  return durable_step(ctx, NULL, fail, NULL, result,
                      DURABLE_STEP(.retry = &NO_RETRY));
}

/* 1-20 */
static int caught(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  int rc = fails(ctx, event, result);
  if (rc != DURABLE_FAILED)
    return rc;
  return durable_step(ctx, NULL, give, text(ctx, "fallback_result"), result,
                      NULL);
}

static char CUSTOM_NAME[] = "custom_step_name";

const durable_handler STEP[] = {
    HANDLER("1-1", greeting),
    HANDLER("1-2", greeting, .user = CUSTOM_NAME),
    HANDLER("1-3", sequential),
    HANDLER("1-4", complex_object),
    HANDLER("1-5", null_result),
    HANDLER("1-6", custom_serdes),
    HANDLER("1-7", step_logger),
    HANDLER("1-8", step_and_wait),
    HANDLER("1-9", replay_skips),
    HANDLER("1-10", replay_rethrows),
    HANDLER("1-11", retry_once),
    HANDLER("1-12", exhausted),
    HANDLER("1-13", default_retry),
    HANDLER("1-14", custom_retry),
    HANDLER("1-15", retry_that),
    HANDLER("1-16", retry_another),
    HANDLER("1-17", interrupted),
    HANDLER("1-18", interrupted_retried),
    HANDLER("1-19", fails),
    HANDLER("1-20", caught),
    HANDLERS_END,
};
