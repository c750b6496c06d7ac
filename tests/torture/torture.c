/* torture: a few whole workflows, broken at every place, one at a time.
 *
 * Every request fails in every way, every poll is the last one of its
 * invocation, every allocation fails; each time the workflow has to come to the
 * outcome that it has when nothing breaks, with every body within its
 * semantics.  The strict service and the checks are those of the simulation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static sim_program program;
static const char *name;
static sim_plan plan;

static void tell(void) {
  fprintf(stderr, "  workflow %s: request %u as %d, poll %u, allocation %llu%s\n",
          name, plan.fault_at, (int)plan.fault, plan.kill_at,
          (unsigned long long)plan.nomem_at, plan.nomem_on ? " and on" : "");
  sim_service_print(&sim.service);
}

/* ---- the workflows */

#define STEP(...)      ((sim_node){.kind = SIM_STEP, .retryable = 1, __VA_ARGS__})
#define NODE(what, ...) ((sim_node){.kind = SIM_##what, __VA_ARGS__})

/* Steps that fail and are tried again, a wait, a condition. */
static void an_order(sim_program *p) {
  sim_add(p, p->root, STEP(.fails = 1));
  sim_add(p, p->root, STEP(.at_most_once = 1, .fails = 1));
  sim_add(p, p->root, NODE(WAIT, .seconds = 60));
  sim_add(p, p->root, STEP(.fails = 2, .attempts = 2, .catches = 1));
  sim_add(p, p->root, NODE(CONDITION, .polls = 3));
  sim_add(p, p->root, STEP(.caller = 1, .fails = 1));
}

/* All that the outside answers. */
static void an_approval(sim_program *p) {
  sim_add(p, p->root, NODE(CALLBACK, .seconds = 5));
  sim_add(p, p->root,
          NODE(CALLBACK, .seconds = 5, .outside = SIM_IS_LATE, .catches = 1));
  sim_add(p, p->root, NODE(INVOKE, .seconds = 3));
  sim_add(p, p->root,
          NODE(INVOKE, .seconds = 3, .outside = SIM_REFUSES, .catches = 1));
  sim_add(p, p->root, NODE(WAIT_FOR_CALLBACK, .seconds = 4, .retryable = 1,
                           .fails = 1, .attempts = 3));
  sim_add(p, p->root, NODE(WAIT_FOR_CALLBACK, .retryable = 0, .fails = 1,
                           .catches = 1));
}

/* Contexts in contexts, and one that fails. */
static void a_family(sim_program *p) {
  sim_node *child = sim_add(p, p->root, NODE(CHILD, .catches = 0));
  sim_add(p, child, STEP(.fails = 0));
  sim_node *inner = sim_add(p, child, NODE(CHILD, .is_virtual = 1));
  sim_add(p, inner, STEP(.at_most_once = 1));
  sim_add(p, inner, NODE(WAIT, .seconds = 2));
  sim_node *bad = sim_add(p, p->root, NODE(CHILD, .body_fails = 1, .catches = 1));
  sim_add(p, bad, STEP(.fails = 0));
  sim_node *again = sim_add(
      p, p->root,
      NODE(WITH_RETRY, .fails = 1, .attempts = 3, .retryable = 1));
  sim_add(p, again, STEP(.fails = 1));
  again = sim_add(p, p->root, NODE(WITH_RETRY, .fails = 1, .attempts = 3,
                                   .retryable = 1, .unwrapped = 1));
  sim_add(p, again, STEP(.fails = 0));
}

static sim_node *branch(sim_program *p, sim_node *group, uint32_t seconds) {
  sim_node *b = sim_add(p, group, NODE(CHILD, .catches = 0));
  sim_add(p, b, STEP(.fails = seconds % 2));
  if (seconds)
    sim_add(p, b, NODE(WAIT, .seconds = seconds));
  return b;
}

/* Maps of both nestings, one that ends early, branches that fail. */
static void a_crowd(sim_program *p) {
  sim_node *g =
      sim_add(p, p->root, NODE(GROUP, .tolerance = -1, .concurrency = 2));
  for (uint32_t i = 0; i < 4; i++)
    branch(p, g, i)->body_fails = i == 2;
  g = sim_add(p, p->root, NODE(GROUP, .tolerance = -1, .flat = 1));
  branch(p, g, 1);
  branch(p, g, 0);
  g = sim_add(p, p->root, NODE(GROUP, .tolerance = -1, .need = 1,
                               .parallel = 1));
  branch(p, g, 1);
  branch(p, g, 50);
  sim_add(p, p->root, STEP(.fails = 0));
}

/* Futures under every combinator. */
static void a_race(sim_program *p) {
  for (int mode = SIM_ALL; mode <= SIM_IGNORE; mode++) {
    sim_node *f = sim_add(p, p->root, NODE(FUTURES, .mode = mode));
    sim_add(p, f, STEP(.fails = 1));
    sim_add(p, f, NODE(WAIT, .seconds = 3));
    sim_node *child = sim_add(p, f, NODE(CHILD, .catches = 0));
    sim_add(p, child, NODE(INVOKE, .seconds = 2));
  }
}

/* Results that are over the limit and made again from their children. */
static void a_burden(sim_program *p) {
  enum { HALF = 150000 };
  sim_node *child = sim_add(p, p->root, NODE(CHILD, .weight = 2 * HALF));
  sim_add(p, child, STEP(.fails = 0));
  sim_node *g = sim_add(p, p->root, NODE(GROUP, .tolerance = -1));
  branch(p, g, 0)->weight = HALF;
  branch(p, g, 1)->weight = HALF;
  sim_add(p, p->root, NODE(WAIT, .seconds = 1));
}

/* ---- breaking them */

static const struct {
  const char *name;
  void (*build)(sim_program *p);
} workflows[] = {{"an order", an_order}, {"an approval", an_approval},
                 {"a family", a_family}, {"a crowd", a_crowd},
                 {"a race", a_race},     {"a burden", a_burden}};

static void begin(uint32_t dialect) {
  plan = (sim_plan){.program = &program, .seed = 1, .straight = 1, .prunes = 1};
  plan.records = dialect == DURABLE_DIALECT_PYTHON;
  plan.page_items = dialect == DURABLE_DIALECT_JS ? 3 : 0;
  plan.max_threads = dialect == DURABLE_DIALECT_JAVA ? 1 : 0;
}

static void fail_every_request(uint32_t dialect, uint32_t requests) {
  for (int fault = SIM_FAULT_NONE + 1; fault < SIM_FAULTS; fault++)
    for (uint32_t i = 1; i <= requests; i++) {
      begin(dialect);
      plan.fault = (sim_fault)fault;
      plan.fault_at = i;
      sim_run(&plan, NULL);
    }
}

static void kill_at_every_poll(uint32_t dialect, uint32_t polls) {
  for (uint32_t i = 1; i <= polls; i++) {
    begin(dialect);
    plan.kill_at = i;
    sim_run(&plan, NULL);
  }
}

/* At most |limit| of them, evenly spread, so that a test has an end. */
static void fail_every_allocation(uint32_t dialect, uint64_t allocations,
                                  uint64_t limit) {
  uint64_t pace = allocations > limit ? allocations / limit : 1;
  for (int on = 0; on <= 1; on++)
    for (uint64_t i = 1; i <= allocations; i += pace) {
      begin(dialect);
      plan.nomem_at = i;
      plan.nomem_on = on;
      sim_run(&plan, NULL);
    }
}

static void torture(size_t which, uint32_t dialect, uint64_t limit) {
  sim_totals totals;
  name = workflows[which].name;
  sim_program_begin(&program, dialect);
  workflows[which].build(&program);
  begin(dialect);
  sim_run(&plan, &totals);
  fail_every_request(dialect, totals.requests);
  kill_at_every_poll(dialect, totals.polls);
  fail_every_allocation(dialect, totals.allocations, limit);
  printf("%s, dialect %u: %u invocations, %u requests, %u polls, %llu "
         "allocations\n",
         name, dialect, totals.invocations, totals.requests, totals.polls,
         (unsigned long long)totals.allocations);
  fflush(stdout);
  sim_program_drop(&program);
}

int main(int argc, char **argv) {
  uint64_t limit = argc > 1 ? strtoull(argv[1], NULL, 10) : 400;
  if (limit == 0) {
    fprintf(stderr, "usage: %s [ALLOCATIONS [WORKFLOW]]\n", argv[0]);
    return 2;
  }
  sim_on_finding = tell;
  for (size_t i = 0; i < sizeof workflows / sizeof *workflows; i++)
    for (uint32_t dialect = 0; dialect < 4; dialect++)
      if (argc < 3 || strcmp(argv[2], workflows[i].name) == 0)
        torture(i, dialect, limit);
  return 0;
}
