/* dialect: everything that is private to one SDK, in one table.
 *
 * Invariant: no other file of the engine asks which dialect it speaks; it asks
 * the table. */
#include "engine/dialect.h"

#include <string.h>

typedef enum numbering {
  FROM_ZERO, /* branch i is id i of the group */
  FROM_ONE,  /* branch i is id i + 1 of the group */
  SIBLINGS   /* branch i is id n + 1 + i where the group is id n */
} numbering;

typedef enum result_id {
  RESULT_TEXT,      /* "execution-result-<ms>" */
  RESULT_HASHED,    /* the hash of that text, as an operation's id */
  RESULT_EXECUTION, /* the id of the EXECUTION operation */
} result_id;

/* '$' stands for the user's name, '#' for the number; NULL: no name is sent. */
typedef struct naming {
  const char *named, *unnamed;
} naming;

struct dur_dialect {
  const char *name;
  dur_dialect_kind kind;
  dur_hash_kind hash;
  int id_len;        /* hex digits kept */
  int is_positional; /* children hash "1-2-3", not "<parent's id>-3" */
  numbering branches;
  result_id result;
  const char *retry_sub_type;
  const char
      *errors; /* stands before the names of error classes; NULL: nothing */
  naming inner[DUR_INNERS];
};

static const dur_dialect table[DUR_DIALECTS] = {
    [DUR_DIALECT_PYTHON] =
        {"python", DUR_DIALECT_PYTHON, DUR_HASH_BLAKE2B512, 64, 0, FROM_ZERO,
         RESULT_TEXT, "RunInChildContext",
         .errors = "aws_durable_execution_sdk_python.exceptions.",
         .inner =
             {
                 [DUR_INNER_CALLBACK] = {"$ create callback id",
                                         "create callback id"},
                 [DUR_INNER_SUBMITTER] = {"$ submitter", "submitter"},
                 [DUR_INNER_BACKOFF] = {"$-backoff-#", NULL},
                 [DUR_INNER_MAP_ITEM] = {"map-item-#", "map-item-#"},
                 [DUR_INNER_BRANCH] = {"parallel-branch-#",
                                       "parallel-branch-#"},
                 [DUR_INNER_RETRY] = {"$", NULL},
             }},
    [DUR_DIALECT_JS] = {"js", DUR_DIALECT_JS, DUR_HASH_MD5, 16, 1, FROM_ONE,
                        RESULT_HASHED, "RunInChildContext",
                        .inner =
                            {
                                [DUR_INNER_BACKOFF] = {"$-backoff-#", NULL},
                                [DUR_INNER_MAP_ITEM] = {"map-item-#",
                                                        "map-item-#"},
                                [DUR_INNER_BRANCH] = {"parallel-branch-#",
                                                      "parallel-branch-#"},
                                [DUR_INNER_RETRY] = {"$", NULL},
                            }},
    /* "null-": the suffix is added to a null name */
    [DUR_DIALECT_JAVA] =
        {"java", DUR_DIALECT_JAVA, DUR_HASH_SHA256, 64, 0, FROM_ONE,
         RESULT_EXECUTION, "WithRetry",
         .inner =
             {
                 [DUR_INNER_CALLBACK] = {"$-callback", "null-callback"},
                 [DUR_INNER_SUBMITTER] = {"$-submitter", "null-submitter"},
                 [DUR_INNER_BACKOFF] = {"$-backoff-#", "retry-backoff-#"},
                 [DUR_INNER_MAP_ITEM] = {"$-iteration-#", "map-iteration-#"},
                 [DUR_INNER_RETRY] = {"$", "retry"},
             }},
    [DUR_DIALECT_RUST] =
        {"rust", DUR_DIALECT_RUST, DUR_HASH_SHA256, 64, 1, SIBLINGS,
         RESULT_TEXT, "RunInChildContext",
         .inner =
             {
                 [DUR_INNER_BACKOFF] = {"retry-delay-#", "retry-delay-#"},
                 [DUR_INNER_RETRY] = {"$", NULL},
                 [DUR_INNER_ATTEMPT] = {"attempt-#", "attempt-#"},
             }},
};

const dur_dialect *dur_dialect_get(dur_dialect_kind kind) {
  return (unsigned)kind < DUR_DIALECTS ? &table[kind] : NULL;
}

dur_dialect_kind dur_dialect_kind_of(const dur_dialect *dialect) {
  return dialect->kind;
}

int dur_dialect_named(const char *name) {
  for (int i = 0; name && i < DUR_DIALECTS; i++)
    if (strcmp(table[i].name, name) == 0)
      return i;
  return -1;
}

const char *dur_dialect_retry_sub_type(const dur_dialect *dialect) {
  return dialect->retry_sub_type;
}

dur_bytes dur_dialect_errors(const dur_dialect *dialect) {
  return dur_cstr(dialect->errors);
}

int dur_dialect_branches_are_siblings(const dur_dialect *dialect) {
  return dialect->branches == SIBLINGS;
}

int dur_dialect_wraps_attempts(const dur_dialect *dialect) {
  return dialect->inner[DUR_INNER_ATTEMPT].named != NULL;
}

/* ---- paths */

/* "-" and a decimal number, at the end of |text| */
typedef struct dashed {
  char text[1 + 20];
  size_t at;
} dashed;

static dashed dash(uint64_t n) {
  dashed d = {.at = sizeof d.text};
  do
    d.text[--d.at] = (char)('0' + n % 10);
  while (n /= 10);
  d.text[--d.at] = '-';
  return d;
}

/* What is hashed is |head| and then |tail|, which points into |number|. */
typedef struct place {
  dur_bytes head, tail;
  dashed number;
} place;

static void place_set(place *p, dur_bytes path, uint64_t n) {
  size_t skip = path.len == 0; /* no dash at the root */
  p->head = path;
  p->number = dash(n);
  p->tail.data = p->number.text + p->number.at + skip;
  p->tail.len = sizeof p->number.text - p->number.at - skip;
}

/* Split "<head>-<n>" or "<n>"; -1 when |path| does not end in a number. */
static int split_last(dur_bytes path, dur_bytes *head, uint64_t *n) {
  size_t at = path.len;
  while (at > 0 && path.data[at - 1] >= '0' && path.data[at - 1] <= '9')
    at--;
  if (at == path.len || path.len - at > 18 ||
      (at > 0 && (at == 1 || path.data[at - 1] != '-')))
    return -1;
  *n = 0;
  for (size_t i = at; i < path.len; i++)
    *n = *n * 10 + (uint64_t)(path.data[i] - '0');
  *head = (dur_bytes){path.data, at ? at - 1 : 0};
  return 0;
}

static int place_branch(const dur_dialect *dialect, place *p, dur_bytes path,
                        uint32_t index) {
  uint64_t group;
  switch (dialect->branches) {
  case FROM_ZERO:
    place_set(p, path, index);
    return 0;
  case FROM_ONE:
    place_set(p, path, (uint64_t)index + 1);
    return 0;
  case SIBLINGS:
    break;
  }
  if (split_last(path, &path, &group) < 0)
    return -1;
  place_set(p, path, group + 1 + index);
  return 0;
}

static void add_path(const dur_dialect *dialect, dur_buf *out, const place *p,
                     dur_bytes id) {
  if (dialect->is_positional) {
    dur_buf_bytes(out, p->head);
    dur_buf_bytes(out, p->tail);
  } else {
    dur_buf_bytes(out, id);
  }
}

void dur_dialect_child_path(const dur_dialect *dialect, dur_buf *out,
                            dur_bytes path, uint64_t n, dur_bytes id) {
  place p;
  place_set(&p, path, n);
  add_path(dialect, out, &p, id);
}

void dur_dialect_branch_path(const dur_dialect *dialect, dur_buf *out,
                             dur_bytes path, uint32_t index, dur_bytes id) {
  place p;
  if (place_branch(dialect, &p, path, index) < 0)
    dur_buf_fail(out, DUR_BUF_TOO_LARGE);
  else
    add_path(dialect, out, &p, id);
}

/* ---- ids */

static int hash_id(const dur_dialect *dialect, dur_hasher *hasher, dur_bytes a,
                   dur_bytes b, char id[DUR_ID_TEXT_MAX]) {
  unsigned char digest[DUR_HASH_MAX];
  if (dur_hash2(hasher, dialect->hash, a, b, digest) < 0)
    return -1;
  dur_hex(id, digest, (size_t)dialect->id_len / 2);
  return dialect->id_len;
}

int dur_dialect_id(const dur_dialect *dialect, dur_hasher *hasher,
                   dur_bytes path, uint64_t n, char id[DUR_ID_TEXT_MAX]) {
  place p;
  place_set(&p, path, n);
  return hash_id(dialect, hasher, p.head, p.tail, id);
}

int dur_dialect_branch_id(const dur_dialect *dialect, dur_hasher *hasher,
                          dur_bytes path, uint32_t index,
                          char id[DUR_ID_TEXT_MAX]) {
  place p;
  if (place_branch(dialect, &p, path, index) < 0)
    return -1;
  return hash_id(dialect, hasher, p.head, p.tail, id);
}

void dur_dialect_result_id(const dur_dialect *dialect, dur_hasher *hasher,
                           dur_buf *out, dur_bytes execution_id,
                           int64_t now_ms) {
  place p;
  char id[DUR_ID_TEXT_MAX];
  int len;
  place_set(&p, DUR_LIT("execution-result"), now_ms < 0 ? 0 : (uint64_t)now_ms);
  switch (dialect->result) {
  case RESULT_EXECUTION:
    dur_buf_bytes(out, execution_id);
    break;
  case RESULT_TEXT:
    dur_buf_bytes(out, p.head);
    dur_buf_bytes(out, p.tail);
    break;
  case RESULT_HASHED:
    len = hash_id(dialect, hasher, p.head, p.tail, id);
    if (len < 0)
      dur_buf_fail(out, DUR_BUF_NOMEM);
    else
      dur_buf_add(out, id, (size_t)len);
    break;
  }
}

/* ---- names */

int dur_dialect_inner_name(const dur_dialect *dialect, dur_buf *out,
                           dur_inner what, dur_bytes name, uint64_t n) {
  const naming *by = &dialect->inner[what];
  const char *pattern = name.len ? by->named : by->unnamed;
  for (const char *c = pattern; c && *c; c++) {
    if (*c == '$')
      dur_buf_bytes(out, name);
    else if (*c == '#')
      dur_buf_u64(out, n);
    else
      dur_buf_char(out, *c);
  }
  return pattern != NULL;
}
