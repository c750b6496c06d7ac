/* endpoint: where requests go and who signs them.  See endpoint.h. */
#include "host/endpoint.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ENDPOINT_MAX = 64 * 1024 };

static const char *const pki_bundle = "/etc/pki/tls/certs/ca-bundle.crt";

/* The first of the named variables that is set and not empty, or NULL. */
static const char *env_first(const char *const *names) {
  for (; *names; names++) {
    const char *value = getenv(*names);
    if (value && *value)
      return value;
  }
  return NULL;
}

void dur_endpoint_init(dur_endpoint *endpoint) {
  memset(endpoint, 0, sizeof *endpoint);
  dur_buf_init(&endpoint->text, &dur_mem_default, ENDPOINT_MAX);
}

void dur_endpoint_drop(dur_endpoint *endpoint) {
  dur_buf_drop(&endpoint->text);
}

static void put_base(dur_buf *text, const char *region) {
  static const char *const urls[] = {"AWS_ENDPOINT_URL_LAMBDA",
                                     "AWS_ENDPOINT_URL", NULL};
  const char *url = env_first(urls);
  if (url) {
    dur_buf_str(text, url);
    return;
  }
  dur_buf_str(text, "https://lambda.");
  dur_buf_str(text, region);
  dur_buf_str(text, ".amazonaws.com");
  if (!strncmp(region, "cn-", 3))
    dur_buf_str(text, ".cn");
}

/* Split |base| into scheme, authority and prefix. */
static const char *split_base(dur_endpoint *endpoint) {
  dur_bytes *base = &endpoint->base;
  while (base->len && base->data[base->len - 1] == '/')
    base->len--;
  size_t at = 0;
  if (base->len > 7 && !strncasecmp(base->data, "http://", 7))
    at = 7;
  else if (base->len > 8 && !strncasecmp(base->data, "https://", 8))
    at = 8;
  else
    return "the endpoint URL is neither http:// nor https://";
  for (size_t i = at; i < base->len; i++) {
    unsigned char c = (unsigned char)base->data[i];
    if (c <= ' ' || c >= 0x7f || strchr("@?#\\", c))
      return "the endpoint URL holds a character that is not allowed in it";
  }
  const char *slash = memchr(base->data + at, '/', base->len - at);
  size_t end = slash ? (size_t)(slash - base->data) : base->len;
  if (end == at)
    return "the endpoint URL names no host";
  endpoint->authority = (dur_bytes){base->data + at, end - at};
  endpoint->prefix = (dur_bytes){base->data + end, base->len - end};
  return NULL;
}

typedef struct span {
  size_t at, len;
  int present;
} span;

static span put_span(dur_buf *text, const char *value) {
  span s = {text->len, value ? strlen(value) : 0, value != NULL};
  dur_buf_str(text, value ? value : "");
  return s;
}

static dur_bytes span_bytes(const dur_buf *text, span s) {
  return s.present ? (dur_bytes){text->data + s.at, s.len} : DUR_NONE;
}

const char *dur_endpoint_read(dur_endpoint *endpoint) {
  static const char *const regions[] = {"AWS_REGION", "AWS_DEFAULT_REGION",
                                        NULL};
  static const char *const urls[] = {"AWS_ENDPOINT_URL_LAMBDA",
                                     "AWS_ENDPOINT_URL", NULL};
  static const char *const key[] = {"AWS_ACCESS_KEY_ID", NULL},
                           *const secret[] = {"AWS_SECRET_ACCESS_KEY", NULL},
                           *const token[] = {"AWS_SESSION_TOKEN", NULL};
  dur_buf *text = &endpoint->text;
  const char *region = env_first(regions);
  if (!region && !env_first(urls))
    return "no region is set (AWS_REGION) and no endpoint "
           "(AWS_ENDPOINT_URL_LAMBDA)";
  region = region ? region : "us-east-1";
  dur_buf_reset(text);
  span r = put_span(text, region), k = put_span(text, env_first(key)),
       s = put_span(text, env_first(secret)),
       t = put_span(text, env_first(token));
  size_t base_at = text->len;
  put_base(text, region);
  if (text->failed)
    return "the endpoint's settings are too large";
  endpoint->region = span_bytes(text, r);
  endpoint->key_id = s.present ? span_bytes(text, k) : DUR_NONE;
  endpoint->secret = span_bytes(text, s);
  endpoint->token = span_bytes(text, t);
  endpoint->base = (dur_bytes){text->data + base_at, text->len - base_at};
  return split_base(endpoint);
}

const char *dur_ca_bundle(void) {
  static const char *const own[] = {"AWS_CA_BUNDLE", "CURL_CA_BUNDLE",
                                    "SSL_CERT_FILE", NULL};
  const char *bundle = env_first(own);
  if (bundle)
    return bundle;
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  const char *cainfo = info->cainfo, *capath = info->capath;
  if ((cainfo && !access(cainfo, R_OK)) || (capath && !access(capath, R_OK)))
    return NULL;
  return access(pki_bundle, R_OK) ? NULL : pki_bundle;
}
