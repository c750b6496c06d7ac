/* tag: the names of kinds in the extended-types form.  Only core/serdes may use
 * it. */
#ifndef DUR_SERDES_TAG_H
#define DUR_SERDES_TAG_H

#include "serdes/value.h"

const char *dur_tag_of(dur_kind kind);
/* The kind, or DUR_KINDS when there is no such tag. */
dur_kind dur_tag_kind(dur_bytes tag);

/* Turn |raw|, any value read from plain JSON, into a scalar of |kind|, as
 * lenient as the Python SDK is.  *out may be |raw| itself. */
int dur_tag_cast(dur_arena *arena, dur_kind kind, dur_value *raw,
                 const dur_serdes_place *at, dur_value **out,
                 dur_serdes_error *err);
/* Python's name for what json.loads made of it: "str", "NoneType" ... */
const char *dur_tag_python_type(const dur_value *raw);

#endif
