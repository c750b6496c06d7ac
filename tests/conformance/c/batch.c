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
