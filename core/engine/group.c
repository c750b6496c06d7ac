/* group: map and parallel, from the claim to the payload.
 *
 * The batch as an operation succeeds even when branches failed; the failures
 * are in its payload.  A payload over 262,144 bytes is replaced by a summary
 * and made again from the branches on replay. */
#include "engine/group.h"

static int check(dur_engine *e, const dur_group_spec *spec) {
  const dur_completion *c = &spec->completion;
  if (spec->branches > DUR_BATCH_MAX_ITEMS)
    return dur_refuse(e, DUR_E_LIMIT, "a batch has at most 1,000,000 branches",
                      NULL);
  if (spec->has_concurrency && spec->max_concurrency < 1)
    return dur_refuse(e, DUR_E_ARGUMENT, "max_concurrency must be at least 1",
                      NULL);
  if (c->has_min && c->min_successful < 1)
    return dur_refuse(e, DUR_E_ARGUMENT, "min_successful must be at least 1",
                      NULL);
  if (c->has_min && c->min_successful > spec->branches) {
    dur_buf_reset(&e->message);
    dur_buf_str(&e->message,
                "min_successful cannot be greater than total items: ");
    dur_buf_u64(&e->message, c->min_successful);
    dur_buf_str(&e->message, " > ");
    dur_buf_u64(&e->message, spec->branches);
    return DUR_E_ARGUMENT;
  }
  if (c->has_percentage &&
      !(c->tolerated_percentage >= 0 && c->tolerated_percentage <= 100))
    return dur_refuse(e, DUR_E_ARGUMENT,
                      "tolerated_failure_percentage is from 0 to 100", NULL);
  if (spec->caller_decides && (c->has_min || c->has_count || c->has_percentage))
    return dur_refuse(e, DUR_E_ARGUMENT,
                      "a completion predicate excludes thresholds", NULL);
  for (uint32_t i = 0; spec->names && i < spec->branches; i++)
    if (dur_check_name(e, dur_cstr(spec->names[i])) != 0)
      return DUR_E_LIMIT;
  return 0;
}

static int copy_names(dur_engine *e, dur_group *g, const char *const *names) {
  if (!names || g->total == 0)
    return 0;
  g->names = dur_arena_calloc(&e->arena, g->total * sizeof *g->names);
  if (!g->names)
    return dur_oom(e);
  for (uint32_t i = 0; i < g->total; i++)
    if (dur_keep(e, dur_cstr(names[i]), &g->names[i]) != 0)
      return DUR_E_NOMEM;
  return 0;
}

static dur_group *make(dur_engine *e, const dur_group_spec *spec) {
  dur_group *g = dur_arena_calloc(&e->arena, sizeof *g);
  dur_branch *branches = dur_arena_calloc(
      &e->arena, (spec->branches ? spec->branches : 1) * sizeof *branches);
  if (!g || !branches) {
    dur_oom(e);
    return NULL;
  }
  g->branches = branches;
  g->total = spec->branches;
  g->max = spec->max_concurrency ? spec->max_concurrency : spec->branches;
  g->completion = spec->completion;
  g->completion.total = spec->branches;
  g->parallel = spec->parallel != 0;
  g->flat = spec->flat != 0;
  g->decides = g->undecided = spec->caller_decides != 0;
  for (uint32_t i = 0; i < g->total; i++)
    branches[i] = (dur_branch){.group = g, .index = i};
  return copy_names(e, g, spec->names) == 0 ? g : NULL;
}

/* Where branches are numbered after the group, they take ids of its context:
 * all of them with the group, so that what follows has the same id whether the
 * branches run now or the group is found finished. */
static void take_ids(dur_engine *e, dur_group *g) {
  if (!dur_dialect_branches_are_siblings(e->set.dialect))
    return;
  g->op->ctx->counter += g->total;
  g->op->ctx->next_id_len = 0;
}

int dur_group_claim(dur_engine *e, dur_ctx *ctx, const dur_group_spec *spec,
                    dur_op **out) {
  dur_claim claim = {DUR_KIND_GROUP, DUR_TYPE_CONTEXT,
                     spec->parallel ? "Parallel" : "Map", spec->name, 0};
  int rc = check(e, spec);
  if (rc == 0)
    rc = dur_claim_op(e, ctx, &claim, out);
  if (rc != 0)
    return rc;
  dur_op *op = *out;
  int again = op->u.group != NULL; /* by a branch that gave its thread up */
  if (!again)
    op->u.group = make(e, spec);
  if (!op->u.group)
    return e->fatal;
  op->u.group->op = op;
  take_ids(e, op->u.group);
  if (again)
    return 0;
  op->has_summary = spec->has_summary != 0;
  return dur_context_start(e, op) ? e->fatal : 0;
}

/* ---- next */

/* Settled by its record, or ready to run branches; 0 to go on. */
static int open_group(dur_engine *e, dur_group *g) {
  dur_op *op = g->op;
  dur_status status = dur_op_recorded(op);
  if (dur_status_is_terminal(status)) {
    if (status != DUR_STATUS_SUCCEEDED || !op->entry->op.replay_children) {
      dur_settle_recorded(e, op, DUR_ERR_CHILD);
      return DUR_DONE;
    }
    op->rebuild = 1;
    int rc = dur_batch_record_read(&e->arena, op->entry->op.result, &g->record);
    if (rc < 0) {
      dur_oom(e);
      return DUR_SUSPEND;
    }
    g->has_record = rc;
  }
  if (dur_context_start(e, op) != 0 || dur_context_open(e, op) != 0)
    return DUR_SUSPEND;
  g->opened = 1;
  dur_note_body_start(e, op);
  dur_group_recount(e, g);
  return 0;
}

static void decide_by_rule(dur_group *g) {
  if (g->decides) {
    if (g->succeeded + g->failed >= g->total)
      g->reason = DUR_REASON_ALL_COMPLETED;
  } else if (dur_completion_exceeded(&g->completion, g->failed) ||
             dur_completion_complete(&g->completion, g->succeeded, g->failed)) {
    g->reason = dur_completion_reason(&g->completion, g->succeeded, g->failed);
  }
}

/* Everything is decided: what is still running are orphans. */
static int complete(dur_engine *e, dur_group *g) {
  dur_group_recount(e, g);
  dur_context_close(e, g->op);
  return dur_op_run(e, g->op, DUR_BODY_PAYLOAD, 0);
}

static int rebuild(dur_engine *e, dur_group *g) {
  int answer;
  do
    answer = dur_group_rebuild(e, g);
  while (answer == 0);
  return answer < 0 ? complete(e, g) : answer;
}

static int look(dur_engine *e, dur_op *op) {
  dur_group *g = op->u.group;
  if (op->phase == DUR_PHASE_WAITING)
    return DUR_PARK;
  if (!g->opened) {
    int answer = open_group(e, g);
    if (answer != 0)
      return answer;
  }
  if (op->rebuild)
    return rebuild(e, g);
  for (;;) {
    if (g->reason == DUR_REASON_OPEN && g->undecided) {
      op->phase = DUR_PHASE_DECIDE;
      return DUR_DECIDE;
    }
    if (g->reason == DUR_REASON_OPEN)
      decide_by_rule(g);
    if (g->reason != DUR_REASON_OPEN)
      return complete(e, g);
    int answer = dur_group_spawn(e, g);
    dur_group_recount(e, g);
    if (answer != 0)
      return answer;
  }
}

/* Who was woken for a free thread and has no use for it hands it on. */
int dur_group_next(dur_engine *e, dur_op *op) {
  int answer = look(e, op);
  if (answer != DUR_SPAWN)
    dur_group_thread_freed(e);
  return answer;
}

int dur_group_decide(dur_engine *e, dur_op *op, int decision) {
  dur_group *g = op->u.group;
  op->phase = DUR_PHASE_CLAIMED;
  g->undecided = 0;
  if (decision != 1)
    g->reason = decision == 0 ? DUR_REASON_CUSTOM_COMPLETION_SUCCEEDED
                              : DUR_REASON_CUSTOM_COMPLETION_FAILED;
  dur_group_recount(e, g);
  return 0;
}

/* ---- the payload that stands for a large batch */

static char letter(const dur_branch *branch) {
  switch (branch->state) {
  case DUR_BRANCH_SUCCEEDED:
    return DUR_ITEM_SUCCEEDED;
  case DUR_BRANCH_FAILED:
    return DUR_ITEM_FAILED;
  default:
    return DUR_ITEM_STARTED;
  }
}

int dur_group_summary(dur_engine *e, dur_op *op, dur_bytes text) {
  dur_group *g = op->u.group;
  dur_buf statuses, out;
  dur_buf_init(&statuses, &e->mem, DUR_BATCH_MAX_ITEMS + 1);
  dur_buf_init(&out, &e->mem, DUR_PAYLOAD_MAX);
  for (uint32_t i = 0; i < g->next; i++)
    dur_buf_char(&statuses, letter(&g->branches[i]));
  dur_summary summary = {
      .type = g->parallel ? DUR_LIT("ParallelResult") : DUR_LIT("MapResult"),
      .reason = dur_cstr(dur_reason_text(g->reason)),
      .statuses = statuses.len ? dur_buf_view(&statuses) : DUR_LIT(""),
      .text = text};
  dur_summary_write(&out, &summary, 0);
  dur_bytes payload;
  int rc = statuses.failed || out.failed
               ? dur_oom(e)
               : dur_keep(e, dur_buf_view(&out), &payload);
  dur_buf_drop(&statuses);
  dur_buf_drop(&out);
  return rc != 0 ? rc : dur_context_summary(e, op, payload);
}
