/* route_history: GetDurableExecutionHistory, page by page from the disk. */
#include "base/json.h"
#include "commit.h"
#include "request.h"
#include "run.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY_ITEMS = 100, HISTORY_MAX = 1000, PAGE_BYTES = 5 * 1024 * 1024 };

typedef struct page {
  dur_bytes arn;
  int64_t execution;
  int64_t marker; /* EventId; 0: none */
  size_t max;
  int reverse, bare; /* bare: without payloads */
} page;

/* Take Payload out of Input, Result and Error, and say so. */
static void strip(cJSON *details) {
  static const char *const HOLDERS[] = {"Input", "Result", "Error"};
  for (size_t i = 0; i < 3; i++) {
    cJSON *holder = cJSON_GetObjectItemCaseSensitive(details, HOLDERS[i]);
    if (holder == NULL)
      continue;
    cJSON_DeleteItemFromObjectCaseSensitive(holder, "Payload");
    cJSON *truncated = cJSON_GetObjectItemCaseSensitive(holder, "Truncated");
    if (truncated != NULL)
      truncated->type = cJSON_True;
  }
}

/* Without its payloads; |json| is well-formed. */
static void put_bare(dur_json_out *out, dur_bytes json) {
  cJSON *event = cJSON_ParseWithLength(json.data, json.len);
  for (cJSON *it = event ? event->child : NULL; it != NULL; it = it->next)
    if (cJSON_IsObject(it))
      strip(it);
  char *text = event ? cJSON_PrintUnformatted(event) : NULL;
  if (text != NULL)
    dur_json_raw_value(out, dur_cstr(text));
  else
    out->buf->failed = DUR_BUF_NOMEM;
  cJSON_free(text);
  cJSON_Delete(event);
}

static sqlite3_stmt *select_events(durable_service *s, const page *p) {
  sqlite3_stmt *stmt = dur_prepare(
      &s->store, p->reverse ? "SELECT id, json FROM event WHERE id > ?1 AND"
                              " id < ?2 ORDER BY id DESC LIMIT ?3"
                            : "SELECT id, json FROM event WHERE id > ?1 AND"
                              " id < ?2 ORDER BY id LIMIT ?3");
  if (stmt == NULL)
    return NULL;
  int64_t low = DUR_ROW_ID(p->execution, 0);
  int64_t high = DUR_ROW_ID(p->execution + 1, 0);
  if (p->marker > 0 && p->marker < INT32_MAX && p->reverse)
    high = low + p->marker;
  else if (p->marker > 0 && !p->reverse)
    low += (p->marker < INT32_MAX ? p->marker : INT32_MAX) - 1;
  sqlite3_bind_int64(stmt, 1, low);
  sqlite3_bind_int64(stmt, 2, high);
  sqlite3_bind_int64(stmt, 3, (int64_t)p->max + 1);
  return stmt;
}

/* 0, or -1: the row is damaged, and the reply says so. */
static int put_event(const page *p, int64_t id, dur_bytes json,
                     dur_json_out *out, dur_reply *reply) {
  const char *why = "it is no text";
  size_t at = 0;
  if (json.data == NULL || !dur_json_valid(json, 0, &why, &at)) {
    dur_reply_error(reply, DUR_ERROR_SERVICE,
                    "Event %lld of %.*s is damaged: %s at byte %zu",
                    (long long)id, (int)p->arn.len, p->arn.data, why, at);
    return -1;
  }
  if (p->bare)
    put_bare(out, json);
  else
    dur_json_raw_value(out, json);
  return 0;
}

/* Forward, the marker is the first EventId of the next page; in reverse it is
 * the last one of this page. */
static void write_page(durable_service *s, const page *p, sqlite3_stmt *stmt,
                       dur_reply *reply) {
  char marker[32] = "";
  size_t count = 0;
  int64_t last = 0;
  int step = SQLITE_DONE;
  dur_json_out out;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "Events");
  dur_json_begin_array(&out);
  while (!reply->body.failed && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
    int64_t id = sqlite3_column_int64(stmt, 0) - DUR_ROW_ID(p->execution, 0);
    if (count == p->max || (count > 0 && reply->body.len > PAGE_BYTES)) {
      snprintf(marker, sizeof marker, "%lld",
               (long long)(p->reverse ? last : id));
      break;
    }
    if (put_event(p, id, dur_column(stmt, 1), &out, reply) != 0)
      return;
    last = id;
    count++;
  }
  dur_json_end_array(&out);
  if (marker[0] != '\0') {
    dur_json_key(&out, "NextMarker");
    dur_json_cstr(&out, marker);
  }
  dur_json_end_object(&out);
  (void)dur_reply_read(s, step, reply);
}

static void read_events(durable_service *s, dur_request *r, page *p,
                        dur_reply *reply) {
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *row =
      dur_reply_row(s, "SELECT id FROM execution WHERE arn = ?1", r->id, reply);
  if (row != NULL) {
    p->arn = r->id;
    p->execution = sqlite3_column_int64(row, 0);
    sqlite3_stmt *stmt = select_events(s, p);
    if (stmt != NULL)
      write_page(s, p, stmt, reply);
    else
      (void)dur_reply_read(s, SQLITE_ERROR, reply);
    sqlite3_finalize(stmt);
  }
  sqlite3_finalize(row);
  pthread_mutex_unlock(&s->store.lock);
}

void dur_route_history(durable_service *s, dur_request *r, dur_reply *reply) {
  page p = {0};
  dur_bytes include = dur_request_query(r, "IncludeExecutionData");
  dur_bytes reverse = dur_request_query(r, "ReverseOrder");
  dur_bytes marker = dur_request_query(r, "Marker");
  p.bare = dur_bytes_is(include, "false") || dur_bytes_is(include, "False");
  p.reverse = dur_bytes_is(reverse, "true") || dur_bytes_is(reverse, "True");
  if (dur_request_max_items(r, HISTORY_ITEMS, HISTORY_MAX, &p.max, reply) != 0)
    return;
  if (marker.data != NULL && !dur_number_int(marker, &p.marker))
    p.marker = 0;
  pthread_mutex_lock(&s->lock);
  const dur_run *run = dur_run_find(s, r->id);
  int rc = dur_commit_wait(s, run ? run->mark : 0);
  if (rc != 0)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "%s", s->failed);
  pthread_mutex_unlock(&s->lock);
  if (rc == 0)
    read_events(s, r, &p, reply);
}
