/* load: see load.h. */
#include "load.h"
#include "change.h"
#include "run.h"
#include "wire/arn.h"
#include <stdio.h>

typedef struct loading {
  durable_service *s;
  char *why;
  size_t size;
} loading;

static int no_memory(loading *l) {
  snprintf(l->why, l->size, "out of memory");
  return DURABLE_E_NOMEM;
}

static int unread(loading *l) {
  snprintf(l->why, l->size, "%s", sqlite3_errmsg(l->s->store.db));
  return DURABLE_E_STORE;
}

/* A row that this service cannot have written. */
static int damaged(loading *l, const dur_item *item, const char *part,
                   const char *why) {
  snprintf(l->why, l->size, "operation %.*s of %.*s: %s: %s",
           (int)item->op.id.len, item->op.id.data, (int)item->run->arn.len,
           item->run->arn.data, part, why);
  return DURABLE_E_STORE;
}

static int fill_outcome(loading *l, dur_item *item, sqlite3_stmt *row) {
  dur_bytes result = dur_column(row, 19), json = dur_column(row, 20);
  const char *why = NULL;
  dur_error error = {0};
  dur_arena arena;
  int rc = 0;
  dur_arena_init(&arena, &dur_mem_default);
  if (json.data && dur_error_parse(json, &arena, &error, &why) < 0)
    rc = why == dur_wire_no_memory ? no_memory(l)
                                   : damaged(l, item, "error", why);
  else if (dur_item_outcome(item, result, json.data ? &error : NULL) != 0)
    rc = no_memory(l);
  dur_arena_drop(&arena);
  return rc;
}

static int load_item(loading *l, dur_run *run, sqlite3_stmt *row) {
  const dur_item_spec spec = {.id = dur_column(row, 1),
                              .type = dur_type_of(dur_column(row, 2)),
                              .parent_id = dur_column(row, 4),
                              .name = dur_column(row, 5),
                              .sub_type = dur_column(row, 6),
                              .callback_id = dur_column(row, 12),
                              .target = dur_column(row, 16),
                              .tenant = dur_column(row, 17),
                              .input = dur_column(row, 21),
                              .trace_id = dur_column(row, 22)};
  dur_item *item = dur_item_new(run, &spec);
  if (item == NULL)
    return no_memory(l);
  dur_operation *op = &item->op;
  op->status = dur_status_of(dur_column(row, 3));
  if (op->type == DUR_TYPE_OTHER)
    return damaged(l, item, "type", "none of the known ones");
  if (op->status == DUR_STATUS_OTHER)
    return damaged(l, item, "status", "none of the known ones");
  op->start_ms = sqlite3_column_int64(row, 7);
  op->end_ms = sqlite3_column_int64(row, 8);
  op->attempt = (uint32_t)sqlite3_column_int64(row, 9);
  if (op->type == DUR_TYPE_WAIT)
    op->scheduled_end_ms = sqlite3_column_int64(row, 10);
  else
    op->next_attempt_ms = sqlite3_column_int64(row, 10);
  op->replay_children = sqlite3_column_int(row, 11);
  item->timeout_s = sqlite3_column_int64(row, 13);
  item->heartbeat_s = sqlite3_column_int64(row, 14);
  item->beat_ms = sqlite3_column_int64(row, 15);
  item->news = sqlite3_column_int64(row, 18);
  return fill_outcome(l, item, row);
}

static int load_items(loading *l, dur_run *run) {
  sqlite3_stmt *stmt =
      dur_prepare(&l->s->store, "SELECT * FROM operation WHERE id > ?1 AND"
                                " id < ?2 ORDER BY id");
  int rc = 0, step = SQLITE_DONE;
  if (stmt == NULL)
    return unread(l);
  sqlite3_bind_int64(stmt, 1, DUR_ROW_ID(run->row, 0));
  sqlite3_bind_int64(stmt, 2, DUR_ROW_ID(run->row + 1, 0));
  while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
    rc = load_item(l, run, stmt);
  if (rc == 0 && step != SQLITE_DONE)
    rc = unread(l);
  sqlite3_finalize(stmt);
  return rc;
}

static int read_int(loading *l, const char *sql, int64_t low, int64_t high,
                    int64_t *out) {
  sqlite3_stmt *stmt = dur_prepare(&l->s->store, sql);
  int rc = 0;
  if (stmt == NULL)
    return unread(l);
  if (low != high) {
    sqlite3_bind_int64(stmt, 1, low);
    sqlite3_bind_int64(stmt, 2, high);
  }
  if (sqlite3_step(stmt) == SQLITE_ROW)
    *out = sqlite3_column_int64(stmt, 0);
  else
    rc = unread(l);
  sqlite3_finalize(stmt);
  return rc;
}

static int arm_all(durable_service *s, dur_run *run) {
  int rc = 0;
  if (run->timeout_s > 0)
    rc |= dur_timers_arm(&s->timers, &run->timeout, DUR_TIMER_TIMEOUT,
                         run->start_ms + run->timeout_s * 1000, 0);
  if (run->retry_ms > 0)
    rc |= dur_timers_arm(&s->timers, &run->backoff, DUR_TIMER_BACKOFF,
                         run->retry_ms, 1);
  for (size_t i = 1; i < run->count; i++)
    dur_arm_item(s, run->items[i]);
  return rc;
}

static int load_run(loading *l, sqlite3_stmt *row) {
  dur_bytes arn = dur_column(row, 1);
  const dur_run_spec spec = {.row = sqlite3_column_int64(row, 0),
                             .arn = arn,
                             .function = dur_column(row, 2),
                             .name = dur_column(row, 3),
                             .id = dur_arn_last(arn),
                             .tenant = dur_column(row, 11),
                             .parent = dur_column(row, 12),
                             .parent_op = dur_column(row, 13),
                             .input = dur_column(row, 14),
                             .start_ms = sqlite3_column_int64(row, 4),
                             .timeout_s = sqlite3_column_int64(row, 5),
                             .retention_days = sqlite3_column_int64(row, 15),
                             .endpoint = dur_column(row, 16),
                             .context = dur_column(row, 17),
                             .identity = dur_column(row, 18),
                             .trace_id = dur_column(row, 19)};
  dur_run *run = dur_run_new(l->s, &spec);
  if (run == NULL)
    return no_memory(l);
  run->wanted = sqlite3_column_int(row, 6);
  run->retry_ms = sqlite3_column_int64(row, 7);
  run->failures = sqlite3_column_int(row, 8);
  run->empties = sqlite3_column_int(row, 9);
  run->invocations = sqlite3_column_int64(row, 10);
  int64_t last = 0;
  int rc = load_items(l, run);
  if (rc == 0)
    rc = read_int(l, "SELECT max(id) FROM event WHERE id > ?1 AND id < ?2",
                  DUR_ROW_ID(run->row, 0), DUR_ROW_ID(run->row + 1, 0), &last);
  if (rc != 0)
    return rc;
  run->next_event = last - DUR_ROW_ID(run->row, 0) + 1;
  return arm_all(l->s, run) == 0 ? 0 : no_memory(l);
}

static int load_all(loading *l, int64_t *newest_ms) {
  int64_t last = 0;
  int rc = read_int(l, "SELECT max(id) FROM execution", 0, 0, &last);
  if (rc == 0)
    rc = read_int(l, "SELECT max(touched_ms) FROM execution", 0, 0, newest_ms);
  if (rc != 0)
    return rc;
  l->s->next_row = last + 1;
  sqlite3_stmt *stmt = dur_prepare(
      &l->s->store,
      "SELECT id, arn, function, name, start_ms, timeout_s, wanted, retry_ms,"
      " failures, empties, invocations, tenant, parent, parent_op, payload,"
      " retention_days, endpoint, context, identity, trace_id"
      " FROM execution JOIN input ON input.execution = execution.id"
      " WHERE status = 'RUNNING' ORDER BY id");
  int step = SQLITE_DONE;
  if (stmt == NULL)
    return unread(l);
  while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
    rc = load_run(l, stmt);
  if (rc == 0 && step != SQLITE_DONE)
    rc = unread(l);
  sqlite3_finalize(stmt);
  return rc;
}

int dur_load_running(durable_service *s, int64_t *newest_ms, char *why,
                     size_t size) {
  loading l = {s, why, size};
  *newest_ms = 0;
  pthread_mutex_lock(&s->store.lock);
  int rc = load_all(&l, newest_ms);
  pthread_mutex_unlock(&s->store.lock);
  return rc;
}

void dur_unload(durable_service *s) {
  s->closing = NULL;
  for (size_t i = 0; i < s->runs.cap;) {
    dur_run *run = s->runs.slots[i].value;
    if (run != NULL)
      dur_run_free(s, run); /* may move another run into this slot */
    else
      i++;
  }
}
