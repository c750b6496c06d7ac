/* value_pool: what the three files of the value API share.  Only abi/value*.c
 * may use it.
 *
 * A durable_value is a dur_value under an opaque name. */
#ifndef DUR_ABI_VALUE_POOL_H
#define DUR_ABI_VALUE_POOL_H

#include <durable/value.h>

#include "serdes/value.h"

struct durable_values {
  dur_mem mem;
  dur_arena arena;
  int status; /* sticky; see durable_values_status */
  dur_serdes_error error;
};

static inline const dur_value *dur_value_in(const durable_value *value) {
  return (const dur_value *)(const void *)value;
}
static inline dur_value *dur_value_edit(durable_value *value) {
  return (dur_value *)(void *)value;
}
static inline durable_value *dur_value_out(dur_value *value) {
  return (durable_value *)(void *)value;
}
static inline dur_bytes dur_pool_bytes(durable_bytes b) {
  return (dur_bytes){b.data, b.len};
}
static inline durable_bytes dur_pool_view(dur_bytes b) {
  return (durable_bytes){b.data, b.len};
}

/* The node, or NULL with the pool's status set. */
durable_value *dur_pool_made(durable_values *in, dur_value *value);
/* Note that memory is out; answers DURABLE_E_NOMEM. */
int dur_pool_nomem(durable_values *in);
/* The pool's error says why; the code for it. */
int dur_pool_code(durable_values *in);
/* Give the pool's error a sentence; answers |code|. */
int dur_pool_refuse(durable_values *in, int code, const char *sentence);

#endif
