/* claim: taking the next id of a context, and checking it against the record.
 *
 * Invariant: an id is taken only after everything about the call was found
 * valid, so a refused call leaves the context as it was.  What is on record
 * under the id must be the same operation: type, sub-type, name and parent. */
#include "engine/internal.h"

int dur_check_name(dur_engine *e, dur_bytes name) {
  if (name.len == 0 || dur_name_ok(name))
    return 0;
  return dur_refuse(e, DUR_E_LIMIT,
                    "an operation name has 1 to 256 printable ASCII "
                    "characters",
                    NULL);
}

int dur_check_sub_type(dur_engine *e, dur_bytes sub_type) {
  if (!sub_type.data || dur_sub_type_ok(sub_type))
    return 0;
  return dur_refuse_bytes(e, DUR_E_LIMIT, "sub-type \"", sub_type,
                          "\" is not 1 to 32 of A-Z a-z 0-9 - _");
}

/* ---- non-determinism */

static void describe(dur_buf *out, dur_bytes type, dur_bytes sub_type,
                     dur_bytes name, dur_bytes parent) {
  dur_buf_bytes(out, type);
  if (sub_type.len) {
    dur_buf_char(out, '/');
    dur_buf_bytes(out, sub_type);
  }
  if (name.len) {
    dur_buf_str(out, " \"");
    dur_buf_bytes(out, name);
    dur_buf_char(out, '"');
  } else {
    dur_buf_str(out, " without a name");
  }
  if (parent.len) {
    dur_buf_str(out, " in context ");
    dur_buf_bytes(out, parent);
  } else {
    dur_buf_str(out, " at the root");
  }
}

static int mismatch(dur_engine *e, const dur_ctx *ctx, const dur_claim *claim,
                    const dur_entry *entry) {
  const dur_operation *was = &entry->op;
  dur_bytes type = was->type == DUR_TYPE_OTHER
                       ? was->type_text
                       : dur_cstr(dur_type_text(was->type));
  dur_buf text; /* the claim's name may stand in e->text */
  dur_buf_init(&text, &e->mem, 65536);
  dur_buf_str(&text, "Non-deterministic execution detected: operation ");
  dur_buf_bytes(&text, was->id);
  dur_buf_str(&text, " was recorded as ");
  describe(&text, type, was->sub_type, was->name, was->parent_id);
  dur_buf_str(&text, ", but the code now asks for ");
  if (claim->is_virtual)
    dur_buf_str(&text, "a virtual context, which is never recorded: ");
  describe(&text, dur_cstr(dur_type_text(claim->type)),
           dur_cstr(claim->sub_type), claim->name, ctx->parent_id);
  dur_buf_str(&text, ". The order of operations must not depend on anything "
                     "that changes between replays.");
  int rc = dur_latch(e, DUR_E_NONDETERMINISM, 0,
                     "NonDeterministicExecutionError", dur_buf_view(&text));
  dur_buf_drop(&text);
  return rc;
}

static int matches(const dur_ctx *ctx, const dur_claim *claim,
                   const dur_operation *was) {
  return !claim->is_virtual && was->type == claim->type &&
         dur_bytes_eq(was->name, claim->name) &&
         dur_bytes_eq(was->parent_id, ctx->parent_id) &&
         (was->sub_type.len == 0 ||
          dur_bytes_eq(was->sub_type, dur_cstr(claim->sub_type)));
}

/* ---- making operations */

static dur_op *op_make(dur_engine *e, const dur_claim *claim) {
  dur_op *op = dur_arena_calloc(&e->arena, sizeof *op);
  if (!op) {
    dur_oom(e);
    return NULL;
  }
  op->handle = dur_handle_new(e, DUR_HANDLE_OP, op);
  if (op->handle < 0)
    return NULL;
  op->kind = (uint8_t)claim->kind;
  op->is_virtual = claim->is_virtual != 0;
  return op;
}

/* A text that the record has too is not kept twice. */
static int keep_text(dur_engine *e, dur_bytes text, dur_bytes recorded,
                     dur_bytes *out) {
  if (text.len && dur_bytes_eq(text, recorded)) {
    *out = recorded;
    return 0;
  }
  return dur_keep(e, text, out);
}

static int op_fill(dur_engine *e, dur_op *op, const dur_claim *claim,
                   const dur_entry *entry) {
  static const dur_operation nothing;
  const dur_operation *was = entry && entry->known ? &entry->op : &nothing;
  int rc = keep_text(e, claim->name, was->name, &op->name);
  if (rc == 0)
    rc = keep_text(e, dur_cstr(claim->sub_type), was->sub_type, &op->sub_type);
  return rc;
}

/* An earlier thread of this branch claimed it: go on where it is. */
static int reclaim(dur_engine *e, dur_ctx *ctx, const dur_claim *claim,
                   dur_op *op) {
  if (op->kind != (uint8_t)claim->kind ||
      !dur_bytes_eq(op->name, claim->name)) {
    dur_entry seen = {.op = {.id = op->id,
                             .type = claim->type,
                             .name = op->name,
                             .sub_type = op->sub_type,
                             .parent_id = op->ctx->parent_id}};
    return mismatch(e, ctx, claim, &seen);
  }
  op->ctx = ctx;
  return 0;
}

static int is_rebuilt(const dur_ctx *ctx) {
  for (; ctx->owner; ctx = ctx->owner->ctx)
    if (ctx->owner->rebuild)
      return 1;
  return 0;
}

/* Made again for its result, a finished context writes nothing: what it left
 * open, or never came to, stays as it is. */
static int is_left_open(const dur_ctx *ctx, const dur_op *op) {
  const dur_entry *entry = op->entry;
  if (!entry || op->is_virtual ||
      (entry->known && (dur_status_is_terminal(entry->op.status) ||
                        (entry->op.type != DUR_TYPE_STEP &&
                         entry->op.type != DUR_TYPE_CONTEXT))))
    return 0;
  return is_rebuilt(ctx);
}

int dur_claim_at(dur_engine *e, dur_ctx *ctx, const dur_claim *claim,
                 dur_bytes id, uint64_t number, dur_op **out) {
  dur_entry *entry = NULL;
  if (id.data) {
    entry = dur_entry_make(e, id);
    if (!entry)
      return DUR_E_NOMEM;
  }
  dur_op *op = entry ? entry->live : NULL;
  int again = op != NULL;
  if (again) {
    if (reclaim(e, ctx, claim, op) != 0)
      again = 0;
  } else {
    op = op_make(e, claim);
    if (!op || op_fill(e, op, claim, entry) != 0)
      return DUR_E_NOMEM;
    op->ctx = ctx;
    op->entry = entry;
    op->number = number;
    op->journaled = entry != NULL;
    if (entry) {
      entry->live = op;
      op->id = entry->op.id;
      op->replayed = entry->known && dur_status_is_terminal(entry->op.status);
    }
    if (entry && entry->known && !matches(ctx, claim, &entry->op))
      mismatch(e, ctx, claim, entry);
  }
  op->orphan = dur_ctx_is_mute(ctx) || e->stage >= DUR_STAGE_CLOSING ||
               is_left_open(ctx, op);
  *out = op;
  return 0;
}

int dur_claim_op(dur_engine *e, dur_ctx *ctx, const dur_claim *claim,
                 dur_op **out) {
  dur_bytes id;
  int rc = dur_ctx_peek(e, ctx, &id);
  if (rc != 0)
    return rc;
  rc = dur_claim_at(e, ctx, claim, id, ctx->counter + 1, out);
  if (rc != 0)
    return rc;
  ctx->counter++;
  ctx->next_id_len = 0;
  dur_ctx_before(e, ctx, *out);
  return 0;
}

int dur_claim_is_new(dur_engine *e, dur_ctx *ctx) {
  dur_bytes id;
  int rc = dur_ctx_peek(e, ctx, &id);
  if (rc != 0)
    return rc;
  const dur_entry *entry = dur_entry_find(e, id);
  return !(entry && (entry->known || entry->live)) && !e->fatal &&
         !e->closed_by_service && e->stage < DUR_STAGE_CLOSING &&
         !dur_ctx_is_mute(ctx) && !is_rebuilt(ctx);
}
