/* store: opening the file, and telling apart why it cannot be. */
#include "store.h"
#include <durable/engine.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { APPLICATION_ID = 0x44555242, SCHEMA_VERSION = 1, BUSY_MS = 2000 };

static const char SCHEMA[] =
    "CREATE TABLE execution(id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE,"
    " function TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,"
    " start_ms INTEGER NOT NULL, end_ms INTEGER, touched_ms INTEGER NOT NULL,"
    " timeout_s INTEGER NOT NULL, retention_days INTEGER NOT NULL,"
    " wanted INTEGER NOT NULL, retry_ms INTEGER NOT NULL, failures INTEGER NOT "
    "NULL,"
    " empties INTEGER NOT NULL, invocations INTEGER NOT NULL, tenant TEXT,"
    " parent TEXT, parent_op TEXT, endpoint TEXT, context TEXT, identity TEXT,"
    " trace_id TEXT);"
    "CREATE INDEX execution_name ON execution(function, name);"
    "CREATE INDEX execution_start ON execution(function, start_ms, id);"
    "CREATE INDEX execution_running ON execution(status)"
    " WHERE status = 'RUNNING';"
    "CREATE TABLE input(execution INTEGER PRIMARY KEY, payload BLOB NOT NULL);"
    "CREATE TABLE outcome(execution INTEGER PRIMARY KEY, result BLOB,"
    " error BLOB);"
    "CREATE TABLE operation(id INTEGER PRIMARY KEY, op TEXT NOT NULL,"
    " type TEXT NOT NULL, status TEXT NOT NULL, parent TEXT, name TEXT,"
    " sub_type TEXT, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, due_ms INTEGER NOT NULL,"
    " replay_children INTEGER NOT NULL, callback TEXT,"
    " timeout_s INTEGER NOT NULL, heartbeat_s INTEGER NOT NULL,"
    " beat_ms INTEGER NOT NULL, target TEXT, tenant TEXT,"
    " news INTEGER NOT NULL, result BLOB, error BLOB, input BLOB,"
    " trace_id TEXT);"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, json TEXT NOT NULL);"
    "CREATE TABLE inbox(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " method TEXT NOT NULL, target TEXT NOT NULL, headers TEXT, body BLOB,"
    " status INTEGER, error_type TEXT, answer BLOB, arn TEXT);";

static const char *const SQL[DUR_STMTS] = {
    [DUR_STMT_PUT_EXECUTION] =
        "INSERT INTO execution VALUES"
        "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
        "?20,?21,?22)",
    [DUR_STMT_SET_EXECUTION] =
        "UPDATE execution SET status=?2, end_ms=?3, touched_ms=?4, wanted=?5,"
        " retry_ms=?6, failures=?7, empties=?8, invocations=?9 WHERE id=?1",
    [DUR_STMT_PUT_INPUT] = "INSERT INTO input VALUES(?1,?2)",
    [DUR_STMT_PUT_OUTCOME] = "INSERT INTO outcome VALUES(?1,?2,?3)",
    [DUR_STMT_PUT_OPERATION] =
        "INSERT OR REPLACE INTO operation VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,"
        "?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23)",
    [DUR_STMT_ADD_EVENT] = "INSERT INTO event VALUES(?1,?2)",
    [DUR_STMT_ANSWER_INBOX] = "UPDATE inbox SET status=?2, error_type=?3,"
                              " answer=?4, arn=?5 WHERE id=?1",
};

static const char *shown(const dur_store *store) {
  return store->path ? store->path : "the database";
}

static int refuse(dur_store *store, int rc, char *message, size_t size) {
  const char *path = shown(store);
  switch (rc & 0xff) {
  case SQLITE_NOMEM:
    snprintf(message, size, "out of memory");
    return DURABLE_E_NOMEM;
  case SQLITE_NOTADB:
    snprintf(message, size, "%s is not a SQLite database", path);
    break;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    snprintf(message, size, "%s is locked by another program", path);
    break;
  case SQLITE_READONLY:
    snprintf(message, size, "%s is read-only", path);
    break;
  case SQLITE_CANTOPEN: {
    int error = store->db ? sqlite3_system_errno(store->db) : 0;
    snprintf(message, size, "%s cannot be opened: %s", path,
             error ? strerror(error) : "not a file that can be read");
    break;
  }
  default:
    snprintf(message, size, "%s cannot be used: %s", path,
             store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc));
  }
  return DURABLE_E_STORE;
}

static int read_int(dur_store *store, const char *sql, int64_t *out) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);
  if (rc == SQLITE_OK) {
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
      *out = sqlite3_column_int64(stmt, 0);
      rc = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
  }
  return rc;
}

int dur_store_is_foreign(const char *path) {
  dur_store store = {.guard_fd = -1};
  int64_t application = 0, objects = 0;
  int foreign =
      sqlite3_open_v2(path, &store.db, SQLITE_OPEN_READONLY, NULL) ==
          SQLITE_OK &&
      read_int(&store, "PRAGMA application_id", &application) == SQLITE_OK &&
      read_int(&store, "SELECT count(*) FROM sqlite_schema", &objects) ==
          SQLITE_OK &&
      application != APPLICATION_ID && objects > 0;
  sqlite3_close(store.db);
  return foreign;
}

/* 0: ours; 1: empty, to be made ours; else DURABLE_E_*. */
static int recognise(dur_store *store, char *message, size_t size) {
  int64_t application = 0, version = 0, objects = 0;
  int rc = read_int(store, "PRAGMA application_id", &application);
  if (rc == SQLITE_OK)
    rc = read_int(store, "PRAGMA user_version", &version);
  if (rc == SQLITE_OK)
    rc = read_int(store, "SELECT count(*) FROM sqlite_schema", &objects);
  if (rc != SQLITE_OK)
    return refuse(store, rc, message, size);
  if (application == 0 && objects == 0)
    return 1;
  if (application != APPLICATION_ID) {
    snprintf(message, size, "%s is a database of another program",
             shown(store));
    return DURABLE_E_STORE;
  }
  if (version > SCHEMA_VERSION) {
    snprintf(message, size,
             "%s was written by a newer version (schema %lld, known %d)",
             shown(store), (long long)version, SCHEMA_VERSION);
    return DURABLE_E_STORE;
  }
  return 0;
}

/* Take the write lock once, to see that we can write; make the tables. */
static int settle_schema(dur_store *store, char *message, size_t size) {
  char pragma[96];
  snprintf(pragma, sizeof pragma,
           "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
           SCHEMA_VERSION);
  int rc = sqlite3_exec(store->db,
                        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                        "PRAGMA cache_size=-1500; BEGIN IMMEDIATE",
                        NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    return refuse(store, rc, message, size);
  int is_new = recognise(store, message, size);
  if (is_new == 1) {
    rc = sqlite3_exec(store->db, SCHEMA, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
      rc = sqlite3_exec(store->db, pragma, NULL, NULL, NULL);
  }
  if (is_new < 0 || rc != SQLITE_OK) {
    int answer = is_new < 0 ? is_new : refuse(store, rc, message, size);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return answer;
  }
  rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : refuse(store, rc, message, size);
}

static int prepare_all(dur_store *store, char *message, size_t size) {
  for (int i = 0; i < DUR_STMTS; i++) {
    int rc =
        sqlite3_prepare_v3(store->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT,
                           &store->stmts[i], NULL);
    if (rc != SQLITE_OK)
      return refuse(store, rc, message, size);
  }
  return 0;
}

static int open_file(dur_store *store, int may_create, char *message,
                     size_t size) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (may_create)
    flags |= SQLITE_OPEN_CREATE;
  int rc = sqlite3_open_v2(store->path ? store->path : ":memory:", &store->db,
                           flags, NULL);
  if (rc != SQLITE_OK)
    return refuse(store, rc, message, size);
  sqlite3_busy_timeout(store->db, BUSY_MS);
  int is_new = recognise(store, message, size);
  if (is_new < 0)
    return is_new;
  if (sqlite3_db_readonly(store->db, "main") == 1)
    return refuse(store, SQLITE_READONLY, message, size);
  if (is_new == 1 && !may_create) {
    snprintf(message, size, "%s is empty", shown(store));
    return DURABLE_E_STORE;
  }
  rc = settle_schema(store, message, size);
  if (rc == 0)
    rc = prepare_all(store, message, size);
  sqlite3_busy_timeout(store->db, 10 * BUSY_MS);
  return rc;
}

int dur_store_open(dur_store *store, const char *path, int may_create,
                   char *message, size_t size) {
  memset(store, 0, sizeof *store);
  store->guard_fd = -1;
  if (pthread_mutex_init(&store->lock, NULL) != 0) {
    snprintf(message, size, "out of memory");
    return DURABLE_E_NOMEM;
  }
  if (path != NULL && (store->path = strdup(path)) == NULL) {
    pthread_mutex_destroy(&store->lock);
    snprintf(message, size, "out of memory");
    return DURABLE_E_NOMEM;
  }
  int rc = open_file(store, path == NULL || may_create, message, size);
  if (rc != 0)
    dur_store_close(store);
  return rc;
}

void dur_store_close(dur_store *store) {
  for (int i = 0; i < DUR_STMTS; i++)
    sqlite3_finalize(store->stmts[i]);
  sqlite3_close(store->db);
  dur_store_unguard(store);
  pthread_mutex_destroy(&store->lock);
  free(store->path);
  memset(store, 0, sizeof *store);
  store->guard_fd = -1;
}
