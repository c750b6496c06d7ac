/* tokens: see tokens.h. */
#include "tokens.h"
#include "base/hash.h"
#include "base/json.h"
#include "wire/limits.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int dur_uuid(char out[DUR_UUID_SIZE]) {
  unsigned char b[16];
  if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
    return -1;
  b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
  b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
  snprintf(out, DUR_UUID_SIZE,
           "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x"
           "%02x",
           b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
           b[11], b[12], b[13], b[14], b[15]);
  return 0;
}

void dur_token_write(dur_buf *out, dur_bytes arn, uint64_t seq,
                     const char *invocation) {
  dur_buf json;
  dur_buf_init(&json, &dur_mem_default, SIZE_MAX);
  dur_buf_str(&json, "{\"arn\":");
  dur_json_put_string(&json, arn);
  dur_buf_str(&json, ",\"seq\":");
  dur_buf_u64(&json, seq);
  dur_buf_str(&json, ",\"inv\":\"");
  dur_buf_str(&json, invocation);
  dur_buf_str(&json, "\"}");
  if (json.failed)
    out->failed = DUR_BUF_NOMEM;
  else
    dur_base64_encode(out, dur_buf_view(&json));
  dur_buf_drop(&json);
}

int dur_token_is(dur_bytes text, const dur_run *run) {
  dur_buf now;
  dur_buf_init(&now, &dur_mem_default, SIZE_MAX);
  dur_token_write(&now, run->arn, run->token_seq, run->job->request_id);
  int is = !now.failed && dur_bytes_eq(dur_buf_view(&now), text);
  dur_buf_drop(&now);
  return is;
}

void dur_callback_id_write(dur_buf *out, dur_bytes arn, dur_bytes op) {
  dur_buf json;
  dur_buf_init(&json, &dur_mem_default, SIZE_MAX);
  dur_buf_str(&json, "{\"arn\":");
  dur_json_put_string(&json, arn);
  dur_buf_str(&json, ",\"op\":");
  dur_json_put_string(&json, op);
  dur_buf_str(&json, "}");
  if (json.failed)
    out->failed = DUR_BUF_NOMEM;
  else
    dur_base64_encode(out, dur_buf_view(&json));
  dur_buf_drop(&json);
}

static int read_id_json(dur_bytes text, dur_arena *arena, dur_bytes *arn,
                        dur_bytes *op) {
  dur_json j;
  dur_json_init(&j, text, 0);
  if (dur_json_next(&j) != DUR_JSON_OBJECT)
    return -1;
  while (dur_json_next(&j) == DUR_JSON_KEY) {
    dur_bytes *to = dur_json_text_is(&j, "arn")  ? arn
                    : dur_json_text_is(&j, "op") ? op
                                                 : NULL;
    if (to == NULL) {
      dur_json_skip(&j);
    } else if (dur_json_next(&j) != DUR_JSON_STRING ||
               dur_json_text(&j, arena, to) != 0) {
      return -1;
    }
  }
  if (j.token != DUR_JSON_OBJECT_END || dur_json_next(&j) != DUR_JSON_END)
    return -1;
  return arn->data != NULL && op->data != NULL ? 0 : -1;
}

/* Why this is not base64, in the words that clients of callbacks know. */
static const char *base64_fault(dur_bytes text, dur_arena *arena) {
  enum { ROOM = 128 };
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++)
    count += isalnum((unsigned char)text.data[i]) || text.data[i] == '+' ||
             text.data[i] == '/';
  if (count % 4 == 2 || count % 4 == 3)
    return "Incorrect padding";
  char *why = count % 4 == 1 ? dur_arena_alloc(arena, ROOM) : NULL;
  if (why == NULL)
    return "Invalid callback id: not base64";
  snprintf(why, ROOM,
           "Invalid base64-encoded string: number of data characters (%zu) "
           "cannot be 1 more than a multiple of 4",
           count);
  return why;
}

int dur_callback_id_read(dur_bytes text, dur_arena *arena, dur_bytes *arn,
                         dur_bytes *op, const char **why) {
  dur_buf json;
  dur_buf_init(&json, &dur_mem_default, SIZE_MAX);
  *arn = *op = DUR_NONE;
  *why = NULL;
  if (text.len > DUR_CALLBACK_ID_MAX || dur_base64_decode(&json, text) != 0 ||
      json.failed) {
    *why = base64_fault(text, arena);
  } else {
    dur_bytes kept = dur_arena_copy(arena, dur_buf_view(&json));
    if (kept.data == NULL || read_id_json(kept, arena, arn, op) != 0)
      *why = "Invalid callback id: not one of this service";
  }
  dur_buf_drop(&json);
  return *why == NULL ? 0 : -1;
}

void dur_function_arn_write(dur_buf *out, const durable_service *s,
                            dur_bytes function) {
  dur_buf_str(out, "arn:aws:lambda:");
  dur_buf_str(out, s->region);
  dur_buf_str(out, ":");
  dur_buf_str(out, s->account);
  dur_buf_str(out, ":function:");
  dur_buf_bytes(out, function);
  dur_buf_str(out, ":$LATEST");
}

void dur_execution_arn_write(dur_buf *out, const durable_service *s,
                             dur_bytes function, dur_bytes name, dur_bytes id) {
  dur_function_arn_write(out, s, function);
  dur_buf_str(out, "/durable-execution/");
  dur_buf_bytes(out, name);
  dur_buf_str(out, "/");
  dur_buf_bytes(out, id);
}

int dur_is_json(dur_bytes text) {
  const char *error;
  size_t at;
  return dur_json_valid(text, 0, &error, &at);
}

int dur_is_http_url(dur_bytes text) {
  size_t scheme = dur_bytes_starts(text, "https://")  ? 8
                  : dur_bytes_starts(text, "http://") ? 7
                                                      : 0;
  if (scheme == 0 || text.len == scheme || text.data[scheme] == '/')
    return 0;
  for (size_t i = scheme; i < text.len; i++)
    if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f)
      return 0;
  return 1;
}
