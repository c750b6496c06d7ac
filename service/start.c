/* start: see start.h. */
#include "start.h"
#include "commit.h"
#include "dispatch.h"
#include "history.h"
#include "run.h"
#include "tokens.h"
#include <string.h>

static int make(durable_service *s, const dur_start *start, dur_bytes name,
                dur_bytes id, dur_run **out) {
  dur_buf arn;
  dur_buf_init(&arn, &dur_mem_default, DURABLE_ARN_SIZE);
  dur_bytes function = dur_cstr(start->function->name);
  dur_execution_arn_write(&arn, s, function, name, id);
  int64_t timeout_s = start->no_timeout ? 0
                      : start->timeout_s > 0
                          ? start->timeout_s
                          : start->function->execution_timeout_s;
  const dur_run_spec spec = {.row = s->next_row,
                             .arn = dur_buf_view(&arn),
                             .function = function,
                             .name = name,
                             .id = id,
                             .tenant = start->tenant,
                             .parent = start->parent,
                             .parent_op = start->parent_op,
                             .input = start->input,
                             .start_ms = dur_clock_now(&s->clock),
                             .timeout_s = timeout_s,
                             .endpoint = start->endpoint,
                             .context = start->context,
                             .identity = start->identity,
                             .trace_id = start->trace_id,
                             .retention_days =
                                 start->retention_days > 0
                                     ? start->retention_days
                                     : start->function->retention_days};
  dur_run *run = arn.failed ? NULL : dur_run_new(s, &spec);
  dur_buf_drop(&arn);
  if (run == NULL)
    return DURABLE_E_NOMEM;
  s->next_row++;
  run->row_dirty = 2;
  run->wanted = 1;
  *out = run;
  return 0;
}

/* 1 when an execution of that name and id exists. */
static int is_taken(durable_service *s, const dur_start *start) {
  dur_buf arn;
  int taken = 0;
  if (start->name.data == NULL)
    return 0;
  dur_buf_init(&arn, &dur_mem_default, DURABLE_ARN_SIZE);
  dur_execution_arn_write(&arn, s, dur_cstr(start->function->name), start->name,
                          start->id);
  taken = dur_run_find(s, dur_buf_view(&arn)) != NULL;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt =
      dur_prepare(&s->store, "SELECT 1 FROM execution WHERE arn = ?1");
  if (stmt != NULL && !taken) {
    sqlite3_bind_text(stmt, 1, arn.data, (int)arn.len, SQLITE_STATIC);
    taken = sqlite3_step(stmt) == SQLITE_ROW;
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  dur_buf_drop(&arn);
  return taken;
}

int dur_start_run(durable_service *s, const dur_start *start, dur_run **out) {
  char name[DUR_UUID_SIZE], id[DUR_UUID_SIZE];
  if (dur_uuid(name) != 0 || dur_uuid(id) != 0)
    return DURABLE_E_NOMEM;
  int given = start->id.data != NULL && !is_taken(s, start);
  int rc = make(s, start, start->name.data ? start->name : dur_cstr(name),
                given ? start->id : dur_cstr(id), out);
  if (rc < 0)
    return rc;
  dur_run *run = *out;
  if (run->timeout_s > 0 &&
      dur_timers_arm(&s->timers, &run->timeout, DUR_TIMER_TIMEOUT,
                     run->start_ms + run->timeout_s * 1000, 0) != 0)
    dur_give_up(s, "out of memory");
  dur_run_save(s, run);
  dur_history_run_started(s, run);
  run->mark = s->queued;
  dur_dispatch_run(s, run);
  pthread_cond_signal(&s->timer);
  return 0;
}

static void copy_arn(char *to, dur_bytes arn) {
  size_t n = arn.len < DURABLE_ARN_SIZE ? arn.len : DURABLE_ARN_SIZE - 1;
  memcpy(to, arn.data, n);
  to[n] = '\0';
}

/* A finished execution of that name: 1 and its arn, 0: there is none, or
 * DURABLE_E_STORE: that cannot be told. */
static int find_stored(durable_service *s, const dur_start *start, char *arn,
                       int *same) {
  int step = SQLITE_ERROR;
  pthread_mutex_lock(&s->store.lock);
  sqlite3_stmt *stmt =
      dur_prepare(&s->store, "SELECT arn, payload FROM execution JOIN input"
                             " ON input.execution = execution.id"
                             " WHERE function = ?1 AND name = ?2"
                             " ORDER BY id DESC LIMIT 1");
  if (stmt != NULL) {
    sqlite3_bind_text(stmt, 1, start->function->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, start->name.data, (int)start->name.len,
                      SQLITE_STATIC);
    step = sqlite3_step(stmt);
    if (step == SQLITE_ROW) {
      copy_arn(arn, dur_column(stmt, 0));
      *same = dur_bytes_eq(dur_column(stmt, 1), start->input);
    }
  }
  sqlite3_finalize(stmt);
  pthread_mutex_unlock(&s->store.lock);
  if (step == SQLITE_ROW)
    return 1;
  return step == SQLITE_DONE ? 0 : DURABLE_E_STORE;
}

static dur_run *find_running(durable_service *s, const dur_start *start) {
  dur_buf key;
  dur_buf_init(&key, &dur_mem_default, DURABLE_ARN_SIZE);
  dur_execution_arn_write(&key, s, dur_cstr(start->function->name), start->name,
                          DUR_LIT(""));
  dur_run *run = key.failed ? NULL : dur_map_get(&s->names, dur_buf_view(&key));
  dur_buf_drop(&key);
  return run;
}

int dur_start_named(durable_service *s, const dur_start *start, char *arn,
                    uint64_t *mark) {
  int found = 0, same = 0;
  *mark = 0;
  if (start->name.data != NULL && !start->again) {
    dur_run *run = find_running(s, start);
    if (run != NULL) {
      found = 1;
      /* AWS asks for the identical payload: whitespace counts */
      same = dur_bytes_eq(run->input, start->input);
      copy_arn(arn, run->arn);
      *mark = run->mark;
    } else {
      found = find_stored(s, start, arn, &same);
    }
  }
  if (found < 0)
    return found;
  if (found)
    return same ? 1 : DURABLE_E_EXISTS;
  dur_run *run = NULL;
  int rc = dur_start_run(s, start, &run);
  if (rc < 0)
    return rc;
  copy_arn(arn, run->arn);
  *mark = run->mark;
  return 0;
}
