/* user: the code of the workflow, as a front end would run it.
 *
 * Nothing on a strand's stack owns memory, since a killed invocation leaves its
 * strands where they are.  What a body gave is remembered for the whole
 * execution: an operation that was seen settled has to look the same for
 * ever. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

typedef enum verdict { GAVE, FAILED, UNWINDS } verdict;
typedef struct outcome {
  verdict what;
  uint64_t value;
} outcome;

static outcome drive(const sim_node *node, durable_op_id op);
static outcome run_body(const sim_node *node, durable_ctx_id ctx);

/* ---- what was seen */

enum { SEEN_MAX = 1 << 16 };
typedef struct seen {
  uint64_t key, value; /* key 0: free */
} seen;
static seen table[SEEN_MAX];
static size_t table_used;

void sim_user_forget(void) {
  if (table_used)
    memset(table, 0, sizeof table);
  table_used = 0;
}

static seen *look_up(uint64_t key) {
  key += key == 0;
  for (uint64_t i = key;; i++) {
    seen *at = &table[i % SEEN_MAX];
    if (at->key == key)
      return at;
    if (at->key)
      continue;
    if (++table_used > SEEN_MAX / 2)
      sim_found("too many operations to remember");
    at->key = key;
    return at;
  }
}

static uint64_t hash(uint64_t seed, durable_bytes b) {
  uint64_t h = sim_mix(seed, b.data ? b.len + 1 : 0);
  for (size_t i = 0; i < b.len; i++)
    h = (h ^ (unsigned char)b.data[i]) * 0x100000001b3u;
  return sim_mix(h, seed);
}

/* The settled |op| looks as it did before. */
static void compare(const sim_node *node, durable_op_id op) {
  durable_bytes id = durable_engine_op_id(sim.e, op);
  int status = durable_engine_op_status(sim.e, op);
  if (!id.data)
    return;
  uint64_t look = hash((uint64_t)status, durable_engine_op_result(sim.e, op));
  look = hash(look, durable_engine_op_error(sim.e, op));
  look = sim_mix(look, (uint64_t)durable_engine_op_error_kind(sim.e, op));
  uint64_t key = hash((uint64_t)node->kind, id);
  if (node->kind == SIM_CALLBACK && durable_engine_op_result(sim.e, op).data)
    key++;
  if (node->kind == SIM_CALLBACK && status != DURABLE_STATUS_SUCCEEDED)
    key++;
  seen *was = look_up(key);
  if (was->value && was->value != look)
    sim_found("operation %.8s of node %u does not look as before: %s %.*s "
              "error %.*s kind %d",
              id.data, node->id, status == DURABLE_STATUS_SUCCEEDED ? "ok" : "",
              (int)durable_engine_op_result(sim.e, op).len,
              durable_engine_op_result(sim.e, op).data
                  ? durable_engine_op_result(sim.e, op).data
                  : "",
              (int)durable_engine_op_error(sim.e, op).len,
              durable_engine_op_error(sim.e, op).data
                  ? durable_engine_op_error(sim.e, op).data
                  : "",
              durable_engine_op_error_kind(sim.e, op));
  was->value = look;
}

/* ---- small parts */

void sim_drain(void) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  while (durable_engine_record_next(sim.e, &record) == 1)
    if (!record.json.data || record.json.len == 0)
      sim_found("an empty record");
}

/* |rc| of a call that only poison may refuse. */
static int went_well(int rc, const char *call) {
  sim_drain();
  if (rc >= 0)
    return 1;
  if (!durable_error_is_fatal(rc) || !(sim.trouble || sim.nomem))
    sim_found("%s answered %d: %s", call, rc, durable_engine_error(sim.e));
  return 0;
}

static void pause_here(void) {
  if (!sim.plan.straight && sim_chance(&sim.random, 25))
    sim_yield(SIM_READY);
}

/* A body takes its time. */
static void work(void) {
  if (sim.plan.straight)
    return;
  if (sim_chance(&sim.random, 15)) {
    sim.current->until_ms =
        sim.now_ms +
        sim_below(&sim.random, sim_chance(&sim.random, 80) ? 60 : 9000);
    sim_yield(SIM_SLEEPS);
  } else {
    pause_here();
  }
}

static durable_bytes value_text(uint64_t value, uint32_t weight) {
  size_t len = 20 + weight;
  char *text = dur_arena_alloc(&sim.arena, len + 1);
  if (!text)
    abort();
  memset(text, 'x', len);
  snprintf(text, len + 1, "\"v:%016llx", (unsigned long long)value);
  text[19] = 'x';
  text[len - 1] = '"';
  return (durable_bytes){text, len};
}

static durable_bytes error_text(uint32_t id) {
  char *text = dur_arena_alloc(&sim.arena, 80);
  if (!text)
    abort();
  int len = snprintf(
      text, 80, "{\"ErrorMessage\":\"boom %u\",\"ErrorType\":\"Boom\"}", id);
  return (durable_bytes){text, (size_t)len};
}

/* The next "v:<16 hex digits>" in |b|; 0 when there is none. */
static int next_value(durable_bytes *b, uint64_t *value) {
  for (size_t i = 0; i + 18 <= b->len; i++) {
    if (b->data[i] != 'v' || b->data[i + 1] != ':')
      continue;
    char hex[17] = {0};
    memcpy(hex, b->data + i + 2, 16);
    *value = strtoull(hex, NULL, 16);
    b->data += i + 18;
    b->len -= i + 18;
    return 1;
  }
  return 0;
}

static uint64_t one_value(durable_op_id op) {
  durable_bytes b = durable_engine_op_result(sim.e, op);
  uint64_t value = 0;
  next_value(&b, &value);
  return value;
}

static uint64_t all_values(uint64_t sum, durable_op_id op) {
  durable_bytes b = durable_engine_op_result(sim.e, op);
  uint64_t value;
  while (next_value(&b, &value))
    sum = sim_mix(sum, value);
  return sum;
}

static const durable_retry_policy *policy(const sim_node *n) {
  durable_retry_policy *p = dur_arena_calloc(&sim.arena, sizeof *p);
  *p = (durable_retry_policy)DURABLE_RETRY_POLICY_INIT;
  p->jitter = sim.plan.straight ? DURABLE_JITTER_NONE : n->id % 3;
  p->kind = n->caller ? DURABLE_BACKOFF_CALLER : DURABLE_BACKOFF_FIXED;
  p->set = DURABLE_RETRY_SET_MAX_ATTEMPTS | DURABLE_RETRY_SET_INITIAL_DELAY;
  p->max_attempts = n->attempts;
  p->initial_delay_s = 1 + n->id % 5;
  return p;
}

/* ---- claims */

static durable_op_id claim_group(const sim_node *n, durable_ctx_id ctx,
                                 const char *name) {
  static const char *const names[] = {"a", NULL, "", "d", "e", "f"};
  durable_group_options o = DURABLE_GROUP_OPTIONS_INIT;
  o.kind = n->parallel ? DURABLE_GROUP_PARALLEL : DURABLE_GROUP_MAP;
  o.flat = (uint32_t)n->flat;
  o.has_summary = (uint32_t)n->has_summary;
  o.max_concurrency = n->concurrency;
  o.names = n->named && n->body.count ? names : NULL;
  if (n->by_caller) {
    o.caller_decides = 1;
  } else {
    if (n->need) {
      o.set |= DURABLE_GROUP_SET_MIN_SUCCESSFUL;
      o.min_successful = n->need;
    }
    if (n->tolerance >= 0) {
      o.set |= DURABLE_GROUP_SET_TOLERATED_FAILURES;
      o.tolerated_failures = (uint32_t)n->tolerance;
    } else {
      o.set |= DURABLE_GROUP_SET_TOLERATED_PERCENTAGE;
      o.tolerated_percentage = 100;
    }
  }
  return durable_engine_group(sim.e, sim.current->task, ctx, name,
                              n->body.count, &o);
}

static durable_op_id claim_callback(const sim_node *n, durable_ctx_id ctx,
                                    const char *name) {
  durable_callback_options o = DURABLE_CALLBACK_OPTIONS_INIT;
  o.timeout_s = n->outside == SIM_IS_LATE ? n->seconds : 0;
  if (n->kind == SIM_CALLBACK)
    return durable_engine_callback(sim.e, sim.current->task, ctx, name, &o);
  return durable_engine_wait_for_callback(sim.e, sim.current->task, ctx, name,
                                          &o, policy(n));
}

static durable_op_id claim_context(const sim_node *n, durable_ctx_id ctx,
                                   const char *name) {
  durable_child_options child = DURABLE_CHILD_OPTIONS_INIT;
  durable_with_retry_options o = DURABLE_WITH_RETRY_OPTIONS_INIT;
  child.is_virtual = (uint32_t)n->is_virtual;
  child.has_summary = (uint32_t)n->has_summary;
  if (n->kind == SIM_CHILD)
    return durable_engine_child(sim.e, sim.current->task, ctx, name, &child);
  o.unwrapped = (uint32_t)n->unwrapped;
  o.retry = policy(n);
  return durable_engine_with_retry(sim.e, sim.current->task, ctx, name, &o);
}

static durable_op_id claim_invoke(const sim_node *n, durable_ctx_id ctx,
                                  const char *name) {
  char function[40];
  snprintf(function, sizeof function, "f-%d-%u-%u", (int)n->outside, n->seconds,
           n->id);
  return durable_engine_invoke(sim.e, sim.current->task, ctx, name, function,
                               (durable_bytes){"{}", 2}, NULL);
}

static durable_op_id claim(const sim_node *n, durable_ctx_id ctx) {
  char name[24] = "";
  durable_step_options step = DURABLE_STEP_OPTIONS_INIT;
  durable_task_id task = sim.current->task;
  if (n->id % 5)
    snprintf(name, sizeof name, "n%u", n->id);
  switch (n->kind) {
  case SIM_STEP:
    step.at_most_once = (uint32_t)n->at_most_once;
    step.retry = policy(n);
    return durable_engine_step(sim.e, task, ctx, name, &step);
  case SIM_WAIT:
    return durable_engine_wait(sim.e, task, ctx, name, n->seconds);
  case SIM_CALLBACK:
  case SIM_WAIT_FOR_CALLBACK:
    return claim_callback(n, ctx, name);
  case SIM_INVOKE:
    return claim_invoke(n, ctx, name);
  case SIM_CONDITION:
    return durable_engine_condition(sim.e, task, ctx, name, value_text(0, 0),
                                    policy(n));
  case SIM_CHILD:
  case SIM_WITH_RETRY:
    return claim_context(n, ctx, name);
  default:
    return claim_group(n, ctx, name);
  }
}

/* ---- bodies */

/* The service knows this operation as finished: its body may not run. */
static void check_not_over(const sim_node *n, durable_op_id op) {
  int current = durable_engine_op_current(sim.e, op);
  const sim_record *r = sim_service_find(
      &sim.service, (dur_bytes){durable_engine_op_id(sim.e, current).data,
                                durable_engine_op_id(sim.e, current).len});
  if (r && dur_status_is_terminal(r->op.status) && !r->op.replay_children)
    sim_found("a body of node %u runs though its end is on record", n->id);
}

/* At most once: its START is on record, and no attempt runs twice. */
static void check_once(const sim_node *n, durable_op_id op) {
  durable_bytes id = durable_engine_op_id(sim.e, op);
  const sim_record *r =
      sim_service_find(&sim.service, (dur_bytes){id.data, id.len});
  int attempt = durable_engine_op_attempt(sim.e, op);
  if (!r || r->op.status != DUR_STATUS_STARTED)
    sim_found("at-most-once body of node %u runs before its START is on record",
              n->id);
  seen *was = look_up(hash(0x517cc1b7u + (uint64_t)attempt, id));
  if (was->value)
    sim_found("attempt %d of at-most-once node %u runs twice", attempt, n->id);
  was->value = 1;
}

/* 0: the body was suspended inside, so its strand unwinds. */
static int finish(const sim_node *n, durable_op_id op, outcome out,
                  int retryable) {
  int rc;
  if (out.what == UNWINDS && (sim.plan.straight || sim_chance(&sim.random, 60)))
    rc = durable_engine_op_abandon(sim.e, op, 0);
  else if (out.what == FAILED ||
           (out.what == UNWINDS && sim_chance(&sim.random, 50)))
    rc = durable_engine_op_fail(sim.e, op, error_text(n->id), retryable);
  else
    rc = durable_engine_op_succeed(sim.e, op, value_text(out.value, n->weight));
  sim_trace("node %u op %d in task %d: its body %s", n->id, op & 0x1fffff,
            sim.current->task & 0x1fffff,
            out.what == UNWINDS  ? "unwinds"
            : out.what == FAILED ? "failed"
                                 : "is over");
  went_well(rc, "the outcome of a body");
  return out.what != UNWINDS;
}

static void run_step(const sim_node *n, durable_op_id op) {
  int attempt = durable_engine_op_attempt(sim.e, op);
  check_not_over(n, op);
  if (n->at_most_once)
    check_once(n, op);
  if (attempt < 1)
    sim_found("attempt %d", attempt);
  work();
  outcome out = {GAVE, sim_mix(n->id, 3)};
  if ((uint32_t)attempt <= n->fails)
    out.what = FAILED;
  finish(n, op, out, n->retryable);
}

static void submit(const sim_node *n, durable_op_id op) {
  durable_bytes id = durable_engine_op_callback_id(sim.e, op);
  int attempt = durable_engine_op_attempt(sim.e, op);
  if (!id.data)
    sim_found("a submitter without a callback id");
  check_not_over(n, op);
  work();
  int fails = (uint32_t)attempt <= n->fails;
  if (!fails)
    sim_service_tell(&sim.service, (dur_bytes){id.data, id.len}, n);
  outcome out = {fails ? FAILED : GAVE, 0};
  finish(n, op, out, n->retryable);
}

static void check_condition(const sim_node *n, durable_op_id op) {
  durable_bytes state = durable_engine_op_state(sim.e, op);
  uint64_t made = 0;
  if (!next_value(&state, &made))
    sim_found("a condition without its state");
  check_not_over(n, op);
  if (made + 1 != (uint64_t)durable_engine_op_attempt(sim.e, op))
    sim_found("node %u: state %llu in attempt %d", n->id,
              (unsigned long long)made, durable_engine_op_attempt(sim.e, op));
  work();
  outcome out = {GAVE, made + 1};
  if (n->body_fails && made + 1 >= n->polls)
    out.what = FAILED;
  finish(n, op, out, 1);
}

static void compose(durable_op_id op) {
  if (!went_well(durable_engine_op_compose(sim.e, op, DURABLE_FORM_PLAIN),
                 "op_compose"))
    return;
  went_well(durable_engine_op_succeed(sim.e, op,
                                      durable_engine_op_composed(sim.e, op)),
            "op_succeed");
}

static int run_attempt(const sim_node *n, durable_op_id op) {
  uint32_t attempt = (uint32_t)durable_engine_op_attempt(sim.e, op);
  outcome out = run_body(n, durable_engine_op_ctx(sim.e, op));
  int retryable = sim.plan.program->dialect == DURABLE_DIALECT_RUST ||
                  (out.what == GAVE && n->retryable);
  if (out.what == GAVE && attempt <= n->fails)
    out.what = FAILED;
  return finish(n, op, out, retryable);
}

/* 0: the strand unwinds. */
static int run(const sim_node *n, durable_op_id op) {
  switch (durable_engine_op_body(sim.e, op)) {
  case DURABLE_BODY_PAYLOAD:
    pause_here();
    compose(op);
    return 1;
  case DURABLE_BODY_SUBMITTER:
    submit(n, op);
    return 1;
  case DURABLE_BODY_ATTEMPT:
    return run_attempt(n, op);
  default:
    break;
  }
  if (n->kind == SIM_STEP)
    run_step(n, op);
  else if (n->kind == SIM_CONDITION)
    check_condition(n, op);
  else if (n->kind != SIM_CHILD)
    sim_found("node %u of kind %d was told to run a user's body", n->id,
              (int)n->kind);
  else
    return finish(n, op, run_body(n, durable_engine_op_ctx(sim.e, op)), 1);
  return 1;
}

/* ---- the verb */

static void spawn(const sim_node *n, durable_op_id op) {
  durable_engine_branch_info info = DURABLE_ENGINE_BRANCH_INFO_INIT;
  int rc = durable_engine_branch(sim.e, op, &info);
  if (rc != 0 || info.index >= n->body.count)
    sim_found("branch() answered %d, index %u", rc, info.index);
  sim_strand_new(info.task, info.op, n->body.items[info.index]);
}

static void decide(const sim_node *n, durable_op_id op) {
  durable_engine_decision d = DURABLE_ENGINE_DECISION_INIT;
  int what = DURABLE_DECIDE_CONTINUE;
  if (!went_well(durable_engine_op_decision(sim.e, op, &d), "op_decision"))
    return;
  pause_here();
  if (d.what == DURABLE_DECISION_RETRY) {
    if (!d.error.data)
      sim_found("a retry is decided without an error");
    if (n->attempts && d.attempt >= n->attempts)
      what = DURABLE_DECIDE_STOP;
  } else if (d.what == DURABLE_DECISION_POLL) {
    if (d.attempt >= n->polls)
      what = DURABLE_DECIDE_STOP;
  } else if (d.succeeded >= n->need) {
    what = n->id % 2 ? DURABLE_DECIDE_STOP : DURABLE_DECIDE_FAIL;
  }
  went_well(durable_engine_op_decide(sim.e, op, what, n->id % 7), "op_decide");
}

static void summarize(durable_op_id op) {
  durable_bytes text = {NULL, 0};
  if (durable_engine_op_id(sim.e, op).len % 2 == 0)
    text = (durable_bytes){"{\"sum\":1}", 9};
  went_well(durable_engine_op_summary(sim.e, op, text), "op_summary");
}

/* Until it is settled (1) or this strand has to unwind (0). */
static int settle(const sim_node *n, durable_op_id op) {
  for (;;) {
    pause_here();
    sim_drain();
    int answer = durable_engine_next(sim.e, sim.current->task, op);
    sim_drain();
    sim_trace("node %u op %d in task %d: next %d", n->id, op & 0x1fffff,
              sim.current->task & 0x1fffff, answer);
    switch (answer) {
    case DURABLE_NEXT_DONE:
      compare(n, op);
      return 1;
    case DURABLE_NEXT_PARK:
      sim_yield(SIM_PARKED);
      break;
    case DURABLE_NEXT_SUSPEND:
      return 0;
    case DURABLE_NEXT_RUN:
      if (!run(n, op))
        return 0;
      break;
    case DURABLE_NEXT_SPAWN:
      spawn(n, op);
      break;
    case DURABLE_NEXT_DECIDE:
      decide(n, op);
      break;
    case DURABLE_NEXT_SUMMARY:
      summarize(op);
      break;
    default:
      sim_found("next of node %u answered %d: %s", n->id, answer,
                durable_engine_error(sim.e));
    }
  }
}

/* The callback's id is known: tell somebody, then wait for the answer. */
static durable_op_id hand_over(const sim_node *n, durable_op_id op) {
  durable_bytes id = durable_engine_op_callback_id(sim.e, op);
  if (!id.data)
    sim_found("a callback without an id");
  sim_service_tell(&sim.service, (dur_bytes){id.data, id.len}, n);
  return durable_engine_callback_result(sim.e, sim.current->task, op);
}

/* The outcome is the one that follows from the program. */
static outcome expect(const sim_node *n, outcome out) {
  sim_value v = sim_node_value(n);
  if (v.failed != (out.what == FAILED) || (!v.failed && v.value != out.value))
    sim_found("node %u %s %016llx, not %s %016llx", n->id,
              out.what == FAILED ? "failed" : "gave",
              (unsigned long long)out.value, v.failed ? "failed" : "gave",
              (unsigned long long)v.value);
  return out;
}

static outcome read_outcome(const sim_node *n, durable_op_id op) {
  int ok = durable_engine_op_status(sim.e, op) == DURABLE_STATUS_SUCCEEDED;
  if (!ok && !durable_engine_op_error(sim.e, op).data)
    sim_found("node %u failed without an error", n->id);
  if (!ok)
    return expect(n, (outcome){FAILED, n->id});
  uint64_t value = one_value(op);
  if (n->kind == SIM_GROUP)
    value = sim_group_is_early(n) ? sim_mix(n->id, 11)
                                  : all_values(sim_mix(n->id, 11), op);
  return expect(n, (outcome){GAVE, value});
}

static outcome drive(const sim_node *n, durable_op_id op) {
  if (!went_well(op, "a claim") || !settle(n, op))
    return (outcome){UNWINDS, 0};
  if (n->kind == SIM_CALLBACK) {
    op = hand_over(n, op);
    if (!went_well(op, "callback_result") || !settle(n, op))
      return (outcome){UNWINDS, 0};
  }
  return read_outcome(n, op);
}

/* ---- several at once */

static outcome combine(const sim_node *n, durable_ctx_id ctx,
                       const durable_op_id *ops) {
  sim_node mine = *n;
  durable_op_id op = durable_engine_combine(sim.e, sim.current->task, ctx, NULL,
                                            n->mode, ops, n->body.count);
  if (!went_well(op, "combine") || !settle(&mine, op))
    return (outcome){UNWINDS, 0};
  int ok = durable_engine_op_status(sim.e, op) == DURABLE_STATUS_SUCCEEDED;
  if (n->mode == SIM_RACE)
    return (outcome){GAVE, 0};
  if (!ok)
    return expect(n, (outcome){FAILED, n->id});
  uint64_t sum = sim_mix(n->id, 17);
  return expect(
      n,
      (outcome){GAVE, sim_futures_are_listed(n) ? all_values(sum, op) : sum});
}

static outcome await(const sim_node *n, const durable_op_id *ops) {
  uint64_t sum = sim_mix(n->id, 17);
  for (;;) {
    sim_drain();
    int answer = durable_engine_task_wait(sim.e, sim.current->task, ops,
                                          n->body.count, n->mode == SIM_AWAIT);
    sim_drain();
    sim_trace("node %u in task %d: task_wait %d", n->id,
              sim.current->task & 0x1fffff, answer);
    if (answer == DURABLE_NEXT_DONE)
      break;
    if (answer == DURABLE_NEXT_SUSPEND || !went_well(answer, "task_wait"))
      return (outcome){UNWINDS, 0};
    if (answer != DURABLE_NEXT_PARK)
      sim_found("task_wait answered %d", answer);
    sim_yield(SIM_PARKED);
  }
  for (uint32_t i = 0; i < n->body.count && n->mode == SIM_AWAIT; i++) {
    const sim_node *at = n->body.items[i];
    if (!settle(at, ops[i]))
      return (outcome){UNWINDS, 0};
    outcome out = at->kind == SIM_CALLBACK ? (outcome){GAVE, 0}
                                           : read_outcome(at, ops[i]);
    sum = sim_mix(sum, out.what == FAILED ? 13 : out.value);
  }
  return expect(n, (outcome){GAVE, sum});
}

static outcome run_futures(const sim_node *n, durable_ctx_id ctx) {
  durable_op_id ops[16];
  for (uint32_t i = 0; i < n->body.count; i++) {
    ops[i] = claim(n->body.items[i], ctx);
    if (!went_well(ops[i], "a claim"))
      return (outcome){UNWINDS, 0};
    durable_task_id task = durable_engine_task_new(sim.e, ctx);
    if (!went_well(task, "task_new"))
      return (outcome){UNWINDS, 0};
    sim_strand_new(task, ops[i], n->body.items[i]);
    pause_here();
  }
  if (n->mode <= SIM_RACE)
    return combine(n, ctx, ops);
  return n->mode == SIM_IGNORE ? (outcome){GAVE, sim_mix(n->id, 17)}
                               : await(n, ops);
}

/* ---- a body of statements */

static outcome run_body(const sim_node *n, durable_ctx_id ctx) {
  uint64_t sum = sim_mix(n->id, 7);
  if (ctx <= 0)
    sim_found("node %u has no context", n->id);
  for (uint32_t i = 0; i < n->body.count; i++) {
    const sim_node *at = n->body.items[i];
    pause_here();
    outcome out = at->kind == SIM_FUTURES ? run_futures(at, ctx)
                                          : drive(at, claim(at, ctx));
    if (out.what == UNWINDS)
      return out;
    if (out.what == FAILED && !at->catches)
      return (outcome){FAILED, n->id};
    sum = sim_mix(sum, out.what == FAILED ? 13 : out.value);
  }
  return n->body_fails ? (outcome){FAILED, n->id} : (outcome){GAVE, sum};
}

/* ---- strands */

static void end_strand(durable_task_id task) {
  int rc = durable_engine_task_end(sim.e, task);
  sim_drain();
  if (rc != 0)
    sim_found("task_end answered %d", rc);
  if (durable_engine_task_end(sim.e, task) != DURABLE_E_HANDLE)
    sim_found("an ended task is not stale");
}

void sim_user(sim_strand *me) {
  if (me->op) {
    drive(me->node, me->op);
  } else {
    outcome out = run_body(me->node, durable_engine_root_ctx(sim.e));
    int rc = out.what == UNWINDS ? durable_engine_unwound(sim.e)
             : out.what == FAILED
                 ? durable_engine_raise(sim.e, error_text(me->node->id), 0)
                 : durable_engine_return(sim.e, value_text(out.value, 0));
    went_well(rc, "the handler's outcome");
  }
  end_strand(me->task);
}
