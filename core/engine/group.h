/* group: the inside of a map or a parallel, for group.c, spawn.c and compose.c.
 *
 *   PENDING --spawn--> RUNNING --body ended--> SUCCEEDED | FAILED
 *                       |   ^
 *        thread given up|   |spawned again
 *                       v   |
 *                     DORMANT --its operation moved on--> READY
 *
 * Invariants: branches start in index order; |in_flight| counts those started
 * and not finished, dormant ones included; |live| counts their tasks. */
#ifndef DUR_ENGINE_GROUP_H
#define DUR_ENGINE_GROUP_H

#include "engine/internal.h"
#include "serdes/summary.h"

typedef enum dur_branch_state {
  DUR_BRANCH_PENDING,
  DUR_BRANCH_RUNNING,
  DUR_BRANCH_DORMANT,
  DUR_BRANCH_READY,
  DUR_BRANCH_SUCCEEDED,
  DUR_BRANCH_FAILED,
  DUR_BRANCH_OPEN /* rebuilt: it was still open when the group completed */
} dur_branch_state;

struct dur_branch {
  dur_group *group;
  dur_op *op;     /* NULL: not made yet */
  dur_task *task; /* NULL: none alive */
  dur_branch *next_ready;
  uint32_t index;
  uint32_t strands; /* other tasks at work inside of its body */
  uint8_t state;
  uint8_t moved; /* became ready while its task was still unwinding */
};

struct dur_group {
  dur_op *op;
  dur_completion completion;
  uint32_t total, next, max, in_flight, live;
  uint32_t succeeded, failed;
  dur_reason reason;
  uint8_t parallel, flat, decides, undecided;
  uint8_t opened;    /* the first next() looked at the record */
  uint8_t spawnable; /* counted in engine->spawnable */
  uint8_t wants;     /* is on the stack engine->wants_thread */
  dur_bytes *names;  /* NULL: all default; else one each, absent: default */
  dur_branch *branches;
  dur_branch *ready_head, *ready_tail;
  dur_branch *spawning; /* of the SPAWN answered last */
  dur_op *wants_next;
  dur_batch_record record; /* rebuild: what the summary says */
  int has_record;
};

dur_bytes dur_group_branch_name(dur_engine *e, dur_group *g, uint32_t index);
/* Make the branch's operation; 0 or a code. */
int dur_branch_make(dur_engine *e, dur_branch *branch);
void dur_group_recount(dur_engine *e, dur_group *g);
/* May |g| start a branch?  Whoever drives it does not count: it parks next. */
int dur_group_thread_is_free(const dur_engine *e, const dur_group *g);
/* DUR_SPAWN, DUR_PARK, DUR_SUSPEND, or 0: something settled at once, look again
 */
int dur_group_spawn(dur_engine *e, dur_group *g);
/* The same while rebuilding from a stored record; -1: all branches are done. */
int dur_group_rebuild(dur_engine *e, dur_group *g);

#endif
