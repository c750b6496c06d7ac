/* request: one request, parsed, and its reply in the making. */
#ifndef DUR_SERVICE_REQUEST_H
#define DUR_SERVICE_REQUEST_H

#include "base/arena.h"
#include "model.h"

enum { DUR_SEGMENTS_MAX = 24, DUR_QUERY_MAX = 32 };

typedef struct dur_pair {
  dur_bytes key, value;
} dur_pair;

typedef struct dur_request {
  dur_arena arena; /* whatever is decoded lives here */
  const char *method, *target;
  const char *const *headers; /* NULL, or name, value, ..., NULL */
  dur_bytes body;
  /* Segments are split at '/' before they are percent-decoded. */
  dur_bytes segments[DUR_SEGMENTS_MAX];
  size_t segment_count;
  dur_pair query[DUR_QUERY_MAX]; /* blank values left out */
  size_t query_count;
  dur_bytes id;     /* ARN, callback id or function name of the path */
  int64_t inbox;    /* the row that it came from, 0: none */
  int names_repeat; /* start-durable-execution: a name may be taken again */
} dur_request;

typedef struct dur_reply {
  int status;
  const char *error_type;     /* static */
  const char *function_error; /* static; X-Amz-Function-Error */
  dur_buf body;
  char arn[DURABLE_ARN_SIZE]; /* X-Amz-Durable-Execution-Arn, or "" */
  uint64_t mark; /* not before this is on disk: see dur_commit_wait */
  /* Still to be waited for (an Invoke that wants the outcome): */
  int wait_run;         /* until the execution |arn| is over */
  dur_plain *wait_call; /* until this plain call is done; on the heap */
} dur_reply;

/* The names of the headers that routes read; the last is NULL. */
enum { DUR_HEADERS_READ = 7 };
extern const char *const dur_request_headers[DUR_HEADERS_READ + 1];

/* 0, or -1: malformed (too many segments, bad %XX) or out of memory. */
int dur_request_parse(dur_request *request);
/* Absent when there is none. */
dur_bytes dur_request_query(const dur_request *request, const char *key);
dur_bytes dur_request_header(const dur_request *request, const char *name);

typedef enum dur_error_kind {
  DUR_ERROR_INVALID,       /* 400 InvalidParameterValueException */
  DUR_ERROR_CONTENT,       /* 400 InvalidRequestContentException */
  DUR_ERROR_LATE_CALLBACK, /* 400 CallbackTimeoutException */
  DUR_ERROR_NOT_FOUND,     /* 404 ResourceNotFoundException */
  DUR_ERROR_EXISTS,        /* 409 DurableExecutionAlreadyStartedException */
  DUR_ERROR_TOO_LARGE,     /* 413 RequestTooLargeException */
  DUR_ERROR_TOO_MANY,      /* 429 TooManyRequestsException */
  DUR_ERROR_SERVICE        /* 500 ServiceException */
} dur_error_kind;

/* Make |reply| this error, whatever it held. */
void dur_reply_error(dur_reply *reply, dur_error_kind kind, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/* After a read of the store, whose lock is held, ended in |step|, a code of
 * SQLite's: 0 for a row or the end of the rows.  Otherwise -1, and the reply is
 * an error. */
int dur_reply_read(durable_service *s, int step, dur_reply *reply);
/* The row that |sql| finds for an ARN, its ?1; the caller finalizes it.  NULL:
 * there is none, or it cannot be read, and the reply says so.  Lock of the
 * store held. */
sqlite3_stmt *dur_reply_row(durable_service *s, const char *sql, dur_bytes arn,
                            dur_reply *reply);

/* A number of the query within 0..max; 0 means |fallback|.  0, or -1: the
 * reply is an error. */
int dur_request_max_items(const dur_request *request, size_t fallback,
                          size_t max, size_t *out, dur_reply *reply);

/* The routes.  Each takes the locks that it needs, sets reply->mark where it
 * changed something, and never waits for a function. */
typedef void dur_route_fn(durable_service *s, dur_request *request,
                          dur_reply *reply);
dur_route_fn dur_route_checkpoint, dur_route_state, dur_route_get,
    dur_route_history, dur_route_list, dur_route_list_function, dur_route_stop,
    dur_route_succeed, dur_route_fail, dur_route_heartbeat, dur_route_start,
    dur_route_invoke, dur_route_health, dur_route_metrics;

/* Find the route and run it.  |changes| (may be NULL): 1 for a route that
 * writes; when |look_only|, nothing is run. */
void dur_request_run(durable_service *s, dur_request *request,
                     dur_reply *reply);
int dur_request_changes(const dur_request *request);
/* The ARN that a parsed request for CheckpointDurableExecution is about, absent
 * for any other. */
dur_bytes dur_request_checkpoint(dur_request *request);
/* Parse, run, and wait for the disk: everything but dur_reply_finish. */
void dur_request_now(durable_service *s, dur_request *request,
                     dur_reply *reply);
/* 1 when dur_reply_finish would not wait for a function.  Lock held. */
int dur_reply_is_due(durable_service *s, const dur_reply *reply);
/* Block until what the reply waits for has come, and put it in. */
void dur_reply_finish(durable_service *s, dur_reply *reply);

#endif
