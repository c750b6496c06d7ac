/* journal: what the service said of every operation.
 *
 * Invariant: entry->op changes here and nowhere else, and |pending| counts
 * exactly the entries for which the service itself will wake the execution. */
#include "engine/internal.h"

dur_entry *dur_entry_find(const dur_engine *e, dur_bytes id) {
  return dur_map_get(&e->entries, id);
}

dur_entry *dur_entry_make(dur_engine *e, dur_bytes id) {
  dur_entry *entry = dur_entry_find(e, id);
  if (entry)
    return entry;
  entry = dur_arena_calloc(&e->arena, sizeof *entry);
  dur_bytes key = dur_arena_copy(&e->arena, id);
  if (!entry || !key.data || dur_map_put(&e->entries, key, entry) != 0) {
    dur_oom(e);
    return NULL;
  }
  entry->op.id = key;
  return entry;
}

/* A retry that is timed, or something outside that will complete. */
static int will_wake(const dur_operation *op) {
  switch (op->type) {
  case DUR_TYPE_STEP:
    return op->status == DUR_STATUS_PENDING;
  case DUR_TYPE_WAIT:
  case DUR_TYPE_CALLBACK:
  case DUR_TYPE_CHAINED_INVOKE:
    return op->status == DUR_STATUS_STARTED || op->status == DUR_STATUS_PENDING;
  default:
    return 0;
  }
}

/* What is kept already is not kept twice: a reply repeats the identity of an operation and
 * the result that was just sent. */
static dur_bytes shared(dur_bytes known, dur_bytes *text) {
  if (!known.data || !text->data || !dur_bytes_eq(known, *text))
    return DUR_NONE;
  *text = DUR_NONE;
  return known;
}

static int keep_operation(dur_engine *e, const dur_operation *from,
                          const dur_entry *entry, dur_operation *to) {
  static const dur_op nobody;
  const dur_op *live = entry->live ? entry->live : &nobody;
  dur_operation rest = *from;
  dur_bytes id = shared(entry->op.id, &rest.id);
  dur_bytes name = shared(live->name, &rest.name);
  dur_bytes sub_type = shared(live->sub_type, &rest.sub_type);
  dur_bytes parent =
      live->ctx ? shared(live->ctx->parent_id, &rest.parent_id) : DUR_NONE;
  dur_bytes result = shared(live->result, &rest.result);
  if (dur_operation_copy(&e->arena, &rest, to) != 0)
    return -1;
  to->id = id.data ? id : to->id;
  to->name = name.data ? name : to->name;
  to->sub_type = sub_type.data ? sub_type : to->sub_type;
  to->parent_id = parent.data ? parent : to->parent_id;
  to->result = result.data ? result : to->result;
  return 0;
}

int dur_journal_merge(dur_engine *e, const dur_operation *op, int keep) {
  dur_entry *entry = dur_entry_find(e, op->id);
  if (!entry) {
    if (!keep)
      entry = dur_entry_make(e, op->id);
    else if ((entry = dur_arena_calloc(&e->arena, sizeof *entry)) == NULL ||
             dur_map_put(&e->entries, op->id, entry) != 0)
      return dur_oom(e);
    if (!entry)
      return DUR_E_NOMEM;
  }
  int was = entry->known && will_wake(&entry->op);
  entry->changed = !entry->known || entry->op.status != op->status ||
                   entry->op.attempt != op->attempt;
  dur_operation mine = *op;
  if (!keep && keep_operation(e, op, entry, &mine) != 0)
    return dur_oom(e);
  entry->op = mine;
  e->known += !entry->known;
  entry->known = 1;
  e->pending += (uint32_t)will_wake(&entry->op);
  e->pending -= (uint32_t)was;
  if (op->type != DUR_TYPE_EXECUTION && e->stage == DUR_STAGE_LOADING)
    e->has_prior = 1;
  return 0;
}

void dur_journal_set_status(dur_engine *e, dur_entry *entry, dur_status s) {
  e->pending -= (uint32_t)(entry->known && will_wake(&entry->op));
  e->known += !entry->known;
  entry->known = 1;
  entry->op.status = s;
  e->pending += (uint32_t)will_wake(&entry->op);
}
