/* event: the JSON object that Lambda hands to a durable function.
 *
 * Invariant: an event that is read has an ARN and a checkpoint token; anything
 * else is refused with a sentence for whoever configured the function.  The
 * engine reads events, the service writes them. */
#include "wire/read.h"

#define CONFIGURED ": is the function configured for durable execution?"

typedef struct reading {
  dur_event event;
  dur_operations_to to;
  dur_id_fn *updated;
  void *user;
  int has_state;
} reading;

static int read_ids(const dur_reader *r, void *base, const dur_field *f) {
  const reading *in = base;
  dur_bytes id;
  int got = dur_read_open(r, DUR_JSON_ARRAY, f->wrong);
  if (got <= 0)
    return got;
  while (dur_json_next(r->json) == DUR_JSON_STRING) {
    if (dur_read_text(r, &id) < 0)
      return -1;
    if (in->updated != NULL && in->updated(in->user, id) != 0)
      return -1;
  }
  return r->json->token == DUR_JSON_ARRAY_END ? 0 : dur_read_no(r, f->wrong);
}

static const dur_field STATE_FIELDS[] = {
    DUR_FIELD(operations, "InitialExecutionState.", "Operations", reading, to),
    DUR_FIELD(filled, "InitialExecutionState.", "NextMarker", reading,
              event.next_marker),
};

static const dur_field EVENT_FIELDS[] = {
    DUR_FIELD(filled, "the event's ", "DurableExecutionArn", reading,
              event.arn),
    DUR_FIELD(filled, "the event's ", "CheckpointToken", reading, event.token),
    DUR_FIELD_OBJECT("the event's ", "InitialExecutionState", reading,
                     has_state, STATE_FIELDS),
    {"UpdatedOperationIds",
     19,
     read_ids,
     0,
     "the event's UpdatedOperationIds is not an array of strings",
     0,
     {NULL, 0}},
};

int dur_event_read(dur_bytes body, dur_arena *arena, dur_operation_fn *each,
                   dur_id_fn *updated, void *user, dur_event *out,
                   const char **why) {
  reading in = {.to = {each, user}, .updated = updated, .user = user};
  int got =
      dur_read_document(body, arena, DUR_TIME_MS, DUR_FIELDS(EVENT_FIELDS), &in,
                        "the event is not a JSON object" CONFIGURED, why);
  *out = in.event;
  if (got < 0)
    return -1;
  if (in.event.arn.data == NULL) {
    *why = "the event has no DurableExecutionArn" CONFIGURED;
    return -1;
  }
  if (in.event.token.data == NULL) {
    *why = "the event has no CheckpointToken" CONFIGURED;
    return -1;
  }
  return 0;
}

/* ---- writing */

void dur_event_begin(dur_json_out *out, dur_bytes arn, dur_bytes token) {
  dur_json_begin_object(out);
  dur_json_key(out, "DurableExecutionArn");
  dur_json_string(out, arn);
  dur_json_key(out, "CheckpointToken");
  dur_json_string(out, token);
  dur_json_key(out, "InitialExecutionState");
  dur_json_begin_object(out);
  dur_json_key(out, "Operations");
  dur_json_begin_array(out);
}

void dur_event_updated(dur_json_out *out, dur_bytes next_marker) {
  dur_json_end_array(out);
  dur_json_key(out, "NextMarker");
  dur_json_string(out, next_marker);
  dur_json_end_object(out);
  dur_json_key(out, "UpdatedOperationIds");
  dur_json_begin_array(out);
}

void dur_event_end(dur_json_out *out) {
  dur_json_end_array(out);
  dur_json_end_object(out);
}
