/* kill: a test facility.  DURABLE_KILL_AT=before:N or after:N makes `durable
 * run` send itself SIGKILL before its N-th checkpoint request would reach the
 * service, or after that was accepted and before the workflow learns of it. */
#ifndef DUR_CLI_KILL_H
#define DUR_CLI_KILL_H

#include "cli.h"
#include <durable/durable.h>

/* 0: the variable is not set; 1: it is; CLI_REFUSED: it cannot be read. */
int cli_kill_wanted(void);
/* durable_service_register_handler, over a transport that counts. */
int cli_kill_register(durable_service *s, const durable_handler *handler,
                      const durable_service_function_options *options);

#endif
