/* store: the SQLite file.
 *
 * Layout (application_id "DURB", user_version 1), one row per thing that
 * happened, nothing is ever rewritten as a whole:
 *   execution  one small row each; its input and its outcome are rows of
 *              their own, since SQLite rewrites a row whole
 *   operation  id = execution << 32 | number
 *   event      id = execution << 32 | EventId, the event as JSON text
 *   inbox      requests of processes that do not serve the file
 *
 * Invariant: the connection is used only while |lock| is held; who holds it
 * never takes durable_service.lock.  WAL with synchronous=FULL: what
 * dur_store_commit answered 0 for is on disk. */
#ifndef DUR_SERVICE_STORE_H
#define DUR_SERVICE_STORE_H

#include "base/mem.h"
#include <pthread.h>
#include <sqlite3.h>

typedef enum dur_stmt {
  DUR_STMT_PUT_EXECUTION,
  DUR_STMT_SET_EXECUTION,
  DUR_STMT_PUT_INPUT,
  DUR_STMT_PUT_OUTCOME,
  DUR_STMT_PUT_OPERATION,
  DUR_STMT_ADD_EVENT,
  DUR_STMT_ANSWER_INBOX,
  DUR_STMTS
} dur_stmt;

typedef struct dur_value {
  int is_text; /* |b| counts; absent bytes are NULL */
  int64_t i;
  dur_bytes b;
} dur_value;

#define DUR_INT(n)   ((dur_value){0, (n), {NULL, 0}})
#define DUR_TEXT(t)  ((dur_value){1, 0, (t)})
#define DUR_CTEXT(t) DUR_TEXT(dur_cstr(t))

/* One statement to be run, with its values copied into the same block. */
typedef struct dur_write {
  struct dur_write *next;
  struct dur_notice *notice; /* the listener's copy of an event, or NULL */
  dur_stmt stmt;
  size_t count;
  dur_value values[];
} dur_write;

typedef struct dur_store {
  sqlite3 *db;
  pthread_mutex_t lock;
  sqlite3_stmt *stmts[DUR_STMTS];
  char *path;   /* NULL: in memory */
  int guard_fd; /* of the lock file while we serve; -1 */
  int64_t data_version;
} dur_store;

#define DUR_ROW_ID(execution, number) ((execution) << 32 | (int64_t)(number))

/* 1 when there is a SQLite database at |path| that another program made. */
int dur_store_is_foreign(const char *path);
/* 0 or DURABLE_E_*, and |message| says which of: not there, not a database, of
 * another program, of a newer version, read-only, locked. */
int dur_store_open(dur_store *store, const char *path, int may_create,
                   char *message, size_t size);
void dur_store_close(dur_store *store);

/* Become the one process that serves the file.  1, or 0: another one does,
 * *pid is its id (0: not known), or -1: the lock file cannot be made.  A dead
 * process holds nothing.  In memory: always 1. */
int dur_store_guard(dur_store *store, long *pid);
void dur_store_unguard(dur_store *store);

dur_write *dur_write_new(dur_stmt stmt, const dur_value *values, size_t count);
void dur_writes_free(dur_write *first);
/* All of |first| in one transaction.  0, or -1 and *why (a static text). */
int dur_store_commit(dur_store *store, const dur_write *first,
                     const char **why);
/* Delete what ended longer ago than its retention.  0, or -1. */
int dur_store_expire(dur_store *store, int64_t now_ms);
/* 1 when another connection has committed since the last call. */
int dur_store_changed(dur_store *store);

/* ---- reading; |lock| is held */
sqlite3_stmt *dur_prepare(dur_store *store, const char *sql); /* NULL: failed */
dur_bytes dur_column(sqlite3_stmt *stmt, int column);         /* absent: NULL */

#endif
