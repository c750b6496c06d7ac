/* inbox: see inbox.h. */
#include "inbox.h"
#include "change.h"
#include "commit.h"
#include "load.h"
#include <stdlib.h>
#include <string.h>

enum {
  HEADERS_MAX = 16, /* names and values, and a NULL */
  POLL_MS = 10,
  PATIENCE_MS = 30000
};

/* ---- serving */

typedef struct letter {
  int64_t id;
  dur_arena arena;
  dur_bytes method, target, headers, body;
} letter;

/* The oldest unanswered one.  1, or 0: none (or no memory). */
static int take_letter(durable_service *s, letter *l) {
  int found = 0;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt = dur_prepare(
      &s->store, "SELECT id, method, target, headers, body FROM inbox"
                 " WHERE status IS NULL AND id > ?1 ORDER BY id LIMIT 1");
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, l->id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
      l->id = sqlite3_column_int64(stmt, 0);
      l->method = dur_arena_copy(&l->arena, dur_column(stmt, 1));
      l->target = dur_arena_copy(&l->arena, dur_column(stmt, 2));
      l->headers = dur_arena_copy(&l->arena, dur_column(stmt, 3));
      l->body = dur_arena_copy(&l->arena, dur_column(stmt, 4));
      found = l->method.data != NULL && l->target.data != NULL;
    }
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  return found;
}

/* "name\nvalue\n..." in place, as the array of a request. */
static void split_headers(dur_bytes text, const char *headers[HEADERS_MAX]) {
  char *at = (char *)(uintptr_t)text.data; /* our own copy */
  char *end = at + text.len;
  size_t n = 0;
  while (text.data != NULL && at < end && n < HEADERS_MAX - 1) {
    char *line = memchr(at, '\n', (size_t)(end - at));
    if (line == NULL)
      break;
    *line = '\0';
    headers[n++] = at;
    at = line + 1;
  }
  headers[n & ~(size_t)1] = NULL;
}

static void queue_answer(durable_service *s, int64_t id,
                         const dur_reply *reply) {
  const dur_value v[] = {
      DUR_INT(id), DUR_INT(reply->status), DUR_CTEXT(reply->error_type),
      DUR_TEXT(reply->body.len ? dur_buf_view(&reply->body) : DUR_NONE),
      DUR_CTEXT(reply->arn[0] ? reply->arn : NULL)};
  dur_queue(s, DUR_STMT_ANSWER_INBOX, v, 5);
}

static void answer_letter(durable_service *s, letter *l) {
  const char *headers[HEADERS_MAX];
  dur_reply *reply = calloc(1, sizeof *reply);
  if (reply == NULL)
    return; /* it stays there for the next time */
  split_headers(l->headers, headers);
  dur_request r = {.method = l->method.data,
                   .target = l->target.data,
                   .headers = headers,
                   .body = l->body,
                   .inbox = l->id};
  dur_arena_init(&r.arena, &dur_mem_default);
  dur_buf_init(&reply->body, &dur_mem_default, SIZE_MAX);
  reply->status = 200;
  pthread_mutex_lock(&s->lock);
  s->hold++; /* the effect and the answer go into one transaction */
  pthread_mutex_unlock(&s->lock);
  if (dur_request_parse(&r) != 0)
    dur_reply_error(reply, DUR_ERROR_INVALID, "Malformed request line");
  else if (!dur_request_changes(&r)) /* it would wait for the disk: for us */
    dur_reply_error(reply, DUR_ERROR_INVALID, "Only changes are taken here");
  else
    dur_request_run(s, &r, reply);
  pthread_mutex_lock(&s->lock);
  queue_answer(s, l->id, reply);
  s->hold--;
  pthread_cond_broadcast(&s->changed);
  dur_commit_wait(s, s->queued);
  pthread_mutex_unlock(&s->lock);
  dur_buf_drop(&reply->body);
  dur_arena_drop(&r.arena);
  free(reply);
}

void dur_inbox_serve(durable_service *s) {
  letter l = {0};
  int more = 1;
  while (more) {
    dur_arena_init(&l.arena, &dur_mem_default);
    more = take_letter(s, &l);
    if (more)
      answer_letter(s, &l);
    dur_arena_drop(&l.arena);
  }
}

/* ---- visiting */

static void run_here(durable_service *s, dur_request *r, dur_reply *reply) {
  int64_t newest_ms;
  char why[DUR_LOAD_WHY];
  pthread_mutex_lock(&s->lock);
  int rc = dur_load_running(s, &newest_ms, why, sizeof why);
  dur_clock_init(&s->clock, 0, 1.0, newest_ms);
  if (rc == 0) /* what came due while nobody served comes first */
    dur_fire_due(s, dur_clock_now(&s->clock));
  pthread_mutex_unlock(&s->lock);
  if (rc != 0) {
    dur_reply_error(reply, DUR_ERROR_SERVICE, "the database cannot be read: %s",
                    why);
  } else {
    dur_inbox_serve(s);
    if (r != NULL)
      dur_request_run(s, r, reply);
  }
  pthread_mutex_lock(&s->lock);
  dur_commit_wait(s, s->queued);
  dur_unload(s);
  pthread_mutex_unlock(&s->lock);
}

static int64_t post(durable_service *s, const dur_request *r) {
  dur_buf headers;
  int64_t id = -1;
  dur_buf_init(&headers, &dur_mem_default, SIZE_MAX);
  for (const char *const *name = dur_request_headers; *name; name++) {
    dur_bytes value = dur_request_header(r, *name);
    if (value.data == NULL)
      continue;
    dur_buf_str(&headers, *name);
    dur_buf_char(&headers, '\n');
    dur_buf_bytes(&headers, value);
    dur_buf_char(&headers, '\n');
  }
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt =
      dur_prepare(&s->store, "INSERT INTO inbox(method, target, headers, body)"
                             " VALUES(?1, ?2, ?3, ?4)");
  if (stmt != NULL && !headers.failed) {
    sqlite3_bind_text(stmt, 1, r->method, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, r->target, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, headers.data, (int)headers.len, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 4, r->body.data, r->body.len, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_DONE)
      id = sqlite3_last_insert_rowid(s->store.db);
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  dur_buf_drop(&headers);
  return id;
}

static const char *const STATIC_TYPES[] = {
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "CallbackTimeoutException",
    "ResourceNotFoundException",
    "DurableExecutionAlreadyStartedException",
    "RequestTooLargeException",
    "ServiceException"};

static void read_answer(sqlite3_stmt *row, dur_reply *reply) {
  dur_bytes arn = dur_column(row, 3);
  reply->status = sqlite3_column_int(row, 0);
  for (size_t i = 0; i < sizeof STATIC_TYPES / sizeof *STATIC_TYPES; i++)
    if (dur_bytes_is(dur_column(row, 1), STATIC_TYPES[i]))
      reply->error_type = STATIC_TYPES[i];
  dur_buf_bytes(&reply->body, dur_column(row, 2));
  if (arn.len > 0 && arn.len < sizeof reply->arn)
    memcpy(reply->arn, arn.data, arn.len);
}

/* 1 when the answer is there; it is taken out of the inbox. */
static int fetch(durable_service *s, int64_t id, dur_reply *reply) {
  int found = 0;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt =
      dur_prepare(&s->store, "SELECT status, error_type, answer, arn FROM inbox"
                             " WHERE id = ?1 AND status IS NOT NULL");
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    found = sqlite3_step(stmt) == SQLITE_ROW;
    if (found)
      read_answer(stmt, reply);
  }
  sqlite3_finalize(stmt);
  stmt =
      found ? dur_prepare(&s->store, "DELETE FROM inbox WHERE id = ?1") : NULL;
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    (void)sqlite3_step(stmt); /* left there, it only takes room */
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  return found;
}

static void rest(int64_t ms) {
  struct timespec t = {0, (long)ms * 1000000};
  nanosleep(&t, NULL);
}

static void leave(durable_service *s, dur_request *r, dur_reply *reply) {
  int64_t id = post(s, r), until = dur_boot_ms() + PATIENCE_MS;
  long pid;
  if (id < 0) {
    dur_reply_error(reply, DUR_ERROR_SERVICE, "the database is locked");
    return;
  }
  while (!fetch(s, id, reply)) {
    if (dur_boot_ms() > until) {
      dur_reply_error(reply, DUR_ERROR_SERVICE,
                      "the process that serves the database does not answer");
      return;
    }
    if (dur_store_guard(&s->store, &pid) == 1) { /* it has gone */
      run_here(s, NULL, reply);
      dur_store_unguard(&s->store);
    } else {
      rest(POLL_MS);
    }
  }
  reply->wait_run = reply->status == 200 && reply->arn[0] != '\0';
}

void dur_inbox_visit(durable_service *s, dur_request *r, dur_reply *reply) {
  long pid;
  pthread_mutex_lock(&s->visit);
  if (dur_store_guard(&s->store, &pid) == 1) {
    run_here(s, r, reply);
    dur_store_unguard(&s->store);
  } else {
    leave(s, r, reply);
  }
  pthread_mutex_unlock(&s->visit);
}
