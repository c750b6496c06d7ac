/* endpoint: where requests go and who signs them, from the environment.
 *
 * Invariant: everything in it is a copy, so the environment may change after
 * dur_endpoint_read.  Used by: http.c. */
#ifndef DUR_HOST_ENDPOINT_H
#define DUR_HOST_ENDPOINT_H

#include "base/buf.h"

typedef struct dur_endpoint {
  dur_buf text;        /* holds the bytes of all fields below */
  dur_bytes base;      /* "https://host:port/prefix", no '/' at its end */
  dur_bytes authority; /* "host:port", the Host header */
  dur_bytes prefix;    /* "/prefix" or empty */
  dur_bytes region;
  dur_bytes key_id, secret, token; /* key_id absent: requests go unsigned */
} dur_endpoint;

void dur_endpoint_init(dur_endpoint *endpoint);
void dur_endpoint_drop(dur_endpoint *endpoint);
/* NULL, or what is wrong, a static sentence.  Replaces what was read before. */
const char *dur_endpoint_read(dur_endpoint *endpoint);

/* The CA bundle that TLS must be told to use, NULL: the library's own. */
const char *dur_ca_bundle(void);

#endif
