/* durable/service.h: the local durable service, embedded.
 *
 * A development and test service that speaks the contract of AWS Lambda Durable
 * Functions.  One request function implements every route; an HTTP server, a
 * test or this process's own workflows call it alike.  State lives in one
 * SQLite file (WAL): whatever was answered with success is on disk, so a killed
 * process loses nothing that was acknowledged, and a service opened again on
 * the same file carries on.  One process serves a file at a time: it holds a
 * lock on PATH-lock, which ends with the process.
 *
 * Status   Every call answers an int: negative is an error (durable/engine.h
 *          has the codes), and durable_service_error() has its text.
 * Threads  Every function may be called from any thread, except close.
 * Bytes    In: borrowed for the call.  Out: see each function.
 * Time     Unix milliseconds. */
#ifndef DURABLE_SERVICE_H
#define DURABLE_SERVICE_H

#include <durable/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct durable_service durable_service;

/* One invocation of a function, as the service hands it over. */
typedef struct durable_service_invocation {
  size_t size;
  const char *function;   /* the registered name */
  const char *request_id; /* fresh for every invocation */
  const char *arn;        /* the durable execution, or NULL: a plain call */
  const char *tenant_id;  /* NULL: none */
  durable_bytes event;    /* the Lambda event */
  int64_t deadline_ms;    /* when the invocation is given up */
  const char
      *trace_id; /* 1.4.  The trace header of the caller: of Invoke, or of
                           a chained invoke's options; NULL: none */
} durable_service_invocation;

/* Answers of an invocation. */
enum {
  DURABLE_SERVICE_RETURNED = 0, /* |body| is the handler's output */
  DURABLE_SERVICE_RAISED = 1,   /* |body| is an ErrorObject: function error */
  DURABLE_SERVICE_CRASHED = 2 /* |body| is an ErrorObject: Runtime.ExitError */
};

/* Run one invocation, on a thread of the service, and give the outcome by
 * durable_service_answer() before returning.  Returning without an answer is a
 * crash.  It may call durable_service_request() on the same service.  An answer
 * after the deadline, or a second one, is DURABLE_E_STATE. */
typedef void durable_service_function(void *user, durable_service *service,
                                      const durable_service_invocation *inv);
DURABLE_API int durable_service_answer(durable_service *service,
                                       const durable_service_invocation *inv,
                                       int outcome, durable_bytes body);

typedef struct durable_service_options {
  size_t size;
  const char *path;      /* SQLite file; NULL: in memory */
  uint32_t virtual_time; /* the clock jumps to the next timer while no
                            invocation runs; waits take no time */
  uint32_t collapse; /* leave children of finished contexts out of state, as the
                        real service does unless ReplayChildren is set */
  uint32_t max_threads;    /* concurrent invocations; 0: 16 */
  const char *region;      /* NULL: "us-east-1" */
  const char *account_id;  /* NULL: "123456789012" */
  double time_scale;       /* real seconds per second of a timer; 0: 1.0 */
  uint32_t no_dispatch;    /* 1: never invoke anything by itself: an inspector,
                             such as a command that completes a callback in a
                             file that another process serves */
  uint32_t read_only;      /* 1: refuse to create the file */
  uint32_t hold_callbacks; /* 1: virtual time does not jump to the timeouts of
                              callbacks; they pass when something else moves
                              time past them, such as advance() */
} durable_service_options;
#define DURABLE_SERVICE_OPTIONS_INIT DURABLE_SIZED(durable_service_options)

/* DURABLE_E_ARGUMENT, DURABLE_E_NOMEM, DURABLE_E_STORE (not ours, locked,
 * read-only, not a database: |message| says which).  |message| may be NULL;
 * otherwise it gets at most |message_size| bytes with a NUL. */
DURABLE_API int durable_service_open(durable_service **out,
                                     const durable_service_options *options,
                                     char *message, size_t message_size);
/* Stop dispatching, wait for running invocations, flush, free.  NULL is fine.
 */
DURABLE_API void durable_service_close(durable_service *service);
/* Text of the calling thread's last failed call on |service|. */
DURABLE_API const char *durable_service_error(const durable_service *service);

typedef struct durable_service_function_options {
  size_t size;
  int64_t timeout_s;           /* of one invocation; 0: 900 */
  int64_t execution_timeout_s; /* of an execution; 0: 31536000 */
  int64_t retention_days;      /* 1..90; 0: 7.  Counted from the end; what is
                                  over is deleted when the file is opened */
  uint32_t concurrency;        /* invocations at once; 0: no bound of its own */
  uint32_t not_durable;        /* a plain function: event = payload */
  uint32_t tenant_isolation;   /* invocations must name a tenant */
} durable_service_function_options;
#define DURABLE_SERVICE_FUNCTION_OPTIONS_INIT                                  \
  DURABLE_SIZED(durable_service_function_options)

/* Register |name| (1..64 of [A-Za-z0-9_-]); registering again replaces.
 * Executions of that function which the file holds go on from here, so register
 * the targets of chained invokes before their callers. */
DURABLE_API int
durable_service_register(durable_service *service, const char *name,
                         durable_service_function *function, void *user,
                         const durable_service_function_options *options);

/* ---- requests */

typedef struct durable_service_response {
  size_t size;
  int status;             /* HTTP status */
  const char *error_type; /* x-amzn-ErrorType, or NULL */
  durable_bytes body; /* JSON or empty; until durable_service_response_drop */
  const char *arn;    /* X-Amz-Durable-Execution-Arn of an invoke, or NULL */
  void *owner;        /* private */
  const char *function_error; /* X-Amz-Function-Error of an invoke, or NULL */
} durable_service_response;
#define DURABLE_SERVICE_RESPONSE_INIT DURABLE_SIZED(durable_service_response)

/* The request function: |method| ("GET", "POST", "PUT"), |target| (path and
 * query as on a request line, percent-encoded) and |body|.  Answers 0 and fills
 * |out| for every request, refused ones included; negative only when memory is
 * out or an argument is NULL.  |headers|: NULL, or name, value, ..., NULL
 * pairs; X-Amz-Invocation-Type, X-Amz-Durable-Execution-Name, X-Amz-Tenant-Id
 * and what docs/contract.md says of Invoke are read. */
DURABLE_API int durable_service_request(durable_service *service,
                                        const char *method, const char *target,
                                        const char *const *headers,
                                        durable_bytes body,
                                        durable_service_response *out);
DURABLE_API void durable_service_response_drop(durable_service_response *r);

/* ---- starting and following executions */

typedef struct durable_service_start_options {
  size_t size;
  const char *name;      /* execution name; NULL: generated */
  const char *tenant_id; /* NULL: none */
} durable_service_start_options;
#define DURABLE_SERVICE_START_OPTIONS_INIT                                     \
  DURABLE_SIZED(durable_service_start_options)

enum { DURABLE_ARN_SIZE = 1025 };
/* Start an execution, or find it: a name that exists for this function with the
 * same input answers the same arn and 1 (0: new).  Another input is
 * DURABLE_E_EXISTS. |arn| gets DURABLE_ARN_SIZE bytes at most. */
DURABLE_API int durable_service_start(durable_service *service,
                                      const char *function, durable_bytes input,
                                      const durable_service_start_options *o,
                                      char *arn);

enum {
  DURABLE_EXECUTION_RUNNING = 0,
  DURABLE_EXECUTION_SUCCEEDED,
  DURABLE_EXECUTION_FAILED,
  DURABLE_EXECUTION_TIMED_OUT,
  DURABLE_EXECUTION_STOPPED
};
/* Wait until the execution is terminal, or for |timeout_ms| of real time (-1:
 * no limit, 0: look only).  DURABLE_EXECUTION_*, or DURABLE_E_ARGUMENT for an
 * unknown arn. */
DURABLE_API int durable_service_wait(durable_service *service, const char *arn,
                                     int64_t timeout_ms);
/* Like wait, but also returns (RUNNING) once no invocation runs and nothing but
 * a callback, or a timer in the future, can wake the execution. */
DURABLE_API int durable_service_settle(durable_service *service,
                                       const char *arn, int64_t timeout_ms);

/* The service's clock, and moving it on (virtual time only). */
DURABLE_API int64_t durable_service_now(durable_service *service);
DURABLE_API int durable_service_advance(durable_service *service,
                                        int64_t by_ms);

/* Told of every event appended to a history, in order, on a thread of the
 * service, after it is on disk: {"DurableExecutionArn":..,"Event":{..}} . NULL:
 * nobody. */
typedef void durable_service_event_fn(void *user, durable_bytes json);
DURABLE_API int durable_service_on_event(durable_service *service,
                                         durable_service_event_fn *fn,
                                         void *user);

#ifdef __cplusplus
}
#endif
#endif
