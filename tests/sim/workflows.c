/* workflows: see workflows.h. */
#include "workflows.h"

#define STEP(...)       ((sim_node){.kind = SIM_STEP, .retryable = 1, __VA_ARGS__})
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
  sim_add(p, p->root,
          NODE(WAIT_FOR_CALLBACK, .seconds = 4, .retryable = 1, .fails = 1,
               .attempts = 3));
  sim_add(p, p->root,
          NODE(WAIT_FOR_CALLBACK, .retryable = 0, .fails = 1, .catches = 1));
}

/* Contexts in contexts, and one that fails. */
static void a_family(sim_program *p) {
  sim_node *child = sim_add(p, p->root, NODE(CHILD, .catches = 0));
  sim_add(p, child, STEP(.fails = 0));
  sim_node *inner = sim_add(p, child, NODE(CHILD, .is_virtual = 1));
  sim_add(p, inner, STEP(.at_most_once = 1));
  sim_add(p, inner, NODE(WAIT, .seconds = 2));
  sim_node *bad =
      sim_add(p, p->root, NODE(CHILD, .body_fails = 1, .catches = 1));
  sim_add(p, bad, STEP(.fails = 0));
  sim_node *again = sim_add(
      p, p->root, NODE(WITH_RETRY, .fails = 1, .attempts = 3, .retryable = 1));
  sim_add(p, again, STEP(.fails = 1));
  again = sim_add(p, p->root,
                  NODE(WITH_RETRY, .fails = 1, .attempts = 3, .retryable = 1,
                       .unwrapped = 1));
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
  g = sim_add(p, p->root,
              NODE(GROUP, .tolerance = -1, .need = 1, .parallel = 1));
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

const struct sim_workflow sim_workflows[SIM_WORKFLOWS] = {
    {"an order", an_order}, {"an approval", an_approval},
    {"a family", a_family}, {"a crowd", a_crowd},
    {"a race", a_race},     {"a burden", a_burden}};
