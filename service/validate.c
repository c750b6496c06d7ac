/* validate: the rules of a batch and of each update; see validate.h. */
#include "validate.h"
#include "run.h"
#include <string.h>

/* What the batch has seen so far, by operation id. */
typedef struct batch {
  dur_map last;    /* dur_update: the newest update of an id */
  dur_map started; /* dur_update: contexts that this batch starts */
} batch;

static const char NO_MEMORY[] = "out of memory";

static const char *execution_rules(const dur_update *updates, size_t count) {
  size_t seen = 0;
  for (size_t i = 0; i < count; i++)
    seen += updates[i].type == DUR_TYPE_EXECUTION;
  if (seen > 1)
    return "Cannot checkpoint multiple EXECUTION updates.";
  if (seen == 1 && updates[count - 1].type != DUR_TYPE_EXECUTION)
    return "EXECUTION checkpoint must be the last update.";
  return NULL;
}

static const char *same_id_rule(batch *b, const dur_update *updates,
                                size_t count) {
  for (size_t i = 0; i < count; i++) {
    const dur_update *u = &updates[i];
    const dur_update *last = dur_map_get(&b->last, u->id);
    int pairs = u->type == DUR_TYPE_STEP || u->type == DUR_TYPE_CONTEXT;
    if (last != NULL && !(pairs && last->action == DUR_ACTION_START &&
                          u->action != DUR_ACTION_START))
      return "Cannot checkpoint multiple operations with the same ID.";
    if (last != NULL && last->type != u->type)
      return "Inconsistent operation type.";
    if (dur_map_put(&b->last, u->id, (void *)(uintptr_t)u) != 0)
      return NO_MEMORY;
  }
  return NULL;
}

static const char *parent_rule(batch *b, const dur_run *run,
                               const dur_update *updates, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const dur_update *u = &updates[i];
    if (u->parent_id.len > 0 &&
        dur_map_get(&b->started, u->parent_id) == NULL) {
      const dur_item *parent = dur_item_find(run, u->parent_id);
      if (parent == NULL || parent->op.type != DUR_TYPE_CONTEXT)
        return "Invalid parent operation id.";
    }
    if (u->type == DUR_TYPE_CONTEXT && u->action == DUR_ACTION_START &&
        dur_map_put(&b->started, u->id, (void *)(uintptr_t)u) != 0)
      return NO_MEMORY;
  }
  return NULL;
}

static int differs(dur_bytes given, dur_bytes stored) {
  return given.len > 0 && !dur_bytes_eq(given, stored);
}

static const char *consistency(const dur_item *item, const dur_update *u) {
  if (item == NULL)
    return NULL;
  if (item->op.type != u->type)
    return "Inconsistent operation type.";
  if (differs(u->sub_type, item->op.sub_type))
    return "Inconsistent operation subtype.";
  if (differs(u->name, item->op.name))
    return "Inconsistent operation name.";
  if (differs(u->parent_id, item->op.parent_id))
    return "Inconsistent parent operation id.";
  return NULL;
}

static int action_allowed(const dur_update *u) {
  switch (u->type) {
  case DUR_TYPE_STEP:
    return u->action != DUR_ACTION_CANCEL;
  case DUR_TYPE_CONTEXT:
    return u->action == DUR_ACTION_START || u->action == DUR_ACTION_SUCCEED ||
           u->action == DUR_ACTION_FAIL;
  case DUR_TYPE_WAIT:
  case DUR_TYPE_CHAINED_INVOKE:
    return u->action == DUR_ACTION_START || u->action == DUR_ACTION_CANCEL;
  case DUR_TYPE_CALLBACK:
    return u->action == DUR_ACTION_START;
  case DUR_TYPE_EXECUTION:
    return u->action == DUR_ACTION_SUCCEED || u->action == DUR_ACTION_FAIL;
  default:
    return 0;
  }
}

/* SUCCEED carries no error and FAIL no payload, whatever the type. */
static const char *outcome_rule(const dur_update *u) {
  if (u->action == DUR_ACTION_FAIL && u->payload.data != NULL)
    return "Cannot provide a Payload for FAIL action.";
  if (u->action == DUR_ACTION_SUCCEED && u->has_error)
    return "Cannot provide an Error for SUCCEED action.";
  return NULL;
}

static const char *step_rule(const dur_item *item, const dur_update *u) {
  dur_status status = item ? item->op.status : DUR_STATUS_READY;
  int open = status == DUR_STATUS_STARTED || status == DUR_STATUS_READY;
  switch (u->action) {
  case DUR_ACTION_START:
    return status == DUR_STATUS_READY ? NULL
                                      : "Invalid current STEP state to start.";
  case DUR_ACTION_RETRY:
    if (!open)
      return "Invalid current STEP state to re-attempt.";
    if (!u->has_step)
      return "Invalid StepOptions for the given action.";
    if (u->has_error && u->payload.data != NULL)
      return "Cannot provide both error and payload to RETRY a STEP.";
    return NULL;
  default:
    return open ? outcome_rule(u) : "Invalid current STEP state to close.";
  }
}

static const char *context_rule(const dur_item *item, const dur_update *u) {
  if (u->action == DUR_ACTION_START)
    return item ? "Cannot start a CONTEXT that already exist." : NULL;
  if (item != NULL && item->op.status != DUR_STATUS_STARTED)
    return "Invalid current CONTEXT state to close.";
  return outcome_rule(u);
}

static const char *wait_rule(const dur_item *item, const dur_update *u) {
  if (u->action == DUR_ACTION_START) {
    if (item != NULL)
      return "Cannot start a WAIT that already exist.";
    return u->has_wait ? NULL : "Invalid WaitOptions for the given action.";
  }
  if (item == NULL || item->op.status != DUR_STATUS_STARTED)
    return "Cannot cancel a WAIT that does not exist or has already completed.";
  return NULL;
}

static const char *invoke_rule(const dur_item *item, const dur_update *u) {
  if (u->action == DUR_ACTION_START) {
    if (item != NULL)
      return "Cannot start an INVOKE that already exist.";
    if (!u->has_invoke || u->function_name.len == 0)
      return "Invalid ChainedInvokeOptions for the given action.";
    return NULL;
  }
  if (item == NULL || item->op.status != DUR_STATUS_STARTED)
    return "Cannot cancel an INVOKE that does not exist or has already "
           "completed.";
  return NULL;
}

static const char *transition(const dur_item *item, const dur_update *u) {
  switch (u->type) {
  case DUR_TYPE_STEP:
    return step_rule(item, u);
  case DUR_TYPE_CONTEXT:
    return context_rule(item, u);
  case DUR_TYPE_WAIT:
    return wait_rule(item, u);
  case DUR_TYPE_CALLBACK:
    return item ? "Cannot start a CALLBACK that already exist." : NULL;
  case DUR_TYPE_CHAINED_INVOKE:
    return invoke_rule(item, u);
  default:
    return outcome_rule(u);
  }
}

/* Against the state before the batch, also for the second of a pair. */
static const char *single_rules(const dur_run *run, const dur_update *u) {
  const dur_item *item = dur_item_find(run, u->id);
  const char *refusal = consistency(item, u);
  if (refusal == NULL && !action_allowed(u))
    refusal = "Invalid action for the given operation type.";
  return refusal ? refusal : transition(item, u);
}

static const char *judge(batch *b, const dur_run *run,
                         const dur_update *updates, size_t count) {
  const char *refusal = execution_rules(updates, count);
  if (refusal == NULL)
    refusal = same_id_rule(b, updates, count);
  if (refusal == NULL)
    refusal = parent_rule(b, run, updates, count);
  for (size_t i = 0; i < count && refusal == NULL; i++)
    refusal = single_rules(run, &updates[i]);
  return refusal;
}

int dur_validate_updates(const dur_run *run, const dur_update *updates,
                         size_t count, char message[DUR_MESSAGE_SIZE]) {
  if (dur_validate_shapes(updates, count, message) != 0)
    return -1;
  batch b = {0};
  dur_map_init(&b.last, &dur_mem_default);
  dur_map_init(&b.started, &dur_mem_default);
  const char *refusal = judge(&b, run, updates, count);
  dur_map_drop(&b.last);
  dur_map_drop(&b.started);
  if (refusal == NULL)
    return 0;
  memcpy(message, refusal, strlen(refusal) + 1);
  return -1;
}
