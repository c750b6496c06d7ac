/* task: strands of user code, and who waits for what.
 *
 * Invariant: |runnable| counts the tasks in DUR_TASK_RUNNABLE.  Waking makes a
 * task runnable at once, before poll() names it, so that nothing can suspend in
 * between. */
#include "engine/group.h"

static void count_runnable(dur_engine *e, const dur_task *task, int by) {
  e->runnable = (uint32_t)((int)e->runnable + by);
  if (!task->branch)
    return;
  e->branch_runnable = (uint32_t)((int)e->branch_runnable + by);
}

dur_task *dur_task_make(dur_engine *e, dur_branch *branch, dur_ctx *ctx) {
  dur_task *task = dur_arena_calloc(&e->arena, sizeof *task);
  if (!task) {
    dur_oom(e);
    return NULL;
  }
  task->handle = dur_handle_new(e, DUR_HANDLE_TASK, task);
  if (task->handle < 0)
    return NULL;
  task->branch = branch;
  task->ctx = ctx;
  task->next = e->live;
  if (e->live)
    e->live->prev = task;
  e->live = task;
  e->live_count++;
  e->branch_live += branch != NULL;
  if (ctx)
    dur_group_count_strand(ctx, 1);
  count_runnable(e, task, 1);
  return task;
}

void dur_task_park(dur_engine *e, dur_task *task) {
  if (task->state != DUR_TASK_RUNNABLE)
    return;
  task->state = DUR_TASK_PARKED;
  task->parks++;
  count_runnable(e, task, -1);
  if (task->branch)
    dur_group_thread_freed(e);
}

void dur_task_wake(dur_engine *e, dur_task *task) {
  if (task->state != DUR_TASK_PARKED && task->state != DUR_TASK_IDLE)
    return;
  task->state = DUR_TASK_RUNNABLE;
  count_runnable(e, task, 1);
  if (task->queued)
    return;
  task->queued = 1;
  task->wake_next = NULL;
  if (e->wake_tail)
    e->wake_tail->wake_next = task;
  else
    e->wake_head = task;
  e->wake_tail = task;
}

void dur_task_wake_all(dur_engine *e) {
  for (dur_task *task = e->live; task; task = task->next)
    dur_task_wake(e, task);
}

int dur_task_wait_on(dur_engine *e, dur_task *task, dur_op *op) {
  if (op->kind == DUR_KIND_CALLBACK_RESULT)
    op = op->u.result_of.callback; /* the record that settles both */
  dur_waiter *waiter = dur_arena_calloc(&e->arena, sizeof *waiter);
  if (!waiter)
    return dur_oom(e);
  op->missed |= e->draining != 0;
  waiter->task = task;
  waiter->parks = task->parks + 1;
  waiter->branch = task->give_up ? task->branch : NULL;
  waiter->next = op->waiters;
  op->waiters = waiter;
  dur_queue_need(e, op);
  dur_composed_need(e, op);
  return 0;
}

/* 1 when that made anybody move. */
static int wake_waiter(dur_engine *e, const dur_waiter *waiter) {
  if (waiter->branch)
    dur_group_branch_ready(e, waiter->branch);
  else if (waiter->task->parks == waiter->parks)
    dur_task_wake(e, waiter->task);
  else
    return 0;
  return 1;
}

void dur_op_wake(dur_engine *e, dur_op *op) {
  dur_waiter *waiter = op->waiters;
  op->waiters = NULL;
  for (; waiter; waiter = waiter->next)
    wake_waiter(e, waiter);
  if (op->outer)
    dur_op_wake(e, op->outer);
}

int dur_op_wake_driver(dur_engine *e, dur_op *op) {
  const dur_task *driver = op->runner;
  dur_waiter *all = op->waiters;
  int woken = 0;
  if (driver && driver->state == DUR_TASK_ENDED)
    driver = NULL; /* whoever comes first is the next one */
  op->waiters = NULL;
  while (all) {
    dur_waiter *waiter = all;
    all = waiter->next;
    if (!driver || waiter->task == driver) {
      woken |= wake_waiter(e, waiter);
    } else {
      waiter->next = op->waiters;
      op->waiters = waiter;
    }
  }
  return woken;
}

static void unqueue(dur_engine *e, dur_task *task) {
  dur_task *before = NULL;
  for (dur_task *t = e->wake_head; t; before = t, t = t->wake_next) {
    if (t != task)
      continue;
    if (before)
      before->wake_next = t->wake_next;
    else
      e->wake_head = t->wake_next;
    if (e->wake_tail == t)
      e->wake_tail = before;
    break;
  }
  task->queued = 0;
}

void dur_task_finish(dur_engine *e, dur_task *task) {
  if (task->queued)
    unqueue(e, task);
  int was_runnable = task->state == DUR_TASK_RUNNABLE;
  task->state = DUR_TASK_ENDED;
  if (was_runnable)
    count_runnable(e, task, -1);
  if (task->prev)
    task->prev->next = task->next;
  else
    e->live = task->next;
  if (task->next)
    task->next->prev = task->prev;
  e->live_count--;
  if (task->ctx)
    dur_group_count_strand(task->ctx, -1);
  if (task->branch) {
    e->branch_live--;
    dur_group_branch_left(e, task->branch);
  }
  dur_group_thread_freed(e); /* it may have been woken for one, too */
}

int dur_task_idle(dur_engine *e, dur_task *task, int idle) {
  if (idle && task->state == DUR_TASK_RUNNABLE) {
    dur_task_park(e, task);
    task->state = DUR_TASK_IDLE;
  } else if (!idle && task->state != DUR_TASK_RUNNABLE) {
    task->state = DUR_TASK_RUNNABLE;
    count_runnable(e, task, 1);
  }
  return 0;
}

static int is_orphan(const dur_task *task) {
  const dur_ctx *ctx = task->branch ? task->branch->op->ctx : task->ctx;
  return ctx && dur_ctx_is_dead(ctx);
}

void dur_task_drained(dur_engine *e, dur_task *task, int had_work) {
  if (task->drained)
    return; /* what it did since does not count */
  task->drained = 1;
  if (had_work || e->queue.head || e->sent.head)
    e->cut_short = 1;
}

static int wait_for(dur_engine *e, dur_task *task, dur_op **ops, size_t n,
                    int all) {
  if (task->state != DUR_TASK_RUNNABLE)
    dur_task_idle(e, task, 0);
  size_t settled = 0;
  if (e->fatal || e->stage >= DUR_STAGE_CLOSING || is_orphan(task))
    return DUR_SUSPEND;
  for (size_t i = 0; i < n; i++) {
    dur_op_look(e, ops[i]);
    settled += ops[i]->phase == DUR_PHASE_SETTLED;
  }
  if (e->fatal)
    return DUR_SUSPEND; /* since the looks: nobody would wake a parked task */
  if (all ? settled == n : settled > 0)
    return DUR_DONE;
  for (size_t i = 0; i < n; i++)
    if (ops[i]->phase != DUR_PHASE_SETTLED &&
        dur_task_wait_on(e, task, ops[i]) != 0)
      return DUR_SUSPEND;
  if (e->draining) {
    dur_task_drained(e, task, 0);
    return DUR_SUSPEND;
  }
  dur_task_park(e, task);
  return DUR_PARK;
}

int dur_task_wait(dur_engine *e, dur_task *task, dur_op **ops, size_t n,
                  int all) {
  int answer = wait_for(e, task, ops, n, all);
  if (answer == DUR_SUSPEND)
    dur_task_cut(task);
  return answer;
}
