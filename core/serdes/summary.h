/* summary: the record that stands for a batch whose payload is too large.
 *
 * {"type", "totalCount", "completionReason", "startedIndexes" or
 * "completedIndexes" (the shorter), "startedCount", "successCount",
 * "failureCount", "status", "itemStatuses", "summary"}, spaced plain JSON,
 * whatever serdes the batch has. */
#ifndef DUR_SERDES_SUMMARY_H
#define DUR_SERDES_SUMMARY_H

#include "serdes/batch.h"

typedef struct dur_summary {
  dur_bytes type;     /* "MapResult" or "ParallelResult" */
  dur_bytes reason;   /* why the batch was complete */
  dur_bytes statuses; /* one dur_item_status a started branch, by index */
  dur_bytes text;     /* of the user's summary function; absent: none */
} dur_summary;

enum { DUR_SUMMARY_NO_ITEM_STATUSES = 1 };
/* Appends; check out->failed. */
void dur_summary_write(dur_buf *out, const dur_summary *summary, int flags);

/* DUR_ITEM_TERMINAL: finished, but the record does not say how. */
enum { DUR_ITEM_TERMINAL = '?' };
typedef struct dur_batch_record {
  dur_bytes reason;
  uint32_t total;       /* at most DUR_BATCH_MAX_ITEMS */
  const char *statuses; /* |total| of S F - ? */
} dur_batch_record;

/* 1: |out| is filled.  0: |payload| is no valid record (absent, not JSON, a
 * reason or a count that is not known, an index out of range).  -1: out of
 * memory.  Valid is a known completionReason, an integer totalCount and one of
 * startedIndexes, completedIndexes, itemStatuses, which decide in this order
 * which branches were open; itemStatuses, where it agrees, says which of the
 * others failed. */
int dur_batch_record_read(dur_arena *arena, dur_bytes payload,
                          dur_batch_record *out);

#endif
