/* route_read: GetDurableExecution and the two lists, from the disk. */
#include "base/json.h"
#include "commit.h"
#include "request.h"
#include "run.h"
#include "tokens.h"
#include "wire/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_ITEMS = 100, LIST_MAX = 1000, LIST_TEXT = 1024 };

static void put_text(dur_json_out *out, const char *key, dur_bytes text) {
  if (text.data == NULL)
    return;
  dur_json_key(out, key);
  dur_json_string(out, text);
}

static void put_time(dur_json_out *out, const char *key, int64_t ms) {
  dur_json_key(out, key);
  dur_time_write(out, DUR_TIME_S, ms);
}

static void put_function_arn(dur_json_out *out, const durable_service *s,
                             dur_bytes function) {
  dur_buf arn;
  dur_buf_init(&arn, &dur_mem_default, SIZE_MAX);
  dur_function_arn_write(&arn, s, function);
  put_text(out, "FunctionArn", dur_buf_view(&arn));
  dur_buf_drop(&arn);
}

/* Wait until the disk has what memory knows of this execution. */
static int settle_disk(durable_service *s, dur_bytes arn, dur_reply *reply) {
  pthread_mutex_lock(&s->lock);
  const dur_run *run = dur_run_find(s, arn);
  int rc = dur_commit_wait(s, run ? run->mark : 0);
  if (rc != 0)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s", s->failed);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

/* ---- get */

static void write_execution(const durable_service *s, sqlite3_stmt *row,
                            dur_reply *reply) {
  dur_json_out out;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  put_text(&out, "DurableExecutionArn", dur_column(row, 0));
  put_text(&out, "DurableExecutionName", dur_column(row, 1));
  put_function_arn(&out, s, dur_column(row, 2));
  put_text(&out, "Status", dur_column(row, 3));
  put_time(&out, "StartTimestamp", sqlite3_column_int64(row, 4));
  put_text(&out, "InputPayload", dur_column(row, 6));
  put_text(&out, "Result", dur_column(row, 7));
  dur_bytes error = dur_column(row, 8);
  if (error.data != NULL) {
    dur_json_key(&out, "Error");
    dur_json_raw_value(&out, error);
  }
  if (sqlite3_column_type(row, 5) != SQLITE_NULL)
    put_time(&out, "EndTimestamp", sqlite3_column_int64(row, 5));
  put_text(&out, "Version", DUR_LIT("$LATEST"));
  if (sqlite3_column_type(row, 9) != SQLITE_NULL) {
    dur_json_key(&out, "TraceHeader");
    dur_json_begin_object(&out);
    put_text(&out, "XAmznTraceId", dur_column(row, 9));
    dur_json_end_object(&out);
  }
  dur_json_end_object(&out);
}

void dur_route_get(durable_service *s, dur_request *r, dur_reply *reply) {
  if (settle_disk(s, r->id, reply) != 0)
    return;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *row = dur_reply_row(
      s,
      "SELECT arn, name, function, status, start_ms, end_ms, payload, result,"
      " error, trace_id FROM execution JOIN input ON input.execution = "
      "execution.id"
      " LEFT JOIN outcome ON outcome.execution = execution.id WHERE arn = ?1",
      r->id, reply);
  if (row != NULL)
    write_execution(s, row, reply);
  sqlite3_finalize(row);
  pthread_mutex_unlock(&s->store.lock);
}

/* ---- lists */

typedef struct listing {
  dur_request *request;
  dur_bytes function, name;
  int64_t after_ms, before_ms;
  int64_t marker_ms, marker_id;
  int has_after, has_before, has_marker, reverse;
  char statuses[128]; /* SQL list of quoted words, or "" */
  size_t max;
} listing;

static dur_bytes either(const dur_request *r, const char *a, const char *b) {
  dur_bytes value = dur_request_query(r, a);
  return value.data ? value : dur_request_query(r, b);
}

static int add_statuses(listing *l, dur_reply *reply) {
  int seen[5] = {0};
  for (size_t i = 0; i < l->request->query_count; i++) {
    const dur_pair *pair = &l->request->query[i];
    if (!dur_bytes_is(pair->key, "Statuses") &&
        !dur_bytes_is(pair->key, "StatusFilter") &&
        !dur_bytes_is(pair->key, "statusFilter"))
      continue;
    int status = dur_run_status_of(pair->value);
    if (status < 0) {
      dur_reply_error(
          reply, DUR_ERROR_INVALID,
          "1 validation error detected: Value '%.*s' at 'statuses' failed to "
          "satisfy constraint: Member must satisfy enum value set: [RUNNING, "
          "SUCCEEDED, FAILED, TIMED_OUT, STOPPED]",
          (int)(pair->value.len < 64 ? pair->value.len : 64), pair->value.data);
      return -1;
    }
    if (!seen[status]++)
      snprintf(l->statuses + strlen(l->statuses),
               sizeof l->statuses - strlen(l->statuses), "%s'%s'",
               l->statuses[0] ? "," : "", dur_run_status_text(status));
  }
  return 0;
}

/* Seconds since the epoch as a number, or ISO 8601. */
static int read_time(dur_bytes text, int *given, int64_t *ms,
                     dur_reply *reply) {
  dur_json j;
  dur_buf quoted;
  int rc = -1;
  *given = text.data != NULL;
  if (!*given)
    return 0;
  dur_json_init(&j, text, 0);
  if (dur_time_read(&j, DUR_TIME_S, ms) == 0 &&
      dur_json_next(&j) == DUR_JSON_END) /* "2026-..." begins as a number */
    return 0;
  dur_buf_init(&quoted, &dur_mem_default, SIZE_MAX);
  dur_json_put_string(&quoted, text);
  if (!quoted.failed) {
    dur_json_init(&j, dur_buf_view(&quoted), 0);
    rc = dur_time_read(&j, DUR_TIME_S, ms);
  }
  dur_buf_drop(&quoted);
  if (rc != 0)
    dur_reply_error(reply, DUR_ERROR_INVALID, "Invalid timestamp: %.*s",
                    (int)(text.len < 64 ? text.len : 64), text.data);
  return rc;
}

/* "START_MS:ID" of the last item of the page before. */
static int read_marker(listing *l, dur_reply *reply) {
  dur_bytes text = either(l->request, "Marker", "marker");
  if (text.data == NULL)
    return 0;
  const char *colon = memchr(text.data, ':', text.len);
  dur_bytes left = {text.data, colon ? (size_t)(colon - text.data) : 0};
  if (colon == NULL || !dur_number_int(left, &l->marker_ms) ||
      !dur_number_int((dur_bytes){colon + 1, text.len - left.len - 1},
                      &l->marker_id)) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "Invalid marker");
    return -1;
  }
  l->has_marker = 1;
  return 0;
}

static int read_listing(listing *l, dur_reply *reply) {
  const dur_request *r = l->request;
  dur_bytes reverse = either(r, "ReverseOrder", "reverseOrder");
  l->name = either(r, "DurableExecutionName", "executionName");
  l->reverse = dur_bytes_is(reverse, "true") || dur_bytes_is(reverse, "1") ||
               dur_bytes_is(reverse, "yes");
  if (add_statuses(l, reply) != 0 ||
      read_time(either(r, "StartedAfter", "startedAfter"), &l->has_after,
                &l->after_ms, reply) != 0 ||
      read_time(either(r, "StartedBefore", "startedBefore"), &l->has_before,
                &l->before_ms, reply) != 0 ||
      read_marker(l, reply) != 0)
    return -1;
  return dur_request_max_items(r, LIST_ITEMS, LIST_MAX, &l->max, reply);
}

static void list_sql(const listing *l, char sql[LIST_TEXT]) {
  const char *order = l->reverse ? "DESC" : "ASC";
  char statuses[sizeof l->statuses + 24] = "";
  if (l->statuses[0] != '\0')
    snprintf(statuses, sizeof statuses, " AND status IN (%s)", l->statuses);
  snprintf(sql, LIST_TEXT,
           "SELECT id, arn, name, function, status, start_ms, end_ms"
           " FROM execution WHERE 1%s%s%s%s%s%s"
           " ORDER BY start_ms %s, id %s LIMIT ?7",
           l->function.data ? " AND function = ?1" : "",
           l->name.data ? " AND name = ?2" : "",
           l->has_after ? " AND start_ms > ?3" : "",
           l->has_before ? " AND start_ms < ?4" : "", statuses,
           !l->has_marker ? ""
           : l->reverse   ? " AND (start_ms, id) < (?5, ?6)"
                          : " AND (start_ms, id) > (?5, ?6)",
           order, order);
}

static void list_bind(const listing *l, sqlite3_stmt *stmt) {
  /* Parameters that the text does not name are refused: that is fine. */
  sqlite3_bind_text(stmt, 1, l->function.data, (int)l->function.len,
                    SQLITE_STATIC);
  sqlite3_bind_text(stmt, 2, l->name.data, (int)l->name.len, SQLITE_STATIC);
  sqlite3_bind_int64(stmt, 3, l->after_ms);
  sqlite3_bind_int64(stmt, 4, l->before_ms);
  sqlite3_bind_int64(stmt, 5, l->marker_ms);
  sqlite3_bind_int64(stmt, 6, l->marker_id);
  sqlite3_bind_int64(stmt, 7, (int64_t)l->max + 1);
}

static void write_summary(const durable_service *s, sqlite3_stmt *row,
                          dur_json_out *out) {
  dur_json_begin_object(out);
  put_text(out, "DurableExecutionArn", dur_column(row, 1));
  put_text(out, "DurableExecutionName", dur_column(row, 2));
  put_function_arn(out, s, dur_column(row, 3));
  put_text(out, "Status", dur_column(row, 4));
  put_time(out, "StartTimestamp", sqlite3_column_int64(row, 5));
  if (sqlite3_column_type(row, 6) != SQLITE_NULL)
    put_time(out, "EndTimestamp", sqlite3_column_int64(row, 6));
  dur_json_end_object(out);
}

static void write_list(durable_service *s, const listing *l, sqlite3_stmt *stmt,
                       dur_reply *reply) {
  char marker[64] = "";
  size_t count = 0;
  int64_t last_ms = 0, last_id = 0;
  int step;
  dur_json_out out;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "DurableExecutions");
  dur_json_begin_array(&out);
  while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (count++ == l->max) {
      snprintf(marker, sizeof marker, "%lld:%lld", (long long)last_ms,
               (long long)last_id);
      break;
    }
    last_id = sqlite3_column_int64(stmt, 0);
    last_ms = sqlite3_column_int64(stmt, 5);
    write_summary(s, stmt, &out);
  }
  dur_json_end_array(&out);
  if (marker[0] != '\0')
    put_text(&out, "NextMarker", dur_cstr(marker));
  dur_json_end_object(&out);
  (void)dur_reply_read(s, step, reply);
}

static void list(durable_service *s, listing *l, dur_reply *reply) {
  char sql[LIST_TEXT];
  pthread_mutex_lock(&s->lock);
  int rc = dur_commit_wait(s, s->queued);
  if (rc != 0)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s", s->failed);
  pthread_mutex_unlock(&s->lock);
  if (rc != 0 || read_listing(l, reply) != 0)
    return;
  list_sql(l, sql);
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt = dur_prepare(&s->store, sql);
  if (stmt != NULL) {
    list_bind(l, stmt);
    write_list(s, l, stmt, reply);
  } else {
    (void)dur_reply_read(s, SQLITE_ERROR, reply);
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
}

static int set_function(listing *l, dur_bytes given, dur_reply *reply) {
  l->function = dur_function_bare(given);
  if (l->function.data != NULL)
    return 0;
  dur_reply_error(reply, DUR_ERROR_INVALID, "Function name is required");
  return -1;
}

void dur_route_list(durable_service *s, dur_request *r, dur_reply *reply) {
  listing l = {.request = r};
  dur_bytes function = dur_request_query(r, "FunctionName");
  if (function.data == NULL || set_function(&l, function, reply) == 0)
    list(s, &l, reply);
}

void dur_route_list_function(durable_service *s, dur_request *r,
                             dur_reply *reply) {
  listing l = {.request = r};
  if (set_function(&l, r->id, reply) == 0)
    list(s, &l, reply);
}
