/* pending: the callbacks that an execution waits for. */
#ifndef DUR_CLI_PENDING_H
#define DUR_CLI_PENDING_H

#include "store.h"

/* Call |fn| for each, in order of their start.  CLI_GO_ON or an exit code. */
int cli_pending_each(cli_store *s, const char *arn,
                     void (*fn)(void *user, const char *name, const char *id),
                     void *user);
/* The id of the one that is called |name| (NULL: of the only one), or of the
 * one made inside of the operation of that name.  malloc'ed. */
int cli_pending_find(cli_store *s, const char *arn, const char *name,
                     char **id);

#endif
