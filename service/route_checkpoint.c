/* route_checkpoint: CheckpointDurableExecution and GetDurableExecutionState,
 * the two calls that an invocation makes. */
#include "base/json.h"
#include "change.h"
#include "commit.h"
#include "page.h"
#include "request.h"
#include "run.h"
#include "tokens.h"
#include "validate.h"
#include "wire/limits.h"
#include <stdlib.h>
#include <string.h>

enum {
  STATE_ITEMS = 100,
  ANSWERS_MAX = 256 * 1024, /* bytes kept for replays; the newest stays */
  READ_UPDATES_MAX = 100000
};

typedef struct checkpoint {
  dur_bytes token, client_token;
  dur_update *updates;
  size_t count, cap;
} checkpoint;

/* ---- reading the body */

static dur_update *next_update(dur_arena *arena, checkpoint *c) {
  if (c->count == c->cap) {
    size_t cap = c->cap ? c->cap * 4 : 8;
    dur_update *grown = cap > READ_UPDATES_MAX * 4
                            ? NULL
                            : dur_arena_alloc(arena, cap * sizeof *c->updates);
    if (grown == NULL)
      return NULL;
    if (c->count > 0)
      memcpy(grown, c->updates, c->count * sizeof *grown);
    c->updates = grown;
    c->cap = cap;
  }
  return &c->updates[c->count];
}

/* The value of "Updates", a null included.  0, or -1 with *why. */
static int read_updates(dur_json *j, dur_arena *arena, checkpoint *c,
                        const char **why) {
  dur_json ahead = *j;
  int token = dur_json_next(&ahead);
  if (token == DUR_JSON_NULL) {
    *j = ahead;
    return 0;
  }
  if (token != DUR_JSON_ARRAY) {
    *why = "Updates is not an array";
    return -1;
  }
  *j = ahead;
  for (;;) {
    ahead = *j;
    token = dur_json_next(&ahead);
    if (token == DUR_JSON_ARRAY_END || token == DUR_JSON_ERROR) {
      *j = ahead;
      return token == DUR_JSON_ERROR ? -1 : 0;
    }
    dur_update *u = next_update(arena, c);
    if (u == NULL) {
      *why = "too many updates";
      return -1;
    }
    if (dur_update_read(j, arena, u, why) != 0)
      return -1;
    c->count++;
  }
}

static int read_text(dur_json *j, dur_arena *arena, dur_bytes *out) {
  int token = dur_json_next(j);
  if (token == DUR_JSON_NULL)
    return 0;
  return token == DUR_JSON_STRING && dur_json_text(j, arena, out) == 0 ? 0 : -1;
}

static int read_member(dur_json *j, dur_arena *arena, checkpoint *c,
                       const char **why) {
  if (dur_json_text_is(j, "Updates"))
    return read_updates(j, arena, c, why);
  if (dur_json_text_is(j, "CheckpointToken")) {
    *why = "CheckpointToken is not a string";
    return read_text(j, arena, &c->token);
  }
  if (dur_json_text_is(j, "ClientToken")) {
    *why = "ClientToken is not a string";
    return read_text(j, arena, &c->client_token);
  }
  return dur_json_skip(j) == DUR_JSON_ERROR ? -1 : 0;
}

static int read_body(dur_request *r, checkpoint *c, const char **why) {
  dur_json j;
  *why = NULL;
  dur_json_init(&j, r->body, 0);
  int token = dur_json_next(&j);
  if (token == DUR_JSON_OBJECT) {
    while (dur_json_next(&j) == DUR_JSON_KEY) {
      *why = NULL;
      if (read_member(&j, &r->arena, c, why) != 0)
        break;
    }
    if (j.token == DUR_JSON_OBJECT_END && dur_json_next(&j) == DUR_JSON_END)
      return 0;
  } else if (token != DUR_JSON_ERROR) {
    *why = "the body is not an object";
  }
  if (j.token == DUR_JSON_ERROR)
    *why = j.error;
  if (*why == NULL)
    *why = "malformed body";
  return -1;
}

static int check_body(dur_request *r, checkpoint *c, dur_reply *reply) {
  const char *why;
  if (r->body.len == 0 || dur_bytes_is(r->body, "{}")) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "Request body is required");
    return -1;
  }
  if (read_body(r, c, &why) != 0) {
    dur_reply_error(
        reply, DUR_ERROR_INVALID, "%s%s",
        strchr(why, '.') ? "" : "JSON deserialization failed: ", why);
    return -1;
  }
  if (c->token.len == 0) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "CheckpointToken is required");
    return -1;
  }
  if (c->client_token.data != NULL && !dur_client_token_ok(c->client_token)) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "1 validation error detected: Value at 'clientToken' "
                    "failed to satisfy constraint: Member must have length "
                    "between 1 and 64 and satisfy regular expression pattern: "
                    "[\\x21-\\x7E]+");
    return -1;
  }
  return 0;
}

/* ---- stored answers */

static const dur_answer *find_answer(const dur_run *run, const checkpoint *c) {
  if (c->client_token.data == NULL)
    return NULL;
  for (const dur_answer *a = run->answers; a != NULL; a = a->next)
    if (dur_bytes_eq(a->client_token, c->client_token) &&
        dur_bytes_eq(a->token, c->token))
      return a;
  return NULL;
}

static void forget_oldest(dur_run *run) {
  dur_answer *oldest = run->answers;
  run->answers = oldest->next;
  run->answers_size -= sizeof *oldest + oldest->client_token.len +
                       oldest->token.len + oldest->body.len;
  free(oldest);
}

static dur_bytes put(char **at, dur_bytes text) {
  char *to = *at;
  memcpy(to, text.data, text.len);
  *at += text.len;
  return (dur_bytes){to, text.len};
}

static void keep_answer(durable_service *s, dur_run *run, const checkpoint *c,
                        dur_bytes body) {
  if (c->client_token.data == NULL || s->failed != NULL)
    return;
  size_t size =
      sizeof(dur_answer) + c->client_token.len + c->token.len + body.len;
  dur_answer *a = malloc(size);
  if (a == NULL) {
    dur_give_up(s, "out of memory");
    return;
  }
  char *at = (char *)(a + 1);
  a->next = NULL;
  a->client_token = put(&at, c->client_token);
  a->token = put(&at, c->token);
  a->body = put(&at, body);
  if (run->answers != NULL)
    run->last_answer->next = a;
  else
    run->answers = a;
  run->last_answer = a;
  run->answers_size += size;
  while (run->answers_size > ANSWERS_MAX && run->answers != a)
    forget_oldest(run);
}

/* ---- the answer */

static void put_changes(dur_json_out *out, dur_run *run) {
  dur_json_key(out, "NewExecutionState");
  dur_json_begin_object(out);
  dur_json_key(out, "Operations");
  dur_json_begin_array(out);
  for (size_t i = run->unseen; i < run->count; i++)
    if (run->items[i]->touched > run->delivered)
      dur_operation_write(out, &run->items[i]->op, DUR_TIME_S);
  dur_json_end_array(out);
  dur_json_end_object(out);
  dur_run_delivered(run);
}

static void write_answer(dur_run *run, dur_reply *reply) {
  dur_json_out out;
  dur_buf token;
  dur_buf_init(&token, &dur_mem_default, SIZE_MAX);
  dur_token_write(&token, run->arn, run->token_seq, run->job->request_id);
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "CheckpointToken");
  dur_json_string(&out, dur_buf_view(&token));
  put_changes(&out, run);
  dur_json_end_object(&out);
  if (token.failed)
    reply->body.failed = DUR_BUF_NOMEM;
  dur_buf_drop(&token);
}

/* Is there an execution of this arn at all?  Refuse accordingly. */
static void refuse_unknown(durable_service *s, dur_request *r,
                           dur_reply *reply) {
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *row =
      dur_reply_row(s, "SELECT 1 FROM execution WHERE arn = ?1", r->id, reply);
  if (row != NULL)
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", DUR_STALE_TOKEN);
  sqlite3_finalize(row);
  pthread_mutex_unlock(&s->store.lock);
}

/* 1 when an invocation of this run is running and |token| is its newest. */
static int is_current(const durable_service *s, const dur_run *run,
                      dur_bytes token) {
  if (run->job == NULL || dur_run_is_over(run))
    return 0;
  for (const dur_job *job = s->jobs; job != NULL; job = job->next)
    if (job == run->job)
      return dur_token_is(token, run);
  return 0;
}

static void accept(durable_service *s, dur_run *run, const checkpoint *c,
                   dur_reply *reply) {
  char message[DUR_MESSAGE_SIZE];
  int64_t now_ms = dur_clock_now(&s->clock);
  if (dur_validate_updates(run, c->updates, c->count, message) != 0) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", message);
    return;
  }
  for (size_t i = 0; i < c->count; i++)
    dur_apply(s, run, &c->updates[i], now_ms);
  run->token_seq++;
  dur_fire_due(s, now_ms); /* so that what is due now rides along */
  write_answer(run, reply);
  keep_answer(s, run, c, dur_buf_view(&reply->body));
  dur_run_save(s, run);
  reply->mark = run->mark;
}

void dur_route_checkpoint(durable_service *s, dur_request *r,
                          dur_reply *reply) {
  checkpoint c = {0};
  if (check_body(r, &c, reply) != 0)
    return;
  pthread_mutex_lock(&s->lock);
  dur_run *run = dur_run_find(s, r->id);
  const dur_answer *stored = run ? find_answer(run, &c) : NULL;
  if (run == NULL) {
    refuse_unknown(s, r, reply);
  } else if (stored != NULL) {
    dur_buf_bytes(&reply->body, stored->body);
    reply->mark = run->mark;
  } else if (!is_current(s, run, c.token)) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", DUR_STALE_TOKEN);
  } else {
    accept(s, run, &c, reply);
  }
  pthread_mutex_unlock(&s->lock);
}

/* ---- state */

/* "SEQ:INDEX" of this token.  0, or -1. */
static int read_marker(const dur_run *run, dur_bytes marker, size_t *from) {
  int64_t seq, index;
  const char *colon = marker.data ? memchr(marker.data, ':', marker.len) : NULL;
  *from = 0;
  if (marker.data == NULL)
    return 0;
  if (colon == NULL)
    return -1;
  dur_bytes left = {marker.data, (size_t)(colon - marker.data)};
  dur_bytes right = {colon + 1, marker.len - left.len - 1};
  if (!dur_number_int(left, &seq) || !dur_number_int(right, &index) ||
      seq < 0 || (uint64_t)seq != run->token_seq || index < 0 ||
      (size_t)index >= run->count)
    return -1;
  *from = (size_t)index;
  return 0;
}

static void write_state(durable_service *s, dur_run *run, size_t from,
                        size_t max, dur_reply *reply) {
  dur_json_out out;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "Operations");
  dur_json_begin_array(&out);
  dur_page_hide(s, run);
  size_t next = dur_page_write(&out, run, from, max, DUR_TIME_S);
  dur_json_end_array(&out);
  if (next < run->count) {
    dur_buf marker;
    dur_buf_init(&marker, &dur_mem_default, 64);
    dur_buf_u64(&marker, run->token_seq);
    dur_buf_char(&marker, ':');
    dur_buf_u64(&marker, next);
    dur_json_key(&out, "NextMarker");
    dur_json_string(&out, dur_buf_view(&marker));
    dur_buf_drop(&marker);
  }
  dur_json_end_object(&out);
  reply->mark = run->mark;
}

void dur_route_state(durable_service *s, dur_request *r, dur_reply *reply) {
  size_t max, from;
  if (dur_request_max_items(r, STATE_ITEMS, DUR_PAGE_ITEMS_MAX, &max, reply))
    return;
  pthread_mutex_lock(&s->lock);
  dur_run *run = dur_run_find(s, r->id);
  if (run == NULL)
    refuse_unknown(s, r, reply);
  else if (!is_current(s, run, dur_request_query(r, "CheckpointToken")))
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", DUR_STALE_TOKEN);
  else if (read_marker(run, dur_request_query(r, "Marker"), &from) != 0)
    dur_reply_error(reply, DUR_ERROR_INVALID, "Invalid marker");
  else
    write_state(s, run, from, max, reply);
  pthread_mutex_unlock(&s->lock);
}
