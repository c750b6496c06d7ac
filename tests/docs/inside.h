/* inside: what stands around a block that is marked "inside a handler": bodies
 * to be named in it.  They do next to nothing, and succeed. */
#ifndef DOCS_INSIDE_H
#define DOCS_INSIDE_H

#include <durable/durable.h>
#include <stdio.h>
#include <string.h>

static int charge(durable_step_ctx *step, void *arg,
                  const durable_value **result) {
  (void)arg;
  *result = durable_value_pack(durable_step_values(step), "{s:i}", "paid", 42);
  return DURABLE_OK;
}

static int ship(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)arg;
  *result = durable_value_str(durable_ctx_values(ctx), "shipped");
  return DURABLE_OK;
}

static int reserve(durable_ctx *ctx, const durable_value *item, size_t index,
                   void *arg, const durable_value **result) {
  (void)ctx;
  (void)arg;
  (void)index;
  *result = item;
  return DURABLE_OK;
}

static int look(durable_step_ctx *step, const durable_value *state, void *arg,
                const durable_value **result) {
  (void)arg;
  int64_t looks = durable_value_as_int(state, 0);
  *result = durable_value_int(durable_step_values(step), looks + 1);
  return DURABLE_OK;
}

static int transfer(durable_ctx *ctx, int attempt, void *arg,
                    const durable_value **result) {
  (void)arg;
  *result = durable_value_int(durable_ctx_values(ctx), attempt);
  return DURABLE_OK;
}

static int submit(durable_step_ctx *step, const char *callback_id, void *arg) {
  (void)step;
  (void)arg;
  return *callback_id ? DURABLE_OK : DURABLE_FAILED;
}

#endif
