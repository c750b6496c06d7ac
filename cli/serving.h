/* serving: the service over HTTP, from its start to the signal that ends it.
 *
 * SIGINT and SIGTERM end it: no invocation starts any more, those that run may
 * end within a time of grace, then Invokes that wait are told.  What did not end
 * is invoked again by the next service on the same database. */
#ifndef DUR_CLI_SERVING_H
#define DUR_CLI_SERVING_H

#include "cli.h"

enum { CLI_PORT_MAX = 65535 };

typedef struct cli_serving {
  const char *db;                        /* NULL: the default */
  const char *host;                      /* NULL: loopback */
  long port;                             /* 0: any */
  const char *config;                    /* a path, or NULL */
  const char **functions;                /* NAME=COMMAND, ..., NULL; or NULL */
  const char *lambda_endpoint, *log_dir; /* or NULL */
  double time_scale;                     /* 0: not given */
  int skip_time, collapse, test_faults;
  int for_sam;                         /* see service/http/server.h */
  int log;                             /* a line for each answer */
  long timeout_s, execution_timeout_s; /* where a function has none; 0: none */
} cli_serving;

/* An exit code. */
int cli_serving_run(const cli_serving *settings);

#endif
