/* combine: all, settled, any and race over operations already claimed.
 *
 * Which input decides is user-visible, so the outcome is a CONTEXT of its own.
 * Of several inputs that are settled when it is looked at, the one that ended
 * first decides; the losers go on and their results are dropped. */
#include <string.h>

#include "engine/internal.h"

enum { ALL = 1, SETTLED, ANY, RACE };

int dur_combine_claim(dur_engine *e, dur_ctx *ctx, dur_bytes name, int mode,
                      dur_op **ops, size_t count, dur_op **out) {
  dur_claim claim = {DUR_KIND_COMBINE, DUR_TYPE_CONTEXT, "RunInChildContext",
                     name, 0};
  dur_op **copy = dur_arena_alloc(&e->arena, (count + 1) * sizeof *copy);
  if (!copy)
    return dur_oom(e);
  if (count)
    memcpy(copy, ops, count * sizeof *copy);
  int rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_op *op = *out;
  if (op->phase == DUR_PHASE_SETTLED) /* claimed again by its branch */
    return 0;
  op->u.combine.ops = copy;
  op->u.combine.count = (uint32_t)count;
  op->u.combine.mode = (uint8_t)mode;
  op->u.combine.winner = -1;
  return dur_context_start(e, op) ? e->fatal : 0;
}

static int64_t end_of(const dur_op *op) {
  return op->entry && op->entry->known && op->entry->op.end_ms
             ? op->entry->op.end_ms
             : INT64_MAX;
}

static int ended_before(const dur_op *a, const dur_op *b) {
  if (end_of(a) != end_of(b))
    return end_of(a) < end_of(b);
  return a->settle_number < b->settle_number;
}

typedef struct tally {
  uint32_t ok, failed;
  int32_t first, first_ok, first_failed; /* -1: none */
} tally;

static void count(dur_engine *e, dur_op *op, tally *t) {
  dur_op **ops = op->u.combine.ops;
  *t = (tally){0, 0, -1, -1, -1};
  for (uint32_t i = 0; i < op->u.combine.count; i++) {
    dur_op_look(e, ops[i]);
    if (ops[i]->phase != DUR_PHASE_SETTLED)
      continue;
    int ok = ops[i]->status == DUR_STATUS_SUCCEEDED;
    int32_t *best = ok ? &t->first_ok : &t->first_failed;
    t->ok += (uint32_t)ok;
    t->failed += (uint32_t)!ok;
    if (*best < 0 || ended_before(ops[i], ops[*best]))
      *best = (int32_t)i;
    if (t->first < 0 || ended_before(ops[i], ops[t->first]))
      t->first = (int32_t)i;
  }
}

static int reject(dur_engine *e, dur_op *op, int32_t winner) {
  const dur_op *input = op->u.combine.ops[winner];
  op->u.combine.winner = winner;
  op->error = (dur_error){.type = dur_error_type(e, "PromiseCombinatorError"),
                          .message = input->error.message,
                          .data = input->error.data};
  if (op->u.combine.mode == ANY) {
    dur_buf_reset(&e->text);
    dur_buf_str(&e->text, "All operations failed; the first: ");
    dur_buf_bytes(&e->text, input->error.message);
    if (dur_keep(e, dur_text(e), &op->error.message) != 0)
      return DUR_SUSPEND;
  }
  return dur_context_fail(e, op, DUR_ERR_COMBINATOR) ? DUR_SUSPEND : DUR_PARK;
}

static int fulfil(dur_engine *e, dur_op *op, int32_t winner) {
  op->u.combine.winner = winner;
  return dur_op_run(e, op, DUR_BODY_PAYLOAD, 0);
}

/* A value that is too large is taken from its input again; which one that was
 * is stored, since inputs that have no record do not tell when they ended. */
int dur_combine_summary(dur_engine *e, dur_op *op) {
  dur_bytes text = DUR_LIT("");
  dur_buf_reset(&e->text);
  dur_buf_i64(&e->text, op->u.combine.winner);
  if (op->u.combine.winner >= 0 &&
      dur_keep(e, dur_buf_view(&e->text), &text) != 0)
    return DUR_E_NOMEM;
  return dur_context_summary(e, op, text);
}

/* The stored input, or -1: there is none. */
static int32_t stored_winner(const dur_op *op) {
  int64_t n;
  if (!op->rebuild || op->entry->op.result.len == 0 ||
      !dur_number_int(op->entry->op.result, &n) || n < 0 ||
      n >= op->u.combine.count)
    return -1;
  return (int32_t)n;
}

int dur_combine_next(dur_engine *e, dur_op *op) {
  tally t;
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (dur_status_is_terminal(dur_op_recorded(op))) {
    if (dur_op_recorded(op) == DUR_STATUS_SUCCEEDED &&
        op->entry->op.replay_children)
      op->rebuild = 1;
    else {
      dur_settle_recorded(e, op, DUR_ERR_COMBINATOR);
      return DUR_DONE;
    }
  }
  uint32_t total = op->u.combine.count;
  int32_t winner = stored_winner(op);
  count(e, op, &t);
  if (winner >= 0)
    return op->u.combine.ops[winner]->phase == DUR_PHASE_SETTLED
               ? fulfil(e, op, winner)
               : DUR_PARK;
  switch (op->u.combine.mode) {
  case ALL:
    if (t.failed)
      return reject(e, op, t.first_failed);
    return t.ok == total ? fulfil(e, op, -1) : DUR_PARK;
  case SETTLED:
    return t.ok + t.failed == total ? fulfil(e, op, -1) : DUR_PARK;
  case ANY:
    if (t.ok)
      return fulfil(e, op, t.first_ok);
    return t.failed == total ? reject(e, op, t.first_failed) : DUR_PARK;
  default:
    if (t.first < 0)
      return DUR_PARK;
    return t.first == t.first_ok ? fulfil(e, op, t.first)
                                 : reject(e, op, t.first);
  }
}
