/* remote: see remote.h. */
#include "remote.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_S = 10 };

struct cli_remote {
  CURL *easy;
  char *url; /* without a slash at its end */
};

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  cli_remote_reply *reply = user;
  size_t len = size * count;
  char *grown = realloc(reply->body, reply->len + len + 1);
  if (!grown)
    return 0;
  memcpy(grown + reply->len, data, len);
  reply->body = grown;
  reply->len += len;
  reply->body[reply->len] = '\0';
  return len;
}

/* 1 when |line| is the header |name|, with its value in |out|. */
static int take_header(const char *line, size_t len, const char *name,
                       char *out, size_t size) {
  size_t at = strlen(name);
  if (len < at || strncasecmp(line, name, at) != 0)
    return 0;
  while (at < len && line[at] == ' ')
    at++;
  size_t end = at;
  while (end < len && line[end] != '\r' && line[end] != '\n')
    end++;
  if (end - at < size) {
    memcpy(out, line + at, end - at);
    out[end - at] = '\0';
  }
  return 1;
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
  cli_remote_reply *reply = user;
  size_t len = size * count;
  char kind[64];
  if (take_header(line, len, "X-Amz-Function-Error:", kind, sizeof kind))
    reply->function_error = 1;
  (void)take_header(line, len, "X-Amz-Durable-Execution-Arn:", reply->arn,
                    sizeof reply->arn);
  (void)take_header(line, len, "X-Durable-Next-Marker:", reply->marker,
                    sizeof reply->marker);
  return len;
}

int cli_remote_open(cli_remote **out, const char *url) {
  size_t len = strlen(url);
  if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
    return cli_refuse("--endpoint \"%s\" is no URL: expected http://HOST:PORT",
                      url);
  cli_remote *remote = calloc(1, sizeof *remote);
  if (!remote)
    return cli_no_memory();
  while (len > 0 && url[len - 1] == '/')
    len--;
  remote->url = strndup(url, len);
  remote->easy = curl_easy_init();
  if (!remote->url || !remote->easy) {
    cli_remote_close(remote);
    return cli_no_memory();
  }
  *out = remote;
  return CLI_GO_ON;
}

void cli_remote_close(cli_remote *remote) {
  if (!remote)
    return;
  curl_easy_cleanup(remote->easy);
  free(remote->url);
  free(remote);
}

void cli_remote_reply_drop(cli_remote_reply *reply) {
  free(reply->body);
  *reply = (cli_remote_reply){0};
}

static CURLcode perform(cli_remote *remote, const char *method, const char *url,
                        struct curl_slist *headers, durable_bytes body,
                        cli_remote_reply *reply) {
  CURL *easy = remote->easy;
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
  if (strcmp(method, "GET") != 0) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data ? body.data : "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, reply);
  CURLcode rc = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->status);
  return rc;
}

int cli_remote_ask(cli_remote *remote, const char *method, const char *target,
                   const char *const *headers, durable_bytes body,
                   cli_remote_reply *reply) {
  *reply = (cli_remote_reply){0};
  char *url = cli_format("%s%s", remote->url, target);
  struct curl_slist *list = curl_slist_append(NULL, "Expect:");
  for (; headers && *headers; headers++)
    list = curl_slist_append(list, *headers);
  int answer = CLI_GO_ON;
  CURLcode rc = url && list ? perform(remote, method, url, list, body, reply)
                            : CURLE_OUT_OF_MEMORY;
  if (rc != CURLE_OK) {
    cli_remote_reply_drop(reply);
    answer = cli_refuse("%s cannot be asked: %s", remote->url,
                        curl_easy_strerror(rc));
  }
  curl_slist_free_all(list);
  free(url);
  return answer;
}
