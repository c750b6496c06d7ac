/* invocation: one run of a handler, from the event to the output. */
#include <stdlib.h>
#include <string.h>

#include "frontend/drive.h"
#include "frontend/failure.h"
#include "frontend/plugin.h"
#include "frontend/scope.h"

enum { THREADS = 64, STACK_KIB = 512 };

/* ---- setting up */

static int take_handler(dur_run *run, const durable_handler *handler) {
  durable_handler *h = &run->handler;
  if (dur_config_in(h, sizeof *h, handler) != 0)
    return DURABLE_E_ABI;
  if (!h->fn)
    return DURABLE_E_ARGUMENT;
  if (!h->serdes)
    h->serdes = durable_serdes_plain();
  if (h->max_threads == 0)
    h->max_threads = THREADS;
  if (h->stack_kib == 0)
    h->stack_kib = STACK_KIB;
  return DURABLE_OK;
}

static const char *keep(dur_run *run, durable_bytes text, int *rc) {
  durable_bytes copy =
      durable_values_keep(run->values, text.data ? text : dur_c(""));
  if (!copy.data)
    *rc = DURABLE_E_NOMEM;
  return copy.data;
}

static int make_engine(dur_run *run, durable_bytes event,
                       const durable_invocation *inv) {
  durable_engine_options o = DURABLE_ENGINE_OPTIONS_INIT;
  const durable_handler *h = &run->handler;
  o.set = (h->set & DURABLE_ENGINE_SET_LINGER) |
          (inv->set & DURABLE_ENGINE_SET_SEED);
  o.dialect = h->dialect;
  o.seed = inv->seed;
  o.deadline_ms = inv->deadline_ms;
  o.now_ms = durable_host_now(run->host);
  o.linger_ms = h->linger_ms;
  o.stay_ms = h->stay_ms;
  o.max_threads = h->max_threads;
  o.borrow_event = 1; /* it lives until the host is closed */
  o.records = dur_plugins_want_records(run);
  o.request_id = inv->request_id;
  return durable_engine_new(&run->engine, &o, event);
}

static int take_texts(dur_run *run, const durable_invocation *inv) {
  int rc = DURABLE_OK;
  run->request_id = keep(run, dur_c(inv->request_id), &rc);
  run->tenant_id = keep(run, dur_c(inv->tenant_id), &rc);
  run->arn = "";
  run->deadline_ms = inv->deadline_ms;
  return rc;
}

static int make_host(dur_run *run, const durable_invocation *inv) {
  durable_host_options o = DURABLE_HOST_OPTIONS_INIT;
  o.now = inv->now;
  o.now_user = inv->now_user;
  o.record = dur_plugins_record;
  o.record_user = run;
  return durable_host_new(&run->host, &o);
}

static int open_run(dur_run *run, const durable_handler *handler,
                    const durable_invocation *inv) {
  int rc = take_handler(run, handler);
  if (rc == DURABLE_OK)
    rc = durable_values_new(&run->values, NULL);
  if (rc == DURABLE_OK)
    rc = take_texts(run, inv);
  if (rc == DURABLE_OK)
    rc = dur_plugins_init(run);
  return rc == DURABLE_OK ? make_host(run, inv) : rc;
}

/* ---- the handler */

typedef struct handler_body {
  dur_run *run;
  dur_scope *scope;
  const durable_value *event, *result;
} handler_body;

static int call_handler(void *arg) {
  handler_body *b = arg;
  return b->run->handler.fn((durable_ctx *)(void *)b->scope, b->event,
                            &b->result);
}

/* 0, or a code with its failure noted: then nothing was returned. */
static int give_result(dur_run *run, dur_scope *scope,
                       const durable_value *result) {
  durable_values *in = scope->space->values;
  durable_bytes text;
  int rc = durable_values_status(in);
  if (rc == DURABLE_OK)
    rc = durable_value_print(in, DURABLE_FORM_PLAIN, result, &text);
  const char *why = durable_values_error(in);
  if (rc == DURABLE_OK) {
    durable_engine *e = durable_host_enter(run->host);
    rc = durable_engine_return(e, text);
    durable_host_leave(run->host);
    why = "the result is too large";
  }
  if (rc < 0)
    scope->failure = dur_failure_of_code(in, rc, why);
  return rc;
}

static int give_failure(dur_run *run, const durable_failure *failure,
                        int retry) {
  dur_buf text;
  dur_buf_init(&text, &dur_mem_default, 64 * 1024 * 1024);
  dur_failure_write(&text, failure);
  dur_bytes json = text.failed ? DUR_LIT("{}") : dur_buf_view(&text);
  durable_engine *e = durable_host_enter(run->host);
  int rc = durable_engine_raise(e, dur_view(json), retry);
  durable_host_leave(run->host);
  dur_buf_drop(&text);
  return rc;
}

static void give_outcome(dur_run *run, dur_scope *scope, int code,
                         const durable_value *result) {
  if (scope->strand->suspended) {
    durable_engine *e = durable_host_enter(run->host);
    durable_engine_unwound(e);
    durable_host_leave(run->host);
    return;
  }
  if (code == DURABLE_OK)
    code = give_result(run, scope, result);
  if (code != DURABLE_OK)
    (void)give_failure(run, dur_scope_failure(scope, code),
                       scope->retry_invocation);
}

static durable_bytes input_of(dur_run *run) {
  durable_engine *e = durable_host_enter(run->host);
  durable_bytes input = durable_engine_input(e);
  durable_host_leave(run->host);
  return input;
}

static void run_handler(dur_run *run) {
  dur_scope scope;
  dur_strand strand = {.run = run,
                       .task = durable_engine_root_task(run->engine)};
  if (dur_scope_init(&scope, run, &strand, durable_engine_root_ctx(run->engine),
                     NULL, 0) != DURABLE_OK) {
    (void)give_failure(run, &dur_failure_no_memory, 1);
  } else {
    handler_body b = {.run = run, .scope = &scope};
    int code = durable_value_parse(scope.space->values, DURABLE_FORM_PLAIN,
                                   input_of(run), &b.event);
    if (code == DURABLE_OK) {
      code = dur_wrap(&scope, DUR_WRAP_INVOCATION, call_handler, &b);
    } else {
      scope.retry_invocation = 1;
      scope.failure = dur_failure_format(
          scope.space->values, "JSONDecodeError", "the input is no JSON: %s",
          durable_values_error(scope.space->values));
    }
    give_outcome(run, &scope, code, b.result);
    dur_scope_end(&scope);
  }
  durable_engine *e = durable_host_enter(run->host);
  durable_engine_task_end(e, strand.task);
  durable_host_leave(run->host);
}

/* ---- the end */

static int fill(durable_output *out, int kind, durable_bytes body) {
  char *copy = malloc(body.len + 1);
  if (!copy)
    return DURABLE_E_NOMEM;
  if (body.len)
    memcpy(copy, body.data, body.len);
  copy[body.len] = '\0';
  out->kind = kind;
  out->body = (durable_host_buffer){copy, body.len};
  return DURABLE_OK;
}

static int refuse_event(durable_output *out) {
  return fill(out, DURABLE_EVENT_ABORT,
              dur_c("{\"errorMessage\":\"Unexpected payload provided to start "
                    "the durable execution. Check your resource "
                    "configurations to confirm the durability is set.\","
                    "\"errorType\":\"ExecutionError\"}"));
}

static int finish(dur_run *run, durable_output *out) {
  durable_host_event event = DURABLE_HOST_EVENT_INIT;
  int rc = durable_host_finish(run->host, &event);
  return rc < 0 ? rc : fill(out, event.kind, event.body);
}

static int with_threads(dur_run *run, durable_output *out) {
  if (pthread_mutex_init(&run->lock, NULL) != 0)
    return DURABLE_E_NOMEM;
  pthread_cond_init(&run->changed, NULL);
  int rc = dur_crew_init(&run->crew, (size_t)run->handler.stack_kib * 1024);
  if (rc == 0) {
    rc = durable_host_begin(run->host);
    if (rc == DURABLE_EVENT_WAKE)
      run_handler(run);
    rc = rc < 0 ? rc : finish(run, out);
    dur_crew_drop(&run->crew);
  }
  pthread_cond_destroy(&run->changed);
  pthread_mutex_destroy(&run->lock);
  return rc;
}

static int run_invocation(dur_run *run, durable_bytes event,
                          const durable_invocation *inv, durable_output *out) {
  int rc = make_engine(run, event, inv);
  if (rc == DURABLE_E_PROTOCOL) {
    durable_engine_free(run->engine);
    return refuse_event(out);
  }
  if (rc != DURABLE_OK)
    return rc;
  run->arn = keep(run, durable_engine_arn(run->engine), &rc);
  if (rc == DURABLE_OK)
    rc = durable_host_attach(run->host, run->engine, inv->transport);
  if (rc != DURABLE_OK) {
    durable_engine_free(run->engine);
    return rc;
  }
  return with_threads(run, out);
}

int durable_invoke_handler(const durable_handler *handler, durable_bytes event,
                           const durable_invocation *invocation,
                           durable_output *out) {
  durable_invocation inv;
  dur_run *run;
  if (!handler || !out || out->size < sizeof *out || (event.len && !event.data))
    return DURABLE_E_ARGUMENT;
  if (dur_config_in(&inv, sizeof inv, invocation) != 0)
    return DURABLE_E_ABI;
  run = calloc(1, sizeof *run);
  if (!run)
    return DURABLE_E_NOMEM;
  int rc = open_run(run, handler, &inv);
  if (rc == DURABLE_OK)
    rc = run_invocation(run, event, &inv, out);
  durable_host_close(run->host);
  durable_values_free(run->values);
  free(run);
  return rc;
}

void durable_output_drop(durable_output *output) {
  if (output)
    durable_host_buffer_drop(&output->body);
}
