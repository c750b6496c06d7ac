/* tagged: values in the extended-types form, the default of the Python SDK.
 *
 * A null, boolean, number, string or a list of nothing but these is compact
 * JSON.  Anything else is {"t":tag,"v":encoded}, and so is then every member at
 * every level. */
#ifndef DUR_SERDES_TAGGED_H
#define DUR_SERDES_TAGGED_H

#include "serdes/value.h"

/* Values of a height over this have no tagged form: a level takes two of JSON,
 * and what stands in the innermost one more. */
enum { DUR_TAGGED_MAX_HEIGHT = (DUR_JSON_MAX_DEPTH - 1) / 2 };

/* The leniencies of the Python SDK: elements without "t" and "v" are taken as
 * they are, extra keys are ignored, "i" takes "12" and "f" takes "nan", "b" is
 * truthiness, dates come in every form that fromisoformat takes.  A batch
 * result without completionReason stays without.  The value may borrow |text|.
 */
int dur_tagged_read(dur_arena *arena, dur_bytes text, dur_value **out,
                    dur_serdes_error *err);
int dur_tagged_write(dur_buf *out, const dur_value *value,
                     dur_serdes_error *err);
/* The envelope form of |value|, also where the plain form would do: how it
 * stands inside another envelope. */
int dur_tagged_write_inner(dur_buf *out, const dur_value *value,
                           dur_serdes_error *err);
/* 1 when |value| is written in the plain form. */
int dur_tagged_is_plain(const dur_value *value);

#endif
