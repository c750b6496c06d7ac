/* batch: the result of a map or parallel, and its three texts.
 *
 * Items carry whole payloads in the form of the item's serdes; a batch text
 * holds them as members, converted where the forms differ and copied where they
 * agree. */
#ifndef DUR_SERDES_BATCH_H
#define DUR_SERDES_BATCH_H

#include "serdes/form.h"

enum { DUR_BATCH_MAX_ITEMS = 1000000 };

typedef enum dur_item_status { /* the letters of itemStatuses */
                               DUR_ITEM_SUCCEEDED = 'S',
                               DUR_ITEM_FAILED = 'F',
                               DUR_ITEM_STARTED = '-'
} dur_item_status;
const char *dur_item_status_text(dur_item_status status); /* "SUCCEEDED" ... */

typedef struct dur_batch_error {
  dur_bytes message, type, data; /* decoded; absent when data == NULL */
  dur_bytes stack;               /* raw JSON array of strings, or absent */
} dur_batch_error;

typedef struct dur_batch_item {
  uint32_t index;
  dur_item_status status;
  dur_bytes result; /* a whole payload; absent: null */
  int has_error;
  dur_batch_error error;
} dur_batch_item;

typedef struct dur_batch {
  dur_batch_item *items;
  size_t count;
  dur_bytes reason; /* absent: the text has none, to be inferred */
} dur_batch;

typedef enum dur_batch_form {
  DUR_BATCH_TAGGED, /* {"t":"br","v":{...}}, compact */
  DUR_BATCH_DICT,   /* {"all": [{"index", "status", "result", "error"}],
                       "completionReason"}, nulls written, spaced */
  DUR_BATCH_JS      /* {"all":[{"result","index","status"} |
                       {"error","index","status"} | {"index","status"}],
                       "completionReason"}, compact */
} dur_batch_form;

/* Appends.  |items_are|: the form of the items' results.  |arena| is scratch.
 */
int dur_batch_write(dur_buf *out, dur_arena *arena, const dur_batch *batch,
                    dur_batch_form form, dur_form items_are,
                    dur_serdes_error *err);
/* Takes any of the three; results come out in the form |items_are|.  The batch
 * may borrow |text|.  Keys it does not know are skipped, items stay in the
 * order of the text. */
int dur_batch_read(dur_arena *arena, dur_bytes text, dur_form items_are,
                   dur_batch *out, dur_serdes_error *err);

#endif
