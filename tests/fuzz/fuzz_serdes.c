/* fuzz_serdes: every reader of core/serdes on one input, and round trips.
 *
 * The first byte picks what the rest is fed to.  Beyond memory errors this
 * checks that a value that was read can be written, and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serdes/fs_envelope.h"
#include "serdes/plain.h"
#include "serdes/preview.h"
#include "serdes/summary.h"
#include "serdes/tagged.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dur_arena arena;
static dur_buf buf;
static dur_serdes_error err;

static void must(int condition) {
  if (!condition)
    abort();
}

/* A tagged value may be too high for its own form when it was read leniently:
 * that refusal, and no other, is fine. */
static void round_trip(dur_form form, dur_bytes text) {
  dur_value *value, *again;
  if (dur_form_read(form, &arena, text, &value, &err)) {
    must(err.code != DUR_SERDES_OK && err.message[0]);
    return;
  }
  if (dur_form_write(form, &buf, value, &err)) {
    must(form == DUR_FORM_TAGGED && err.code == DUR_SERDES_LIMIT);
    return;
  }
  must(dur_form_read(form, &arena, dur_buf_view(&buf), &again, &err) == 0);
  must(dur_value_equal(value, again));
}

static void read_batch(dur_bytes text, dur_form items_are) {
  dur_batch batch, again;
  if (dur_batch_read(&arena, text, items_are, &batch, &err))
    return;
  for (int form = DUR_BATCH_TAGGED; form <= DUR_BATCH_JS; form++) {
    dur_buf_reset(&buf);
    if (dur_batch_write(&buf, &arena, &batch, (dur_batch_form)form, items_are,
                        &err))
      continue;
    must(dur_batch_read(&arena, dur_buf_view(&buf), items_are, &again, &err) ==
         0);
    must(again.count == batch.count);
  }
}

static void read_record(dur_bytes text) {
  dur_batch_record record, again;
  if (dur_batch_record_read(&arena, text, &record) != 1)
    return;
  must(strlen(record.statuses) == record.total);
  if (strchr(record.statuses, DUR_ITEM_TERMINAL))
    return;
  dur_summary summary = {DUR_LIT("MapResult"), record.reason,
                         dur_cstr(record.statuses), DUR_NONE};
  dur_summary_write(&buf, &summary, 0);
  must(dur_batch_record_read(&arena, dur_buf_view(&buf), &again) == 1);
  must(strcmp(record.statuses, again.statuses) == 0);
}

static void show(dur_bytes text) {
  static const dur_preview_rule rule = {{"a", 1}, DUR_PREVIEW_ANYWHERE};
  dur_preview_config config = {.mask = &rule, .mask_count = 1};
  dur_value *value, *preview;
  if (dur_plain_read(&arena, text, &value, &err))
    return;
  must(dur_preview(&arena, value, &config, &preview, &err) == 0);
}

/* |text| is a part of an ARN, an operation id and a path to be judged. */
static void place(dur_bytes text) {
  dur_fs_place p = {DUR_LIT("/base"), text, text, text, text, text};
  must(dur_fs_path(&buf, &p, DUR_FS_URI, &err) == 0);
  must(dur_fs_inside(&arena, p.base, dur_buf_view(&buf)));
  p.function = DUR_NONE;
  dur_buf_reset(&buf);
  must(dur_fs_path(&buf, &p, DUR_FS_URI, &err) == 0);
  must(dur_fs_inside(&arena, p.base, dur_buf_view(&buf)));
  dur_fs_inside(&arena, text, text);
  dur_fs_inside(&arena, p.base, text);
}

static void parse(dur_bytes text) {
  static const dur_kind kinds[] = {DUR_INT, DUR_UUID, DUR_DECIMAL, DUR_DATETIME,
                                   DUR_DATE};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    dur_value *value, *again;
    if (dur_value_parse(&arena, kinds[i], text, &value, &err))
      continue;
    dur_buf_reset(&buf);
    if (value->kind == DUR_INT)
      dur_value_int_text(value, &buf);
    else
      dur_buf_bytes(&buf, value->u.text);
    must(dur_value_parse(&arena, kinds[i], dur_buf_view(&buf), &again, &err) ==
         0);
    must(dur_value_equal(value, again));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { WAYS = 9 };
  if (size == 0)
    return 0;
  dur_bytes text = {(const char *)data + 1, size - 1};
  dur_fs_envelope envelope;
  dur_arena_init(&arena, &dur_mem_default);
  dur_buf_init(&buf, &dur_mem_default, (size_t)1 << 26);
  switch (data[0] % WAYS) {
  case 0:
    round_trip(DUR_FORM_PLAIN, text);
    break;
  case 1:
    round_trip(DUR_FORM_TAGGED, text);
    break;
  case 2:
    read_batch(text, DUR_FORM_PLAIN);
    break;
  case 3:
    read_batch(text, DUR_FORM_TAGGED);
    break;
  case 4:
    read_record(text);
    break;
  case 5:
    show(text);
    break;
  case 6:
    place(text);
    break;
  case 7:
    parse(text);
    break;
  default:
    dur_fs_read(&arena, text, &envelope, &err);
  }
  dur_buf_drop(&buf);
  dur_arena_drop(&arena);
  return 0;
}
