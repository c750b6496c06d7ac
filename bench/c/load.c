/* load: a load generator for `durable serve`.
 *
 *   bench_load run PORT EXECUTIONS CHECKPOINTS CONNECTIONS
 *       invokes the function "load" so often over so many connections, each
 *       time waiting for the outcome; one JSON line
 *   bench_load
 *       that function, a custom runtime: makes as many checkpoints as its input
 *       says, the start and the end of a step in each, one after the other
 *
 * Plain sockets and text search, so that it costs little beside the service. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../fake/fake.h"

enum { TEXT = 65536, NAME = 4096 };

typedef struct client {
  int fd;
  int status;
  char *body; /* in |in| */
  char in[TEXT], out[TEXT];
} client;

static int open_client(client *c, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)port),
                           .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->fd < 0)
    return -1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connect(c->fd, (struct sockaddr *)&to, sizeof to);
}

/* The whole of one answer into |in|.  Its length is in its head. */
static int receive(client *c) {
  size_t len = 0, whole = TEXT;
  c->body = NULL;
  while (len < whole) {
    ssize_t n = recv(c->fd, c->in + len, TEXT - 1 - len, 0);
    if (n <= 0)
      return -1;
    len += (size_t)n;
    c->in[len] = 0;
    char *end = c->body ? NULL : strstr(c->in, "\r\n\r\n");
    if (end == NULL)
      continue;
    const char *at = strcasestr(c->in, "\r\ncontent-length:");
    c->body = end + 4;
    whole = (size_t)(c->body - c->in) +
            (at ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0);
    if (whole >= TEXT)
      return -1;
  }
  c->status = atoi(c->in + strlen("HTTP/1.1 "));
  return 0;
}

/* 0 once answered with a 2xx. */
static int ask(client *c, const char *method, const char *path,
               const char *body) {
  int len = snprintf(c->out, TEXT,
                     "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
                     "\r\n%s",
                     method, path, strlen(body), body);
  if (len >= TEXT || send(c->fd, c->out, (size_t)len, MSG_NOSIGNAL) != len ||
      receive(c) != 0)
    return -1;
  return c->status / 100 == 2 ? 0 : -1;
}

/* What follows |key| in |text|, up to |end|. */
static int cut(const char *text, const char *key, char end, char out[NAME]) {
  const char *at = strcasestr(text, key);
  const char *stop = at ? strchr(at + strlen(key), end) : NULL;
  size_t len = stop ? (size_t)(stop - at) - strlen(key) : NAME;
  if (len >= NAME)
    return -1;
  memcpy(out, at + strlen(key), len);
  out[len] = 0;
  return 0;
}

/* ---- the function */

static void checkpoint_path(char out[NAME], const char *arn) {
  size_t n = (size_t)snprintf(out, NAME, "/2025-12-01/durable-executions/");
  for (; *arn && n < NAME - 32; arn++)
    if (*arn == '/')
      n += (size_t)snprintf(out + n, NAME - n, "%%2F");
    else
      out[n++] = *arn;
  snprintf(out + n, NAME - n, "/checkpoint");
}

static int run_invocation(client *service, const char *event) {
  char arn[NAME], token[NAME], path[NAME], body[NAME * 2];
  const char *count = strstr(event, "checkpoints");
  if (cut(event, "\"DurableExecutionArn\":\"", '"', arn) != 0 ||
      cut(event, "\"CheckpointToken\":\"", '"', token) != 0 || !count)
    return -1;
  checkpoint_path(path, arn);
  long left = strtol(count + strcspn(count, "0123456789"), NULL, 10);
  for (; left > 0; left--) {
    snprintf(body, sizeof body,
             "{\"CheckpointToken\":\"%s\",\"Updates\":["
             "{\"Id\":\"s%ld\",\"Type\":\"STEP\",\"SubType\":\"Step\","
             "\"Name\":\"s\",\"Action\":\"START\"},"
             "{\"Id\":\"s%ld\",\"Type\":\"STEP\",\"SubType\":\"Step\","
             "\"Name\":\"s\",\"Action\":\"SUCCEED\",\"Payload\":\"1\"}]}",
             token, left, left);
    if (ask(service, "POST", path, body) != 0 ||
        cut(service->body, "\"CheckpointToken\":\"", '"', token) != 0)
      return -1;
  }
  return 0;
}

static int port_in(const char *variable) {
  const char *url = getenv(variable);
  const char *colon = url ? strrchr(url, ':') : NULL;
  return colon ? atoi(colon + 1) : 0;
}

static int run_function(void) {
  static client runtime, service;
  char id[NAME], path[NAME * 2];
  if (open_client(&runtime, port_in("AWS_LAMBDA_RUNTIME_API")) != 0 ||
      open_client(&service, port_in("AWS_ENDPOINT_URL_LAMBDA")) != 0)
    return 1;
  while (ask(&runtime, "GET", "/2018-06-01/runtime/invocation/next", "") == 0) {
    if (cut(runtime.in, "lambda-runtime-aws-request-id: ", '\r', id) != 0 ||
        run_invocation(&service, runtime.body) != 0)
      return 1;
    snprintf(path, sizeof path, "/2018-06-01/runtime/invocation/%s/response",
             id);
    if (ask(&runtime, "POST", path,
            "{\"Status\":\"SUCCEEDED\",\"Result\":\"1\"}") != 0)
      return 1;
  }
  return 0;
}

/* ---- the load */

static struct {
  int port;
  long executions, checkpoints;
  atomic_long taken;
  atomic_int failed;
} load;

static void *invoke(void *unused) {
  client *c = malloc(sizeof *c);
  char input[64];
  (void)unused;
  snprintf(input, sizeof input, "{\"checkpoints\":%ld}", load.checkpoints);
  int bad = c == NULL || open_client(c, load.port) != 0;
  while (!bad && atomic_fetch_add(&load.taken, 1) < load.executions)
    bad = ask(c, "POST", "/2015-03-31/functions/load/invocations", input) ||
          strcmp(c->body, "1") != 0;
  if (bad)
    load.failed = 1;
  if (c)
    close(c->fd);
  free(c);
  return NULL;
}

static int run_load(long connections) {
  pthread_t *threads = calloc((size_t)connections, sizeof *threads);
  long started = 0;
  if (!threads)
    return 1;
  double wall = bench_wall_s();
  while (started < connections &&
         pthread_create(&threads[started], NULL, invoke, NULL) == 0)
    started++;
  for (long i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  wall = bench_wall_s() - wall;
  free(threads);
  long checkpoints = load.executions * load.checkpoints;
  printf("{\"executions\":%ld,\"checkpoints\":%ld,\"wall_s\":%.4f,"
         "\"per_s\":%.0f}\n",
         load.executions, checkpoints, wall, (double)checkpoints / wall);
  return load.failed || started < connections;
}

int main(int argc, char **argv) {
  if (argc == 1)
    return run_function();
  if (argc != 6 || strcmp(argv[1], "run") != 0)
    return 2;
  load.port = atoi(argv[2]);
  load.executions = atol(argv[3]);
  load.checkpoints = atol(argv[4]);
  return run_load(atol(argv[5]));
}
