/* pending: see pending.h. */
#include "pending.h"
#include "journal.h"
#include "store.h"
#include <stdlib.h>
#include <string.h>

static int load(cli_store *s, const char *arn, cli_journal *journal) {
  cJSON *list = NULL;
  const cJSON *event;
  cli_journal_init(journal);
  int answer = cli_store_events(s, arn, &list);
  cJSON_ArrayForEach(event, list) {
    if (answer == CLI_GO_ON && cli_journal_add(journal, event, NULL) != 0)
      answer = cli_no_memory();
  }
  cJSON_Delete(list);
  return answer;
}

static int is_pending(const cli_journal *journal, const cli_op *op) {
  return op->callback_id && !cli_op_is_over(op) && journal->to_ms < 0;
}

int cli_pending_each(cli_store *s, const char *arn,
                     void (*fn)(void *user, const char *name, const char *id),
                     void *user) {
  cli_journal journal;
  int answer = load(s, arn, &journal);
  for (size_t i = 0; answer == CLI_GO_ON && i < journal.count; i++)
    if (is_pending(&journal, journal.ops[i]))
      fn(user, cli_callback_label(journal.ops[i]), journal.ops[i]->callback_id);
  cli_journal_drop(&journal);
  return answer;
}

typedef struct search {
  const char *name;
  int seen;
  char *id;
} search;

static void consider(void *user, const char *name, const char *id) {
  search *it = user;
  if (it->name && strcmp(it->name, name) != 0)
    return;
  if (it->seen++ == 0)
    it->id = strdup(id);
}

int cli_pending_find(cli_store *s, const char *arn, const char *name,
                     char **id) {
  search it = {.name = name};
  char execution[DURABLE_ARN_SIZE];
  int answer = cli_pending_each(s, arn, consider, &it);
  cli_arn_name(arn, execution);
  if (answer == CLI_GO_ON && it.seen == 0)
    answer = cli_refuse("execution %s waits for no callback%s%s%s", execution,
                        name ? " called \"" : "", name ? name : "",
                        name ? "\"" : "");
  else if (answer == CLI_GO_ON && it.seen > 1)
    answer = cli_refuse("execution %s waits for %d such callbacks: `durable "
                        "get` prints their ids, give one of them",
                        execution, it.seen);
  else if (answer == CLI_GO_ON && !it.id)
    answer = cli_no_memory();
  if (answer == CLI_GO_ON)
    *id = it.id;
  else
    free(it.id);
  return answer;
}
