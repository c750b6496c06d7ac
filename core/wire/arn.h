/* arn: the parts of a durable execution ARN. */
#ifndef DUR_WIRE_ARN_H
#define DUR_WIRE_ARN_H

#include "base/mem.h"

typedef struct dur_arn {
  dur_bytes partition, region, account, function, version, name, id;
} dur_arn;

/* arn:P:lambda:R:A:function:F:V/durable-execution/N/I.  1, or 0 when |text| is
 * anything else (not an error). */
int dur_arn_parse(dur_bytes text, dur_arn *out);
/* After the last '/', or all of it: the id of the EXECUTION operation. */
dur_bytes dur_arn_last(dur_bytes text);

#endif
