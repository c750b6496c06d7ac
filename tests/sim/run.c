/* run: the driver of one execution; see run.h. */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sim_world sim;
void (*sim_on_finding)(void);

int sim_traces;

void sim_trace(const char *format, ...) {
  va_list args;
  if (!sim_traces)
    return;
  va_start(args, format);
  printf("%lld ", (long long)sim.now_ms);
  vprintf(format, args);
  putchar('\n');
  va_end(args);
}

void sim_found(const char *format, ...) {
  va_list args;
  fflush(stdout);
  va_start(args, format);
  fputs("FOUND: ", stderr);
  vfprintf(stderr, format, args);
  va_end(args);
  fprintf(stderr, "\n  in invocation %u, poll %u, request %u\n",
          sim.totals.invocations, sim.totals.polls, sim.totals.requests);
  if (sim_on_finding)
    sim_on_finding();
  fflush(NULL);
  _Exit(1);
}

/* ---- memory of the engine, counted */

typedef union header {
  size_t size;
  max_align_t align;
} header;

static int refuses(void) {
  uint64_t request = ++sim.totals.allocations;
  uint64_t at = sim.plan.nomem_at;
  int now = at && (request == at || (sim.nomem && sim.plan.nomem_on));
  sim.nomem |= now;
  return now;
}

static void *count_realloc(void *user, void *ptr, size_t old, size_t size) {
  (void)user;
  header *block = ptr ? (header *)ptr - 1 : NULL;
  if ((block ? block->size : 0) != old)
    sim_found("a block of %zu bytes is said to have %zu",
              block ? block->size : 0, old);
  if (size == 0) {
    sim.live_blocks -= block != NULL;
    free(block);
    return NULL;
  }
  if (refuses())
    return NULL;
  header *grown = realloc(block, sizeof *grown + size);
  if (!grown)
    abort();
  grown->size = size;
  sim.live_blocks += block == NULL;
  return grown + 1;
}

/* ---- requests */

typedef struct request {
  int in_flight;
  uint32_t number, old; /* old: one that was answered before */
  int call;
  dur_bytes body, token, marker;
} request;
static request flight;

static dur_bytes keep(durable_bytes b) {
  return dur_arena_copy(&sim.arena, (dur_bytes){b.data, b.len});
}

static void take_request(const durable_engine_event *ev) {
  if (flight.in_flight)
    sim_found("a second request while one is in flight");
  sim.totals.requests++;
  sim_trace("SEND %.*s", (int)ev->updates.len,
            ev->updates.data ? ev->updates.data : "");
  flight.in_flight = 1;
  flight.number = ev->request;
  flight.call = ev->call;
  flight.body = keep(ev->body);
  flight.token = keep(ev->token);
  flight.marker = keep(ev->marker);
  if (sim.plan.tape)
    sim.plan.tape->sent(flight.call, flight.call == DURABLE_CALL_CHECKPOINT
                                         ? keep(ev->updates)
                                         : flight.marker);
  if (!ev->method || !ev->target.data || !ev->token.len)
    sim_found("a request without method, target or token");
}

static sim_answer serve(void) {
  sim_service_tick(&sim.service, sim.now_ms + sim.plan.skew_ms);
  sim_answer a =
      flight.call == DURABLE_CALL_CHECKPOINT
          ? sim_service_checkpoint(&sim.service, flight.body)
          : sim_service_state(&sim.service, flight.token, flight.marker);
  if (sim.plan.tape)
    a.body = sim.plan.tape->answered(a.body);
  return a;
}

static int reply(sim_answer a) {
  sim_trace("REPLY %d %.*s", a.status, (int)a.body.len, a.body.data);
  durable_bytes type = {a.type, a.type ? strlen(a.type) : 0};
  int rc = durable_engine_reply(sim.e, flight.number, a.status, type,
                                (durable_bytes){a.body.data, a.body.len},
                                sim.now_ms);
  sim_drain();
  return rc;
}

static void must(int rc, int expected, const char *call) {
  if (rc != expected && !sim.nomem)
    sim_found("%s answered %d: %s", call, rc, durable_engine_error(sim.e));
}

static void lose(const char *why) {
  sim_trace("LOST %s", why);
  must(durable_engine_fail(sim.e, flight.number, why, sim.now_ms), 0, "fail");
  sim_drain();
}

static sim_answer error(int status, const char *type, const char *body) {
  return (sim_answer){status, type, dur_cstr(body)};
}

static void strip_token(sim_answer *a) {
  char *text = (char *)(uintptr_t)a->body.data;
  char *copy = dur_arena_alloc(&sim.arena, a->body.len + 1);
  memcpy(copy, text, a->body.len);
  copy[a->body.len] = '\0';
  char *at = strstr(copy, "\"CheckpointToken\"");
  if (at)
    memcpy(at, "\"CheckpointTokem\"", 17);
  a->body.data = copy;
}

static sim_fault choose_fault(void) {
  const sim_plan *p = &sim.plan;
  if (p->fault_at)
    return p->fault_at == sim.totals.requests ? p->fault : SIM_FAULT_NONE;
  if (sim.totals.invocations > p->calm_after ||
      !sim_chance(&sim.random, p->fault_percent))
    return SIM_FAULT_NONE;
  /* Those that end the execution or the invocation are rarer. */
  sim_fault fault = (sim_fault)(1 + sim_below(&sim.random, SIM_FAULTS - 1));
  return fault == SIM_FAULT_KMS && sim_chance(&sim.random, 90) ? SIM_FAULT_RESET
                                                               : fault;
}

static void answer_with(sim_fault fault) {
  sim_answer a;
  switch (fault) {
  case SIM_FAULT_REFUSED:
    lose("connection refused");
    return;
  case SIM_FAULT_RESET:
  case SIM_FAULT_TIMEOUT:
    serve();
    lose(fault == SIM_FAULT_RESET ? "connection reset" : "timed out");
    return;
  case SIM_FAULT_429:
    must(reply(error(429, "TooManyRequestsException",
                     "{\"Type\":\"User\",\"message\":\"slow down\"}")),
         0, "reply");
    return;
  case SIM_FAULT_500:
    must(reply(error(500, NULL, "<html>oops</html>")), 0, "reply");
    return;
  case SIM_FAULT_KMS:
    sim.gave_up = 1;
    must(reply(error(502, "KMSAccessDeniedException",
                     "{\"Type\":\"KMSAccessDeniedException\",\"Message\":\"no "
                     "key\"}")),
         0, "reply");
    return;
  case SIM_FAULT_STALE:
    must(reply(error(400, "InvalidParameterValueException",
                     "{\"Type\":\"InvalidParameterValueException\","
                     "\"message\":\"Invalid checkpoint token\"}")),
         0, "reply");
    return;
  case SIM_FAULT_TRUNCATED:
    a = serve();
    a.body.len = sim_below(&sim.random, (uint32_t)a.body.len);
    must(reply(a), 0, "reply");
    return;
  case SIM_FAULT_TOKENLESS:
    a = serve();
    if (flight.call == DURABLE_CALL_CHECKPOINT) {
      strip_token(&a);
      sim.closed = 1;
    }
    must(reply(a), 0, "reply");
    return;
  default:
    break;
  }
  a = serve();
  must(reply(a), 0, "reply");
  if (fault == SIM_FAULT_TWICE)
    must(reply(a), DURABLE_E_ARGUMENT, "a second reply");
}

static void answer_request(void) {
  sim_fault fault = choose_fault();
  sim.trouble |= fault != SIM_FAULT_NONE && fault != SIM_FAULT_TWICE;
  if (flight.old && fault == SIM_FAULT_TWICE)
    must(durable_engine_fail(sim.e, flight.old, "late", sim.now_ms),
         DURABLE_E_ARGUMENT, "a late failure");
  answer_with(fault);
  flight.in_flight = 0;
  flight.old = flight.number;
}

/* ---- the scheduler */

typedef enum invocation_end {
  GOES_ON,
  SUCCEEDED,
  FAILED,
  PENDING,
  ABORTED,
  KILLED
} invocation_end;

static int is_ready(const sim_strand *s) {
  return s->state == SIM_READY ||
         (s->state == SIM_SLEEPS && s->until_ms <= sim.now_ms);
}

static size_t count_ready(void) {
  size_t ready = 0;
  for (size_t i = 0; i < sim.strand_count; i++)
    ready += (size_t)is_ready(&sim.strands[i]);
  return ready;
}

static void resume_one(size_t ready) {
  size_t which =
      sim.plan.straight ? 0 : sim_below(&sim.random, (uint32_t)ready);
  for (size_t i = 0; i < sim.strand_count; i++)
    if (is_ready(&sim.strands[i]) && which-- == 0) {
      sim_strand_resume(&sim.strands[i]);
      return;
    }
}

static void wake(durable_task_id task) {
  for (size_t i = 0; i < sim.strand_count; i++) {
    sim_strand *s = &sim.strands[i];
    if (s->task != task || s->state == SIM_ENDED)
      continue;
    if (s->state != SIM_PARKED)
      sim_found("WAKE names a task that is not parked");
    s->state = SIM_READY;
    sim_trace("WAKE node %u", s->node->id);
    return;
  }
  sim_found("WAKE names an unknown task");
}

static int has(durable_bytes body, const char *text) {
  size_t len = strlen(text);
  for (size_t i = 0; i + len <= body.len; i++)
    if (memcmp(body.data + i, text, len) == 0)
      return 1;
  return 0;
}

static invocation_end read_end(const durable_engine_event *ev) {
  for (size_t i = 0; i < sim.strand_count; i++)
    if (sim.strands[i].state != SIM_ENDED && sim.strands[i].ran)
      sim_found("the invocation is over but a task of node %u is not",
                sim.strands[i].node->id);
  if (flight.in_flight)
    sim_found("the invocation is over with a request in flight");
  if (durable_engine_poll(sim.e, sim.now_ms,
                          &(durable_engine_event)DURABLE_ENGINE_EVENT_INIT) >=
      0)
    sim_found("poll says something after the end");
  if (ev->kind == DURABLE_EVENT_ABORT)
    return ABORTED;
  if (has(ev->body, "\"Status\":\"PENDING\"") ||
      has(ev->body, "\"Status\": \"PENDING\""))
    return PENDING;
  const sim_program *p = sim.plan.program;
  sim_value expected = sim_program_value(p);
  char text[64];
  snprintf(text, sizeof text, expected.failed ? "boom %llu\"" : "v:%016llx",
           (unsigned long long)expected.value);
  int failed = !has(ev->body, "SUCCEEDED");
  if (failed && sim.gave_up && has(ev->body, "CheckpointError"))
    return FAILED;
  if (failed && sim.gave_up && has(ev->body, "GetExecutionStateError"))
    return FAILED;
  if (failed != expected.failed || !has(ev->body, text))
    sim_found("the output is %.*s, not %s", (int)ev->body.len, ev->body.data,
              text);
  sim.gave_up = 0;
  return failed ? FAILED : SUCCEEDED;
}

static int64_t next_sleeper(void) {
  int64_t next = INT64_MAX;
  for (size_t i = 0; i < sim.strand_count; i++)
    if (sim.strands[i].state == SIM_SLEEPS && sim.strands[i].until_ms < next)
      next = sim.strands[i].until_ms;
  return next;
}

/* Nothing can happen before the clock moves. */
static void pass_time(int64_t deadline_ms) {
  int64_t next = next_sleeper();
  if (deadline_ms < next)
    next = deadline_ms;
  if (next == INT64_MAX)
    sim_found("stuck: no deadline, nothing runs, nothing is in flight");
  sim.still = next > sim.now_ms ? 0 : sim.still + 1;
  if (sim.still > 8)
    sim_found("stuck: poll asks for the present again and again");
  if (next > sim.now_ms)
    sim.now_ms = next;
}

static int is_killed(void) {
  const sim_plan *p = &sim.plan;
  if (p->kill_at)
    return p->kill_at == sim.totals.polls;
  return p->kill_permille && sim.totals.invocations <= p->calm_after &&
         sim_below(&sim.random, 1000) < p->kill_permille;
}

/* One poll; *deadline_ms is set by NONE. */
static invocation_end poll(int64_t *deadline_ms, int *quiet) {
  durable_engine_event ev = DURABLE_ENGINE_EVENT_INIT;
  sim.totals.polls++;
  sim_drain();
  int kind = durable_engine_poll(sim.e, sim.now_ms, &ev);
  sim_drain();
  *quiet = 0;
  sim.still = kind == DURABLE_EVENT_NONE ? sim.still : 0;
  switch (kind) {
  case DURABLE_EVENT_NONE:
    *deadline_ms = ev.deadline_ms;
    *quiet = 1;
    return GOES_ON;
  case DURABLE_EVENT_WAKE:
    wake(ev.task);
    return GOES_ON;
  case DURABLE_EVENT_SEND:
    take_request(&ev);
    return GOES_ON;
  case DURABLE_EVENT_FINISH:
  case DURABLE_EVENT_ABORT:
    sim_trace("END %.*s", (int)ev.body.len, ev.body.data);
    if (sim.plan.tape)
      sim.plan.tape->ended(keep(ev.body));
    return read_end(&ev);
  default:
    sim_found("poll answered %d: %s", kind, durable_engine_error(sim.e));
  }
}

static void move_clock(void) {
  if (sim.plan.straight || !sim_chance(&sim.random, 30))
    return;
  sim.now_ms += sim_below(&sim.random, sim_chance(&sim.random, 3) ? 20000 : 9);
}

static invocation_end play(void) {
  enum { STEPS_MAX = 400000 };
  int64_t deadline_ms = INT64_MAX;
  int quiet = 0; /* the last poll said NONE and nothing has moved since */
  for (int step = 0; step < STEPS_MAX; step++) {
    size_t ready = count_ready();
    move_clock();
    if (!quiet &&
        (sim.plan.straight || !ready || sim_chance(&sim.random, 60))) {
      invocation_end end = poll(&deadline_ms, &quiet);
      if (end != GOES_ON)
        return end;
      if (is_killed())
        return KILLED;
      continue;
    }
    int answers =
        flight.in_flight &&
        (!ready || (!sim.plan.straight && sim_chance(&sim.random, 30)));
    if (answers)
      answer_request();
    else if (ready)
      resume_one(ready);
    else
      pass_time(deadline_ms);
    quiet = 0;
  }
  sim_found("an invocation without an end");
}

/* ---- invocations */

static void set_options(durable_engine_options *o) {
  sim.mem = (durable_mem){count_realloc, NULL};
  *o = (durable_engine_options)DURABLE_ENGINE_OPTIONS_INIT;
  o->set = DURABLE_ENGINE_SET_SEED;
  o->seed = sim.plan.seed;
  o->dialect = sim.plan.program->dialect;
  o->mem = &sim.mem;
  o->records = (uint32_t)sim.plan.records;
  o->max_threads = sim.plan.max_threads;
  o->stay_ms = (uint32_t)sim.plan.stay_ms;
  o->now_ms = sim.now_ms;
  sim.deadline = sim.totals.invocations <= sim.plan.calm_after &&
                 sim_chance(&sim.random, sim.plan.deadline_percent);
  if (sim.deadline)
    o->deadline_ms = sim.now_ms + 1 + sim_below(&sim.random, 60000);
}

static invocation_end open_and_play(void) {
  durable_engine_options o;
  set_options(&o);
  dur_bytes event = sim_service_event(&sim.service);
  if (sim.plan.tape)
    event = sim.plan.tape->event(event);
  int rc =
      durable_engine_new(&sim.e, &o, (durable_bytes){event.data, event.len});
  if (rc != 0 && !sim.nomem)
    sim_found("durable_engine_new answered %d: %s", rc,
              sim.e ? durable_engine_error(sim.e) : "");
  if (rc != 0)
    return ABORTED;
  sim_strand *root = sim_strand_new(durable_engine_root_task(sim.e), 0,
                                    sim.plan.program->root);
  root->state = SIM_PARKED;
  invocation_end end = play();
  sim_strands_drop();
  return end;
}

static invocation_end invoke(void) {
  sim.totals.invocations++;
  sim.trouble = sim.gave_up = sim.closed = sim.nomem = 0;
  sim.e = NULL;
  flight = (request){0};
  dur_arena_init(&sim.arena, &dur_mem_default);
  sim_service_tick(&sim.service, sim.now_ms + sim.plan.skew_ms);
  invocation_end end = open_and_play();
  sim_strands_drop();
  durable_engine_free(sim.e);
  sim.e = NULL;
  dur_arena_drop(&sim.arena);
  if (sim.live_blocks)
    sim_found("%zu blocks of the engine are still allocated", sim.live_blocks);
  return end;
}

/* To the next thing that the service does by itself. */
static void sleep_till_woken(void) {
  int64_t next = sim_service_next_ms(&sim.service);
  if (sim.closed) {
    sim.now_ms += 1000;
    return;
  }
  if (!sim_service_has_pending(&sim.service))
    sim_found("PENDING, but the service has nothing pending");
  if (sim_service_is_eager(&sim.service)) {
    sim.now_ms += 10;
    return;
  }
  if (next == INT64_MAX)
    sim_found("PENDING, but nothing will ever happen");
  if (next - sim.plan.skew_ms > sim.now_ms)
    sim.now_ms = next - sim.plan.skew_ms;
  if (!sim.plan.straight && sim_chance(&sim.random, 30))
    sim.now_ms += sim_below(&sim.random, 30000);
}

static void begin(const sim_plan *plan) {
  sim.plan = *plan;
  sim.random.state = sim_mix(plan->seed, 2);
  sim.totals = (sim_totals){0};
  sim.now_ms = 1000000;
  sim_service_init(&sim.service, sim.now_ms + plan->skew_ms);
  sim.service.page_items = plan->page_items;
  sim.service.prunes = plan->prunes;
  sim.service.redelivers = plan->redelivers;
  sim_user_forget();
}

sim_end sim_run(const sim_plan *plan, sim_totals *totals) {
  enum { INVOCATIONS_MAX = 600 };
  begin(plan);
  invocation_end end = PENDING;
  while (end != SUCCEEDED && end != FAILED) {
    if (sim.totals.invocations == INVOCATIONS_MAX)
      sim_found("%d invocations and no end", (int)INVOCATIONS_MAX);
    end = invoke();
    if (end == PENDING)
      sleep_till_woken();
    else if (end == ABORTED && !sim.trouble && !sim.deadline && !sim.nomem)
      sim_found("ABORT without a reason");
    else
      sim.now_ms += 500;
  }
  sim_service_drop(&sim.service);
  if (totals)
    *totals = sim.totals;
  if (sim.gave_up)
    return SIM_GAVE_UP;
  return end == SUCCEEDED ? SIM_SUCCEEDED : SIM_FAILED;
}
