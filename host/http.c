/* http: one request of the service's API on one curl handle.  See http.h. */
#include "host/http.h"

#include "host/clock.h"
#include "sign/sigv4.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 64 * 1024, URL_MAX = 64 * 1024, DATE_SIZE = 17 };

dur_http_limits dur_http_limit = {5000, 50, 1, (size_t)64 << 20, 1024};

static void init_once(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

void dur_curl_init(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, init_once);
}

void dur_http_init(dur_http *http) {
  memset(http, 0, sizeof *http);
  dur_endpoint_init(&http->endpoint);
  dur_buf_init(&http->url, &dur_mem_default, URL_MAX);
  dur_buf_init(&http->line, &dur_mem_default, LINE_MAX_BYTES);
  dur_buf_init(&http->body, &dur_mem_default, dur_http_limit.body);
  dur_buf_init(&http->error_type, &dur_mem_default, dur_http_limit.error_type);
}

void dur_http_drop(dur_http *http) {
  if (http->easy)
    curl_easy_cleanup(http->easy);
  curl_slist_free_all(http->headers);
  dur_endpoint_drop(&http->endpoint);
  dur_buf_drop(&http->url);
  dur_buf_drop(&http->line);
  dur_buf_drop(&http->body);
  dur_buf_drop(&http->error_type);
}

static int refuse(dur_http *http, const char *why) {
  snprintf(http->why, sizeof http->why, "%s", why);
  return -1;
}

/* ---- the reply */

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  dur_http *http = user;
  dur_buf_add(&http->body, data, size * count);
  return http->body.failed ? 0 : size * count;
}

static dur_bytes trim(dur_bytes b) {
  while (b.len && strchr(" \t\r\n", b.data[b.len - 1]))
    b.len--;
  while (b.len && strchr(" \t", b.data[0]))
    b.data++, b.len--;
  return b;
}

/* The type may be followed by ':' and a documentation URL. */
static size_t on_header(char *data, size_t size, size_t count, void *user) {
  static const char name[] = "x-amzn-errortype:";
  dur_http *http = user;
  size_t len = size * count, name_len = sizeof name - 1;
  if (len >= 5 && !strncmp(data, "HTTP/", 5)) {
    dur_buf_reset(&http->error_type);
    http->has_error_type = 0;
    http->head_is_whole = 0;
  }
  if (len <= 2 && (data[0] == '\r' || data[0] == '\n'))
    http->head_is_whole = 1;
  if (len >= name_len && !strncasecmp(data, name, name_len)) {
    dur_bytes value = trim((dur_bytes){data + name_len, len - name_len});
    const char *colon = value.len ? memchr(value.data, ':', value.len) : NULL;
    if (colon)
      value.len = (size_t)(colon - value.data);
    dur_buf_reset(&http->error_type);
    dur_buf_bytes(&http->error_type, value);
    http->has_error_type = !http->error_type.failed;
  }
  return len;
}

/* ---- the request */

static void add_header(dur_http *http, const char *name, dur_bytes value) {
  dur_buf *line = &http->line;
  dur_buf_reset(line);
  dur_buf_str(line, name);
  dur_buf_str(line, ": ");
  dur_buf_bytes(line, value);
  const char *text = dur_buf_cstr(line);
  struct curl_slist *more =
      text ? curl_slist_append(http->headers, text) : NULL;
  if (more)
    http->headers = more;
  else
    refuse(http, "out of memory while the headers were written");
}

static void amz_date(int64_t now_ms, char date[DATE_SIZE]) {
  time_t seconds = (time_t)(now_ms / 1000);
  struct tm tm;
  gmtime_r(&seconds, &tm);
  strftime(date, DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

static void put_path_and_query(dur_http *http, dur_bytes target, dur_buf *path,
                               dur_bytes *query) {
  const char *mark = target.len ? memchr(target.data, '?', target.len) : NULL;
  size_t len = mark ? (size_t)(mark - target.data) : target.len;
  *query = mark ? (dur_bytes){mark + 1, target.len - len - 1} : DUR_NONE;
  dur_buf_bytes(path, http->endpoint.prefix);
  dur_buf_add(path, target.data, len);
}

/* Host and Content-Type are set by then; adds date, token and signature. */
static void add_signature(dur_http *http, const durable_transport_request *r,
                          const dur_sigv4_header *headers, size_t count) {
  const dur_endpoint *at = &http->endpoint;
  char date[DATE_SIZE];
  amz_date(r->now_ms ? r->now_ms : dur_wall_ms(), date);
  dur_buf path, authorization;
  dur_buf_init(&path, &dur_mem_default, URL_MAX);
  dur_buf_init(&authorization, &dur_mem_default, LINE_MAX_BYTES);
  dur_sigv4 s = {.access_key_id = at->key_id,
                 .secret_access_key = at->secret,
                 .session_token = at->token,
                 .region = at->region,
                 .service = DUR_LIT("lambda"),
                 .amz_date = dur_cstr(date),
                 .method = dur_cstr(r->method),
                 .headers = headers,
                 .header_count = count,
                 .body = {r->body.data, r->body.len}};
  put_path_and_query(http, (dur_bytes){r->target.data, r->target.len}, &path,
                     &s.query);
  s.path = dur_buf_view(&path);
  if (path.failed || dur_sigv4_authorization(&s, &authorization) ||
      authorization.failed) {
    refuse(http, "the request could not be signed");
  } else {
    add_header(http, "X-Amz-Date", s.amz_date);
    if (at->token.data)
      add_header(http, "X-Amz-Security-Token", at->token);
    add_header(http, "Authorization", dur_buf_view(&authorization));
  }
  dur_buf_drop(&path);
  dur_buf_drop(&authorization);
}

static void add_headers(dur_http *http, const durable_transport_request *r) {
  dur_sigv4_header headers[2] = {
      {DUR_LIT("Host"), http->endpoint.authority},
      {DUR_LIT("Content-Type"), DUR_LIT("application/json")}};
  size_t count = strcmp(r->method, "GET") ? 2 : 1;
  for (size_t i = 0; i < count; i++)
    add_header(http, headers[i].name.data, headers[i].value);
  add_header(http, "User-Agent", DUR_LIT("libdurable/" DURABLE_VERSION_STRING));
  add_header(http, "Accept", DUR_LIT("application/json"));
  if (http->endpoint.key_id.data)
    add_signature(http, r, headers, count);
  add_header(http, "Expect", DUR_NONE);
}

static void set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                   (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_reading(dur_http *http) {
  CURL *easy = http->easy;
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->why);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, dur_http_limit.connect_ms);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, dur_http_limit.read_speed);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, dur_http_limit.read_s);
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                   (curl_off_t)dur_http_limit.body);
}

static void set_request(dur_http *http, const durable_transport_request *r) {
  CURL *easy = http->easy;
  curl_easy_setopt(easy, CURLOPT_URL, dur_buf_cstr(&http->url));
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
  if (!strcmp(r->method, "GET"))
    return;
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body.len ? r->body.data : "");
}

static void forget(dur_http *http) {
  http->why[0] = '\0';
  http->fresh = 0;
  http->has_error_type = 0;
  http->head_is_whole = 0;
  http->body.max = dur_http_limit.body;
  dur_buf_reset(&http->body);
  dur_buf_reset(&http->error_type);
  dur_buf_reset(&http->url);
  curl_slist_free_all(http->headers);
  http->headers = NULL;
}

int dur_http_prepare(dur_http *http, const durable_transport_request *request,
                     curl_opensocket_callback open_socket,
                     curl_closesocket_callback close_socket) {
  forget(http);
  const char *wrong = dur_endpoint_read(&http->endpoint);
  if (wrong)
    return refuse(http, wrong);
  dur_buf_bytes(&http->url, http->endpoint.base);
  dur_buf_add(&http->url, request->target.data, request->target.len);
  if (!dur_buf_cstr(&http->url))
    return refuse(http, "the URL is too long");
  add_headers(http, request);
  if (http->why[0])
    return -1;
  if (!http->easy && !(http->easy = curl_easy_init()))
    return refuse(http, "out of memory");
  curl_easy_reset(http->easy);
  set_protocols(http->easy);
  set_request(http, request);
  set_reading(http);
  if (dur_ca_bundle())
    curl_easy_setopt(http->easy, CURLOPT_CAINFO, dur_ca_bundle());
  if (open_socket) {
    curl_easy_setopt(http->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(http->easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  }
  return 0;
}

/* The connection had served before and broke: the service closed it while it
 * lay idle.  The body carries its ClientToken, so saying it twice is safe. */
static int was_stale(dur_http *http, CURLcode code) {
  long connects = 1;
  curl_easy_getinfo(http->easy, CURLINFO_NUM_CONNECTS, &connects);
  return !http->fresh && connects == 0 &&
         (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
          code == CURLE_GOT_NOTHING);
}

int dur_http_finish(dur_http *http, CURLcode code,
                    durable_transport_reply *reply) {
  if (code != CURLE_OK && was_stale(http, code)) {
    http->fresh = 1;
    dur_buf_reset(&http->body);
    dur_buf_reset(&http->error_type);
    http->has_error_type = 0;
    curl_easy_setopt(http->easy, CURLOPT_FRESH_CONNECT, 1L);
    return 1;
  }
  *reply = (durable_transport_reply)DURABLE_TRANSPORT_REPLY_INIT;
  if (code != CURLE_OK) {
    if (http->body.failed == DUR_BUF_TOO_LARGE ||
        code == CURLE_FILESIZE_EXCEEDED)
      refuse(http, "the answer is larger than 64 MiB");
    else if (!http->why[0])
      refuse(http, curl_easy_strerror(code));
    reply->why = http->why;
    return -1;
  }
  if (!http->head_is_whole) {
    refuse(http, "the connection ended inside the answer's head");
    reply->why = http->why;
    return -1;
  }
  long status = 0;
  curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
  reply->status = (int)status;
  dur_bytes body = dur_buf_view(&http->body),
            type = dur_buf_view(&http->error_type);
  reply->body = (durable_bytes){body.data ? body.data : "", body.len};
  if (http->has_error_type)
    reply->error_type = (durable_bytes){type.data ? type.data : "", type.len};
  return 0;
}
