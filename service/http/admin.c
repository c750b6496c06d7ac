/* admin: see admin.h. */
#include "admin.h"
#include "base/json.h"
#include "process.h"
#include "wire/limits.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_SIZE = 512, LOG_PAGE = 1024 * 1024 };

static int path_is(const dur_request *r, size_t count, const char *first) {
  return r->segment_count == count && dur_bytes_is(r->segments[0], first);
}

static void settle(dur_reply *reply, int rc, const char *why,
                   const char *body) {
  if (rc < 0)
    dur_reply_error(reply, DUR_ERROR_INVALID, "%s", why);
  else
    dur_buf_str(&reply->body, body);
}

static void put_function(dur_fleet *fleet, const dur_request *r,
                         dur_reply *reply) {
  char why[WHY_SIZE] = "out of memory";
  char *name = strndup(r->segments[1].data, r->segments[1].len);
  int rc =
      name ? dur_fleet_put(fleet, name, dur_to_public(r->body), why, sizeof why)
           : -1;
  settle(reply, rc, why, "{}");
  free(name);
}

static void put_endpoint(dur_fleet *fleet, const dur_request *r,
                         dur_reply *reply) {
  char why[WHY_SIZE];
  cJSON *tree =
      cJSON_ParseWithLength(r->body.data ? r->body.data : "", r->body.len);
  const char *url = cJSON_GetStringValue(
      cJSON_GetObjectItemCaseSensitive(tree, "EndpointUrl"));
  if (!cJSON_IsObject(tree)) {
    dur_reply_error(reply, DUR_ERROR_INVALID,
                    "Request body is required: {\"EndpointUrl\": URL}");
  } else if (url == NULL || url[0] == '\0') {
    dur_reply_error(reply, DUR_ERROR_INVALID, "EndpointUrl is required");
  } else {
    int rc = dur_fleet_default(fleet, url, why, sizeof why);
    settle(reply, rc, why,
           "{\"message\":\"Lambda endpoint updated successfully\"}");
  }
  cJSON_Delete(tree);
}

static void reach(dur_fleet *fleet, dur_bytes function, int brings) {
  dur_bytes bare = dur_function_bare(function);
  char *name = bare.data ? strndup(bare.data, bare.len) : NULL;
  dur_fleet_reach(fleet, name, brings);
  free(name);
}

static void reach_start(dur_fleet *fleet, const dur_request *r) {
  cJSON *body =
      cJSON_ParseWithLength(r->body.data ? r->body.data : "", r->body.len);
  const char *function = cJSON_GetStringValue(
      cJSON_GetObjectItemCaseSensitive(body, "FunctionName"));
  const char *endpoint = cJSON_GetStringValue(
      cJSON_GetObjectItemCaseSensitive(body, "LambdaEndpoint"));
  reach(fleet, dur_cstr(function), endpoint != NULL && endpoint[0] != '\0');
  cJSON_Delete(body);
}

/* What a checkpoint invokes; most of them invoke nothing. */
static void reach_invoked(dur_fleet *fleet, const dur_request *r) {
  static const char TYPE[] = "\"CHAINED_INVOKE\"";
  if (r->body.len == 0 ||
      memmem(r->body.data, r->body.len, TYPE, sizeof TYPE - 1) == NULL)
    return;
  cJSON *body = cJSON_ParseWithLength(r->body.data, r->body.len);
  const cJSON *update;
  cJSON_ArrayForEach(update,
                     cJSON_GetObjectItemCaseSensitive(body, "Updates")) {
    const char *function =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(update, "ChainedInvokeOptions"),
            "FunctionName"));
    if (function != NULL)
      reach(fleet, dur_cstr(function), 0);
  }
  cJSON_Delete(body);
}

static int read_marker(const dur_request *r, int64_t *at, dur_reply *reply) {
  dur_bytes text = dur_request_query(r, "Marker");
  *at = 0;
  if (text.data == NULL || (dur_number_int(text, at) && *at >= 0))
    return 0;
  dur_reply_error(reply, DUR_ERROR_INVALID,
                  "Marker is no X-Durable-Next-Marker: %.*s",
                  (int)(text.len < 64 ? text.len : 64), text.data);
  return -1;
}

static void get_logs(dur_fleet *fleet, const dur_request *r, dur_exchange *x,
                     dur_reply *reply) {
  int64_t at;
  char next[32];
  char *name = strndup(r->segments[1].data, r->segments[1].len);
  if (name == NULL || read_marker(r, &at, reply) != 0) {
    free(name);
    return;
  }
  if (dur_logs_read(fleet->logs, name, &at, LOG_PAGE, &reply->body) == 0 ||
      dur_fleet_knows(fleet, name)) {
    snprintf(next, sizeof next, "%lld", (long long)at);
    dur_exchange_put(x, "X-Durable-Next-Marker", next);
    x->type = "application/jsonl";
  } else {
    dur_reply_error(reply, DUR_ERROR_NOT_FOUND,
                    "There is no function %.140s, and no log of one", name);
  }
  free(name);
}

static int take_put(dur_fleet *fleet, const dur_request *r, dur_reply *reply) {
  if (path_is(r, 2, "functions"))
    put_function(fleet, r, reply);
  else if (path_is(r, 1, "lambda-endpoint"))
    put_endpoint(fleet, r, reply);
  else
    return 0;
  return 1;
}

/* 1 for a request that this file has to look at. */
static int is_ours(const dur_exchange *x) {
  if (strcmp(x->method, "GET") == 0)
    return strncmp(x->target, "/functions/", 11) == 0;
  if (strcmp(x->method, "POST") != 0)
    return strcmp(x->method, "PUT") == 0;
  size_t len = strcspn(x->target, "?");
  return strncmp(x->target, "/2015-03-31/", 12) == 0 ||
         strncmp(x->target, "/start-", 7) == 0 ||
         (len > 11 && memcmp(x->target + len - 11, "/checkpoint", 11) == 0);
}

static int take_get(dur_fleet *fleet, const dur_request *r, dur_exchange *x,
                    dur_reply *reply) {
  if (!path_is(r, 3, "functions") || !dur_bytes_is(r->segments[2], "logs"))
    return 0;
  get_logs(fleet, r, x, reply);
  return 1;
}

int dur_admin_take(dur_fleet *fleet, dur_exchange *x, dur_reply *reply) {
  int taken = 0;
  if (!is_ours(x))
    return 0;
  dur_request r = {
      .method = x->method, .target = x->target, .body = dur_buf_view(&x->body)};
  dur_arena_init(&r.arena, &dur_mem_default);
  if (dur_request_parse(&r) != 0)
    taken = 0; /* the service says what is wrong */
  else if (strcmp(x->method, "PUT") == 0)
    taken = take_put(fleet, &r, reply);
  else if (strcmp(x->method, "GET") == 0)
    taken = take_get(fleet, &r, x, reply);
  else if (path_is(&r, 4, "2015-03-31"))
    reach(fleet, r.segments[2], 0);
  else if (path_is(&r, 1, "start-durable-execution"))
    reach_start(fleet, &r);
  else
    reach_invoked(fleet, &r);
  dur_arena_drop(&r.arena);
  return taken;
}
