/* log_match: lines of a log, their fields, and conditions over them.
 *
 * A field is a part of the line itself (@message, @timestamp, ...) or, when the
 * message is a JSON object, a path into that; a path that leads nowhere gives an
 * absent value, of which every comparison is false.
 * A matcher is made by one of its parsers, then only read.
 * Used by: cloudwatch.c and the two parsers, log_pattern.c and log_query.c. */
#ifndef DUR_HTTP_LOG_MATCH_H
#define DUR_HTTP_LOG_MATCH_H

#include "base/arena.h"
#include <regex.h>
#include <stdint.h>

/* ---- lines */

typedef struct dur_log_event {
  int64_t at;                              /* its position in its log */
  int64_t timestamp_ms;                    /* when it was read */
  dur_bytes function, request_id, message; /* request_id: absent outside one */
  int is_object;                           /* the message is a JSON object */
} dur_log_event;

/* Take one line off |text|, of which the first byte is at |*at|.  1, or 0: none
 * is left, or memory is out.  What is no such line is passed over. */
int dur_log_event_next(dur_arena *arena, dur_bytes *text, int64_t *at,
                       dur_log_event *out);

/* ---- fields */

typedef enum dur_log_part {
  DUR_LOG_JSON, /* |path| */
  DUR_LOG_MESSAGE,
  DUR_LOG_TIMESTAMP, /* milliseconds */
  DUR_LOG_INGESTION, /* the same */
  DUR_LOG_REQUEST,
  DUR_LOG_GROUP, /* /aws/lambda/NAME */
  DUR_LOG_STREAM_NAME,
  DUR_LOG_POINTER /* NAME/position */
} dur_log_part;

enum { DUR_LOG_PATH_MAX = 16 };

typedef struct dur_log_field {
  dur_log_part part;
  dur_bytes name; /* as it was written */
  dur_bytes path[DUR_LOG_PATH_MAX];
  size_t depth;
} dur_log_field;

typedef struct dur_log_value {
  int kind;       /* a dur_json_token; 0: absent */
  dur_bytes text; /* decoded for a string, else the source */
} dur_log_value;

/* Into |arena| where something has to be made. */
dur_log_value dur_log_value_of(const dur_log_field *field,
                               const dur_log_event *event, dur_arena *arena);

/* ---- conditions */

typedef enum dur_match_kind {
  DUR_MATCH_ALL, /* always */
  DUR_MATCH_AND,
  DUR_MATCH_OR,
  DUR_MATCH_NOT,      /* |left| */
  DUR_MATCH_COMPARE,  /* field, op, text */
  DUR_MATCH_WILDCARD, /* text with '*' */
  DUR_MATCH_CONTAINS, /* text */
  DUR_MATCH_REGEX,
  DUR_MATCH_KIND,  /* token: null, true or false */
  DUR_MATCH_EXISTS /* */
} dur_match_kind;

typedef enum dur_match_op {
  DUR_OP_EQ,
  DUR_OP_NE,
  DUR_OP_LT,
  DUR_OP_LE,
  DUR_OP_GT,
  DUR_OP_GE
} dur_match_op;

typedef struct dur_match dur_match;
struct dur_match {
  dur_match_kind kind;
  dur_match *left, *right;
  dur_log_field field;
  dur_match_op op;
  dur_bytes text;
  int is_number; /* |text| was written without quotes and is one */
  int token;
  regex_t regex;
  dur_match *next_regex;
};

typedef struct dur_matcher {
  dur_arena arena;
  dur_match *root;
  dur_match *regexes;
  const char *why; /* static; NULL while all is well */
  size_t why_at;   /* offset in the source */
} dur_matcher;

void dur_matcher_init(dur_matcher *matcher);
void dur_matcher_drop(dur_matcher *matcher);
/* NULL is passed on, and when memory is out, |why| says so. */
dur_match *dur_match_new(dur_matcher *matcher, dur_match_kind kind);
dur_match *dur_match_join(dur_matcher *matcher, dur_match_kind kind,
                          dur_match *left, dur_match *right);
/* POSIX extended; (?i) in front, \d, \D and \/ are known, too. */
dur_match *dur_match_regex(dur_matcher *matcher, dur_bytes source);
/* "a.b.0" with |separator| '.'; -1: empty parts, or too many. */
int dur_log_path(dur_log_field *field, dur_bytes text);

int dur_match_is(const dur_match *match, const dur_log_event *event,
                 dur_arena *arena);

/* The filter patterns of CloudWatch Logs: terms, or { $.field = value }. */
int dur_log_pattern(dur_matcher *matcher, dur_bytes source);

#endif
