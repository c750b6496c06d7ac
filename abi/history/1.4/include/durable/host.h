/* durable/host.h: what touches the outside world, for people who write a
 * binding: locking, blocking, HTTP, the Lambda Runtime API, logs, files.
 *
 * One durable_host serves one invocation.  It owns the engine, guards it with a
 * mutex and pumps it: requests are performed in the background, so timers and
 * checkpoints go on while user code runs or blocks.
 *
 *   Blocking    attach; begin; then per task: claim between enter and leave,
 *               next (blocks), bodies, op_succeed between enter and leave;
 *               durable_engine_return and task_end between enter and leave;
 *               finish; close.
 *   Event loop  the same with next_for(.., 0), which answers PARK at once, and
 *               poll/wait/eventfd, which name the tasks to resume.
 *
 * Conventions
 *   Status   Negative is a durable_error, 0 or more the answer.  The text of a
 *            failed engine call is durable_engine_error(), read between enter
 *            and leave.
 *   Threads  Every function may be called from any thread unless it says
 *            otherwise; close when no other call on that host is under way.
 *   Bytes    In: borrowed for the call.  Out: as each function says.
 *   Fork     A child process starts its own background thread on its first
 *            request.  A host made before the fork can only be closed there.
 *   Time     Unix milliseconds; timeouts in milliseconds, -1 for none. */
#ifndef DURABLE_HOST_H
#define DURABLE_HOST_H

#include <durable/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct durable_host durable_host;

/* ------------------------------------------------------------- transport */

typedef struct durable_transport_request {
  size_t size;
  const char *method;   /* "POST" or "GET" */
  durable_bytes target; /* path and query, percent-encoded once */
  durable_bytes body;   /* empty for GET */
  int call;             /* DURABLE_CALL_* and its meaning, for other clients */
  durable_bytes arn, token, client_token, marker, updates;
  int64_t now_ms; /* the host's clock, for the signature; 0: the real clock */
} durable_transport_request;
#define DURABLE_TRANSPORT_REQUEST_INIT DURABLE_SIZED(durable_transport_request)

typedef struct durable_transport_reply durable_transport_reply;
struct durable_transport_reply {
  size_t size;
  int status;               /* HTTP status */
  durable_bytes error_type; /* the x-amzn-ErrorType header, or absent */
  durable_bytes body;
  const char *why; /* why no answer came, when send() answers below 0 */
  void *owner;     /* the transport's own */
  void (*drop)(durable_transport_reply *reply); /* called once the reply was
                                                   consumed; may be NULL */
};
#define DURABLE_TRANSPORT_REPLY_INIT DURABLE_SIZED(durable_transport_reply)

enum { /* durable_transport.flags */
       /* send() answers within microseconds, as an in-process service does: a
        * thread that would block for the answer may run it itself */
       DURABLE_TRANSPORT_INLINE = 1,
       /* send is NULL: requests come out of durable_host_poll() and go back by
        * durable_host_reply() or durable_host_fail() */
       DURABLE_TRANSPORT_PULL = 2
};

/* Must outlive the hosts that use it. */
typedef struct durable_transport {
  size_t size;
  uint32_t flags;
  void *user;
  /* Perform one request and block until its answer: 0 with |reply| filled for
   * any HTTP status, negative with reply->why when none came.  Called without a
   * lock, on a thread of this host, at most once at a time per host. */
  int (*send)(void *user, const durable_transport_request *request,
              durable_transport_reply *reply);
} durable_transport;
#define DURABLE_TRANSPORT_INIT DURABLE_SIZED(durable_transport)

/* The built-in one: libcurl, http and https, kept-alive connections, all
 * requests of the process on one background thread.  From the environment, read
 * for each request: the endpoint AWS_ENDPOINT_URL_LAMBDA, else
 * AWS_ENDPOINT_URL, else https://lambda.REGION.amazonaws.com; AWS_REGION,
 * AWS_DEFAULT_REGION; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN (without them the request goes unsigned); http_proxy,
 * https_proxy, no_proxy.  Connect 5 s, read 50 s, answers up to 64 MiB.  A
 * transport of one's own may call its send(). */
DURABLE_API const durable_transport *durable_host_curl_transport(void);

/* ------------------------------------------------------------- lifecycle */

typedef struct durable_host_options {
  size_t size;
  /* The clock; NULL: the system's.  Called under the host's lock: it must not
   * call the host. */
  int64_t (*now)(void *user);
  void *now_user;
  /* The record sink: plugin records, when the engine was asked for them, and
   * logs.  Called without a lock, one record at a time, in order, on whichever
   * thread is at hand; the engine answers nothing until it returned.  It may
   * use enter and leave, and must not block on this host.  NULL: LOG records go
   * to durable_host_log_record(), others are dropped; see |pull_records|. */
  void (*record)(void *user, const durable_engine_record *record);
  void *record_user;
  /* 1: records are taken by durable_host_record_next() instead: begin, next,
   * task_wait, finish, wait and poll answer DURABLE_HOST_RECORDS while one is
   * there, and nothing else until all are taken. */
  uint32_t pull_records;
  /* 1: leave, next_for(.., 0) and reply start no request, only poll and wait
   * do, so that all that one turn of an event loop queues goes out together.
   * Call poll until it answers NONE before blocking.  2: the same, for loops
   * whose turns may block in user code: what a turn has queued is looked at
   * after 10 ms, too. */
  uint32_t event_loop;
} durable_host_options;
#define DURABLE_HOST_OPTIONS_INIT DURABLE_SIZED(durable_host_options)

enum { DURABLE_HOST_RECORDS = 100 }; /* an answer beside those of engine.h */

/* Errors: ARGUMENT, ABI, NOMEM. */
DURABLE_API DURABLE_NODISCARD int
durable_host_new(durable_host **out, const durable_host_options *options);
/* Take |engine| over: close frees it.  |transport| NULL: the built-in one.
 * Nothing is sent yet.  Errors, after which the caller still owns the engine:
 * ARGUMENT, ABI, STATE (attached already). */
DURABLE_API int durable_host_attach(durable_host *host, durable_engine *engine,
                                    const durable_transport *transport);
/* Waits for a request in flight to be given up; drops undelivered records.
 * Frees host and engine.  NULL is fine.  Not from a record sink. */
DURABLE_API void durable_host_close(durable_host *host);
/* NULL before attach.  Use it between enter and leave only, apart from
 * durable_engine_arn, _request_id, _start_ms, _root_task and _root_ctx, which
 * never change. */
DURABLE_API durable_engine *durable_host_engine(const durable_host *host);
/* The clock that this host gives to the engine. */
DURABLE_API int64_t durable_host_now(const durable_host *host);

/* Direct engine calls (claims, op_succeed, getters) go between these two, on
 * one thread; enter answers the engine.  Keep it short, block on nothing, call
 * neither poll, reply, fail, record_next nor free of the engine.  leave starts
 * what the calls made necessary (see event_loop) and delivers their records. */
DURABLE_API durable_engine *durable_host_enter(durable_host *host);
DURABLE_API void durable_host_leave(durable_host *host);

/* -------------------------------------------------------------- blocking */

/* Block until the state is loaded: DURABLE_EVENT_WAKE when the root task may
 * run; FINISH or ABORT when there is nothing to run (go on with finish). */
DURABLE_API DURABLE_NODISCARD int durable_host_begin(durable_host *host);
/* durable_engine_next, but blocks while the answer is PARK. */
DURABLE_API DURABLE_NODISCARD int
durable_host_next(durable_host *host, durable_task_id task, durable_op_id op);
/* The same for at most |timeout_ms|, then PARK: 0 never blocks, and poll tells
 * when to ask again. */
DURABLE_API DURABLE_NODISCARD int durable_host_next_for(durable_host *host,
                                                        durable_task_id task,
                                                        durable_op_id op,
                                                        int64_t timeout_ms);
DURABLE_API DURABLE_NODISCARD int
durable_host_task_wait(durable_host *host, durable_task_id task,
                       const durable_op_id *ops, size_t count, int all);
DURABLE_API DURABLE_NODISCARD int
durable_host_task_wait_for(durable_host *host, durable_task_id task,
                           const durable_op_id *ops, size_t count, int all,
                           int64_t timeout_ms);

typedef struct durable_host_event {
  size_t size;
  int kind; /* DURABLE_EVENT_NONE, _WAKE, _FINISH, _ABORT, _SEND (PULL) or
               DURABLE_HOST_RECORDS */
  durable_task_id task;           /* WAKE */
  durable_bytes body;             /* FINISH, ABORT: until close */
  uint32_t request;               /* SEND: for reply or fail */
  durable_transport_request send; /* SEND: until reply or fail */
} durable_host_event;
#define DURABLE_HOST_EVENT_INIT DURABLE_SIZED(durable_host_event)

/* After durable_engine_return, _raise or _unwound, and task_end of the root
 * task (not needed when begin found nothing to run): block until the invocation
 * is over and fill |out| with FINISH or ABORT.  May be called again. */
DURABLE_API int durable_host_finish(durable_host *host,
                                    durable_host_event *out);

/* ------------------------------------------------------------ event loops */

/* The next event, or NONE; never blocks.  A WAKE of a task that is blocked in
 * next or task_wait goes to that thread instead.  FINISH and ABORT are answered
 * once, after every WAKE.  Answers the kind too. */
DURABLE_API int durable_host_poll(durable_host *host, durable_host_event *out);
/* Block until poll has something: 1; 0 when |deadline_ms| (by the system's
 * clock; INT64_MAX: never) came first. */
DURABLE_API int durable_host_wait(durable_host *host, int64_t deadline_ms);
/* A descriptor that is readable while poll has something; the host owns it, do
 * not read from it.  Errors: IO (no descriptor left). */
DURABLE_API int durable_host_eventfd(durable_host *host);

/* The outcome of a SEND event, PULL transports only.  STATE: |request| is not
 * the one in flight. */
DURABLE_API int durable_host_reply(durable_host *host, uint32_t request,
                                   int http_status, durable_bytes error_type,
                                   durable_bytes body);
DURABLE_API int durable_host_fail(durable_host *host, uint32_t request,
                                  const char *why);

/* pull_records only.  1: |out| is the next record, valid until the next call;
 * 0: all were taken, and the engine goes on.  The thread that got a 1 has to
 * call until 0; another thread's call blocks until then. */
DURABLE_API int durable_host_record_next(durable_host *host,
                                         durable_engine_record *out);

/* ----------------------------------------------------------------- memory */

typedef struct durable_host_buffer {
  char *data; /* followed by a NUL that is not counted */
  size_t len;
} durable_host_buffer;
DURABLE_API void durable_host_buffer_drop(durable_host_buffer *buffer);

/* ----------------------------------------------------- Lambda Runtime API */

/* A client of the Runtime API, for one thread at a time.  Several may exist
 * (managed instances ask for AWS_LAMBDA_MAX_CONCURRENCY invocations at once).
 */
typedef struct durable_host_lambda durable_host_lambda;

typedef struct durable_host_invocation {
  size_t size;
  durable_bytes event;
  /* NUL-terminated; "" when the header was absent */
  const char *request_id, *function_arn, *trace_id, *client_context,
      *cognito_identity, *tenant_id, *invocation_id;
  int64_t deadline_ms; /* 0: none was given */
} durable_host_invocation;
#define DURABLE_HOST_INVOCATION_INIT DURABLE_SIZED(durable_host_invocation)

/* |api|: host:port; NULL: AWS_LAMBDA_RUNTIME_API.  export_trace_id: set
 * _X_AMZN_TRACE_ID at each invocation, which is for a process that runs one at
 * a time.  Errors: ARGUMENT (no api), NOMEM. */
DURABLE_API DURABLE_NODISCARD int
durable_host_lambda_new(durable_host_lambda **out, const char *api,
                        int export_trace_id);
DURABLE_API void durable_host_lambda_free(durable_host_lambda *lambda);
/* Wait for the next invocation, without limit of time.  |out| is valid until
 * the next call of this function.  Errors: IO (the API is gone or answered
 * nonsense: exit), NOMEM. */
DURABLE_API DURABLE_NODISCARD int
durable_host_lambda_next(durable_host_lambda *lambda,
                         durable_host_invocation *out);
/* Answer the current invocation, with the output or with an error object
 * {"errorMessage","errorType","stackTrace"}; |category| is the value of
 * Lambda-Runtime-Function-Error-Type, such as "Runtime.UnhandledException";
 * NULL for that.  A response refused as too large is answered with an error
 * instead. An invocation that is gone (410) counts as answered.  Errors: STATE
 * (no invocation is open), IO (exit). */
DURABLE_API int durable_host_lambda_respond(durable_host_lambda *lambda,
                                            durable_bytes body);
DURABLE_API int durable_host_lambda_error(durable_host_lambda *lambda,
                                          durable_bytes error,
                                          const char *category);
/* Tell that the function cannot start; then exit with a status other than 0. */
DURABLE_API int durable_host_lambda_init_error(durable_host_lambda *lambda,
                                               durable_bytes error,
                                               const char *category);
/* Text of the last failed call. */
DURABLE_API const char *
durable_host_lambda_message(const durable_host_lambda *lambda);

enum { DURABLE_HOST_ANSWER_BODY = 0, DURABLE_HOST_ANSWER_ERROR = 1 };
typedef struct durable_host_answer {
  size_t size;
  int kind;                  /* DURABLE_HOST_ANSWER_* */
  durable_bytes body;        /* output, or error object */
  const char *category;      /* see durable_host_lambda_error */
  void *owner;               /* the callback's own */
  void (*drop)(void *owner); /* called once the answer was posted; or NULL */
} durable_host_answer;
#define DURABLE_HOST_ANSWER_INIT DURABLE_SIZED(durable_host_answer)

/* Handle one invocation.  Negative: stop the loop with this code after the
 * answer was posted. */
typedef int durable_host_handler(void *user, const durable_host_invocation *inv,
                                 durable_host_answer *answer);

typedef struct durable_host_lambda_options {
  size_t size;
  const char *api;          /* NULL: AWS_LAMBDA_RUNTIME_API */
  uint32_t concurrency;     /* threads; 0: AWS_LAMBDA_MAX_CONCURRENCY, else 1 */
  uint64_t max_invocations; /* of each thread; 0: no end */
  void *user;
} durable_host_lambda_options;
#define DURABLE_HOST_LAMBDA_OPTIONS_INIT                                       \
  DURABLE_SIZED(durable_host_lambda_options)

/* Take invocations until the API is gone.  With a concurrency of 1 the handler
 * runs on the calling thread.  0: max_invocations were handled.  Errors:
 * ARGUMENT, ABI, NOMEM, IO, or the handler's own. */
DURABLE_API int
durable_host_lambda_loop(const durable_host_lambda_options *options,
                         durable_host_handler *handler);

/* ------------------------------------------------------------------- logs */

enum {
  DURABLE_LOG_TRACE = 1,
  DURABLE_LOG_DEBUG,
  DURABLE_LOG_INFO,
  DURABLE_LOG_WARN,
  DURABLE_LOG_ERROR,
  DURABLE_LOG_FATAL
};
/* 1 when lines of |level| are written: AWS_LAMBDA_LOG_LEVEL, INFO without. */
DURABLE_API int durable_host_log_enabled(int level);
/* Level of a name in any case ("WARN", "warning"); 0: unknown. */
DURABLE_API int durable_host_log_level(durable_bytes name);
/* Write one line, {"timestamp":..,"level":.., followed by the members of the
 * JSON object |fields|, to stderr, or as a frame to the descriptor that
 * _LAMBDA_TELEMETRY_LOG_FD names.  Whole lines, also among threads.  A level
 * that is not enabled writes nothing.  Errors: ARGUMENT (|fields| is no JSON
 * object), IO, NOMEM. */
DURABLE_API int durable_host_log(int level, durable_bytes fields);
/* Write a DURABLE_RECORD_LOG of an engine; others are ignored. */
DURABLE_API int durable_host_log_record(const durable_engine_record *record);

/* ------------------------------------------------- payloads in a directory */

typedef struct durable_host_files {
  size_t size;
  const char *base_path; /* existing or to be made */
  uint32_t overflow;     /* 1: small payloads stay in the checkpoint */
  uint32_t hashed;       /* 1: names are SHA-256 digests */
} durable_host_files;
#define DURABLE_HOST_FILES_INIT DURABLE_SIZED(durable_host_files)

/* Store |text| for |operation_id| of |arn| and fill |payload| with what goes
 * into the checkpoint.  |preview|: a JSON object or absent.  The file is
 * written beside its place, flushed and renamed: a reader sees all of it or the
 * one before.  Errors: ARGUMENT, LIMIT (a name is too long), IO (errno says
 * why), NOMEM. */
DURABLE_API int
durable_host_files_store(const durable_host_files *files, durable_bytes arn,
                         durable_bytes operation_id, durable_bytes text,
                         durable_bytes preview, durable_host_buffer *payload);
/* The text behind a payload.  Errors: SERDES (no such payload), ARGUMENT (the
 * file lies outside of base_path), LIMIT (over 64 MiB), IO, NOMEM. */
DURABLE_API int durable_host_files_load(const durable_host_files *files,
                                        durable_bytes payload,
                                        durable_host_buffer *text);

#ifdef __cplusplus
}
#endif
#endif /* DURABLE_HOST_H */
