/* store: what the commands ask of the service.  Answers are CLI_GO_ON or an
 * exit code, after the error was said. */
#ifndef DUR_CLI_STORE_H
#define DUR_CLI_STORE_H

#include "cli.h"
#include "remote.h"
#include <cjson/cJSON.h>

#define CLI_DB_DEFAULT "durable.db"
#define CLI_DB_MEMORY  ":memory:"

/* Where executions are: a database, opened here, or a service elsewhere. */
typedef struct cli_store {
  durable_service *service; /* NULL: |remote| it is */
  cli_remote *remote;
  const char *shown; /* for messages */
} cli_store;

/* Open |db| (NULL: the default).  inspect: a file that exists, to look at it
 * and to complete things in it; whoever serves it goes on doing so.  Or the
 * service at |endpoint|, if that is given. */
int cli_store_open(cli_store *out, const char *db,
                   const durable_service_options *options);
int cli_store_inspect(cli_store *out, const char *db, const char *endpoint);
void cli_store_close(cli_store *s);

/* |collection|/|id|/|verb|, |id| percent-encoded; verb may be "".  The caller
 * frees; NULL: no memory. */
char *cli_store_target(const char *collection, const char *id,
                       const char *verb);
/* One request.  *out (may be NULL) is the answer's tree, NULL for an empty
 * answer; the caller deletes it. */
int cli_store_call(cli_store *s, const char *method, const char *target,
                   durable_bytes body, cJSON **out);

/* GetDurableExecution */
int cli_store_get(cli_store *s, const char *arn, cJSON **out);
/* All pages: an array of executions, of events. */
int cli_store_list(cli_store *s, const char *query, cJSON **out);
int cli_store_events(cli_store *s, const char *arn, cJSON **out);
/* From the name or ARN that a user gave to the ARN. */
int cli_store_find(cli_store *s, const char *given, char arn[DURABLE_ARN_SIZE]);
/* The execution of that function and name: 1 and its ARN, 0: none, -1: what
 * went wrong was said. */
int cli_store_lookup(cli_store *s, const char *function, const char *name,
                     char arn[DURABLE_ARN_SIZE]);

/* A whole command about one execution, the operand of |syntax|: read its
 * arguments, open where the executions are, and do |fn|, which answers an exit
 * code.  The options of |syntax| fill *db and *endpoint. */
int cli_about_execution(int argc, const char **argv, const cli_syntax *syntax,
                        char *const *db, char *const *endpoint,
                        int (*fn)(cli_store *s, const char *arn));

/* Member |key| of |object| as text, "" when there is none. */
const char *cli_text_of(const cJSON *object, const char *key);
/* Seconds since the epoch as milliseconds; 0 when there are none. */
int64_t cli_ms_of(const cJSON *object, const char *key);

#endif
