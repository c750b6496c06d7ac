/* Our own suite "state": see ../requirements. */
#include "conformance.h"
#include <string.h>

enum { KIB = 1024, MIB = 1024 * KIB };

/* A string of |len| times |letter|. */
static const durable_value *repeated(durable_values *in, char letter,
                                     size_t len) {
  char *all = durable_values_alloc(in, len);
  if (all)
    memset(all, letter, len);
  return durable_value_data(in, DURABLE_KIND_STRING,
                            (durable_bytes){all, all ? len : 0});
}

/* ---- 13-1 */

enum { STEPS = 40, STEP_BYTES = 200 * KIB, LETTERS = 26 };

static int fill(durable_step_ctx *step, void *arg,
                const durable_value **result) {
  const int *i = arg;
  *result = repeated(durable_step_values(step), (char)('a' + *i % LETTERS),
                     STEP_BYTES);
  return DURABLE_OK;
}

static int many_pages(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  size_t length = 0;
  int seen[LETTERS] = {0}, different = 0;
  (void)event;
  for (int i = 0; i < STEPS; i++) {
    const durable_value *value;
    int rc = durable_step(ctx, NULL, fill, &i, &value, NULL);
    if (rc)
      return rc;
    durable_bytes all = durable_value_text(value);
    length += all.len;
    different += !seen[all.data[0] - 'a']++;
  }
  *result = durable_value_pack(durable_ctx_values(ctx), "{s:I, s:i}", "length",
                               (int64_t)length, "different", different);
  return durable_wait(ctx, NULL, 1);
}

/* ---- 13-2, 13-3 */

static int upper_in_step(durable_step_ctx *step, void *arg,
                         const durable_value **result) {
  *result = upper_case(durable_step_values(step), durable_value_text(arg));
  return DURABLE_OK;
}

static int upper(durable_ctx *ctx, const durable_value *item, size_t index,
                 void *arg, const durable_value **result) {
  (void)index, (void)arg;
  return durable_step(ctx, NULL, upper_in_step, as_arg(item), result, NULL);
}

static int large_in_step(durable_step_ctx *step, void *arg,
                         const durable_value **result) {
  *result = repeated(durable_step_values(step),
                     durable_value_as_str(arg, "?")[0], (size_t)100 * KIB);
  return DURABLE_OK;
}

static int large_item(durable_ctx *ctx, const durable_value *item, size_t index,
                      void *arg, const durable_value **result) {
  (void)index, (void)arg;
  return durable_step(ctx, NULL, large_in_step, as_arg(item), result, NULL);
}

static int map_and_wait(durable_ctx *ctx, durable_map_fn *fn,
                        const durable_batch **batch) {
  int rc = durable_map(
      ctx, NULL,
      durable_value_pack(durable_ctx_values(ctx), "[s, s, s]", "a", "b", "c"),
      fn, NULL, batch, DURABLE_BATCH(.max_concurrency = 1));
  return rc ? rc : durable_wait(ctx, NULL, 1);
}

static int collapsed(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = map_and_wait(ctx, upper, &batch);
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

static int rebuilt(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  const durable_batch *batch;
  size_t count;
  (void)event;
  int rc = map_and_wait(ctx, large_item, &batch);
  if (rc)
    return rc;
  durable_values *in = durable_ctx_values(ctx);
  durable_value *list = durable_value_list(in);
  const durable_value *const *results = durable_batch_results(batch, &count);
  for (size_t i = 0; i < count; i++) {
    durable_bytes all = durable_value_text(results[i]);
    const char letter[] = {all.data[0], '\0'};
    (void)durable_value_append(
        in, list, durable_value_pack(in, "[s, I]", letter, (int64_t)all.len));
  }
  *result = list;
  return DURABLE_OK;
}

/* ---- 13-4 */

static int too_large(durable_step_ctx *step, void *arg,
                     const durable_value **result) {
  (void)arg;
  *result = repeated(durable_step_values(step), 'x', (size_t)7 * MIB);
  return DURABLE_OK;
}

static int large_step(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  (void)event;
  int rc = durable_step(ctx, "large", too_large, NULL, NULL,
                        DURABLE_STEP(.retry = &NO_RETRY));
  if (rc != DURABLE_FAILED)
    return rc;
  *result = text(ctx, "too large");
  return durable_wait(ctx, NULL, 1);
}

/* ---- 13-5 */

static int large_result(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  *result = repeated(durable_ctx_values(ctx), 'x', (size_t)6 * MIB - 100);
  return DURABLE_OK;
}

const durable_handler STATE[] = {
    HANDLER("13-1", many_pages),   HANDLER("13-2", collapsed),
    HANDLER("13-3", rebuilt),      HANDLER("13-4", large_step),
    HANDLER("13-5", large_result), HANDLERS_END,
};
