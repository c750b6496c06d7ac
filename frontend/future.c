/* future: see future.h. */
#include "frontend/future.h"

#include <stdlib.h>

#include "frontend/drive.h"
#include "frontend/plan.h"
#include "frontend/scope.h"

durable_future *dur_future_new(dur_scope *scope) {
  durable_future *f = calloc(1, sizeof *f);
  if (!f)
    return NULL;
  if (durable_values_new(&f->call.values, NULL) != 0) {
    free(f);
    return NULL;
  }
  f->run = scope->run;
  f->space = scope->space;
  f->next = scope->space->futures;
  scope->space->futures = f;
  return f;
}

void dur_future_free(durable_future *future) {
  dur_plan_drop(future->call.plan);
  durable_values_free(future->call.values);
  free(future);
}

static void end_task(dur_run *run, durable_task_id task) {
  durable_engine *e = durable_host_enter(run->host);
  durable_engine_task_end(e, task);
  durable_host_leave(run->host);
}

/* ---- states; these are called with the lock */

static void enqueue(dur_run *run, durable_future *f) {
  f->state = DUR_FUTURE_QUEUED;
  f->next_queued = NULL;
  if (run->queue_tail)
    run->queue_tail->next_queued = f;
  else
    run->queue = f;
  run->queue_tail = f;
}

static void unqueue(dur_run *run, durable_future *f) {
  durable_future *before = NULL;
  for (durable_future *q = run->queue; q != f; q = q->next_queued)
    before = q;
  if (before)
    before->next_queued = f->next_queued;
  else
    run->queue = f->next_queued;
  if (run->queue_tail == f)
    run->queue_tail = before;
  f->state = DUR_FUTURE_IDLE;
}

static void begin_work(dur_run *run, durable_future *f) {
  f->state = DUR_FUTURE_AT_WORK;
  f->space->at_work++;
  run->workers++;
  dur_space_hold(f->space);
}

static void ended(dur_run *run, durable_future *f, int code) {
  f->code = code;
  f->state = code == DURABLE_SUSPENDED ? DUR_FUTURE_IDLE : DUR_FUTURE_DONE;
  f->space->at_work--;
  pthread_cond_broadcast(&run->changed);
}

/* ---- threads */

static void start_queued(dur_run *run);

static void work(dur_crew *crew, durable_future *f) {
  dur_run *run = f->run;
  dur_space *space = f->space;
  durable_task_id task = f->strand.task;
  int code = dur_drive(&f->strand, &f->call);
  dur_crew_ending(crew);
  pthread_mutex_lock(&run->lock);
  run->workers--;
  ended(run, f, code);
  pthread_mutex_unlock(&run->lock);
  start_queued(run);
  end_task(run, task);
  dur_space_drop(space);
}

/* No thread is to be had: this one does it, as an event loop would. */
static void work_here(durable_future *f, durable_task_id mine) {
  dur_run *run = f->run;
  durable_engine *e = durable_host_enter(run->host);
  durable_engine_task_idle(e, mine, 1);
  durable_host_leave(run->host);
  work(NULL, f);
  e = durable_host_enter(run->host);
  durable_engine_task_idle(e, mine, 0);
  durable_host_leave(run->host);
}

typedef struct start {
  dur_crew_job job;
  durable_future *future;
} start;

static void run_start(dur_crew *crew, void *arg) {
  start *s = arg;
  durable_future *f = s->future;
  free(s);
  work(crew, f);
}

static int start_thread(durable_future *f) {
  start *s = malloc(sizeof *s);
  if (!s)
    return -1;
  *s = (start){.job = {.fn = run_start, .arg = s}, .future = f};
  if (dur_crew_run(&f->run->crew, &s->job) == 0)
    return 0;
  free(s);
  return -1;
}

static durable_future *take_queued(dur_run *run) {
  pthread_mutex_lock(&run->lock);
  durable_future *f =
      run->workers < run->handler.max_threads ? run->queue : NULL;
  if (f) {
    unqueue(run, f);
    begin_work(run, f);
  }
  pthread_mutex_unlock(&run->lock);
  return f;
}

static void put_back(durable_future *f) {
  dur_run *run = f->run;
  pthread_mutex_lock(&run->lock);
  run->workers--;
  f->space->at_work--;
  enqueue(run, f);
  pthread_mutex_unlock(&run->lock);
  dur_space_drop(f->space);
}

static void start_queued(dur_run *run) {
  durable_future *f;
  while ((f = take_queued(run)) != NULL) {
    if (start_thread(f) == 0)
      continue;
    put_back(f);
    return;
  }
}

void dur_future_parks(dur_strand *strand) {
  dur_run *run = strand->run;
  pthread_mutex_lock(&run->lock);
  run->workers--;
  pthread_mutex_unlock(&run->lock);
  start_queued(run);
}

void dur_future_goes_on(dur_strand *strand) {
  dur_run *run = strand->run;
  pthread_mutex_lock(&run->lock);
  run->workers++;
  pthread_mutex_unlock(&run->lock);
}

/* ---- starting */

static int has_body(const dur_call *call) {
  return call->kind != DUR_CALL_WAIT && call->kind != DUR_CALL_INVOKE &&
         call->kind != DUR_CALL_CALLBACK &&
         call->kind != DUR_CALL_CALLBACK_RESULT &&
         call->kind != DUR_CALL_COMBINE;
}

/* A task of its own, that counts as runnable from now on. */
static int make_task(dur_scope *scope, durable_future *f) {
  dur_run *run = scope->run;
  durable_engine *e = durable_host_enter(run->host);
  durable_task_id task = durable_engine_task_new(e, scope->id);
  durable_host_leave(run->host);
  if (task < 0)
    return dur_scope_refuse(scope, task, NULL);
  f->strand = (dur_strand){.run = run, .task = task, .is_worker = 1};
  return DURABLE_OK;
}

static void set_going(dur_scope *scope, durable_future *f) {
  dur_run *run = scope->run;
  pthread_mutex_lock(&run->lock);
  int now = run->workers < run->handler.max_threads;
  if (now)
    begin_work(run, f);
  else
    enqueue(run, f);
  pthread_mutex_unlock(&run->lock);
  if (now && start_thread(f) != 0)
    work_here(f, scope->strand->task);
}

int dur_future_start(dur_scope *scope, durable_future *future, int rc,
                     durable_future **out) {
  if (out)
    *out = NULL;
  if (rc == DURABLE_OK && has_body(&future->call))
    rc = make_task(scope, future);
  if (rc != DURABLE_OK)
    return rc;
  if (has_body(&future->call))
    set_going(scope, future);
  if (out)
    *out = future;
  return DURABLE_OK;
}

/* ---- awaiting */

/* 1: it is the caller's to drive; *task: of the thread it did not get. */
static int take_over(durable_future *f, durable_task_id *task) {
  *task = 0;
  if (f->state == DUR_FUTURE_QUEUED) {
    unqueue(f->run, f);
    *task = f->strand.task;
  }
  if (f->state != DUR_FUTURE_IDLE)
    return 0;
  f->state = DUR_FUTURE_AT_WORK;
  f->space->at_work++;
  return 1;
}

static int drive_here(dur_strand *strand, durable_future *f,
                      durable_task_id task) {
  if (task)
    end_task(f->run, task);
  int code = dur_drive(strand, &f->call);
  pthread_mutex_lock(&f->run->lock);
  ended(f->run, f, code);
  pthread_mutex_unlock(&f->run->lock);
  return code;
}

/* Another strand drives it: wait until the engine has the outcome, then for
 * that strand to have taken it. */
static int wait_for_driver(dur_strand *strand, durable_future *f) {
  dur_run *run = f->run;
  int rc = dur_wait_settled(strand, f->call.op);
  if (rc != DURABLE_OK)
    return rc;
  pthread_mutex_lock(&run->lock);
  while (f->state == DUR_FUTURE_AT_WORK)
    pthread_cond_wait(&run->changed, &run->lock);
  pthread_mutex_unlock(&run->lock);
  return DURABLE_OK;
}

int dur_future_await(dur_strand *strand, durable_future *f) {
  dur_run *run = f->run;
  for (;;) {
    durable_task_id task;
    pthread_mutex_lock(&run->lock);
    int done = f->state == DUR_FUTURE_DONE, code = f->code;
    int mine = !done && take_over(f, &task);
    pthread_mutex_unlock(&run->lock);
    if (done)
      return code;
    if (mine)
      return drive_here(strand, f, task);
    int rc = wait_for_driver(strand, f);
    if (rc != DURABLE_OK)
      return rc;
  }
}

/* ---- the end of a context */

void dur_future_forget(dur_run *run, dur_space *space) {
  for (durable_future *f = space->futures; f; f = f->next) {
    pthread_mutex_lock(&run->lock);
    int queued = f->state == DUR_FUTURE_QUEUED;
    if (queued)
      unqueue(run, f);
    pthread_mutex_unlock(&run->lock);
    if (queued)
      end_task(run, f->strand.task);
  }
}

void dur_future_join(dur_run *run, dur_space *space) {
  dur_future_forget(run, space);
  pthread_mutex_lock(&run->lock);
  while (space->at_work > 0)
    pthread_cond_wait(&run->changed, &run->lock);
  pthread_mutex_unlock(&run->lock);
}
