/* serdes: payloads from values and back, by the serdes of an operation. */
#ifndef DUR_FRONTEND_SERDES_H
#define DUR_FRONTEND_SERDES_H

#include "frontend/model.h"

/* DURABLE_FORM_* of a built-in serdes, or -1. */
int dur_serdes_form(const durable_serdes *serdes);

typedef struct dur_fault {
  const durable_failure *failure;
  int retryable;
} dur_fault;

/* The payload of |value| for |op|, in |in|.  0, or DURABLE_E_SERDES with the
 * fault. */
int dur_write(dur_run *run, durable_op_id op, const durable_serdes *serdes,
              durable_values *in, const durable_value *value,
              durable_bytes *out, dur_fault *fault);
/* The same of what this side will read again: a payload of a serdes of the
 * user's is read back before it counts. */
int dur_serialize(dur_run *run, durable_op_id op, const durable_serdes *serdes,
                  durable_values *in, const durable_value *value,
                  durable_bytes *out, dur_fault *fault);
/* Absent text is null, of which no serdes is asked. */
int dur_deserialize(dur_run *run, durable_op_id op,
                    const durable_serdes *serdes, durable_values *in,
                    durable_bytes text, const durable_value **out,
                    dur_fault *fault);

#endif
