/* functions: what one `durable run` runs: handlers out of shared objects, and
 * scripts. */
#ifndef DUR_CLI_FUNCTIONS_H
#define DUR_CLI_FUNCTIONS_H

#include "script.h"
#include <durable/durable.h>

typedef struct cli_source {
  const char *path;
  const durable_handler *const *table; /* NULL: a script */
} cli_source;

typedef struct cli_functions {
  cli_source *sources; /* the first is the one that is started */
  size_t count;
  char name[65];        /* of the function that is started */
  const char *handler;  /* of a script that is started */
  cli_scripts *scripts; /* from register to close */
} cli_functions;

/* Load |path| and |others| (a list that NULL ends, or NULL).  |handler| picks
 * the one that is started, NULL the first.  CLI_GO_ON or an exit code; |out| is
 * always to be closed. */
int cli_functions_load(cli_functions *out, const char *path,
                       const char *handler, char *const *others);
/* Make them known to |service|; from now on its executions run.  |kills|: by
 * DURABLE_KILL_AT. */
int cli_functions_register(cli_functions *f, durable_service *service,
                           long timeout_s, int kills);
/* See cli_scripts_halt. */
int cli_functions_halt(cli_functions *f, int64_t grace_ms);
void cli_functions_close(cli_functions *f);

#endif
