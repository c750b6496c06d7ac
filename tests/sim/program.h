/* program: a random workflow, and what it has to give.
 *
 * A program is a tree of nodes.  Every node has a value that follows from the
 * tree alone, or, where timing may decide (race, early completion), a constant;
 * so the outcome of the whole program is known before it runs. */
#ifndef DUR_SIM_PROGRAM_H
#define DUR_SIM_PROGRAM_H

#include <stddef.h>

#include "random.h"

typedef enum sim_kind {
  SIM_STEP,
  SIM_WAIT,
  SIM_CALLBACK,
  SIM_INVOKE,
  SIM_CONDITION,
  SIM_CHILD,
  SIM_GROUP,
  SIM_WAIT_FOR_CALLBACK,
  SIM_WITH_RETRY,
  SIM_FUTURES, /* several operations at once, then what |mode| says */
  SIM_KINDS
} sim_kind;

/* What the outside does to a callback or an invoke. */
typedef enum sim_outside { SIM_ANSWERS, SIM_REFUSES, SIM_IS_LATE } sim_outside;

typedef enum sim_mode { /* of SIM_FUTURES */
                        SIM_ALL = 1,
                        SIM_SETTLED,
                        SIM_ANY,
                        SIM_RACE,    /* these four: a combinator */
                        SIM_AWAIT,   /* task_wait for all, then one by one */
                        SIM_AWAIT_1, /* task_wait for one */
                        SIM_IGNORE   /* nobody waits */
} sim_mode;

typedef struct sim_node sim_node;
typedef struct sim_list {
  sim_node **items;
  uint32_t count;
} sim_list;

struct sim_node {
  sim_kind kind;
  uint32_t id; /* 1 first, unique in the program */
  int catches; /* its failure does not fail the body it stands in */
  uint32_t fails, attempts; /* attempts that fail, attempts allowed (0: all) */
  int at_most_once, retryable, caller; /* caller: DECIDE */
  uint32_t seconds;                    /* of a wait or an answer */
  sim_outside outside;
  uint32_t polls;  /* condition */
  int body_fails;  /* child, branch, condition: ends in a failure of its own */
  int is_virtual;  /* child */
  int unwrapped;   /* with_retry */
  uint32_t weight; /* bytes that the value is padded with */
  int has_summary;
  sim_list body; /* child, with_retry; SIM_FUTURES: its operations */
  int mode;
  /* group: |body| holds one SIM_CHILD for each branch, which is not claimed */
  int parallel, flat, by_caller, named;
  uint32_t concurrency, need; /* need: min_successful, or of the predicate */
  int tolerance;              /* failures; -1: all */
};

typedef struct sim_program {
  sim_node *root; /* a SIM_CHILD whose body is the handler's */
  uint32_t nodes;
  uint32_t dialect;
  void *memory; /* blocks of nodes and lists */
} sim_program;

typedef struct sim_value {
  int failed;
  uint64_t value; /* of a success; of a failure the id of the node */
} sim_value;

void sim_program_make(sim_program *p, uint64_t seed);
void sim_program_drop(sim_program *p);
/* Outcome of the handler. */
sim_value sim_program_value(const sim_program *p);
/* Outcome that its body sees of one node. */
sim_value sim_node_value(const sim_node *node);
/* The group's outcome depends on which branch is first. */
int sim_group_is_early(const sim_node *group);
/* A combinator whose payload lists the values of its inputs. */
int sim_futures_are_listed(const sim_node *futures);
void sim_program_print(const sim_program *p);

/* ---- building one by hand */
sim_node *sim_add(sim_program *p, sim_node *to, sim_node what);
void sim_program_begin(sim_program *p, uint32_t dialect);

#endif
