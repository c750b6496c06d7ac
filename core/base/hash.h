/* hash: digests and text encodings, over libcrypto.
 *
 * A dur_hasher owns one reusable EVP context and the fetched algorithms, since
 * a fetch costs more than hashing an operation id.  Not thread-safe; one per
 * engine. */
#ifndef DUR_BASE_HASH_H
#define DUR_BASE_HASH_H

#include "base/buf.h"
#include "base/mem.h"

typedef enum dur_hash_kind {
  DUR_HASH_SHA256 = 0, /* 32 bytes */
  DUR_HASH_MD5,        /* 16 bytes */
  DUR_HASH_BLAKE2B512, /* 64 bytes, unkeyed */
  DUR_HASH_KINDS
} dur_hash_kind;

enum { DUR_HASH_MAX = 64 };

typedef struct dur_hasher dur_hasher;
dur_hasher *
dur_hasher_new(const dur_mem *mem); /* NULL: no memory or libcrypto */
void dur_hasher_free(dur_hasher *hasher);
/* Digest of a || b (b may be absent) into |out|; the length, or -1. */
int dur_hash2(dur_hasher *hasher, dur_hash_kind kind, dur_bytes a, dur_bytes b,
              unsigned char out[DUR_HASH_MAX]);

/* One-shot forms for callers that hash rarely; 0, or -1 on failure. */
int dur_sha256(dur_bytes data, unsigned char out[32]);
int dur_hmac_sha256(dur_bytes key, dur_bytes data, unsigned char out[32]);

void dur_hex(char *out, const unsigned char *data,
             size_t len);                             /* 2*len chars */
void dur_base64_encode(dur_buf *out, dur_bytes data); /* standard, padded */
/* Strict: padding required, no white space, no stray bits.  -1 when malformed
 * or when the buffer has failed; a malformed text appends nothing. */
int dur_base64_decode(dur_buf *out, dur_bytes text);
/* Percent-encode everything but A-Z a-z 0-9 - _ . ~ (and '/' when keep_slash).
 */
void dur_percent_encode(dur_buf *out, dur_bytes text, int keep_slash);
/* One level of %XX; '+' stays '+'.  -1 when a % is not followed by two digits,
 * with nothing appended, or when the buffer has failed. */
int dur_percent_decode(dur_buf *out, dur_bytes text);

#endif
