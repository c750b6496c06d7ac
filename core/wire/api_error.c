/* api_error: what a refused API call says and what follows from it.
 *
 * Invariant: a text that cannot be read (a proxy's HTML page, a cut body) gives
 * no code and no message, and so an error that is worth another invocation.
 * The engine reads these errors, the service writes them. */
#include <string.h>

#include "wire/put.h"
#include "wire/read.h"

typedef struct reading {
  dur_bytes type, alias, code, upper, lower;
} reading;

/* As dur_field_string, but a value that is no string counts as absent. */
static int read_if_string(const dur_reader *r, void *base, const dur_field *f) {
  dur_bytes *out = (dur_bytes *)((char *)base + f->offset);
  switch (dur_json_next(r->json)) {
  case DUR_JSON_STRING:
    return dur_read_text(r, out);
  case DUR_JSON_ERROR:
    return -1;
  default:
    return dur_json_skip_rest(r->json) == DUR_JSON_ERROR ? -1 : 0;
  }
}

#define MEMBER(key, member)                                                    \
  {                                                                            \
    key, sizeof(key) - 1, read_if_string, offsetof(reading, member), "", 0, {  \
      NULL, 0                                                                  \
    }                                                                          \
  }

static const dur_field BODY_FIELDS[] = {
    MEMBER("Type", type),     MEMBER("__type", alias),  MEMBER("code", code),
    MEMBER("Message", upper), MEMBER("message", lower),
};

static dur_bytes first_of(dur_bytes a, dur_bytes b) {
  return a.len > 0 ? a : b;
}

/* "ns#Name:http://..." -> "Name" */
static dur_bytes bare_code(dur_bytes text) {
  const char *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
  if (colon != NULL)
    text.len = (size_t)(colon - text.data);
  for (size_t i = text.len; i > 0; i--) {
    if (text.data[i - 1] == '#')
      return (dur_bytes){text.data + i, text.len - i};
  }
  return text.len > 0 ? text : DUR_NONE;
}

void dur_api_error_read(int status, dur_bytes header_type, dur_bytes body,
                        dur_arena *arena, dur_api_error *out) {
  reading in = {0};
  const char *why;
  if (dur_read_document(body, arena, DUR_TIME_S, DUR_FIELDS(BODY_FIELDS), &in,
                        "", &why) < 0)
    in = (reading){0};
  dur_bytes code = first_of(in.type, first_of(in.alias, in.code));
  out->status = status;
  out->code = bare_code(first_of(header_type, code));
  out->message = first_of(in.lower, in.upper);
}

/* ---- */

static int is_kms(dur_bytes code) {
  return dur_bytes_is(code, "KMSAccessDeniedException") ||
         dur_bytes_is(code, "KMSDisabledException") ||
         dur_bytes_is(code, "KMSInvalidStateException") ||
         dur_bytes_is(code, "KMSNotFoundException");
}

/* |text| starts with |prefix|, which is in lower case, in any case. */
static int starts_any_case(dur_bytes text, const char *prefix) {
  size_t len = strlen(prefix);
  if (text.len < len)
    return 0;
  for (size_t i = 0; i < len; i++) {
    char c = text.data[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != prefix[i])
      return 0;
  }
  return 1;
}

static int is_stale_token(const dur_api_error *error) {
  return (error->code.len == 0 ||
          dur_bytes_is(error->code, "InvalidParameterValueException")) &&
         starts_any_case(error->message, "invalid checkpoint token");
}

dur_category dur_api_error_category(const dur_api_error *error) {
  int said = error->code.len > 0 || error->message.len > 0;
  if (is_kms(error->code))
    return DUR_CATEGORY_EXECUTION;
  if (error->status >= 400 && error->status < 500 && error->status != 429 &&
      said && !is_stale_token(error))
    return DUR_CATEGORY_EXECUTION;
  return DUR_CATEGORY_INVOCATION;
}

int dur_api_error_may_resend(const dur_api_error *error) {
  if (is_kms(error->code))
    return 0;
  return error->status == 0 || error->status == 429 ||
         (error->status >= 500 && error->status < 600);
}

void dur_api_error_write(dur_buf *out, const dur_api_error *error) {
  dur_json_out json;
  dur_put put = {.out = &json};
  int upper = error->status == 404 || error->status >= 500;
  dur_json_out_init(&json, out, 0);
  dur_put_open(&put, NULL);
  dur_put_text_if(&put, "Type", error->code);
  dur_put_text_if(&put, upper ? "Message" : "message", error->message);
  dur_put_close(&put);
}
