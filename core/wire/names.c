/* names: the wire's enumerations and their texts.
 *
 * Invariant: the texts of each table stand in the order of its enum, which
 * starts with OTHER; both come from one X-macro.  Anyone may call these. */
#include "wire/names.h"

#include <string.h>

#define DUR_X(name, text) DUR_LIT(text),
static const dur_bytes types[] = {{"", 0}, DUR_TYPE_MAP(DUR_X)};
static const dur_bytes statuses[] = {{"", 0}, DUR_STATUS_MAP(DUR_X)};
static const dur_bytes actions[] = {{"", 0}, DUR_ACTION_MAP(DUR_X)};
#undef DUR_X

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* Index of |text| in |table|, or 0. */
static int find(const dur_bytes *table, int count, dur_bytes text) {
  for (int i = 1; i < count; i++) {
    if (table[i].len == text.len && table[i].data[0] == text.data[0] &&
        memcmp(table[i].data, text.data, text.len) == 0)
      return i;
  }
  return 0;
}

static const char *text_at(const dur_bytes *table, int count, int i) {
  return i > 0 && i < count ? table[i].data : "";
}

dur_type dur_type_of(dur_bytes text) {
  return (dur_type)find(types, COUNT(types), text);
}

dur_status dur_status_of(dur_bytes text) {
  return (dur_status)find(statuses, COUNT(statuses), text);
}

dur_action dur_action_of(dur_bytes text) {
  return (dur_action)find(actions, COUNT(actions), text);
}

const char *dur_type_text(dur_type type) {
  return text_at(types, COUNT(types), (int)type);
}

const char *dur_status_text(dur_status status) {
  return text_at(statuses, COUNT(statuses), (int)status);
}

const char *dur_action_text(dur_action action) {
  return text_at(actions, COUNT(actions), (int)action);
}

int dur_status_is_terminal(dur_status status) {
  switch (status) {
  case DUR_STATUS_SUCCEEDED:
  case DUR_STATUS_FAILED:
  case DUR_STATUS_CANCELLED:
  case DUR_STATUS_TIMED_OUT:
  case DUR_STATUS_STOPPED:
    return 1;
  case DUR_STATUS_OTHER:
  case DUR_STATUS_STARTED:
  case DUR_STATUS_PENDING:
  case DUR_STATUS_READY:
    return 0;
  }
  return 0;
}
