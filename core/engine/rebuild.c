/* rebuild: a batch whose payload was too large, made again from its branches.
 *
 * The stored record says which branches were open when the batch completed;
 * those are reported as they were, whatever is known of them now.  The others
 * come from their own records, or from running their bodies over their
 * operations' records. */
#include "engine/group.h"

/* Older data has no record: what each branch's own record says. */
static dur_reason inferred(const dur_group *g) {
  dur_completion c = g->completion;
  c.total = g->next;
  return dur_completion_reason(&c, g->succeeded, g->failed);
}

static int was_open(const dur_group *g, const dur_branch *branch) {
  if (g->has_record)
    return g->record.statuses[branch->index] == DUR_ITEM_STARTED;
  dur_status status = dur_op_recorded(branch->op);
  return status != DUR_STATUS_SUCCEEDED && status != DUR_STATUS_FAILED;
}

static int runs_again(const dur_group *g, const dur_branch *branch) {
  dur_status status = dur_op_recorded(branch->op);
  if (status == DUR_STATUS_SUCCEEDED)
    return branch->op->entry->op.replay_children;
  return !dur_status_is_terminal(status) && g->flat;
}

static int spawn_again(dur_engine *e, dur_branch *branch) {
  dur_group *g = branch->group;
  dur_task *task = e->fatal ? NULL : dur_task_make(e, branch, NULL);
  if (!task)
    return DUR_SUSPEND;
  branch->op->rebuild = 1;
  branch->task = task;
  branch->state = DUR_BRANCH_RUNNING;
  g->live++;
  g->spawning = branch;
  return DUR_SPAWN;
}

static int next_branch(dur_engine *e, dur_group *g) {
  dur_branch *branch = &g->branches[g->next];
  if (dur_branch_make(e, branch) != 0 || e->fatal)
    return DUR_SUSPEND;
  g->next++;
  if (was_open(g, branch)) {
    branch->state = DUR_BRANCH_OPEN;
    return 0;
  }
  g->in_flight++;
  if (runs_again(g, branch))
    return spawn_again(e, branch);
  if (dur_status_is_terminal(dur_op_recorded(branch->op))) {
    dur_settle_recorded(e, branch->op, DUR_ERR_CHILD);
    return 0;
  }
  g->in_flight--;
  branch->state = DUR_BRANCH_OPEN;
  return 0;
}

int dur_group_rebuild(dur_engine *e, dur_group *g) {
  uint32_t total =
      g->has_record && g->record.total < g->total ? g->record.total : g->total;
  if (g->ready_head || (g->next < total && g->in_flight < g->max &&
                        !dur_group_thread_is_free(e, g)))
    return dur_group_spawn(e, g);
  if (g->next < total && g->in_flight < g->max)
    return next_branch(e, g);
  if (g->in_flight > 0)
    return DUR_PARK;
  g->reason = g->has_record ? dur_reason_of(g->record.reason) : inferred(g);
  return -1;
}
