/* common: see conformance.h. */
#include "conformance.h"
#include <ctype.h>
#include <stdio.h>

void *as_arg(const durable_value *value) {
  return (void *)(uintptr_t)value;
}

void *text(durable_ctx *ctx, const char *string) {
  return durable_value_str(durable_ctx_values(ctx), string);
}

/* ---- steps */

int give(durable_step_ctx *step, void *arg, const durable_value **result) {
  (void)step;
  *result = arg;
  return DURABLE_OK;
}

int fail(durable_step_ctx *step, void *arg, const durable_value **result) {
  (void)result;
  return durable_step_fail(step, arg ? arg : "RuntimeError", "as told");
}

int fail_once(durable_step_ctx *step, void *arg, const durable_value **result) {
  if (durable_step_attempt(step) == 1)
    return fail(step, NULL, result);
  return give(step, arg, result);
}

int greet(durable_step_ctx *step, void *arg, const durable_value **result) {
  char hello[256];
  snprintf(hello, sizeof hello, "Hello, %s!", durable_value_as_str(arg, "?"));
  *result = durable_value_str(durable_step_values(step), hello);
  return DURABLE_OK;
}

/* ---- retries */

#define FIXED(attempts)                                                        \
  DURABLE_POLICY(.set = DURABLE_RETRY_SET_MAX_ATTEMPTS |                       \
                        DURABLE_RETRY_SET_INITIAL_DELAY,                       \
                 .kind = DURABLE_BACKOFF_FIXED, .jitter = DURABLE_JITTER_NONE, \
                 .max_attempts = (attempts), .initial_delay_s = 1)

const durable_retry NO_RETRY = {.size = sizeof(durable_retry),
                                .preset = "none"};
const durable_retry RETRY_ONCE = {.size = sizeof(durable_retry),
                                  .policy = FIXED(2)};
const durable_retry RETRY_TWICE = {.size = sizeof(durable_retry),
                                   .policy = FIXED(3)};

/* ---- serdes */

durable_value *upper_case(durable_values *in, durable_bytes string) {
  char *upper = durable_values_alloc(in, string.len + 1);
  for (size_t i = 0; upper && i < string.len; i++)
    upper[i] = (char)toupper((unsigned char)string.data[i]);
  return durable_value_data(in, DURABLE_KIND_STRING,
                            (durable_bytes){upper, upper ? string.len : 0});
}

static int write_upper(void *user, durable_serdes_call *call,
                       const durable_value *value, durable_bytes *out) {
  (void)user;
  *out = durable_value_text(
      upper_case(durable_serdes_values(call), durable_value_text(value)));
  return DURABLE_OK;
}

static int read_text(void *user, durable_serdes_call *call,
                     durable_bytes string, const durable_value **out) {
  (void)user;
  *out = durable_value_data(durable_serdes_values(call), DURABLE_KIND_STRING,
                            string);
  return DURABLE_OK;
}

const durable_serdes UPPER_CASE = {.size = sizeof(durable_serdes),
                                   .serialize = write_upper,
                                   .deserialize = read_text};

/* ---- callbacks */

int answer_to(durable_ctx *ctx, const char *name,
              const durable_value **result) {
  durable_callback *callback;
  int rc = durable_create_callback(ctx, name, &callback, NULL);
  return rc ? rc : durable_callback_result(ctx, callback, result);
}
