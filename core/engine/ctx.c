/* ctx: contexts, and whether their code is still replaying.
 *
 * A context's status only ever goes from replaying to new.  It controls what is
 * logged and told to plugins; it never decides whether an operation runs. */
#include <string.h>

#include "engine/internal.h"

dur_ctx *dur_ctx_make(dur_engine *e, dur_op *owner, dur_bytes path,
                      dur_bytes parent_id, int replaying) {
  dur_ctx *ctx = dur_arena_calloc(&e->arena, sizeof *ctx);
  if (!ctx) {
    dur_oom(e);
    return NULL;
  }
  ctx->handle = dur_handle_new(e, DUR_HANDLE_CTX, ctx);
  if (ctx->handle < 0)
    return NULL;
  ctx->owner = owner;
  ctx->path = path;
  ctx->parent_id = parent_id;
  ctx->replaying = (uint8_t)replaying;
  return ctx;
}

int dur_ctx_is_dead(const dur_ctx *ctx) {
  for (; ctx->owner; ctx = ctx->owner->ctx)
    if (ctx->owner->closed || ctx->owner->inner != ctx)
      return 1;
  return 0;
}

int dur_ctx_is_mute(const dur_ctx *ctx) {
  for (const dur_ctx *c = ctx; c; c = c->owner ? c->owner->ctx : NULL)
    if (c->left)
      return 1;
  return dur_ctx_is_dead(ctx);
}

int dur_ctx_peek(dur_engine *e, dur_ctx *ctx, dur_bytes *id) {
  if (ctx->next_id_len == 0) {
    int len = dur_dialect_id(e->set.dialect, e->hasher, ctx->path,
                             ctx->counter + 1, ctx->next_id);
    if (len < 0)
      return dur_oom(e);
    ctx->next_id_len = (uint8_t)len;
  }
  *id = (dur_bytes){ctx->next_id, ctx->next_id_len};
  return 0;
}

void dur_ctx_before(dur_engine *e, dur_ctx *ctx, dur_op *op) {
  op->boundary = 0;
  op->flip_after = 0;
  if (!ctx->replaying || !op->entry)
    return;
  op->boundary = 1;
  if (!op->entry->known) {
    ctx->replaying = 0;
    return;
  }
  int terminal = dur_status_is_terminal(op->entry->op.status);
  int is_step = op->entry->op.type == DUR_TYPE_STEP;
  dur_note_replayed(e, op->entry, op);
  if (is_step && !terminal)
    ctx->replaying = 0;
  op->flip_after = !terminal && !is_step;
}

void dur_ctx_after(dur_engine *e, dur_op *op) {
  dur_ctx *ctx = op->ctx;
  dur_bytes next;
  if (!op->boundary)
    return;
  op->boundary = 0;
  if (!ctx->replaying)
    return;
  if (op->flip_after) {
    ctx->replaying = 0;
    return;
  }
  if (dur_ctx_peek(e, ctx, &next) != 0)
    return;
  const dur_entry *entry = dur_entry_find(e, next);
  if (!entry || !entry->known)
    ctx->replaying = 0;
}
