/* failure: error objects as user code sees them, and as they are stored.
 *
 * A failure's memory is that of the pool it was made in.  When that has none
 * left, the answer is one static failure that says so; so none of these answers
 * NULL. */
#ifndef DUR_FRONTEND_FAILURE_H
#define DUR_FRONTEND_FAILURE_H

#include "frontend/model.h"

typedef struct dur_failure_text {
  const char *type, *message, *data; /* data may be NULL */
  const char *const *stack;
  size_t stack_count;
} dur_failure_text;

/* Memory is out. */
extern const durable_failure dur_failure_no_memory;

/* An error of user code or of a bad call: its name is its type. */
const durable_failure *dur_failure_own(durable_values *in,
                                       const dur_failure_text *text);
const durable_failure *dur_failure_vformat(durable_values *in, const char *type,
                                           const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
const durable_failure *dur_failure_format(durable_values *in, const char *type,
                                          const char *format, ...)
    DURABLE_PRINTF(3);
/* A failed operation: of class |kind|, with a cause made from its type. */
const durable_failure *dur_failure_typed(durable_values *in, int kind,
                                         const dur_failure_text *text);
/* How |op| failed. */
const durable_failure *dur_failure_of_op(dur_run *run, durable_op_id op,
                                         durable_values *in);
/* From an ErrorObject, as text or as a value. */
const durable_failure *dur_failure_of_json(durable_values *in, int kind,
                                           durable_bytes json);
const durable_failure *dur_failure_of_object(durable_values *in, int kind,
                                             const durable_value *object);
/* A copy in another pool. */
const durable_failure *dur_failure_copy(durable_values *in,
                                        const durable_failure *failure);

/* Append an ErrorObject; its type is the failure's name. */
void dur_failure_write(dur_buf *out, const durable_failure *failure);
/* The same as a value. */
durable_value *dur_failure_value(durable_values *in,
                                 const durable_failure *failure);

/* What a body's or a call's code means when nothing better is known; |code| is
 * neither OK nor SUSPENDED. */
const durable_failure *dur_failure_of_code(durable_values *in, int code,
                                           const char *message);

#endif
