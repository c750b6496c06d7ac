/* event: pages of state, and the event that begins an invocation. */
#include "commit.h"
#include "dispatch.h"
#include "page.h"
#include "run.h"
#include "tokens.h"
#include "wire/limits.h"

enum { PAGE_BYTES = 5 * 1024 * 1024 };

void dur_page_hide(durable_service *s, dur_run *run) {
  for (size_t i = 1; i < run->count; i++) {
    dur_item *item = run->items[i];
    const dur_item *parent = NULL;
    item->hidden = 0;
    if (s->collapse && item->op.parent_id.len > 0)
      parent = dur_item_find(run, item->op.parent_id);
    if (parent != NULL) /* made before its children: already decided */
      item->hidden =
          parent->hidden || (dur_status_is_terminal(parent->op.status) &&
                             !parent->op.replay_children);
  }
}

static size_t skip_hidden(const dur_run *run, size_t i) {
  while (i < run->count && run->items[i]->hidden)
    i++;
  return i;
}

size_t dur_page_write(dur_json_out *out, const dur_run *run, size_t from,
                      size_t max_items, dur_time_form form) {
  size_t written = 0, bytes = 0;
  size_t i = skip_hidden(run, from);
  while (i < run->count && written < max_items) {
    size_t before = out->buf->len;
    dur_operation_write(out, &run->items[i]->op, form);
    if (out->buf->failed)
      break;
    if (i > 0) /* the input does not count */
      bytes += out->buf->len - before;
    if (bytes > PAGE_BYTES && written > 0) {
      out->buf->len = before;
      break;
    }
    written++;
    i = skip_hidden(run, i + 1);
  }
  return i;
}

static void put_updated(dur_json_out *out, const dur_run *run) {
  dur_json_key(out, "UpdatedOperationIds");
  dur_json_begin_array(out);
  for (size_t i = 1; i < run->count; i++)
    if (run->items[i]->news >= run->invocations)
      dur_json_string(out, run->items[i]->op.id);
  dur_json_end_array(out);
}

static void put_marker(dur_json_out *out, const dur_run *run, size_t next) {
  dur_json_key(out, "NextMarker");
  if (next >= run->count) {
    dur_json_cstr(out, "");
    return;
  }
  dur_buf text;
  dur_buf_init(&text, &dur_mem_default, 64);
  dur_buf_u64(&text, run->token_seq);
  dur_buf_char(&text, ':');
  dur_buf_u64(&text, next);
  dur_json_string(out, dur_buf_view(&text));
  dur_buf_drop(&text);
}

void dur_event_build(durable_service *s, dur_job *job) {
  dur_run *run = job->run;
  dur_json_out out;
  dur_buf token;
  dur_buf_init(&token, &dur_mem_default, SIZE_MAX);
  dur_token_write(&token, run->arn, run->token_seq, job->request_id);
  dur_json_out_init(&out, &job->event, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "DurableExecutionArn");
  dur_json_string(&out, run->arn);
  dur_json_key(&out, "CheckpointToken");
  dur_json_string(&out, dur_buf_view(&token));
  dur_json_key(&out, "InitialExecutionState");
  dur_json_begin_object(&out);
  dur_json_key(&out, "Operations");
  dur_json_begin_array(&out);
  dur_page_hide(s, run);
  size_t next = dur_page_write(&out, run, 0, SIZE_MAX, DUR_TIME_MS);
  dur_json_end_array(&out);
  put_marker(&out, run, next);
  dur_json_end_object(&out);
  put_updated(&out, run);
  dur_json_end_object(&out);
  if (token.failed || job->event.failed)
    dur_give_up(s, "out of memory");
  dur_buf_drop(&token);
  dur_run_delivered(run);
}
