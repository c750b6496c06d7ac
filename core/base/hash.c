/* hash: digests, over libcrypto.
 *
 * Invariant: an algorithm is fetched at most once per hasher, when it is first
 * asked for, so a library without MD5 still serves the others. */
#include "base/hash.h"

#include <limits.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

struct dur_hasher {
  const dur_mem *mem;
  EVP_MD_CTX *ctx;
  EVP_MD *fetched[DUR_HASH_KINDS];
};

static const char *const names[DUR_HASH_KINDS] = {
    [DUR_HASH_SHA256] = "SHA256",
    [DUR_HASH_MD5] = "MD5",
    [DUR_HASH_BLAKE2B512] = "BLAKE2B512",
};

dur_hasher *dur_hasher_new(const dur_mem *mem) {
  dur_hasher *hasher = dur_alloc(mem, sizeof *hasher);
  if (!hasher)
    return NULL;
  *hasher = (dur_hasher){.mem = mem, .ctx = EVP_MD_CTX_new()};
  if (!hasher->ctx) {
    dur_hasher_free(hasher);
    return NULL;
  }
  return hasher;
}

void dur_hasher_free(dur_hasher *hasher) {
  if (!hasher)
    return;
  for (int i = 0; i < DUR_HASH_KINDS; i++)
    EVP_MD_free(hasher->fetched[i]);
  EVP_MD_CTX_free(hasher->ctx);
  dur_free(hasher->mem, hasher, sizeof *hasher);
}

static const EVP_MD *algorithm(dur_hasher *hasher, dur_hash_kind kind) {
  if ((unsigned)kind >= DUR_HASH_KINDS)
    return NULL;
  if (!hasher->fetched[kind])
    hasher->fetched[kind] = EVP_MD_fetch(NULL, names[kind], NULL);
  return hasher->fetched[kind];
}

int dur_hash2(dur_hasher *hasher, dur_hash_kind kind, dur_bytes a, dur_bytes b,
              unsigned char out[DUR_HASH_MAX]) {
  const EVP_MD *md = algorithm(hasher, kind);
  unsigned len = 0;
  if (!md || !EVP_DigestInit_ex2(hasher->ctx, md, NULL) ||
      !EVP_DigestUpdate(hasher->ctx, a.data, a.len) ||
      !EVP_DigestUpdate(hasher->ctx, b.data, b.len) ||
      !EVP_DigestFinal_ex(hasher->ctx, out, &len))
    return -1;
  return (int)len;
}

int dur_sha256(dur_bytes data, unsigned char out[32]) {
  return EVP_Digest(data.data, data.len, out, NULL, EVP_sha256(), NULL) ? 0
                                                                        : -1;
}

int dur_hmac_sha256(dur_bytes key, dur_bytes data, unsigned char out[32]) {
  if (key.len > INT_MAX)
    return -1;
  const void *secret = key.len ? key.data : "";
  return HMAC(EVP_sha256(), secret, (int)key.len,
              (const unsigned char *)data.data, data.len, out, NULL)
             ? 0
             : -1;
}
