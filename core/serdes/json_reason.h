/* json_reason: why a text is no JSON, in Python's words.  Only core/serdes may
 * use it. */
#ifndef DUR_SERDES_JSON_REASON_H
#define DUR_SERDES_JSON_REASON_H

#include "serdes/error.h"

/* |text| was refused by the JSON reader: fill in |err|, answer -1. */
int dur_json_reason(dur_bytes text, dur_serdes_error *err);

#endif
