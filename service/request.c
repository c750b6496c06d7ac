/* request: taking a request line apart, and error replies. */
#include "request.h"
#include "base/hash.h"
#include "base/json.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const dur_request_headers[DUR_HEADERS_READ + 1] = {
    "X-Amz-Invocation-Type",     "X-Amz-Durable-Execution-Name",
    "X-Amz-Tenant-Id",           "X-Amz-Client-Context",
    "X-Amz-Cognito-Identity-Id", "X-Amz-Cognito-Identity-Pool-Id",
    "X-Amzn-Trace-Id",           NULL,
};

/* |plus|: '+' stands for a blank, as in a query. */
static int decode(dur_request *r, dur_bytes raw, int plus, dur_bytes *out) {
  dur_buf text, decoded;
  dur_buf_init(&text, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&decoded, &dur_mem_default, SIZE_MAX);
  dur_buf_bytes(&text, raw);
  for (size_t i = 0; plus && i < text.len; i++)
    if (text.data[i] == '+')
      text.data[i] = ' ';
  int rc = text.failed ? -1 : dur_percent_decode(&decoded, dur_buf_view(&text));
  if (rc == 0) {
    dur_bytes view = decoded.len ? dur_buf_view(&decoded) : DUR_LIT("");
    *out = dur_arena_copy(&r->arena, view);
    if (decoded.failed || out->data == NULL)
      rc = -1;
  }
  dur_buf_drop(&decoded);
  dur_buf_drop(&text);
  return rc;
}

static int parse_path(dur_request *r, dur_bytes path) {
  const char *p = path.data, *end = path.data + path.len;
  while (p < end) {
    const char *slash = memchr(p, '/', (size_t)(end - p));
    const char *stop = slash ? slash : end;
    if (stop > p) {
      if (r->segment_count == DUR_SEGMENTS_MAX ||
          decode(r, (dur_bytes){p, (size_t)(stop - p)}, 0,
                 &r->segments[r->segment_count]) != 0)
        return -1;
      r->segment_count++;
    }
    p = stop + 1;
  }
  return 0;
}

static int parse_pair(dur_request *r, dur_bytes text) {
  const char *equals = memchr(text.data, '=', text.len);
  if (equals == NULL)
    return 0;
  dur_bytes key = {text.data, (size_t)(equals - text.data)};
  dur_bytes value = {equals + 1, text.len - key.len - 1};
  if (value.len == 0)
    return 0;
  if (r->query_count == DUR_QUERY_MAX)
    return -1;
  dur_pair *pair = &r->query[r->query_count];
  if (decode(r, key, 1, &pair->key) != 0 ||
      decode(r, value, 1, &pair->value) != 0)
    return -1;
  r->query_count++;
  return 0;
}

int dur_request_parse(dur_request *r) {
  const char *mark = strchr(r->target, '?');
  dur_bytes path = {r->target,
                    mark ? (size_t)(mark - r->target) : strlen(r->target)};
  if (parse_path(r, path) != 0)
    return -1;
  while (mark != NULL) {
    const char *p = mark + 1;
    mark = strchr(p, '&');
    dur_bytes text = {p, mark ? (size_t)(mark - p) : strlen(p)};
    if (parse_pair(r, text) != 0)
      return -1;
  }
  return 0;
}

dur_bytes dur_request_query(const dur_request *r, const char *key) {
  for (size_t i = 0; i < r->query_count; i++)
    if (dur_bytes_is(r->query[i].key, key))
      return r->query[i].value;
  return DUR_NONE;
}

dur_bytes dur_request_header(const dur_request *r, const char *name) {
  for (const char *const *h = r->headers; h && h[0] && h[1]; h += 2)
    if (strcasecmp(h[0], name) == 0)
      return dur_cstr(h[1]);
  return DUR_NONE;
}

static const struct {
  int status;
  const char *type, *key;
} ERRORS[] = {
    [DUR_ERROR_INVALID] = {400, "InvalidParameterValueException", "message"},
    [DUR_ERROR_CONTENT] = {400, "InvalidRequestContentException", "message"},
    [DUR_ERROR_LATE_CALLBACK] = {400, "CallbackTimeoutException", "Message"},
    [DUR_ERROR_NOT_FOUND] = {404, "ResourceNotFoundException", "Message"},
    [DUR_ERROR_EXISTS] = {409, "DurableExecutionAlreadyStartedException",
                          "Message"},
    [DUR_ERROR_TOO_LARGE] = {413, "RequestTooLargeException", "message"},
    [DUR_ERROR_TOO_MANY] = {429, "TooManyRequestsException", "message"},
    [DUR_ERROR_SERVICE] = {500, "ServiceException", "Message"},
};

void dur_reply_error(dur_reply *reply, dur_error_kind kind, const char *format,
                     ...) {
  char text[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  dur_json_out out;
  dur_buf_reset(&reply->body);
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "Type");
  dur_json_cstr(&out, ERRORS[kind].type);
  dur_json_key(&out, ERRORS[kind].key);
  dur_json_cstr(&out, text);
  dur_json_end_object(&out);
  reply->status = ERRORS[kind].status;
  reply->error_type = ERRORS[kind].type;
}

int dur_reply_read(durable_service *s, int step, dur_reply *reply) {
  if (step == SQLITE_ROW || step == SQLITE_DONE)
    return 0;
  dur_reply_error(reply, DUR_ERROR_SERVICE, "the database cannot be read: %s",
                  sqlite3_errmsg(s->store.db));
  return -1;
}

sqlite3_stmt *dur_reply_row(durable_service *s, const char *sql, dur_bytes arn,
                            dur_reply *reply) {
  sqlite3_stmt *stmt = dur_prepare(&s->store, sql);
  int step = SQLITE_ERROR;
  if (stmt != NULL) {
    sqlite3_bind_text(stmt, 1, arn.data, (int)arn.len, SQLITE_STATIC);
    step = sqlite3_step(stmt);
  }
  if (step == SQLITE_ROW)
    return stmt;
  if (dur_reply_read(s, step, reply) == 0)
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND, "Execution %.*s not found",
                    (int)(arn.len < 1024 ? arn.len : 1024), arn.data);
  sqlite3_finalize(stmt);
  return NULL;
}

int dur_request_max_items(const dur_request *r, size_t fallback, size_t max,
                          size_t *out, dur_reply *reply) {
  dur_bytes text = dur_request_query(r, "MaxItems");
  int64_t n = 0;
  if (text.data == NULL)
    text = dur_request_query(r, "maxItems");
  if (text.data != NULL && !dur_number_int(text, &n)) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "MaxItems is not a number: %.*s",
                    (int)(text.len < 64 ? text.len : 64), text.data);
    return -1;
  }
  if (n < 0 || n > (int64_t)max) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "1 validation error detected: Value at 'maxItems' failed "
                    "to satisfy constraint: Member must have value between 0 "
                    "and %zu",
                    max);
    return -1;
  }
  *out = n == 0 ? fallback : (size_t)n;
  return 0;
}
