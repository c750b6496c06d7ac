/* reply: the outcome of the request in flight.
 *
 * A reply is merged whole, its pages included, before anybody wakes.  A request
 * that may not have arrived is sent again with the same ClientToken; what the
 * service refuses poisons the invocation. */
#include <string.h>

#include "engine/internal.h"

/* ---- merging */

typedef struct merge {
  dur_engine *e;
  int64_t latest_ms; /* newest timestamp in the reply */
} merge;

static int remember(dur_engine *e, dur_entry *entry) {
  if (e->merged_count == e->merged_cap) {
    uint32_t cap = e->merged_cap ? e->merged_cap * 2 : 64;
    dur_entry **grown = dur_realloc(
        &e->mem, e->merged, e->merged_cap * sizeof *grown, cap * sizeof *grown);
    if (!grown)
      return dur_oom(e);
    e->merged = grown;
    e->merged_cap = cap;
  }
  e->merged[e->merged_count++] = entry;
  return 0;
}

static int merge_one(void *user, const dur_operation *op) {
  merge *m = user;
  if (op->start_ms > m->latest_ms)
    m->latest_ms = op->start_ms;
  if (op->end_ms > m->latest_ms)
    m->latest_ms = op->end_ms;
  if (dur_journal_merge(m->e, op, 0) != 0)
    return -1;
  return m->e->stage == DUR_STAGE_LOADING
             ? 0
             : remember(m->e, dur_entry_find(m->e, op->id));
}

static void tell(dur_engine *e) {
  dur_note_merged(e, e->merged, e->merged_count);
  dur_queue_acked(e);
  for (uint32_t i = 0; i < e->merged_count; i++) {
    e->merged[i]->changed = 0;
    if (e->merged[i]->live)
      dur_op_wake(e, e->merged[i]->live);
  }
  if (e->draining && e->merged_count)
    e->cut_short = 1; /* what was delivered now, the service tells no more */
  e->merged_count = 0;
  dur_timer_rearm(e);
}

/* The service ended the execution, or suspended it, under our feet. */
static void closed(dur_engine *e) {
  if (e->final_sent)
    return;
  e->closed_by_service = 1;
  dur_queue_drop(e);
  if (e->outcome != DUR_OUTCOME_OPEN)
    return;
  dur_note_log(e, "WARN",
               "the service gave no further checkpoint token: the invocation "
               "ends here",
               DUR_NONE);
  dur_engine_close(e, DUR_OUTCOME_PENDING);
}

static void merged_whole(dur_engine *e) {
  if (e->stage == DUR_STAGE_LOADING) {
    dur_engine_opened(e);
    return;
  }
  int missing = e->token_missing;
  e->token_missing = 0;
  tell(e);
  if (missing)
    closed(e);
}

/* ---- failures */

static void compose_refusal(dur_engine *e, const dur_api_error *err) {
  dur_buf_reset(&e->text);
  dur_buf_str(&e->text, "An error occurred (");
  if (err->code.len)
    dur_buf_bytes(&e->text, err->code);
  else
    dur_buf_i64(&e->text, err->status);
  dur_buf_str(&e->text, ") when calling the ");
  dur_buf_str(&e->text, e->is_state_call ? "GetDurableExecutionState"
                                         : "CheckpointDurableExecution");
  dur_buf_str(&e->text, " operation: ");
  dur_buf_bytes(&e->text, err->message);
}

static int refused(dur_engine *e, dur_category category) {
  e->resend = 0;
  e->token_missing = 0;
  e->marker = DUR_NONE;
  dur_latch(e, DUR_E_CHECKPOINT, category == DUR_CATEGORY_INVOCATION,
            e->is_state_call ? "GetExecutionStateError" : "CheckpointError",
            dur_text(e));
  return 0;
}

static int send_again(dur_engine *e) {
  int64_t wait_ms = 200;
  if (e->tries >= e->set.max_sends)
    return 0;
  for (uint32_t i = 1; i < e->tries && wait_ms < 5000; i++)
    wait_ms *= 2;
  wait_ms = (int64_t)((double)wait_ms * (0.5 + dur_prng_unit(&e->prng) / 2));
  e->resend_at_ms = e->now_ms + wait_ms;
  if (e->set.deadline_ms && e->resend_at_ms >= e->set.deadline_ms)
    return 0;
  e->resend = 1;
  return 1;
}

static int unanswered(dur_engine *e, const char *what, const char *why) {
  if (send_again(e))
    return 0;
  dur_buf_reset(&e->text);
  dur_buf_str(&e->text, e->is_state_call ? "GetDurableExecutionState: "
                                         : "CheckpointDurableExecution: ");
  dur_buf_str(&e->text, what);
  dur_buf_str(&e->text, why);
  return refused(e, DUR_CATEGORY_INVOCATION);
}

/* ---- the outcome */

static int accepted(dur_engine *e, dur_bytes body) {
  const char *why = "";
  dur_state_page page = {0};
  merge m = {.e = e};
  int sent_updates = e->sent.count > 0;
  int rc = dur_page_read(body, e->is_state_call, &e->scratch, merge_one, &m,
                         &page, &why);
  if (rc != 0 && e->fatal)
    return 0; /* out of memory */
  if (rc != 0)
    return unanswered(e, "unreadable response: ", why);
  if (m.latest_ms && sent_updates && !e->is_state_call)
    e->skew_ms = m.latest_ms - e->now_ms;
  e->marker = DUR_NONE;
  if (!e->is_state_call) {
    if (page.token.len == 0) {
      e->token_missing = 1;
      if (!sent_updates) {
        dur_buf_reset(&e->text);
        dur_buf_str(&e->text, "Checkpoint response omitted the token for an "
                              "empty checkpoint.");
        return refused(e, DUR_CATEGORY_INVOCATION);
      }
    } else if (dur_keep(e, page.token, &e->token) != 0) {
      return 0;
    }
  }
  if (page.next_marker.len && !e->token_missing)
    return dur_keep(e, page.next_marker, &e->marker) ? 0 : 0;
  merged_whole(e);
  return 0;
}

static int rejected(dur_engine *e, int status, dur_bytes type, dur_bytes body) {
  dur_api_error err;
  dur_api_error_read(status, type, body, &e->scratch, &err);
  if (dur_api_error_may_resend(&err) && send_again(e))
    return 0;
  compose_refusal(e, &err);
  return refused(e, dur_api_error_category(&err));
}

static int take_request(dur_engine *e, uint32_t request, int64_t now_ms) {
  if (!e->in_flight || request != e->request)
    return dur_refuse(e, DUR_E_ARGUMENT, "no such request is in flight", NULL);
  e->in_flight = 0;
  e->now_ms = now_ms;
  return 0;
}

int dur_reply(dur_engine *e, uint32_t request, int status, dur_bytes type,
              dur_bytes body, int64_t now_ms) {
  int rc = take_request(e, request, now_ms);
  if (rc != 0 || e->fatal)
    return rc;
  rc = status >= 200 && status < 300 ? accepted(e, body)
                                     : rejected(e, status, type, body);
  dur_scratch_reset(e);
  return rc;
}

int dur_fail(dur_engine *e, uint32_t request, const char *why, int64_t now_ms) {
  int rc = take_request(e, request, now_ms);
  if (rc != 0 || e->fatal)
    return rc;
  return unanswered(e, "", why ? why : "no answer");
}
