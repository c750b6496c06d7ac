/* What the handlers of all suites share. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <durable/durable.h>

#define HANDLER(id, f, ...)                                                    \
  { .size = sizeof(durable_handler), .name = (id), .fn = (f), __VA_ARGS__ }
#define HANDLERS_END HANDLER(NULL, NULL)

/* One table for each suite, in the file of its name. */
extern const durable_handler STEP[], WAIT[], CHILD[], CALLBACK[], INVOKE[],
    CONDITION[], WAIT_FOR_CALLBACK[], PARALLEL[], MAP[], PLUGIN[],
    DETERMINISM[], COMBINATORS[], STATE[], FAULTS[], HANDOVER[];

/* A step that returns the value that |arg| is. */
int give(durable_step_ctx *step, void *arg, const durable_value **result);
/* A step that fails, with the type that |arg| is (NULL: "RuntimeError"). */
int fail(durable_step_ctx *step, void *arg, const durable_value **result);
/* A step that fails once, then returns the value that |arg| is. */
int fail_once(durable_step_ctx *step, void *arg, const durable_value **result);
/* A step that greets the string value that |arg| is: "Hello, World!". */
int greet(durable_step_ctx *step, void *arg, const durable_value **result);

/* The result of a new callback. */
int answer_to(durable_ctx *ctx, const char *name, const durable_value **result);

/* A value as the |arg| of a body, which hands it on only. */
void *as_arg(const durable_value *value);
/* A string value as an |arg|. */
void *text(durable_ctx *ctx, const char *string);

extern const durable_retry NO_RETRY;
extern const durable_retry RETRY_ONCE;  /* 2 attempts, a second apart */
extern const durable_retry RETRY_TWICE; /* 3 */

/* Strings in upper case on their way out, as they are: no JSON. */
extern const durable_serdes UPPER_CASE;
/* |string| in upper case, as a value. */
durable_value *upper_case(durable_values *in, durable_bytes string);

/* The results of a batch as a list. */
const durable_value *results_of(durable_ctx *ctx, const durable_batch *batch);
/* An object with those members of a summary that |members| has the letters of:
 * r completionReason, S status, s successCount, f failureCount, t totalCount */
const durable_value *summary_of(durable_ctx *ctx, const durable_batch *batch,
                                const char *members);

/* A map or parallel of which |outcomes| has a letter for each item: s succeeds
 * with "ok", f fails. */
typedef int complete_fn(durable_ctx *ctx, const char *outcomes,
                        const durable_batch **batch,
                        const durable_batch_config *config);
/* What |complete| comes to, summarized. */
int summarized(durable_ctx *ctx, complete_fn *complete, const char *outcomes,
               const char *members, const durable_value **result,
               const durable_batch_config *config);
/* Handlers of both suites; their |user| is a pointer to a complete_fn *. */
durable_handler_fn batch_fail_fast, batch_rethrow, batch_min_successful,
    batch_tolerated, batch_exceeded, batch_percentage_exceeded;

/* One by one, until more than |n| have failed, or |n| have succeeded. */
#define TOLERATE(n)                                                            \
  DURABLE_BATCH(.max_concurrency = 1,                                          \
                .set = DURABLE_GROUP_SET_TOLERATED_FAILURES,                   \
                .tolerated_failures = (n))
#define TOLERATE_PERCENT(n)                                                    \
  DURABLE_BATCH(.max_concurrency = 1,                                          \
                .set = DURABLE_GROUP_SET_TOLERATED_PERCENTAGE,                 \
                .tolerated_percentage = (n))
#define AT_LEAST(n)                                                            \
  DURABLE_BATCH(.max_concurrency = 1, .set = DURABLE_GROUP_SET_MIN_SUCCESSFUL, \
                .min_successful = (n))

#endif
