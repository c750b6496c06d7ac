/* record: reading the record of a batch, of whichever SDK wrote it.
 *
 * Invariant: a record is used whole or not at all; a caller without one falls
 * back on the branches' own checkpoints. */
#include <string.h>

#include "serdes/member.h"
#include "serdes/plain.h"
#include "serdes/summary.h"

static int known_reason(dur_bytes reason) {
  static const char *const known[] = {
      "ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED", "FAILURE_TOLERANCE_EXCEEDED",
      "CUSTOM_COMPLETION_SUCCEEDED", "CUSTOM_COMPLETION_FAILED"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (dur_bytes_is(reason, known[i]))
      return 1;
  return 0;
}

/* Set |mark| at every index of |list|; 0 when one is no index. */
static int mark_indexes(dur_bytes list, char *statuses, uint32_t total,
                        char mark) {
  dur_json j;
  dur_json_init(&j, list, DUR_JSON_ALLOW_NAN);
  dur_json_next(&j);
  while (dur_json_next(&j) != DUR_JSON_ARRAY_END) {
    int64_t index;
    if (j.token != DUR_JSON_NUMBER || !dur_json_int(&j, &index) || index < 0 ||
        index >= (int64_t)total)
      return 0;
    statuses[index] = mark;
  }
  return 1;
}

/* One letter a branch, and the branches that |open| says are open, if it says
 * anything: 1. */
static int letters_agree(dur_bytes letters, const char *open, uint32_t total) {
  if (letters.len != total)
    return 0;
  for (uint32_t i = 0; i < total; i++) {
    char c = letters.data[i];
    if (c != DUR_ITEM_SUCCEEDED && c != DUR_ITEM_FAILED &&
        c != DUR_ITEM_STARTED)
      return 0;
    if (open && (c == DUR_ITEM_STARTED) != (open[i] == DUR_ITEM_STARTED))
      return 0;
  }
  return 1;
}

enum { REASON, TOTAL, STARTED, COMPLETED, STATUSES, KEYS };

/* Fill |statuses|; 0 when the record does not say which branches were open. */
static int read_statuses(const dur_bytes raws[KEYS], dur_bytes letters,
                         char *statuses, uint32_t total) {
  int has_started = dur_member_first(raws[STARTED]) == '[';
  int has_completed = dur_member_first(raws[COMPLETED]) == '[';
  if (has_started || has_completed) {
    char fill = has_started ? DUR_ITEM_TERMINAL : DUR_ITEM_STARTED;
    char mark = has_started ? DUR_ITEM_STARTED : DUR_ITEM_TERMINAL;
    memset(statuses, fill, total);
    if (!mark_indexes(raws[has_started ? STARTED : COMPLETED], statuses, total,
                      mark))
      return 0;
    if (letters_agree(letters, statuses, total) && total)
      memcpy(statuses, letters.data, total);
    return 1;
  }
  if (!letters.data || !letters_agree(letters, NULL, total))
    return 0;
  memcpy(statuses, letters.data, total);
  return 1;
}

int dur_batch_record_read(dur_arena *arena, dur_bytes payload,
                          dur_batch_record *out) {
  static const char *const keys[KEYS] = {"completionReason", "totalCount",
                                         "startedIndexes", "completedIndexes",
                                         "itemStatuses"};
  dur_bytes raws[KEYS], letters;
  dur_serdes_error ignored;
  int64_t total;
  *out = (dur_batch_record){0};
  if (!payload.data || dur_plain_check(payload, &ignored))
    return 0;
  dur_member_find(payload, keys, KEYS, raws);
  if (dur_member_string(arena, raws[REASON], &out->reason) ||
      dur_member_string(arena, raws[STATUSES], &letters))
    return -1;
  if (!known_reason(out->reason) || !dur_member_int(raws[TOTAL], &total) ||
      total < 0 || total > DUR_BATCH_MAX_ITEMS)
    return 0;
  char *statuses = dur_arena_alloc(arena, (size_t)total + 1);
  if (!statuses)
    return -1;
  statuses[total] = '\0';
  if (!read_statuses(raws, letters, statuses, (uint32_t)total))
    return 0;
  out->total = (uint32_t)total;
  out->statuses = statuses;
  return 1;
}
