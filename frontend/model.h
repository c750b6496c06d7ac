/* model: the data of the C front end.
 *
 * The front end holds no rule of the engine: dur_drive() asks what to do and
 * does it, on threads.
 *
 *   run      one invocation: its host, its handler, its threads
 *   strand   one line of user code: a task of the engine and the thread it has
 *   space    the memory of one context: values, futures; counted, since what
 *            was started in a context may outlive the body it was given to
 *   scope    what a body is given: a durable_ctx, or the inside of a step
 *   call     one operation: what the user gave for it, and what came of it
 *
 * Locks.  run->lock guards the queue and the states of futures and the counts
 * of branches; no call of the host is made while it is held.  A space, a scope
 * and a call belong to one strand; |refs| is atomic. */
#ifndef DUR_FRONTEND_MODEL_H
#define DUR_FRONTEND_MODEL_H

#include <durable/durable.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"

#include "frontend/crew.h"

typedef struct dur_run dur_run;
typedef struct dur_strand dur_strand;
typedef struct dur_space dur_space;
typedef struct dur_call dur_call;
typedef struct dur_plan dur_plan;

/* A payload above this is not stored. */
enum { DUR_INLINE_MAX = 262144 };

struct dur_run {
  durable_handler handler; /* every field meaningful */
  durable_host *host;
  durable_engine *engine;
  const char *arn, *request_id, *tenant_id; /* in |values| */
  int64_t deadline_ms;
  durable_values *values;
  durable_plugin *plugins; /* in |values| */
  size_t plugin_count;
  dur_crew crew;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  durable_future *queue, *queue_tail; /* started, without a thread yet */
  uint32_t workers;                   /* futures at work, not parked */
};

struct dur_strand {
  dur_run *run;
  durable_task_id task;
  int suspended; /* unwinding: next() answered SUSPEND */
  int is_worker; /* counted in run->workers */
};

struct dur_space {
  atomic_uint refs;
  durable_values *values;
  durable_future *futures; /* started here, newest first */
  uint32_t at_work;        /* of them, with a thread; run->lock */
  dur_space *kept, *next;  /* of virtual children whose values went up */
};

typedef struct dur_scope {
  dur_run *run;
  dur_strand *strand;
  dur_space *space;
  durable_ctx_id id; /* of a step: where it was claimed */
  const durable_failure *failure;
  int retry_invocation;
  const dur_call *call; /* of which it is the body; NULL: the handler's */
  int attempt;          /* 0: the body has none */
} dur_scope;

/* One type behind both names: the difference is for the compiler of the user's
 * code. */
struct durable_ctx {
  dur_scope scope;
};
struct durable_step_ctx {
  dur_scope scope;
};

typedef enum dur_call_kind {
  DUR_CALL_STEP,
  DUR_CALL_WAIT,
  DUR_CALL_INVOKE,
  DUR_CALL_CALLBACK,
  DUR_CALL_CALLBACK_RESULT,
  DUR_CALL_WAIT_FOR_CALLBACK,
  DUR_CALL_CHILD,
  DUR_CALL_CONDITION,
  DUR_CALL_WITH_RETRY,
  DUR_CALL_GROUP,
  DUR_CALL_BRANCH,
  DUR_CALL_COMBINE
} dur_call_kind;

struct dur_call {
  dur_call_kind kind;
  dur_space *space;   /* of the context it was claimed in */
  durable_ctx_id ctx; /* that context */
  durable_op_id op;
  durable_values *values; /* where its results go */
  int at_once;            /* who claims it drives it next */
  void *arg;
  const durable_serdes *serdes; /* of its result; never NULL */
  union {
    durable_step_fn *step;
    durable_child_fn *child;
    durable_submit_fn *submit;
    durable_check_fn *check;
    durable_attempt_fn *attempt;
  } fn;
  durable_retry retry;           /* step, submitter, attempts */
  durable_error_filter only;     /* of |retry| */
  durable_condition_config pace; /* condition */
  durable_summary_fn *summary;   /* child, attempts, group */
  void *summary_user;
  durable_bytes large;            /* the payload that a summary is asked for */
  const durable_serdes *received; /* of a callback's raw text; NULL: string */
  int is_raw;                     /* its context is virtual: no serdes */
  dur_plan *plan;                 /* group, branch */
  uint32_t index;                 /* branch */
  int mode;                       /* combine */
  durable_future *const *inputs;  /* combine */
  size_t count;                   /* combine */

  const durable_value *raw; /* is_raw: what the body of this run gave */
  int ran_raw;
  const durable_value *value; /* the result, in |values| */
  const durable_failure *failure;
  durable_batch *batch;
};

/* What the branches of one group share; counted. */
struct dur_plan {
  atomic_uint refs;
  dur_run *run;
  dur_space *space; /* of the context; its branches hold it */
  durable_map_fn *map;
  void *arg;
  const durable_value **items; /* NULL: the map counts only */
  durable_branch *branches;    /* NULL: a map */
  size_t count;
  const durable_serdes *item_serdes;
  int (*complete)(void *user, const durable_progress *progress);
  void *user;
  uint32_t live; /* branch threads; run->lock */
};

typedef enum dur_future_state {
  DUR_FUTURE_IDLE,    /* nobody drives it */
  DUR_FUTURE_QUEUED,  /* waits for a thread */
  DUR_FUTURE_AT_WORK, /* somebody drives it */
  DUR_FUTURE_DONE     /* |code| and the results are there */
} dur_future_state;

struct durable_future {
  dur_call call;
  dur_run *run;
  dur_space *space;
  durable_future *next; /* in the space */
  durable_future *next_queued;
  dur_future_state state;
  dur_strand strand; /* of its thread */
  int code;
};

struct durable_callback {
  dur_call call;
  const durable_serdes *received;
  durable_op_id result_op; /* 0: not asked for yet */
  const char *id;          /* NULL: not known yet */
};

struct durable_batch {
  const durable_value *value;
  const char *reason;
  durable_batch_item *items;
  size_t count;
  const durable_value **results;
  size_t result_count;
  const durable_failure **failures;
  size_t failure_count;
};

static inline dur_bytes dur_text(durable_bytes b) {
  return (dur_bytes){b.data, b.len};
}
static inline durable_bytes dur_view(dur_bytes b) {
  return (durable_bytes){b.data, b.len};
}
static inline durable_bytes dur_c(const char *text) {
  dur_bytes b = dur_cstr(text);
  return dur_view(b);
}

/* Copy a size-first struct into |to|: NULL is all zeros, a smaller one is
 * padded, a larger one must end in zeros.  0, or DURABLE_E_ABI. */
int dur_config_in(void *to, size_t size, const void *from);

#endif
