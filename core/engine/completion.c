/* completion: when a map or a parallel is over, and why.
 *
 * Invariant: a reason other than ALL_COMPLETED is never answered for a batch
 * whose branches all settled within the tolerance. */
#include "engine/completion.h"

static int has_criteria(const dur_completion *c) {
  return c->has_min || c->has_count || c->has_percentage;
}

static int all_settled(const dur_completion *c, uint32_t succeeded,
                       uint32_t failed) {
  return (uint64_t)succeeded + failed >= c->total;
}

static int min_reached(const dur_completion *c, uint32_t succeeded) {
  return c->has_min && succeeded >= c->min_successful;
}

int dur_completion_exceeded(const dur_completion *c, uint32_t failed) {
  if (!has_criteria(c))
    return failed > 0;
  if (c->has_count && failed > c->tolerated_count)
    return 1;
  return c->has_percentage && c->total > 0 &&
         (double)failed / c->total * 100 > c->tolerated_percentage;
}

int dur_completion_complete(const dur_completion *c, uint32_t succeeded,
                            uint32_t failed) {
  return all_settled(c, succeeded, failed) || min_reached(c, succeeded);
}

dur_reason dur_completion_reason(const dur_completion *c, uint32_t succeeded,
                                 uint32_t failed) {
  if (dur_completion_exceeded(c, failed))
    return DUR_REASON_FAILURE_TOLERANCE_EXCEEDED;
  if (!all_settled(c, succeeded, failed) && min_reached(c, succeeded))
    return DUR_REASON_MIN_SUCCESSFUL_REACHED;
  return DUR_REASON_ALL_COMPLETED;
}

/* ---- texts */

#define DUR_X(name) #name,
static const char *const texts[] = {"", DUR_REASON_MAP(DUR_X)};
#undef DUR_X
enum { REASONS = sizeof texts / sizeof *texts };

const char *dur_reason_text(dur_reason reason) {
  return (unsigned)reason < REASONS ? texts[reason] : "";
}

dur_reason dur_reason_of(dur_bytes text) {
  for (int i = 1; i < REASONS; i++)
    if (dur_bytes_is(text, texts[i]))
      return (dur_reason)i;
  return DUR_REASON_OPEN;
}
