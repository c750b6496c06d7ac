/* batch: the results of a map or parallel, read from a value. */
#ifndef DUR_FRONTEND_BATCH_H
#define DUR_FRONTEND_BATCH_H

#include "frontend/model.h"

/* From {"all":[..],"completionReason"}; NULL: memory is out. */
durable_batch *dur_batch_of(durable_values *in, const durable_value *value);

/* Make such a value: an OBJECT or BATCH; then add the items in their order, and
 * the reason. */
durable_value *dur_batch_value(durable_values *in, int kind,
                               durable_value **all);
void dur_batch_add(durable_values *in, durable_value *all, uint32_t index,
                   int status, durable_value *result, durable_value *error);

#endif
