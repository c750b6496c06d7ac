/* model: one durable_host, and what its files offer one another.
 *
 * Invariants, all under |lock|:
 *   - the engine is called by the holder of the lock only;
 *   - |sending| is 1 from the engine's SEND until its reply or fail, and the
 *     bytes of |send| are valid meanwhile, also to a thread without the lock;
 *   - at most one thread delivers records (|delivering|), and the engine is
 *     neither polled nor asked for a next while |first_record| is not NULL;
 *   - a blocked thread is in |waiters| or counted in |blocked|.
 * Order of locks: this one, then the driver's. */
#ifndef DUR_HOST_MODEL_H
#define DUR_HOST_MODEL_H

#include "host/driver.h"

#include <durable/host.h>
#include <pthread.h>

enum { DUR_WAITER_LISTS = 64 };

/* A thread that is blocked for a task; lives on that thread's stack. */
typedef struct dur_waiter {
  struct dur_waiter *prev, *next;
  pthread_cond_t cond;
  durable_task_id task;
  int woken;
} dur_waiter;

typedef struct dur_host_record {
  struct dur_host_record *next;
  durable_engine_record record; /* json points behind this struct */
} dur_host_record;

/* Where the request in flight is to be performed. */
typedef enum dur_send_place {
  DUR_SEND_NOWHERE = 0,
  DUR_SEND_DRIVER, /* by the built-in transport */
  DUR_SEND_WORKER, /* waits for, or runs on, the worker */
  DUR_SEND_INLINE, /* waits for a thread that is about to block */
  DUR_SEND_PULL    /* waits for durable_host_poll */
} dur_send_place;

struct durable_host {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* for all who are counted in |blocked| */
  durable_engine *engine;
  const durable_transport *transport; /* NULL: the built-in one */
  durable_host_options options;
  durable_bytes arn, request_id;
  unsigned generation; /* of the process that made this host */
  int closing;
  /* requests */
  int sending, place;
  durable_engine_event send;
  int pull_told; /* the SEND was answered by poll */
  dur_job job;
  dur_timer timer;
  int64_t armed_ms; /* the moment the timer is set to, INT64_MAX: none */
  int turn_armed;   /* for the end of this turn of an event loop */
  /* the thread for transports that block */
  pthread_t worker;
  pthread_cond_t worker_work;
  int has_worker;
  /* threads */
  dur_waiter waiters[DUR_WAITER_LISTS]; /* list heads */
  size_t waiting;                       /* in them */
  size_t blocked;
  /* events */
  durable_task_id *wakes; /* a ring */
  size_t wake_at, wake_count, wake_cap;
  int root_woken;
  int over; /* DURABLE_EVENT_FINISH or _ABORT once it is */
  int over_told;
  durable_bytes over_body;
  int event_fd, event_on;
  int dirty; /* an event loop has to poll before it blocks */
  /* records */
  dur_host_record *first_record, *last_record;
  dur_host_record *taken; /* the one that record_next answered last */
  int delivering;
  pthread_t deliverer;
};

/* What a caller of pump is about to do. */
typedef enum dur_pump_mode {
  DUR_PUMP_TURN,    /* go on; in an event loop poll does the rest */
  DUR_PUMP_PASS,    /* go on with its own work */
  DUR_PUMP_BLOCK,   /* block: it may perform an inline request itself */
  DUR_PUMP_SERVICE, /* serve other hosts: it avoids running a sink */
} dur_pump_mode;

/* ---- pump.c; with the lock, which they may release and take again */
/* Drain records, poll the engine until NONE and do what it says. */
void dur_host_pump(durable_host *host, dur_pump_mode mode);
/* Something that poll would answer is there, or |over|, or records are: tell
 * the descriptor and whoever is counted in |blocked|. */
void dur_host_notify(durable_host *host);
int dur_host_has_event(const durable_host *host);
/* Nobody needs to be told of |task| any more: it is asking by itself. */
void dur_wakes_forget(durable_host *host, durable_task_id task);
/* End the invocation from here: the engine cannot be driven any further. */
void dur_host_break(durable_host *host, const char *body);
extern const char dur_lost_memory[]; /* such a body */

/* ---- request.c; with the lock */
void dur_request_start(durable_host *host, dur_pump_mode mode);
/* If a request waits for a thread that may block: perform it.  1: done */
int dur_request_inline(durable_host *host);
/* The caller will not block after all: an inline request goes to another one.
 */
void dur_request_hand_over(durable_host *host);
void dur_request_answer(durable_host *host, int rc,
                        durable_transport_reply *reply);
void dur_request_fill(const durable_host *host,
                      durable_transport_request *request);
/* Without the lock: from |closing| on, wait until nothing is performed. */
void dur_request_stop(durable_host *host);
void dur_request_fired(dur_timer *timer);

/* ---- records.c; with the lock */
/* Move the engine's records to the queue.  -1: out of memory (host broken) */
int dur_records_collect(durable_host *host);
int dur_records_pending(const durable_host *host);
/* Deliver what is queued.  1: nothing is left; 0: they are somebody else's, who
 * will pump once they are delivered. */
int dur_records_deliver(durable_host *host, dur_pump_mode mode);
/* Collect and deliver until nothing is left, waiting for another deliverer.  0,
 * DURABLE_HOST_RECORDS, or DURABLE_E_STATE inside a sink. */
int dur_records_settle(durable_host *host);
void dur_records_drop(durable_host *host);

/* ---- wait.c; with the lock */
/* 1: a thread that was blocked for |task| goes on; 0: there is none */
int dur_waiter_wake(durable_host *host, durable_task_id task);
/* Let one blocked thread look at records and inline requests; 0: there is none
 */
int dur_waiter_nudge(durable_host *host);
void dur_waiter_wake_all(durable_host *host);
/* Block on |changed| until |until_ms| (monotonic). */
void dur_host_block(durable_host *host, int64_t until_ms);

#endif
