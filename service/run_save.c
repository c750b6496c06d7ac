/* run_save: what changed of a run, as statements for the disk. */
#include "commit.h"
#include "run.h"

static void queue_item(durable_service *s, dur_run *run, dur_item *item) {
  const dur_operation *op = &item->op;
  dur_buf error;
  dur_buf_init(&error, &dur_mem_default, SIZE_MAX);
  if (op->has_error) {
    dur_json_out out;
    dur_json_out_init(&out, &error, 0);
    dur_error_write(&out, &op->error);
    if (error.failed)
      dur_give_up(s, "out of memory");
  }
  int64_t due =
      op->type == DUR_TYPE_WAIT ? op->scheduled_end_ms : op->next_attempt_ms;
  const dur_value v[] = {
      DUR_INT(DUR_ROW_ID(run->row, item->number)),
      DUR_TEXT(op->id),
      DUR_CTEXT(dur_type_text(op->type)),
      DUR_CTEXT(dur_status_text(op->status)),
      DUR_TEXT(op->parent_id),
      DUR_TEXT(op->name),
      DUR_TEXT(op->sub_type),
      DUR_INT(op->start_ms),
      DUR_INT(op->end_ms),
      DUR_INT(op->attempt),
      DUR_INT(due),
      DUR_INT(op->replay_children),
      DUR_TEXT(op->callback_id),
      DUR_INT(item->timeout_s),
      DUR_INT(item->heartbeat_s),
      DUR_INT(item->beat_ms),
      DUR_TEXT(item->target),
      DUR_TEXT(item->tenant),
      DUR_INT(item->news),
      DUR_TEXT(op->result),
      DUR_TEXT(op->has_error ? dur_buf_view(&error) : DUR_NONE),
      DUR_TEXT(item->input),
      DUR_TEXT(item->trace_id)};
  dur_queue(s, DUR_STMT_PUT_OPERATION, v, sizeof v / sizeof *v);
  dur_buf_drop(&error);
}

static void queue_new_run(durable_service *s, const dur_run *run,
                          int64_t now_ms) {
  const dur_value v[] = {DUR_INT(run->row),
                         DUR_TEXT(run->arn),
                         DUR_TEXT(run->function),
                         DUR_TEXT(run->name),
                         DUR_CTEXT(dur_run_status_text(run->status)),
                         DUR_INT(run->start_ms),
                         DUR_TEXT(DUR_NONE),
                         DUR_INT(now_ms),
                         DUR_INT(run->timeout_s),
                         DUR_INT(run->retention_days),
                         DUR_INT(run->wanted),
                         DUR_INT(run->retry_ms),
                         DUR_INT(run->failures),
                         DUR_INT(run->empties),
                         DUR_INT(run->invocations),
                         DUR_TEXT(run->tenant),
                         DUR_TEXT(run->parent),
                         DUR_TEXT(run->parent_op),
                         DUR_TEXT(run->endpoint),
                         DUR_TEXT(run->context),
                         DUR_TEXT(run->identity),
                         DUR_TEXT(run->trace_id)};
  const dur_value input[] = {DUR_INT(run->row), DUR_TEXT(run->input)};
  dur_queue(s, DUR_STMT_PUT_EXECUTION, v, sizeof v / sizeof *v);
  dur_queue(s, DUR_STMT_PUT_INPUT, input, 2);
}

static void queue_run(durable_service *s, const dur_run *run, int64_t now_ms) {
  const dur_value v[] = {DUR_INT(run->row),
                         DUR_CTEXT(dur_run_status_text(run->status)),
                         run->end_ms ? DUR_INT(run->end_ms)
                                     : DUR_TEXT(DUR_NONE),
                         DUR_INT(now_ms),
                         DUR_INT(run->wanted),
                         DUR_INT(run->retry_ms),
                         DUR_INT(run->failures),
                         DUR_INT(run->empties),
                         DUR_INT(run->invocations)};
  dur_queue(s, DUR_STMT_SET_EXECUTION, v, sizeof v / sizeof *v);
}

void dur_run_save(durable_service *s, dur_run *run) {
  int64_t now_ms = dur_clock_now(&s->clock);
  if (run->row_dirty & 2)
    queue_new_run(s, run, now_ms);
  else if (run->row_dirty & 1)
    queue_run(s, run, now_ms);
  run->row_dirty = 0;
  while (run->dirty != NULL) {
    dur_item *item = run->dirty;
    run->dirty = item->next_dirty;
    item->dirty = 0;
    if (item->number > 0)
      queue_item(s, run, item);
  }
  run->mark = s->queued;
}
