/* completion: when a map or a parallel is over, and why.  Pure.
 *
 * Without any criterion the first failure ends the batch; with only
 * min_successful failures never do.  Percentages are 0 to 100 of all branches,
 * compared with '>'. */
#ifndef DUR_ENGINE_COMPLETION_H
#define DUR_ENGINE_COMPLETION_H

#include "base/mem.h"

typedef struct dur_completion {
  uint32_t total;
  int has_min, has_count, has_percentage;
  uint32_t min_successful, tolerated_count;
  double tolerated_percentage;
} dur_completion;

#define DUR_REASON_MAP(X)                                                      \
  X(ALL_COMPLETED)                                                             \
  X(MIN_SUCCESSFUL_REACHED)                                                    \
  X(FAILURE_TOLERANCE_EXCEEDED)                                                \
  X(CUSTOM_COMPLETION_SUCCEEDED)                                               \
  X(CUSTOM_COMPLETION_FAILED)

#define DUR_X(name) DUR_REASON_##name,
typedef enum dur_reason { DUR_REASON_OPEN, DUR_REASON_MAP(DUR_X) } dur_reason;
#undef DUR_X

int dur_completion_exceeded(const dur_completion *c, uint32_t failed);
int dur_completion_complete(const dur_completion *c, uint32_t succeeded,
                            uint32_t failed);
/* exceeded, then all done, then minimum reached, else ALL_COMPLETED */
dur_reason dur_completion_reason(const dur_completion *c, uint32_t succeeded,
                                 uint32_t failed);
const char *dur_reason_text(dur_reason reason); /* "" for OPEN */
dur_reason dur_reason_of(dur_bytes text);       /* OPEN when unknown */

#endif
