/* runtime_api: one connection to the Lambda Runtime API.
 *
 * Invariant: at most one invocation is open at a time; |open| is 1 from its
 * arrival until its response or error was posted, whatever became of the post.
 * Payloads are never logged. */
#include "host/runtime_api.h"

#include "base/buf.h"
#include "host/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
  EVENT_MAX = 64 * 1024 * 1024,
  ANSWER_MAX = 64 * 1024,
  URL_MAX = 8 * 1024,
  LINE_MAX_BYTES = 128 * 1024,
  CONNECT_MS = 5000
};

/* In the order of header_names. */
enum {
  REQUEST_ID,
  DEADLINE_MS,
  FUNCTION_ARN,
  TRACE_ID,
  CLIENT_CONTEXT,
  COGNITO_IDENTITY,
  TENANT_ID,
  INVOCATION_ID,
  HEADER_COUNT
};

static const char *const header_names[HEADER_COUNT] = {
    "Lambda-Runtime-Aws-Request-Id",       "Lambda-Runtime-Deadline-Ms",
    "Lambda-Runtime-Invoked-Function-Arn", "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Client-Context",       "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",        "Lambda-Runtime-Invocation-Id"};

struct durable_host_lambda {
  CURL *easy;
  dur_buf base; /* "http://host:port/2018-06-01/runtime" */
  dur_buf url;
  dur_buf event;
  dur_buf answer; /* of a post */
  dur_buf values[HEADER_COUNT];
  struct curl_slist *headers;
  int export_trace_id;
  int open;
  const int *stop;
  char why[CURL_ERROR_SIZE];
  char message[CURL_ERROR_SIZE + 128];
};

static int say(durable_host_lambda *l, int rc, const char *what,
               const char *why) {
  snprintf(l->message, sizeof l->message, "%s%s%s", what, why ? ": " : "",
           why ? why : "");
  return rc;
}

/* ---- what curl calls */

static size_t on_event(char *data, size_t size, size_t count, void *user) {
  dur_buf *to = user;
  dur_buf_add(to, data, size * count);
  return to->failed ? 0 : size * count;
}

static void take_header(durable_host_lambda *l, int i, const char *value,
                        size_t len) {
  while (len && strchr(" \t", *value))
    value++, len--;
  while (len && strchr(" \t\r\n", value[len - 1]))
    len--;
  dur_buf_reset(&l->values[i]);
  dur_buf_add(&l->values[i], value, len);
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  durable_host_lambda *l = user;
  size_t len = size * count;
  for (int i = 0; i < HEADER_COUNT; i++) {
    size_t name = strlen(header_names[i]);
    if (len > name && data[name] == ':' &&
        !strncasecmp(data, header_names[i], name))
      take_header(l, i, data + name + 1, len - name - 1);
  }
  return len;
}

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c,
                       curl_off_t e) {
  durable_host_lambda *l = user;
  (void)a, (void)b, (void)c, (void)e;
  return l->stop && __atomic_load_n(l->stop, __ATOMIC_ACQUIRE);
}

/* ---- lifecycle */

static int make_base(durable_host_lambda *l, const char *api) {
  dur_buf_str(&l->base, "http://");
  dur_buf_str(&l->base, api);
  dur_buf_str(&l->base, "/2018-06-01/runtime");
  return l->base.failed ? DURABLE_E_NOMEM : DURABLE_OK;
}

int durable_host_lambda_new(durable_host_lambda **out, const char *api,
                            int export_trace_id) {
  dur_curl_init();
  if (!out)
    return DURABLE_E_ARGUMENT;
  *out = NULL;
  api = api ? api : getenv("AWS_LAMBDA_RUNTIME_API");
  if (!api || !*api)
    return DURABLE_E_ARGUMENT;
  durable_host_lambda *l = calloc(1, sizeof *l);
  if (!l)
    return DURABLE_E_NOMEM;
  l->export_trace_id = export_trace_id;
  dur_buf_init(&l->base, &dur_mem_default, URL_MAX);
  dur_buf_init(&l->url, &dur_mem_default, URL_MAX);
  dur_buf_init(&l->event, &dur_mem_default, EVENT_MAX);
  dur_buf_init(&l->answer, &dur_mem_default, ANSWER_MAX);
  for (int i = 0; i < HEADER_COUNT; i++)
    dur_buf_init(&l->values[i], &dur_mem_default, LINE_MAX_BYTES);
  l->easy = curl_easy_init();
  int rc = l->easy ? make_base(l, api) : DURABLE_E_NOMEM;
  if (rc)
    durable_host_lambda_free(l);
  else
    *out = l;
  return rc;
}

void durable_host_lambda_free(durable_host_lambda *lambda) {
  if (!lambda)
    return;
  if (lambda->easy)
    curl_easy_cleanup(lambda->easy);
  curl_slist_free_all(lambda->headers);
  dur_buf_drop(&lambda->base);
  dur_buf_drop(&lambda->url);
  dur_buf_drop(&lambda->event);
  dur_buf_drop(&lambda->answer);
  for (int i = 0; i < HEADER_COUNT; i++)
    dur_buf_drop(&lambda->values[i]);
  free(lambda);
}

const char *durable_host_lambda_message(const durable_host_lambda *lambda) {
  return lambda ? lambda->message : "";
}

void dur_lambda_stop_on(durable_host_lambda *lambda, const int *stop) {
  lambda->stop = stop;
}

/* ---- one exchange */

/* Traffic to the Runtime API never goes through a proxy. */
static void set_common(durable_host_lambda *l) {
  CURL *easy = l->easy;
  curl_easy_reset(easy);
  curl_slist_free_all(l->headers);
  l->headers = NULL;
  l->why[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, l->why);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
  curl_easy_setopt(easy, CURLOPT_USERAGENT,
                   "libdurable/" DURABLE_VERSION_STRING);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_event);
}

static void set_url(durable_host_lambda *l, const char *path) {
  dur_buf_reset(&l->url);
  dur_buf_bytes(&l->url, dur_buf_view(&l->base));
  dur_buf_str(&l->url, path);
}

/* Appended as one path segment, whatever it holds. */
static void add_segment(durable_host_lambda *l, dur_bytes segment) {
  static const char hex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < segment.len; i++) {
    unsigned char c = (unsigned char)segment.data[i];
    int plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                (c >= 'a' && c <= 'z') || (c && strchr("-_.~", c));
    if (plain) {
      dur_buf_char(&l->url, (char)c);
    } else {
      dur_buf_char(&l->url, '%');
      dur_buf_char(&l->url, hex[c >> 4]);
      dur_buf_char(&l->url, hex[c & 15]);
    }
  }
}

static int add_header(durable_host_lambda *l, const char *name,
                      const char *value) {
  size_t size = strlen(name) + strlen(value) + 3;
  char *line = malloc(size);
  struct curl_slist *more = NULL;
  if (line) {
    snprintf(line, size, "%s: %s", name, value);
    more = curl_slist_append(l->headers, line);
    free(line);
  }
  if (!more)
    return DURABLE_E_NOMEM;
  l->headers = more;
  return DURABLE_OK;
}

/* The HTTP status, or -1 with |why|. */
static long perform(durable_host_lambda *l) {
  const char *url = dur_buf_cstr(&l->url);
  if (!url) {
    snprintf(l->why, sizeof l->why, "the URL is too long");
    return -1;
  }
  curl_easy_setopt(l->easy, CURLOPT_URL, url);
  curl_easy_setopt(l->easy, CURLOPT_HTTPHEADER, l->headers);
  CURLcode code = curl_easy_perform(l->easy);
  if (code != CURLE_OK) {
    if (!l->why[0])
      snprintf(l->why, sizeof l->why, "%s", curl_easy_strerror(code));
    return -1;
  }
  long status = 0;
  curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status);
  snprintf(l->why, sizeof l->why, "status %ld", status);
  return status;
}

/* ---- next */

static const char *value_of(durable_host_lambda *l, int i) {
  const char *text = dur_buf_cstr(&l->values[i]);
  return text ? text : "";
}

static void export_trace(durable_host_lambda *l) {
  const char *trace = value_of(l, TRACE_ID);
  if (!l->export_trace_id)
    return;
  if (*trace)
    setenv("_X_AMZN_TRACE_ID", trace, 1);
  else
    unsetenv("_X_AMZN_TRACE_ID");
}

static int64_t parse_ms(const char *text) {
  int64_t ms = 0;
  for (; *text >= '0' && *text <= '9' && ms < INT64_MAX / 16; text++)
    ms = ms * 10 + (*text - '0');
  return *text ? 0 : ms;
}

static void fill_invocation(durable_host_lambda *l,
                            durable_host_invocation *out) {
  dur_bytes event = dur_buf_view(&l->event);
  durable_host_invocation inv = {
      .size = out->size,
      .event = {event.data ? event.data : "", event.len},
      .request_id = value_of(l, REQUEST_ID),
      .function_arn = value_of(l, FUNCTION_ARN),
      .trace_id = value_of(l, TRACE_ID),
      .client_context = value_of(l, CLIENT_CONTEXT),
      .cognito_identity = value_of(l, COGNITO_IDENTITY),
      .tenant_id = value_of(l, TENANT_ID),
      .invocation_id = value_of(l, INVOCATION_ID),
      .deadline_ms = parse_ms(value_of(l, DEADLINE_MS))};
  memcpy(out, &inv, out->size < sizeof inv ? out->size : sizeof inv);
}

int durable_host_lambda_next(durable_host_lambda *lambda,
                             durable_host_invocation *out) {
  durable_host_lambda *l = lambda;
  if (!l || !out || out->size < sizeof(size_t))
    return DURABLE_E_ARGUMENT;
  set_common(l);
  dur_buf_reset(&l->event);
  for (int i = 0; i < HEADER_COUNT; i++)
    dur_buf_reset(&l->values[i]);
  set_url(l, "/invocation/next");
  curl_easy_setopt(l->easy, CURLOPT_WRITEDATA, &l->event);
  curl_easy_setopt(l->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(l->easy, CURLOPT_HEADERDATA, l);
  if (l->stop) {
    curl_easy_setopt(l->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(l->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(l->easy, CURLOPT_XFERINFODATA, l);
  }
  long status = perform(l);
  if (status < 0 && on_progress(l, 0, 0, 0, 0))
    return say(l, DURABLE_E_STATE, "stopped", NULL);
  if (l->event.failed == DUR_BUF_NOMEM)
    return say(l, DURABLE_E_NOMEM, "out of memory", NULL);
  if (status != 200)
    return say(l, DURABLE_E_IO, "no invocation from the Runtime API", l->why);
  if (!*value_of(l, REQUEST_ID))
    return say(l, DURABLE_E_IO, "an invocation without a request id", NULL);
  l->open = 1;
  export_trace(l);
  fill_invocation(l, out);
  return DURABLE_OK;
}

/* ---- posts */

static long post(durable_host_lambda *l, durable_bytes body,
                 const char *category) {
  int rc = add_header(l, "Content-Type", "application/json");
  if (!rc && category)
    rc = add_header(l, "Lambda-Runtime-Function-Error-Type", category);
  if (!rc && l->open && *value_of(l, INVOCATION_ID))
    rc = add_header(l, header_names[INVOCATION_ID], value_of(l, INVOCATION_ID));
  if (!rc)
    rc = add_header(l, "Expect", "");
  if (rc) {
    snprintf(l->why, sizeof l->why, "out of memory");
    return -1;
  }
  dur_buf_reset(&l->answer);
  curl_easy_setopt(l->easy, CURLOPT_WRITEDATA, &l->answer);
  curl_easy_setopt(l->easy, CURLOPT_POST, 1L);
  curl_easy_setopt(l->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
  curl_easy_setopt(l->easy, CURLOPT_POSTFIELDS, body.len ? body.data : "");
  return perform(l);
}

static long post_invocation(durable_host_lambda *l, const char *what,
                            durable_bytes body, const char *category) {
  set_common(l);
  set_url(l, "/invocation/");
  add_segment(l, dur_buf_view(&l->values[REQUEST_ID]));
  dur_buf_str(&l->url, what);
  return post(l, body, category);
}

/* The fate of a post: 500 is the end of this container; any other refusal
 * concerns this invocation alone, which is over. */
static int judge(durable_host_lambda *l, const char *what, long status) {
  if (status < 0 || status == 500)
    return say(l, DURABLE_E_IO, what, l->why);
  if (status < 200 || status > 299)
    return say(l, DURABLE_OK, what, l->why);
  l->message[0] = '\0';
  return DURABLE_OK;
}

static const char *or_default(const char *category) {
  return category ? category : "Runtime.UnhandledException";
}

int durable_host_lambda_error(durable_host_lambda *lambda, durable_bytes error,
                              const char *category) {
  if (!lambda)
    return DURABLE_E_ARGUMENT;
  if (!lambda->open)
    return say(lambda, DURABLE_E_STATE, "no invocation is open", NULL);
  long status = post_invocation(lambda, "/error", error, or_default(category));
  lambda->open = 0;
  return judge(lambda, "the error was refused", status);
}

int durable_host_lambda_respond(durable_host_lambda *lambda,
                                durable_bytes body) {
  static const char too_large[] =
      "{\"errorMessage\":\"the response is larger than Lambda accepts\","
      "\"errorType\":\"Function.ResponseSizeTooLarge\"}";
  if (!lambda)
    return DURABLE_E_ARGUMENT;
  if (!lambda->open)
    return say(lambda, DURABLE_E_STATE, "no invocation is open", NULL);
  long status = post_invocation(lambda, "/response", body, NULL);
  if (status == 413)
    return durable_host_lambda_error(
        lambda, (durable_bytes){too_large, sizeof too_large - 1},
        "Function.ResponseSizeTooLarge");
  lambda->open = 0;
  return judge(lambda, "the response was refused", status);
}

int durable_host_lambda_init_error(durable_host_lambda *lambda,
                                   durable_bytes error, const char *category) {
  if (!lambda)
    return DURABLE_E_ARGUMENT;
  lambda->open = 0;
  set_common(lambda);
  set_url(lambda, "/init/error");
  long status = post(lambda, error, or_default(category));
  return judge(lambda, "the init error was refused", status);
}
