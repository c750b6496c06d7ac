/* payload: the bodies in which an operation made of others is serialized.
 *
 * The engine composes the payload itself where all parts are in one built-in
 * form; otherwise it is put together here, from values. */
#include "frontend/batch.h"
#include "frontend/drive.h"
#include "frontend/failure.h"
#include "frontend/future.h"
#include "frontend/serdes.h"

typedef struct work {
  dur_strand *strand;
  dur_run *run;
  dur_call *call;
  durable_values *in; /* scratch */
} work;

static int give_fault(work *w, const dur_fault *fault) {
  return dur_give_failure(w->run, w->call->op, fault->failure,
                          fault->retryable);
}

static int give_value(work *w, const durable_value *value) {
  durable_bytes payload;
  dur_fault fault;
  if (durable_values_status(w->in) != DURABLE_OK)
    return dur_give_failure(w->run, w->call->op, &dur_failure_no_memory, 1);
  if (dur_serialize(w->run, w->call->op, w->call->serdes, w->in, value,
                    &payload, &fault) != DURABLE_OK)
    return give_fault(w, &fault);
  if (w->call->summary && payload.len > DUR_INLINE_MAX)
    w->call->large = durable_values_keep(w->call->values, payload);
  int rc = dur_give_payload(w->run, w->call->op, payload);
  if (rc == DURABLE_OK || durable_error_is_fatal(rc))
    return rc;
  return dur_give_failure(
      w->run, w->call->op,
      dur_failure_of_code(w->in, rc, "the result is too large to be stored"),
      0);
}

/* The engine's composition.  A part that is not of the form makes the operation
 * fail, with the engine's reason. */
static int give_composed(work *w, int form) {
  const durable_failure *failure = NULL;
  durable_engine *e = durable_host_enter(w->run->host);
  int rc = durable_engine_op_compose(e, w->call->op, form);
  if (rc == DURABLE_OK) {
    w->call->large = durable_engine_op_composed(e, w->call->op);
    rc = durable_engine_op_succeed(e, w->call->op, w->call->large);
  }
  if (rc < 0)
    failure = dur_failure_of_code(w->in, rc, durable_engine_error(e));
  durable_host_leave(w->run->host);
  if (rc >= 0 || durable_error_is_fatal(rc))
    return rc < 0 ? rc : DURABLE_OK;
  return dur_give_failure(w->run, w->call->op, failure, 0);
}

/* ---- a batch */

static int add_item(work *w, durable_value *all,
                    const durable_engine_item *it) {
  const durable_value *value = NULL, *error = NULL;
  dur_fault fault;
  if (it->status == DURABLE_STATUS_SUCCEEDED &&
      dur_deserialize(w->run, it->op, w->call->plan->item_serdes, w->in,
                      it->result, &value, &fault) != DURABLE_OK)
    return give_fault(w, &fault) == DURABLE_OK ? 1 : DURABLE_E_STATE;
  if (it->status == DURABLE_STATUS_FAILED && it->error.data)
    (void)durable_value_parse(w->in, DURABLE_FORM_PLAIN, it->error, &error);
  dur_batch_add(w->in, all, it->index, it->status,
                durable_value_copy(w->in, value),
                durable_value_copy(w->in, error));
  return 0;
}

static durable_engine_item item_at(work *w, uint32_t index) {
  durable_engine_item item = DURABLE_ENGINE_ITEM_INIT;
  durable_engine *e = durable_host_enter(w->run->host);
  if (durable_engine_group_item(e, w->call->op, index, &item) < 0)
    item.status = 0;
  durable_host_leave(w->run->host);
  return item;
}

static const char *reason_of(work *w) {
  durable_engine *e = durable_host_enter(w->run->host);
  durable_bytes reason = durable_engine_group_reason(e, w->call->op);
  durable_host_leave(w->run->host);
  return durable_values_keep(w->in, reason).data;
}

static int give_batch(work *w) {
  int form = dur_serdes_form(w->call->serdes);
  if (form >= 0 && w->call->serdes == w->call->plan->item_serdes)
    return give_composed(w, form);
  durable_value *all, *batch = dur_batch_value(w->in,
                                               form == DURABLE_FORM_TAGGED
                                                   ? DURABLE_KIND_BATCH
                                                   : DURABLE_KIND_OBJECT,
                                               &all);
  for (uint32_t i = 0; i < w->call->plan->count; i++) {
    durable_engine_item item = item_at(w, i);
    int rc = item.status ? add_item(w, all, &item) : 0;
    if (rc != 0)
      return rc < 0 ? rc : DURABLE_OK;
  }
  durable_value_set(w->in, batch, "all", all);
  durable_value_set(w->in, batch, "completionReason",
                    durable_value_str(w->in, reason_of(w)));
  return give_value(w, batch);
}

/* ---- a combinator */

/* The engine can read what this input stores. */
static int is_composable(const dur_call *input, int form) {
  switch (input->kind) {
  case DUR_CALL_WAIT:
  case DUR_CALL_CALLBACK:
    return 1;
  case DUR_CALL_INVOKE:
    return dur_serdes_form(input->serdes) == DURABLE_FORM_PLAIN;
  case DUR_CALL_CALLBACK_RESULT:
    return !input->received;
  default:
    return !input->is_raw && dur_serdes_form(input->serdes) == form;
  }
}

static int all_composable(const dur_call *call, int form) {
  for (size_t i = 0; i < call->count; i++)
    if (!is_composable(&call->inputs[i]->call, form))
      return 0;
  return form >= 0;
}

/* 0, or a code; a failed input is no error here. */
static int settle(work *w, durable_future *f) {
  int rc = dur_future_await(w->strand, f);
  return rc == DURABLE_OK || rc == DURABLE_FAILED ? 0 : rc;
}

static durable_value *settled_value(work *w, const durable_future *f) {
  if (f->code == DURABLE_FAILED)
    return durable_value_pack(w->in, "{s:s, s:V}", "status", "rejected",
                              "reason",
                              dur_failure_value(w->in, f->call.failure));
  return durable_value_pack(w->in, "{s:s, s:v}", "status", "fulfilled", "value",
                            f->call.value);
}

static int give_list(work *w) {
  durable_value *list = durable_value_list(w->in);
  for (size_t i = 0; i < w->call->count; i++) {
    durable_future *f = w->call->inputs[i];
    int rc = settle(w, f);
    if (rc != 0)
      return rc;
    if (w->call->mode == DURABLE_COMBINE_ALL && f->code == DURABLE_FAILED)
      return dur_give_failure(w->run, w->call->op, f->call.failure, 0);
    durable_value_append(w->in, list,
                         w->call->mode == DURABLE_COMBINE_SETTLED
                             ? settled_value(w, f)
                             : durable_value_copy(w->in, f->call.value));
  }
  return give_value(w, list);
}

static int give_combined(work *w) {
  int form = dur_serdes_form(w->call->serdes);
  if (all_composable(w->call, form))
    return give_composed(w, form);
  durable_engine *e = durable_host_enter(w->run->host);
  int winner = durable_engine_op_winner(e, w->call->op);
  durable_host_leave(w->run->host);
  if (winner < 0)
    return give_list(w);
  durable_future *f = w->call->inputs[winner];
  int rc = settle(w, f);
  if (rc != 0)
    return rc;
  if (f->code == DURABLE_FAILED)
    return dur_give_failure(w->run, w->call->op, f->call.failure, 0);
  return give_value(w, f->call.value);
}

/* ---- wait_for_callback */

static int give_received(work *w) {
  int form = dur_serdes_form(w->call->serdes);
  if (!w->call->received && form >= 0)
    return give_composed(w, form);
  const durable_serdes *received =
      w->call->received ? w->call->received : durable_serdes_raw();
  const durable_value *value;
  dur_fault fault;
  durable_engine *e = durable_host_enter(w->run->host);
  durable_bytes text = durable_engine_op_state(e, w->call->op);
  durable_host_leave(w->run->host);
  if (dur_deserialize(w->run, w->call->op, received, w->in, text, &value,
                      &fault) != DURABLE_OK)
    return give_fault(w, &fault);
  return give_value(w, value);
}

static int give(work *w) {
  switch (w->call->kind) {
  case DUR_CALL_GROUP:
    return give_batch(w);
  case DUR_CALL_COMBINE:
    return give_combined(w);
  default:
    return give_received(w);
  }
}

int dur_payload_run(dur_strand *strand, dur_call *call) {
  work w = {.strand = strand, .run = strand->run, .call = call};
  if (durable_values_new(&w.in, NULL) != 0)
    return dur_give_failure(strand->run, call->op, &dur_failure_no_memory, 1);
  int rc = give(&w);
  durable_values_free(w.in);
  if (rc == DURABLE_SUSPENDED)
    (void)dur_give_nothing(strand->run, call->op, 0);
  return rc;
}
