/* group: map and parallel. */
#include <stdlib.h>
#include <string.h>

#include "frontend/claim.h"
#include "frontend/drive.h"
#include "frontend/future.h"
#include "frontend/plan.h"
#include "frontend/scope.h"

/* What the user gave: a map or a parallel. */
typedef struct given {
  const durable_value *items;
  durable_map_fn *map;
  void *arg;
  const durable_branch *branches;
  size_t count;
  const durable_batch_config *config;
} given;

static int refuse(dur_scope *s, const char *why) {
  return dur_scope_refuse(s, DURABLE_E_ARGUMENT, why);
}

/* ---- the plan */

static int is_list(const durable_value *value) {
  int kind = durable_value_kind_of(value);
  return kind == DURABLE_KIND_LIST || kind == DURABLE_KIND_TUPLE;
}

static int plan_items(dur_plan *plan, const durable_value *items) {
  size_t i = 0;
  if (!items)
    return DURABLE_OK;
  plan->items = malloc((plan->count + 1) * sizeof *plan->items);
  if (!plan->items)
    return DURABLE_E_NOMEM;
  for (const durable_value *v = durable_value_first(items); v;
       v = durable_value_next(v))
    plan->items[i++] = v;
  return DURABLE_OK;
}

static int plan_branches(dur_plan *plan, const durable_branch *branches) {
  plan->branches = malloc((plan->count + 1) * sizeof *plan->branches);
  if (!plan->branches)
    return DURABLE_E_NOMEM;
  if (plan->count)
    memcpy(plan->branches, branches, plan->count * sizeof *branches);
  return DURABLE_OK;
}

static int make_plan(dur_scope *s, dur_call *call, const given *g,
                     const durable_batch_config *c) {
  dur_plan *plan = dur_plan_new(s->run, s->space);
  call->plan = plan;
  if (!plan)
    return DURABLE_E_NOMEM;
  plan->map = g->map;
  plan->arg = g->arg;
  plan->count = g->count;
  plan->item_serdes = c->item_serdes ? c->item_serdes : call->serdes;
  plan->complete = c->complete;
  plan->user = c->user;
  return g->map ? plan_items(plan, g->items) : plan_branches(plan, g->branches);
}

/* ---- the claim */

static const char **branch_names(const given *g, const durable_batch_config *c,
                                 int *rc) {
  if (g->map)
    return (const char **)(uintptr_t)c->names;
  const char **names = malloc((g->count + 1) * sizeof *names);
  if (!names)
    *rc = DURABLE_E_NOMEM;
  for (size_t i = 0; names && i < g->count; i++)
    names[i] = g->branches[i].name;
  return names;
}

static durable_op_id claim_op(dur_scope *s, durable_engine *e, const char *name,
                              const given *g, const durable_batch_config *c) {
  durable_group_options o = DURABLE_GROUP_OPTIONS_INIT;
  int rc = DURABLE_OK;
  const char **names = branch_names(g, c, &rc);
  if (rc != DURABLE_OK)
    return rc;
  o.set = c->set;
  o.kind = g->map ? DURABLE_GROUP_MAP : DURABLE_GROUP_PARALLEL;
  o.flat = c->flat;
  o.has_summary = c->summary != NULL;
  o.caller_decides = c->complete != NULL;
  o.max_concurrency = c->max_concurrency;
  o.min_successful = c->min_successful;
  o.tolerated_failures = c->tolerated_failures;
  o.tolerated_percentage = c->tolerated_percentage;
  o.names = names;
  rc = durable_engine_group(e, s->strand->task, s->id, name, (uint32_t)g->count,
                            &o);
  if (!g->map)
    free(names);
  return rc;
}

static int check(dur_scope *s, const given *g) {
  if (!g->map && !g->branches && g->count)
    return refuse(s, "a map needs a function, a parallel needs branches");
  if (g->items && !is_list(g->items))
    return refuse(s, "the items of a map are a list");
  if (g->count > UINT32_MAX)
    return refuse(s, "too many branches");
  for (size_t i = 0; !g->map && i < g->count; i++)
    if (!g->branches[i].fn)
      return refuse(s, "a branch needs a function");
  return DURABLE_OK;
}

static int claim_group(dur_scope *s, dur_call *call, durable_values *values,
                       const char *name, given *g) {
  durable_batch_config c;
  if (dur_config_in(&c, sizeof c, g->config) != 0)
    return dur_scope_refuse(s, DURABLE_E_ABI, NULL);
  if (g->map)
    g->count = g->items ? durable_value_count(g->items) : c.count;
  int rc = check(s, g);
  if (rc != DURABLE_OK)
    return rc;
  dur_call_init(call, s, DUR_CALL_GROUP, values, c.serdes);
  call->summary = c.summary;
  call->summary_user = c.user;
  rc = make_plan(s, call, g, &c);
  if (rc != DURABLE_OK)
    return dur_scope_refuse(s, rc, NULL);
  durable_engine *e = dur_claim_begin(s);
  return dur_claim_end(s, call, claim_op(s, e, name, g, &c));
}

/* ---- the door */

static int run_group(dur_scope *s, const char *name, given *g,
                     const durable_batch **batch) {
  dur_call call = {0};
  if (batch)
    *batch = NULL;
  int rc = claim_group(s, &call, NULL, name, g);
  rc = dur_call_finish(s, &call, rc, NULL);
  dur_plan_drop(call.plan);
  if (rc == DURABLE_OK && batch)
    *batch = call.batch;
  return rc;
}

static int start_group(dur_scope *s, const char *name, given *g,
                       durable_future **future) {
  durable_future *f = dur_future_new(s);
  int rc = f ? claim_group(s, &f->call, f->call.values, name, g)
             : dur_scope_refuse(s, DURABLE_E_NOMEM, NULL);
  return dur_future_start(s, f, rc, future);
}

int durable_map(durable_ctx *ctx, const char *name, const durable_value *items,
                durable_map_fn *fn, void *arg, const durable_batch **batch,
                const durable_batch_config *config) {
  given g = {.items = items, .map = fn, .arg = arg, .config = config};
  if (batch)
    *batch = NULL;
  if (!fn)
    return refuse(&ctx->scope, "a map needs a function");
  return run_group(&ctx->scope, name, &g, batch);
}

int durable_map_start(durable_ctx *ctx, const char *name,
                      const durable_value *items, durable_map_fn *fn, void *arg,
                      durable_future **future,
                      const durable_batch_config *config) {
  given g = {.items = items, .map = fn, .arg = arg, .config = config};
  if (future)
    *future = NULL;
  if (!fn)
    return refuse(&ctx->scope, "a map needs a function");
  return start_group(&ctx->scope, name, &g, future);
}

int durable_parallel(durable_ctx *ctx, const char *name,
                     const durable_branch *branches, size_t count,
                     const durable_batch **batch,
                     const durable_batch_config *config) {
  given g = {.branches = branches, .count = count, .config = config};
  return run_group(&ctx->scope, name, &g, batch);
}

int durable_parallel_start(durable_ctx *ctx, const char *name,
                           const durable_branch *branches, size_t count,
                           durable_future **future,
                           const durable_batch_config *config) {
  given g = {.branches = branches, .count = count, .config = config};
  return start_group(&ctx->scope, name, &g, future);
}
