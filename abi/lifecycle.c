/* lifecycle: new and free, the driver side, the handler's outcome. */
#include <stdatomic.h>
#include <string.h>

#include "door.h"

/* Engines made one after another get different tags, so a handle of one is not
 * taken for a handle of its neighbour. */
static atomic_uint tags;

static int settings_of(const durable_engine_options *o, dur_settings *set) {
  *set =
      (dur_settings){.dialect = dur_dialect_get((dur_dialect_kind)o->dialect)};
  if (o->dialect > DURABLE_DIALECT_RUST)
    return DURABLE_E_ARGUMENT;
  set->mem =
      o->mem ? (dur_mem){o->mem->realloc, o->mem->user} : dur_mem_default;
  set->seed = o->seed;
  set->has_seed = (o->set & DURABLE_ENGINE_SET_SEED) != 0;
  set->deadline_ms = o->deadline_ms;
  set->now_ms = o->now_ms;
  set->linger_ms = o->set & DURABLE_ENGINE_SET_LINGER ? o->linger_ms : 20;
  set->stay_ms = o->stay_ms;
  set->max_threads = o->max_threads;
  set->max_sends = o->max_sends ? o->max_sends : 5;
  set->records = (int)o->records;
  set->borrow_event = o->borrow_event != 0;
  set->qualified_errors = o->qualified_errors != 0;
  set->request_id = dur_cstr(o->request_id);
  set->tag = atomic_fetch_add_explicit(&tags, 1, memory_order_relaxed) + 1;
  return 0;
}

int durable_engine_new(durable_engine **out,
                       const durable_engine_options *options,
                       durable_bytes event) {
  durable_engine_options o;
  dur_settings set;
  if (!out)
    return DURABLE_E_ARGUMENT;
  *out = NULL;
  if (!event.data)
    return DURABLE_E_ARGUMENT;
  int rc = dur_options_in(NULL, &o, sizeof o, options, "options");
  if (rc == 0)
    rc = settings_of(&o, &set);
  return rc != 0 ? rc : dur_engine_new(out, &set, DUR_TEXT(event));
}

void durable_engine_free(durable_engine *e) {
  dur_engine_free(e);
}

const char *durable_engine_error(const durable_engine *e) {
  if (!e)
    return "no engine";
  const char *text = dur_buf_cstr((dur_buf *)(uintptr_t)&e->message);
  return text ? text : "out of memory";
}

durable_bytes durable_engine_arn(const durable_engine *e) {
  return e ? DUR_OUT(e->arn) : (durable_bytes){NULL, 0};
}

durable_bytes durable_engine_request_id(const durable_engine *e) {
  return e ? DUR_OUT(e->set.request_id) : (durable_bytes){NULL, 0};
}

durable_bytes durable_engine_input(const durable_engine *e) {
  return e ? DUR_OUT(e->input) : (durable_bytes){NULL, 0};
}

durable_bytes durable_engine_operations(durable_engine *e) {
  dur_json_out out;
  if (!e)
    return (durable_bytes){NULL, 0};
  dur_buf_reset(&e->listing);
  dur_json_out_init(&out, &e->listing, 0);
  dur_json_begin_array(&out);
  for (size_t i = 0; i < e->entries.cap; i++) {
    const dur_entry *entry = e->entries.slots[i].value;
    if (entry && entry->known)
      dur_operation_write(&out, &entry->op, DUR_TIME_MS);
  }
  dur_json_end_array(&out);
  return e->listing.failed ? (durable_bytes){NULL, 0}
                           : DUR_OUT(dur_buf_view(&e->listing));
}

int64_t durable_engine_start_ms(const durable_engine *e) {
  return e ? e->start_ms : 0;
}

int durable_engine_is_first(const durable_engine *e) {
  return e ? !e->has_prior : DURABLE_E_ARGUMENT;
}

/* ---- the driver side */

static void describe_send(const dur_engine *e, durable_engine_event *ev) {
  ev->request = e->request;
  ev->token = DUR_OUT(e->token);
  if (e->is_state_call) {
    ev->method = "GET";
    ev->call = DURABLE_CALL_GET_STATE;
    ev->marker = DUR_OUT(e->marker);
    ev->target = DUR_OUT(dur_buf_view(&e->target));
    return;
  }
  ev->method = "POST";
  ev->call = DURABLE_CALL_CHECKPOINT;
  ev->target = DUR_OUT(e->checkpoint_target);
  ev->body = DUR_OUT(dur_buf_view(&e->body));
  ev->client_token = (durable_bytes){e->client_token, sizeof e->client_token};
  ev->updates = (durable_bytes){e->body.data + e->updates_at, e->updates_len};
}

int durable_engine_poll(durable_engine *e, int64_t now_ms,
                        durable_engine_event *ev) {
  dur_todo todo;
  if (!e || !ev)
    return DURABLE_E_ARGUMENT;
  if (e->notes)
    return dur_refuse(e, DURABLE_E_STATE,
                      "records are undelivered: drain record_next first", NULL);
  int rc = dur_options_room(e, ev, "durable_engine_event");
  if (rc == 0)
    rc = dur_poll(e, now_ms, &todo);
  if (rc < 0)
    return rc;
  durable_engine_event mine = {.kind = todo.kind,
                               .deadline_ms = todo.deadline_ms};
  if (todo.kind == DURABLE_EVENT_WAKE)
    mine.task = todo.task->handle;
  else if (todo.kind == DURABLE_EVENT_SEND)
    describe_send(e, &mine);
  else if (todo.kind != DURABLE_EVENT_NONE)
    mine.body = DUR_OUT(dur_buf_view(&e->body));
  dur_options_fill(ev, &mine, sizeof mine);
  return todo.kind;
}

int durable_engine_reply(durable_engine *e, uint32_t request, int http_status,
                         durable_bytes error_type, durable_bytes body,
                         int64_t now_ms) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  if (dur_bytes_in(e, error_type, "error_type") != 0 ||
      dur_bytes_in(e, body, "body") != 0)
    return DURABLE_E_ARGUMENT;
  return dur_reply(e, request, http_status, DUR_TEXT(error_type),
                   DUR_TEXT(body), now_ms);
}

int durable_engine_fail(durable_engine *e, uint32_t request, const char *why,
                        int64_t now_ms) {
  return e ? dur_fail(e, request, why, now_ms) : DURABLE_E_ARGUMENT;
}

/* ---- the handler's outcome */

int durable_engine_return(durable_engine *e, durable_bytes payload) {
  if (!e || dur_bytes_in(e, payload, "payload") != 0)
    return DURABLE_E_ARGUMENT;
  return dur_engine_return(e, DUR_TEXT(payload));
}

int durable_engine_raise(durable_engine *e, durable_bytes error,
                         int retry_invocation) {
  if (!e || dur_bytes_in(e, error, "error") != 0)
    return DURABLE_E_ARGUMENT;
  return dur_engine_raise(e, DUR_TEXT(error), retry_invocation);
}

int durable_engine_unwound(durable_engine *e) {
  return e ? dur_engine_unwound(e) : DURABLE_E_ARGUMENT;
}

/* ---- records */

int durable_engine_record_next(durable_engine *e, durable_engine_record *out) {
  durable_engine_record mine = {0};
  dur_bytes json = DUR_NONE;
  if (!e || !out)
    return DURABLE_E_ARGUMENT;
  int rc = dur_options_room(e, out, "durable_engine_record");
  if (rc != 0)
    return rc;
  int more = dur_note_next(e, &mine.kind, &mine.op, &json);
  mine.json = DUR_OUT(json);
  dur_options_fill(out, &mine, sizeof mine);
  return more;
}
