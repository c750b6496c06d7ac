/* group: what the exported functions say of a map or a parallel. */
#include "door.h"

static const dur_op *group_of(const durable_engine *e, durable_op_id op) {
  const dur_op *it = dur_op_peek(e, op);
  return it && it->kind == DUR_KIND_GROUP ? it : NULL;
}

int durable_engine_branch(durable_engine *e, durable_op_id group,
                          durable_engine_branch_info *out) {
  if (!e || !out)
    return DURABLE_E_ARGUMENT;
  const dur_op *op = group_of(e, group);
  if (!op)
    return dur_refuse(e, DURABLE_E_HANDLE, "the operation is not a group",
                      NULL);
  dur_branch *branch = op->u.group->spawning;
  if (!branch || !branch->task)
    return dur_refuse(e, DURABLE_E_STATE, "no branch was answered SPAWN", NULL);
  int rc = dur_options_room(e, out, "durable_engine_branch_info");
  if (rc != 0)
    return rc;
  op->u.group->spawning = NULL;
  durable_engine_branch_info mine = {.index = branch->index,
                                     .task = branch->task->handle,
                                     .op = branch->op->handle};
  return dur_options_out(e, out, &mine, sizeof mine,
                         "durable_engine_branch_info");
}

static int item_status(const dur_branch *branch, uint32_t started) {
  switch (branch->state) {
  case DUR_BRANCH_SUCCEEDED:
    return DURABLE_STATUS_SUCCEEDED;
  case DUR_BRANCH_FAILED:
    return DURABLE_STATUS_FAILED;
  default:
    return branch->index < started ? DURABLE_STATUS_STARTED : 0;
  }
}

int durable_engine_group_item(const durable_engine *e, durable_op_id group,
                              uint32_t index, durable_engine_item *out) {
  const dur_op *op = group_of(e, group);
  if (!e || !out)
    return DURABLE_E_ARGUMENT;
  if (!op)
    return DURABLE_E_HANDLE;
  const dur_group *g = op->u.group;
  if (index >= g->total)
    return DURABLE_E_ARGUMENT;
  const dur_branch *branch = &g->branches[index];
  durable_engine_item mine = {.index = index,
                              .status = item_status(branch, g->next)};
  const dur_op *it = branch->op;
  if (it) {
    mine.op = it->handle;
    mine.name = DUR_OUT(it->name);
    if (mine.status == DURABLE_STATUS_SUCCEEDED)
      mine.result = DUR_OUT(it->result);
    if (mine.status == DURABLE_STATUS_FAILED)
      mine.error = DUR_OUT(it->error_json);
  }
  return dur_options_out((dur_engine *)(uintptr_t)e, out, &mine, sizeof mine,
                         "durable_engine_item");
}

int durable_engine_group_count(const durable_engine *e, durable_op_id group,
                               int status) {
  const dur_op *op = group_of(e, group);
  if (!op)
    return DURABLE_E_HANDLE;
  const dur_group *g = op->u.group;
  switch (status) {
  case DURABLE_STATUS_SUCCEEDED:
    return (int)g->succeeded;
  case DURABLE_STATUS_FAILED:
    return (int)g->failed;
  case DURABLE_STATUS_STARTED:
    return (int)(g->next - g->succeeded - g->failed);
  default:
    return DURABLE_E_ARGUMENT;
  }
}

durable_bytes durable_engine_group_reason(const durable_engine *e,
                                          durable_op_id group) {
  const dur_op *op = group_of(e, group);
  if (!op || op->u.group->reason == DUR_REASON_OPEN)
    return (durable_bytes){NULL, 0};
  dur_bytes text = dur_cstr(dur_reason_text(op->u.group->reason));
  return DUR_OUT(text);
}
