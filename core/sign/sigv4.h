/* sigv4: AWS Signature Version 4 as a pure function.
 *
 * The canonical path is the already percent-encoded path, each segment encoded
 * once more (every service but S3), after dot segments are removed; the query
 * is sorted by encoded name and value.  Time comes in as text, so a test can
 * fix it. */
#ifndef DUR_SIGN_SIGV4_H
#define DUR_SIGN_SIGV4_H

#include "base/buf.h"
#include "base/mem.h"

typedef struct dur_sigv4_header {
  dur_bytes name; /* any case */
  dur_bytes value;
} dur_sigv4_header;

typedef struct dur_sigv4 {
  dur_bytes access_key_id, secret_access_key;
  dur_bytes session_token; /* absent: no X-Amz-Security-Token */
  dur_bytes region, service;
  dur_bytes amz_date; /* "20150830T123600Z" */
  dur_bytes method;   /* "POST" */
  dur_bytes path;     /* as on the request line, percent-encoded once */
  dur_bytes query;    /* as on the request line, without '?'; may be empty */
  const dur_sigv4_header *headers; /* to be signed; Host is required */
  size_t header_count;
  dur_bytes body;
  int omit_session_token; /* add the token after signing, not before */
  int no_normalize;       /* keep dot segments and empty segments */
} dur_sigv4;

/* Stages, for the published examples: each appends its text to |out|.  0, or -1
 * when memory or libcrypto fails or Host, date, region, service or key is
 * missing. */
int dur_sigv4_canonical_request(const dur_sigv4 *request, dur_buf *out);
int dur_sigv4_string_to_sign(const dur_sigv4 *request, dur_buf *out);
/* The value of the Authorization header.  X-Amz-Date (and X-Amz-Security-Token)
 * are signed too and must be sent by the caller with exactly these values. */
int dur_sigv4_authorization(const dur_sigv4 *request, dur_buf *out);

#endif
