/* endpoint: invocations through the Invoke API of an external Lambda. */
#include "base/hash.h"
#include "base/json.h"
#include "process.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { URL_ROOM = 2048 };

typedef struct reply {
  dur_buf body;
  int function_error;
} reply;

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  reply *r = user;
  dur_buf_add(&r->body, data, size * count);
  return r->body.failed ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  static const char NAME[] = "X-Amz-Function-Error:";
  reply *r = user;
  if (size * count >= sizeof NAME - 1 &&
      strncasecmp(data, NAME, sizeof NAME - 1) == 0)
    r->function_error = 1;
  return size * count;
}

static void put_failure(dur_buf *out, long status, const char *why) {
  char text[512];
  dur_json_out json;
  if (why != NULL)
    snprintf(text, sizeof text, "Lambda could not be invoked: %s", why);
  else
    snprintf(text, sizeof text, "Lambda answered with status %ld", status);
  dur_buf_reset(out);
  dur_json_out_init(&json, out, 0);
  dur_json_begin_object(&json);
  dur_json_key(&json, "ErrorMessage");
  dur_json_cstr(&json, text);
  dur_json_key(&json, "ErrorType");
  dur_json_cstr(&json, "Lambda.InvokeFailed");
  dur_json_end_object(&json);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name,
                                     dur_bytes value) {
  dur_buf line;
  if (value.data == NULL)
    return list;
  dur_buf_init(&line, &dur_mem_default, SIZE_MAX);
  dur_buf_str(&line, name);
  dur_buf_str(&line, ": ");
  dur_buf_bytes(&line, value);
  if (dur_buf_cstr(&line) != NULL)
    list = curl_slist_append(list, dur_buf_cstr(&line));
  dur_buf_drop(&line);
  return list;
}

static struct curl_slist *make_headers(const durable_service_invocation *inv) {
  const char *context = dur_job_of(inv)->context;
  dur_buf encoded;
  struct curl_slist *list =
      curl_slist_append(NULL, "X-Amz-Invocation-Type: RequestResponse");
  list = curl_slist_append(list, "Content-Type: application/json");
  list = curl_slist_append(list, "Expect:");
  list = add_header(list, "X-Amz-Tenant-Id", dur_cstr(inv->tenant_id));
  list = add_header(list, "X-Amzn-Trace-Id", dur_cstr(inv->trace_id));
  dur_buf_init(&encoded, &dur_mem_default, SIZE_MAX);
  if (context != NULL) {
    dur_base64_encode(&encoded, dur_cstr(context));
    list = add_header(list, "X-Amz-Client-Context", dur_buf_view(&encoded));
  }
  dur_buf_drop(&encoded);
  return list;
}

/* 0, with *status; or a text of curl's. */
static const char *post(CURL *easy, const char *url,
                        const durable_service_invocation *inv, reply *r,
                        long *status) {
  struct curl_slist *headers = make_headers(inv);
  int64_t left_ms = inv->deadline_ms - dur_real_ms();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, inv->event.data);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   (curl_off_t)inv->event.len);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
  CURLcode rc = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, status);
  curl_slist_free_all(headers);
  return rc == CURLE_OK ? NULL : curl_easy_strerror(rc);
}

/* The execution's own endpoint, the program's, or that of all others.  0, or
 * -1: none, or too long. */
static int make_url(const dur_program *program,
                    const durable_service_invocation *inv, char url[URL_ROOM]) {
  const char *own = dur_job_of(inv)->endpoint;
  pthread_mutex_lock(&program->fleet->lock);
  const char *at = own                 ? own
                   : program->endpoint ? program->endpoint
                                       : program->fleet->endpoint;
  size_t len = at ? strlen(at) : 0;
  while (len > 0 && at[len - 1] == '/')
    len--;
  int size = snprintf(url, URL_ROOM, "%.*s/2015-03-31/functions/%s/invocations",
                      (int)len, at ? at : "", program->name);
  pthread_mutex_unlock(&program->fleet->lock);
  return len > 0 && size < URL_ROOM ? 0 : -1;
}

void dur_endpoint_invoke(void *user, durable_service *service,
                         const durable_service_invocation *inv) {
  const dur_program *program = user;
  char url[URL_ROOM];
  long status = 0;
  reply r = {.function_error = 0};
  dur_buf_init(&r.body, &dur_mem_default, 16u * 1024 * 1024);
  CURL *easy = make_url(program, inv, url) == 0 ? curl_easy_init() : NULL;
  const char *why =
      easy ? post(easy, url, inv, &r, &status) : "the URL cannot be used";
  int outcome =
      r.function_error ? DURABLE_SERVICE_RAISED : DURABLE_SERVICE_RETURNED;
  if (why != NULL || status >= 300) {
    put_failure(&r.body, status, why);
    outcome = DURABLE_SERVICE_RAISED;
  }
  if (easy != NULL)
    curl_easy_cleanup(easy);
  (void)durable_service_answer(
      service, inv, outcome,
      (durable_bytes){r.body.data, r.body.failed ? 0 : r.body.len});
  dur_buf_drop(&r.body);
}
