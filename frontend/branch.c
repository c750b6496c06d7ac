/* branch: the branches of a map or parallel, each on a thread while it is at
 * work. */
#include <stdlib.h>

#include "frontend/drive.h"
#include "frontend/plan.h"
#include "frontend/scope.h"

/* ---- what branches share */

dur_plan *dur_plan_new(dur_run *run, dur_space *space) {
  dur_plan *plan = calloc(1, sizeof *plan);
  if (!plan)
    return NULL;
  atomic_init(&plan->refs, 1);
  plan->run = run;
  plan->space = space;
  return plan;
}

void dur_plan_drop(dur_plan *plan) {
  if (!plan || atomic_fetch_sub(&plan->refs, 1) != 1)
    return;
  free(plan->items);
  free(plan->branches);
  free(plan);
}

void dur_plan_join(dur_plan *plan) {
  pthread_mutex_lock(&plan->run->lock);
  while (plan->live > 0)
    pthread_cond_wait(&plan->run->changed, &plan->run->lock);
  pthread_mutex_unlock(&plan->run->lock);
}

static void count_live(dur_plan *plan, int by) {
  pthread_mutex_lock(&plan->run->lock);
  plan->live += (uint32_t)by;
  pthread_cond_broadcast(&plan->run->changed);
  pthread_mutex_unlock(&plan->run->lock);
}

/* ---- one branch */

typedef struct branch {
  dur_crew_job job;
  dur_strand strand;
  dur_call call;
} branch;

static void end_task(dur_run *run, durable_task_id task) {
  durable_engine *e = durable_host_enter(run->host);
  durable_engine_task_end(e, task);
  durable_host_leave(run->host);
}

static void work(dur_crew *crew, void *arg) {
  branch *b = arg;
  dur_plan *plan = b->call.plan;
  dur_space *space = plan->space;
  (void)dur_drive(&b->strand, &b->call);
  dur_crew_ending(crew);
  end_task(plan->run, b->strand.task);
  durable_values_free(b->call.values);
  free(b);
  count_live(plan, -1);
  dur_plan_drop(plan);
  dur_space_drop(space);
}

/* No thread is to be had: this one does it, as an event loop would. */
static void work_here(branch *b, durable_task_id mine) {
  dur_run *run = b->call.plan->run;
  durable_engine *e = durable_host_enter(run->host);
  durable_engine_task_idle(e, mine, 1);
  durable_host_leave(run->host);
  work(NULL, b);
  e = durable_host_enter(run->host);
  durable_engine_task_idle(e, mine, 0);
  durable_host_leave(run->host);
}

static branch *make(dur_run *run, dur_call *group,
                    const durable_engine_branch_info *info) {
  branch *b = calloc(1, sizeof *b);
  if (!b)
    return NULL;
  b->job = (dur_crew_job){.fn = work, .arg = b};
  b->strand = (dur_strand){.run = run, .task = info->task};
  b->call = (dur_call){.kind = DUR_CALL_BRANCH,
                       .space = group->space,
                       .ctx = group->ctx,
                       .op = info->op,
                       .serdes = group->serdes,
                       .plan = group->plan,
                       .index = info->index};
  if (durable_values_new(&b->call.values, NULL) == 0)
    return b;
  free(b);
  return NULL;
}

int dur_branch_spawn(dur_strand *strand, dur_call *call) {
  dur_run *run = strand->run;
  durable_engine_branch_info info = DURABLE_ENGINE_BRANCH_INFO_INIT;
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_branch(e, call->op, &info);
  durable_host_leave(run->host);
  if (rc < 0)
    return rc;
  branch *b = make(run, call, &info);
  if (!b) {
    end_task(run, info.task);
    return DURABLE_E_NOMEM;
  }
  atomic_fetch_add(&call->plan->refs, 1);
  dur_space_hold(call->plan->space);
  count_live(call->plan, 1);
  if (dur_crew_run(&run->crew, &b->job) != 0)
    work_here(b, strand->task);
  return DURABLE_OK;
}
