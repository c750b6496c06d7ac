/* durable/engine.h: the engine of durable execution, for people who write a
 * binding.
 *
 * Sans-IO: no thread, lock, clock, socket, environment or global lives here.
 * One engine runs one invocation of one durable execution.  The binding runs
 * user code in its own way (threads, coroutines, an event loop) and asks the
 * engine what to do; it performs the HTTP requests that the engine hands out.
 *
 * Conventions
 *   Handles    One pointer per invocation, durable_engine.  Contexts, tasks and
 *              operations in it are positive 32-bit integers, never reused and
 *              checked on every call; a stale one, one of another kind or one
 *              of another engine is DURABLE_E_HANDLE.
 *   Status     Every call answers an int: negative is a durable_error, 0 or
 *              more is the answer, and where a handle is made the answer is the
 *              handle.
 *   Bytes in   Borrowed for the call; the engine copies what it keeps.
 *   Bytes out  Valid until durable_engine_free(), except the bytes of a SEND
 *              event, valid until its durable_engine_reply() or _fail(), and
 *              those of a record, valid until the next
 *              durable_engine_record_next().  Absent bytes have data == NULL;
 *              present and empty ones do not.
 *   Options    Size-first structs, zeroed by their _INIT.  NULL is all
 *              defaults, zero is always the default; where zero means something
 *              else a bit in |set| says that the field is given.  A struct
 *              larger than this library's with a non-zero tail is
 *              DURABLE_E_ABI.
 *   Threads    An engine is used by one thread at a time.
 *   Time       Unix milliseconds in int64_t, exact in a double until the year
 *              287396.
 *   Errors     The text of the last failed call is durable_engine_error(), kept
 *              in the engine.  Below DURABLE_E_FATAL the invocation is
 *              poisoned: next() answers SUSPEND to every task and nothing more
 *              is written. */
#ifndef DURABLE_ENGINE_H
#define DURABLE_ENGINE_H

#include <durable/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct durable_engine durable_engine;
typedef int32_t durable_ctx_id;  /* a context: the scope ids are claimed in */
typedef int32_t durable_task_id; /* a strand of user code */
typedef int32_t durable_op_id;   /* an operation */

typedef struct durable_bytes {
  const char *data;
  size_t len;
} durable_bytes;

/* An allocator with sizes.  realloc(user, NULL, 0, n) allocates, (user, p, n,
 * 0) frees and answers NULL; NULL for n > 0 means that memory is out. */
typedef struct durable_mem {
  void *(*realloc)(void *user, void *ptr, size_t old_size, size_t new_size);
  void *user;
} durable_mem;

/* ---------------------------------------------------------------- errors */

#define DURABLE_ERROR_MAP(X)                                                   \
  X(ARGUMENT, -1, "invalid argument")                                          \
  X(HANDLE, -2, "handle is stale, of another kind or of another engine")       \
  X(STATE, -3, "call is not allowed in this state")                            \
  X(LIMIT, -4, "a limit of the service or of this library was exceeded")       \
  X(ABI, -5, "structure or client is newer than this library")                 \
  X(SERDES, -6, "value could not be serialized or deserialized")               \
  X(EXISTS, -7, "an execution of this name was started with another input")    \
  X(STORE, -8, "the database could not be opened or written")                  \
  X(IO, -9, "a request could not be performed")                                \
  X(FATAL, -100, "the invocation is poisoned")                                 \
  X(NOMEM, -101, "out of memory")                                              \
  X(PROTOCOL, -102, "malformed invocation event or service response")          \
  X(NONDETERMINISM, -103, "the code does not match the recorded operations")   \
  X(CHECKPOINT, -104, "a checkpoint was refused by the service")

typedef enum durable_error {
#define DURABLE_X(name, code, text) DURABLE_E_##name = (code),
  DURABLE_ERROR_MAP(DURABLE_X)
#undef DURABLE_X
      DURABLE_OK = 0,
  DURABLE_SUSPENDED = 1, /* blocking calls only: unwind now */
  DURABLE_FAILED = 2     /* blocking calls only: the operation failed */
} durable_error;

DURABLE_API const char *durable_error_name(int rc); /* "ARGUMENT", or "?" */
DURABLE_API const char *durable_error_text(int rc);
DURABLE_API int durable_error_is_fatal(int rc); /* 1 or 0 */
DURABLE_API const char *durable_engine_error(const durable_engine *e);

DURABLE_API int durable_version_number(void);
DURABLE_API const char *durable_version_string(void);
/* 0 when a client built for |major|.|minor| can use this library; else
 * DURABLE_E_ABI.  |message| (may be NULL) receives at most |size| bytes. */
DURABLE_API int durable_engine_abi(int major, int minor, char *message,
                                   size_t size);

/* ------------------------------------------------------------- lifecycle */

enum {                             /* durable_engine_options.dialect */
       DURABLE_DIALECT_PYTHON = 0, /* BLAKE2b-512/64 hex, hashed parent */
       DURABLE_DIALECT_JS = 1,     /* MD5/16, positional */
       DURABLE_DIALECT_JAVA = 2,   /* SHA-256/64, hashed parent */
       DURABLE_DIALECT_RUST = 3    /* SHA-256/64, positional */
};

enum {                                /* durable_engine_options.set */
       DURABLE_ENGINE_SET_LINGER = 1, /* linger_ms is given, 0 included */
       DURABLE_ENGINE_SET_SEED = 2
};

typedef struct durable_engine_options {
  size_t size;
  uint32_t set;
  uint32_t dialect;
  uint64_t seed;         /* of jitter and back-off; not given: from the token */
  int64_t deadline_ms;   /* when Lambda ends the invocation; 0: never */
  int64_t now_ms;        /* the caller's clock at this call; 0: unknown */
  uint32_t linger_ms;    /* at-least-once STARTs are held this long; 20 */
  uint32_t stay_ms;      /* wait in place for timers due sooner than this; 0 */
  uint32_t max_threads;  /* runnable branch tasks; 0: no bound (coroutines) */
  uint32_t max_sends;    /* tries of one request; 0: 5 */
  uint32_t records;      /* 1: plugin records are wanted; 2 (1.2): with all
                            operations in those of a change */
  uint32_t borrow_event; /* 1: |event| outlives the engine and is not copied */
  const char *request_id; /* of the Lambda invocation; NULL: unknown */
  const durable_mem *mem; /* NULL: malloc */
  /* 1.1.  1: error classes that the engine writes have the qualified names of
   * the dialect's SDK, where it qualifies them (python).  Read are both. */
  uint32_t qualified_errors;
} durable_engine_options;
#define DURABLE_ENGINE_OPTIONS_INIT DURABLE_SIZED(durable_engine_options)

/* Parse the Lambda event (at most 64 MiB).  On DURABLE_E_PROTOCOL *out is an
 * engine of which only error and free may be used; on other errors *out is
 * NULL. Errors: ARGUMENT, ABI, NOMEM, PROTOCOL. */
DURABLE_API DURABLE_NODISCARD int
durable_engine_new(durable_engine **out, const durable_engine_options *options,
                   durable_bytes event);
DURABLE_API void durable_engine_free(durable_engine *e); /* NULL is fine */

DURABLE_API durable_bytes durable_engine_arn(const durable_engine *e);
DURABLE_API durable_bytes durable_engine_request_id(const durable_engine *e);
/* The user's event, JSON text; "{}" when the execution has none.  Complete once
 * the root task was woken. */
DURABLE_API durable_bytes durable_engine_input(const durable_engine *e);
DURABLE_API int64_t durable_engine_start_ms(const durable_engine *e);
/* 1.1.  What is known of every operation, the execution's own included: a JSON
 * array of Operation objects as the invocation event has them, in no
 * particular order; valid until the next call of this function.  Absent when
 * memory is out. */
DURABLE_API durable_bytes durable_engine_operations(durable_engine *e);
/* 1 while the state holds no operation but the execution itself */
DURABLE_API int durable_engine_is_first(const durable_engine *e);

/* The handler's outcome, once.  |payload|: JSON text of its result.  |error|:
 * an ErrorObject {"ErrorMessage","ErrorType","ErrorData","StackTrace"}, all
 * optional. retry_invocation: end with ABORT, so that Lambda runs the
 * invocation again. Errors: ARGUMENT, STATE, LIMIT, NOMEM. */
DURABLE_API int durable_engine_return(durable_engine *e, durable_bytes payload);
DURABLE_API int durable_engine_raise(durable_engine *e, durable_bytes error,
                                     int retry_invocation);
/* The handler's task was unwound by SUSPEND: it has no outcome. */
DURABLE_API int durable_engine_unwound(durable_engine *e);

/* ----------------------------------------------------------- driver side */

typedef enum durable_event_kind {
  DURABLE_EVENT_NONE = 0, /* nothing to do before deadline_ms (INT64_MAX: until
                             a call or a reply changes something) */
  DURABLE_EVENT_SEND,     /* perform the request, then reply or fail */
  DURABLE_EVENT_WAKE,     /* resume |task|: its next() may answer now */
  DURABLE_EVENT_FINISH,   /* |body| is the output for Lambda; the engine is done
                           */
  DURABLE_EVENT_ABORT     /* |body| is {"errorMessage","errorType"}: fail the
                             invocation, the service runs it again */
} durable_event_kind;

enum { DURABLE_CALL_CHECKPOINT = 1, DURABLE_CALL_GET_STATE = 2 };

typedef struct durable_engine_event {
  size_t size;
  int kind;
  durable_task_id task;
  uint32_t request; /* to be handed back with the outcome */
  int64_t deadline_ms;
  /* SEND, as HTTP */
  const char *method;   /* "POST" or "GET" */
  durable_bytes target; /* path and query, percent-encoded once */
  durable_bytes body;   /* SEND: empty for GET; FINISH and ABORT: see there */
  /* SEND, as meaning, for a client of another kind */
  int call; /* DURABLE_CALL_* */
  durable_bytes token, client_token, marker;
  durable_bytes updates; /* JSON array of OperationUpdate */
} durable_engine_event;
#define DURABLE_ENGINE_EVENT_INIT DURABLE_SIZED(durable_engine_event)

/* What to do next: WAKE before SEND before FINISH.  Call it after every call
 * that can change something, until it answers NONE.  Answers the kind too.
 * Errors: ARGUMENT, ABI, STATE (records are undelivered; or after
 * FINISH/ABORT). */
DURABLE_API DURABLE_NODISCARD int durable_engine_poll(durable_engine *e,
                                                      int64_t now_ms,
                                                      durable_engine_event *ev);
/* The answer to |request|.  error_type: the x-amzn-ErrorType header, or absent.
 */
DURABLE_API int durable_engine_reply(durable_engine *e, uint32_t request,
                                     int http_status, durable_bytes error_type,
                                     durable_bytes body, int64_t now_ms);
/* No answer came: refused, reset or timed out, as |why| says. */
DURABLE_API int durable_engine_fail(durable_engine *e, uint32_t request,
                                    const char *why, int64_t now_ms);

/* ------------------------------------------------------------- task side */

DURABLE_API durable_task_id durable_engine_root_task(const durable_engine *e);
DURABLE_API durable_ctx_id durable_engine_root_ctx(const durable_engine *e);
/* Another strand of user code working in |ctx|, such as a started future; it
 * counts as runnable until it parks or ends. */
DURABLE_API durable_task_id durable_engine_task_new(durable_engine *e,
                                                    durable_ctx_id ctx);
/* The strand is over; its handle is stale from now on. */
DURABLE_API int durable_engine_task_end(durable_engine *e,
                                        durable_task_id task);
/* 1: nothing in this event loop is ready; 0: something is. */
DURABLE_API int durable_engine_task_idle(durable_engine *e,
                                         durable_task_id task, int idle);
/* Park on several operations: DONE when |all| (or one) of them is settled, else
 * PARK or SUSPEND. */
DURABLE_API DURABLE_NODISCARD int
durable_engine_task_wait(durable_engine *e, durable_task_id task,
                         const durable_op_id *ops, size_t count, int all);

DURABLE_API int durable_engine_ctx_is_replaying(const durable_engine *e,
                                                durable_ctx_id ctx);
/* ParentId of the operations of |ctx|; absent at the root */
DURABLE_API durable_bytes durable_engine_ctx_parent_id(const durable_engine *e,
                                                       durable_ctx_id ctx);

/* 1.3.  The id that the next claim of |ctx| takes, unless another task claims
 * first: for payloads that are filed under it.  Valid until that claim; absent
 * for a stale context, or when memory is out. */
DURABLE_API durable_bytes durable_engine_next_id(durable_engine *e,
                                                 durable_ctx_id ctx);
/* 1.4.  1: the next claim of |ctx|, unless another task claims first, begins an
 * operation: nothing is on record under its id and |ctx| may still write, so a
 * claim that is not refused queues a START.  0: it does not.  For what only a
 * START carries, such as a trace_id: ask, make it with no lock held, claim. */
DURABLE_API int durable_engine_next_is_new(durable_engine *e,
                                           durable_ctx_id ctx);

/* ---- claims
 *
 * A claim takes the next id of |ctx| and answers the operation's handle.  It
 * returns at once and never parks; operations without a body are started by it.
 * Validation comes first and consumes no id.  |name|: NULL or "" for none,
 * else 1..256 printable ASCII. Errors of all claims: ARGUMENT, HANDLE, LIMIT,
 * ABI, NOMEM.  A claim that does not match what was recorded under its id
 * poisons the execution: its next() answers SUSPEND. */

enum {                              /* durable_retry_policy.kind */
       DURABLE_BACKOFF_DEFAULT = 0, /* the operation's own default */
       DURABLE_BACKOFF_EXPONENTIAL,
       DURABLE_BACKOFF_LINEAR,
       DURABLE_BACKOFF_FIXED,
       DURABLE_BACKOFF_NONE,  /* one attempt */
       DURABLE_BACKOFF_CALLER /* next() answers DECIDE */
};
enum { DURABLE_JITTER_FULL = 0, DURABLE_JITTER_HALF, DURABLE_JITTER_NONE };
enum { /* durable_retry_policy.set */
       DURABLE_RETRY_SET_MAX_ATTEMPTS = 1,
       DURABLE_RETRY_SET_INITIAL_DELAY = 2,
       DURABLE_RETRY_SET_MAX_DELAY = 4,
       DURABLE_RETRY_SET_INCREMENT = 8,
       DURABLE_RETRY_SET_BACKOFF_RATE = 16
};

/* Delays in whole seconds.  Fields that are not |set| have the kind's defaults:
 * exponential 3 attempts, 5 s, at most 300 s, x2; linear 6, 1 s, +1 s, 300 s;
 * fixed 5 attempts of 5 s; BACKOFF_DEFAULT those of the operation's default,
 * its jitter too unless one is given.  Of the other kinds the jitter is FULL
 * unless another is given: a fixed delay of 5 s is anything from 1 s to 5 s
 * unless JITTER_NONE is. */
typedef struct durable_retry_policy {
  size_t size;
  uint32_t set;
  uint32_t kind;
  uint32_t jitter;
  uint32_t max_attempts; /* counts the first attempt; set and 0: no limit */
  int64_t initial_delay_s, max_delay_s, increment_s;
  double backoff_rate;
} durable_retry_policy;
#define DURABLE_RETRY_POLICY_INIT DURABLE_SIZED(durable_retry_policy)

/* "none", "default", "transient", "resource_availability", "critical",
 * "linear", "fixed", "with_retry", "wait"; of other SDKs "dotnet_transient" and
 * "rust_wait".  ARGUMENT when the name is unknown. */
DURABLE_API int durable_retry_preset(const char *name,
                                     durable_retry_policy *out);

typedef struct durable_step_options {
  size_t size;
  uint32_t at_most_once; /* AT_MOST_ONCE_PER_RETRY: START is on record before
                            the body runs */
  const durable_retry_policy *retry; /* NULL: preset "default" */
  const char *sub_type; /* 1.1.  NULL: "Step"; 1..32 of [A-Za-z0-9_-] */
} durable_step_options;
#define DURABLE_STEP_OPTIONS_INIT DURABLE_SIZED(durable_step_options)

DURABLE_API durable_op_id durable_engine_step(durable_engine *e,
                                              durable_task_id task,
                                              durable_ctx_id ctx,
                                              const char *name,
                                              const durable_step_options *o);

/* |seconds|: 1..31622400 */
DURABLE_API durable_op_id durable_engine_wait(durable_engine *e,
                                              durable_task_id task,
                                              durable_ctx_id ctx,
                                              const char *name,
                                              int64_t seconds);

typedef struct durable_invoke_options {
  size_t size;
  const char *tenant_id; /* NULL: not sent */
  const char *trace_id;  /* 1.4.  X-Amzn-Trace-Id of the invoked function, at
                            most 8,192 printable ASCII characters; sent only
                            with a START, so not on replay; NULL: not sent */
} durable_invoke_options;
#define DURABLE_INVOKE_OPTIONS_INIT DURABLE_SIZED(durable_invoke_options)

/* |payload|: JSON text, at most 1 MiB */
DURABLE_API durable_op_id durable_engine_invoke(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, const char *function, durable_bytes payload,
    const durable_invoke_options *o);

typedef struct durable_callback_options {
  size_t size;
  int64_t timeout_s, heartbeat_timeout_s; /* 0: none */
  const char *sub_type; /* 1.1.  Of the callback, also in wait_for_callback;
                           NULL: "Callback"; 1..32 of [A-Za-z0-9_-] */
} durable_callback_options;
#define DURABLE_CALLBACK_OPTIONS_INIT DURABLE_SIZED(durable_callback_options)

/* DONE as soon as the callback id is known; never fails for the callback's
 * outcome */
DURABLE_API durable_op_id durable_engine_callback(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, const durable_callback_options *o);
/* The callback's outcome, as an operation that takes no id.  The result is the
 * raw text that the external system sent. */
DURABLE_API durable_op_id durable_engine_callback_result(
    durable_engine *e, durable_task_id task, durable_op_id callback);

/* |state|: the serialized initial state.  |pace|: NULL: preset "wait". */
DURABLE_API durable_op_id durable_engine_condition(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, durable_bytes state, const durable_retry_policy *pace);

typedef struct durable_child_options {
  size_t size;
  const char *sub_type; /* NULL: "RunInChildContext"; 1..32 of [A-Za-z0-9_-] */
  uint32_t is_virtual;  /* writes no CONTEXT of its own */
  uint32_t has_summary; /* a payload over 262,144 bytes answers SUMMARY */
} durable_child_options;
#define DURABLE_CHILD_OPTIONS_INIT DURABLE_SIZED(durable_child_options)

DURABLE_API durable_op_id durable_engine_child(durable_engine *e,
                                               durable_task_id task,
                                               durable_ctx_id ctx,
                                               const char *name,
                                               const durable_child_options *o);

enum { DURABLE_GROUP_MAP = 0, DURABLE_GROUP_PARALLEL = 1 };
enum { /* durable_group_options.set */
       DURABLE_GROUP_SET_MIN_SUCCESSFUL = 1,
       DURABLE_GROUP_SET_TOLERATED_FAILURES = 2,
       DURABLE_GROUP_SET_TOLERATED_PERCENTAGE = 4,
       DURABLE_GROUP_SET_MAX_CONCURRENCY = 8 /* 1.2: 0 is refused */
};

typedef struct durable_group_options {
  size_t size;
  uint32_t set;
  uint32_t kind;            /* DURABLE_GROUP_* */
  uint32_t flat;            /* branches write no CONTEXT of their own */
  uint32_t has_summary;     /* over 262,144 bytes: ask for the user's part */
  uint32_t caller_decides;  /* a completion predicate: DECIDE; excludes |set| */
  uint32_t max_concurrency; /* 0: all; given: 1 or more */
  uint32_t min_successful;  /* given: 1..branches */
  uint32_t tolerated_failures; /* given: 0 or more */
  double tolerated_percentage; /* given: 0..100 of all branches */
  const char *const *names;    /* NULL, or one per branch; a NULL entry: default
                                  name, "": no name */
} durable_group_options;
#define DURABLE_GROUP_OPTIONS_INIT DURABLE_SIZED(durable_group_options)

DURABLE_API durable_op_id durable_engine_group(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, uint32_t branches, const durable_group_options *o);

/* A child context that holds a callback, a submitter step (body SUBMITTER) and
 * the wait for the result.  |submitter|: NULL: preset "default". */
DURABLE_API durable_op_id durable_engine_wait_for_callback(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, const durable_callback_options *o,
    const durable_retry_policy *submitter);

typedef struct durable_with_retry_options {
  size_t size;
  uint32_t unwrapped;                /* 1: attempts run in |ctx| itself */
  const durable_retry_policy *retry; /* NULL: preset "with_retry" */
  const durable_child_options
      *child; /* of the wrapping context; NULL: default */
} durable_with_retry_options;
#define DURABLE_WITH_RETRY_OPTIONS_INIT                                        \
  DURABLE_SIZED(durable_with_retry_options)

/* Body ATTEMPT, with waits between attempts */
DURABLE_API durable_op_id durable_engine_with_retry(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, const durable_with_retry_options *o);

enum {
  DURABLE_COMBINE_ALL = 1, /* every value, or the first failure */
  DURABLE_COMBINE_SETTLED, /* every outcome */
  DURABLE_COMBINE_ANY,     /* the first value, or every failure */
  DURABLE_COMBINE_RACE     /* the first outcome */
};
/* Which input won is on record like any other result.  |ops| may be empty for
 * ALL and SETTLED only. */
DURABLE_API durable_op_id durable_engine_combine(
    durable_engine *e, durable_task_id task, durable_ctx_id ctx,
    const char *name, int mode, const durable_op_id *ops, size_t count);

/* ---- the one verb */

typedef enum durable_next_kind {
  DURABLE_NEXT_DONE = 1, /* settled: op_status, op_result, op_error */
  DURABLE_NEXT_RUN,      /* run the body that op_body names, then one outcome */
  DURABLE_NEXT_SPAWN,    /* start the branch that branch() describes */
  DURABLE_NEXT_DECIDE,   /* ask the user's function, then op_decide */
  DURABLE_NEXT_SUMMARY,  /* the payload is too large: op_summary */
  DURABLE_NEXT_PARK,     /* block this task until a WAKE names it */
  DURABLE_NEXT_SUSPEND   /* unwind this task; then task_end */
} durable_next_kind;

/* Errors: ARGUMENT, HANDLE, STATE (an outcome is owed; records are
 * undelivered). */
DURABLE_API DURABLE_NODISCARD int
durable_engine_next(durable_engine *e, durable_task_id task, durable_op_id op);

enum {                         /* durable_engine_op_body */
       DURABLE_BODY_USER = 1,  /* step, condition check, child, branch */
       DURABLE_BODY_SUBMITTER, /* of wait_for_callback: op_callback_id is known
                                */
       DURABLE_BODY_ATTEMPT,   /* of with_retry, in op_ctx */
       DURABLE_BODY_PAYLOAD    /* serialize the outcome: group, combine,
                                  wait_for_callback; see op_compose */
};

/* Exactly one of these after each RUN.
 * succeed: |payload| is what the serdes gave; absent for a null result.
 * fail: |error| as for raise; |retryable| is the answer of the user's error
 * filter. abandon: the body ended in neither: it was suspended inside, or
 * (retry_invocation) a retryable infrastructure failure has to end the
 * invocation. A body that ran into SUSPEND may give any of the three: it is not
 * written. Errors: ARGUMENT, HANDLE, STATE, LIMIT (payload over 6 MiB), NOMEM.
 */
DURABLE_API int durable_engine_op_succeed(durable_engine *e, durable_op_id op,
                                          durable_bytes payload);
DURABLE_API int durable_engine_op_fail(durable_engine *e, durable_op_id op,
                                       durable_bytes error, int retryable);
DURABLE_API int durable_engine_op_abandon(durable_engine *e, durable_op_id op,
                                          int retry_invocation);

enum {
  DURABLE_DECISION_RETRY = 1,
  DURABLE_DECISION_POLL,
  DURABLE_DECISION_COMPLETION
};
typedef struct durable_engine_decision {
  size_t size;
  int what;            /* DURABLE_DECISION_* */
  uint32_t attempt;    /* RETRY, POLL: attempts made, 1 after the first */
  durable_bytes error; /* RETRY: the ErrorObject */
  durable_bytes state; /* POLL: the new state as given to op_succeed */
  uint32_t total, succeeded, failed, started; /* COMPLETION: branches */
} durable_engine_decision;
#define DURABLE_ENGINE_DECISION_INIT DURABLE_SIZED(durable_engine_decision)
DURABLE_API int durable_engine_op_decision(const durable_engine *e,
                                           durable_op_id op,
                                           durable_engine_decision *out);
enum {
  DURABLE_DECIDE_STOP = 0, /* RETRY: give up; POLL: the condition is met;
                              COMPLETION: complete, as succeeded */
  DURABLE_DECIDE_CONTINUE, /* again after delay_s (policy CALLER), or go on */
  DURABLE_DECIDE_FAIL      /* COMPLETION: complete, as failed */
};
/* delay_s below 1 counts as 1.  A condition's DECIDE with a policy other than
 * CALLER asks only whether to poll again; the delay is the engine's.  In
 * DECIDE, op_fail (condition) and op_abandon (step) are allowed too: the user's
 * function raised. */
DURABLE_API int durable_engine_op_decide(durable_engine *e, durable_op_id op,
                                         int decision, int64_t delay_s);
/* |text| absent: no summary */
DURABLE_API int durable_engine_op_summary(durable_engine *e, durable_op_id op,
                                          durable_bytes text);

enum { DURABLE_FORM_PLAIN = 0, DURABLE_FORM_TAGGED = 1 };
/* In a PAYLOAD body: build the payload in the form of a built-in serdes from
 * what the branches or inputs gave in that same form; then hand op_composed to
 * op_succeed. Errors: STATE, SERDES (an input is not of that form), NOMEM. */
DURABLE_API int durable_engine_op_compose(durable_engine *e, durable_op_id op,
                                          int form);
DURABLE_API durable_bytes durable_engine_op_composed(const durable_engine *e,
                                                     durable_op_id op);

/* ---- what is known of an operation */

enum { /* durable_engine_op_status */
       DURABLE_STATUS_STARTED = 1,
       DURABLE_STATUS_PENDING,
       DURABLE_STATUS_READY,
       DURABLE_STATUS_SUCCEEDED,
       DURABLE_STATUS_FAILED,
       DURABLE_STATUS_CANCELLED,
       DURABLE_STATUS_TIMED_OUT,
       DURABLE_STATUS_STOPPED
};

/* Classes of failed operations, by the names of the official SDKs. */
#define DURABLE_OPERATION_ERROR_MAP(X)                                         \
  X(OPERATION, 1, "DurableOperationError")                                     \
  X(STEP, 2, "StepError")                                                      \
  X(INVOKE, 3, "InvokeError")                                                  \
  X(CHILD_CONTEXT, 4, "ChildContextError")                                     \
  X(WAIT_FOR_CONDITION, 5, "WaitForConditionError")                            \
  X(CALLBACK, 6, "CallbackError")                                              \
  X(CALLBACK_EXTERNAL, 7, "CallbackExternalError")                             \
  X(CALLBACK_TIMEOUT, 8, "CallbackTimeoutError")                               \
  X(CALLBACK_SUBMITTER, 9, "CallbackSubmitterError")                           \
  X(COMBINATOR, 10, "PromiseCombinatorError")                                  \
  X(INVALID_STATE, 11, "InvalidStateError")

typedef enum durable_operation_error {
#define DURABLE_X(name, code, text) DURABLE_OPERATION_ERROR_##name = (code),
  DURABLE_OPERATION_ERROR_MAP(DURABLE_X)
#undef DURABLE_X
      DURABLE_OPERATION_ERROR_NONE = 0
} durable_operation_error;
DURABLE_API const char *durable_operation_error_name(int kind);
/* The kind whose name is |type|; NONE when there is none. */
DURABLE_API int durable_operation_error_of(durable_bytes type);

DURABLE_API int durable_engine_op_body(const durable_engine *e,
                                       durable_op_id op);
/* The journaled operation that is at work inside a composed one (the submitter
 * step, the backoff wait); otherwise |op| itself. */
DURABLE_API durable_op_id durable_engine_op_current(const durable_engine *e,
                                                    durable_op_id op);
/* The context a RUN body works in: child, branch, ATTEMPT; others 0 */
DURABLE_API durable_ctx_id durable_engine_op_ctx(const durable_engine *e,
                                                 durable_op_id op);
/* DURABLE_STATUS_* of a settled operation; STARTED before */
DURABLE_API int durable_engine_op_status(const durable_engine *e,
                                         durable_op_id op);
DURABLE_API durable_bytes durable_engine_op_id(const durable_engine *e,
                                               durable_op_id op);
DURABLE_API durable_bytes durable_engine_op_name(const durable_engine *e,
                                                 durable_op_id op);
DURABLE_API durable_bytes durable_engine_op_parent_id(const durable_engine *e,
                                                      durable_op_id op);
/* What a body works on: condition: the serialized state; PAYLOAD of
 * wait_for_callback: the raw result; otherwise absent */
DURABLE_API durable_bytes durable_engine_op_state(const durable_engine *e,
                                                  durable_op_id op);
DURABLE_API durable_bytes durable_engine_op_callback_id(const durable_engine *e,
                                                        durable_op_id op);
/* Serialized result; absent for null */
DURABLE_API durable_bytes durable_engine_op_result(const durable_engine *e,
                                                   durable_op_id op);
/* The ErrorObject of a failed operation, JSON text */
DURABLE_API durable_bytes durable_engine_op_error(const durable_engine *e,
                                                  durable_op_id op);
enum {
  DURABLE_ERROR_MESSAGE = 1,
  DURABLE_ERROR_TYPE,
  DURABLE_ERROR_DATA,
  DURABLE_ERROR_STACK /* a JSON array of strings */
};
/* One member of it, decoded; absent when the object has none */
DURABLE_API durable_bytes durable_engine_op_error_field(const durable_engine *e,
                                                        durable_op_id op,
                                                        int field);
/* DURABLE_OPERATION_ERROR_*: the class that the failure surfaces as */
DURABLE_API int durable_engine_op_error_kind(const durable_engine *e,
                                             durable_op_id op);
/* The attempt a RUN body is, 1 first */
DURABLE_API int durable_engine_op_attempt(const durable_engine *e,
                                          durable_op_id op);
/* 1: settled by what was on record when it was claimed */
DURABLE_API int durable_engine_op_is_replayed(const durable_engine *e,
                                              durable_op_id op);
/* 1: the result was too large to store; it is made again from the children */
DURABLE_API int durable_engine_op_replays_children(const durable_engine *e,
                                                   durable_op_id op);
/* A combine's deciding input: index into |ops|, or -1 (ALL succeeded, SETTLED)
 */
DURABLE_API int durable_engine_op_winner(const durable_engine *e,
                                         durable_op_id op);

/* ---- groups */

typedef struct durable_engine_branch_info {
  size_t size;
  uint32_t index;
  durable_task_id task; /* runnable from now on; end it with task_end */
  durable_op_id op;     /* a child: drive it with next(task, op) */
} durable_engine_branch_info;
#define DURABLE_ENGINE_BRANCH_INFO_INIT                                        \
  DURABLE_SIZED(durable_engine_branch_info)
/* The branch of the SPAWN just answered */
DURABLE_API int durable_engine_branch(durable_engine *e, durable_op_id group,
                                      durable_engine_branch_info *out);

typedef struct durable_engine_item {
  size_t size;
  uint32_t index;
  int status;       /* SUCCEEDED, FAILED, STARTED, or 0: never started, to be
                       left out of the batch result */
  durable_op_id op; /* the branch operation, or 0 */
  durable_bytes result; /* serialized by the item's serdes */
  durable_bytes error;  /* ErrorObject */
  durable_bytes name;
} durable_engine_item;
#define DURABLE_ENGINE_ITEM_INIT DURABLE_SIZED(durable_engine_item)
DURABLE_API int durable_engine_group_item(const durable_engine *e,
                                          durable_op_id group, uint32_t index,
                                          durable_engine_item *out);
/* Branches by status (DURABLE_STATUS_SUCCEEDED, _FAILED, _STARTED) */
DURABLE_API int durable_engine_group_count(const durable_engine *e,
                                           durable_op_id group, int status);
/* "ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED", "FAILURE_TOLERANCE_EXCEEDED",
 * "CUSTOM_COMPLETION_SUCCEEDED", "CUSTOM_COMPLETION_FAILED"; absent while open
 */
DURABLE_API durable_bytes durable_engine_group_reason(const durable_engine *e,
                                                      durable_op_id group);

/* ---- plugin and log records */

enum { /* durable_engine_record.kind */
       DURABLE_RECORD_INVOCATION_START = 1,
       DURABLE_RECORD_INVOCATION_END,
       DURABLE_RECORD_OPERATION_START,
       DURABLE_RECORD_OPERATION_END,
       DURABLE_RECORD_OPERATION_CHANGE,
       DURABLE_RECORD_USER_FUNCTION_START,
       DURABLE_RECORD_USER_FUNCTION_END,
       DURABLE_RECORD_LOG /* {"level","message"}: always delivered */
};
typedef struct durable_engine_record {
  size_t size;
  int kind;
  durable_op_id op;   /* 0: none */
  durable_bytes json; /* an object in snake_case, times in Unix ms */
} durable_engine_record;
#define DURABLE_ENGINE_RECORD_INIT DURABLE_SIZED(durable_engine_record)
/* 1: |out| is the next record; 0: none.  Drain it after every call: while a
 * record is undelivered next() and poll() answer DURABLE_E_STATE. */
DURABLE_API int durable_engine_record_next(durable_engine *e,
                                           durable_engine_record *out);

/* ---- replay-safe values: the same on every replay and in every language; they
 * take no operation id */

enum { DURABLE_UUID_SIZE = 37 };
/* A version 4 UUID with its NUL, from SHA-256 of (ARN, context, counter) */
DURABLE_API int durable_engine_uuid(durable_engine *e, durable_ctx_id ctx,
                                    char *out);
/* The latest end time of an operation that this context has consumed, else the
 * start of the execution */
DURABLE_API int64_t durable_engine_now_ms(const durable_engine *e,
                                          durable_ctx_id ctx);
/* 53 bits */
DURABLE_API int64_t durable_engine_random(durable_engine *e,
                                          durable_ctx_id ctx);

#ifdef __cplusplus
}
#endif
#endif /* DURABLE_ENGINE_H */
