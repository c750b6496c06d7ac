/* filter: which failures are tried again. */
#ifndef DUR_FRONTEND_FILTER_H
#define DUR_FRONTEND_FILTER_H

#include "frontend/model.h"

/* NULL, or what is wrong with a regular expression of the filter, in |in|. */
const char *dur_filter_check(const durable_error_filter *filter,
                             durable_values *in);
/* 1 or 0 */
int dur_filter_passes(const durable_error_filter *filter,
                      const durable_failure *failure);

#endif
