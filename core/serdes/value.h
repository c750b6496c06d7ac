/* value: a tree of the values that user code stores.
 *
 * Invariant: a tree, never a graph.  A container that was put into another one
 * is frozen: it can be neither changed nor put anywhere again, so no cycle can
 * be built and |height| is never below the true one.  Heights stay at or below
 * DUR_VALUE_MAX_HEIGHT, so a walk may recurse.  All memory is the arena's; a
 * value lives as long as it.
 *
 * Reading is by the fields: the elements of a tuple or list are
 *   for (const dur_value *v = list->u.items.first; v; v = v->next)
 * and those of a map or batch likewise, each with its |key|. */
#ifndef DUR_SERDES_VALUE_H
#define DUR_SERDES_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/map.h"
#include "serdes/error.h"

enum { DUR_VALUE_MAX_HEIGHT = DUR_JSON_MAX_DEPTH };

typedef enum dur_kind {
  DUR_NULL,
  DUR_BOOL,
  DUR_INT, /* of any size */
  DUR_FLOAT,
  DUR_STRING, /* WTF-8, may hold NUL */
  DUR_BYTES,
  DUR_UUID,     /* text: 32 lower-case digits and 4 hyphens */
  DUR_DECIMAL,  /* text, as Python's str(Decimal) */
  DUR_DATETIME, /* text, as Python's datetime.isoformat() */
  DUR_DATE,     /* text, YYYY-MM-DD */
  DUR_TUPLE,
  DUR_LIST,
  DUR_MAP,   /* in order of insertion, keys are strings */
  DUR_BATCH, /* a map: the plain form of a batch result */
  DUR_KINDS
} dur_kind;

typedef struct dur_value dur_value;
struct dur_value {
  unsigned char kind;   /* a dur_kind */
  unsigned char placed; /* 1: it is in a container */
  unsigned char fits;   /* INT: u.i64 holds it, else u.text */
  uint16_t height;      /* containers: 1 + the highest member; else 0 */
  uint32_t count;       /* of members */
  dur_value *next;      /* in the same container */
  dur_bytes key;        /* as a member of a map or batch; never absent there */
  union {
    int truth;
    int64_t i64;
    double number;
    dur_bytes text; /* never absent.  INT: canonical decimal digits */
    struct {
      dur_value *first, *last;
      dur_map *index; /* of a large map: key -> member */
    } items;
  } u;
};

/* ---- making values; NULL when memory is out */

dur_value *dur_value_null(dur_arena *arena);
dur_value *dur_value_bool(dur_arena *arena, int truth);
dur_value *dur_value_i64(dur_arena *arena, int64_t number);
dur_value *dur_value_float(dur_arena *arena, double number);
dur_value *dur_value_string(dur_arena *arena, dur_bytes text); /* copies */
dur_value *dur_value_bytes(dur_arena *arena, dur_bytes data);  /* copies */
/* The same without a copy: |data| must live as long as the arena. */
dur_value *dur_value_borrow(dur_arena *arena, dur_kind kind, dur_bytes data);
/* An empty TUPLE, LIST, MAP or BATCH */
dur_value *dur_value_container(dur_arena *arena, dur_kind kind);

/* INT, UUID, DECIMAL, DATETIME or DATE from any text that Python's constructor
 * for it takes (int, UUID, Decimal, datetime.fromisoformat,
 * date.fromisoformat), normalised as Python prints it.  0, or -1 and NOMEM,
 * or VALUE with Python's message. */
int dur_value_parse(dur_arena *arena, dur_kind kind, dur_bytes text,
                    dur_value **out, dur_serdes_error *err);

/* ---- building */

enum {
  DUR_VALUE_NOMEM = -1,
  DUR_VALUE_HEIGHT = -2, /* it would be too high, or hold too many */
  DUR_VALUE_PLACED = -3  /* |list| or |map| is frozen, |item| is placed, or
                            both are the same */
};
/* 0, or one of the above and nothing changed */
int dur_value_append(dur_value *list, dur_value *item);
/* |key| is copied.  A later value of the same key takes the place of the
 * earlier one, at the earlier one's position; the earlier one's pointer then
 * reads as the later value. */
int dur_value_set(dur_arena *arena, dur_value *map, dur_bytes key,
                  dur_value *item);
int dur_value_set_borrow(dur_arena *arena, dur_value *map, dur_bytes key,
                         dur_value *item); /* |key| lives as the arena */
/* The text that JSON has for a key that is not a string: null, true, 1, 1.5.
 * 0, or -1 and NOMEM, FORM ("Tuple keys not supported") or TYPE. */
int dur_value_key(dur_arena *arena, const dur_value *key, dur_bytes *out,
                  dur_serdes_error *err);

/* ---- reading */

const dur_value *dur_value_get(const dur_value *map, dur_bytes key);
const dur_value *dur_value_at(const dur_value *list, size_t index); /* O(n) */
void dur_value_int_text(const dur_value *number, dur_buf *out); /* appends */
/* Null, bool, int, float, string */
int dur_value_is_primitive(const dur_value *value);
int dur_value_is_sequence(const dur_value *value); /* tuple, list */
int dur_value_is_map(const dur_value *value);      /* map, batch */
/* Same kinds and contents.  Maps are equal in any order; a NaN equals a NaN;
 * 0.0 and -0.0 differ. */
int dur_value_equal(const dur_value *a, const dur_value *b);
/* "null", "boolean", "integer", "float", "string", "bytes", "UUID", "decimal",
 * "datetime", "date", "tuple", "list", "map", "batch result" */
const char *dur_kind_name(dur_kind kind);

#endif
