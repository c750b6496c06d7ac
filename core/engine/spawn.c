/* spawn: starting branches, and threads given back.
 *
 * Where branches are threads, |max_threads| bounds the runnable ones: SPAWN is
 * answered only below it.  Above that number of threads in all, a branch that
 * parks while some group could start another one hands its thread back: it
 * becomes dormant, keeps its place in the concurrency limit, and is spawned
 * again (its body replays) once the operation it parked on has moved on. */
#include "engine/group.h"

dur_bytes dur_group_branch_name(dur_engine *e, dur_group *g, uint32_t index) {
  if (g->names && g->names[index].data)
    return g->names[index];
  dur_buf_reset(&e->text);
  int named = dur_dialect_inner_name(
      e->set.dialect, &e->text,
      g->parallel ? DUR_INNER_BRANCH : DUR_INNER_MAP_ITEM, g->op->name, index);
  return named ? dur_text(e) : DUR_NONE;
}

int dur_branch_make(dur_engine *e, dur_branch *branch) {
  dur_group *g = branch->group;
  char id[DUR_ID_TEXT_MAX];
  if (branch->op)
    return 0;
  int len = dur_dialect_branch_id(e->set.dialect, e->hasher, g->op->inner->path,
                                  branch->index, id);
  if (len < 0)
    return dur_oom(e);
  dur_claim claim = {DUR_KIND_CHILD, DUR_TYPE_CONTEXT,
                     g->parallel ? "ParallelBranch" : "MapIteration",
                     dur_group_branch_name(e, g, branch->index), g->flat};
  dur_op *op;
  int rc = dur_claim_at(e, g->op->inner, &claim, (dur_bytes){id, (size_t)len},
                        branch->index, &op);
  if (rc != 0)
    return rc;
  op->u.branch = branch;
  branch->op = op;
  return 0;
}

static int can_spawn(const dur_group *g) {
  return g->opened && g->reason == DUR_REASON_OPEN &&
         (g->ready_head || (g->next < g->total && g->in_flight < g->max));
}

void dur_group_recount(dur_engine *e, dur_group *g) {
  uint8_t now = (uint8_t)(can_spawn(g) && !g->op->orphan);
  e->spawnable += now;
  e->spawnable -= g->spawnable;
  g->spawnable = now;
}

/* ---- threads */

int dur_group_thread_is_free(const dur_engine *e, const dur_group *g) {
  const dur_task *driver = g->op->runner;
  uint32_t self =
      driver && driver->branch && driver->state == DUR_TASK_RUNNABLE;
  return e->set.max_threads == 0 ||
         e->branch_runnable - self < e->set.max_threads;
}

static void want_thread(dur_engine *e, dur_group *g) {
  if (g->wants)
    return;
  g->wants = 1;
  g->wants_next = e->wants_thread;
  e->wants_thread = g->op;
}

void dur_group_thread_freed(dur_engine *e) {
  while (e->wants_thread) {
    dur_group *g = e->wants_thread->u.group;
    if (!dur_group_thread_is_free(e, g))
      return;
    e->wants_thread = g->wants_next;
    g->wants = 0;
    /* who only waits for the group would take the free thread and park */
    if (can_spawn(g) && dur_op_wake_driver(e, g->op))
      return;
  }
}

int dur_group_has_live(const dur_group *group) {
  return group->live > 0;
}

void dur_group_count_strand(dur_ctx *ctx, int by) {
  for (; ctx->owner; ctx = ctx->owner->ctx) {
    dur_op *owner = ctx->owner;
    if (owner->kind != DUR_KIND_CHILD || !owner->u.branch)
      continue;
    owner->u.branch->strands += (uint32_t)by;
    return;
  }
}

/* A branch with strands of its own keeps its thread: they work in its context,
 * on what its body gave them. */
int dur_group_should_give_up(dur_engine *e, dur_task *task, dur_op *op) {
  /* while nobody waits for a thread, as many again may sleep on theirs */
  uint64_t allowed = (uint64_t)e->set.max_threads * (e->spawnable ? 1 : 2);
  if (allowed == 0 || !task->branch || task->branch->strands ||
      e->branch_live <= allowed)
    return 0;
  if (op->kind == DUR_KIND_GROUP)
    return op->u.group->live == 0 && !op->u.group->spawnable;
  return op->runner == NULL || op->runner == task ||
         op->runner->state == DUR_TASK_ENDED;
}

/* The last thread below a parked branch went to sleep: its own may go too. */
static void cascade(dur_engine *e, dur_group *g) {
  dur_task *owner = g->op->runner;
  if (g->live > 0 || g->spawnable || !owner ||
      owner->state != DUR_TASK_PARKED || !owner->branch ||
      !dur_group_should_give_up(e, owner, g->op))
    return;
  dur_task_wake(e, owner); /* next() looks again and answers SUSPEND */
}

void dur_group_branch_left(dur_engine *e, dur_branch *branch) {
  dur_group *g = branch->group;
  branch->task = NULL;
  g->live--;
  if (branch->state == DUR_BRANCH_RUNNING) {
    branch->state = DUR_BRANCH_DORMANT;
    if (branch->moved)
      dur_group_branch_ready(e, branch);
  }
  cascade(e, g);
}

void dur_group_branch_ready(dur_engine *e, dur_branch *branch) {
  dur_group *g = branch->group;
  branch->moved = 1;
  if (branch->state != DUR_BRANCH_DORMANT)
    return;
  branch->moved = 0;
  branch->state = DUR_BRANCH_READY;
  branch->next_ready = NULL;
  if (g->ready_tail)
    g->ready_tail->next_ready = branch;
  else
    g->ready_head = branch;
  g->ready_tail = branch;
  dur_group_recount(e, g);
  dur_op_wake(e, g->op);
}

/* ---- starting one */

static int spawn(dur_engine *e, dur_branch *branch) {
  dur_group *g = branch->group;
  dur_task *task = e->fatal ? NULL : dur_task_make(e, branch, NULL);
  if (!task)
    return DUR_SUSPEND;
  branch->task = task;
  branch->state = DUR_BRANCH_RUNNING;
  branch->moved = 0;
  g->live++;
  g->spawning = branch;
  return DUR_SPAWN;
}

/* NULL: all that were ready have settled since. */
static dur_branch *take_ready(dur_group *g) {
  dur_branch *branch;
  do {
    branch = g->ready_head;
    if (!branch)
      return NULL;
    g->ready_head = branch->next_ready;
    if (!g->ready_head)
      g->ready_tail = NULL;
  } while (branch->state != DUR_BRANCH_READY);
  return branch;
}

/* Its record says how it ended and needs no body: settle it here. */
static int settled_by_record(dur_engine *e, dur_branch *branch) {
  dur_op *op = branch->op;
  dur_status status = dur_op_recorded(op);
  if (!dur_status_is_terminal(status) ||
      (status == DUR_STATUS_SUCCEEDED && op->entry->op.replay_children))
    return 0;
  dur_settle_recorded(e, op, DUR_ERR_CHILD);
  return 1;
}

/* A branch of a context that replays: new, or told to the plugins once. */
static void look_at_replay(dur_engine *e, dur_op *op) {
  if (!op->ctx->replaying || op->is_virtual)
    return;
  if (op->entry->known)
    dur_note_replayed(e, op->entry, op);
}

static int start_next(dur_engine *e, dur_group *g) {
  dur_branch *branch = &g->branches[g->next];
  if (dur_branch_make(e, branch) != 0 || e->fatal)
    return DUR_SUSPEND;
  g->next++;
  g->in_flight++;
  look_at_replay(e, branch->op);
  if (settled_by_record(e, branch))
    return 0;
  if (dur_context_start(e, branch->op) != 0)
    return DUR_SUSPEND;
  return spawn(e, branch);
}

int dur_group_spawn(dur_engine *e, dur_group *g) {
  if (!can_spawn(g))
    return DUR_PARK;
  if (e->draining)
    return DUR_SUSPEND;
  if (!dur_group_thread_is_free(e, g)) {
    want_thread(e, g);
    return DUR_PARK;
  }
  dur_branch *again = take_ready(g);
  if (again)
    return spawn(e, again);
  return g->next < g->total && g->in_flight < g->max ? start_next(e, g) : 0;
}

void dur_group_branch_settled(dur_engine *e, dur_branch *branch) {
  dur_group *g = branch->group;
  int ok = branch->op->status == DUR_STATUS_SUCCEEDED;
  if (g->reason != DUR_REASON_OPEN && !g->op->rebuild)
    return; /* an orphan: the batch is over and says that it was open */
  branch->state = ok ? DUR_BRANCH_SUCCEEDED : DUR_BRANCH_FAILED;
  g->succeeded += (uint32_t)ok;
  g->failed += (uint32_t)!ok;
  g->in_flight--;
  g->undecided = g->decides;
  dur_group_recount(e, g);
  dur_op_wake(e, g->op);
}
