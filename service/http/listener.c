/* listener: see exchange.h.  The only file that knows libmicrohttpd. */
#include "exchange.h"
#include "service/clock.h"
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  CONNECTION_MEMORY = 32 * 1024, /* request line and headers */
  TARGET_MAX = 16 * 1024,
  DISCARD_FACTOR = 2, /* of a too large body that is read, to answer politely */
  REQUEST_MS = 120000 /* a request that takes longer to arrive is dropped */
};

struct dur_listener {
  dur_listener_options options;
  struct MHD_Daemon *daemon;
  int quiesced_fd;
};

/* ---- one exchange */

const char *dur_exchange_header(const dur_exchange *x, const char *name) {
  return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

void dur_exchange_put(dur_exchange *x, const char *name, const char *value) {
  if (x->header_count == DUR_EXCHANGE_HEADERS)
    return;
  char *copy = strdup(value);
  if (copy == NULL)
    return;
  for (char *p = copy; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f)
      *p = ' ';
  x->headers[x->header_count].name = name;
  x->headers[x->header_count].value = copy;
  x->header_count++;
}

void dur_exchange_suspend(dur_exchange *x) {
  MHD_suspend_connection(x->connection);
}

void dur_exchange_resume(dur_exchange *x) {
  MHD_resume_connection(x->connection);
}

static void *begin(void *user, const char *target,
                   struct MHD_Connection *connection) {
  (void)connection;
  dur_listener *l = user;
  dur_exchange *x = calloc(1, sizeof *x);
  if (x == NULL)
    return NULL;
  x->listener = l;
  x->began_ms = dur_boot_ms();
  x->type = "application/json";
  dur_buf_init(&x->body, &dur_mem_default, l->options.body_max);
  dur_buf_init(&x->answer, &dur_mem_default, SIZE_MAX);
  /* The absolute form means the same as the path in it. */
  if (strncasecmp(target, "http://", 7) == 0) {
    const char *slash = strchr(target + 7, '/');
    target = slash ? slash : "/";
  }
  while (target[0] == '/' && target[1] == '/') /* empty parts do not count */
    target++;
  x->target = strlen(target) <= TARGET_MAX ? strdup(target) : NULL;
  return x;
}

static void end(void *user, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode why) {
  dur_listener *l = user;
  dur_exchange *x = *state;
  (void)connection;
  (void)why;
  if (x == NULL)
    return;
  if (l->options.drop)
    l->options.drop(l->options.user, x);
  for (size_t i = 0; i < x->header_count; i++)
    free(x->headers[i].value);
  dur_buf_drop(&x->body);
  dur_buf_drop(&x->answer);
  free(x->target);
  free(x);
  *state = NULL;
}

/* The peer gets a RST: to connect to nowhere ends what is open at once, and the
 * library's shutdown, which would say so politely, finds nothing. */
static enum MHD_Result reset(dur_exchange *x) {
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info != NULL)
    (void)connect(info->connect_fd, &nowhere, sizeof nowhere);
  return MHD_NO;
}

static enum MHD_Result send_answer(dur_exchange *x) {
  if (x->reset)
    return reset(x);
  int status = x->answer.failed ? 500 : x->status;
  struct MHD_Response *r =
      MHD_create_response_from_buffer(x->answer.failed ? 0 : x->answer.len,
                                      x->answer.data, MHD_RESPMEM_MUST_COPY);
  if (r == NULL)
    return MHD_NO;
  if (x->answer.len > 0 || status == 200) /* as clients of callbacks see it */
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, x->type);
  for (size_t i = 0; i < x->header_count; i++)
    MHD_add_response_header(r, x->headers[i].name, x->headers[i].value);
  enum MHD_Result rc = MHD_queue_response(x->connection, (unsigned)status, r);
  MHD_destroy_response(r);
  return rc;
}

static enum MHD_Result refuse(dur_exchange *x, int status, const char *type,
                              const char *body) {
  x->status = status;
  dur_buf_reset(&x->answer);
  dur_buf_str(&x->answer, body);
  dur_exchange_put(x, "x-amzn-ErrorType", type);
  return send_answer(x);
}

static enum MHD_Result refuse_size(dur_exchange *x) {
  return refuse(x, 413, "RequestTooLargeException",
                x->listener->options.too_large);
}

static enum MHD_Result count_lengths(void *user, enum MHD_ValueKind kind,
                                     const char *name, const char *value) {
  int *count = user;
  (void)kind;
  (void)value;
  *count += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
  return MHD_YES;
}

/* 1 when where the body ends can be read in two ways, or in none. */
static int is_ambiguous(const dur_exchange *x) {
  const char *coding =
      dur_exchange_header(x, MHD_HTTP_HEADER_TRANSFER_ENCODING);
  int lengths = 0;
  MHD_get_connection_values(x->connection, MHD_HEADER_KIND, count_lengths,
                            &lengths);
  return lengths + (coding != NULL) > 1 ||
         (coding != NULL && strcasecmp(coding, "chunked") != 0);
}

/* 1 when the announced length alone is too much. */
static int announces_too_much(const dur_exchange *x) {
  const char *text = dur_exchange_header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return text != NULL &&
         strtoull(text, NULL, 10) > x->listener->options.body_max;
}

static enum MHD_Result take_part(dur_exchange *x, const char *data,
                                 size_t *size) {
  if (dur_boot_ms() - x->began_ms > REQUEST_MS)
    return MHD_NO;
  size_t max = x->listener->options.body_max;
  if (x->too_large) {
    x->body.max += *size; /* counts what is thrown away */
    *size = 0;
    return x->body.max > DISCARD_FACTOR * max ? MHD_NO : MHD_YES;
  }
  dur_buf_add(&x->body, data, *size);
  *size = 0;
  x->too_large = x->body.failed == DUR_BUF_TOO_LARGE;
  return x->body.failed && !x->too_large ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *size, void **state) {
  dur_listener *l = user;
  dur_exchange *x = *state;
  (void)url;
  (void)version;
  if (x == NULL)
    return MHD_NO; /* no memory */
  x->method = method;
  if (x->connection == NULL) {
    x->connection = connection;
    if (x->target == NULL)
      return refuse(x, 414, "InvalidParameterValueException",
                    "{\"message\":\"The request target is too long\"}");
    if (is_ambiguous(x))
      return refuse(x, 400, "InvalidParameterValueException",
                    "{\"message\":\"One Content-Length, or Transfer-Encoding: "
                    "chunked, is expected\"}");
    return announces_too_much(x) ? refuse_size(x) : MHD_YES;
  }
  if (*size > 0)
    return take_part(x, data, size);
  if (x->too_large)
    return refuse_size(x);
  if (x->asked)
    return send_answer(x); /* resumed */
  x->asked = 1;
  return l->options.handle(l->options.user, x) ? MHD_YES : send_answer(x);
}

/* ---- the listener */

static int start(dur_listener *l, const struct addrinfo *at) {
  const dur_listener_options *o = &l->options;
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  if (at->ai_family == AF_INET6)
    flags |= MHD_USE_IPv6;
  struct MHD_OptionItem pool[] = {
      {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)o->threads, NULL},
      {MHD_OPTION_END, 0, NULL}};
  if (o->threads < 2)
    pool[0] = pool[1];
  l->daemon = MHD_start_daemon(
      flags, (uint16_t)o->port, NULL, NULL, on_request, l, MHD_OPTION_SOCK_ADDR,
      at->ai_addr, MHD_OPTION_URI_LOG_CALLBACK, begin, l,
      MHD_OPTION_NOTIFY_COMPLETED, end, l, MHD_OPTION_CONNECTION_LIMIT,
      o->connections, MHD_OPTION_CONNECTION_TIMEOUT, o->idle_s,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
      MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
  return l->daemon ? 0 : -1;
}

static int resolve(const dur_listener_options *o, struct addrinfo **found,
                   char *message, size_t size) {
  char port[16];
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  snprintf(port, sizeof port, "%u", o->port);
  int rc = getaddrinfo(o->host, port, &hints, found);
  if (rc == 0)
    return 0;
  snprintf(message, size, "%s: %s", o->host, gai_strerror(rc));
  return -1;
}

int dur_listener_open(dur_listener **out, const dur_listener_options *options,
                      char *message, size_t size) {
  struct addrinfo *found = NULL;
  dur_listener *l = calloc(1, sizeof *l);
  *out = NULL;
  if (l == NULL) {
    snprintf(message, size, "out of memory");
    return -1;
  }
  l->options = *options;
  l->quiesced_fd = -1;
  int rc = resolve(options, &found, message, size);
  if (rc == 0) {
    errno = 0;
    rc = start(l, found);
    if (rc != 0)
      snprintf(message, size, "%s port %u: %s", options->host, options->port,
               strerror(errno ? errno : EADDRINUSE));
    freeaddrinfo(found);
  }
  if (rc != 0) {
    free(l);
    return -1;
  }
  *out = l;
  return 0;
}

unsigned dur_listener_port(const dur_listener *l) {
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

void dur_listener_quiesce(dur_listener *l) {
  if (l->quiesced_fd < 0)
    l->quiesced_fd = MHD_quiesce_daemon(l->daemon);
}

void dur_listener_close(dur_listener *l) {
  if (l == NULL)
    return;
  MHD_stop_daemon(l->daemon);
  if (l->quiesced_fd >= 0)
    close(l->quiesced_fd);
  free(l);
}
