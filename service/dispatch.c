/* dispatch: see dispatch.h. */
#include "dispatch.h"
#include "change.h"
#include "commit.h"
#include "run.h"
#include "tokens.h"
#include "wire/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dur_function *dur_function_find(const durable_service *s, dur_bytes name) {
  dur_bytes bare = dur_function_bare(name);
  for (dur_function *f = s->functions; f != NULL; f = f->next)
    if (bare.data != NULL && dur_bytes_is(bare, f->name))
      return f;
  return NULL;
}

/* ---- the ready queue */

static void job_free(dur_job *job) {
  if (job == NULL)
    return;
  dur_buf_drop(&job->event);
  dur_buf_drop(&job->body);
  free(job->arn);
  free(job->tenant);
  free(job->endpoint);
  free(job->context);
  free(job->identity);
  free(job->trace_id);
  free(job->parent);
  free(job->parent_op);
  free(job);
}

static int keep(char **to, dur_bytes text) {
  *to = NULL;
  if (text.data == NULL)
    return 0;
  *to = malloc(text.len + 1);
  if (*to == NULL)
    return -1;
  memcpy(*to, text.data, text.len);
  (*to)[text.len] = '\0';
  return 0;
}

static dur_job *job_new(dur_function *f) {
  dur_job *job = calloc(1, sizeof *job);
  if (job == NULL)
    return NULL;
  job->function = f;
  job->outcome = -1;
  dur_buf_init(&job->event, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&job->body, &dur_mem_default, SIZE_MAX);
  if (dur_uuid(job->request_id) != 0) {
    job_free(job);
    return NULL;
  }
  return job;
}

static void *worker(void *user);

static void add_thread(durable_service *s) {
  pthread_t *threads =
      realloc(s->threads, (s->spawned + 1) * sizeof *s->threads);
  if (threads == NULL)
    return;
  s->threads = threads;
  if (pthread_create(&s->threads[s->spawned], NULL, worker, s) == 0) {
    s->spawned++;
    s->thread_count++;
  }
}

/* One more thread when there are more jobs than idle threads: one that was
 * woken counts as idle until it runs, and takes one job only. */
static void staff(durable_service *s) {
  uint32_t waiting = 0;
  if (s->stopping) /* the threads are being joined */
    return;
  for (const dur_job *job = s->ready; job && waiting <= s->idle_threads;
       job = job->next)
    waiting++;
  if (waiting > s->idle_threads && s->thread_count < s->max_threads)
    add_thread(s);
}

static void push_ready(durable_service *s, dur_job *job) {
  if (s->last_ready != NULL)
    s->last_ready->next = job;
  else
    s->ready = job;
  s->last_ready = job;
  staff(s);
  if (s->thread_count == 0 && !s->stopping)
    dur_give_up(s, "no thread could be started");
  pthread_cond_signal(&s->work);
}

static void unlink_ready(durable_service *s, dur_job *job) {
  dur_job **link = &s->ready, *last = NULL;
  while (*link != job) {
    last = *link;
    link = &last->next;
  }
  *link = job->next;
  if (s->last_ready == job)
    s->last_ready = last;
  job->next = NULL;
}

/* An endpoint that an execution brings is one container, which takes one
 * invocation at a time. */
static int has_room(const durable_service *s, const dur_job *job) {
  const dur_function *f = job->function;
  for (const dur_job *j = job->endpoint ? s->jobs : NULL; j; j = j->next)
    if (j->endpoint != NULL && strcmp(j->endpoint, job->endpoint) == 0)
      return 0;
  return f->concurrency == 0 || f->running < f->concurrency;
}

static dur_job *next_ready(durable_service *s) {
  if (s->stopping)
    return NULL;
  for (dur_job *job = s->ready; job != NULL; job = job->next) {
    if (has_room(s, job)) {
      unlink_ready(s, job);
      return job;
    }
  }
  return NULL;
}

int dur_is_quiet(const durable_service *s) {
  return s->busy == 0 && s->ready == NULL;
}

/* ---- asking for an invocation */

void dur_dispatch_run(durable_service *s, dur_run *run) {
  if (s->no_dispatch || s->stopping || run->job != NULL || !run->wanted ||
      dur_run_is_over(run) || run->backoff.slot != 0)
    return;
  dur_function *f = dur_function_find(s, run->function);
  if (f == NULL)
    return;
  dur_job *job = job_new(f);
  if (job == NULL || keep(&job->arn, run->arn) != 0 ||
      keep(&job->tenant, run->tenant) != 0 ||
      keep(&job->endpoint, run->endpoint) != 0 ||
      keep(&job->context, run->context) != 0 ||
      keep(&job->identity, run->identity) != 0 ||
      keep(&job->trace_id, run->trace_id) != 0) {
    job_free(job);
    dur_give_up(s, "out of memory");
    return;
  }
  job->run = run;
  run->job = job;
  push_ready(s, job);
}

void dur_run_wake(durable_service *s, dur_run *run) {
  if (dur_run_is_over(run))
    return;
  if (!run->wanted)
    run->row_dirty |= 1;
  run->wanted = 1;
  dur_dispatch_run(s, run);
}

static int is_ready(const durable_service *s, const dur_job *job) {
  for (const dur_job *j = s->ready; j != NULL; j = j->next)
    if (j == job)
      return 1;
  return 0;
}

void dur_unready(durable_service *s, dur_run *run) {
  if (run->job == NULL || !is_ready(s, run->job))
    return;
  unlink_ready(s, run->job);
  job_free(run->job);
  run->job = NULL;
}

int dur_dispatch_call(durable_service *s, const dur_call *call) {
  dur_job *job = job_new(call->function);
  if (job == NULL)
    return -1;
  dur_buf_bytes(&job->event, call->event);
  if (job->event.failed || keep(&job->tenant, call->tenant) != 0 ||
      keep(&job->context, call->context) != 0 ||
      keep(&job->identity, call->identity) != 0 ||
      keep(&job->trace_id, call->trace_id) != 0 ||
      keep(&job->parent, call->parent) != 0 ||
      keep(&job->parent_op, call->parent_op) != 0) {
    job_free(job);
    return -1;
  }
  job->waiter = call->waiter;
  push_ready(s, job);
  return 0;
}

/* ---- one job, on its thread */

static void begin(durable_service *s, dur_job *job) {
  dur_function *f = job->function;
  dur_run *run = job->run;
  job->next = s->jobs;
  s->jobs = job;
  s->busy++;
  f->running++;
  job->start_ms = dur_clock_now(&s->clock);
  if (run != NULL)
    dur_event_build(s, job);
  job->inv = (durable_service_invocation){
      .size = sizeof job->inv,
      .function = f->name,
      .request_id = job->request_id,
      .arn = job->arn,
      .tenant_id = job->tenant,
      .event = dur_to_public(dur_buf_view(&job->event)),
      .deadline_ms = dur_real_ms() + f->timeout_s * 1000,
      .trace_id = job->trace_id};
  pthread_cond_signal(&s->timer); /* a new deadline */
}

/* The job is no longer running, whatever its thread does. */
static void unlist(durable_service *s, dur_job *job) {
  dur_job **link = &s->jobs;
  while (*link != job)
    link = &(*link)->next;
  *link = job->next;
  job->next = NULL;
  s->busy--;
  job->function->running--;
}

static void answer_parent(durable_service *s, const dur_job *job,
                          dur_bytes body, int failed) {
  dur_run *run = dur_run_find(s, dur_cstr(job->parent));
  dur_item *item = run ? dur_item_find(run, dur_cstr(job->parent_op)) : NULL;
  if (item == NULL || dur_run_is_over(run) ||
      item->op.status != DUR_STATUS_STARTED)
    return;
  dur_arena arena;
  dur_arena_init(&arena, &dur_mem_default);
  dur_error error = {0};
  if (failed)
    dur_read_failure(body, &arena, &error);
  if (failed)
    dur_settle_item(s, item, DUR_STATUS_FAILED, DUR_NONE, &error,
                    dur_clock_now(&s->clock));
  else
    dur_settle_item(s, item, DUR_STATUS_SUCCEEDED, body, NULL,
                    dur_clock_now(&s->clock));
  dur_run_save(s, run);
  dur_arena_drop(&arena);
}

static void plain_done(durable_service *s, dur_job *job, int late) {
  static const char SILENT[] =
      "{\"ErrorMessage\":\"Runtime exited without providing a reason\","
      "\"ErrorType\":\"Runtime.ExitError\"}";
  dur_bytes body = dur_buf_view(&job->body);
  char text[128];
  int failed = late || job->outcome != DURABLE_SERVICE_RETURNED;
  if (late) {
    snprintf(text, sizeof text,
             "{\"ErrorMessage\":\"Task timed out after %lld.00 seconds\","
             "\"ErrorType\":\"Sandbox.Timedout\"}",
             (long long)job->function->timeout_s);
    body = dur_cstr(text);
  } else if (job->outcome < 0) {
    body = DUR_LIT(SILENT);
  }
  if (job->parent != NULL)
    answer_parent(s, job, body, failed);
  if (job->waiter != NULL) {
    dur_buf_bytes(&job->waiter->body, body);
    job->waiter->outcome = failed;
    job->waiter->done = 1;
    job->waiter = NULL;
    s->ends++;
  }
  pthread_cond_broadcast(&s->changed);
}

static void run_done(durable_service *s, dur_job *job, int late) {
  dur_run *run = job->run;
  dur_outcome(s, job, late);
  run->job = NULL;
  job->run = NULL;
  dur_answers_drop(run);
  dur_dispatch_run(s, run);
  dur_run_save(s, run);
  dur_runs_sweep(s);
}

static void done(durable_service *s, dur_job *job, int late) {
  unlist(s, job);
  if (job->run != NULL)
    run_done(s, job, late);
  else
    plain_done(s, job, late);
  pthread_cond_signal(&s->work);  /* its function has room again */
  pthread_cond_signal(&s->timer); /* virtual time may move */
  pthread_cond_broadcast(&s->changed);
}

static void run_job(durable_service *s, dur_job *job) {
  begin(s, job);
  if (dur_commit_wait(s, job->run ? job->run->mark : s->queued) == 0) {
    durable_service_function *call = job->function->call;
    void *user = job->function->user;
    pthread_mutex_unlock(&s->lock);
    call(user, s, &job->inv);
    pthread_mutex_lock(&s->lock);
  }
  if (job->abandoned)
    s->thread_count++;
  else
    done(s, job, 0);
  job_free(job);
  dur_commit_wait(s, s->queued);
}

static void *worker(void *user) {
  durable_service *s = user;
  pthread_mutex_lock(&s->lock);
  while (!s->stopping) {
    dur_job *job = s->failed ? NULL : next_ready(s);
    if (job != NULL) {
      run_job(s, job);
      continue;
    }
    s->idle_threads++;
    pthread_cond_wait(&s->work, &s->lock);
    s->idle_threads--;
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

int64_t dur_abandon_overdue(durable_service *s, int64_t real_ms) {
  int64_t next = INT64_MAX;
  for (dur_job *job = s->jobs, *after; job != NULL; job = after) {
    after = job->next;
    if (job->inv.deadline_ms > real_ms) {
      if (job->inv.deadline_ms < next)
        next = job->inv.deadline_ms;
      continue;
    }
    job->abandoned = 1;
    s->thread_count--;
    done(s, job, 1);
    staff(s); /* its thread may never come back */
  }
  return next;
}

void dur_dispatch_stop(durable_service *s) {
  pthread_mutex_lock(&s->lock);
  s->stopping = 1;
  pthread_cond_broadcast(&s->work);
  pthread_mutex_unlock(&s->lock);
  for (size_t i = 0; i < s->spawned; i++)
    pthread_join(s->threads[i], NULL);
  free(s->threads);
  while (s->ready != NULL) {
    dur_job *job = s->ready;
    s->ready = job->next;
    job_free(job);
  }
}

/* What Lambda makes of an answer that it does not take. */
static int put_too_large(dur_buf *out, size_t size) {
  char text[192];
  int n = snprintf(text, sizeof text,
                   "{\"ErrorMessage\":\"Response payload size (%zu bytes) "
                   "exceeded maximum allowed payload size (%d bytes).\","
                   "\"ErrorType\":\"Function.ResponseSizeTooLarge\"}",
                   size, DUR_OUTPUT_MAX);
  dur_buf_add(out, text, (size_t)n);
  return DURABLE_SERVICE_RAISED;
}

int durable_service_answer(durable_service *s,
                           const durable_service_invocation *inv, int outcome,
                           durable_bytes body) {
  if (s == NULL || inv == NULL || outcome < DURABLE_SERVICE_RETURNED ||
      outcome > DURABLE_SERVICE_CRASHED || (body.data == NULL && body.len > 0))
    return DURABLE_E_ARGUMENT;
  int rc = DURABLE_OK;
  pthread_mutex_lock(&s->lock);
  dur_job *job = s->jobs; /* an abandoned one is not in there */
  while (job != NULL && &job->inv != inv)
    job = job->next;
  if (job == NULL || job->outcome >= 0) {
    rc = DURABLE_E_STATE;
  } else {
    if (outcome == DURABLE_SERVICE_RETURNED && body.len > DUR_OUTPUT_MAX)
      outcome = put_too_large(&job->body, body.len);
    else
      dur_buf_bytes(&job->body, dur_from_public(body));
    if (job->body.failed)
      rc = DURABLE_E_NOMEM;
    else
      job->outcome = outcome;
  }
  pthread_mutex_unlock(&s->lock);
  return rc;
}
