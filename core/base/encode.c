/* encode: hexadecimal, base64 and percent encoding.
 *
 * Invariant: a decoder that answers -1 has appended nothing. */
#include "base/hash.h"
#include "base/json_scan.h"

void dur_hex(char *out, const unsigned char *data, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    out[2 * i] = digits[data[i] >> 4];
    out[2 * i + 1] = digits[data[i] & 15];
  }
}

/* ---- base64 */

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Encode 1 to 3 bytes as four characters. */
static void encode_group(char out[4], const char *p, size_t len) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 3; i++)
    bits = bits << 8 | (i < len ? (unsigned char)p[i] : 0u);
  for (size_t i = 0; i < 4; i++)
    out[i] = i <= len ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
}

void dur_base64_encode(dur_buf *out, dur_bytes data) {
  for (size_t at = 0; at < data.len && !out->failed; at += 3) {
    char group[4];
    size_t left = data.len - at;
    encode_group(group, data.data + at, left < 3 ? left : 3);
    dur_buf_add(out, group, sizeof group);
  }
}

static int sextet(char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decode four characters of which |pad| are the last group's '='; 0 when they
 * are malformed, unused bits that are not zero included. */
static int decode_group(char out[3], const char *p, size_t pad) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 4 - pad; i++) {
    int value = sextet(p[i]);
    if (value < 0)
      return 0;
    bits |= (uint32_t)value << (18 - 6 * i);
  }
  if (bits & ((1u << 8 * pad) - 1))
    return 0;
  for (size_t i = 0; i < 3; i++)
    out[i] = (char)(bits >> (16 - 8 * i) & 255);
  return 1;
}

static int rewind_to(dur_buf *out, size_t len) {
  if (!out->failed)
    out->len = len;
  return -1;
}

int dur_base64_decode(dur_buf *out, dur_bytes text) {
  size_t before = out->len;
  if (text.len % 4)
    return -1;
  for (size_t at = 0; at < text.len && !out->failed; at += 4) {
    const char *p = text.data + at;
    size_t pad = 0;
    char group[3];
    if (at + 4 == text.len)
      pad = p[3] != '=' ? 0 : p[2] != '=' ? 1 : 2;
    if (!decode_group(group, p, pad))
      return rewind_to(out, before);
    dur_buf_add(out, group, sizeof group - pad);
  }
  return out->failed ? -1 : 0;
}

/* ---- percent */

static int is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
}

void dur_percent_encode(dur_buf *out, dur_bytes text, int keep_slash) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.len && !out->failed; i++) {
    char c = text.data[i];
    if (is_unreserved(c) || (c == '/' && keep_slash)) {
      dur_buf_char(out, c);
    } else {
      unsigned char u = (unsigned char)c;
      char escaped[3] = {'%', digits[u >> 4], digits[u & 15]};
      dur_buf_add(out, escaped, sizeof escaped);
    }
  }
}

int dur_percent_decode(dur_buf *out, dur_bytes text) {
  size_t before = out->len;
  for (size_t i = 0; i < text.len && !out->failed; i++) {
    char c = text.data[i];
    if (c == '%') {
      int high = text.len - i > 2 ? dur_json_hex_digit(text.data[i + 1]) : -1;
      int low = high >= 0 ? dur_json_hex_digit(text.data[i + 2]) : -1;
      if (low < 0)
        return rewind_to(out, before);
      c = (char)(high << 4 | low);
      i += 2;
    }
    dur_buf_char(out, c);
  }
  return out->failed ? -1 : 0;
}
