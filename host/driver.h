/* driver: the one background thread of the process.
 *
 * It performs every request of the built-in transport on one curl multi handle
 * and fires the timers of all hosts.  It is started by the first use, sleeps in
 * curl_multi_poll while there is nothing to do, and calls nobody while holding
 * its own lock, so a callback may take any other lock, and these functions may
 * be called under any other lock, except that cancel and disarm wait for a
 * callback and so must be called without the locks that it takes.
 *
 * Fork: the child has no such thread and starts its own; jobs and timers of the
 * parent are dead there (their generation is another), and the connections of
 * the parent are closed in the child. */
#ifndef DUR_HOST_DRIVER_H
#define DUR_HOST_DRIVER_H

#include "host/http.h"

typedef enum dur_job_state {
  DUR_JOB_IDLE = 0,
  DUR_JOB_QUEUED,
  DUR_JOB_RUNNING
} dur_job_state;

typedef struct dur_job dur_job;
struct dur_job {
  dur_http http;
  durable_transport_request request;
  /* On the driver's thread.  |rc| 0 or -1 as dur_http_finish; the job is idle
   * and may be submitted again from here. */
  void (*done)(dur_job *job, int rc, durable_transport_reply *reply);
  void *user;
  /* the driver's own */
  dur_job *prev, *next;
  int state, cancelled, calling;
  unsigned generation;
};

typedef struct dur_timer dur_timer;
struct dur_timer {
  void (*fire)(dur_timer *timer); /* on the driver's thread, disarmed by then */
  void *user;
  /* the driver's own */
  dur_timer *prev, *next;
  int64_t at_ms; /* monotonic */
  int armed, calling;
  unsigned generation;
};

/* Generation of this process, 0 before any fork. */
unsigned dur_driver_generation(void);

void dur_job_init(dur_job *job);
void dur_job_drop(dur_job *job); /* idle or dead */
/* 0, or -1: no thread or multi handle could be made.  The request's bytes must
 * live until done or cancel returned. */
int dur_driver_submit(dur_job *job);
/* Returns once done will not be called any more. */
void dur_driver_cancel(dur_job *job);

/* Fire at the monotonic time |at_ms|, replacing an earlier setting; INT64_MAX:
 * not at all.  -1: no thread or multi handle could be made. */
int dur_driver_arm(dur_timer *timer, int64_t at_ms);
/* Returns once fire will not be called any more. */
void dur_driver_disarm(dur_timer *timer);

#endif
