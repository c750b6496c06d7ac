/* operation: tasks, the one verb, outcomes, and what is known of an operation.
 */
#include <string.h>

#include "door.h"

static const durable_bytes absent = {NULL, 0};

/* ---- tasks and contexts */

durable_task_id durable_engine_root_task(const durable_engine *e) {
  return e && e->root_task ? e->root_task->handle : DURABLE_E_ARGUMENT;
}

durable_ctx_id durable_engine_root_ctx(const durable_engine *e) {
  return e && e->root_ctx ? e->root_ctx->handle : DURABLE_E_ARGUMENT;
}

durable_task_id durable_engine_task_new(durable_engine *e, durable_ctx_id ctx) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  dur_ctx *where = dur_ctx_in(e, ctx);
  if (!where)
    return DURABLE_E_HANDLE;
  if (e->stage == DUR_STAGE_OVER || e->stage == DUR_STAGE_LOADING)
    return dur_refuse(e, DURABLE_E_STATE, "tasks are made while user code runs",
                      NULL);
  dur_task *task = dur_task_make(e, NULL, where);
  return task ? task->handle : DURABLE_E_NOMEM;
}

int durable_engine_task_end(durable_engine *e, durable_task_id task) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  dur_task *it = dur_task_in(e, task);
  if (!it)
    return DURABLE_E_HANDLE;
  dur_task_finish(e, it);
  return 0;
}

int durable_engine_task_idle(durable_engine *e, durable_task_id task,
                             int idle) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  dur_task *it = dur_task_in(e, task);
  return it ? dur_task_idle(e, it, idle) : DURABLE_E_HANDLE;
}

static int records_drained(dur_engine *e) {
  if (!e->notes)
    return 0;
  return dur_refuse(e, DURABLE_E_STATE,
                    "records are undelivered: drain record_next first", NULL);
}

static int is_loaded(dur_engine *e) {
  if (e->stage != DUR_STAGE_LOADING)
    return 0;
  return dur_refuse(e, DURABLE_E_STATE, "the state is not loaded yet", NULL);
}

int durable_engine_task_wait(durable_engine *e, durable_task_id task,
                             const durable_op_id *ops, size_t count, int all) {
  if (!e || !ops || count == 0 || count > DUR_BATCH_MAX_ITEMS)
    return DURABLE_E_ARGUMENT;
  dur_task *it = dur_task_in(e, task);
  if (!it)
    return DURABLE_E_HANDLE;
  int rc = records_drained(e);
  if (rc == 0)
    rc = is_loaded(e);
  if (rc != 0)
    return rc;
  dur_op **list = dur_alloc(&e->mem, count * sizeof *list);
  if (!list)
    return dur_oom(e);
  for (size_t i = 0; i < count && rc == 0; i++) {
    list[i] = dur_op_in(e, ops[i]);
    rc = list[i] ? 0 : DURABLE_E_HANDLE;
  }
  if (rc == 0)
    rc = dur_task_wait(e, it, list, count, all);
  dur_free(&e->mem, list, count * sizeof *list);
  return rc;
}

int durable_engine_ctx_is_replaying(const durable_engine *e,
                                    durable_ctx_id ctx) {
  const dur_ctx *it = dur_ctx_look(e, ctx);
  return it ? it->replaying : DURABLE_E_HANDLE;
}

durable_bytes durable_engine_ctx_parent_id(const durable_engine *e,
                                           durable_ctx_id ctx) {
  const dur_ctx *it = dur_ctx_look(e, ctx);
  return it ? DUR_OUT(it->parent_id) : absent;
}

/* ---- the one verb and the outcomes */

int durable_engine_next(durable_engine *e, durable_task_id task,
                        durable_op_id op) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  dur_task *who = dur_task_in(e, task);
  dur_op *what = who ? dur_op_in(e, op) : NULL;
  if (!what)
    return DURABLE_E_HANDLE;
  int rc = records_drained(e);
  if (rc == 0)
    rc = is_loaded(e);
  return rc != 0 ? rc : dur_next(e, who, what);
}

#define ENTER(e, handle)                                                       \
  if (!(e))                                                                    \
    return DURABLE_E_ARGUMENT;                                                 \
  dur_op *it = dur_op_in((e), (handle));                                       \
  if (!it)                                                                     \
  return DURABLE_E_HANDLE

int durable_engine_op_succeed(durable_engine *e, durable_op_id op,
                              durable_bytes payload) {
  ENTER(e, op);
  int rc = dur_bytes_in(e, payload, "payload");
  return rc != 0 ? rc : dur_op_succeed(e, it, DUR_TEXT(payload));
}

int durable_engine_op_fail(durable_engine *e, durable_op_id op,
                           durable_bytes error, int retryable) {
  ENTER(e, op);
  int rc = dur_bytes_in(e, error, "error");
  return rc != 0 ? rc : dur_op_fail(e, it, DUR_TEXT(error), retryable);
}

int durable_engine_op_abandon(durable_engine *e, durable_op_id op,
                              int retry_invocation) {
  ENTER(e, op);
  return dur_op_abandon(e, it, retry_invocation);
}

int durable_engine_op_decide(durable_engine *e, durable_op_id op, int decision,
                             int64_t delay_s) {
  ENTER(e, op);
  if (decision < DURABLE_DECIDE_STOP || decision > DURABLE_DECIDE_FAIL ||
      (decision == DURABLE_DECIDE_FAIL && it->kind != DUR_KIND_GROUP))
    return dur_refuse(e, DURABLE_E_ARGUMENT, "unknown decision", NULL);
  if (delay_s > DUR_SECONDS_MAX)
    delay_s = DUR_SECONDS_MAX;
  return dur_op_decide(e, it, decision, delay_s);
}

int durable_engine_op_summary(durable_engine *e, durable_op_id op,
                              durable_bytes text) {
  ENTER(e, op);
  int rc = dur_bytes_in(e, text, "text");
  return rc != 0 ? rc : dur_op_summary(e, it, DUR_TEXT(text));
}

int durable_engine_op_compose(durable_engine *e, durable_op_id op, int form) {
  ENTER(e, op);
  if (form != DURABLE_FORM_PLAIN && form != DURABLE_FORM_TAGGED)
    return dur_refuse(e, DURABLE_E_ARGUMENT, "form is PLAIN or TAGGED", NULL);
  return dur_op_compose(e, it, form == DURABLE_FORM_TAGGED);
}

durable_bytes durable_engine_op_composed(const durable_engine *e,
                                         durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? DUR_OUT(it->composed) : absent;
}

/* The journaled operation at work inside a composed one. */
static const dur_op *current(const dur_op *op) {
  if (op->kind == DUR_KIND_WAIT_FOR_CALLBACK && op->u.wfc.step &&
      op->u.wfc.step->phase != DUR_PHASE_SETTLED)
    return op->u.wfc.step;
  if (op->kind == DUR_KIND_WAIT_FOR_CALLBACK && op->u.wfc.callback &&
      op->u.wfc.callback->phase != DUR_PHASE_SETTLED)
    return op->u.wfc.callback;
  if (op->kind == DUR_KIND_WITH_RETRY && op->u.again.backoff)
    return op->u.again.backoff;
  return op;
}

int durable_engine_op_decision(const durable_engine *e, durable_op_id op,
                               durable_engine_decision *out) {
  const dur_op *it = dur_op_peek(e, op);
  durable_engine_decision mine = {.what = DURABLE_DECISION_RETRY};
  if (!e || !out)
    return DURABLE_E_ARGUMENT;
  if (!it)
    return DURABLE_E_HANDLE;
  if (it->phase != DUR_PHASE_DECIDE)
    return DURABLE_E_STATE;
  if (it->kind == DUR_KIND_GROUP) {
    const dur_group *g = it->u.group;
    mine.what = DURABLE_DECISION_COMPLETION;
    mine.total = g->total;
    mine.succeeded = g->succeeded;
    mine.failed = g->failed;
    mine.started = g->next;
  } else if (it->kind == DUR_KIND_CONDITION) {
    mine.what = DURABLE_DECISION_POLL;
    mine.attempt = it->attempt;
    mine.state = DUR_OUT(it->result);
  } else {
    const dur_op *at = current(it);
    mine.attempt = at->attempt;
    dur_bytes json = DUR_NONE;
    if (dur_error_json((dur_engine *)(uintptr_t)e, &at->error, &json) != 0)
      return DURABLE_E_NOMEM;
    mine.error = DUR_OUT(json);
  }
  return dur_options_out((dur_engine *)(uintptr_t)e, out, &mine, sizeof mine,
                         "durable_engine_decision");
}

/* ---- getters */

int durable_engine_op_body(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? it->body : DURABLE_E_HANDLE;
}

durable_op_id durable_engine_op_current(const durable_engine *e,
                                        durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? current(it)->handle : DURABLE_E_HANDLE;
}

durable_ctx_id durable_engine_op_ctx(const durable_engine *e,
                                     durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  if (!it)
    return DURABLE_E_HANDLE;
  if (it->kind == DUR_KIND_WITH_RETRY && it->u.again.attempt)
    it = it->u.again.attempt;
  return it->inner ? it->inner->handle : 0;
}

int durable_engine_op_status(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  if (!it)
    return DURABLE_E_HANDLE;
  return it->phase == DUR_PHASE_SETTLED ? it->status : DURABLE_STATUS_STARTED;
}

durable_bytes durable_engine_op_id(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? DUR_OUT(it->id) : absent;
}

durable_bytes durable_engine_op_name(const durable_engine *e,
                                     durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? DUR_OUT(it->name) : absent;
}

durable_bytes durable_engine_op_parent_id(const durable_engine *e,
                                          durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? DUR_OUT(it->ctx->parent_id) : absent;
}

durable_bytes durable_engine_op_state(const durable_engine *e,
                                      durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? DUR_OUT(it->state) : absent;
}

durable_bytes durable_engine_op_callback_id(const durable_engine *e,
                                            durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  if (it && it->kind == DUR_KIND_WAIT_FOR_CALLBACK)
    it = it->u.wfc.callback;
  if (!it || !it->entry || !it->entry->known)
    return absent;
  return DUR_OUT(it->entry->op.callback_id);
}

durable_bytes durable_engine_op_result(const durable_engine *e,
                                       durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it && it->phase == DUR_PHASE_SETTLED ? DUR_OUT(it->result) : absent;
}

durable_bytes durable_engine_op_error(const durable_engine *e,
                                      durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? DUR_OUT(it->error_json) : absent;
}

durable_bytes durable_engine_op_error_field(const durable_engine *e,
                                            durable_op_id op, int field) {
  const dur_op *it = dur_op_peek(e, op);
  if (!it || it->phase != DUR_PHASE_SETTLED)
    return absent;
  switch (field) {
  case DURABLE_ERROR_MESSAGE:
    return DUR_OUT(it->error.message);
  case DURABLE_ERROR_TYPE:
    return DUR_OUT(it->error.type);
  case DURABLE_ERROR_DATA:
    return DUR_OUT(it->error.data);
  case DURABLE_ERROR_STACK:
    return DUR_OUT(it->error.stack);
  default:
    return absent;
  }
}

int durable_engine_op_error_kind(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  if (!it)
    return DURABLE_E_HANDLE;
  return it->phase == DUR_PHASE_SETTLED ? it->error_kind : 0;
}

int durable_engine_op_attempt(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? (int)it->attempt : DURABLE_E_HANDLE;
}

int durable_engine_op_is_replayed(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? it->replayed : DURABLE_E_HANDLE;
}

int durable_engine_op_replays_children(const durable_engine *e,
                                       durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it ? it->rebuild || it->large : DURABLE_E_HANDLE;
}

int durable_engine_op_winner(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it && it->kind == DUR_KIND_COMBINE ? it->u.combine.winner
                                            : DURABLE_E_HANDLE;
}

/* ---- replay-safe values */

int durable_engine_uuid(durable_engine *e, durable_ctx_id ctx, char *out) {
  if (!e || !out)
    return DURABLE_E_ARGUMENT;
  dur_ctx *it = dur_ctx_in(e, ctx);
  return it ? dur_safe_uuid(e, it, out) : DURABLE_E_HANDLE;
}

int64_t durable_engine_now_ms(const durable_engine *e, durable_ctx_id ctx) {
  const dur_ctx *it = dur_ctx_look(e, ctx);
  return it ? dur_safe_now(e, it) : DURABLE_E_HANDLE;
}

int64_t durable_engine_random(durable_engine *e, durable_ctx_id ctx) {
  if (!e)
    return DURABLE_E_ARGUMENT;
  dur_ctx *it = dur_ctx_in(e, ctx);
  return it ? dur_safe_random(e, it) : DURABLE_E_HANDLE;
}
