/* cloudwatch: see cloudwatch.h. */
#include "cloudwatch.h"
#include "base/json.h"
#include "log_match.h"
#include "service/tokens.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 10000, PAGE_BYTES = 1024 * 1024, PATTERN_MAX = 1024 };
enum { STREAMS_MAX = 100 };

static const int64_t TIME_MAX = 9007199254740991;

/* ---- errors and members */

int dur_cw_fail(const dur_cw_call *call, const char *type, const char *format,
                ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  dur_json_out out;
  dur_buf_reset(&call->reply->body);
  dur_json_out_init(&out, &call->reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "__type");
  dur_json_cstr(&out, type);
  dur_json_key(&out, "message");
  dur_json_cstr(&out, text);
  dur_json_end_object(&out);
  call->reply->status = 400;
  call->reply->error_type = type;
  return -1;
}

static int bad(const dur_cw_call *call, const char *key, const char *expected) {
  return dur_cw_fail(call, "InvalidParameterException",
                     "The value of %s is invalid: expected %s", key, expected);
}

int dur_cw_int(const dur_cw_call *call, const char *key, int64_t min,
               int64_t max, int64_t *out) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->in, key);
  char expected[64];
  if (value == NULL || cJSON_IsNull(value))
    return 0;
  double n = cJSON_IsNumber(value) ? value->valuedouble : NAN;
  if (n >= (double)min && n <= (double)max && n == floor(n)) {
    *out = (int64_t)n;
    return 1;
  }
  snprintf(expected, sizeof expected, "an integer of %lld to %lld",
           (long long)min, (long long)max);
  return bad(call, key, expected);
}

int dur_cw_string(const dur_cw_call *call, const char *key, const char **out) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->in, key);
  if (value == NULL || cJSON_IsNull(value))
    return 0;
  if (!cJSON_IsString(value))
    return bad(call, key, "a string");
  *out = value->valuestring;
  return 1;
}

static int exists(dur_fleet *fleet, const char *function) {
  dur_buf nothing;
  int64_t at = INT64_MAX;
  dur_buf_init(&nothing, &dur_mem_default, 0);
  return dur_fleet_knows(fleet, function) ||
         dur_logs_read(fleet->logs, function, &at, 1, &nothing) == 0;
}

int dur_cw_group(const dur_cw_call *call, const char *group,
                 char function[DUR_CW_FUNCTION_ROOM]) {
  static const char PREFIX[] = "/aws/lambda/";
  const char *name = group;
  if (strncmp(name, "arn:", 4) == 0) {
    name = strstr(group, ":log-group:");
    if (name == NULL)
      return bad(call, "logGroupIdentifier", "a name or ARN of a log group");
    name += strlen(":log-group:");
  }
  size_t len = strcspn(name, ":"); /* an ARN may end with ":*" */
  if (strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 &&
      len - (sizeof PREFIX - 1) < DUR_CW_FUNCTION_ROOM) {
    snprintf(function, DUR_CW_FUNCTION_ROOM, "%.*s",
             (int)(len - (sizeof PREFIX - 1)), name + sizeof PREFIX - 1);
    if (exists(call->cw->fleet, function))
      return 0;
  }
  return dur_cw_fail(call, "ResourceNotFoundException",
                     "The specified log group does not exist: %.256s", group);
}

/* ---- FilterLogEvents */

typedef struct filter {
  const dur_cw_call *call;
  char function[DUR_CW_FUNCTION_ROOM];
  int64_t from_ms, to_ms, limit, at;
  dur_matcher matcher;
  dur_json_out out;
  int64_t count;
  size_t bytes;
} filter;

static int read_group(filter *f) {
  const char *name = NULL, *identifier = NULL;
  int named = dur_cw_string(f->call, "logGroupName", &name);
  int identified = dur_cw_string(f->call, "logGroupIdentifier", &identifier);
  if (named < 0 || identified < 0)
    return -1;
  if (named == identified)
    return dur_cw_fail(f->call, "InvalidParameterException",
                       "Exactly one of logGroupName and logGroupIdentifier "
                       "has to be given");
  return dur_cw_group(f->call, name ? name : identifier, f->function);
}

static int refuse_stream(const filter *f, const char *name) {
  return dur_cw_fail(f->call, "ResourceNotFoundException",
                     "The specified log stream does not exist: %.256s", name);
}

/* There is one stream: either it is meant, or nothing is there. */
static int read_streams(filter *f) {
  const cJSON *names =
      cJSON_GetObjectItemCaseSensitive(f->call->in, "logStreamNames");
  const cJSON *name;
  const char *prefix = NULL;
  if (dur_cw_string(f->call, "logStreamNamePrefix", &prefix) < 0)
    return -1;
  if (prefix && strncmp(DUR_LOG_STREAM, prefix, strlen(prefix)) != 0)
    f->to_ms = -1; /* no stream, no events */
  if (names == NULL || cJSON_IsNull(names))
    return 0;
  if (prefix)
    return dur_cw_fail(f->call, "InvalidParameterException",
                       "logStreamNames and logStreamNamePrefix exclude each "
                       "other");
  int count = cJSON_IsArray(names) ? cJSON_GetArraySize(names) : 0;
  if (count < 1 || count > STREAMS_MAX)
    return bad(f->call, "logStreamNames", "1 to 100 strings");
  cJSON_ArrayForEach(name, names) {
    if (!cJSON_IsString(name))
      return bad(f->call, "logStreamNames", "1 to 100 strings");
    if (strcmp(name->valuestring, DUR_LOG_STREAM) != 0)
      return refuse_stream(f, name->valuestring);
  }
  return 0;
}

static int read_pattern(filter *f) {
  const char *text = "";
  if (dur_cw_string(f->call, "filterPattern", &text) < 0)
    return -1;
  if (strlen(text) > PATTERN_MAX)
    return bad(f->call, "filterPattern", "at most 1024 bytes");
  if (dur_log_pattern(&f->matcher, dur_cstr(text)) == 0)
    return 0;
  return dur_cw_fail(f->call, "InvalidParameterException",
                     "Invalid filter pattern at character %zu: %s",
                     f->matcher.why_at + 1,
                     f->matcher.why ? f->matcher.why : "out of memory");
}

static int read_token(filter *f) {
  const char *text = NULL;
  int given = dur_cw_string(f->call, "nextToken", &text);
  if (given <= 0)
    return given;
  if (strncmp(text, "f/", 2) == 0 &&
      dur_number_int(dur_cstr(text + 2), &f->at) && f->at >= 0)
    return 0;
  return dur_cw_fail(f->call, "InvalidParameterException",
                     "The specified nextToken is invalid.");
}

static int read_filter(filter *f) {
  f->to_ms = TIME_MAX;
  f->limit = EVENTS_MAX;
  if (read_group(f) != 0 ||
      dur_cw_int(f->call, "startTime", 0, TIME_MAX, &f->from_ms) < 0 ||
      dur_cw_int(f->call, "endTime", 0, TIME_MAX, &f->to_ms) < 0 ||
      dur_cw_int(f->call, "limit", 1, EVENTS_MAX, &f->limit) < 0)
    return -1;
  return read_streams(f) == 0 && read_pattern(f) == 0 ? read_token(f) : -1;
}

static void put_event(filter *f, const dur_log_event *event) {
  char id[32];
  snprintf(id, sizeof id, "%020lld", (long long)event->at);
  dur_json_begin_object(&f->out);
  dur_json_key(&f->out, "logStreamName");
  dur_json_cstr(&f->out, DUR_LOG_STREAM);
  dur_json_key(&f->out, "timestamp");
  dur_json_i64(&f->out, event->timestamp_ms);
  dur_json_key(&f->out, "message");
  dur_json_string(&f->out, event->message);
  dur_json_key(&f->out, "ingestionTime");
  dur_json_i64(&f->out, event->timestamp_ms);
  dur_json_key(&f->out, "eventId");
  dur_json_cstr(&f->out, id);
  dur_json_end_object(&f->out);
  f->count++;
  f->bytes += event->message.len;
}

/* One chunk of the log; 1: go on, with f->at behind it. */
static int put_chunk(filter *f, dur_bytes text) {
  dur_log_event event;
  int64_t at = f->at;
  int full = 0;
  dur_arena arena;
  dur_arena_init(&arena, &dur_mem_default);
  while (!full && dur_log_event_next(&arena, &text, &at, &event)) {
    f->at = at;
    if (event.timestamp_ms < f->from_ms || event.timestamp_ms > f->to_ms ||
        !dur_match_is(f->matcher.root, &event, &arena))
      continue;
    put_event(f, &event);
    full = f->count == f->limit || f->bytes >= PAGE_BYTES;
  }
  dur_arena_drop(&arena);
  return !full;
}

static void put_events(filter *f) {
  dur_buf chunk;
  int more = 1;
  dur_buf_init(&chunk, &dur_mem_default, SIZE_MAX);
  dur_json_key(&f->out, "events");
  dur_json_begin_array(&f->out);
  while (more) {
    int64_t next = f->at;
    dur_buf_reset(&chunk);
    (void)dur_logs_read(f->call->cw->fleet->logs, f->function, &next,
                        DUR_CW_CHUNK, &chunk);
    if (chunk.len == 0)
      break;
    f->at = next - (int64_t)chunk.len; /* older lines may be gone by now */
    more = put_chunk(f, dur_buf_view(&chunk));
    if (more)
      f->at = next;
  }
  dur_json_end_array(&f->out);
  dur_buf_drop(&chunk);
  if (!more) {
    char token[32];
    snprintf(token, sizeof token, "f/%lld", (long long)f->at);
    dur_json_key(&f->out, "nextToken");
    dur_json_cstr(&f->out, token);
  }
}

static void filter_log_events(const dur_cw_call *call) {
  filter f = {.call = call};
  dur_matcher_init(&f.matcher);
  if (read_filter(&f) == 0) {
    dur_json_out_init(&f.out, &call->reply->body, 0);
    dur_json_begin_object(&f.out);
    put_events(&f);
    dur_json_key(&f.out, "searchedLogStreams");
    dur_json_begin_array(&f.out);
    dur_json_end_array(&f.out);
    dur_json_end_object(&f.out);
  }
  dur_matcher_drop(&f.matcher);
}

/* ---- the protocol */

dur_cloudwatch *dur_cloudwatch_open(dur_fleet *fleet) {
  dur_cloudwatch *cw = calloc(1, sizeof *cw);
  if (cw == NULL || pthread_mutex_init(&cw->lock, NULL) != 0) {
    free(cw);
    return NULL;
  }
  cw->fleet = fleet;
  return cw;
}

void dur_cloudwatch_close(dur_cloudwatch *cw) {
  if (cw == NULL)
    return;
  dur_cw_drop_results(cw);
  pthread_mutex_destroy(&cw->lock);
  free(cw);
}

static void run(const dur_cw_call *call, const char *target) {
  static const struct {
    const char *target;
    void (*run)(const dur_cw_call *call);
  } OPERATIONS[] = {
      {"Logs_20140328.FilterLogEvents", filter_log_events},
      {"Logs_20140328.StartQuery", dur_cw_start_query},
      {"Logs_20140328.GetQueryResults", dur_cw_get_query_results}};
  for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
    if (strcmp(target, OPERATIONS[i].target) == 0) {
      if (cJSON_IsObject(call->in))
        OPERATIONS[i].run(call);
      else
        dur_cw_fail(call, "SerializationException",
                    "The body is no JSON object");
      return;
    }
  dur_cw_fail(call, "UnknownOperationException",
              "There is no %.128s here: of Logs_20140328 there are "
              "FilterLogEvents, StartQuery and GetQueryResults",
              target);
}

int dur_cloudwatch_take(dur_cloudwatch *cw, dur_exchange *x, dur_reply *reply) {
  const char *target = dur_exchange_header(x, "X-Amz-Target");
  if (target == NULL || strcmp(x->method, "POST") != 0 ||
      x->target[strspn(x->target, "/")] != '\0')
    return 0;
  dur_bytes body = dur_buf_view(&x->body);
  cJSON *in =
      dur_is_json(body) ? cJSON_ParseWithLength(body.data, body.len) : NULL;
  const dur_cw_call call = {cw, in, reply};
  x->type = "application/x-amz-json-1.1";
  run(&call, target);
  cJSON_Delete(in);
  return 1;
}
