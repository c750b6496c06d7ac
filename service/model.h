/* model: what the service keeps in memory.
 *
 * Invariants
 *   - Everything here is guarded by durable_service.lock, save what is marked.
 *   - Memory may be ahead of the disk; nothing leaves the service before the
 *     disk has caught up (see commit.h), so nobody ever sees what a crash
 *     could take back.
 *   - A run is in memory from its start until it is terminal, on disk, and no
 *     job holds it.  Finished runs are read from the store.
 *   - At most one live job per run.
 * Used by: service/ only. */
#ifndef DUR_SERVICE_MODEL_H
#define DUR_SERVICE_MODEL_H

#include "base/buf.h"
#include "base/map.h"
#include "clock.h"
#include "store.h"
#include "timers.h"
#include "wire/operation.h"
#include <durable/service.h>
#include <pthread.h>

enum { DUR_UUID_SIZE = 37 };

typedef struct dur_run dur_run;
typedef struct dur_job dur_job;

/* One operation of a run. */
typedef struct dur_item {
  dur_operation op; /* slices point into |fixed|, |outcome| or the run */
  dur_run *run;
  uint32_t number;  /* order of creation; 0 is EXECUTION */
  uint64_t touched; /* run->changes when it last changed */
  int64_t news;     /* run->invocations when the service changed it; -1 */
  int64_t timeout_s, heartbeat_s; /* CALLBACK */
  int64_t beat_ms;                /* CALLBACK: when the heartbeat is due, 0 */
  dur_bytes target, tenant;       /* CHAINED_INVOKE */
  dur_bytes trace_id;             /* CHAINED_INVOKE, or absent */
  dur_bytes input;                /* CHAINED_INVOKE, while STARTED */
  dur_timer due;                  /* wait end, next attempt, timeout */
  dur_timer beat;
  struct dur_item *next_dirty;
  char *fixed;   /* id, parent, name, sub-type, callback id, target, tenant,
                    trace id */
  char *outcome; /* result and error */
  char *held;    /* |input| */
  unsigned char dirty, hidden;
  unsigned char called; /* CHAINED_INVOKE: its plain call is under way */
} dur_item;

/* The stored answer of an accepted checkpoint. */
typedef struct dur_answer {
  struct dur_answer *next;
  dur_bytes client_token, token, body; /* in this block */
} dur_answer;

struct dur_run {
  int64_t row;
  dur_bytes arn, function, name, id; /* NUL-terminated, in |text| */
  dur_bytes name_key;                /* arn up to its last '/' */
  dur_bytes tenant, parent, parent_op, input;
  dur_bytes endpoint; /* where it is invoked, instead of its function's place */
  dur_bytes context, identity; /* JSON about who invoked it: dur_start */
  dur_bytes trace_id;          /* of who invoked it, or absent */
  char *text;
  int status; /* DURABLE_EXECUTION_* */
  int64_t start_ms, end_ms, timeout_s, retention_days;
  int64_t next_event;
  dur_item **items;
  size_t count, cap;
  dur_map by_id;
  dur_item *dirty;
  uint64_t changes, delivered; /* of items: made, seen by the invocation */
  size_t unseen; /* no item below this one changed since |delivered| */
  uint64_t token_seq;
  int64_t invocations; /* that ended cleanly */
  int failures, empties;
  int wanted;       /* an invocation is due, queued or running */
  int64_t retry_ms; /* not before this time; 0: at once */
  dur_timer timeout, backoff;
  dur_job *job;  /* queued or running */
  uint64_t mark; /* its last write: see dur_commit_wait */
  int row_dirty; /* 1: update, 2: insert */
  int closing;   /* in the list of runs to be dropped */
  dur_run *next; /* in that list, or in that of all runs of a load */
  dur_answer *answers, *last_answer;
  size_t answers_size;
};

typedef struct dur_function {
  struct dur_function *next;
  char *name;
  durable_service_function *call;
  void *user;
  int64_t timeout_s, execution_timeout_s, retention_days;
  uint32_t concurrency, running;
  int not_durable, tenant_isolation;
} dur_function;

/* A plain call whose caller waits for the outcome; on the caller's stack. */
typedef struct dur_plain {
  int done, outcome;
  dur_buf body;
} dur_plain;

/* One invocation: of a run, or a plain call. */
struct dur_job {
  durable_service_invocation inv; /* its address is what answer() knows */
  dur_job *next;                  /* in the ready queue or the running list */
  dur_function *function;
  dur_run *run; /* NULL: a plain call */
  char request_id[DUR_UUID_SIZE];
  dur_buf event;
  char *arn; /* a copy: an abandoned job may outlive its run */
  char *tenant, *endpoint, *context, *identity; /* of the run or the call */
  char *trace_id;                               /* likewise */
  char *parent, *parent_op; /* plain: the CHAINED_INVOKE it answers */
  dur_plain *waiter;        /* plain: who waits for it */
  int64_t start_ms;         /* service time */
  int outcome;              /* -1: none yet */
  dur_buf body;
  int abandoned; /* overran its deadline: what it answers is ignored */
};

typedef struct dur_notice { /* one event for durable_service_on_event */
  struct dur_notice *next;
  size_t len;
  char text[];
} dur_notice;

struct durable_service {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* commit done, run settled, job done */
  pthread_cond_t work;    /* the ready queue grew */
  pthread_cond_t timer;   /* the first timer changed */
  pthread_cond_t notice;  /* notices grew */
  dur_store store;        /* has a lock of its own */
  dur_clock clock;
  dur_timers timers;
  char *region, *account;
  int collapse, no_dispatch, hold_callbacks;
  uint32_t max_threads;
  /* group commit */
  dur_write *writes, *last_write;
  uint64_t queued, committed;
  int committing;
  int hold;           /* nothing may be committed yet: see inbox.c */
  const char *failed; /* why nothing is accepted any more; NULL: fine */
  /* runs */
  dur_map runs;  /* by arn */
  dur_map names; /* by arn without its last segment: the newest of a name */
  dur_run *closing;
  int64_t next_row;
  /* dispatch */
  dur_function *functions;
  dur_job *ready, *last_ready;
  dur_job *jobs; /* running, abandoned ones left out */
  uint32_t busy, idle_threads;
  uint32_t thread_count; /* without those stuck in an abandoned job */
  pthread_t *threads;
  size_t spawned;
  int stopping;
  uint64_t
      ends; /* how often a run or a plain call ended: what waiters look at */
  int64_t advance_to; /* virtual time is on its way there; 0: nowhere */
  pthread_t timer_thread, notice_thread;
  int has_timer_thread, has_notice_thread;
  /* listener */
  durable_service_event_fn *on_event;
  void *on_event_user;
  dur_notice *notices, *last_notice;
  /* no_dispatch: the store may change between any two requests */
  pthread_mutex_t visit; /* one visit at a time; taken before |lock| */
};

/* What the service knows of an invocation beside what it shows. */
static inline const dur_job *dur_job_of(const durable_service_invocation *inv) {
  return (const dur_job *)inv; /* its first member */
}

static inline dur_bytes dur_from_public(durable_bytes b) {
  return (dur_bytes){b.data, b.len};
}
static inline durable_bytes dur_to_public(dur_bytes b) {
  return (durable_bytes){b.data, b.len};
}

#endif
