/* literal: what Python's constructors take as text, and what they print.
 * Only core/serdes may use it.
 *
 * All answer 0 with *out in |arena|, or -1 with the message that Python gives.
 */
#ifndef DUR_SERDES_LITERAL_H
#define DUR_SERDES_LITERAL_H

#include "base/arena.h"
#include "serdes/error.h"

/* White space and a sign are allowed around, '_' between digits. */
int dur_literal_int(dur_arena *arena, dur_bytes text, dur_bytes *out,
                    dur_serdes_error *err);
int dur_literal_float(dur_arena *arena, dur_bytes text, double *out,
                      dur_serdes_error *err);
int dur_literal_uuid(dur_arena *arena, dur_bytes text, dur_bytes *out,
                     dur_serdes_error *err);
int dur_literal_decimal(dur_arena *arena, dur_bytes text, dur_bytes *out,
                        dur_serdes_error *err);
/* All of ISO 8601 that Python 3.11 takes: basic and extended forms, weeks, a
 * fraction cut at six digits, any separator, Z.  Stricter than CPython in what
 * is malformed: a stray character that it happens to skip is refused. */
int dur_literal_datetime(dur_arena *arena, dur_bytes text, dur_bytes *out,
                         dur_serdes_error *err);
int dur_literal_date(dur_arena *arena, dur_bytes text, dur_bytes *out,
                     dur_serdes_error *err);

/* Python's repr of a string, cut between characters to |size|; NUL-terminated.
 */
void dur_literal_repr(dur_bytes text, char *out, size_t size);

#endif
