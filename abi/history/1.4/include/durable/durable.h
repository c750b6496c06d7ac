/* durable/durable.h: durable workflows in C.
 *
 * A handler is ordinary code.  Every operation it asks for is on record, so
 * that after a wait, a crash or a retry the handler runs again from the top and
 * finished operations answer what they answered before.
 *
 *   static int charge(durable_step_ctx *step, void *arg,
 *                     const durable_value **result) {
 *     const struct order *order = arg;
 *     if (order->total > 10000)
 *       return durable_step_fail(step, "Declined", "%d is too much",
 *                                order->total);
 *     *result = durable_value_pack(durable_step_values(step), "{s:i}", "paid",
 *                                  order->total);
 *     return DURABLE_OK;
 *   }
 *
 *   int order(durable_ctx *ctx, const durable_value *event,
 *             const durable_value **result) {
 *     int rc = durable_step(ctx, "charge", charge, &order, &receipt, NULL);
 *     if (rc)
 *       return rc;
 *     ...
 *   }
 *   DURABLE_HANDLER(order);
 *
 * Codes     DURABLE_OK; DURABLE_SUSPENDED: return it at once, everything on the
 *           stack is unwound; DURABLE_FAILED: the operation failed for good,
 *           durable_last_failure() says how, and the code may go on from there;
 *           negative: the call was wrong (durable_last_failure() too). Whatever
 *           is not DURABLE_OK may be returned up the stack as it is.
 * Rules     Between operations a handler does the same on every run: no clock,
 *           no random number, no I/O outside of steps (durable_now_ms,
 *           durable_uuid and durable_random are safe).  Nothing durable is done
 *           inside of a step.
 * Contexts  A context belongs to the body that was given it and is used by that
 *           body's thread only.  Its values, futures, batches and failures live
 *           until the body has returned; what a virtual child returns lives as
 *           long as the context it was called in.  NULL is the value null.
 * Bodies    A body's result goes through the serializer; its caller gets what
 *           was read back.  |arg| is handed on untouched.  Bodies of branches
 *           and of started futures run on other threads: their |arg| has to
 *           live until they have ended, see durable_keep().
 * Options   Size-first structs.  NULL is all defaults, zero is always the
 *           default.  In C, DURABLE_STEP(.at_most_once = 1) makes one in place.
 * Names     Of operations: NULL or "" for none, else 1..256 printable ASCII.
 * Text out  NUL-terminated. */
#ifndef DURABLE_DURABLE_H
#define DURABLE_DURABLE_H

#include <durable/host.h>
#include <durable/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(SWIG)
#define DURABLE_PRINTF(at) __attribute__((format(printf, at, at + 1)))
#else
#define DURABLE_PRINTF(at)
#endif

typedef struct durable_ctx durable_ctx;
typedef struct durable_step_ctx durable_step_ctx;
typedef struct durable_future durable_future;
typedef struct durable_callback durable_callback;
typedef struct durable_batch durable_batch;

/* ----------------------------------------------------------------- bodies */

typedef int durable_handler_fn(durable_ctx *ctx, const durable_value *event,
                               const durable_value **result);
typedef int durable_step_fn(durable_step_ctx *step, void *arg,
                            const durable_value **result);
typedef int durable_child_fn(durable_ctx *ctx, void *arg,
                             const durable_value **result);
/* One item of a map; |item| is NULL when the map counts only. */
typedef int durable_map_fn(durable_ctx *ctx, const durable_value *item,
                           size_t index, void *arg,
                           const durable_value **result);
/* Tell the outside about |callback_id|; runs as a step. */
typedef int durable_submit_fn(durable_step_ctx *step, const char *callback_id,
                              void *arg);
/* Look again: from the |state| of the last look to that of this one. */
typedef int durable_check_fn(durable_step_ctx *step, const durable_value *state,
                             void *arg, const durable_value **result);
/* |attempt| counts from 1. */
typedef int durable_attempt_fn(durable_ctx *ctx, int attempt, void *arg,
                               const durable_value **result);

/* --------------------------------------------------------------- failures */

typedef struct durable_failure durable_failure;
struct durable_failure {
  size_t size;
  int kind; /* DURABLE_OPERATION_ERROR_*; NONE: user code or a bad call */
  const char *name; /* the class: "StepError"; of user code's own, its type */
  const char *type; /* what failed inside: "Declined"; else as |name| */
  const char *message;
  const char *data;         /* or NULL */
  const char *const *stack; /* stack_count lines */
  size_t stack_count;
  const durable_failure *cause; /* or NULL */
};

/* Of the last call on this context that did not answer DURABLE_OK; NULL when
 * there was none.  It lives as long as the context. */
DURABLE_API const durable_failure *durable_last_failure(const durable_ctx *ctx);
/* Make an error of one's own, to be returned: answers DURABLE_FAILED.  |type|
 * NULL: "Error". */
DURABLE_API int durable_fail(durable_ctx *ctx, const char *type,
                             const char *format, ...) DURABLE_PRINTF(3);
/* The same with data (text, or NULL) and the lines of a stack. */
DURABLE_API int durable_fail_with(durable_ctx *ctx, const char *type,
                                  const char *message, const char *data,
                                  const char *const *stack, size_t stack_count);
/* Return |failure| as it is, after others have overwritten the last one. */
DURABLE_API int durable_fail_again(durable_ctx *ctx,
                                   const durable_failure *failure);
/* End the invocation so that the service runs it again: for a failure of the
 * infrastructure that is not the workflow's.  Answers a code to be returned. */
DURABLE_API int durable_retry_invocation(durable_ctx *ctx, const char *format,
                                         ...) DURABLE_PRINTF(2);

/* ----------------------------------------------------------------- serdes */

/* One use of a serdes. */
typedef struct durable_serdes_call durable_serdes_call;
/* "" for what is written before the operation has an id: the payload of an
 * invoke, the initial state of a condition. */
DURABLE_API const char *
durable_serdes_operation_id(const durable_serdes_call *call);
DURABLE_API const char *durable_serdes_arn(const durable_serdes_call *call);
/* Where results are made; they live as long as the caller needs them. */
DURABLE_API durable_values *durable_serdes_values(durable_serdes_call *call);
/* Say why it cannot be done; answers DURABLE_E_SERDES.  retryable: a step of
 * which this is the result is tried again by its policy. */
DURABLE_API int durable_serdes_fail(durable_serdes_call *call, int retryable,
                                    const char *format, ...) DURABLE_PRINTF(3);

/* Has to outlive its uses; is called by any thread. */
typedef struct durable_serdes {
  size_t size;
  void *user;
  /* |value| may be NULL (null).  An absent *out is no payload: null. */
  int (*serialize)(void *user, durable_serdes_call *call,
                   const durable_value *value, durable_bytes *out);
  int (*deserialize)(void *user, durable_serdes_call *call, durable_bytes text,
                     const durable_value **out);
} durable_serdes;
#define DURABLE_SERDES_INIT DURABLE_SIZED(durable_serdes)

DURABLE_API const durable_serdes *durable_serdes_plain(void); /* JSON */
/* The default of the official Python SDK: all kinds of values. */
DURABLE_API const durable_serdes *durable_serdes_tagged(void);
/* A string value is the payload, as it is. */
DURABLE_API const durable_serdes *durable_serdes_raw(void);

/* Payloads in files of a directory that all invocations share. */
typedef struct durable_files {
  size_t size;
  const durable_host_files *where;
  const durable_serdes *inner; /* NULL: plain */
  /* A part of |value| to be shown in the checkpoint beside the file's name: an
   * object, or NULL.  NULL: none. */
  const durable_value *(*preview)(void *user, durable_values *in,
                                  const durable_value *value);
  void *user;
} durable_files;
#define DURABLE_FILES_INIT DURABLE_SIZED(durable_files)
/* Fill |out| with a serdes over |files|, which has to outlive it. */
DURABLE_API int durable_files_serdes(durable_serdes *out,
                                     const durable_files *files);

/* ---------------------------------------------------------------- retries */

/* Which failures are tried again.  Lists end with NULL.  With no list given,
 * all; else those that match any entry of any list. */
typedef struct durable_error_filter {
  size_t size;
  const char *const *contains; /* the message has this in it */
  const char *const *matches;  /* POSIX extended regex, searched in it */
  const char *const *types;    /* the failure's name or type is this */
  int (*test)(void *user, const durable_failure *failure); /* 1: try again */
  void *user;
} durable_error_filter;
#define DURABLE_ERROR_FILTER_INIT DURABLE_SIZED(durable_error_filter)

/* How a failing body is tried again: a policy by its name
 * (durable_retry_preset), or given, or a function of the caller's. */
typedef struct durable_retry {
  size_t size;
  const char *preset;                 /* NULL: see |policy| */
  const durable_retry_policy *policy; /* NULL: the operation's default */
  const durable_error_filter *only;   /* NULL: every failure */
  /* Excludes preset and policy.  |attempts| were made.  1: again after
   * *delay_s; 0: give up. */
  int (*decide)(void *user, const durable_failure *failure, int attempts,
                int64_t *delay_s);
  void *user;
} durable_retry;
#define DURABLE_RETRY_INIT DURABLE_SIZED(durable_retry)

/* ------------------------------------------------------------- operations
 *
 * Each blocks until it has ended; |result| may be NULL.  Its _start form takes
 * the operation's place in the order of things at once and answers a future; a
 * body runs on another thread meanwhile, of which at most max_threads are at
 * work at once.  A thread is held until its body has ended, also while that is
 * parked: thousands of bodies that wait are better a map. */

typedef struct durable_step_config {
  size_t size;
  uint32_t at_most_once;        /* per attempt; else at least once */
  const durable_retry *retry;   /* NULL: preset "default" */
  const durable_serdes *serdes; /* NULL: the handler's */
} durable_step_config;
#define DURABLE_STEP_INIT DURABLE_SIZED(durable_step_config)

DURABLE_API int durable_step(durable_ctx *ctx, const char *name,
                             durable_step_fn *fn, void *arg,
                             const durable_value **result,
                             const durable_step_config *config);
DURABLE_API int durable_step_start(durable_ctx *ctx, const char *name,
                                   durable_step_fn *fn, void *arg,
                                   durable_future **future,
                                   const durable_step_config *config);

/* |seconds|: 1..31622400 */
DURABLE_API int durable_wait(durable_ctx *ctx, const char *name,
                             int64_t seconds);
DURABLE_API int durable_wait_start(durable_ctx *ctx, const char *name,
                                   int64_t seconds, durable_future **future);

typedef struct durable_invoke_config {
  size_t size;
  const char *tenant_id;                /* NULL: none */
  const durable_serdes *payload_serdes; /* NULL: plain */
  const durable_serdes *serdes;         /* of the result; NULL: plain */
  const char *trace_id; /* 1.4.  X-Amzn-Trace-Id of the function; NULL: none */
} durable_invoke_config;
#define DURABLE_INVOKE_INIT DURABLE_SIZED(durable_invoke_config)

/* Call another function; it may be durable itself. */
DURABLE_API int durable_invoke(durable_ctx *ctx, const char *name,
                               const char *function,
                               const durable_value *payload,
                               const durable_value **result,
                               const durable_invoke_config *config);
DURABLE_API int durable_invoke_start(durable_ctx *ctx, const char *name,
                                     const char *function,
                                     const durable_value *payload,
                                     durable_future **future,
                                     const durable_invoke_config *config);

typedef struct durable_callback_config {
  size_t size;
  int64_t timeout_s, heartbeat_timeout_s; /* 0: none */
  const durable_serdes *serdes; /* of the result; NULL: raw, a string */
  const durable_retry *retry;   /* of the submitter, wait_for_callback only */
} durable_callback_config;
#define DURABLE_CALLBACK_INIT DURABLE_SIZED(durable_callback_config)

/* A callback whose id is known once this answers. */
DURABLE_API int durable_create_callback(durable_ctx *ctx, const char *name,
                                        durable_callback **callback,
                                        const durable_callback_config *config);
/* The same, but it is durable_callback_id() that blocks. */
DURABLE_API int durable_callback_start(durable_ctx *ctx, const char *name,
                                       durable_callback **callback,
                                       const durable_callback_config *config);
DURABLE_API int durable_callback_id(durable_ctx *ctx,
                                    durable_callback *callback,
                                    const char **id);
DURABLE_API int durable_callback_result(durable_ctx *ctx,
                                        durable_callback *callback,
                                        const durable_value **result);
DURABLE_API int durable_callback_result_start(durable_ctx *ctx,
                                              durable_callback *callback,
                                              durable_future **future);
/* Make a callback, have its id submitted, wait for the result. */
DURABLE_API int durable_wait_for_callback(
    durable_ctx *ctx, const char *name, durable_submit_fn *submit, void *arg,
    const durable_value **result, const durable_callback_config *config);
DURABLE_API int durable_wait_for_callback_start(
    durable_ctx *ctx, const char *name, durable_submit_fn *submit, void *arg,
    durable_future **future, const durable_callback_config *config);

/* The text that is stored where a payload over 262,144 bytes is not; *text
 * NULL: none. */
typedef int durable_summary_fn(void *user, durable_values *in,
                               const durable_value *result, const char **text);

typedef struct durable_child_config {
  size_t size;
  const char *sub_type; /* NULL: "RunInChildContext" */
  uint32_t is_virtual;  /* no record of its own; its result is not serialized */
  const durable_serdes *serdes;
  durable_summary_fn *summary; /* NULL: none */
  void *summary_user;
} durable_child_config;
#define DURABLE_CHILD_INIT DURABLE_SIZED(durable_child_config)

/* Run in a child context: a group of operations with one result. */
DURABLE_API int durable_child(durable_ctx *ctx, const char *name,
                              durable_child_fn *fn, void *arg,
                              const durable_value **result,
                              const durable_child_config *config);
DURABLE_API int durable_child_start(durable_ctx *ctx, const char *name,
                                    durable_child_fn *fn, void *arg,
                                    durable_future **future,
                                    const durable_child_config *config);

typedef struct durable_condition_config {
  size_t size;
  const char *preset;               /* NULL: see |pace| */
  const durable_retry_policy *pace; /* NULL: preset "wait" */
  const durable_serdes *serdes;
  /* 1: look again.  NULL: look until the state is neither null nor false. */
  int (*more)(void *user, const durable_value *state, int looks);
  /* Excludes the above.  1: look again after *delay_s; 0: done. */
  int (*decide)(void *user, const durable_value *state, int looks,
                int64_t *delay_s);
  void *user;
} durable_condition_config;
#define DURABLE_CONDITION_INIT DURABLE_SIZED(durable_condition_config)

/* Look by |check|, from |initial| on, until the condition is met; *result is
 * the last state. */
DURABLE_API int durable_wait_for_condition(
    durable_ctx *ctx, const char *name, durable_check_fn *check, void *arg,
    const durable_value *initial, const durable_value **result,
    const durable_condition_config *config);
DURABLE_API int durable_wait_for_condition_start(
    durable_ctx *ctx, const char *name, durable_check_fn *check, void *arg,
    const durable_value *initial, durable_future **future,
    const durable_condition_config *config);

typedef struct durable_attempts_config {
  size_t size;
  uint32_t unwrapped;         /* 1: no child context around; not for _start */
  const durable_retry *retry; /* NULL: preset "with_retry" */
  const durable_child_config *child; /* of the context around; NULL: default */
} durable_attempts_config;
#define DURABLE_ATTEMPTS_INIT DURABLE_SIZED(durable_attempts_config)

/* Try several operations together again, with waits between. */
DURABLE_API int durable_with_retry(durable_ctx *ctx, const char *name,
                                   durable_attempt_fn *fn, void *arg,
                                   const durable_value **result,
                                   const durable_attempts_config *config);
DURABLE_API int durable_with_retry_start(durable_ctx *ctx, const char *name,
                                         durable_attempt_fn *fn, void *arg,
                                         durable_future **future,
                                         const durable_attempts_config *config);

/* ---------------------------------------------------------------- batches */

typedef struct durable_progress {
  size_t size;
  uint32_t total, succeeded, failed, started;
} durable_progress;

typedef struct durable_batch_config {
  size_t size;
  uint32_t set; /* DURABLE_GROUP_SET_* for the thresholds, and for 0 below */
  uint32_t max_concurrency; /* 0: all; given: 1 or more */
  uint32_t min_successful;
  uint32_t tolerated_failures;
  double tolerated_percentage; /* 0..100 */
  uint32_t flat;               /* branches have no record of their own */
  uint32_t count;              /* map, when |items| is NULL */
  /* Instead of thresholds: DURABLE_DECIDE_CONTINUE, _STOP or _FAIL, asked at
   * the start and after each branch that ended. */
  int (*complete)(void *user, const durable_progress *progress);
  void *user;                        /* of complete and summary */
  const char *const *names;          /* map: of the items; NULL: made up */
  const durable_serdes *serdes;      /* of the batch */
  const durable_serdes *item_serdes; /* NULL: as |serdes| */
  durable_summary_fn *summary;
} durable_batch_config;
#define DURABLE_BATCH_INIT DURABLE_SIZED(durable_batch_config)

/* Run |fn| for every member of the list |items|.  Ends with DURABLE_OK also
 * when items failed: see durable_batch_check(). */
DURABLE_API int durable_map(durable_ctx *ctx, const char *name,
                            const durable_value *items, durable_map_fn *fn,
                            void *arg, const durable_batch **batch,
                            const durable_batch_config *config);
DURABLE_API int durable_map_start(durable_ctx *ctx, const char *name,
                                  const durable_value *items,
                                  durable_map_fn *fn, void *arg,
                                  durable_future **future,
                                  const durable_batch_config *config);

typedef struct durable_branch {
  const char *name; /* NULL: made up */
  durable_child_fn *fn;
  void *arg;
} durable_branch;

DURABLE_API int durable_parallel(durable_ctx *ctx, const char *name,
                                 const durable_branch *branches, size_t count,
                                 const durable_batch **batch,
                                 const durable_batch_config *config);
DURABLE_API int durable_parallel_start(durable_ctx *ctx, const char *name,
                                       const durable_branch *branches,
                                       size_t count, durable_future **future,
                                       const durable_batch_config *config);

typedef struct durable_batch_item {
  size_t size;
  size_t index; /* of the item or branch */
  int status;   /* DURABLE_STATUS_SUCCEEDED, _FAILED or _STARTED */
  const durable_value *result;    /* SUCCEEDED */
  const durable_failure *failure; /* FAILED; NULL: none is known */
} durable_batch_item;

/* |status|: of what to count or pick; 0: all.  Items that were never started
 * are not among them. */
DURABLE_API size_t durable_batch_count(const durable_batch *batch, int status);
DURABLE_API const durable_batch_item *
durable_batch_at(const durable_batch *batch, int status, size_t nth);
/* *count results of items that succeeded with one that is not null. */
DURABLE_API const durable_value *const *
durable_batch_results(const durable_batch *batch, size_t *count);
DURABLE_API const durable_failure *const *
durable_batch_failures(const durable_batch *batch, size_t *count);
/* DURABLE_STATUS_FAILED when any item failed, else _SUCCEEDED. */
DURABLE_API int durable_batch_status(const durable_batch *batch);
/* "ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED", "FAILURE_TOLERANCE_EXCEEDED",
 * "CUSTOM_COMPLETION_SUCCEEDED", "CUSTOM_COMPLETION_FAILED" */
DURABLE_API const char *durable_batch_reason(const durable_batch *batch);
/* DURABLE_OK, or DURABLE_FAILED with a ChildContextError that names the index
 * of the first item that failed. */
DURABLE_API int durable_batch_check(durable_ctx *ctx,
                                    const durable_batch *batch);
/* The batch as a value: {"all":[{"index","status","result","error"}],
 * "completionReason"}. */
DURABLE_API const durable_value *
durable_batch_value(const durable_batch *batch);

/* ---------------------------------------------------------------- futures */

/* Wait for the end of a started operation; any number of times, also by another
 * context than the one that started it.  The value lives as long as the context
 * that started it. */
DURABLE_API int durable_await(durable_ctx *ctx, durable_future *future,
                              const durable_value **result);
/* The same for a map or parallel. */
DURABLE_API int durable_await_batch(durable_ctx *ctx, durable_future *future,
                                    const durable_batch **batch);
/* Bytes that live until everything started in |ctx| has ended, for |arg|s;
 * NULL: memory is out.  keep copies |data|. */
DURABLE_API void *durable_alloc(durable_ctx *ctx, size_t size);
DURABLE_API void *durable_keep(durable_ctx *ctx, const void *data, size_t size);

typedef struct durable_combine_config {
  size_t size;
  const durable_serdes *serdes;
} durable_combine_config;
#define DURABLE_COMBINE_INIT DURABLE_SIZED(durable_combine_config)

/* Which input decided is on record; the others go on, and their results are
 * dropped.  Failure is PromiseCombinatorError.
 *   all      a list of every value, or the first failure
 *   settled  a list of {"status":"fulfilled","value"} | {"status":"rejected",
 *            "reason"}
 *   any      the first value, or all have failed
 *   race     the first to end, either way */
DURABLE_API int durable_all(durable_ctx *ctx, const char *name,
                            durable_future *const *futures, size_t count,
                            const durable_value **result,
                            const durable_combine_config *config);
DURABLE_API int durable_settled(durable_ctx *ctx, const char *name,
                                durable_future *const *futures, size_t count,
                                const durable_value **result,
                                const durable_combine_config *config);
DURABLE_API int durable_any(durable_ctx *ctx, const char *name,
                            durable_future *const *futures, size_t count,
                            const durable_value **result,
                            const durable_combine_config *config);
DURABLE_API int durable_race(durable_ctx *ctx, const char *name,
                             durable_future *const *futures, size_t count,
                             const durable_value **result,
                             const durable_combine_config *config);
/* |mode|: DURABLE_COMBINE_* */
DURABLE_API int durable_combine_start(durable_ctx *ctx, const char *name,
                                      int mode, durable_future *const *futures,
                                      size_t count, durable_future **future,
                                      const durable_combine_config *config);

/* ------------------------------------------------------- what a body knows */

/* Where a body makes values: they live as long as the context. */
DURABLE_API durable_values *durable_ctx_values(durable_ctx *ctx);
DURABLE_API const char *durable_arn(const durable_ctx *ctx);
DURABLE_API const char *durable_request_id(const durable_ctx *ctx); /* or "" */
DURABLE_API const char *durable_tenant_id(const durable_ctx *ctx);  /* or "" */
/* When Lambda ends this invocation; 0: never. */
DURABLE_API int64_t durable_deadline_ms(const durable_ctx *ctx);
DURABLE_API void *durable_user(const durable_ctx *ctx); /* of the handler */
DURABLE_API int durable_is_replaying(durable_ctx *ctx);
/* Replay-safe: the same on every run.  |out| gets DURABLE_UUID_SIZE bytes. */
DURABLE_API int durable_uuid(durable_ctx *ctx, char *out);
DURABLE_API int64_t durable_now_ms(durable_ctx *ctx);
DURABLE_API double durable_random(durable_ctx *ctx); /* 0 <= x < 1 */

DURABLE_API durable_values *durable_step_values(durable_step_ctx *step);
DURABLE_API int durable_step_attempt(const durable_step_ctx *step); /* from 1 */
DURABLE_API const char *durable_step_operation_id(const durable_step_ctx *step);
DURABLE_API const char *durable_step_arn(const durable_step_ctx *step);
DURABLE_API void *durable_step_user(const durable_step_ctx *step);
DURABLE_API int durable_step_fail(durable_step_ctx *step, const char *type,
                                  const char *format, ...) DURABLE_PRINTF(3);
DURABLE_API int durable_step_fail_with(durable_step_ctx *step, const char *type,
                                       const char *message, const char *data,
                                       const char *const *stack,
                                       size_t stack_count);
DURABLE_API int durable_step_retry_invocation(durable_step_ctx *step,
                                              const char *format, ...)
    DURABLE_PRINTF(2);

/* ---- logs: a JSON line with timestamp, level, message, requestId,
 * executionArn, operationId, operationName, parentId and attempt, as far as
 * they apply; silent while the context replays, unless the handler says
 * otherwise.  |level|: DURABLE_LOG_*; |more|: an object with further members,
 * or NULL. */
DURABLE_API void durable_log(durable_ctx *ctx, int level, const char *format,
                             ...) DURABLE_PRINTF(3);
DURABLE_API void durable_log_with(durable_ctx *ctx, int level,
                                  const char *message,
                                  const durable_value *more);
DURABLE_API void durable_step_log(durable_step_ctx *step, int level,
                                  const char *format, ...) DURABLE_PRINTF(3);
DURABLE_API void durable_step_log_with(durable_step_ctx *step, int level,
                                       const char *message,
                                       const durable_value *more);

/* ---------------------------------------------------------------- plugins */

/* What happened: an object in snake_case, times in Unix ms.
 *   invocation     request_id, execution_arn, is_first_invocation,
 *                  execution_start_time, operation_count; start:
 *                  updated_operation_count, updated_operations (by others since
 *                  the last invocation); end: status, error
 *   operation      operation_id, operation_type, sub_type, name, parent_id,
 *                  status, start_time, end_time, result, error, attempt,
 *                  is_replayed
 *   change         execution_arn, operation_count, updated_operation_count,
 *                  updated_operations; operations, if all_operations
 *   user function  as operation, and is_replay_children; end: outcome */
typedef int durable_hook_fn(void *user, const durable_value *info);

/* The body that a wrap hook is around: to be run once.  A hook that does not
 * run it has it run after itself. */
typedef struct durable_wrapped durable_wrapped;
DURABLE_API int durable_wrapped_run(durable_wrapped *body); /* its code */
DURABLE_API const durable_value *
durable_wrapped_info(const durable_wrapped *body);
typedef int durable_wrap_fn(void *user, durable_wrapped *body);

/* A hook that answers anything but 0 has failed: that is logged, and nothing
 * else comes of it.  Hooks are called on the thread where the thing happens;
 * the on_ hooks one at a time, in the order of things. */
typedef struct durable_plugin {
  size_t size;
  const char *name;
  void *user;
  durable_hook_fn *on_invocation_start;
  durable_hook_fn *on_invocation_end;
  durable_hook_fn *on_operation_start;
  durable_hook_fn *on_operation_end;
  durable_hook_fn *on_operation_change;
  durable_hook_fn *on_user_function_start;
  durable_hook_fn *on_user_function_end;
  durable_wrap_fn *wrap_invocation; /* the handler */
  durable_wrap_fn *wrap_attempt;    /* a step, check or submitter */
  durable_wrap_fn *wrap_child;      /* a child context, branch or attempt */
  /* Add members to a log line. */
  int (*enrich_log)(void *user, durable_values *in, durable_value *fields);
  uint32_t all_operations; /* 1 (1.2): on_operation_change is told of them all,
                              which costs time and memory for each of them */
} durable_plugin;
#define DURABLE_PLUGIN_INIT DURABLE_SIZED(durable_plugin)

/* --------------------------------------------------------------- handlers */

/* Has to outlive its invocations. */
typedef struct durable_handler {
  size_t size;
  const char *name; /* of the function: 1..64 of [A-Za-z0-9_-] */
  durable_handler_fn *fn;
  void *user;
  uint32_t dialect;             /* DURABLE_DIALECT_* */
  const durable_serdes *serdes; /* of operations; NULL: plain.  The event and
                                   the result are always plain JSON. */
  uint32_t set;                 /* DURABLE_ENGINE_SET_* */
  uint32_t linger_ms, stay_ms;  /* see durable_engine_options */
  uint32_t max_threads;         /* branches at work at once; 0: 64 */
  uint32_t stack_kib;           /* of their threads; 0: 512 */
  uint32_t log_replays;         /* 1: logs are written while replaying, too */
  const durable_plugin *const *plugins; /* ends with NULL; NULL: none */
  /* Where log lines of all levels go: the members of one, as a JSON object;
   * |user| is the handler's.  NULL: durable_host_log(). */
  void (*log)(void *user, int level, durable_bytes fields);
} durable_handler;
#define DURABLE_HANDLER_INIT DURABLE_SIZED(durable_handler)

/* The handlers of a shared object, the first of them its default; found by this
 * name. */
#define DURABLE_HANDLER_TABLE "durable_handler_table"
#ifndef __cplusplus
#define DURABLE_FN(f) DURABLE_FN_WITH(f, .user = NULL)
#define DURABLE_FN_WITH(f, ...)                                                \
  &(const durable_handler) {                                                   \
    .size = sizeof(durable_handler), .name = #f, .fn = (f), __VA_ARGS__        \
  }
#define DURABLE_HANDLERS(...)                                                  \
  DURABLE_API extern const durable_handler *const durable_handler_table[];     \
  const durable_handler *const durable_handler_table[] = {__VA_ARGS__, NULL}
#define DURABLE_HANDLER(f) DURABLE_HANDLERS(DURABLE_FN(f))

#define DURABLE_STEP(...)   DURABLE_MAKE_(durable_step_config, __VA_ARGS__)
#define DURABLE_INVOKE(...) DURABLE_MAKE_(durable_invoke_config, __VA_ARGS__)
#define DURABLE_CALLBACK(...)                                                  \
  DURABLE_MAKE_(durable_callback_config, __VA_ARGS__)
#define DURABLE_CHILD(...) DURABLE_MAKE_(durable_child_config, __VA_ARGS__)
#define DURABLE_CONDITION(...)                                                 \
  DURABLE_MAKE_(durable_condition_config, __VA_ARGS__)
#define DURABLE_ATTEMPTS(...)                                                  \
  DURABLE_MAKE_(durable_attempts_config, __VA_ARGS__)
#define DURABLE_BATCH(...)  DURABLE_MAKE_(durable_batch_config, __VA_ARGS__)
#define DURABLE_RETRY(...)  DURABLE_MAKE_(durable_retry, __VA_ARGS__)
#define DURABLE_ONLY(...)   DURABLE_MAKE_(durable_error_filter, __VA_ARGS__)
#define DURABLE_POLICY(...) DURABLE_MAKE_(durable_retry_policy, __VA_ARGS__)
#define DURABLE_MAKE_(type, ...)                                               \
  (&(const type){.size = sizeof(type), __VA_ARGS__})
#endif

typedef struct durable_invocation {
  size_t size;
  const durable_transport *transport; /* NULL: the built-in one */
  const char *request_id;             /* NULL: unknown */
  const char *tenant_id;              /* NULL: none */
  int64_t deadline_ms;                /* 0: never */
  int64_t (*now)(void *user);         /* NULL: the system's clock */
  void *now_user;
  uint32_t set; /* DURABLE_ENGINE_SET_SEED */
  uint64_t seed;
} durable_invocation;
#define DURABLE_INVOCATION_INIT DURABLE_SIZED(durable_invocation)

typedef struct durable_output {
  size_t size;
  int kind;                 /* DURABLE_EVENT_FINISH or _ABORT */
  durable_host_buffer body; /* FINISH: the output; ABORT: {"errorMessage",
                               "errorType"} */
} durable_output;
#define DURABLE_OUTPUT_INIT DURABLE_SIZED(durable_output)
DURABLE_API void durable_output_drop(durable_output *output);

/* Run one invocation for the Lambda |event|, on the calling thread.  An event
 * that is none is an ABORT.  Errors: ARGUMENT, ABI, NOMEM. */
DURABLE_API int durable_invoke_handler(const durable_handler *handler,
                                       durable_bytes event,
                                       const durable_invocation *invocation,
                                       durable_output *out);

/* A custom runtime: take invocations from the Lambda Runtime API until it is
 * gone.  Errors: as durable_host_lambda_loop(). */
DURABLE_API int durable_lambda_run(const durable_handler *handler);

#ifdef __cplusplus
}
#endif
#endif
