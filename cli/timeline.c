/* timeline: see timeline.h.
 *
 * A line: mark, name (indented by depth), what it is, how long it took, bar.
 * Bars share one scale: the execution from its start to its end, or to its
 * newest event while it runs. */
#include "timeline.h"
#include "format.h"
#include <stdlib.h>
#include <string.h>

enum { NAME_MIN = 12, NAME_MAX = 34, WHAT_WIDTH = 10, TOOK_WIDTH = 9 };
/* mark and blank, blanks between columns */
enum { FIXED_WIDTH = 2 + 1 + WHAT_WIDTH + 1 + TOOK_WIDTH + 1 };

typedef struct style {
  const char *busy, *waiting, *group, *marks[CLI_STOPPED + 1];
} style;

static const style PLAIN = {"#", ".", "-", {">", "~", "+", "x", "t", "s"}};
static const style FANCY = {"█", "░", "─", {"▸", "↻", "✓", "✗", "⏱", "■"}};

static const style *style_now(void) {
  return cli_is_utf8() ? &FANCY : &PLAIN;
}

const char *cli_mark(cli_state state) {
  return style_now()->marks[state];
}

typedef struct sheet {
  FILE *to;
  const style *look;
  int name_width, bar_width;
  int64_t from_ms, to_ms;
  int is_over;        /* the execution is: nothing is under way any more */
  const char **cells; /* bar_width of them */
} sheet;

static int label_width(const cli_journal *j) {
  int width = NAME_MIN;
  for (size_t i = 0; i < j->count; i++) {
    int need = 2 * j->ops[i]->depth + (int)strlen(cli_op_label(j->ops[i]));
    if (need > width)
      width = need;
  }
  return width < NAME_MAX ? width : NAME_MAX;
}

static int cell_of(const sheet *s, int64_t ms) {
  int64_t span = s->to_ms - s->from_ms;
  int64_t at = span > 0 ? (ms - s->from_ms) * s->bar_width / span : 0;
  return at < 0 ? 0 : at > s->bar_width ? s->bar_width : (int)at;
}

static void paint(sheet *s, int64_t from_ms, int64_t to_ms, const char *with) {
  int from = cell_of(s, from_ms);
  int to = cell_of(s, to_ms >= 0 ? to_ms : s->to_ms);
  if (from >= s->bar_width)
    from = s->bar_width - 1;
  if (to <= from)
    to = from + 1;
  for (int i = from; i < to; i++)
    s->cells[i] = with;
}

static void paint_op(sheet *s, const cli_op *op) {
  for (int i = 0; i < s->bar_width; i++)
    s->cells[i] = " ";
  int is_group = strcmp(op->kind, "context") == 0;
  paint(s, op->from_ms, op->to_ms,
        is_group ? s->look->group : s->look->waiting);
  for (size_t i = 0; i < op->attempt_count; i++)
    paint(s, op->attempts[i].from_ms, op->attempts[i].to_ms, s->look->busy);
}

static void print_bar(const sheet *s) {
  int used = s->bar_width;
  while (used > 0 && s->cells[used - 1][0] == ' ')
    used--;
  for (int i = 0; i < used; i++)
    fputs(s->cells[i], s->to);
  fputc('\n', s->to);
}

static cli_state state_of(const sheet *s, const cli_op *op) {
  return s->is_over && !cli_op_is_over(op) ? CLI_STOPPED : op->state;
}

static void print_op(sheet *s, const cli_op *op) {
  char took[CLI_TIME_SIZE], what[32];
  int indent =
      2 * op->depth < s->name_width - 8 ? 2 * op->depth : s->name_width - 8;
  int room = s->name_width - indent;
  const char *label = cli_op_label(op);
  int cut = (int)strlen(label) > room;
  if (op->attempt_count > 1)
    snprintf(what, sizeof what, "%s x%zu", cli_op_what(op), op->attempt_count);
  else
    snprintf(what, sizeof what, "%s", cli_op_what(op));
  cli_duration(took, cli_op_is_over(op) ? op->to_ms - op->from_ms
                                        : s->to_ms - op->from_ms);
  fprintf(s->to, "%s %*s%-*.*s%s %-*.*s %*s ", s->look->marks[state_of(s, op)],
          indent, "", cut ? room - 1 : room, cut ? room - 1 : room, label,
          cut ? "~" : "", WHAT_WIDTH, WHAT_WIDTH, what, TOOK_WIDTH, took);
  paint_op(s, op);
  print_bar(s);
}

static void print_tree(sheet *s, const cli_op *first) {
  for (const cli_op *op = first; op; op = op->next) {
    print_op(s, op);
    print_tree(s, op->first);
  }
}

static void print_head(const sheet *s) {
  char total[CLI_TIME_SIZE];
  cli_duration(total, s->to_ms - s->from_ms);
  fprintf(s->to, "  %-*s %-*s %*s 0%*s\n", s->name_width, "operation",
          WHAT_WIDTH, "what", TOOK_WIDTH, "took", s->bar_width - 1, total);
}

/* One line each, cut to |columns|. */
static void print_errors(const sheet *s, const cli_journal *j, int columns) {
  for (size_t i = 0; i < j->count; i++) {
    const cli_op *op = j->ops[i];
    if (!op->error)
      continue;
    char *line = cli_format("%s: %s", cli_op_label(op), op->error);
    int over = op->state == CLI_SUCCEEDED;
    fprintf(s->to, "%s %.*s\n", s->look->marks[over ? CLI_RETRYING : op->state],
            columns - 2, line ? line : "");
    free(line);
  }
}

void cli_timeline_print(FILE *to, const cli_journal *j, int columns) {
  int names = label_width(j);
  if (columns - FIXED_WIDTH - names < 10)
    names = NAME_MIN;
  sheet s = {.to = to, .look = style_now(), .name_width = names};
  s.bar_width = columns - FIXED_WIDTH - names;
  if (s.bar_width < 4)
    s.bar_width = 4;
  s.is_over = j->to_ms >= 0;
  s.from_ms = j->from_ms;
  s.to_ms = j->to_ms >= 0 ? j->to_ms : j->last_ms;
  s.cells = calloc((size_t)s.bar_width, sizeof *s.cells);
  if (!s.cells)
    return;
  print_head(&s);
  print_tree(&s, j->first);
  fprintf(to,
          "\n  %s at work  %s waiting  %s group   %s done  %s failed  "
          "%s %s\n",
          s.look->busy, s.look->waiting, s.look->group,
          s.look->marks[CLI_SUCCEEDED], s.look->marks[CLI_FAILED],
          s.look->marks[s.is_over ? CLI_STOPPED : CLI_STARTED],
          s.is_over ? "cut short" : "under way");
  print_errors(&s, j, columns);
  free(s.cells);
}
