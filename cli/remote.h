/* remote: a service that another process serves, asked over HTTP. */
#ifndef DUR_CLI_REMOTE_H
#define DUR_CLI_REMOTE_H

#include "cli.h"

typedef struct cli_remote cli_remote;

enum { CLI_MARKER_SIZE = 32 };

typedef struct cli_remote_reply {
  long status;
  char *body; /* with a NUL behind */
  size_t len;
  char arn[DURABLE_ARN_SIZE];   /* X-Amz-Durable-Execution-Arn, or "" */
  int function_error;           /* X-Amz-Function-Error was there */
  char marker[CLI_MARKER_SIZE]; /* X-Durable-Next-Marker, or "" */
} cli_remote_reply;

/* CLI_GO_ON, or an exit code after it was said. */
int cli_remote_open(cli_remote **out, const char *url);
void cli_remote_close(cli_remote *remote);
/* |headers|: NULL, or "Name: value" lines up to a NULL.  |reply| is to be
 * dropped unless that failed. */
int cli_remote_ask(cli_remote *remote, const char *method, const char *target,
                   const char *const *headers, durable_bytes body,
                   cli_remote_reply *reply);
void cli_remote_reply_drop(cli_remote_reply *reply);

#endif
