/* checkpoint: the request of CheckpointDurableExecution.
 *
 * Invariant: what begin, dur_update_write and end give is what
 * dur_checkpoint_read takes.  The engine writes it, the service reads it. */
#include "base/hash.h"
#include "wire/read.h"

void dur_checkpoint_target(dur_buf *out, dur_bytes arn) {
  dur_buf_str(out, DUR_API_PREFIX);
  dur_percent_encode(out, arn, 0);
  dur_buf_str(out, "/checkpoint");
}

void dur_checkpoint_begin(dur_json_out *out, dur_bytes token) {
  dur_json_begin_object(out);
  dur_json_key(out, "CheckpointToken");
  dur_json_string(out, token);
  dur_json_key(out, "Updates");
  dur_json_begin_array(out);
}

void dur_checkpoint_end(dur_json_out *out, dur_bytes client_token) {
  dur_json_end_array(out);
  if (client_token.len > 0) {
    dur_json_key(out, "ClientToken");
    dur_json_string(out, client_token);
  }
  dur_json_end_object(out);
}

/* ---- reading */

typedef struct reading {
  dur_checkpoint request;
  dur_update_fn *each;
  void *user;
} reading;

static int read_updates(const dur_reader *r, void *base, const dur_field *f) {
  const reading *in = base;
  dur_update update;
  int got = dur_read_open(r, DUR_JSON_ARRAY, f->wrong);
  if (got <= 0)
    return got;
  while (dur_json_next(r->json) == DUR_JSON_OBJECT) {
    if (dur_read_update(r, &update) < 0)
      return -1;
    if (in->each != NULL && in->each(in->user, &update) != 0)
      return -1;
  }
  return r->json->token == DUR_JSON_ARRAY_END
             ? 0
             : dur_read_no(r, "OperationUpdate is not an object");
}

static const dur_field REQUEST_FIELDS[] = {
    DUR_FIELD(filled, "the request's ", "CheckpointToken", reading,
              request.token),
    {"Updates",
     7,
     read_updates,
     0,
     "the request's Updates is not an array",
     0,
     {NULL, 0}},
    DUR_FIELD(filled, "the request's ", "ClientToken", reading,
              request.client_token),
};

int dur_checkpoint_read(dur_bytes body, dur_arena *arena, dur_update_fn *each,
                        void *user, dur_checkpoint *out, const char **why) {
  reading in = {{DUR_NONE, DUR_NONE}, each, user};
  int got =
      dur_read_document(body, arena, DUR_TIME_S, DUR_FIELDS(REQUEST_FIELDS),
                        &in, "the request is not a JSON object", why);
  *out = in.request;
  return got;
}
