/* script: the harness; see script.h.  The service is in script_service.c. */
#include "script.h"

#include "engine/dialect.h"
#include "script_service.h"

script sc;
static char *event_text;
static durable_task_id woken[4096];
static size_t woken_count;

enum { RECORDS = 8192 };
static struct {
  int kind;
  char *text;
} records[RECORDS];
static size_t record_count, record_told;
static char text[1 << 16];

/* ---- life */

int sc_setup(void **state) {
  (void)state;
  sc = (script){.now_ms = 1000000, .strict = 1};
  sc.options = (durable_engine_options)DURABLE_ENGINE_OPTIONS_INIT;
  sc.options.set = DURABLE_ENGINE_SET_SEED;
  sc.options.seed = 7;
  service_reset();
  return 0;
}

static void drop_engine(void) {
  durable_engine_free(sc.e);
  sc.e = NULL;
  free(event_text);
  event_text = NULL;
  free(sc.output);
  sc.output = NULL;
  for (size_t i = 0; i < record_count; i++)
    free(records[i].text);
  record_count = record_told = woken_count = 0;
}

int sc_teardown(void **state) {
  (void)state;
  drop_engine();
  service_drop();
  if (sc.memory.live_blocks != 0)
    print_error("%zu blocks leaked\n", sc.memory.live_blocks);
  return sc.memory.live_blocks == 0 ? 0 : -1;
}

void sc_dialect(uint32_t dialect) {
  sc.options.dialect = dialect;
}

void sc_event(char **out) {
  *out = service_event();
}

int sc_new(void) {
  static durable_mem mem;
  drop_engine();
  mem = (durable_mem){counted_realloc, &sc.memory};
  sc.options.mem = &mem;
  sc.calls = 0;
  event_text = service_event();
  return durable_engine_new(&sc.e, &sc.options,
                            (durable_bytes){event_text, strlen(event_text)});
}

void sc_open(void) {
  assert_int_equal(sc_new(), 0);
  sc.task = sc.root = durable_engine_root_task(sc.e);
  sc.ctx = durable_engine_root_ctx(sc.e);
  assert_true(sc.root > 0 && sc.ctx > 0);
  sc_pump();
  assert_true(sc_woken(sc.root) || sc.manual);
}

void sc_again(int64_t later_ms) {
  drop_engine();
  sc.now_ms += later_ms;
  sc_open();
}

/* ---- the driver */

void sc_drain(void) {
  durable_engine_record record = DURABLE_ENGINE_RECORD_INIT;
  while (durable_engine_record_next(sc.e, &record) == 1) {
    assert_true(record_count < RECORDS);
    records[record_count].kind = record.kind;
    records[record_count++].text =
        service_text(record.json.data, record.json.len);
  }
}

int sc_poll(void) {
  sc_drain();
  sc.ev = (durable_engine_event)DURABLE_ENGINE_EVENT_INIT;
  int kind = durable_engine_poll(sc.e, sc.now_ms, &sc.ev);
  if (kind == WAKE) {
    assert_true(woken_count < sizeof woken / sizeof *woken);
    woken[woken_count++] = sc.ev.task;
  } else if (kind == SEND) {
    sc.calls++;
    sc.send = sc.ev;
    service_take(&sc.ev);
  } else if (kind == FINISH || kind == ABORT) {
    free(sc.output);
    sc.output = service_text(sc.ev.body.data, sc.ev.body.len);
  }
  sc_drain();
  return kind;
}

int sc_pump(void) {
  for (;;) {
    int kind = sc_poll();
    if (kind == SEND && !sc.manual)
      sc_answer();
    else if (kind != WAKE)
      return kind;
  }
}

int sc_woken(durable_task_id task) {
  size_t kept = 0, before = woken_count;
  for (size_t i = 0; i < before; i++)
    if (woken[i] != task)
      woken[kept++] = woken[i];
  woken_count = kept;
  return kept < before;
}

int sc_reply(int status, const char *body) {
  char *exact = service_json(body);
  durable_bytes none = {NULL, 0};
  int rc =
      durable_engine_reply(sc.e, sc.send.request, status, none,
                           (durable_bytes){exact, strlen(exact)}, sc.now_ms);
  free(exact);
  sc_drain();
  return rc;
}

int sc_answer(void) {
  char *body = service_answer(&sc.send);
  int rc = sc_reply(200, body);
  free(body);
  return rc;
}

int sc_break(const char *why) {
  int rc = durable_engine_fail(sc.e, sc.send.request, why, sc.now_ms);
  sc_drain();
  return rc;
}

/* ---- user code */

static durable_bytes json_bytes(char *json) {
  return (durable_bytes){json, json ? strlen(json) : 0};
}

int sc_step_with(const char *name, const char *preset, int once) {
  durable_retry_policy policy = DURABLE_RETRY_POLICY_INIT;
  durable_step_options o = DURABLE_STEP_OPTIONS_INIT;
  if (preset && strcmp(preset, "caller") == 0)
    policy.kind = DURABLE_BACKOFF_CALLER;
  else if (preset)
    assert_int_equal(durable_retry_preset(preset, &policy), 0);
  o.retry = preset ? &policy : NULL;
  o.at_most_once = (uint32_t)once;
  int op = durable_engine_step(sc.e, sc.task, sc.ctx, name, &o);
  sc_drain();
  return op;
}

int sc_step(const char *name) {
  return sc_step_with(name, NULL, 0);
}

int sc_step_once(const char *name) {
  return sc_step_with(name, NULL, 1);
}

int sc_wait(const char *name, int64_t seconds) {
  int op = durable_engine_wait(sc.e, sc.task, sc.ctx, name, seconds);
  sc_drain();
  return op;
}

int sc_child(const char *name) {
  int op = durable_engine_child(sc.e, sc.task, sc.ctx, name, NULL);
  sc_drain();
  return op;
}

int sc_next(int op) {
  sc_drain();
  int answer = durable_engine_next(sc.e, sc.task, op);
  sc_drain();
  return answer;
}

int sc_go(int op) {
  for (;;) {
    int answer = sc_next(op);
    if (answer != PARK)
      return answer;
    sc_woken(sc.task);
    sc_pump();
    if (!sc_woken(sc.task))
      return PARK;
  }
}

int sc_ok(int op, const char *payload) {
  char *json = payload ? service_json(payload) : NULL;
  int rc = durable_engine_op_succeed(sc.e, op, json_bytes(json));
  free(json);
  sc_drain();
  return rc;
}

int sc_fails(int op, const char *type, const char *message, int retryable) {
  snprintf(text, sizeof text, "{'ErrorMessage':'%s','ErrorType':'%s'}", message,
           type);
  char *json = service_json(text);
  int rc = durable_engine_op_fail(sc.e, op, json_bytes(json), retryable);
  free(json);
  sc_drain();
  return rc;
}

int sc_do(int op, const char *payload) {
  int answer = sc_go(op);
  if (answer != RUN)
    return answer;
  int rc = sc_ok(op, payload);
  return rc != 0 ? rc : sc_go(op);
}

void sc_into(int op) {
  sc.ctx = durable_engine_op_ctx(sc.e, op);
  assert_true(sc.ctx > 0);
}

static const char *shown(durable_bytes b) {
  static char *last;
  free(last);
  last = b.data ? service_text(b.data, b.len) : service_text("-", 1);
  return last;
}

const char *sc_result(int op) {
  return shown(durable_engine_op_result(sc.e, op));
}

const char *sc_error(int op) {
  int kind = durable_engine_op_error_kind(sc.e, op);
  durable_bytes type =
      durable_engine_op_error_field(sc.e, op, DURABLE_ERROR_TYPE);
  durable_bytes message =
      durable_engine_op_error_field(sc.e, op, DURABLE_ERROR_MESSAGE);
  snprintf(text, sizeof text, "%s|%.*s|%.*s",
           durable_operation_error_name(kind), (int)type.len,
           type.data ? type.data : "", (int)message.len,
           message.data ? message.data : "");
  return text;
}

/* ---- the end */

static int leave(int rc) {
  assert_int_equal(rc, 0);
  assert_int_equal(durable_engine_task_end(sc.e, sc.root), 0);
  return sc_pump();
}

int sc_return(const char *payload) {
  char *json = payload ? service_json(payload) : NULL;
  int rc = durable_engine_return(sc.e, json_bytes(json));
  free(json);
  return leave(rc);
}

int sc_raise(const char *type, const char *message) {
  snprintf(text, sizeof text, "{'ErrorMessage':'%s','ErrorType':'%s'}", message,
           type);
  char *json = service_json(text);
  int rc = durable_engine_raise(sc.e, json_bytes(json), 0);
  free(json);
  return leave(rc);
}

int sc_unwind(void) {
  return leave(durable_engine_unwound(sc.e));
}

/* ---- records */

const char *sc_records(void) {
  static const char *const names[] = {"?",  "IS", "IE", "OS", "OE",
                                      "OC", "US", "UE", "LOG"};
  size_t at = 0;
  text[0] = '\0';
  for (; record_told < record_count; record_told++)
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "",
                           names[records[record_told].kind]);
  return text;
}

const char *sc_record(size_t n) {
  assert_true(n < record_count);
  return records[n].text;
}
