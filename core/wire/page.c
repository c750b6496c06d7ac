/* page: what both API calls answer, a page of operations.
 *
 * Invariant: an operation is handed on before the next one is read, so memory
 * does not grow with the page.  The engine reads pages, the service writes
 * them. */
#include "base/hash.h"
#include "wire/read.h"

int dur_field_operations(const dur_reader *r, void *base, const dur_field *f) {
  const dur_operations_to *to =
      (const dur_operations_to *)((const char *)base + f->offset);
  dur_operation op;
  int got = dur_read_open(r, DUR_JSON_ARRAY, f->wrong);
  if (got <= 0)
    return got;
  while (dur_json_next(r->json) == DUR_JSON_OBJECT) {
    if (dur_read_operation(r, &op) < 0)
      return -1;
    if (to->each != NULL && to->each(to->user, &op) != 0)
      return -1;
  }
  return r->json->token == DUR_JSON_ARRAY_END
             ? 0
             : dur_read_no(r, "Operation is not an object");
}

/* ---- reading */

typedef struct reading {
  dur_state_page page;
  dur_operations_to to;
  int has_state;
} reading;

static const dur_field STATE_FIELDS[] = {
    DUR_FIELD(operations, "the response's ", "Operations", reading, to),
    DUR_FIELD(filled, "the response's ", "NextMarker", reading,
              page.next_marker),
};

static const dur_field CHECKPOINT_FIELDS[] = {
    DUR_FIELD(filled, "the response's ", "CheckpointToken", reading,
              page.token),
    DUR_FIELD_OBJECT("the response's ", "NewExecutionState", reading, has_state,
                     STATE_FIELDS),
};

int dur_page_read(dur_bytes body, int state, dur_arena *arena,
                  dur_operation_fn *each, void *user, dur_state_page *out,
                  const char **why) {
  reading in = {{DUR_NONE, DUR_NONE}, {each, user}, 0};
  dur_fields fields =
      state ? DUR_FIELDS(STATE_FIELDS) : DUR_FIELDS(CHECKPOINT_FIELDS);
  int got = dur_read_document(body, arena, DUR_TIME_S, fields, &in,
                              "the response is not a JSON object", why);
  *out = in.page;
  return got;
}

/* ---- writing */

void dur_state_target(dur_buf *out, dur_bytes arn, dur_bytes token,
                      dur_bytes marker) {
  dur_buf_str(out, DUR_API_PREFIX);
  dur_percent_encode(out, arn, 0);
  dur_buf_str(out, "/state?CheckpointToken=");
  dur_percent_encode(out, token, 0);
  if (marker.len > 0) {
    dur_buf_str(out, "&Marker=");
    dur_percent_encode(out, marker, 0);
  }
  dur_buf_str(out, "&MaxItems=1000");
}

void dur_page_begin(dur_json_out *out, int state, dur_bytes token) {
  dur_json_begin_object(out);
  if (!state) {
    if (token.len > 0) {
      dur_json_key(out, "CheckpointToken");
      dur_json_string(out, token);
    }
    dur_json_key(out, "NewExecutionState");
    dur_json_begin_object(out);
  }
  dur_json_key(out, "Operations");
  dur_json_begin_array(out);
}

void dur_page_end(dur_json_out *out, int state, dur_bytes next_marker) {
  dur_json_end_array(out);
  if (next_marker.len > 0) {
    dur_json_key(out, "NextMarker");
    dur_json_string(out, next_marker);
  }
  dur_json_end_object(out);
  if (!state)
    dur_json_end_object(out);
}
