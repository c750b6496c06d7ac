/* summary: writing the record of a batch. */
#include "serdes/summary.h"

typedef struct counts {
  size_t started, succeeded, failed;
} counts;

static counts count(dur_bytes statuses) {
  counts n = {0, 0, 0};
  for (size_t i = 0; i < statuses.len; i++) {
    n.started += statuses.data[i] == DUR_ITEM_STARTED;
    n.succeeded += statuses.data[i] == DUR_ITEM_SUCCEEDED;
    n.failed += statuses.data[i] == DUR_ITEM_FAILED;
  }
  return n;
}

/* The indexes of the branches that are open, or of those that are not. */
static void write_indexes(dur_json_out *json, dur_bytes statuses, int open) {
  dur_json_key(json, open ? "startedIndexes" : "completedIndexes");
  dur_json_begin_array(json);
  for (size_t i = 0; i < statuses.len; i++)
    if ((statuses.data[i] == DUR_ITEM_STARTED) == open)
      dur_json_i64(json, (int64_t)i);
  dur_json_end_array(json);
}

static void write_count(dur_json_out *json, const char *key, size_t n) {
  dur_json_key(json, key);
  dur_json_i64(json, (int64_t)n);
}

static void write_text(dur_json_out *json, const char *key, dur_bytes text) {
  dur_json_key(json, key);
  dur_json_string(json, text);
}

void dur_summary_write(dur_buf *out, const dur_summary *summary, int flags) {
  dur_bytes statuses = summary->statuses;
  counts n = count(statuses);
  dur_json_out json;
  dur_json_out_init(&json, out, 1);
  dur_json_begin_object(&json);
  write_text(&json, "type", summary->type);
  write_count(&json, "totalCount", statuses.len);
  write_text(&json, "completionReason", summary->reason);
  write_indexes(&json, statuses, n.started <= statuses.len - n.started);
  write_count(&json, "startedCount", n.started);
  write_count(&json, "successCount", n.succeeded);
  write_count(&json, "failureCount", n.failed);
  write_text(&json, "status", dur_cstr(n.failed ? "FAILED" : "SUCCEEDED"));
  if (!(flags & DUR_SUMMARY_NO_ITEM_STATUSES))
    write_text(&json, "itemStatuses", statuses);
  if (summary->text.data)
    write_text(&json, "summary", summary->text);
  dur_json_end_object(&json);
}
