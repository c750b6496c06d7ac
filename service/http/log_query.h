/* log_query: a subset of the query language of CloudWatch Logs Insights.
 *
 *   fields F, ... | filter CONDITION | sort F [asc|desc] | limit N | display F
 *
 * in any order; several filters have to hold all.  A condition compares fields
 * with = != < <= > >= =~ like, "not like", in [...], ispresent(F), joined by and,
 * or, not and parentheses.  Comments begin with #.  Every other command is
 * refused by name.
 * Used by: cloudwatch.c. */
#ifndef DUR_HTTP_LOG_QUERY_H
#define DUR_HTTP_LOG_QUERY_H

#include "log_match.h"

enum { DUR_LOG_FIELDS_MAX = 64, DUR_LOG_ROWS_MAX = 10000 };

typedef struct dur_log_query {
  dur_matcher filter;
  dur_log_field fields[DUR_LOG_FIELDS_MAX];
  size_t field_count;
  dur_log_field sort; /* @timestamp unless told otherwise */
  int ascending;
  int64_t limit; /* 0: none was given */
} dur_log_query;

/* To be dropped in any case.  0, or -1 with filter.why and filter.why_at. */
int dur_log_query_parse(dur_log_query *query, dur_bytes source);
void dur_log_query_drop(dur_log_query *query);

#endif
