/* error: what a function of core/serdes says when it fails.
 *
 * Such a function answers 0, or -1 with all of |err| filled in; |err| is not
 * NULL.  Texts are cut on a character boundary when they are too long.  What a
 * writer appended before it failed is no payload. */
#ifndef DUR_SERDES_ERROR_H
#define DUR_SERDES_ERROR_H

#include "base/buf.h"

typedef enum dur_serdes_code {
  DUR_SERDES_OK = 0,
  DUR_SERDES_NOMEM,
  DUR_SERDES_LIMIT, /* nested too deeply, too many items, buffer's maximum */
  DUR_SERDES_JSON,  /* not JSON; Python: JSONDecodeError */
  DUR_SERDES_FORM,  /* JSON, but not of the form; SerDesError */
  DUR_SERDES_VALUE, /* ValueError */
  DUR_SERDES_TYPE   /* TypeError */
} dur_serdes_code;

enum { DUR_SERDES_MESSAGE_MAX = 512, DUR_SERDES_PATH_MAX = 256 };

typedef struct dur_serdes_error {
  dur_serdes_code code;
  char message[DUR_SERDES_MESSAGE_MAX]; /* the text that Python gives, where
                                           Python has one; else with the path */
  char path[DUR_SERDES_PATH_MAX]; /* "$.items[3].when"; "" when not known */
} dur_serdes_error;

/* The class that Python raises: "SerDesError", "JSONDecodeError" ... */
const char *dur_serdes_error_class(dur_serdes_code code);

/* ---- for core/serdes itself; all answer -1 */

/* Where a walk is: frames live on the stack of the walk. */
typedef struct dur_serdes_place {
  const struct dur_serdes_place *up; /* NULL: the root */
  dur_bytes key; /* absent: an element of a list, at |index| */
  size_t index;
} dur_serdes_place;

#if defined(__GNUC__)
#define DUR_PRINTF_ARGS(at) __attribute__((format(printf, at, at + 1)))
#else
#define DUR_PRINTF_ARGS(at)
#endif
/* |place| may be NULL: the root. */
int dur_serdes_fail(dur_serdes_error *err, dur_serdes_code code,
                    const dur_serdes_place *place, const char *format, ...)
    DUR_PRINTF_ARGS(4);
/* The same, with "<path>: " before the message. */
int dur_serdes_fail_at(dur_serdes_error *err, dur_serdes_code code,
                       const dur_serdes_place *place, const char *format, ...)
    DUR_PRINTF_ARGS(4);
int dur_serdes_nomem(dur_serdes_error *err);
/* Give the failure that |err| holds another place. */
int dur_serdes_move(dur_serdes_error *err, const dur_serdes_place *place);
/* The value that failed is itself a member at |place|: its path, alone and in
 * front of the message, gets that of |place| before it. */
int dur_serdes_under(dur_serdes_error *err, const dur_serdes_place *place);
/* 0 while |buf| is well, else -1 and NOMEM or LIMIT. */
int dur_serdes_buf_check(const dur_buf *buf, dur_serdes_error *err);

#endif
