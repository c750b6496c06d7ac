/* plain: values as JSON.
 *
 * Reads what Python's json.loads reads: NaN and Infinity, integers of any size,
 * lone surrogates; of two equal keys the later wins.  Writes what json.dumps
 * writes; a tuple becomes an array.  Bytes, UUIDs, decimals, datetimes, dates
 * and batch results have no plain form, and writing one is an error that names
 * its place: "$.items[3].when: datetime cannot be stored as plain JSON". */
#ifndef DUR_SERDES_PLAIN_H
#define DUR_SERDES_PLAIN_H

#include "serdes/value.h"

/* The value may borrow |text|, which must live as long as it. */
int dur_plain_read(dur_arena *arena, dur_bytes text, dur_value **out,
                   dur_serdes_error *err);
/* Appends.  spaced: ", " and ": ", else "," and ":". */
int dur_plain_write(dur_buf *out, const dur_value *value, int spaced,
                    dur_serdes_error *err);

/* ---- for core/serdes itself */

/* |text| is one JSON value, NaN allowed; else the error that Python gives. */
int dur_plain_check(dur_bytes text, dur_serdes_error *err);
/* The same for what |out| got from |at| on, which was put together of texts
 * that are JSON: it may be nested too deeply to be read again. */
int dur_plain_check_made(const dur_buf *out, size_t at, dur_serdes_error *err);

#endif
