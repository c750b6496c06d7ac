/* cloudwatch: the part of CloudWatch Logs by which clients read what functions
 * print: FilterLogEvents, StartQuery and GetQueryResults, in the JSON 1.1
 * protocol (POST / with X-Amz-Target).
 *
 * A function NAME has the log group /aws/lambda/NAME as soon as it is described
 * or anything is kept of it, and in it one stream.  Any thread may call. */
#ifndef DUR_HTTP_CLOUDWATCH_H
#define DUR_HTTP_CLOUDWATCH_H

#include "exchange.h"
#include "process.h"
#include "service/request.h"
#include <cjson/cJSON.h>

typedef struct dur_cloudwatch dur_cloudwatch;

/* NULL: out of memory. */
dur_cloudwatch *dur_cloudwatch_open(dur_fleet *fleet);
void dur_cloudwatch_close(dur_cloudwatch *cw); /* NULL is fine */

/* 1 when |x| names an operation by X-Amz-Target: |reply| has the answer. */
int dur_cloudwatch_take(dur_cloudwatch *cw, dur_exchange *x, dur_reply *reply);

/* ---- between cloudwatch.c and insights.c */

typedef struct dur_query_result dur_query_result;

struct dur_cloudwatch {
  dur_fleet *fleet;
  pthread_mutex_t lock;
  dur_query_result *results; /* the newest first */
  size_t kept_bytes;
};

typedef struct dur_cw_call {
  dur_cloudwatch *cw;
  const cJSON *in;
  dur_reply *reply;
} dur_cw_call;

enum { DUR_CW_FUNCTION_ROOM = 513, DUR_CW_CHUNK = 1024 * 1024 };

/* Make the reply this error of status 400; -1. */
int dur_cw_fail(const dur_cw_call *call, const char *type, const char *format,
                ...) __attribute__((format(printf, 3, 4)));
/* 1 with *out, 0: absent, -1: the reply is an error. */
int dur_cw_int(const dur_cw_call *call, const char *key, int64_t min,
               int64_t max, int64_t *out);
int dur_cw_string(const dur_cw_call *call, const char *key, const char **out);
/* The function of a log group, given by name or ARN.  0, or -1 as above. */
int dur_cw_group(const dur_cw_call *call, const char *group,
                 char function[DUR_CW_FUNCTION_ROOM]);

void dur_cw_start_query(const dur_cw_call *call);
void dur_cw_get_query_results(const dur_cw_call *call);
void dur_cw_drop_results(dur_cloudwatch *cw);

#endif
