/* http: one request of the service's API on one curl handle.
 *
 * Invariant: between dur_http_prepare and the next one, |easy| is set up for
 * exactly one exchange, and the bytes of the reply live until then.  Knows
 * neither engine nor thread: whoever performs |easy| (the driver) owns the
 * object meanwhile. */
#ifndef DUR_HOST_HTTP_H
#define DUR_HOST_HTTP_H

#include "base/buf.h"
#include "host/endpoint.h"

#include <curl/curl.h>
#include <durable/host.h>

/* Ceilings of every exchange; a test may lower them before its first one. */
typedef struct dur_http_limits {
  long connect_ms;
  long read_s;     /* given up after so long below ... */
  long read_speed; /* ... this many bytes a second, over some seconds */
  size_t body, error_type;
} dur_http_limits;
extern dur_http_limits dur_http_limit;

void dur_curl_init(void); /* once per process, before any curl handle */

typedef struct dur_http {
  CURL *easy;
  struct curl_slist *headers;
  dur_endpoint endpoint;
  dur_buf url, line; /* line: scratch for headers */
  dur_buf body;
  dur_buf error_type;
  int has_error_type;
  int head_is_whole; /* its blank line came: curl takes a cut head for one */
  int fresh;         /* this is the second and last try */
  char why[CURL_ERROR_SIZE];
} dur_http;

void dur_http_init(dur_http *http);
void dur_http_drop(dur_http *http);

/* 0, or -1 with |why|.  |request| and its bytes must live until the exchange is
 * over.  The socket functions are CURLOPT_OPENSOCKETFUNCTION and
 * CURLOPT_CLOSESOCKETFUNCTION; NULL: curl's own. */
int dur_http_prepare(dur_http *http, const durable_transport_request *request,
                     curl_opensocket_callback open_socket,
                     curl_closesocket_callback close_socket);
/* The exchange ended with |code|.  1: perform |easy| once more (a kept-alive
 * connection was dead); 0: |reply| is filled; -1: no answer came, reply->why
 * says why. */
int dur_http_finish(dur_http *http, CURLcode code,
                    durable_transport_reply *reply);

#endif
