/* sigv4: AWS Signature Version 4 as a pure function.
 *
 * Invariant: what is appended depends on the arguments alone, and every copy of
 * the secret and every key derived from it is overwritten before returning.
 * Called by: whoever sends the HTTP requests that an engine asks for. */
#include "sign/sigv4.h"

#include "base/hash.h"

enum {
  FIELDS_MAX = 256,       /* query parameters, or headers */
  TEXT_MAX = 1024 * 1024, /* each intermediate text; the body is none */
};

static const char algorithm[] = "AWS4-HMAC-SHA256";

/* ---- a list of name and value, sorted */

typedef struct field {
  size_t name, name_len, value, value_len; /* offsets into the list's text */
} field;

typedef struct fields {
  dur_buf text;
  field at[FIELDS_MAX];
  size_t count;
} fields;

static dur_bytes name_of(const fields *list, size_t i) {
  const field *f = &list->at[i];
  return (dur_bytes){list->text.data + f->name, f->name_len};
}

static dur_bytes value_of(const fields *list, size_t i) {
  const field *f = &list->at[i];
  return (dur_bytes){list->text.data + f->value, f->value_len};
}

/* Byte order, a prefix before what it is a prefix of. */
static int order(dur_bytes a, dur_bytes b) {
  for (size_t i = 0; i < a.len && i < b.len; i++)
    if (a.data[i] != b.data[i])
      return (unsigned char)a.data[i] < (unsigned char)b.data[i] ? -1 : 1;
  return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static int goes_after(const fields *list, size_t a, size_t b, int by_value) {
  int cmp = order(name_of(list, a), name_of(list, b));
  if (cmp == 0 && by_value)
    cmp = order(value_of(list, a), value_of(list, b));
  return cmp > 0;
}

/* Stable: what compares equal keeps its order. */
static void sort(fields *list, int by_value) {
  for (size_t i = 1; i < list->count; i++) {
    for (size_t j = i; j > 0 && goes_after(list, j - 1, j, by_value); j--) {
      field swap = list->at[j];
      list->at[j] = list->at[j - 1];
      list->at[j - 1] = swap;
    }
  }
}

/* ---- path and query */

/* Where the next |stop| is at or after |at|, or the end. */
static size_t find(dur_bytes text, size_t at, char stop) {
  while (at < text.len && text.data[at] != stop)
    at++;
  return at;
}

static dur_bytes slice(dur_bytes text, size_t from, size_t to) {
  return (dur_bytes){text.data + from, to - from};
}

/* Take back the last "/segment" after |start|. */
static void pop_segment(dur_buf *out, size_t start) {
  while (out->len > start && out->data[--out->len] != '/')
    ;
}

static void add_segment(dur_buf *out, size_t start, dur_bytes segment) {
  if (segment.len == 0 || dur_bytes_is(segment, "."))
    return;
  if (dur_bytes_is(segment, "..")) {
    pop_segment(out, start);
    return;
  }
  dur_buf_char(out, '/');
  dur_percent_encode(out, segment, 0);
}

static void add_path(const dur_sigv4 *r, dur_buf *out) {
  size_t start = out->len, at = 0;
  dur_bytes path = r->path;
  if (r->no_normalize) {
    dur_percent_encode(out, path.len ? path : DUR_LIT("/"), 1);
    return;
  }
  while (at < path.len) {
    size_t end = find(path, at, '/');
    add_segment(out, start, slice(path, at, end));
    at = end + 1;
  }
  if (out->len == start || path.data[path.len - 1] == '/')
    dur_buf_char(out, '/');
}

/* Encoded exactly once, however much of it arrived encoded. */
static void reencode(dur_buf *out, dur_buf *scratch, dur_bytes text) {
  dur_buf_reset(scratch);
  if (dur_percent_decode(scratch, text) == 0)
    text = dur_buf_view(scratch);
  if (scratch->failed)
    dur_buf_fail(out, scratch->failed);
  dur_percent_encode(out, text, 0);
}

static int add_parameter(fields *list, dur_buf *scratch, dur_bytes text) {
  field *f = &list->at[list->count];
  size_t equals = find(text, 0, '=');
  if (text.len == 0)
    return 0;
  if (list->count == FIELDS_MAX)
    return -1;
  f->name = list->text.len;
  reencode(&list->text, scratch, slice(text, 0, equals));
  f->name_len = list->text.len - f->name;
  f->value = list->text.len;
  if (equals < text.len)
    reencode(&list->text, scratch, slice(text, equals + 1, text.len));
  f->value_len = list->text.len - f->value;
  list->count++;
  return list->text.failed ? -1 : 0;
}

static void fields_init(fields *list, const dur_mem *mem) {
  dur_buf_init(&list->text, mem, TEXT_MAX);
  list->count = 0;
}

static int add_query(const dur_sigv4 *r, dur_buf *out) {
  fields list;
  dur_buf scratch;
  int rc = 0;
  fields_init(&list, out->mem);
  dur_buf_init(&scratch, out->mem, TEXT_MAX);
  for (size_t at = 0; at < r->query.len && rc == 0;) {
    size_t end = find(r->query, at, '&');
    rc = add_parameter(&list, &scratch, slice(r->query, at, end));
    at = end + 1;
  }
  if (rc == 0)
    sort(&list, 1);
  for (size_t i = 0; i < list.count && rc == 0; i++) {
    if (i > 0)
      dur_buf_char(out, '&');
    dur_buf_bytes(out, name_of(&list, i));
    dur_buf_char(out, '=');
    dur_buf_bytes(out, value_of(&list, i));
  }
  dur_buf_drop(&scratch);
  dur_buf_drop(&list.text);
  return rc;
}

/* ---- headers */

static int is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without outer blanks, each inner run of blanks as one space. */
static void fold(dur_buf *out, dur_bytes value) {
  size_t start = out->len;
  for (size_t i = 0; i < value.len; i++) {
    if (is_blank(value.data[i]))
      continue;
    if (out->len > start && is_blank(value.data[i - 1]))
      dur_buf_char(out, ' ');
    dur_buf_char(out, value.data[i]);
  }
}

static int add_header(fields *list, dur_bytes name, dur_bytes value) {
  field *f = &list->at[list->count];
  if (list->count == FIELDS_MAX)
    return -1;
  f->name = list->text.len;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    dur_buf_char(&list->text, c >= 'A' && c <= 'Z' ? (char)(c | 32) : c);
  }
  f->name_len = list->text.len - f->name;
  f->value = list->text.len;
  fold(&list->text, value);
  f->value_len = list->text.len - f->value;
  list->count++;
  return list->text.failed ? -1 : 0;
}

static int has_header(const fields *list, const char *name) {
  for (size_t i = 0; i < list->count; i++)
    if (dur_bytes_is(name_of(list, i), name))
      return 1;
  return 0;
}

/* The headers to be signed, sorted; the caller drops list->text always. */
static int read_headers(const dur_sigv4 *r, fields *list, const dur_mem *mem) {
  static const char date[] = "x-amz-date", token[] = "x-amz-security-token";
  int rc = 0;
  fields_init(list, mem);
  for (size_t i = 0; i < r->header_count && rc == 0; i++)
    rc = add_header(list, r->headers[i].name, r->headers[i].value);
  if (rc == 0 && !has_header(list, "host"))
    rc = -1;
  if (rc == 0 && !has_header(list, date))
    rc = add_header(list, dur_cstr(date), r->amz_date);
  if (rc == 0 && r->session_token.len && !r->omit_session_token &&
      !has_header(list, token))
    rc = add_header(list, dur_cstr(token), r->session_token);
  if (rc == 0)
    sort(list, 0);
  return rc;
}

static int is_repeat(const fields *list, size_t i) {
  return i > 0 && order(name_of(list, i - 1), name_of(list, i)) == 0;
}

/* "name:value", values of one name joined with ',' */
static void add_headers(const fields *list, dur_buf *out) {
  for (size_t i = 0; i < list->count; i++) {
    if (is_repeat(list, i)) {
      dur_buf_char(out, ',');
    } else {
      if (i > 0)
        dur_buf_char(out, '\n');
      dur_buf_bytes(out, name_of(list, i));
      dur_buf_char(out, ':');
    }
    dur_buf_bytes(out, value_of(list, i));
  }
  dur_buf_char(out, '\n');
}

static void add_header_names(const fields *list, dur_buf *out) {
  for (size_t i = 0; i < list->count; i++) {
    if (is_repeat(list, i))
      continue;
    if (i > 0)
      dur_buf_char(out, ';');
    dur_buf_bytes(out, name_of(list, i));
  }
}

/* ---- the stages */

/* "20150830T123600Z" */
static int is_date(dur_bytes date) {
  if (date.len != 16)
    return 0;
  for (size_t i = 0; i < 16; i++) {
    char c = date.data[i];
    if (i == 8 ? c != 'T' : i == 15 ? c != 'Z' : c < '0' || c > '9')
      return 0;
  }
  return 1;
}

static int is_complete(const dur_sigv4 *r) {
  return r->access_key_id.len && r->secret_access_key.len && r->region.len &&
         r->service.len && r->method.len && is_date(r->amz_date);
}

static int add_hash(dur_buf *out, dur_bytes data) {
  unsigned char digest[32];
  char hex[64];
  if (dur_sha256(data, digest) < 0)
    return -1;
  dur_hex(hex, digest, sizeof digest);
  dur_buf_add(out, hex, sizeof hex);
  return 0;
}

int dur_sigv4_canonical_request(const dur_sigv4 *request, dur_buf *out) {
  fields headers;
  int rc;
  if (!is_complete(request))
    return -1;
  rc = read_headers(request, &headers, out->mem);
  if (rc == 0) {
    dur_buf_bytes(out, request->method);
    dur_buf_char(out, '\n');
    add_path(request, out);
    dur_buf_char(out, '\n');
    rc = add_query(request, out);
    dur_buf_char(out, '\n');
    add_headers(&headers, out);
    dur_buf_char(out, '\n');
    add_header_names(&headers, out);
    dur_buf_char(out, '\n');
    if (rc == 0)
      rc = add_hash(out, request->body);
  }
  dur_buf_drop(&headers.text);
  return rc < 0 || out->failed ? -1 : 0;
}

static void add_scope(const dur_sigv4 *r, dur_buf *out) {
  dur_buf_bytes(out, slice(r->amz_date, 0, 8));
  dur_buf_char(out, '/');
  dur_buf_bytes(out, r->region);
  dur_buf_char(out, '/');
  dur_buf_bytes(out, r->service);
  dur_buf_str(out, "/aws4_request");
}

int dur_sigv4_string_to_sign(const dur_sigv4 *request, dur_buf *out) {
  dur_buf canonical;
  int rc;
  dur_buf_init(&canonical, out->mem, TEXT_MAX);
  rc = dur_sigv4_canonical_request(request, &canonical);
  if (rc == 0) {
    dur_buf_str(out, algorithm);
    dur_buf_char(out, '\n');
    dur_buf_bytes(out, request->amz_date);
    dur_buf_char(out, '\n');
    add_scope(request, out);
    dur_buf_char(out, '\n');
    rc = add_hash(out, dur_buf_view(&canonical));
  }
  dur_buf_drop(&canonical);
  return rc < 0 || out->failed ? -1 : 0;
}

static void wipe(void *data, size_t len) {
  volatile unsigned char *p = data;
  while (len--)
    *p++ = 0;
}

static int chain(unsigned char key[32], dur_bytes data) {
  return dur_hmac_sha256((dur_bytes){(const char *)key, 32}, data, key);
}

/* The key that signs for one day, region and service. */
static int signing_key(const dur_sigv4 *r, const dur_mem *mem,
                       unsigned char key[32]) {
  dur_buf secret;
  int rc = -1;
  dur_buf_init(&secret, mem, TEXT_MAX);
  if (dur_buf_reserve(&secret, r->secret_access_key.len + 4)) {
    dur_buf_str(&secret, "AWS4");
    dur_buf_bytes(&secret, r->secret_access_key);
    rc = dur_hmac_sha256(dur_buf_view(&secret), slice(r->amz_date, 0, 8), key);
    wipe(secret.data, secret.len);
  }
  dur_buf_drop(&secret);
  if (rc == 0)
    rc = chain(key, r->region);
  if (rc == 0)
    rc = chain(key, r->service);
  return rc == 0 ? chain(key, DUR_LIT("aws4_request")) : -1;
}

static int add_signature(const dur_sigv4 *r, dur_buf *out) {
  unsigned char key[32];
  char hex[64];
  dur_buf text;
  int rc;
  dur_buf_init(&text, out->mem, TEXT_MAX);
  rc = dur_sigv4_string_to_sign(r, &text);
  if (rc == 0)
    rc = signing_key(r, out->mem, key);
  if (rc == 0)
    rc = chain(key, dur_buf_view(&text));
  if (rc == 0) {
    dur_hex(hex, key, sizeof key);
    dur_buf_add(out, hex, sizeof hex);
  }
  wipe(key, sizeof key);
  dur_buf_drop(&text);
  return rc;
}

int dur_sigv4_authorization(const dur_sigv4 *request, dur_buf *out) {
  fields headers;
  int rc;
  if (!is_complete(request))
    return -1;
  rc = read_headers(request, &headers, out->mem);
  if (rc == 0) {
    dur_buf_str(out, algorithm);
    dur_buf_str(out, " Credential=");
    dur_buf_bytes(out, request->access_key_id);
    dur_buf_char(out, '/');
    add_scope(request, out);
    dur_buf_str(out, ", SignedHeaders=");
    add_header_names(&headers, out);
    dur_buf_str(out, ", Signature=");
    rc = add_signature(request, out);
  }
  dur_buf_drop(&headers.text);
  return rc < 0 || out->failed ? -1 : 0;
}
