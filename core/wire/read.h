/* read: JSON objects read by table.
 *
 * A reader is a table of fields: key, kind, place in a struct, and the sentence
 * that a value of the wrong kind earns.  Unknown keys are skipped, null reads
 * as absent, and of duplicate keys the last one counts.  Private to core/wire.
 *
 * Invariant: a function here that answers -1 has set *why, to json->error when
 * the text is malformed and to dur_wire_no_memory when memory ran out; only a
 * callback that stops the reader leaves *why alone. */
#ifndef DUR_WIRE_READ_H
#define DUR_WIRE_READ_H

#include "wire/call.h"

typedef struct dur_reader {
  dur_json *json;
  dur_arena *arena;
  const char **why;
  dur_time_form form;
} dur_reader;

typedef struct dur_field dur_field;
typedef struct dur_fields {
  const dur_field *field;
  int count;
} dur_fields;

/* Reads the next value into |base|; 0 or -1. */
typedef int dur_field_fn(const dur_reader *r, void *base, const dur_field *f);

struct dur_field {
  const char *key;
  size_t key_len;
  dur_field_fn *read;
  size_t offset;     /* of the value in the struct */
  const char *wrong; /* what to say of a value of another kind */
  size_t flag;       /* error, object: of the int that says "was there" */
  dur_fields sub;    /* object: its own fields, in the same struct */
};

/* |object|: what the sentence says before the key, "Operation." for one */
#define DUR_FIELD(kind, object, key, type, member)                             \
  {                                                                            \
    key, sizeof(key) - 1, dur_field_##kind, offsetof(type, member),            \
        object key " " DUR_WRONG_##kind, 0, {                                  \
      NULL, 0                                                                  \
    }                                                                          \
  }
/* |flag| becomes 1 when the object has a member, even an unknown one. */
#define DUR_FIELD_OBJECT(object, key, type, flag, fields)                      \
  {                                                                            \
    key, sizeof(key) - 1, dur_field_object, 0, object key " is not an object", \
        offsetof(type, flag), {                                                \
      fields, (int)(sizeof(fields) / sizeof(fields)[0])                        \
    }                                                                          \
  }
#define DUR_FIELD_ERROR(object, type, member, flag)                            \
  {                                                                            \
    "Error", 5, dur_field_error, offsetof(type, member),                       \
        object "Error is not an object", offsetof(type, flag), {               \
      NULL, 0                                                                  \
    }                                                                          \
  }
#define DUR_FIELDS(table)                                                      \
  ((dur_fields){(table), (int)(sizeof(table) / sizeof(table)[0])})

#define DUR_WRONG_string     "is not a string"
#define DUR_WRONG_filled     "is not a string"
#define DUR_WRONG_strings    "is not an array of strings"
#define DUR_WRONG_flag       "is not true or false"
#define DUR_WRONG_count      "is not a small whole number"
#define DUR_WRONG_whole      "is not a whole number"
#define DUR_WRONG_time       "is not a timestamp"
#define DUR_WRONG_operations "is not an array"

dur_field_fn dur_field_string;  /* dur_bytes */
dur_field_fn dur_field_filled;  /* dur_bytes; "" reads as absent */
dur_field_fn dur_field_strings; /* dur_bytes: the array's own text */
dur_field_fn dur_field_flag;    /* int */
dur_field_fn dur_field_count;   /* uint32_t */
dur_field_fn dur_field_whole;   /* int64_t */
dur_field_fn dur_field_time;    /* int64_t milliseconds */
dur_field_fn dur_field_error;   /* dur_error and its flag */
dur_field_fn dur_field_object;
/* An array of Operation objects, each handed on as it is read. */
typedef struct dur_operations_to {
  dur_operation_fn *each; /* may be NULL */
  void *user;
} dur_operations_to;
dur_field_fn dur_field_operations; /* dur_operations_to */

/* *why = json->error if there is one, else |wrong|; -1. */
int dur_read_no(const dur_reader *r, const char *wrong);
/* Decode the STRING or KEY that was just read. */
int dur_read_text(const dur_reader *r, dur_bytes *out);
/* Read the next value, which may be null: 1 when |token| was read, 0 for null.
 */
int dur_read_open(const dur_reader *r, int token, const char *wrong);
/* After OBJECT was read: its members up to its end.  The number of members, or
 * -1. */
int dur_read_members(const dur_reader *r, dur_fields fields, void *base);
/* A whole document that must be one object; 0 or -1. */
int dur_read_document(dur_bytes body, dur_arena *arena, dur_time_form form,
                      dur_fields fields, void *base, const char *not_object,
                      const char **why);
/* As dur_error_read, with *why. */
int dur_read_error(const dur_reader *r, dur_error *out, const char *wrong);
/* After OBJECT was read: the rest of an Operation, an OperationUpdate. */
int dur_read_operation(const dur_reader *r, dur_operation *out);
int dur_read_update(const dur_reader *r, dur_update *out);

#endif
