/* load: workflows out of shared objects. */
#ifndef DUR_CLI_LOAD_H
#define DUR_CLI_LOAD_H

#include "cli.h"
#include <durable/durable.h>

/* The handlers of the shared object at |path|: at least one, NULL at the end.
 * It stays loaded.  CLI_GO_ON or an exit code. */
int cli_load(const char *path, const durable_handler *const **table);
/* The one called |name|, or the first (|name| NULL). */
int cli_load_pick(const char *path, const durable_handler *const *table,
                  const char *name, const durable_handler **handler);

#endif
