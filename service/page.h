/* page: operations of a run, as many as fit.
 *
 * A page ends before the operation that would take it past 5 MiB (one always
 * fits).  In collapse mode the children of a finished context are left out,
 * and theirs, unless the context asked for them (ReplayChildren). */
#ifndef DUR_SERVICE_PAGE_H
#define DUR_SERVICE_PAGE_H

#include "model.h"

/* Find out which items are left out; before the first page of a request. */
void dur_page_hide(durable_service *s, dur_run *run);
/* Write the elements of the array from |from| on; answers where the next page
 * begins, run->count when nothing is left. */
size_t dur_page_write(dur_json_out *out, const dur_run *run, size_t from,
                      size_t max_items, dur_time_form form);

#endif
