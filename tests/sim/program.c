/* program: see program.h. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <durable/engine.h>

enum { DEPTH_MAX = 4, NODES_MAX = 60, HEAVY = 90000 };

typedef struct maker {
  sim_program *p;
  sim_random random;
  int heavy; /* this program has payloads over the limit */
} maker;

/* ---- memory: a list of blocks */

typedef struct block {
  struct block *next;
} block;

static void *take(sim_program *p, size_t size) {
  block *b = calloc(1, sizeof *b + size);
  if (!b)
    abort();
  b->next = p->memory;
  p->memory = b;
  return b + 1;
}

void sim_program_drop(sim_program *p) {
  block *b = p->memory;
  while (b) {
    block *next = b->next;
    free(b);
    b = next;
  }
  *p = (sim_program){0};
}

enum { LIST_MAX = 16 };

sim_node *sim_add(sim_program *p, sim_node *to, sim_node what) {
  sim_node *node = take(p, sizeof *node);
  *node = what;
  node->id = ++p->nodes;
  if (!to)
    return node;
  if (!to->body.items)
    to->body.items = take(p, LIST_MAX * sizeof(sim_node *));
  if (to->body.count == LIST_MAX)
    abort();
  to->body.items[to->body.count++] = node;
  return node;
}

void sim_program_begin(sim_program *p, uint32_t dialect) {
  *p = (sim_program){.dialect = dialect};
  p->root = sim_add(p, NULL, (sim_node){.kind = SIM_CHILD});
}

/* ---- generating */

static void fill(maker *m, sim_node *body, int depth, uint32_t most);

static uint32_t up_to(maker *m, uint32_t bound) {
  return sim_below(&m->random, bound);
}

static int chance(maker *m, uint32_t percent) {
  return sim_chance(&m->random, percent);
}

static void make_step(maker *m, sim_node *n) {
  n->at_most_once = chance(m, 40);
  n->fails = chance(m, 40) ? 1 + up_to(m, 3) : 0;
  n->retryable = chance(m, 80);
  n->caller = chance(m, 25);
  /* An interrupted at-most-once attempt counts, so only an endless policy gives
   * the same outcome whatever breaks, and a final failure fails always. */
  if (n->kind == SIM_STEP && n->at_most_once && !n->retryable && n->fails)
    n->fails = 1000000;
  n->attempts = n->at_most_once || chance(m, 50) ? 0 : 1 + up_to(m, 3);
  n->weight = m->heavy && chance(m, 30) ? up_to(m, HEAVY * 4) : 0;
}

static void make_outside(maker *m, sim_node *n) {
  n->seconds = 1 + up_to(m, 20);
  n->outside = chance(m, 70)   ? SIM_ANSWERS
               : chance(m, 50) ? SIM_REFUSES
                               : SIM_IS_LATE;
}

static void make_group(maker *m, sim_node *n, int depth) {
  uint32_t branches = up_to(m, 6);
  n->parallel = chance(m, 50);
  n->flat = chance(m, 25);
  n->named = chance(m, 40);
  n->concurrency = chance(m, 50) ? 1 + up_to(m, 3) : 0;
  n->tolerance = chance(m, 60) ? -1 : (int)up_to(m, 3);
  n->has_summary = chance(m, 50);
  if (branches && chance(m, 25))
    n->need = 1 + up_to(m, branches);
  n->by_caller = n->need && chance(m, 40);
  for (uint32_t i = 0; i < branches; i++) {
    sim_node *branch = sim_add(m->p, n, (sim_node){.kind = SIM_CHILD});
    branch->body_fails = chance(m, 15);
    branch->weight = m->heavy && chance(m, 50) ? up_to(m, HEAVY * 2) : 0;
    fill(m, branch, depth + 1, 2);
  }
}

static int may_be_future(const maker *m, const sim_node *n) {
  (void)m;
  return n->kind != SIM_FUTURES && !(n->kind == SIM_WITH_RETRY && n->unwrapped);
}

static void make_node(maker *m, sim_node *body, int depth, int future);

static void make_futures(maker *m, sim_node *n, int depth) {
  n->mode = 1 + (int)up_to(m, 7);
  uint32_t count = 1 + up_to(m, 4);
  for (uint32_t i = 0; i < count; i++)
    make_node(m, n, depth + 1, 1);
}

static void detail(maker *m, sim_node *n, int depth) {
  switch (n->kind) {
  case SIM_STEP:
    make_step(m, n);
    break;
  case SIM_WAIT:
    n->seconds = 1 + up_to(m, chance(m, 80) ? 10 : 4000);
    break;
  case SIM_WAIT_FOR_CALLBACK:
    make_step(m, n);
    make_outside(m, n);
    n->weight = 0;
    n->at_most_once = 0;
    break;
  case SIM_CALLBACK:
  case SIM_INVOKE:
    make_outside(m, n);
    break;
  case SIM_CONDITION:
    n->polls = 1 + up_to(m, 4);
    n->body_fails = chance(m, 15);
    n->caller = chance(m, 30);
    break;
  case SIM_CHILD:
    n->is_virtual = chance(m, 25);
    n->body_fails = chance(m, 10);
    n->has_summary = chance(m, 30);
    n->weight = m->heavy && chance(m, 50) ? up_to(m, HEAVY * 6) : 0;
    fill(m, n, depth + 1, 3);
    break;
  case SIM_WITH_RETRY:
    make_step(m, n);
    n->at_most_once = 0;
    if (m->p->dialect == DURABLE_DIALECT_RUST) {
      /* A failed attempt that is a context is on record without that bit. */
      n->retryable = 1;
      n->attempts += n->attempts == 0;
    }
    fill(m, n, depth + 1, 2);
    break;
  case SIM_GROUP:
    make_group(m, n, depth);
    break;
  case SIM_FUTURES:
    make_futures(m, n, depth);
    break;
  default:
    break;
  }
}

static void make_node(maker *m, sim_node *body, int depth, int future) {
  static const sim_kind leaves[] = {
      SIM_STEP,   SIM_STEP,     SIM_STEP,      SIM_WAIT,
      SIM_INVOKE, SIM_CALLBACK, SIM_CONDITION, SIM_WAIT_FOR_CALLBACK};
  static const sim_kind inner[] = {SIM_CHILD,      SIM_GROUP,   SIM_GROUP,
                                   SIM_WITH_RETRY, SIM_FUTURES, SIM_FUTURES};
  sim_node what = {.kind = leaves[up_to(m, sizeof leaves / sizeof *leaves)],
                   .catches = chance(m, 75)};
  if (depth < DEPTH_MAX && m->p->nodes < NODES_MAX && chance(m, 50))
    what.kind = inner[up_to(m, sizeof inner / sizeof *inner)];
  what.unwrapped = what.kind == SIM_WITH_RETRY && !future && chance(m, 40);
  if (future && !may_be_future(m, &what))
    what.kind = SIM_STEP;
  detail(m, sim_add(m->p, body, what), depth);
}

static void fill(maker *m, sim_node *body, int depth, uint32_t most) {
  uint32_t count = up_to(m, most + 1);
  for (uint32_t i = 0; i < count; i++)
    make_node(m, body, depth, 0);
}

void sim_program_make(sim_program *p, uint64_t seed) {
  maker m = {.p = p, .random = {sim_mix(seed, 1)}};
  sim_program_begin(p, up_to(&m, 4));
  m.heavy = chance(&m, 6);
  p->root->body_fails = chance(&m, 5);
  do
    fill(&m, p->root, 1, 5);
  while (p->root->body.count == 0);
}

/* ---- what it gives */

static sim_value gives(uint64_t value) {
  return (sim_value){0, value};
}

static sim_value fails(const sim_node *n) {
  return (sim_value){1, n->id};
}

/* A body: its statements one by one; the first failure that is not caught ends
 * it. */
static sim_value body_value(const sim_node *n) {
  uint64_t sum = sim_mix(n->id, 7);
  for (uint32_t i = 0; i < n->body.count; i++) {
    const sim_node *at = n->body.items[i];
    sim_value v = sim_node_value(at);
    if (v.failed && !at->catches)
      return fails(n);
    sum = sim_mix(sum, v.failed ? 13 : v.value);
  }
  return n->body_fails ? fails(n) : gives(sum);
}

static int gives_up(const sim_node *n) {
  if (n->fails == 0)
    return 0;
  return !n->retryable || (n->attempts && n->fails >= n->attempts);
}

int sim_group_is_early(const sim_node *n) {
  return n->need || n->tolerance >= 0;
}

static sim_value group_value(const sim_node *n) {
  uint64_t sum = sim_mix(n->id, 11);
  for (uint32_t i = 0; i < n->body.count && !sim_group_is_early(n); i++) {
    sim_value v = body_value(n->body.items[i]);
    sum = v.failed ? sum : sim_mix(sum, v.value);
  }
  return gives(sum);
}

/* wait and a plain null give no value that could be found in a list */
static int is_listed(const sim_node *n) {
  return n->kind != SIM_WAIT && n->kind != SIM_CALLBACK;
}

int sim_futures_are_listed(const sim_node *n) {
  if (n->mode > SIM_SETTLED)
    return 0;
  for (uint32_t i = 0; i < n->body.count; i++)
    if (n->body.items[i]->kind == SIM_GROUP)
      return 0;
  return 1;
}

static sim_value futures_value(const sim_node *n) {
  uint64_t sum = sim_mix(n->id, 17);
  uint32_t failed = 0;
  int listed = sim_futures_are_listed(n);
  for (uint32_t i = 0; i < n->body.count; i++) {
    const sim_node *at = n->body.items[i];
    sim_value v = at->kind == SIM_CALLBACK ? gives(0) : sim_node_value(at);
    failed += v.failed;
    if (n->mode == SIM_AWAIT)
      sum = sim_mix(sum, v.failed ? 13 : v.value);
    else if (listed && !v.failed && is_listed(at))
      sum = sim_mix(sum, v.value);
  }
  if ((n->mode == SIM_ALL && failed) ||
      (n->mode == SIM_ANY && failed == n->body.count))
    return fails(n);
  return gives(n->mode == SIM_RACE ? 0 : sum);
}

sim_value sim_node_value(const sim_node *n) {
  switch (n->kind) {
  case SIM_STEP:
    return gives_up(n) ? fails(n) : gives(sim_mix(n->id, 3));
  case SIM_WAIT_FOR_CALLBACK:
    if (gives_up(n))
      return fails(n);
    return n->outside == SIM_ANSWERS ? gives(sim_mix(n->id, 3)) : fails(n);
  case SIM_CALLBACK:
  case SIM_INVOKE:
    return n->outside == SIM_ANSWERS ? gives(sim_mix(n->id, 3)) : fails(n);
  case SIM_CONDITION:
    return n->body_fails ? fails(n) : gives(n->polls);
  case SIM_CHILD:
    return body_value(n);
  case SIM_WITH_RETRY:
    return gives_up(n) || body_value(n).failed ? fails(n) : body_value(n);
  case SIM_GROUP:
    return group_value(n);
  case SIM_FUTURES:
    return futures_value(n);
  default:
    return gives(0);
  }
}

sim_value sim_program_value(const sim_program *p) {
  return body_value(p->root);
}

/* ---- printing */

static void print_node(const sim_node *n, int depth) {
  static const char *const names[] = {
      "step",  "wait",  "callback",          "invoke",     "condition",
      "child", "group", "wait_for_callback", "with_retry", "futures"};
  printf("%*s%s %u%s", depth * 2, "", names[n->kind], n->id,
         n->catches ? "" : " strict");
  printf(" fails=%u/%u%s%s%s", n->fails, n->attempts,
         n->retryable ? "" : " final", n->at_most_once ? " once" : "",
         n->caller ? " caller" : "");
  if (n->kind == SIM_GROUP)
    printf(" max=%u need=%u tolerance=%d%s%s%s", n->concurrency, n->need,
           n->tolerance, n->flat ? " flat" : "", n->by_caller ? " decides" : "",
           n->parallel ? " parallel" : "");
  printf(" %us outside=%d polls=%u mode=%d weight=%u%s%s%s\n", n->seconds,
         (int)n->outside, n->polls, n->mode, n->weight,
         n->body_fails ? " raises" : "", n->is_virtual ? " virtual" : "",
         n->unwrapped ? " unwrapped" : "");
  for (uint32_t i = 0; i < n->body.count; i++)
    print_node(n->body.items[i], depth + 1);
}

void sim_program_print(const sim_program *p) {
  printf("dialect %u\n", p->dialect);
  print_node(p->root, 0);
}
