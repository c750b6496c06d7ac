/* arn: the parts of a durable execution ARN.
 *
 * Invariant: a parsed part is never empty and borrows the text.  Pure
 * functions; anyone may call them. */
#include "wire/arn.h"

#include <string.h>

/* Take the text before the first |end| off |rest|.  0 when there is none, or
 * when the part would be empty or hold |other|. */
static int take(dur_bytes *rest, char end, char other, dur_bytes *part) {
  size_t n = 0;
  while (n < rest->len && rest->data[n] != end && rest->data[n] != other)
    n++;
  if (n == 0 || n == rest->len || rest->data[n] != end)
    return 0;
  *part = (dur_bytes){rest->data, n};
  *rest = (dur_bytes){rest->data + n + 1, rest->len - n - 1};
  return 1;
}

static int skip(dur_bytes *rest, const char *text) {
  size_t n = strlen(text);
  if (!dur_bytes_starts(*rest, text))
    return 0;
  *rest = (dur_bytes){rest->data + n, rest->len - n};
  return 1;
}

int dur_arn_parse(dur_bytes text, dur_arn *out) {
  dur_bytes rest = text;
  *out = (dur_arn){0};
  if (!skip(&rest, "arn:") || !take(&rest, ':', ':', &out->partition) ||
      !skip(&rest, "lambda:") || !take(&rest, ':', ':', &out->region) ||
      !take(&rest, ':', ':', &out->account) || !skip(&rest, "function:") ||
      !take(&rest, ':', '/', &out->function) ||
      !take(&rest, '/', ':', &out->version) ||
      !skip(&rest, "durable-execution/") ||
      !take(&rest, '/', '/', &out->name) || rest.len == 0 ||
      memchr(rest.data, '/', rest.len) != NULL)
    return 0;
  out->id = rest;
  return 1;
}

dur_bytes dur_arn_last(dur_bytes text) {
  size_t from = text.len;
  while (from > 0 && text.data[from - 1] != '/')
    from--;
  return from == 0 ? text : (dur_bytes){text.data + from, text.len - from};
}
