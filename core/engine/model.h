/* model: the data of one invocation, shared by the files of core/engine only.
 *
 * Ownership.  Everything but the tables, the queues and the buffers lives in
 * |arena| and is freed with the engine.  Nothing is freed earlier except update
 * nodes, which are reused.
 *
 * The three facts that every file keeps true:
 *   1. entry->op is what the service said, never what was only asked of it.
 *   2. A task is counted in |runnable| iff its state is DUR_TASK_RUNNABLE.
 *   3. Once |fatal| is set, no update is queued and no task gets anything but
 *      SUSPEND. */
#ifndef DUR_ENGINE_MODEL_H
#define DUR_ENGINE_MODEL_H

#include "base/arena.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/prng.h"
#include "engine/completion.h"
#include "engine/dialect.h"
#include "engine/retry.h"
#include "wire/call.h"
#include "wire/limits.h"

typedef struct durable_engine dur_engine;
typedef struct dur_ctx dur_ctx;
typedef struct dur_task dur_task;
typedef struct dur_op dur_op;
typedef struct dur_entry dur_entry;
typedef struct dur_group dur_group;
typedef struct dur_branch dur_branch;
typedef struct dur_waiter dur_waiter;
typedef struct dur_node dur_node;
typedef struct dur_note dur_note;

/* Answers of next(); the numbers are those of the ABI. */
enum {
  DUR_DONE = 1,
  DUR_RUN,
  DUR_SPAWN,
  DUR_DECIDE,
  DUR_SUMMARY,
  DUR_PARK,
  DUR_SUSPEND
};

/* Error codes, as in the ABI. */
enum {
  DUR_E_ARGUMENT = -1,
  DUR_E_HANDLE = -2,
  DUR_E_STATE = -3,
  DUR_E_LIMIT = -4,
  DUR_E_ABI = -5,
  DUR_E_SERDES = -6,
  DUR_E_FATAL = -100,
  DUR_E_NOMEM = -101,
  DUR_E_PROTOCOL = -102,
  DUR_E_NONDETERMINISM = -103,
  DUR_E_CHECKPOINT = -104
};

/* Classes of failed operations, as in the ABI. */
typedef enum dur_error_kind {
  DUR_ERR_NONE,
  DUR_ERR_OPERATION,
  DUR_ERR_STEP,
  DUR_ERR_INVOKE,
  DUR_ERR_CHILD,
  DUR_ERR_CONDITION,
  DUR_ERR_CALLBACK,
  DUR_ERR_CALLBACK_EXTERNAL,
  DUR_ERR_CALLBACK_TIMEOUT,
  DUR_ERR_CALLBACK_SUBMITTER,
  DUR_ERR_COMBINATOR,
  DUR_ERR_INVALID_STATE
} dur_error_kind;
const char *dur_error_kind_name(dur_error_kind kind);
dur_error_kind dur_error_kind_of(dur_bytes type);

/* What is on record under one id. */
struct dur_entry {
  dur_operation op; /* meaningful when |known| */
  dur_op *live;     /* claimed in this invocation, or NULL */
  unsigned known : 1;
  unsigned updated : 1; /* listed in UpdatedOperationIds */
  unsigned noticed : 1; /* its replay was told to the plugins */
  unsigned changed : 1; /* by the reply being merged */
};

/* A scope that ids are claimed in. */
struct dur_ctx {
  int32_t handle;
  dur_op *owner;       /* child, branch, group, ...; NULL at the root */
  dur_bytes path;      /* see dialect.h; absent at the root */
  dur_bytes parent_id; /* ParentId of its operations; absent at the root */
  uint64_t counter;    /* of the last id claimed */
  int64_t now_ms;      /* latest end of a consumed operation; 0: none yet */
  uint32_t uuids, randoms;
  uint8_t replaying;
  uint8_t left; /* its branch gave its thread up: this pass is unwinding */
  uint8_t next_id_len; /* 0: next_id is not computed */
  char next_id[DUR_ID_TEXT_MAX];
};

typedef enum dur_task_state {
  DUR_TASK_RUNNABLE,
  DUR_TASK_PARKED,
  DUR_TASK_IDLE,
  DUR_TASK_ENDED
} dur_task_state;

/* A strand of user code. */
struct dur_task {
  int32_t handle;
  dur_task_state state;
  dur_branch *branch; /* the branch it runs, or NULL */
  dur_ctx *ctx;       /* where a task made by the front end works, or NULL */
  uint32_t parks;     /* times it parked: a waiter of an older park is stale */
  dur_op *bodies;     /* innermost body that it was told to RUN and is in */
  uint8_t queued;     /* is in the wake queue */
  uint8_t give_up;    /* its thread is wanted: SUSPEND from now on */
  uint8_t drained;    /* was told to unwind because the deadline is near */
  dur_task *wake_next;
  dur_task *prev, *next; /* live tasks */
};

/* Somebody who wants to know that an operation may have moved on: a parked
 * task, or a branch whose thread was given up. */
struct dur_waiter {
  dur_waiter *next;
  dur_task *task;
  uint32_t parks; /* of |task| when it parked */
  dur_branch *branch;
};

typedef enum dur_op_kind {
  DUR_KIND_STEP,
  DUR_KIND_WAIT,
  DUR_KIND_CALLBACK,
  DUR_KIND_CALLBACK_RESULT,
  DUR_KIND_INVOKE,
  DUR_KIND_CONDITION,
  DUR_KIND_CHILD, /* run_in_child_context, and a branch */
  DUR_KIND_GROUP,
  DUR_KIND_WAIT_FOR_CALLBACK,
  DUR_KIND_WITH_RETRY,
  DUR_KIND_COMBINE
} dur_op_kind;

/*        claim            RUN             outcome, or a record
 *  CLAIMED ----> (START) ----> RUNNING ----------------------> WAITING ---->
 * SETTLED ^                          |  |                             |  acked
 *     |         abandoned        |  +--> DECIDE, SUMMARY ---------+
 *     +--------------------------+       the user's function
 *  WAITING: an outcome is queued or in flight.  An operation without a body
 * goes from CLAIMED to SETTLED when its record is terminal. */
typedef enum dur_phase {
  DUR_PHASE_CLAIMED,
  DUR_PHASE_RUNNING,
  DUR_PHASE_DECIDE,
  DUR_PHASE_SUMMARY,
  DUR_PHASE_WAITING,
  DUR_PHASE_SETTLED
} dur_phase;

struct dur_op {
  int32_t handle;
  uint8_t kind;              /* dur_op_kind */
  uint8_t phase;             /* dur_phase */
  uint8_t body;              /* DUR_BODY_* of the RUN answered last */
  unsigned journaled : 1;    /* has an id of its own on the wire */
  unsigned at_most_once : 1; /* step */
  unsigned started : 1;      /* START queued here for the attempt at hand */
  unsigned start_acked : 1;
  unsigned is_virtual : 1;
  unsigned has_summary : 1;
  unsigned rebuild : 1;  /* stored as ReplayChildren: run again, send nothing */
  unsigned large : 1;    /* its payload is over the limit */
  unsigned closed : 1;   /* finished: its descendants are orphans */
  unsigned orphan : 1;   /* claimed below a finished ancestor: writes nothing */
  unsigned replayed : 1; /* terminal on record when claimed */
  unsigned boundary : 1; /* replay status is to be looked at when it is done */
  unsigned flip_after : 1; /* ... and set to NEW whatever follows */
  unsigned armed : 1;      /* is in the timer heap */
  unsigned cut : 1;        /* inside its body somebody was told to SUSPEND */
  unsigned missed : 1;     /* who waited for it had to unwind: deadline */
  uint8_t refreshes;       /* empty checkpoints that found it unfinished */
  uint8_t status;          /* dur_status, when SETTLED */
  uint8_t error_kind;      /* dur_error_kind, when it failed */
  uint32_t attempt;        /* of the RUN at hand, 1 first */
  uint32_t settle_number;  /* order in which operations settled, 1 first */
  uint32_t unacked;        /* its updates that are queued or in flight */
  uint32_t queued;         /* those that are not in flight yet */
  dur_task *runner;        /* who drives it: the only one to get RUN */
  dur_op *around;          /* the body that |runner| was in at RUN */
  dur_ctx *ctx;            /* where it was claimed */
  dur_ctx *inner;          /* the context of its body */
  dur_entry *entry;        /* NULL when not journaled */
  dur_bytes id, name, sub_type;
  uint64_t number; /* its counter, or its branch index */
  dur_bytes result, state, composed;
  dur_error error;
  dur_bytes error_json;
  const dur_retry *retry;
  dur_waiter *waiters;
  dur_op *outer; /* the composed operation it is a part of */
  union {
    struct {
      dur_op *callback;
    } result_of;
    dur_group *group;
    dur_branch *branch; /* CHILD that is a branch */
    struct {
      dur_op *callback, *step, *result;
    } wfc;
    struct {
      dur_op *backoff;
      dur_op
          *attempt; /* the attempt's own context, where the dialect has one */
      uint8_t unwrapped;
      uint8_t final; /* the attempt failed for good, as its body said here */
    } again;
    struct {
      dur_op **ops;
      uint32_t count;
      int32_t winner;
      uint8_t mode;
    } combine;
    struct {
      dur_bytes function, tenant;
    } invoke;
    int64_t seconds;
  } u;
};

enum {
  DUR_BODY_USER = 1,
  DUR_BODY_SUBMITTER,
  DUR_BODY_ATTEMPT,
  DUR_BODY_PAYLOAD
};

/* An update being filled in: the engine has one, between _new and _push. */
struct dur_node {
  dur_op *op; /* NULL: the EXECUTION update */
  dur_update update;
};

/* An update on its way: in |queue|, then in |sent|, then in |spare|.  Its JSON text stands in
 * |outbox|, in the order of |queue|. */
typedef struct dur_item {
  struct dur_item *next;
  dur_op *op;
  size_t size;      /* of its text */
  int64_t stamp_ms; /* poll that saw it first; 0: none yet */
  dur_action action;
} dur_item;

typedef struct dur_queue {
  dur_item *head, *tail;
  size_t count, bytes;
} dur_queue;

/* A plugin or log record. */
struct dur_note {
  dur_note *next;
  int kind;
  int32_t op;
  char *text;
  size_t len, cap;
};

typedef struct dur_table {
  void **items;
  uint32_t count, cap;
} dur_table;

/*  LOADING --pages read--> OPEN --handler returned, suspend, fatal--> CLOSING
 *  CLOSING --all tasks ended, queue empty, nothing in flight--> OVER */
typedef enum dur_stage {
  DUR_STAGE_LOADING,
  DUR_STAGE_OPEN,
  DUR_STAGE_CLOSING,
  DUR_STAGE_OVER
} dur_stage;

typedef enum dur_outcome {
  DUR_OUTCOME_OPEN,
  DUR_OUTCOME_SUCCEEDED,
  DUR_OUTCOME_FAILED,
  DUR_OUTCOME_PENDING,
  DUR_OUTCOME_RETRY
} dur_outcome;

typedef struct dur_settings {
  const dur_dialect *dialect;
  uint64_t seed;
  int has_seed;
  int64_t deadline_ms, now_ms;
  uint32_t linger_ms, stay_ms, max_threads, max_sends;
  int records; /* 2: with all operations in those of a change */
  int borrow_event, qualified_errors;
  dur_bytes request_id;
  dur_mem mem;
  uint32_t tag; /* in every handle */
} dur_settings;

struct durable_engine {
  dur_mem mem; /* this engine's own copy; the rest points here */
  dur_settings set;
  dur_arena arena;
  dur_arena scratch; /* reset after every reply */
  dur_map entries;   /* id -> dur_entry */
  dur_table ctxs, tasks, ops;
  dur_hasher *hasher;
  dur_prng prng;
  dur_buf body;   /* of the request in flight, and of the output */
  dur_buf target; /* of the request in flight, when it reads state */
  dur_bytes checkpoint_target;
  dur_buf text;    /* short-lived compositions */
  dur_buf listing; /* of all operations, for whoever asked last */
  dur_buf message; /* of the last failed call */

  dur_stage stage;
  dur_bytes arn, token, marker, input;
  int64_t start_ms; /* of the execution */
  uint32_t known;   /* operations on record */
  int has_prior;    /* there were operations before this invocation */

  dur_ctx *root_ctx;
  dur_task *root_task;
  dur_task *live; /* all tasks that have not ended */
  uint32_t live_count, runnable, branch_live, branch_runnable;
  dur_task *wake_head, *wake_tail;
  dur_op *wants_thread; /* top of a stack of groups kept from SPAWN */

  dur_queue queue, sent;
  dur_item *spare;
  dur_node draft;
  dur_buf outbox;     /* texts of |queue|, after |outbox_sent| bytes */
  size_t outbox_sent; /* of texts that left */
  dur_heap timers;    /* of dur_op */
  dur_op **due;       /* popped by the refresh at hand */
  uint32_t due_count, due_cap;
  uint32_t spawnable; /* open groups that could start a branch */
  uint32_t pending;   /* entries that the service will wake us for */
  uint32_t settled;   /* operations that settled so far */

  /* the request at hand */
  uint32_t request, tries;
  uint8_t in_flight, is_state_call, resend, refresh_wanted;
  uint8_t send_needed; /* a parked task waits for something in |queue| */
  uint64_t batches;
  int64_t resend_at_ms;
  char client_token[64];
  size_t updates_at, updates_len; /* of the array inside |body| */

  dur_entry **merged; /* by the reply at hand, pages included */
  uint32_t merged_count, merged_cap;
  int token_missing; /* the reply at hand had no CheckpointToken */

  int64_t now_ms, skew_ms; /* skew: service clock minus ours */
  int64_t cutoff_ms;       /* from here on no body is started */
  int draining;
  int cut_short; /* draining kept a task from what it could have done */

  /* ending */
  int fatal; /* 0 or an error code */
  int fatal_abort;
  int closed_by_service;
  int unwound;
  int final_sent; /* the EXECUTION update was queued */
  dur_outcome outcome;
  dur_bytes payload;
  dur_error error;
  int has_error;

  dur_note *notes, *notes_tail, *note_out;
};

#endif
