/* Suite "parallel".  Branches run one after the other, unless it is said. */
#include "conformance.h"
#include <string.h>

enum { MAX_BRANCHES = 4 };

/* A branch that returns the value that |arg| is. */
static int constant(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)ctx;
  *result = arg;
  return DURABLE_OK;
}

/* A branch that does so in a step. */
static int in_step(durable_ctx *ctx, void *arg, const durable_value **result) {
  return durable_step(ctx, NULL, give, arg, result, NULL);
}

static int broken(durable_ctx *ctx, void *arg, const durable_value **result) {
  (void)arg, (void)result;
  return durable_fail(ctx, "RuntimeError", "as told");
}

/* ---- results in order */

static int results(durable_ctx *ctx, const char *name,
                   const durable_branch *branches, size_t count,
                   const durable_value **result,
                   const durable_batch_config *config) {
  const durable_batch *batch;
  int rc = durable_parallel(ctx, name, branches, count, &batch, config);
  if (rc == DURABLE_OK)
    *result = results_of(ctx, batch);
  return rc;
}

#define ONE_BY_ONE DURABLE_BATCH(.max_concurrency = 1)

/* 8-1 */
static int basic(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  const durable_branch branches[] = {{NULL, in_step, text(ctx, "task-1")},
                                     {NULL, in_step, text(ctx, "task-2")}};
  (void)event;
  return results(ctx, "parallel", branches, 2, result, ONE_BY_ONE);
}

/* 8-2 */
static int nameless(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  const durable_branch branches[] = {{NULL, constant, text(ctx, "alpha")},
                                     {NULL, constant, text(ctx, "beta")}};
  (void)event;
  return results(ctx, NULL, branches, 2, result, ONE_BY_ONE);
}

/* 8-3 */
static int named_branches(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  const durable_branch branches[] = {{"first", constant, text(ctx, "one")},
                                     {"second", constant, text(ctx, "two")}};
  (void)event;
  return results(ctx, "parallel", branches, 2, result, ONE_BY_ONE);
}

/* 8-4 */
static int types(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  durable_values *in = durable_ctx_values(ctx);
  const durable_branch branches[] = {
      {NULL, constant, text(ctx, "hello")},
      {NULL, constant, durable_value_int(in, 42)},
      {NULL, constant, durable_value_pack(in, "{s:s}", "k", "v")}};
  (void)event;
  return results(ctx, "parallel", branches, 3, result, ONE_BY_ONE);
}

/* 8-5 */
static int empty(durable_ctx *ctx, const durable_value *event,
                 const durable_value **result) {
  (void)event;
  return results(ctx, "parallel", NULL, 0, result, ONE_BY_ONE);
}

/* 8-11: two at once */
static int concurrent(durable_ctx *ctx, const durable_value *event,
                      const durable_value **result) {
  const durable_branch branches[] = {{NULL, constant, text(ctx, "r0")},
                                     {NULL, constant, text(ctx, "r1")},
                                     {NULL, constant, text(ctx, "r2")}};
  (void)event;
  return results(ctx, "parallel", branches, 3, result,
                 DURABLE_BATCH(.max_concurrency = 2));
}

/* 8-12 */
static int flat(durable_ctx *ctx, const durable_value *event,
                const durable_value **result) {
  const durable_branch branches[] = {{NULL, in_step, text(ctx, "fa")},
                                     {NULL, in_step, text(ctx, "fb")}};
  (void)event;
  return results(ctx, "parallel", branches, 2, result,
                 DURABLE_BATCH(.max_concurrency = 1, .flat = 1));
}

/* 8-14 */
static int after_a_wait(durable_ctx *ctx, void *arg,
                        const durable_value **result) {
  *result = arg;
  return durable_wait(ctx, NULL, 2);
}

static int suspended(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_branch branches[] = {{NULL, in_step, text(ctx, "b0")},
                                     {NULL, after_a_wait, text(ctx, "b1")}};
  (void)event;
  return results(ctx, "parallel", branches, 2, result, ONE_BY_ONE);
}

/* 8-15: v is stored as {"wrapped": v}. */
static int wrap(void *user, durable_serdes_call *call,
                const durable_value *value, durable_bytes *out) {
  durable_values *in = durable_serdes_values(call);
  (void)user;
  return durable_value_print(in, DURABLE_FORM_PLAIN,
                             durable_value_pack(in, "{s:v}", "wrapped", value),
                             out);
}

static int unwrap(void *user, durable_serdes_call *call, durable_bytes stored,
                  const durable_value **out) {
  durable_values *in = durable_serdes_values(call);
  (void)user;
  if (durable_value_parse(in, DURABLE_FORM_PLAIN, stored, out) != DURABLE_OK)
    return durable_serdes_fail(call, 0, "%s", durable_values_error(in));
  *out = durable_value_get(*out, "wrapped");
  return DURABLE_OK;
}

static int item_serdes(durable_ctx *ctx, const durable_value *event,
                       const durable_value **result) {
  const durable_serdes wrapped = {
      .size = sizeof wrapped, .serialize = wrap, .deserialize = unwrap};
  const durable_branch branches[] = {{NULL, constant, text(ctx, "x")},
                                     {NULL, constant, text(ctx, "y")}};
  (void)event;
  return results(ctx, "parallel", branches, 2, result,
                 DURABLE_BATCH(.max_concurrency = 1,
                               .serdes = durable_serdes_plain(),
                               .item_serdes = &wrapped));
}

/* 8-21 */
static int inner(durable_ctx *ctx, void *arg, const durable_value **result) {
  const durable_branch branches[] = {{NULL, in_step, text(ctx, "i1")},
                                     {NULL, in_step, text(ctx, "i2")}};
  (void)arg;
  return results(ctx, "inner", branches, 2, result, ONE_BY_ONE);
}

static int nested(durable_ctx *ctx, const durable_value *event,
                  const durable_value **result) {
  const durable_branch branch = {NULL, inner, NULL};
  (void)event;
  return results(ctx, "outer", &branch, 1, result, ONE_BY_ONE);
}

/* ---- when it is complete: |outcomes| has a letter for each branch, f: it
 * fails. */

static int complete(durable_ctx *ctx, const char *outcomes,
                    const durable_batch **batch,
                    const durable_batch_config *config) {
  durable_branch branches[MAX_BRANCHES] = {0};
  size_t count = strlen(outcomes);
  for (size_t i = 0; i < count; i++)
    branches[i] = (durable_branch){NULL, outcomes[i] == 'f' ? broken : constant,
                                   text(ctx, "ok")};
  return durable_parallel(ctx, "parallel", branches, count, batch, config);
}

/* 8-16 */
static int all_fail(durable_ctx *ctx, const durable_value *event,
                    const durable_value **result) {
  (void)event;
  return summarized(ctx, complete, "fff", "rSsft", result, TOLERATE(3));
}

/* 8-17 */
static int never_enough(durable_ctx *ctx, const durable_value *event,
                        const durable_value **result) {
  (void)event;
  return summarized(ctx, complete, "sfs", "rSsft", result, AT_LEAST(3));
}

/* 8-18 */
static int both_thresholds(durable_ctx *ctx, const durable_value *event,
                           const durable_value **result) {
  (void)event;
  return summarized(ctx, complete, "ffss", "rsft", result,
                    DURABLE_BATCH(.max_concurrency = 1,
                                  .set = DURABLE_GROUP_SET_MIN_SUCCESSFUL |
                                         DURABLE_GROUP_SET_TOLERATED_FAILURES,
                                  .min_successful = 3,
                                  .tolerated_failures = 1));
}

/* 8-19 */
static int no_concurrency(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  const durable_batch *batch;
  (void)event, (void)result;
  return complete(ctx, "ss", &batch,
                  DURABLE_BATCH(.set = DURABLE_GROUP_SET_MAX_CONCURRENCY,
                                .max_concurrency = 0));
}

/* 8-20 */
static int accessors(durable_ctx *ctx, const durable_value *event,
                     const durable_value **result) {
  const durable_batch *batch;
  (void)event;
  int rc = complete(ctx, "sfs", &batch, TOLERATE(1));
  if (rc)
    return rc;
  size_t errors;
  (void)durable_batch_failures(batch, &errors);
  *result = durable_value_pack(
      durable_ctx_values(ctx), "{s:b, s:I, s:I, s:I}", "hasFailure",
      durable_batch_status(batch) == DURABLE_STATUS_FAILED, "successCount",
      (int64_t)durable_batch_count(batch, DURABLE_STATUS_SUCCEEDED),
      "failureCount",
      (int64_t)durable_batch_count(batch, DURABLE_STATUS_FAILED), "errorCount",
      (int64_t)errors);
  return DURABLE_OK;
}

/* 8-22 */
static int percentage_met(durable_ctx *ctx, const durable_value *event,
                          const durable_value **result) {
  (void)event;
  return summarized(ctx, complete, "fsss", "rSsft", result,
                    TOLERATE_PERCENT(25));
}

static complete_fn *completes = complete;

const durable_handler PARALLEL[] = {
    HANDLER("8-1", basic),
    HANDLER("8-2", nameless),
    HANDLER("8-3", named_branches),
    HANDLER("8-4", types),
    HANDLER("8-5", empty),
    HANDLER("8-6", batch_fail_fast, .user = &completes),
    HANDLER("8-7", batch_rethrow, .user = &completes),
    HANDLER("8-8", batch_min_successful, .user = &completes),
    HANDLER("8-9", batch_tolerated, .user = &completes),
    HANDLER("8-10", batch_exceeded, .user = &completes),
    HANDLER("8-11", concurrent),
    HANDLER("8-12", flat),
    HANDLER("8-13", batch_percentage_exceeded, .user = &completes),
    HANDLER("8-14", suspended),
    HANDLER("8-15", item_serdes),
    HANDLER("8-16", all_fail),
    HANDLER("8-17", never_enough),
    HANDLER("8-18", both_thresholds),
    HANDLER("8-19", no_concurrency),
    HANDLER("8-20", accessors),
    HANDLER("8-21", nested),
    HANDLER("8-22", percentage_met),
    HANDLERS_END,
};
