/* timeline: operations as aligned lines with bars. */
#ifndef DUR_CLI_TIMELINE_H
#define DUR_CLI_TIMELINE_H

#include "journal.h"
#include <stdio.h>

/* One character for a state: done, failed, waiting for its next try, ... */
const char *cli_mark(cli_state state);
/* Print |j| within |columns| columns (at least 40). */
void cli_timeline_print(FILE *to, const cli_journal *j, int columns);

#endif
