/* script: workflows in another language than C.
 *
 * A script is run by the runtime of its language, as a function behind the
 * Lambda Runtime API: the service of this process listens on a free port of the
 * loopback address for it. */
#ifndef DUR_CLI_SCRIPT_H
#define DUR_CLI_SCRIPT_H

#include "cli.h"

typedef struct cli_scripts cli_scripts; /* those of one run */

/* 1 when |path| ends as a script of a language that is known. */
int cli_is_script(const char *path);
/* |path| without folder and ending, which has to be the name of a function.
 * CLI_GO_ON or an exit code. */
int cli_script_name(const char *path, char out[65]);
/* The same when |path| is there and its runtime can be started. */
int cli_script_check(const char *path, char out[65]);

/* Add |handler| of the script as |function|.  *scripts is made at first; close
 * takes NULL. */
int cli_scripts_add(cli_scripts **scripts, durable_service *service,
                    const char *path, const char *handler, const char *function,
                    long timeout_s);
/* Behind the last one: invocations may come. */
int cli_scripts_start(cli_scripts *scripts);
/* Before the service closes: wait up to |grace_ms| for invocations, then kill
 * what runs them.  1: all is quiet.  0: the service cannot be closed any more,
 * the process has to end; what did not end goes on at the next run. */
int cli_scripts_halt(cli_scripts *scripts, int64_t grace_ms);
/* After the service was closed; only after a halt that answered 1. */
void cli_scripts_close(cli_scripts *scripts);

#endif
