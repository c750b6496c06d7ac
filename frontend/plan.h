/* plan: what the branches of one group share. */
#ifndef DUR_FRONTEND_PLAN_H
#define DUR_FRONTEND_PLAN_H

#include "frontend/model.h"

/* One reference.  Every branch at work holds |space|.  NULL: memory is out. */
dur_plan *dur_plan_new(dur_run *run, dur_space *space);
void dur_plan_drop(dur_plan *plan); /* NULL is fine */
/* Wait until no branch has a thread.  Only when the caller is being unwound, so
 * that they are, too. */
void dur_plan_join(dur_plan *plan);

#endif
