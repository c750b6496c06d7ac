/* output: what a durable function answers to Lambda.
 *
 * Invariant: a Result is text, never JSON inside the object, and "" is not the
 * same as none.  The engine writes outputs, the service reads them. */
#include "wire/put.h"
#include "wire/read.h"

void dur_output_write(dur_buf *out, const char *status, dur_bytes result,
                      const dur_error *error) {
  dur_json_out json;
  dur_put put = {.out = &json};
  dur_json_out_init(&json, out, 0);
  dur_put_open(&put, NULL);
  dur_put_text(&put, "Status", dur_cstr(status));
  dur_put_text_if(&put, "Result", result);
  if (error != NULL)
    dur_put_error(&put, "Error", error);
  dur_put_close(&put);
}

static const dur_field OUTPUT_FIELDS[] = {
    DUR_FIELD(filled, "the output's ", "Status", dur_output, status),
    DUR_FIELD(string, "the output's ", "Result", dur_output, result),
    DUR_FIELD_ERROR("the output's ", dur_output, error, has_error),
};

int dur_output_read(dur_bytes body, dur_arena *arena, dur_output *out,
                    const char **why) {
  *out = (dur_output){0};
  if (dur_read_document(body, arena, DUR_TIME_MS, DUR_FIELDS(OUTPUT_FIELDS),
                        out, "the output is not a JSON object", why) < 0)
    return -1;
  if (out->status.data == NULL) {
    *why = "the output has no Status";
    return -1;
  }
  return 0;
}
