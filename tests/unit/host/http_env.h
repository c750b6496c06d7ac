/* http_env: an environment without any AWS or proxy setting of the machine, and
 * one request of each kind through the built-in transport. */
#ifndef DUR_TEST_HTTP_ENV_H
#define DUR_TEST_HTTP_ENV_H

#include "peer.h"

#include <durable/host.h>

static inline int env_clean(void **state) {
  static const char *const names[] = {"AWS_ENDPOINT_URL_LAMBDA",
                                      "AWS_ENDPOINT_URL",
                                      "AWS_REGION",
                                      "AWS_DEFAULT_REGION",
                                      "AWS_ACCESS_KEY_ID",
                                      "AWS_CA_BUNDLE",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "http_proxy",
                                      "https_proxy",
                                      "HTTPS_PROXY",
                                      "all_proxy",
                                      "ALL_PROXY",
                                      "no_proxy",
                                      "NO_PROXY",
                                      "CURL_CA_BUNDLE",
                                      "SSL_CERT_FILE",
                                      "HTTP_PROXY",
                                      "AWS_LAMBDA_RUNTIME_API",
                                      "AWS_LAMBDA_LOG_LEVEL",
                                      "_LAMBDA_TELEMETRY_LOG_FD",
                                      "AWS_LAMBDA_MAX_CONCURRENCY"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unsetenv(names[i]);
  return 0;
}

#define TEXT(s) ((durable_bytes){(s), sizeof(s) - 1})

static const char checkpoint_target[] =
    "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Af%2F1/"
    "checkpoint";
static const char checkpoint_body[] =
    "{\"CheckpointToken\":\"VG9r\",\"Updates\":[],\"ClientToken\":\"c-1\"}";

static inline int send_post(durable_transport_reply *reply) {
  const durable_transport *t = durable_host_curl_transport();
  durable_transport_request r = DURABLE_TRANSPORT_REQUEST_INIT;
  r.method = "POST";
  r.target = TEXT(checkpoint_target);
  r.body = TEXT(checkpoint_body);
  reply->size = sizeof *reply;
  return t->send(t->user, &r, reply);
}

static inline int send_get(const char *target, durable_transport_reply *reply) {
  const durable_transport *t = durable_host_curl_transport();
  durable_transport_request r = DURABLE_TRANSPORT_REQUEST_INIT;
  r.method = "GET";
  r.target = (durable_bytes){target, strlen(target)};
  reply->size = sizeof *reply;
  return t->send(t->user, &r, reply);
}

static inline void assert_bytes(durable_bytes got, const char *want) {
  assert_int_equal(got.len, strlen(want));
  assert_memory_equal(got.data, want, got.len);
}

#endif
