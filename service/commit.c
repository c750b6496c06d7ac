/* commit: see commit.h. */
#include "commit.h"
#include "run.h"
#include <stdlib.h>
#include <string.h>

void dur_give_up(durable_service *s, const char *why) {
  if (s->failed == NULL)
    s->failed = why;
  pthread_cond_broadcast(&s->changed);
}

static void append(durable_service *s, dur_write *w) {
  if (s->last_write != NULL)
    s->last_write->next = w;
  else
    s->writes = w;
  s->last_write = w;
  s->queued++;
}

void dur_queue(durable_service *s, dur_stmt stmt, const dur_value *values,
               size_t count) {
  dur_write *w = dur_write_new(stmt, values, count);
  if (w == NULL)
    dur_give_up(s, "out of memory");
  else
    append(s, w);
}

static dur_notice *notice_new(dur_bytes arn, dur_bytes json) {
  dur_buf buf;
  dur_buf_init(&buf, &dur_mem_default, SIZE_MAX);
  dur_buf_str(&buf, "{\"DurableExecutionArn\":");
  dur_json_put_string(&buf, arn);
  dur_buf_str(&buf, ",\"Event\":");
  dur_buf_bytes(&buf, json);
  dur_buf_str(&buf, "}");
  dur_notice *n = buf.failed ? NULL : malloc(sizeof *n + buf.len);
  if (n != NULL) {
    n->next = NULL;
    n->len = buf.len;
    memcpy(n->text, buf.data, buf.len);
  }
  dur_buf_drop(&buf);
  return n;
}

void dur_queue_event(durable_service *s, int64_t id, dur_bytes json,
                     dur_bytes arn) {
  const dur_value values[] = {DUR_INT(id), DUR_TEXT(json)};
  dur_write *w = dur_write_new(DUR_STMT_ADD_EVENT, values, 2);
  if (w != NULL && s->on_event != NULL) {
    w->notice = notice_new(arn, json);
    if (w->notice == NULL) {
      dur_writes_free(w);
      w = NULL;
    }
  }
  if (w == NULL)
    dur_give_up(s, "out of memory");
  else
    append(s, w);
}

static void deliver(durable_service *s, dur_write *first) {
  for (dur_write *w = first; w != NULL; w = w->next) {
    dur_notice *n = w->notice;
    if (n == NULL)
      continue;
    w->notice = NULL;
    if (s->last_notice != NULL)
      s->last_notice->next = n;
    else
      s->notices = n;
    s->last_notice = n;
    pthread_cond_signal(&s->notice);
  }
}

static void commit_all(durable_service *s) {
  dur_write *batch = s->writes;
  uint64_t mark = s->queued;
  const char *why = NULL;
  s->writes = s->last_write = NULL;
  s->committing = 1;
  pthread_mutex_unlock(&s->lock);
  int rc = batch ? dur_store_commit(&s->store, batch, &why) : 0;
  pthread_mutex_lock(&s->lock);
  s->committing = 0;
  if (rc != 0) {
    dur_give_up(s, why);
  } else {
    s->committed = mark;
    deliver(s, batch);
    dur_runs_sweep(s);
  }
  dur_writes_free(batch);
  pthread_cond_broadcast(&s->changed);
}

int dur_commit_wait(durable_service *s, uint64_t mark) {
  while (s->failed == NULL && s->committed < mark) {
    if (s->committing || s->hold)
      pthread_cond_wait(&s->changed, &s->lock);
    else
      commit_all(s);
  }
  return s->failed == NULL ? 0 : -1;
}
