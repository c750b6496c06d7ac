/* limits: which texts the Lambda durable API takes.
 *
 * Invariant: each check is the API's own length and character rule, no
 * stricter, so nothing that the service would take is refused here.  Pure
 * functions; anyone may call them. */
#include "wire/limits.h"

#include <string.h>

static int is_alnum(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z');
}

static int is_word(unsigned char c) {
  return is_alnum(c) || c == '_' || c == '-';
}

static int is_printable(unsigned char c) {
  return c >= 0x20 && c <= 0x7E;
}

static int is_graphic(unsigned char c) {
  return c >= 0x21 && c <= 0x7E;
}

static int is_tenant(unsigned char c) {
  return is_alnum(c) || (c != 0 && strchr("._:/=+-@ ", c) != NULL);
}

static int is_function(unsigned char c) {
  return is_word(c) || c == '.';
}

static int is_partition_tail(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

static int is_lower(unsigned char c) {
  return c >= 'a' && c <= 'z';
}

static int is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

typedef int char_fn(unsigned char c);

/* How many bytes at |at| and after are of the class. */
static size_t span(dur_bytes text, size_t at, char_fn *of) {
  size_t n = 0;
  while (at + n < text.len && of((unsigned char)text.data[at + n]))
    n++;
  return n;
}

static int all(dur_bytes text, char_fn *of) {
  return text.len > 0 && span(text, 0, of) == text.len;
}

int dur_name_ok(dur_bytes name) {
  return name.len <= DUR_NAME_MAX && all(name, is_printable);
}

int dur_id_ok(dur_bytes id) {
  return id.len <= DUR_ID_MAX && all(id, is_word);
}

int dur_sub_type_ok(dur_bytes sub_type) {
  return sub_type.len <= DUR_SUB_TYPE_MAX && all(sub_type, is_word);
}

int dur_tenant_ok(dur_bytes tenant) {
  return tenant.len <= DUR_TENANT_MAX && all(tenant, is_tenant);
}

int dur_trace_ok(dur_bytes trace_id) {
  return trace_id.len <= DUR_TRACE_MAX &&
         span(trace_id, 0, is_printable) == trace_id.len;
}

int dur_execution_name_ok(dur_bytes name) {
  return name.len <= DUR_EXECUTION_NAME_MAX && all(name, is_word);
}

int dur_client_token_ok(dur_bytes token) {
  return token.len <= DUR_CLIENT_TOKEN_MAX && all(token, is_graphic);
}

/* ---- FunctionName:
 * (arn:(aws[a-zA-Z-]*)?:lambda:)?(REGION:)?([0-9]{12}:)?(function:)?NAME(:QUAL)?
 * No part holds a ':', so the text is cut there and the parts are matched. */

enum { PARTS_MAX = 8 };

static int is_partition(dur_bytes part) {
  return part.len == 0 || (dur_bytes_starts(part, "aws") &&
                           3 + span(part, 3, is_partition_tail) == part.len);
}

/* [a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9] after its first two letters
 * and the optional group, which ends at |at| */
static int is_region_tail(dur_bytes part, size_t at) {
  if (at >= part.len || part.data[at] != '-')
    return 0;
  size_t letters = span(part, at + 1, is_lower);
  at += 1 + letters;
  return letters > 0 && at + 2 == part.len && part.data[at] == '-' &&
         is_digit((unsigned char)part.data[at + 1]);
}

static int is_region(dur_bytes part) {
  if (part.len < 3 || span((dur_bytes){part.data, 2}, 0, is_lower) != 2)
    return 0;
  dur_bytes rest = {part.data + 2, part.len - 2};
  return is_region_tail(part, 2) ||
         (dur_bytes_starts(rest, "-gov") && is_region_tail(part, 6)) ||
         (dur_bytes_starts(rest, "-iso") &&
          (is_region_tail(part, 6) ||
           (part.len > 6 && is_lower((unsigned char)part.data[6]) &&
            is_region_tail(part, 7))));
}

static int is_account(dur_bytes part) {
  return part.len == 12 && all(part, is_digit);
}

static int is_qualifier(dur_bytes part) {
  return dur_bytes_is(part, "$LATEST") ||
         dur_bytes_is(part, "$LATEST.PUBLISHED") || all(part, is_word);
}

/* How many parts the optional group of this stage takes; 0: it is not there. */
static int group(const dur_bytes *part, int count, int stage) {
  if (stage == 0)
    return count > 3 && dur_bytes_is(part[0], "arn") && is_partition(part[1]) &&
                   dur_bytes_is(part[2], "lambda")
               ? 3
               : 0;
  return count > 1 && (stage == 1   ? is_region(part[0])
                       : stage == 2 ? is_account(part[0])
                                    : dur_bytes_is(part[0], "function"));
}

/* The part that is NAME, or NULL.  An optional group may also be left out where
 * it would match ("arn:x" is the function arn, qualifier x), so both ways are
 * tried; a leading "function" is a name where it can be one. */
static const dur_bytes *match(const dur_bytes *part, int count, int stage,
                              int any) {
  if (stage == 4)
    return (count == 1 || (count == 2 && is_qualifier(part[1]))) &&
                   all(part[0], is_function)
               ? part
               : NULL;
  int taken = group(part, count, stage);
  const dur_bytes *name = NULL;
  if (taken > 0 && (stage != 3 || any))
    name = match(part + taken, count - taken, stage + 1, 1);
  if (name == NULL)
    name = match(part, count, stage + 1, any);
  if (name == NULL && taken > 0)
    name = match(part + taken, count - taken, stage + 1, 1);
  return name;
}

dur_bytes dur_function_bare(dur_bytes name) {
  dur_bytes part[PARTS_MAX];
  int count = 0;
  if (name.len == 0 || name.len > DUR_FUNCTION_NAME_MAX)
    return DUR_NONE;
  for (size_t from = 0, i = 0; i <= name.len; i++) {
    if (i < name.len && name.data[i] != ':')
      continue;
    if (count == PARTS_MAX)
      return DUR_NONE;
    part[count++] = (dur_bytes){name.data + from, i - from};
    from = i + 1;
  }
  const dur_bytes *bare = match(part, count, 0, 0);
  return bare ? *bare : DUR_NONE;
}

int dur_function_name_ok(dur_bytes name) {
  return dur_function_bare(name).data != NULL;
}
