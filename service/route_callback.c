/* route_callback: an outside system completes a callback, or says that it is
 * alive, and an execution is stopped. */
#include "base/json.h"
#include "base/utf8.h"
#include "change.h"
#include "commit.h"
#include "request.h"
#include "run.h"
#include "tokens.h"
#include "wire/limits.h"
#include <string.h>

typedef enum verb { SUCCESS, FAILURE, HEARTBEAT } verb;

static const char *const VERBS[] = {"success", "failure", "heartbeat"};

static void refuse(dur_reply *reply, verb v, const char *why) {
  dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                  "Failed to process callback %s: %s", VERBS[v], why);
}

static void refuse_closed(dur_reply *reply, verb v, dur_bytes id) {
  int len = (int)(id.len < 1024 ? id.len : 1024);
  if (v == HEARTBEAT)
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                    "Failed to process callback heartbeat: Callback %.*s is "
                    "not active",
                    len, id.data);
  else
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                    "Failed to process callback %s: Callback operation [%.*s] "
                    "is not in STARTED state",
                    VERBS[v], len, id.data);
}

/* The run of a callback is not in memory: was it ever there? */
static void refuse_absent(durable_service *s, dur_request *r, verb v,
                          dur_bytes arn, dur_reply *reply) {
  int run = 0, op = 0, step = SQLITE_ERROR;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt = dur_prepare(
      &s->store, "SELECT (SELECT 1 FROM operation WHERE callback = ?2 AND"
                 " operation.id >> 32 = execution.id AND operation.id BETWEEN"
                 " execution.id << 32 AND (execution.id + 1) << 32)"
                 " FROM execution WHERE arn = ?1");
  if (stmt != NULL) {
    sqlite3_bind_text(stmt, 1, arn.data, (int)arn.len, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, r->id.data, (int)r->id.len, SQLITE_STATIC);
    step = sqlite3_step(stmt);
    run = step == SQLITE_ROW;
    op = run && sqlite3_column_int(stmt, 0);
  }
  int unread = dur_reply_read(s, step, reply);
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  int len = (int)(arn.len < 1024 ? arn.len : 1024);
  if (unread)
    return;
  if (op)
    refuse_closed(reply, v, r->id);
  else if (run)
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                    "Failed to process callback %s: Callback operation with "
                    "callback_id [%.*s] not found",
                    VERBS[v], (int)(r->id.len < 1024 ? r->id.len : 1024),
                    r->id.data);
  else
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                    "Failed to process callback %s: Execution %.*s not found",
                    VERBS[v], len, arn.data);
}

static void beat(durable_service *s, dur_item *item, int64_t now_ms) {
  if (item->heartbeat_s == 0)
    return;
  item->beat_ms = now_ms + item->heartbeat_s * 1000;
  if (!item->dirty) { /* to be written, but not to be delivered */
    item->dirty = 1;
    item->next_dirty = item->run->dirty;
    item->run->dirty = item;
  }
  dur_arm_item(s, item);
}

static void complete(durable_service *s, dur_request *r, verb v, dur_item *item,
                     const dur_error *error, dur_reply *reply) {
  int64_t now_ms = dur_clock_now(&s->clock);
  if (v == HEARTBEAT)
    beat(s, item, now_ms);
  else if (v == SUCCESS)
    dur_settle_item(s, item, DUR_STATUS_SUCCEEDED,
                    r->body.len ? r->body : DUR_NONE, NULL, now_ms);
  else
    dur_settle_item(s, item, DUR_STATUS_FAILED, DUR_NONE, error, now_ms);
  dur_run_save(s, item->run);
  reply->mark = item->run->mark;
}

static void process(durable_service *s, dur_request *r, verb v,
                    const dur_error *error, dur_reply *reply) {
  dur_bytes arn, op;
  const char *why;
  if (dur_callback_id_read(r->id, &r->arena, &arn, &op, &why) != 0) {
    refuse(reply, v, why);
    return;
  }
  pthread_mutex_lock(&s->lock);
  dur_run *run = dur_run_find(s, arn);
  dur_item *item = run ? dur_item_find(run, op) : NULL;
  if (item == NULL || !dur_bytes_eq(item->op.callback_id, r->id))
    refuse_absent(s, r, v, arn, reply);
  else if (item->op.status == DUR_STATUS_TIMED_OUT)
    dur_reply_error(reply, DUR_ERROR_LATE_CALLBACK,
                    "Failed to process callback %s: Callback operation [%.*s] "
                    "is not in STARTED state: it has timed out",
                    VERBS[v], (int)r->id.len, r->id.data);
  else if (item->op.status != DUR_STATUS_STARTED || dur_run_is_over(run))
    refuse_closed(reply, v, r->id);
  else
    complete(s, r, v, item, error, reply);
  pthread_mutex_unlock(&s->lock);
}

void dur_route_succeed(durable_service *s, dur_request *r, dur_reply *reply) {
  /* operations and events are JSON: they can carry text, and nothing else */
  ptrdiff_t bad = dur_utf8_check(r->body, DUR_UTF8_STRICT);
  if (r->body.len > DUR_CALLBACK_RESULT_MAX)
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "1 validation error detected: Value at 'result' failed to "
                    "satisfy constraint: Member must have length less than or "
                    "equal to %d",
                    DUR_CALLBACK_RESULT_MAX);
  else if (bad >= 0)
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "The result must be UTF-8 text, and byte %td is not", bad);
  else
    process(s, r, SUCCESS, NULL, reply);
}

/* What is under "Error" in an object, else |body| itself. */
static dur_bytes unwrap(dur_bytes body) {
  dur_json j;
  dur_bytes found = body;
  dur_json_init(&j, body, 0);
  if (dur_json_next(&j) != DUR_JSON_OBJECT)
    return body;
  while (dur_json_next(&j) == DUR_JSON_KEY) {
    int wraps = dur_json_text_is(&j, "Error");
    dur_bytes value;
    if (dur_json_raw(&j, &value) < 0)
      return body;
    if (wraps)
      found = value;
  }
  return found;
}

/* An ErrorObject, or one under "Error".  1: present, 0: empty, -1: refused. */
static int read_error(dur_request *r, dur_error *error, dur_reply *reply) {
  const char *why = NULL;
  *error = (dur_error){0};
  if (r->body.len == 0)
    return 0;
  int rc = dur_error_parse(r->body, &r->arena, error, &why);
  dur_bytes inner = unwrap(r->body);
  if (rc >= 0 && inner.data != r->body.data) {
    *error = (dur_error){0};
    rc = dur_error_parse(inner, &r->arena, error, &why);
  }
  if (rc < 0)
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "Invalid JSON in request body: %s",
                    why ? why : "not an ErrorObject");
  return rc;
}

void dur_route_fail(durable_service *s, dur_request *r, dur_reply *reply) {
  dur_error error;
  if (r->body.len > DUR_CALLBACK_RESULT_MAX) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "Error object size must be less than %d bytes.",
                    DUR_CALLBACK_RESULT_MAX);
    return;
  }
  int given = read_error(r, &error, reply);
  if (given >= 0)
    process(s, r, FAILURE, given > 0 ? &error : NULL, reply);
}

void dur_route_heartbeat(durable_service *s, dur_request *r, dur_reply *reply) {
  process(s, r, HEARTBEAT, NULL, reply);
}

/* ---- stop */

static void write_stopped(int64_t end_ms, dur_reply *reply) {
  dur_json_out out;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "StopTimestamp");
  dur_time_write(&out, DUR_TIME_S, end_ms);
  dur_json_end_object(&out);
}

static void stop_finished(durable_service *s, dur_request *r,
                          dur_reply *reply) {
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *row = dur_reply_row(
      s, "SELECT end_ms FROM execution WHERE arn = ?1", r->id, reply);
  if (row != NULL)
    write_stopped(sqlite3_column_int64(row, 0), reply);
  sqlite3_finalize(row);
  pthread_mutex_unlock(&s->store.lock);
}

void dur_route_stop(durable_service *s, dur_request *r, dur_reply *reply) {
  static const dur_error DEFAULT = {
      .message = {"Execution stopped by user request", 33}};
  dur_error error;
  if (read_error(r, &error, reply) < 0)
    return;
  int given = error.message.data || error.type.data || error.data.data ||
              error.stack.data;
  pthread_mutex_lock(&s->lock);
  dur_run *run = dur_run_find(s, r->id);
  if (run == NULL) {
    stop_finished(s, r, reply);
  } else {
    if (!dur_run_is_over(run))
      dur_end_run(s, run, DURABLE_EXECUTION_STOPPED, DUR_NONE,
                  given ? &error : &DEFAULT, dur_clock_now(&s->clock));
    write_stopped(run->end_ms, reply);
    reply->mark = s->queued;
  }
  pthread_mutex_unlock(&s->lock);
}
