/* progress: see progress.h. */
#include "progress.h"
#include "format.h"
#include "timeline.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_progress_init(cli_progress *p, const char *function, const char *name,
                       const char *db, int is_verbose) {
  *p = (cli_progress){.function = function, .name = name};
  p->db = db ? db : CLI_DB_DEFAULT;
  p->is_terminal = isatty(STDERR_FILENO);
  p->is_loud = p->is_terminal || is_verbose;
  pthread_mutex_init(&p->lock, NULL);
  cli_journal_init(&p->journal);
}

void cli_progress_drop(cli_progress *p) {
  cli_journal_drop(&p->journal);
  pthread_mutex_destroy(&p->lock);
}

static void wipe(cli_progress *p) {
  if (p->has_line)
    fputs("\r\033[K", stderr);
  p->has_line = 0;
}

static void print_end(cli_progress *p, const cli_op *op) {
  char took[CLI_TIME_SIZE], what[32];
  int indent = op->depth < 10 ? 2 * op->depth : 20;
  if (op->attempt_count > 1)
    snprintf(what, sizeof what, "%s x%zu", cli_op_what(op), op->attempt_count);
  else
    snprintf(what, sizeof what, "%s", cli_op_what(op));
  wipe(p);
  fprintf(stderr, "%s %*s%-*s %-10s %9s%s%s\n", cli_mark(op->state), indent, "",
          30 - indent, cli_op_label(op), what,
          cli_duration(took, op->to_ms - op->from_ms),
          op->state != CLI_SUCCEEDED && op->error ? "  " : "",
          op->state != CLI_SUCCEEDED && op->error ? op->error : "");
}

static void print_retry(cli_progress *p, const cli_op *op) {
  int indent = op->depth < 10 ? 2 * op->depth : 20;
  wipe(p);
  fprintf(stderr, "%s %*s%-*s attempt %zu: %s\n", cli_mark(op->state), indent,
          "", 30 - indent, cli_op_label(op), op->attempt_count,
          op->error ? op->error : "once more");
}

static void print_callback(cli_progress *p, const cli_op *op) {
  const char *label = cli_callback_label(op);
  const char *quote = strchr(label, ' ') ? "\"" : "";
  wipe(p);
  if (strcmp(p->db, CLI_DB_MEMORY) == 0)
    fprintf(stderr,
            "%s %s waits for a callback; with --db %s nobody can answer\n",
            cli_mark(CLI_STARTED), label, CLI_DB_MEMORY);
  else
    fprintf(
        stderr,
        "%s %s waits for a callback; to answer it:\n"
        "    durable callback succeed --db %s --of %s %s%s%s --result JSON\n",
        cli_mark(CLI_STARTED), label, p->db, p->name, quote, label, quote);
}

static void tell(cli_progress *p, const cli_op *op, int is_new) {
  if (cli_op_is_over(op))
    print_end(p, op);
  else if (op->state == CLI_RETRYING && op->error)
    print_retry(p, op);
  else if (op->callback_id && is_new)
    print_callback(p, op);
}

int cli_progress_load(cli_progress *p, cli_store *s, const char *arn) {
  cJSON *list = NULL;
  const cJSON *event;
  int answer = cli_store_events(s, arn, &list);
  cJSON_ArrayForEach(event, list) {
    if (answer == CLI_GO_ON && cli_journal_add(&p->journal, event, NULL) != 0)
      answer = cli_no_memory();
  }
  cJSON_Delete(list);
  for (size_t i = 0; p->is_loud && i < p->journal.count; i++)
    if (p->journal.ops[i]->callback_id && !cli_op_is_over(p->journal.ops[i]))
      print_callback(p, p->journal.ops[i]);
  return answer;
}

static int is_ours(const cli_progress *p, const cJSON *notice) {
  const char *arn = cli_text_of(notice, "DurableExecutionArn");
  char part[DURABLE_ARN_SIZE];
  cli_arn_name(arn, part);
  if (strcmp(part, p->name) != 0)
    return 0;
  cli_arn_function(arn, part);
  return strcmp(part, p->function) == 0;
}

void cli_progress_event(void *user, durable_bytes json) {
  cli_progress *p = user;
  cli_op *op = NULL;
  if (!p->is_loud)
    return;
  cJSON *notice = cJSON_ParseWithLength(json.data, json.len);
  if (notice && is_ours(p, notice)) {
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(notice, "Event");
    pthread_mutex_lock(&p->lock);
    size_t before = p->journal.count;
    if (cli_journal_add(&p->journal, event, &op) == 0 && op)
      tell(p, op, p->journal.count > before);
    pthread_mutex_unlock(&p->lock);
  }
  cJSON_Delete(notice);
}

/* The newest operation that is under way and has no part that is. */
static const cli_op *under_way(const cli_journal *j, int *others) {
  const cli_op *found = NULL;
  *others = 0;
  for (size_t i = j->count; i-- > 0;) {
    if (cli_op_is_over(j->ops[i]) || strcmp(j->ops[i]->kind, "context") == 0)
      continue;
    if (found)
      ++*others;
    else
      found = j->ops[i];
  }
  return found;
}

void cli_progress_tick(cli_progress *p, int64_t now_ms) {
  static const char *const WHEEL = "|/-\\";
  char took[CLI_TIME_SIZE], more[32] = "";
  int others;
  if (!p->is_terminal)
    return;
  pthread_mutex_lock(&p->lock);
  const cli_op *op = under_way(&p->journal, &others);
  wipe(p);
  if (others > 0)
    snprintf(more, sizeof more, " and %d more", others);
  if (op) {
    fprintf(stderr, "%c %.40s (%s) %s%s", WHEEL[p->ticks++ & 3],
            cli_op_label(op), cli_op_what(op),
            cli_duration(took, now_ms - op->from_ms), more);
    p->has_line = 1;
  }
  fflush(stderr);
  pthread_mutex_unlock(&p->lock);
}

void cli_progress_end(cli_progress *p) {
  pthread_mutex_lock(&p->lock);
  wipe(p);
  p->is_terminal = 0;
  pthread_mutex_unlock(&p->lock);
}
