/* batch: what the suites "parallel" and "map" return; see conformance.h. */
#include "conformance.h"

const durable_value *results_of(durable_ctx *ctx, const durable_batch *batch) {
  durable_values *in = durable_ctx_values(ctx);
  durable_value *list = durable_value_list(in);
  size_t count;
  const durable_value *const *results = durable_batch_results(batch, &count);
  for (size_t i = 0; i < count; i++)
    (void)durable_value_append(in, list, durable_value_copy(in, results[i]));
  return list;
}

const durable_value *summary_of(durable_ctx *ctx, const durable_batch *batch,
                                const char *members) {
  durable_values *in = durable_ctx_values(ctx);
  durable_value *out = durable_value_object(in);
  const char *status = durable_batch_status(batch) == DURABLE_STATUS_FAILED
                           ? "FAILED"
                           : "SUCCEEDED";
  const struct {
    char letter;
    const char *key;
    durable_value *value;
  } all[] = {{'r', "completionReason",
              durable_value_str(in, durable_batch_reason(batch))},
             {'S', "status", durable_value_str(in, status)},
             {'s', "successCount",
              durable_value_int(in, (int64_t)durable_batch_count(
                                        batch, DURABLE_STATUS_SUCCEEDED))},
             {'f', "failureCount",
              durable_value_int(in, (int64_t)durable_batch_count(
                                        batch, DURABLE_STATUS_FAILED))},
             {'t', "totalCount",
              durable_value_int(in, (int64_t)durable_batch_count(batch, 0))}};
  for (; *members; members++)
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
      if (all[i].letter == *members)
        (void)durable_value_set(in, out, all[i].key, all[i].value);
  return out;
}

int summarized(durable_ctx *ctx, complete_fn *complete, const char *outcomes,
               const char *members, const durable_value **result,
               const durable_batch_config *config) {
  const durable_batch *batch;
  int rc = complete(ctx, outcomes, &batch, config);
  if (rc == DURABLE_OK)
    *result = summary_of(ctx, batch, members);
  return rc;
}

static complete_fn *complete_of(durable_ctx *ctx) {
  complete_fn *const *complete = durable_user(ctx);
  return *complete;
}

/* 8-6, 9-5 */
int batch_fail_fast(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  return summarized(ctx, complete_of(ctx), "sfs", "rSsft", result, TOLERATE(0));
}

/* 8-7, 9-6 */
int batch_rethrow(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const durable_batch *batch;
  (void)event, (void)result;
  int rc = complete_of(ctx)(ctx, "fs", &batch, TOLERATE(0));
  return rc ? rc : durable_batch_check(ctx, batch);
}

/* 8-8, 9-7 */
int batch_min_successful(durable_ctx *ctx, const durable_value *event,
                         const durable_value **result) {
  (void)event;
  return summarized(ctx, complete_of(ctx), "ssss", "rst", result, AT_LEAST(2));
}

/* 8-9, 9-8 */
int batch_tolerated(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  return summarized(ctx, complete_of(ctx), "sfs", "rSsft", result, TOLERATE(1));
}

/* 8-10, 9-9 */
int batch_exceeded(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  (void)event;
  return summarized(ctx, complete_of(ctx), "ffs", "rsft", result, TOLERATE(1));
}

/* 8-13, 9-10 */
int batch_percentage_exceeded(durable_ctx *ctx, const durable_value *event,
                              const durable_value **result) {
  (void)event;
  return summarized(ctx, complete_of(ctx), "ffss", "rsft", result,
                    TOLERATE_PERCENT(25));
}
