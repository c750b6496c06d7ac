/* store_write: queued statements, and running them in one transaction. */
#include "store.h"
#include <stdlib.h>
#include <string.h>

dur_write *dur_write_new(dur_stmt stmt, const dur_value *values, size_t count) {
  size_t size = sizeof(dur_write) + count * sizeof(dur_value);
  size_t at = size;
  for (size_t i = 0; i < count; i++)
    size += values[i].b.len;
  dur_write *w = malloc(size);
  if (w == NULL)
    return NULL;
  w->next = NULL;
  w->notice = NULL;
  w->stmt = stmt;
  w->count = count;
  for (size_t i = 0; i < count; i++) {
    w->values[i] = values[i];
    if (values[i].b.data == NULL)
      continue;
    char *to = (char *)w + at;
    memcpy(to, values[i].b.data, values[i].b.len);
    w->values[i].b.data = to;
    at += values[i].b.len;
  }
  return w;
}

void dur_writes_free(dur_write *first) {
  while (first != NULL) {
    dur_write *next = first->next;
    free(first->notice);
    free(first);
    first = next;
  }
}

static int run_one(sqlite3_stmt *stmt, const dur_write *w) {
  int rc = SQLITE_OK;
  for (size_t i = 0; i < w->count && rc == SQLITE_OK; i++) {
    const dur_value *v = &w->values[i];
    int n = (int)i + 1;
    if (!v->is_text)
      rc = sqlite3_bind_int64(stmt, n, v->i);
    else if (v->b.data == NULL)
      rc = sqlite3_bind_null(stmt, n);
    else
      rc = sqlite3_bind_text64(stmt, n, v->b.data, v->b.len, SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (rc == SQLITE_OK)
    rc = sqlite3_step(stmt);
  int reset = sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : reset != SQLITE_OK ? reset : rc;
}

static const char *reason(int rc) {
  switch (rc & 0xff) {
  case SQLITE_FULL:
    return "the disk is full";
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return "the database is locked by another program";
  case SQLITE_READONLY:
    return "the database became read-only";
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return "the database is damaged";
  case SQLITE_NOMEM:
    return "out of memory";
  default:
    return "the database could not be written";
  }
}

int dur_store_commit(dur_store *store, const dur_write *first,
                     const char **why) {
  pthread_mutex_lock(&store->lock);
  int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  int open = rc == SQLITE_OK;
  for (const dur_write *w = first; w != NULL && rc == SQLITE_OK; w = w->next)
    rc = run_one(store->stmts[w->stmt], w);
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
  if (rc != SQLITE_OK && open)
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  pthread_mutex_unlock(&store->lock);
  if (rc != SQLITE_OK)
    *why = reason(rc);
  return rc == SQLITE_OK ? 0 : -1;
}

static int delete_one(dur_store *store, int64_t execution) {
  static const char *const DELETES[] = {
      "DELETE FROM event WHERE id > ?2 AND id < ?3",
      "DELETE FROM operation WHERE id > ?2 AND id < ?3",
      "DELETE FROM input WHERE execution = ?1",
      "DELETE FROM outcome WHERE execution = ?1",
      "DELETE FROM execution WHERE id = ?1"};
  int rc = SQLITE_DONE;
  for (size_t i = 0; i < 5 && rc == SQLITE_DONE; i++) {
    sqlite3_stmt *stmt = dur_prepare(store, DELETES[i]);
    if (stmt == NULL)
      return SQLITE_ERROR;
    /* a parameter that the text does not have is refused: that is fine */
    sqlite3_bind_int64(stmt, 1, execution);
    sqlite3_bind_int64(stmt, 2, DUR_ROW_ID(execution, 0));
    sqlite3_bind_int64(stmt, 3, DUR_ROW_ID(execution + 1, 0));
    rc = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
  }
  return rc;
}

/* The lowest expired id above |after|, or 0. */
static int64_t next_expired(dur_store *store, int64_t after, int64_t now_ms) {
  int64_t id = 0;
  sqlite3_stmt *stmt = dur_prepare(
      store, "SELECT id FROM execution WHERE id > ?1 AND status <> 'RUNNING'"
             " AND end_ms + retention_days * 86400000 <= ?2"
             " ORDER BY id LIMIT 1");
  if (stmt == NULL)
    return 0;
  sqlite3_bind_int64(stmt, 1, after);
  sqlite3_bind_int64(stmt, 2, now_ms);
  if (sqlite3_step(stmt) == SQLITE_ROW)
    id = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return id;
}

int dur_store_expire(dur_store *store, int64_t now_ms) {
  int rc = SQLITE_OK;
  pthread_mutex_lock(&store->lock);
  int64_t id = next_expired(store, 0, now_ms);
  if (id > 0)
    rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  int open = id > 0 && rc == SQLITE_OK;
  while (id > 0 && rc == SQLITE_OK) {
    rc = delete_one(store, id) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
    id = next_expired(store, id, now_ms);
  }
  if (open && rc == SQLITE_OK)
    rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
  if (open && rc != SQLITE_OK)
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  pthread_mutex_unlock(&store->lock);
  return rc == SQLITE_OK ? 0 : -1;
}

int dur_store_changed(dur_store *store) {
  int64_t version = store->data_version;
  pthread_mutex_lock(&store->lock);
  sqlite3_stmt *stmt = dur_prepare(store, "PRAGMA data_version");
  if (stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW)
    version = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  int changed = version != store->data_version;
  store->data_version = version;
  pthread_mutex_unlock(&store->lock);
  return changed;
}

sqlite3_stmt *dur_prepare(dur_store *store, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return NULL;
  return stmt;
}

dur_bytes dur_column(sqlite3_stmt *stmt, int column) {
  if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
    return DUR_NONE;
  const char *data = sqlite3_column_blob(stmt, column);
  int len = sqlite3_column_bytes(stmt, column);
  return (dur_bytes){data ? data : "", (size_t)len};
}
