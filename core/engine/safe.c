/* safe: values that are the same on every replay and in every language.
 *
 * SHA-256 of "<arn>\n<context>\n<what>\n<n>", where <context> is the id under
 * which the context's operations are reported ("" at the root) and <n> counts
 * from 1 per context and kind. */
#include "engine/internal.h"

static int digest(dur_engine *e, dur_ctx *ctx, const char *what, uint32_t n,
                  unsigned char out[DUR_HASH_MAX]) {
  dur_buf_reset(&e->text);
  dur_buf_char(&e->text, '\n');
  dur_buf_bytes(&e->text, ctx->owner ? ctx->owner->id : DUR_LIT(""));
  dur_buf_char(&e->text, '\n');
  dur_buf_str(&e->text, what);
  dur_buf_char(&e->text, '\n');
  dur_buf_u64(&e->text, n);
  if (e->text.failed ||
      dur_hash2(e->hasher, DUR_HASH_SHA256, e->arn, dur_text(e), out) < 0)
    return dur_oom(e);
  return 0;
}

int dur_safe_uuid(dur_engine *e, dur_ctx *ctx, char out[DUR_UUID_SIZE]) {
  unsigned char bytes[DUR_HASH_MAX];
  char hex[32];
  int rc = digest(e, ctx, "uuid", ctx->uuids + 1, bytes);
  if (rc != 0)
    return rc;
  ctx->uuids++;
  bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
  bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
  dur_hex(hex, bytes, 16);
  for (int from = 0, to = 0; from < 32; from++) {
    if (from == 8 || from == 12 || from == 16 || from == 20)
      out[to++] = '-';
    out[to++] = hex[from];
  }
  out[36] = '\0';
  return 0;
}

int64_t dur_safe_now(const dur_engine *e, const dur_ctx *ctx) {
  return ctx->now_ms ? ctx->now_ms : e->start_ms;
}

int64_t dur_safe_random(dur_engine *e, dur_ctx *ctx) {
  unsigned char bytes[DUR_HASH_MAX];
  int rc = digest(e, ctx, "random", ctx->randoms + 1, bytes);
  if (rc != 0)
    return rc;
  ctx->randoms++;
  uint64_t n = 0;
  for (int i = 0; i < 8; i++)
    n = n << 8 | bytes[i];
  return (int64_t)(n >> 11);
}
