/* preview: the part of a value that may be shown beside an offloaded payload.
 *
 * Lists are transparent: the maps in them are merged at the list's path, their
 * primitives are dropped.  Keys with a dot are skipped with all below them.
 * What a mask rule names is replaced whole, so nothing below it shows. */
#ifndef DUR_SERDES_PREVIEW_H
#define DUR_SERDES_PREVIEW_H

#include "serdes/value.h"

typedef enum dur_preview_match {
  DUR_PREVIEW_ANYWHERE, /* the name is any part of the path */
  DUR_PREVIEW_PATH      /* the name is the whole path, dots between parts */
} dur_preview_match;
typedef struct dur_preview_rule {
  dur_bytes name;
  dur_preview_match match;
} dur_preview_rule;

typedef enum dur_preview_mode {
  DUR_PREVIEW_INCLUDE_ALL,
  DUR_PREVIEW_EXCLUDE_ALL
} dur_preview_mode;

typedef struct dur_preview_config {
  dur_preview_mode mode;
  const dur_preview_rule *include, *exclude, *mask;
  size_t include_count, exclude_count, mask_count;
  dur_bytes mask_string; /* absent: "***" */
  size_t max_bytes;      /* 0: DUR_PREVIEW_BYTES */
} dur_preview_config;
enum { DUR_PREVIEW_BYTES = 4096 };

/* *out is a map, or NULL: |value| is no map, or nothing is to be shown.  -1:
 * NOMEM, or TYPE: a kind without JSON was to be shown. */
int dur_preview(dur_arena *arena, const dur_value *value,
                const dur_preview_config *config, dur_value **out,
                dur_serdes_error *err);

#endif
