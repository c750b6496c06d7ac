/* run: one simulated execution, invocation after invocation.
 *
 * User code runs in coroutines, one for each task; a scheduler with a random
 * stream of its own says who goes on, when a reply arrives, when the clock
 * moves, what breaks and when the whole invocation is lost.  Everything follows
 * from the plan, so a finding can be run again.  One run at a time;
 * single-threaded. */
#ifndef DUR_SIM_RUN_H
#define DUR_SIM_RUN_H

#include <ucontext.h>

#include <durable/engine.h>

#include "finding.h"
#include "service.h"

enum { SIM_STRANDS_MAX = 1024 };

typedef enum sim_fault {
  SIM_FAULT_NONE,
  SIM_FAULT_REFUSED, /* never arrived */
  SIM_FAULT_RESET,   /* applied, no answer */
  SIM_FAULT_TIMEOUT, /* likewise */
  SIM_FAULT_429,
  SIM_FAULT_500,
  SIM_FAULT_KMS,
  SIM_FAULT_STALE,
  SIM_FAULT_TRUNCATED, /* applied, the answer is cut */
  SIM_FAULT_TWICE,     /* the same answer twice, and again later */
  SIM_FAULT_TOKENLESS, /* applied, the answer has no token */
  SIM_FAULTS
} sim_fault;

/* What goes in and out of the engine, in this order.  event and answered may
 * put something else in the place of what the service made. */
typedef struct sim_tape {
  dur_bytes (*event)(dur_bytes made);
  void (*sent)(int call, dur_bytes what); /* updates, or a marker */
  dur_bytes (*answered)(dur_bytes made);
  void (*ended)(dur_bytes output);
} sim_tape;

typedef struct sim_plan {
  const sim_program *program;
  const sim_tape *tape; /* NULL: none */
  uint64_t seed;        /* of the schedule */
  /* percentages; 0: never */
  uint32_t fault_percent, kill_permille, deadline_percent;
  uint32_t calm_after; /* invocations after which nothing breaks any more */
  /* exact: request |fault_at| (1 first, over the whole execution) breaks as
   * |fault| says; poll |kill_at| of the execution is never answered; allocation
   * |nomem_at| of the execution fails, with all later ones of that invocation
   * if |nomem_on| */
  uint32_t fault_at, kill_at;
  sim_fault fault;
  uint64_t nomem_at;
  int nomem_on;
  int straight; /* no randomness in the schedule: first come, first served */
  uint32_t max_threads, page_items;
  int prunes, redelivers, records;
  int64_t skew_ms, stay_ms;
} sim_plan;

typedef enum sim_end {
  SIM_SUCCEEDED,
  SIM_FAILED,
  SIM_GAVE_UP /* FAILED because of a fault that fails the execution */
} sim_end;

typedef struct sim_totals {
  uint32_t invocations, requests, polls;
  uint64_t allocations;
} sim_totals;

/* Run it to its end and check it on the way; a broken rule is a finding. */
sim_end sim_run(const sim_plan *plan, sim_totals *totals);

/* ---- inside a run */

typedef enum sim_strand_state {
  SIM_FREE,
  SIM_READY,
  SIM_PARKED,
  SIM_SLEEPS, /* a body that takes until |until_ms| */
  SIM_ENDED
} sim_strand_state;

typedef struct sim_strand {
  sim_strand_state state;
  durable_task_id task;
  durable_op_id op; /* what it drives; 0: the root's handler */
  const sim_node *node;
  int ran; /* at least once */
  int64_t until_ms;
  ucontext_t context;
  char *stack;
} sim_strand;

typedef struct sim_world {
  sim_plan plan;
  sim_random random;
  sim_service service;
  sim_totals totals;
  int64_t now_ms;
  durable_engine *e;
  durable_mem mem;
  size_t live_blocks;
  int nomem;       /* memory ran out in this invocation */
  dur_arena arena; /* of user code, for one invocation */
  sim_strand strands[SIM_STRANDS_MAX];
  size_t strand_count;
  sim_strand *current;
  ucontext_t scheduler;
  int trouble; /* a fault was injected in this invocation */
  int gave_up; /* ... that may fail the execution */
  int closed;  /* ... that has no next token */
  int deadline;
  uint32_t still; /* polls in a row that asked for the present */
} sim_world;
extern sim_world sim;

/* strand.c */
sim_strand *sim_strand_new(durable_task_id task, durable_op_id op,
                           const sim_node *node);
void sim_strand_resume(sim_strand *strand);
void sim_yield(sim_strand_state state); /* inside a strand */
void sim_strands_drop(void);
/* user.c: what a strand does */
void sim_user(sim_strand *strand);
void sim_drain(void);
void sim_user_forget(void); /* a new execution begins */

#endif
