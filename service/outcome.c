/* outcome: what the end of an invocation means for its execution. */
#include "change.h"
#include "commit.h"
#include "dispatch.h"
#include "history.h"
#include "run.h"
#include "wire/call.h"
#include "wire/limits.h"
#include <stdio.h>

enum {
  MAX_FAILURES = 5, /* failed invocations in a row */
  MAX_EMPTIES = 3,  /* answers PENDING in a row with nothing pending */
  BACKOFF_MS = 500,
  MAX_BACKOFF_MS = 5000
};

typedef struct ending {
  durable_service *s;
  dur_run *run;
  dur_job *job;
  int64_t now_ms;
} ending;

static const dur_bytes INVALID = {"InvalidParameterValueException", 30};

static void completed(const ending *e, const dur_error *error) {
  dur_history_invocation(e->s, e->run, e->job, e->now_ms, error);
}

/* Invoke it again, later each time. */
static void back_off(const ending *e, int times) {
  dur_run *run = e->run;
  int64_t delay_ms = BACKOFF_MS;
  while (--times > 0 && delay_ms < MAX_BACKOFF_MS)
    delay_ms *= 2;
  if (delay_ms > MAX_BACKOFF_MS)
    delay_ms = MAX_BACKOFF_MS;
  run->wanted = 1;
  run->retry_ms = e->now_ms + delay_ms;
  run->row_dirty |= 1;
  if (dur_timers_arm(&e->s->timers, &run->backoff, DUR_TIMER_BACKOFF,
                     run->retry_ms, 1) != 0)
    dur_give_up(e->s, "out of memory");
}

static void fail_run(const ending *e, const dur_error *error) {
  dur_end_run(e->s, e->run, DURABLE_EXECUTION_FAILED, DUR_NONE, error,
              e->now_ms);
}

/* The invocation itself failed: a crash, a function error, a timeout.  It counts
 * whatever checkpoints it made: only one that ends cleanly begins anew. */
static void attempt_failed(const ending *e, const dur_error *error) {
  completed(e, error);
  e->run->empties = 0;
  e->run->row_dirty |= 1;
  if (++e->run->failures >= MAX_FAILURES)
    fail_run(e, error);
  else
    back_off(e, e->run->failures);
}

/* An answer that no repetition can make valid. */
static void invalid(const ending *e, const char *message) {
  const dur_error error = {.message = dur_cstr(message), .type = INVALID};
  completed(e, &error);
  fail_run(e, &error);
}

static int is_pending(const dur_item *item) {
  switch (item->op.type) {
  case DUR_TYPE_STEP:
    return item->op.status == DUR_STATUS_PENDING;
  case DUR_TYPE_WAIT:
  case DUR_TYPE_CALLBACK:
  case DUR_TYPE_CHAINED_INVOKE:
    return item->op.status == DUR_STATUS_STARTED;
  default:
    return 0;
  }
}

static int has_pending(const dur_run *run) {
  for (size_t i = run->count; i-- > 1;)
    if (is_pending(run->items[i]))
      return 1;
  return 0;
}

/* What was completed but not delivered is news to the next invocation too. */
static void carry_news(dur_run *run) {
  for (size_t i = 1; i < run->count; i++) {
    dur_item *item = run->items[i];
    if (item->touched > run->delivered && item->news >= 0)
      dur_item_touch_news(item);
  }
}

static void clean(const ending *e) {
  dur_run *run = e->run;
  completed(e, NULL);
  run->failures = run->empties = 0;
  run->invocations++;
  run->row_dirty |= 1;
}

static void pending(const ending *e) {
  dur_run *run = e->run;
  int unseen = run->changes > run->delivered;
  if (unseen || has_pending(run)) {
    clean(e);
    run->wanted = unseen;
    if (unseen)
      carry_news(run);
    return;
  }
  const dur_error error = {
      .message = DUR_LIT("Cannot return PENDING status with no pending "
                         "operations."),
      .type = INVALID};
  completed(e, &error);
  run->row_dirty |= 1;
  if (++run->empties >= MAX_EMPTIES)
    fail_run(e, &error);
  else
    back_off(e, run->empties);
}

static void succeeded(const ending *e, const dur_output *out) {
  if (out->has_error) {
    invalid(e, "Cannot provide an Error for SUCCEEDED status.");
    return;
  }
  clean(e);
  dur_end_run(e->s, e->run, DURABLE_EXECUTION_SUCCEEDED, out->result, NULL,
              e->now_ms);
}

static void failed(const ending *e, const dur_output *out) {
  static const dur_error MISSING = {
      .message = {"The function returned FAILED without an Error.", 46}};
  if (out->result.data != NULL) {
    invalid(e, "Cannot provide a Result for FAILED status.");
    return;
  }
  clean(e);
  fail_run(e, out->has_error ? &out->error : &MISSING);
}

static void returned(const ending *e, dur_arena *arena) {
  dur_output out;
  const char *why = NULL;
  char message[160];
  if (dur_output_read(dur_buf_view(&e->job->body), arena, &out, &why) != 0) {
    snprintf(message, sizeof message, "Invalid invocation output: %s.",
             why ? why : "not an object");
    invalid(e, message);
  } else if (dur_bytes_is(out.status, "SUCCEEDED")) {
    succeeded(e, &out);
  } else if (dur_bytes_is(out.status, "FAILED")) {
    failed(e, &out);
  } else if (dur_bytes_is(out.status, "PENDING")) {
    pending(e);
  } else {
    snprintf(message, sizeof message, "Unexpected invocation status: %.*s.",
             (int)(out.status.len < 64 ? out.status.len : 64),
             out.status.data ? out.status.data : "none");
    invalid(e, message);
  }
}

/* The keys of Lambda's own error payload, {"errorMessage", "errorType",
 * "stackTrace"}, where the ErrorObject's are not there. */
static void read_lambda_error(dur_bytes body, dur_arena *arena,
                              dur_error *error) {
  dur_json j;
  dur_json_init(&j, body, 0);
  if (dur_json_next(&j) != DUR_JSON_OBJECT)
    return;
  while (dur_json_next(&j) == DUR_JSON_KEY) {
    dur_bytes *to = dur_json_text_is(&j, "errorMessage") ? &error->message
                    : dur_json_text_is(&j, "errorType")  ? &error->type
                                                         : NULL;
    if (to == NULL)
      dur_json_skip(&j);
    else if (dur_json_next(&j) == DUR_JSON_STRING)
      (void)dur_json_text(&j, arena, to);
    else
      dur_json_skip_rest(&j);
  }
}

void dur_read_failure(dur_bytes body, dur_arena *arena, dur_error *error) {
  const char *why;
  if (dur_error_parse(body, arena, error, &why) < 0)
    *error = (dur_error){0};
  if (error->message.data == NULL && error->type.data == NULL)
    read_lambda_error(body, arena, error);
}

static void raised(const ending *e, dur_arena *arena) {
  dur_error error;
  dur_read_failure(dur_buf_view(&e->job->body), arena, &error);
  if (error.type.data == NULL)
    error.type = e->job->outcome == DURABLE_SERVICE_CRASHED
                     ? DUR_LIT("Runtime.ExitError")
                     : DUR_LIT("Error");
  attempt_failed(e, &error);
}

static void late_answer(const ending *e) {
  char text[64];
  snprintf(text, sizeof text, "Task timed out after %lld.00 seconds",
           (long long)e->job->function->timeout_s);
  const dur_error error = {.message = dur_cstr(text),
                           .type = DUR_LIT("Sandbox.Timedout")};
  attempt_failed(e, &error);
}

static void silent(const ending *e) {
  const dur_error error = {
      .message = DUR_LIT("Runtime exited without providing a reason"),
      .type = DUR_LIT("Runtime.ExitError")};
  attempt_failed(e, &error);
}

void dur_outcome(durable_service *s, dur_job *job, int late) {
  dur_arena arena;
  const ending e = {s, job->run, job, dur_clock_now(&s->clock)};
  dur_arena_init(&arena, &dur_mem_default);
  if (dur_run_is_over(e.run))
    completed(&e, NULL); /* stopped or timed out meanwhile: that stands */
  else if (late)
    late_answer(&e);
  else if (job->outcome < 0)
    silent(&e);
  else if (job->outcome == DURABLE_SERVICE_RETURNED)
    returned(&e, &arena);
  else
    raised(&e, &arena);
  dur_arena_drop(&arena);
}
