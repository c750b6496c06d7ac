/* crew: the threads of one invocation.
 *
 * A thread that has ended its job takes the next, so a map over many items
 * starts few threads.  Jobs are never queued behind one that may block: for
 * each there is a thread that is idle, or about to be, or a new one. */
#ifndef DUR_FRONTEND_CREW_H
#define DUR_FRONTEND_CREW_H

#include <pthread.h>
#include <stddef.h>

typedef struct dur_crew dur_crew;
typedef struct dur_crew_job {
  /* |crew| NULL: not on a thread of the crew. */
  void (*fn)(dur_crew *crew, void *arg);
  void *arg;
  struct dur_crew_job *next;
} dur_crew_job;

typedef struct dur_crew_thread dur_crew_thread;
struct dur_crew {
  pthread_mutex_t lock;
  pthread_cond_t work;
  dur_crew_job *first, *last;
  dur_crew_thread *threads;
  size_t stack_size;
  unsigned idle, ending, queued;
  int closing;
};

int dur_crew_init(dur_crew *crew, size_t stack_size); /* 0, or -1 */
/* Run |job|, which the caller owns until fn was called, on a thread.  -1: there
 * is no thread to be had, nothing was done. */
int dur_crew_run(dur_crew *crew, dur_crew_job *job);
/* Called by every job once, when it will not block any more.  NULL is fine. */
void dur_crew_ending(dur_crew *crew);
/* Wait for all jobs, end all threads. */
void dur_crew_drop(dur_crew *crew);

#endif
