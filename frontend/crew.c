/* crew: see crew.h. */
#include "frontend/crew.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct dur_crew_thread {
  pthread_t id;
  dur_crew *crew;
  dur_crew_thread *next;
};

int dur_crew_init(dur_crew *crew, size_t stack_size) {
  long page = sysconf(_SC_PAGESIZE);
  size_t unit = page > 0 ? (size_t)page : 4096;
  *crew = (dur_crew){.stack_size = stack_size / unit * unit};
  if (crew->stack_size < (size_t)PTHREAD_STACK_MIN)
    crew->stack_size = (size_t)PTHREAD_STACK_MIN;
  if (pthread_mutex_init(&crew->lock, NULL) != 0)
    return -1;
  if (pthread_cond_init(&crew->work, NULL) == 0)
    return 0;
  pthread_mutex_destroy(&crew->lock);
  return -1;
}

/* The next job, or NULL when the crew closes; called with the lock. */
static dur_crew_job *take(dur_crew *crew) {
  while (!crew->first && !crew->closing) {
    crew->idle++;
    pthread_cond_wait(&crew->work, &crew->lock);
    crew->idle--;
  }
  dur_crew_job *job = crew->first;
  if (!job)
    return NULL;
  crew->first = job->next;
  if (!crew->first)
    crew->last = NULL;
  crew->queued--;
  return job;
}

static void *work(void *arg) {
  dur_crew *crew = ((dur_crew_thread *)arg)->crew;
  dur_crew_job *job;
  pthread_mutex_lock(&crew->lock);
  while ((job = take(crew)) != NULL) {
    void (*fn)(dur_crew *, void *) = job->fn;
    void *of = job->arg;
    pthread_mutex_unlock(&crew->lock);
    fn(crew, of);
    pthread_mutex_lock(&crew->lock);
    crew->ending--;
  }
  pthread_mutex_unlock(&crew->lock);
  return NULL;
}

static int add_thread(dur_crew *crew) {
  pthread_attr_t attr;
  dur_crew_thread *thread = malloc(sizeof *thread);
  if (!thread || pthread_attr_init(&attr) != 0) {
    free(thread);
    return -1;
  }
  thread->crew = crew;
  int rc = pthread_attr_setstacksize(&attr, crew->stack_size);
  if (rc == 0)
    rc = pthread_create(&thread->id, &attr, work, thread);
  pthread_attr_destroy(&attr);
  if (rc != 0) {
    free(thread);
    return -1;
  }
  thread->next = crew->threads;
  crew->threads = thread;
  return 0;
}

int dur_crew_run(dur_crew *crew, dur_crew_job *job) {
  int rc = 0;
  job->next = NULL;
  pthread_mutex_lock(&crew->lock);
  if (crew->idle + crew->ending <= crew->queued)
    rc = add_thread(crew);
  if (rc == 0) {
    if (crew->last)
      crew->last->next = job;
    else
      crew->first = job;
    crew->last = job;
    crew->queued++;
    pthread_cond_signal(&crew->work);
  }
  pthread_mutex_unlock(&crew->lock);
  return rc;
}

void dur_crew_ending(dur_crew *crew) {
  if (!crew)
    return;
  pthread_mutex_lock(&crew->lock);
  crew->ending++;
  pthread_mutex_unlock(&crew->lock);
}

void dur_crew_drop(dur_crew *crew) {
  pthread_mutex_lock(&crew->lock);
  crew->closing = 1;
  pthread_cond_broadcast(&crew->work);
  pthread_mutex_unlock(&crew->lock);
  while (crew->threads) {
    dur_crew_thread *thread = crew->threads;
    crew->threads = thread->next;
    pthread_join(thread->id, NULL);
    free(thread);
  }
  pthread_cond_destroy(&crew->work);
  pthread_mutex_destroy(&crew->lock);
}
