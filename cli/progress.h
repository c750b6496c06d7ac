/* progress: `durable run` tells on stderr what happens.
 *
 * One line for each operation that ended, one for each callback that has to
 * come from outside, and on a terminal a last line with what is under way,
 * which is drawn over.  Events come on threads of the service; everything is
 * guarded by |lock|. */
#ifndef DUR_CLI_PROGRESS_H
#define DUR_CLI_PROGRESS_H

#include "journal.h"
#include "store.h"
#include <pthread.h>

typedef struct cli_progress {
  pthread_mutex_t lock;
  cli_journal journal;
  const char *function, *name; /* of the execution that is followed */
  const char *db;
  int is_loud;     /* lines are printed */
  int is_terminal; /* and the last one is drawn over */
  int has_line;    /* something is there to be drawn over */
  long ticks;
} cli_progress;

/* |function|, |name| and |db| have to outlive it. */
void cli_progress_init(cli_progress *p, const char *function, const char *name,
                       const char *db, int is_verbose);
void cli_progress_drop(cli_progress *p);
/* What is on record already, for one that goes on. */
int cli_progress_load(cli_progress *p, cli_store *s, const char *arn);
void cli_progress_event(void *user, durable_bytes json);
/* Draw the last line again; now and then. */
void cli_progress_tick(cli_progress *p, int64_t now_ms);
/* Take the last line away. */
void cli_progress_end(cli_progress *p);

#endif
