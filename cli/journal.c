/* journal: see journal.h. */
#include "journal.h"
#include "format.h"
#include "store.h"
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
  return strcmp(((const cli_op *)a)->id, ((const cli_op *)b)->id);
}

void cli_journal_init(cli_journal *j) {
  *j = (cli_journal){.to_ms = -1};
}

static void op_free(cli_op *op) {
  free(op->id);
  free(op->name);
  free(op->sub_type);
  free(op->callback_id);
  free(op->error);
  free(op->attempts);
  free(op);
}

void cli_journal_drop(cli_journal *j) {
  for (size_t i = 0; i < j->count; i++) {
    tdelete(j->ops[i], &j->by_id, compare);
    op_free(j->ops[i]);
  }
  free(j->ops);
  cli_journal_init(j);
}

static cli_op *find(const cli_journal *j, const char *id) {
  const cli_op key = {.id = (char *)(uintptr_t)id};
  cli_op *const *found = tfind(&key, &j->by_id, compare);
  return found ? *found : NULL;
}

static void hang(cli_journal *j, cli_op *op, const char *parent_id) {
  cli_op *parent = parent_id[0] ? find(j, parent_id) : NULL;
  cli_op **last = parent ? &parent->last : &j->last;
  cli_op **first = parent ? &parent->first : &j->first;
  op->parent = parent;
  op->depth = parent ? parent->depth + 1 : 0;
  if (*last)
    (*last)->next = op;
  else
    *first = op;
  *last = op;
}

static int reserve(cli_journal *j) {
  if (j->count < j->cap)
    return 0;
  size_t cap = j->cap ? j->cap * 2 : 16;
  cli_op **ops = realloc(j->ops, cap * sizeof *ops);
  if (!ops)
    return -1;
  j->ops = ops;
  j->cap = cap;
  return 0;
}

static cli_op *add_op(cli_journal *j, const cJSON *event, const char *kind,
                      int64_t now_ms) {
  cli_op *op = calloc(1, sizeof *op);
  if (!op)
    return NULL;
  op->kind = kind;
  op->from_ms = now_ms;
  op->to_ms = -1;
  op->id = strdup(cli_text_of(event, "Id"));
  op->name = strdup(cli_text_of(event, "Name"));
  op->sub_type = strdup(cli_text_of(event, "SubType"));
  if (!op->id || !op->name || !op->sub_type || reserve(j) != 0 ||
      !tsearch(op, &j->by_id, compare)) {
    op_free(op);
    return NULL;
  }
  j->ops[j->count++] = op;
  hang(j, op, cli_text_of(event, "ParentId"));
  return op;
}

static int begin_attempt(cli_op *op, int64_t now_ms) {
  cli_span *attempts =
      realloc(op->attempts, (op->attempt_count + 1) * sizeof *attempts);
  if (!attempts)
    return -1;
  op->attempts = attempts;
  attempts[op->attempt_count++] = (cli_span){now_ms, -1};
  return 0;
}

static int attempt_is_open(const cli_op *op) {
  return op->attempt_count > 0 && op->attempts[op->attempt_count - 1].to_ms < 0;
}

static int end_attempt(cli_op *op, int64_t now_ms) {
  if (!attempt_is_open(op) && begin_attempt(op, now_ms) != 0)
    return -1;
  op->attempts[op->attempt_count - 1].to_ms = now_ms;
  return 0;
}

static const cJSON *details_of(const cJSON *event, const char *type) {
  char *key = cli_format("%sDetails", type);
  const cJSON *details =
      key ? cJSON_GetObjectItemCaseSensitive(event, key) : NULL;
  free(key);
  return details;
}

static int is_retry(const cJSON *details) {
  const cJSON *retry =
      cJSON_GetObjectItemCaseSensitive(details, "RetryDetails");
  const cJSON *delay =
      cJSON_GetObjectItemCaseSensitive(retry, "NextAttemptDelaySeconds");
  return cJSON_IsNumber(delay) && delay->valuedouble > 0;
}

static void note_error(cli_op *op, const cJSON *details) {
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(details, "Error");
  const cJSON *payload = cJSON_GetObjectItemCaseSensitive(error, "Payload");
  if (!payload)
    return;
  free(op->error);
  op->error = cli_error_line(payload);
}

static cli_state state_of(const char *how) {
  static const struct {
    const char *how;
    cli_state state;
  } STATES[] = {{"Started", CLI_STARTED},   {"Succeeded", CLI_SUCCEEDED},
                {"Failed", CLI_FAILED},     {"TimedOut", CLI_TIMED_OUT},
                {"Cancelled", CLI_STOPPED}, {"Stopped", CLI_STOPPED}};
  for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
    if (strcmp(how, STATES[i].how) == 0)
      return STATES[i].state;
  return CLI_STOPPED;
}

/* |how|: what follows the kind in the event's type. */
static int change(cli_op *op, const char *how, const cJSON *details,
                  int64_t now_ms) {
  int is_step = strcmp(op->kind, "step") == 0;
  cli_state state = state_of(how);
  if (state == CLI_STARTED) {
    const char *callback = cli_text_of(details, "CallbackId");
    if (callback[0] && !op->callback_id)
      op->callback_id = strdup(callback);
    op->state = CLI_STARTED;
    return is_step && !attempt_is_open(op) ? begin_attempt(op, now_ms) : 0;
  }
  if (is_step && end_attempt(op, now_ms) != 0)
    return -1;
  note_error(op, details);
  op->state = is_retry(details) ? CLI_RETRYING : state;
  if (op->state != CLI_RETRYING)
    op->to_ms = now_ms;
  return 0;
}

static int add_operation(cli_journal *j, const cJSON *event, const char *type,
                         cli_op **changed) {
  static const struct {
    const char *prefix, *kind;
  } KINDS[] = {{"Step", "step"},
               {"Wait", "wait"},
               {"Callback", "callback"},
               {"ChainedInvoke", "invoke"},
               {"Context", "context"}};
  int64_t now_ms = cli_ms_of(event, "EventTimestamp");
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
    size_t len = strlen(KINDS[i].prefix);
    if (strncmp(type, KINDS[i].prefix, len) != 0)
      continue;
    cli_op *op = find(j, cli_text_of(event, "Id"));
    if (!op)
      op = add_op(j, event, KINDS[i].kind, now_ms);
    *changed = op;
    return op ? change(op, type + len, details_of(event, type), now_ms) : -1;
  }
  return 0;
}

int cli_journal_add(cli_journal *j, const cJSON *event, cli_op **changed) {
  const char *type = cli_text_of(event, "EventType");
  cli_op *op = NULL;
  int rc = 0;
  j->events++;
  j->last_ms = cli_ms_of(event, "EventTimestamp");
  if (strcmp(type, "ExecutionStarted") == 0)
    j->from_ms = j->last_ms;
  else if (strncmp(type, "Execution", strlen("Execution")) == 0)
    j->to_ms = j->last_ms;
  else if (strcmp(type, "InvocationCompleted") == 0)
    j->invocations++;
  else
    rc = add_operation(j, event, type, &op);
  if (changed)
    *changed = op;
  return rc;
}

int cli_op_is_over(const cli_op *op) {
  return op->to_ms >= 0;
}

const char *cli_op_what(const cli_op *op) {
  static const struct {
    const char *sub_type, *what;
  } WHATS[] = {{"Map", "map"},
               {"MapIteration", "item"},
               {"Parallel", "parallel"},
               {"ParallelBranch", "branch"},
               {"RunInChildContext", "child"},
               {"WaitForCallback", "callback"},
               {"WaitForCondition", "condition"}};
  for (size_t i = 0; i < sizeof WHATS / sizeof *WHATS; i++)
    if (strcmp(op->sub_type, WHATS[i].sub_type) == 0)
      return WHATS[i].what;
  return op->kind;
}

const char *cli_op_label(const cli_op *op) {
  return op->name[0] ? op->name : cli_op_what(op);
}

const char *cli_callback_label(const cli_op *op) {
  const cli_op *parent = op->parent;
  return parent && strcmp(parent->sub_type, "WaitForCallback") == 0
             ? cli_op_label(parent)
             : cli_op_label(op);
}
