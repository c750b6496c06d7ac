/* fs_envelope: the texts of the serdes that keeps payloads in files.  Paths and
 * checkpoint payloads only; files are the caller's. */
#ifndef DUR_SERDES_FS_ENVELOPE_H
#define DUR_SERDES_FS_ENVELOPE_H

#include "serdes/value.h"

typedef enum dur_fs_encoding { DUR_FS_URI, DUR_FS_HASH } dur_fs_encoding;

typedef struct dur_fs_place {
  dur_bytes base; /* the directory; not empty */
  dur_bytes arn;  /* of the execution, whole */
  /* its function name, execution name and invocation id; all absent when it
   * is not a durable execution ARN */
  dur_bytes function, name, id;
  dur_bytes operation; /* the operation's id */
} dur_fs_place;

/* Append <base>/<execution>/<operation>.json.  Parts of the ARN that are empty
 * or hold a '/', a backslash, a control character or nothing but dots are
 * percent-encoded, so the answer is always inside |base|. */
int dur_fs_path(dur_buf *out, const dur_fs_place *place,
                dur_fs_encoding encoding, dur_serdes_error *err);
/* 1 when |path| names something below |base| after "//", "." and ".." are
 * resolved in the text of both; symbolic links are not seen. */
int dur_fs_inside(dur_arena *arena, dur_bytes base, dur_bytes path);

enum { DUR_FS_INLINE_MAX = 261120 }; /* bytes of the whole envelope */

/* {"file": path} or {"file": path, "preview": preview}.  |preview| may be NULL;
 * an empty one is left out. */
int dur_fs_write_file(dur_buf *out, dur_bytes path, const dur_value *preview,
                      dur_serdes_error *err);
/* {"data": inner}: 1.  0, nothing appended: over DUR_FS_INLINE_MAX, use a file.
 */
int dur_fs_write_data(dur_buf *out, dur_bytes inner, dur_serdes_error *err);

typedef struct dur_fs_envelope {
  dur_bytes file; /* absent: |data| holds the payload */
  dur_bytes data;
} dur_fs_envelope;
/* The texts may borrow |text|. */
int dur_fs_read(dur_arena *arena, dur_bytes text, dur_fs_envelope *out,
                dur_serdes_error *err);

#endif
