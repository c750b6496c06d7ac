/* journal: the events of one execution folded into its operations.
 *
 * Events are added in the order of the history.  An operation whose first
 * event is its end (its START rode along) began when it ended. */
#ifndef DUR_CLI_JOURNAL_H
#define DUR_CLI_JOURNAL_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cli_state {
  CLI_STARTED,
  CLI_RETRYING, /* an attempt ended, the next one is due later */
  CLI_SUCCEEDED,
  CLI_FAILED,
  CLI_TIMED_OUT,
  CLI_STOPPED /* or cancelled */
} cli_state;

typedef struct cli_span {
  int64_t from_ms, to_ms; /* to_ms -1: not over */
} cli_span;

typedef struct cli_op {
  char *id, *name, *sub_type, *callback_id, *error;
  const char *kind; /* "step", "wait", "callback", "invoke", "context" */
  cli_state state;
  int64_t from_ms, to_ms; /* to_ms -1: not over */
  cli_span *attempts;     /* of a step */
  size_t attempt_count;
  int depth;
  struct cli_op *parent, *first, *last, *next; /* a tree, in order of start */
} cli_op;

typedef struct cli_journal {
  cli_op **ops; /* in order of start */
  size_t count, cap;
  void *by_id; /* tsearch */
  cli_op *first, *last;
  int64_t from_ms, to_ms; /* of the execution; to_ms -1: not over */
  int64_t last_ms;        /* of the newest event */
  int invocations;        /* that ended */
  size_t events;
} cli_journal;

void cli_journal_init(cli_journal *j);
void cli_journal_drop(cli_journal *j);
/* 0, *changed (may be NULL) is the operation it is about or NULL; -1: no
 * memory. */
int cli_journal_add(cli_journal *j, const cJSON *event, cli_op **changed);
int cli_op_is_over(const cli_op *op);
/* Its name, or what it is when it has none. */
const char *cli_op_label(const cli_op *op);
/* The name under which a callback is known to its workflow: one that
 * wait_for_callback made within itself goes by that operation's. */
const char *cli_callback_label(const cli_op *op);
/* "step", "map", "item", "child", ... */
const char *cli_op_what(const cli_op *op);

#endif
