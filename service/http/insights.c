/* insights: StartQuery and GetQueryResults.
 *
 * A query is run while it is started, so its first status is Complete already;
 * the newest results are kept, as the text that GetQueryResults answers. */
#include "base/json.h"
#include "cloudwatch.h"
#include "log_query.h"
#include "service/tokens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  RESULTS_KEPT = 20,
  RESULT_BYTES = 64 * 1024 * 1024, /* of the rows that one query matches */
  KEPT_BYTES = 128 * 1024 * 1024,
  QUERY_MAX = 10000,
  GROUPS_MAX = 50
};

/* Seconds or milliseconds: what is past the year 5000 in seconds. */
static const int64_t SECONDS_MAX = 95617584000;
static const int64_t TIME_MAX = 9007199254740991;

struct dur_query_result {
  struct dur_query_result *next;
  char id[DUR_UUID_SIZE];
  dur_buf body;
};

typedef struct row {
  dur_log_value by;
  size_t order, from, len; /* its text within |rows| */
} row;

typedef struct search {
  const dur_cw_call *call;
  dur_log_query query;
  int64_t from_ms, to_ms, limit;
  dur_arena kept; /* what rows are sorted by */
  row *found;
  size_t count, room;
  dur_buf rows;
  int64_t scanned, bytes, groups;
} search;

/* ---- rows */

static void put_field(dur_json_out *out, const char *name, size_t len,
                      dur_bytes value) {
  dur_json_begin_object(out);
  dur_json_key(out, "field");
  dur_json_string(out, (dur_bytes){name, len});
  dur_json_key(out, "value");
  dur_json_string(out, value.data ? value : DUR_LIT(""));
  dur_json_end_object(out);
}

/* "2026-10-08 14:03:07.125" */
static dur_bytes instant(int64_t ms, char *text, size_t size) {
  struct tm at;
  time_t seconds = (time_t)(ms / 1000);
  if (gmtime_r(&seconds, &at) == NULL)
    return DUR_LIT("");
  size_t len = strftime(text, size, "%Y-%m-%d %H:%M:%S", &at);
  snprintf(text + len, size - len, ".%03d", (int)(ms % 1000));
  return dur_cstr(text);
}

static void put_row(search *s, const dur_log_event *event, dur_arena *arena) {
  const dur_log_field pointer = {.part = DUR_LOG_POINTER};
  dur_json_out out;
  char text[64];
  dur_json_out_init(&out, &s->rows, 0);
  dur_json_begin_array(&out);
  for (size_t i = 0; i < s->query.field_count; i++) {
    const dur_log_field *field = &s->query.fields[i];
    dur_log_value value = dur_log_value_of(field, event, arena);
    if (field->part == DUR_LOG_TIMESTAMP || field->part == DUR_LOG_INGESTION)
      value.text = instant(event->timestamp_ms, text, sizeof text);
    if (value.kind != 0)
      put_field(&out, field->name.data, field->name.len, value.text);
  }
  put_field(&out, "@ptr", 4, dur_log_value_of(&pointer, event, arena).text);
  dur_json_end_array(&out);
}

static int add_row(search *s, const dur_log_event *event, dur_arena *arena) {
  if (s->count == s->room) {
    size_t room = s->room ? s->room * 2 : 256;
    row *grown = realloc(s->found, room * sizeof *grown);
    if (grown == NULL)
      return -1;
    s->found = grown;
    s->room = room;
  }
  row *it = &s->found[s->count];
  it->from = s->rows.len;
  put_row(s, event, arena);
  it->len = s->rows.len - it->from;
  it->order = s->count++;
  it->by = dur_log_value_of(&s->query.sort, event, arena);
  it->by.text = dur_arena_copy(&s->kept, it->by.text);
  return s->rows.failed ? -1 : 0;
}

/* Numbers before texts, what is absent last. */
static int compare_values(const dur_log_value *a, const dur_log_value *b) {
  int a_number = a->kind == DUR_JSON_NUMBER,
      b_number = b->kind == DUR_JSON_NUMBER;
  if (a_number && b_number) {
    double x = dur_number_double(a->text), y = dur_number_double(b->text);
    return (x > y) - (x < y);
  }
  if (a_number != b_number)
    return b_number - a_number;
  size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
  int order = len ? memcmp(a->text.data, b->text.data, len) : 0;
  return order ? order
               : (a->text.len > b->text.len) - (a->text.len < b->text.len);
}

static int compare_rows(const void *left, const void *right, void *user) {
  const row *a = left, *b = right;
  const search *s = user;
  int sign = s->query.ascending ? 1 : -1;
  if ((a->by.kind == 0) != (b->by.kind == 0))
    return a->by.kind == 0 ? 1 : -1;
  int order = compare_values(&a->by, &b->by);
  if (order == 0)
    order = (a->order > b->order) - (a->order < b->order);
  return sign * order;
}

/* ---- searching */

static int search_chunk(search *s, dur_bytes text, int64_t at) {
  dur_log_event event;
  dur_arena arena;
  int rc = 0;
  dur_arena_init(&arena, &dur_mem_default);
  while (rc == 0 && dur_log_event_next(&arena, &text, &at, &event)) {
    s->scanned++;
    if (event.timestamp_ms >= s->from_ms && event.timestamp_ms <= s->to_ms &&
        dur_match_is(s->query.filter.root, &event, &arena))
      rc = add_row(s, &event, &arena);
  }
  dur_arena_drop(&arena);
  return rc;
}

static int search_group(search *s, const char *group) {
  char function[DUR_CW_FUNCTION_ROOM];
  int64_t at = 0;
  int rc = 0;
  dur_buf chunk;
  if (dur_cw_group(s->call, group, function) != 0)
    return -1;
  dur_buf_init(&chunk, &dur_mem_default, SIZE_MAX);
  while (rc == 0) {
    dur_buf_reset(&chunk);
    (void)dur_logs_read(s->call->cw->fleet->logs, function, &at, DUR_CW_CHUNK,
                        &chunk);
    if (chunk.len == 0)
      break;
    s->bytes += (int64_t)chunk.len;
    rc = search_chunk(s, dur_buf_view(&chunk), at - (int64_t)chunk.len);
  }
  dur_buf_drop(&chunk);
  s->groups++;
  if (rc != 0)
    dur_cw_fail(s->call, "LimitExceededException",
                "The query matches more than %d MiB: narrow its time range or "
                "its filter",
                RESULT_BYTES / 1024 / 1024);
  return rc;
}

/* Exactly one of the three ways to name groups. */
static int search_groups(search *s) {
  const cJSON *in = s->call->in, *list = NULL, *item;
  const char *name = NULL;
  static const char *const LISTS[] = {"logGroupNames", "logGroupIdentifiers"};
  int ways = dur_cw_string(s->call, "logGroupName", &name);
  if (ways < 0)
    return -1;
  for (size_t i = 0; i < 2; i++) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(in, LISTS[i]);
    ways += value != NULL;
    list = value ? value : list;
  }
  if (ways != 1)
    return dur_cw_fail(s->call, "InvalidParameterException",
                       "Exactly one of logGroupName, logGroupNames and "
                       "logGroupIdentifiers has to be given");
  if (list == NULL)
    return search_group(s, name);
  int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
  if (count < 1 || count > GROUPS_MAX)
    return dur_cw_fail(s->call, "InvalidParameterException",
                       "%s has to be a list of 1 to 50 strings", list->string);
  cJSON_ArrayForEach(item, list) {
    if (!cJSON_IsString(item))
      return dur_cw_fail(s->call, "InvalidParameterException",
                         "%s has to be a list of 1 to 50 strings",
                         list->string);
    if (search_group(s, item->valuestring) != 0)
      return -1;
  }
  return 0;
}

/* ---- StartQuery */

static int malformed(const search *s) {
  const dur_matcher *m = &s->query.filter;
  char text[512];
  dur_json_out out;
  snprintf(text, sizeof text, "The query is malformed at character %zu: %s",
           m->why_at + 1, m->why ? m->why : "out of memory");
  dur_cw_fail(s->call, "MalformedQueryException", "%s", text);
  dur_buf_reset(&s->call->reply->body);
  dur_json_out_init(&out, &s->call->reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "__type");
  dur_json_cstr(&out, "MalformedQueryException");
  dur_json_key(&out, "message");
  dur_json_cstr(&out, text);
  dur_json_key(&out, "queryCompileError");
  dur_json_begin_object(&out);
  dur_json_key(&out, "location");
  dur_json_begin_object(&out);
  dur_json_key(&out, "startCharOffset");
  dur_json_i64(&out, (int64_t)m->why_at);
  dur_json_key(&out, "endCharOffset");
  dur_json_i64(&out, (int64_t)m->why_at);
  dur_json_end_object(&out);
  dur_json_key(&out, "message");
  dur_json_cstr(&out, text);
  dur_json_end_object(&out);
  dur_json_end_object(&out);
  return -1;
}

static int read_times(search *s) {
  const dur_cw_call *call = s->call;
  int first = dur_cw_int(call, "startTime", 0, TIME_MAX, &s->from_ms);
  int last =
      first < 0 ? -1 : dur_cw_int(call, "endTime", 0, TIME_MAX, &s->to_ms);
  if (first < 0 || last < 0)
    return -1;
  if (first == 0 || last == 0 || s->from_ms > s->to_ms)
    return dur_cw_fail(call, "InvalidParameterException",
                       "startTime and endTime have to be given, in seconds "
                       "since 1970, startTime not after endTime");
  if (s->to_ms <= SECONDS_MAX) {
    s->from_ms *= 1000;
    s->to_ms = s->to_ms * 1000 + 999;
  }
  return 0;
}

static int read_query(search *s) {
  const char *text = NULL, *language = "CWLI";
  if (read_times(s) != 0 ||
      dur_cw_string(s->call, "queryLanguage", &language) < 0 ||
      dur_cw_int(s->call, "limit", 1, DUR_LOG_ROWS_MAX, &s->limit) < 0)
    return -1;
  int given = dur_cw_string(s->call, "queryString", &text);
  if (given < 0)
    return -1;
  if (strcmp(language, "CWLI") != 0)
    return dur_cw_fail(s->call, "InvalidParameterException",
                       "queryLanguage %.16s is not known here: expected CWLI",
                       language);
  if (given == 0 || strlen(text) > QUERY_MAX)
    return dur_cw_fail(s->call, "InvalidParameterException",
                       "queryString has to be given, with at most %d bytes",
                       QUERY_MAX);
  if (dur_log_query_parse(&s->query, dur_cstr(text)) != 0)
    return malformed(s);
  if (s->query.limit > 0)
    s->limit = s->query.limit;
  return 0;
}

static void put_number(dur_json_out *out, const char *key, int64_t n) {
  dur_json_key(out, key);
  dur_json_double_value(out, (double)n);
}

static void render(search *s, dur_buf *body) {
  dur_json_out out;
  size_t shown = s->count < (size_t)s->limit ? s->count : (size_t)s->limit;
  if (s->count > 1)
    qsort_r(s->found, s->count, sizeof *s->found, compare_rows, s);
  dur_json_out_init(&out, body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "queryLanguage");
  dur_json_cstr(&out, "CWLI");
  dur_json_key(&out, "results");
  dur_json_begin_array(&out);
  for (size_t i = 0; i < shown; i++)
    dur_json_raw_value(
        &out, (dur_bytes){s->rows.data + s->found[i].from, s->found[i].len});
  dur_json_end_array(&out);
  dur_json_key(&out, "statistics");
  dur_json_begin_object(&out);
  put_number(&out, "recordsMatched", (int64_t)s->count);
  put_number(&out, "recordsScanned", s->scanned);
  put_number(&out, "bytesScanned", s->bytes);
  put_number(&out, "logGroupsScanned", s->groups);
  dur_json_end_object(&out);
  dur_json_key(&out, "status");
  dur_json_cstr(&out, "Complete");
  dur_json_end_object(&out);
}

static void drop(dur_query_result *result) {
  dur_buf_drop(&result->body);
  free(result);
}

void dur_cw_drop_results(dur_cloudwatch *cw) {
  while (cw->results != NULL) {
    dur_query_result *next = cw->results->next;
    drop(cw->results);
    cw->results = next;
  }
}

/* Keep it, and of the others what there is room for. */
static void keep(dur_cloudwatch *cw, dur_query_result *result) {
  size_t count = 0, bytes = 0;
  pthread_mutex_lock(&cw->lock);
  result->next = cw->results;
  cw->results = result;
  for (dur_query_result **link = &cw->results; *link != NULL;) {
    dur_query_result *it = *link;
    count++;
    bytes += it->body.len;
    if (count == 1 || (count <= RESULTS_KEPT && bytes <= KEPT_BYTES)) {
      link = &it->next;
      continue;
    }
    *link = it->next;
    drop(it);
  }
  pthread_mutex_unlock(&cw->lock);
}

static void answer_id(const dur_cw_call *call, const char *id) {
  dur_json_out out;
  dur_json_out_init(&out, &call->reply->body, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "queryId");
  dur_json_cstr(&out, id);
  dur_json_end_object(&out);
}

static void conclude(search *s) {
  dur_query_result *result = calloc(1, sizeof *result);
  char id[DUR_UUID_SIZE];
  if (result == NULL || dur_uuid(id) != 0) {
    free(result);
    dur_cw_fail(s->call, "ServiceUnavailableException", "Out of memory");
    return;
  }
  dur_buf_init(&result->body, &dur_mem_default, SIZE_MAX);
  memcpy(result->id, id, sizeof id);
  render(s, &result->body);
  if (result->body.failed) {
    drop(result);
    dur_cw_fail(s->call, "ServiceUnavailableException", "Out of memory");
    return;
  }
  keep(s->call->cw, result); /* not ours any more */
  answer_id(s->call, id);
}

void dur_cw_start_query(const dur_cw_call *call) {
  search s = {.call = call, .limit = DUR_LOG_ROWS_MAX};
  dur_matcher_init(&s.query.filter);
  dur_arena_init(&s.kept, &dur_mem_default);
  dur_buf_init(&s.rows, &dur_mem_default, RESULT_BYTES);
  if (read_query(&s) == 0 && search_groups(&s) == 0)
    conclude(&s);
  dur_log_query_drop(&s.query);
  dur_arena_drop(&s.kept);
  dur_buf_drop(&s.rows);
  free(s.found);
}

/* ---- GetQueryResults */

void dur_cw_get_query_results(const dur_cw_call *call) {
  const char *id = NULL;
  int given = dur_cw_string(call, "queryId", &id);
  if (given < 0)
    return;
  if (given == 0) {
    dur_cw_fail(call, "InvalidParameterException", "queryId has to be given");
    return;
  }
  pthread_mutex_lock(&call->cw->lock);
  const dur_query_result *it = call->cw->results;
  while (it != NULL && strcmp(it->id, id) != 0)
    it = it->next;
  if (it != NULL)
    dur_buf_bytes(&call->reply->body, dur_buf_view(&it->body));
  pthread_mutex_unlock(&call->cw->lock);
  if (it == NULL)
    dur_cw_fail(call, "ResourceNotFoundException",
                "There is no query %.64s, or its results were dropped for "
                "newer ones",
                id);
}
