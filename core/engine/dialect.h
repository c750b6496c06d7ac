/* dialect: everything that is private to one SDK, in one table.
 *
 * An execution speaks one dialect from its first operation to its last: ids,
 * branch numbering, inner names, sub-types and the id of an oversize result.
 * With the dialect of the SDK that started it, an execution can be taken over
 * here. */
#ifndef DUR_ENGINE_DIALECT_H
#define DUR_ENGINE_DIALECT_H

#include "base/hash.h"

typedef enum dur_dialect_kind {
  DUR_DIALECT_PYTHON, /* BLAKE2b-512, first 64 hex digits, hashed parent */
  DUR_DIALECT_JS,     /* MD5, first 16, positional path; Go does the same */
  DUR_DIALECT_JAVA,   /* SHA-256, 64, hashed parent; .NET does the same */
  DUR_DIALECT_RUST,   /* SHA-256, 64, positional path */
  DUR_DIALECTS
} dur_dialect_kind;

/* Texts that an engine composes around a user's name. */
typedef enum dur_inner {
  DUR_INNER_CALLBACK,  /* wait_for_callback's callback */
  DUR_INNER_SUBMITTER, /* wait_for_callback's step */
  DUR_INNER_BACKOFF,   /* with_retry's wait after attempt n */
  DUR_INNER_MAP_ITEM,  /* an unnamed item of a map, index n */
  DUR_INNER_BRANCH,    /* an unnamed branch of a parallel, index n */
  DUR_INNER_RETRY,     /* with_retry's context */
  DUR_INNER_ATTEMPT,   /* the child context of with_retry's attempt n */
  DUR_INNERS
} dur_inner;

typedef struct dur_dialect dur_dialect;
const dur_dialect *dur_dialect_get(dur_dialect_kind kind); /* NULL: unknown */
dur_dialect_kind dur_dialect_kind_of(const dur_dialect *dialect);
int dur_dialect_named(const char *name); /* "python" ... -> kind, or -1 */

/* A place in the tree of contexts, from which ids are derived.  |path| is what
 * is hashed before "-n": the parent's hashed id or its positional path; absent
 * at the root. */
enum { DUR_ID_TEXT_MAX = 64 };

/* Id of the operation that takes counter |n| (1 is the first) under |path|.
 * Writes the id's characters and their number; -1 when hashing fails. */
int dur_dialect_id(const dur_dialect *dialect, dur_hasher *hasher,
                   dur_bytes path, uint64_t n, char id[DUR_ID_TEXT_MAX]);
/* The same for branch |index| (0 is the first) of the group at |path|. */
int dur_dialect_branch_id(const dur_dialect *dialect, dur_hasher *hasher,
                          dur_bytes path, uint32_t index,
                          char id[DUR_ID_TEXT_MAX]);
/* The path under which the children of that operation or branch are derived:
 * the hashed id, or "<path>-<n>".  Appends to |out|. */
void dur_dialect_child_path(const dur_dialect *dialect, dur_buf *out,
                            dur_bytes path, uint64_t n, dur_bytes id);
void dur_dialect_branch_path(const dur_dialect *dialect, dur_buf *out,
                             dur_bytes path, uint32_t index, dur_bytes id);
/* The inner name for an operation named |name| (absent: unnamed).  Appends; 0
 * when the inner operation is unnamed in this dialect. */
int dur_dialect_inner_name(const dur_dialect *dialect, dur_buf *out,
                           dur_inner what, dur_bytes name, uint64_t n);
/* 1: branch |i| of a group is the operation that comes i + 1 after the group,
 * so a group takes one id of its own context and one more for every branch.  0:
 * branches are numbered inside the group. */
int dur_dialect_branches_are_siblings(const dur_dialect *dialect);
/* 1: each attempt of with_retry runs in a child context of its own. */
int dur_dialect_wraps_attempts(const dur_dialect *dialect);
/* Sub-type of with_retry's context: "RunInChildContext", or "WithRetry" (java)
 */
const char *dur_dialect_retry_sub_type(const dur_dialect *dialect);
/* What stands before the names of error classes where they are qualified */
dur_bytes dur_dialect_errors(const dur_dialect *dialect);
/* Id of the EXECUTION update that carries an oversize result */
void dur_dialect_result_id(const dur_dialect *dialect, dur_hasher *hasher,
                           dur_buf *out, dur_bytes execution_id,
                           int64_t now_ms);

#endif
