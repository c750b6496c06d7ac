/* faults: see faults.h. */
#include "faults.h"
#include "base/json.h"
#include "base/map.h"
#include "service/tokens.h"
#include "wire/arn.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 256, NUMBER_MAX = 1000000, NAME_ROOM = 141 };

static const char *const KINDS[] = {[DUR_FAULT_STALE_TOKEN] = "stale_token",
                                    [DUR_FAULT_NO_TOKEN] = "no_token",
                                    [DUR_FAULT_429] = "429",
                                    [DUR_FAULT_500] = "500",
                                    [DUR_FAULT_RESET] = "reset_after_apply"};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

typedef struct fault {
  int64_t call, times, left;
  dur_fault_kind kind;
  char function[NAME_ROOM]; /* "": of any */
  char *arn;                /* whose it is; NULL: nobody's yet */
} fault;

typedef struct counter {
  char *arn;
  int64_t calls;
} counter;

struct dur_faults {
  pthread_mutex_t lock;
  fault *list;
  size_t count;
  dur_map counters; /* of executions, by ARN; only while faults are left */
};

/* ---- lists */

static void drop_list(fault *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    free(list[i].arn);
  free(list);
}

static void drop_counters(dur_faults *f) {
  for (size_t i = 0; i < f->counters.cap; i++) {
    counter *it = f->counters.slots[i].value;
    if (it != NULL)
      free(it->arn);
    free(it);
  }
  dur_map_drop(&f->counters);
  dur_map_init(&f->counters, &dur_mem_default);
}

dur_faults *dur_faults_open(void) {
  dur_faults *f = calloc(1, sizeof *f);
  if (f == NULL || pthread_mutex_init(&f->lock, NULL) != 0) {
    free(f);
    return NULL;
  }
  dur_map_init(&f->counters, &dur_mem_default);
  return f;
}

void dur_faults_close(dur_faults *f) {
  if (f == NULL)
    return;
  drop_list(f->list, f->count);
  drop_counters(f);
  dur_map_drop(&f->counters);
  pthread_mutex_destroy(&f->lock);
  free(f);
}

/* ---- reading one */

typedef struct reader {
  size_t at; /* which of the list, from 0 */
  char *why;
  size_t size;
} reader;

static int fail(const reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(const reader *r, const char *format, ...) {
  va_list args;
  int len = snprintf(r->why, r->size, "fault %zu: ", r->at + 1);
  va_start(args, format);
  vsnprintf(r->why + len, r->size - (size_t)len, format, args);
  va_end(args);
  return -1;
}

static int read_number(const reader *r, const cJSON *value, int64_t *out) {
  double n = cJSON_IsNumber(value) ? value->valuedouble : NAN;
  if (!(n >= 1 && n <= NUMBER_MAX) || n != floor(n))
    return fail(r, "\"%s\" is no integer of 1 to %d", value->string,
                NUMBER_MAX);
  *out = (int64_t)n;
  return 0;
}

static int read_kind(const reader *r, const cJSON *value, dur_fault_kind *out) {
  char number[32] = "";
  if (cJSON_IsNumber(value))
    snprintf(number, sizeof number, "%.0f", value->valuedouble);
  const char *text = cJSON_IsString(value) ? value->valuestring : number;
  for (int i = 1; i < KIND_COUNT; i++)
    if (strcmp(text, KINDS[i]) == 0) {
      *out = (dur_fault_kind)i;
      return 0;
    }
  return fail(r, "\"kind\" is none of stale_token, no_token, 429, 500 and "
                 "reset_after_apply");
}

static int read_function(const reader *r, const cJSON *value, fault *out) {
  const char *name = cJSON_IsString(value) ? value->valuestring : "";
  if (name[0] == '\0' || strlen(name) >= NAME_ROOM)
    return fail(r, "\"function\" is no name of a function");
  memcpy(out->function, name, strlen(name) + 1);
  return 0;
}

static int read_member(const reader *r, const cJSON *value, fault *out) {
  const char *key = value->string;
  if (strcmp(key, "call") == 0)
    return read_number(r, value, &out->call);
  if (strcmp(key, "times") == 0)
    return read_number(r, value, &out->times);
  if (strcmp(key, "kind") == 0)
    return read_kind(r, value, &out->kind);
  if (strcmp(key, "function") == 0)
    return read_function(r, value, out);
  return fail(r, "unknown key \"%.64s\": expected call, kind, times, function",
              key);
}

static int read_fault(const reader *r, const cJSON *tree, fault *out) {
  const cJSON *value;
  *out = (fault){.times = 1};
  if (!cJSON_IsObject(tree))
    return fail(r, "expected a JSON object");
  cJSON_ArrayForEach(value, tree) {
    if (read_member(r, value, out) != 0)
      return -1;
  }
  if (out->call == 0 || out->kind == DUR_FAULT_NONE)
    return fail(r, "\"%s\" is missing", out->call == 0 ? "call" : "kind");
  out->left = out->times;
  return 0;
}

static int check_apart(const reader *r, const fault *list) {
  const fault *it = &list[r->at];
  for (size_t i = 0; i < r->at; i++) {
    const fault *other = &list[i];
    int together = !it->function[0] || !other->function[0] ||
                   strcmp(it->function, other->function) == 0;
    if (together && it->call < other->call + other->times &&
        other->call < it->call + it->times)
      return fail(r, "it means the same calls as fault %zu", i + 1);
  }
  return 0;
}

/* ---- PUT and GET */

static int read_list(const cJSON *tree, fault **list, size_t *count,
                     reader *r) {
  const cJSON *item;
  size_t n = cJSON_IsArray(tree) ? (size_t)cJSON_GetArraySize(tree) : 0;
  if (!cJSON_IsArray(tree) || n > FAULTS_MAX) {
    snprintf(r->why, r->size,
             "the faults are not a JSON array of at most %d objects",
             FAULTS_MAX);
    return -1;
  }
  *list = calloc(n + 1, sizeof **list);
  if (*list == NULL) {
    snprintf(r->why, r->size, "out of memory");
    return -1;
  }
  cJSON_ArrayForEach(item, tree) {
    r->at = (*count)++;
    if (read_fault(r, item, &(*list)[r->at]) != 0 || check_apart(r, *list) != 0)
      return -1;
  }
  return 0;
}

static void put(dur_faults *f, dur_bytes body, dur_reply *reply) {
  char why[512];
  fault *list = NULL;
  size_t count = 0;
  reader r = {.why = why, .size = sizeof why};
  cJSON *tree =
      dur_is_json(body) ? cJSON_ParseWithLength(body.data, body.len) : NULL;
  if (read_list(tree, &list, &count, &r) != 0) {
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", why);
  } else {
    pthread_mutex_lock(&f->lock);
    fault *old = f->list;
    size_t old_count = f->count;
    f->list = list;
    f->count = count;
    list = old;
    count = old_count;
    drop_counters(f);
    pthread_mutex_unlock(&f->lock);
    dur_buf_str(&reply->body, "{}");
  }
  drop_list(list, count);
  cJSON_Delete(tree);
}

static void put_number(dur_json_out *out, const char *key, int64_t n) {
  dur_json_key(out, key);
  dur_json_i64(out, n);
}

static void get(dur_faults *f, dur_reply *reply) {
  dur_json_out out;
  dur_json_out_init(&out, &reply->body, 0);
  dur_json_begin_array(&out);
  pthread_mutex_lock(&f->lock);
  for (size_t i = 0; i < f->count; i++) {
    const fault *it = &f->list[i];
    if (it->left == 0)
      continue;
    dur_json_begin_object(&out);
    put_number(&out, "call", it->call);
    dur_json_key(&out, "kind");
    dur_json_cstr(&out, KINDS[it->kind]);
    put_number(&out, "times", it->times);
    put_number(&out, "left", it->left);
    if (it->function[0]) {
      dur_json_key(&out, "function");
      dur_json_cstr(&out, it->function);
    }
    dur_json_end_object(&out);
  }
  pthread_mutex_unlock(&f->lock);
  dur_json_end_array(&out);
}

int dur_faults_take(dur_faults *f, const dur_exchange *x, dur_reply *reply) {
  if (strcmp(x->target, "/faults") != 0)
    return 0;
  if (strcmp(x->method, "PUT") == 0)
    put(f, dur_buf_view(&x->body), reply);
  else if (strcmp(x->method, "GET") == 0)
    get(f, reply);
  else
    return 0;
  return 1;
}

/* ---- checkpoints; lock held */

/* The number of this request of |arn|, or 0: out of memory. */
static int64_t count_call(dur_faults *f, dur_bytes arn) {
  counter *it = dur_map_get(&f->counters, arn);
  if (it == NULL) {
    it = calloc(1, sizeof *it);
    if (it == NULL)
      return 0;
    it->arn = strndup(arn.data, arn.len);
    if (it->arn == NULL ||
        dur_map_put(&f->counters, dur_cstr(it->arn), it) != 0) {
      free(it->arn);
      free(it);
      return 0;
    }
  }
  return ++it->calls;
}

static int is_met(fault *it, dur_bytes arn, dur_bytes function, int64_t call) {
  if (it->left == 0 || call < it->call || call >= it->call + it->times ||
      (it->function[0] && !dur_bytes_is(function, it->function)))
    return 0;
  if (it->arn == NULL) /* only its first call makes it somebody's */
    it->arn = call == it->call ? strndup(arn.data, arn.len) : NULL;
  return it->arn != NULL && dur_bytes_is(arn, it->arn);
}

static dur_fault_kind meet(dur_faults *f, dur_bytes text) {
  dur_arn arn;
  int64_t left = 0;
  dur_fault_kind kind = DUR_FAULT_NONE;
  if (f->count == 0 || !dur_arn_parse(text, &arn))
    return kind;
  int64_t call = count_call(f, text);
  for (size_t i = 0; i < f->count; i++) {
    fault *it = &f->list[i];
    if (kind == DUR_FAULT_NONE && is_met(it, text, arn.function, call)) {
      kind = it->kind;
      it->left--;
    }
    left += it->left;
  }
  if (left == 0) {
    drop_list(f->list, f->count);
    f->list = NULL;
    f->count = 0;
    drop_counters(f);
  }
  return kind;
}

dur_fault_kind dur_faults_meet(dur_faults *f, const dur_exchange *x) {
  dur_fault_kind kind = DUR_FAULT_NONE;
  dur_request r = {.method = x->method, .target = x->target};
  dur_arena_init(&r.arena, &dur_mem_default);
  dur_bytes arn =
      dur_request_parse(&r) == 0 ? dur_request_checkpoint(&r) : DUR_NONE;
  if (arn.data != NULL) {
    pthread_mutex_lock(&f->lock);
    kind = meet(f, arn);
    pthread_mutex_unlock(&f->lock);
  }
  dur_arena_drop(&r.arena);
  return kind;
}

int dur_fault_refuse(dur_fault_kind kind, dur_reply *reply) {
  if (kind == DUR_FAULT_STALE_TOKEN)
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", DUR_STALE_TOKEN);
  else if (kind == DUR_FAULT_429)
    dur_reply_error(reply, DUR_ERROR_TOO_MANY, "Rate exceeded");
  else if (kind == DUR_FAULT_500)
    dur_reply_error(reply, DUR_ERROR_SERVICE, "A fault that was asked for");
  else
    return 0;
  return 1;
}

static void drop_token(dur_reply *reply) {
  dur_json in;
  dur_json_out out;
  dur_buf body;
  dur_bytes key, raw;
  dur_buf_init(&body, &dur_mem_default, SIZE_MAX);
  dur_json_init(&in, dur_buf_view(&reply->body), DUR_JSON_ALLOW_NAN);
  dur_json_out_init(&out, &body, 0);
  dur_json_begin_object(&out);
  for (dur_json_next(&in); dur_json_next(&in) == DUR_JSON_KEY;) {
    int is_token = dur_json_text_is(&in, "CheckpointToken");
    key = in.text;
    dur_json_raw(&in, &raw);
    if (is_token)
      continue;
    dur_json_key_bytes(&out, key);
    dur_json_raw_value(&out, raw);
  }
  dur_json_end_object(&out);
  dur_buf_drop(&reply->body);
  reply->body = body;
}

void dur_fault_spoil(dur_fault_kind kind, dur_exchange *x, dur_reply *reply) {
  if (kind == DUR_FAULT_RESET)
    x->reset = 1;
  else if (kind == DUR_FAULT_NO_TOKEN && reply->status == 200)
    drop_token(reply);
}
