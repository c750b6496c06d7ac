/* log_match: see log_match.h. */
#include "log_match.h"
#include "base/json.h"
#include "logs.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- lines */

static int read_member(dur_json *j, dur_arena *arena, dur_log_event *out) {
  dur_bytes *into = NULL;
  int is_time = dur_json_text_is(j, "timestamp");
  if (dur_json_text_is(j, "function"))
    into = &out->function;
  else if (dur_json_text_is(j, "requestId"))
    into = &out->request_id;
  else if (dur_json_text_is(j, "message"))
    into = &out->message;
  int token = dur_json_next(j);
  if (is_time && token == DUR_JSON_NUMBER)
    return dur_json_int(j, &out->timestamp_ms);
  if (into != NULL && token == DUR_JSON_STRING)
    return dur_json_text(j, arena, into) == 0;
  return dur_json_skip_rest(j) != DUR_JSON_ERROR;
}

/* 1 when |line| is a line of a log. */
static int parse(dur_bytes line, dur_arena *arena, dur_log_event *out) {
  dur_json j;
  dur_json_init(&j, line, 0);
  if (dur_json_next(&j) != DUR_JSON_OBJECT)
    return 0;
  while (dur_json_next(&j) == DUR_JSON_KEY)
    if (!read_member(&j, arena, out))
      return 0;
  return j.token == DUR_JSON_OBJECT_END && out->message.data != NULL &&
         out->function.data != NULL;
}

static int is_object(dur_bytes message) {
  size_t i = 0;
  while (i < message.len && strchr(" \t\r\n", message.data[i]) != NULL &&
         message.data[i] != '\0')
    i++;
  return i < message.len && message.data[i] == '{' &&
         dur_json_valid(message, DUR_JSON_ALLOW_NAN, NULL, NULL);
}

int dur_log_event_next(dur_arena *arena, dur_bytes *text, int64_t *at,
                       dur_log_event *out) {
  while (text->len > 0) {
    const char *end = memchr(text->data, '\n', text->len);
    dur_bytes line = {text->data, end ? (size_t)(end - text->data) : text->len};
    size_t taken = line.len + (end != NULL);
    *out = (dur_log_event){.at = *at};
    text->data += taken;
    text->len -= taken;
    *at += (int64_t)taken;
    if (!parse(line, arena, out))
      continue;
    out->is_object = is_object(out->message);
    return 1;
  }
  return 0;
}

/* ---- fields */

int dur_log_path(dur_log_field *field, dur_bytes text) {
  const char *p = text.data, *end = text.data + text.len;
  for (field->depth = 0; field->depth < DUR_LOG_PATH_MAX; p++) {
    const char *dot = memchr(p, '.', (size_t)(end - p));
    size_t len = (size_t)((dot ? dot : end) - p);
    if (len == 0)
      return -1;
    field->path[field->depth++] = (dur_bytes){p, len};
    p += len;
    if (dot == NULL)
      return 0;
  }
  return -1;
}

/* The raw text of one member of |of|, or nothing. */
static dur_bytes step(dur_bytes of, dur_bytes name) {
  dur_json j;
  dur_bytes raw = DUR_NONE;
  int64_t left = 0;
  char key[256];
  dur_json_init(&j, of, DUR_JSON_ALLOW_NAN);
  int token = dur_json_next(&j);
  if (token == DUR_JSON_ARRAY && dur_number_int(name, &left) && left >= 0) {
    while (left-- > 0 && dur_json_skip(&j) != DUR_JSON_ARRAY_END &&
           j.token != DUR_JSON_ERROR)
      continue;
    return left < 0 && dur_json_raw(&j, &raw) != DUR_JSON_ERROR ? raw
                                                                : DUR_NONE;
  }
  if (token != DUR_JSON_OBJECT || name.len >= sizeof key)
    return DUR_NONE;
  memcpy(key, name.data, name.len);
  key[name.len] = '\0';
  while (dur_json_next(&j) == DUR_JSON_KEY) {
    int found = dur_json_text_is(&j, key);
    if (found ? dur_json_raw(&j, &raw) == DUR_JSON_ERROR
              : dur_json_skip(&j) == DUR_JSON_ERROR)
      return DUR_NONE;
    if (found)
      return raw;
  }
  return DUR_NONE;
}

static dur_log_value find(const dur_log_field *field,
                          const dur_log_event *event, dur_arena *arena) {
  dur_log_value value = {0, DUR_NONE};
  dur_bytes at = event->is_object ? event->message : DUR_NONE;
  for (size_t i = 0; at.data != NULL && i < field->depth; i++)
    at = step(at, field->path[i]);
  if (at.data == NULL)
    return value;
  dur_json j;
  dur_json_init(&j, at, DUR_JSON_ALLOW_NAN);
  value.kind = dur_json_next(&j);
  value.text = at;
  if (value.kind == DUR_JSON_STRING && dur_json_text(&j, arena, &value.text))
    value.kind = 0; /* out of memory */
  return value;
}

static dur_log_value printed(dur_arena *arena, int kind, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

static dur_log_value printed(dur_arena *arena, int kind, const char *format,
                             ...) {
  char text[320];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  dur_bytes copy = dur_arena_copy(arena, dur_cstr(text));
  return (dur_log_value){copy.data ? kind : 0, copy};
}

static dur_log_value string(dur_bytes text) {
  return (dur_log_value){text.data ? DUR_JSON_STRING : 0, text};
}

dur_log_value dur_log_value_of(const dur_log_field *field,
                               const dur_log_event *event, dur_arena *arena) {
  int name_len = (int)event->function.len;
  switch (field->part) {
  case DUR_LOG_MESSAGE:
    return string(event->message);
  case DUR_LOG_REQUEST:
    return string(event->request_id);
  case DUR_LOG_TIMESTAMP:
  case DUR_LOG_INGESTION:
    return printed(arena, DUR_JSON_NUMBER, "%lld",
                   (long long)event->timestamp_ms);
  case DUR_LOG_GROUP:
    return printed(arena, DUR_JSON_STRING, "/aws/lambda/%.*s", name_len,
                   event->function.data);
  case DUR_LOG_STREAM_NAME:
    return string(DUR_LIT(DUR_LOG_STREAM));
  case DUR_LOG_POINTER:
    return printed(arena, DUR_JSON_STRING, "%.*s/%lld", name_len,
                   event->function.data, (long long)event->at);
  case DUR_LOG_JSON:
    break;
  }
  return find(field, event, arena);
}

/* ---- conditions */

void dur_matcher_init(dur_matcher *m) {
  *m = (dur_matcher){.why = NULL};
  dur_arena_init(&m->arena, &dur_mem_default);
}

void dur_matcher_drop(dur_matcher *m) {
  for (dur_match *it = m->regexes; it != NULL; it = it->next_regex)
    regfree(&it->regex);
  dur_arena_drop(&m->arena);
}

dur_match *dur_match_new(dur_matcher *m, dur_match_kind kind) {
  dur_match *match = dur_arena_calloc(&m->arena, sizeof *match);
  if (match == NULL)
    m->why = "out of memory";
  else
    match->kind = kind;
  return match;
}

dur_match *dur_match_join(dur_matcher *m, dur_match_kind kind, dur_match *left,
                          dur_match *right) {
  dur_match *match =
      left && (right || kind == DUR_MATCH_NOT) ? dur_match_new(m, kind) : NULL;
  if (match != NULL) {
    match->left = left;
    match->right = right;
  }
  return match;
}

/* |source| as regcomp knows it. */
static char *translate(dur_matcher *m, dur_bytes source) {
  char *text = dur_arena_alloc(&m->arena, source.len * 6 + 1), *to = text;
  int bracket = 0;
  for (size_t i = 0; text != NULL && i < source.len; i++) {
    char c = source.data[i];
    char next = i + 1 < source.len ? source.data[i + 1] : '\0';
    if (c == '\\' && (next == 'd' || (next == 'D' && !bracket))) {
      to = stpcpy(to, bracket ? "0-9" : next == 'd' ? "[0-9]" : "[^0-9]");
      i++;
      continue;
    }
    if (c == '\\' && next == '/')
      continue;
    if (c == '[' && !bracket) /* ']' and '^]' in front stand for themselves */
      bracket = 1 + (next == '^') +
                (source.len > i + 1 + (next == '^') &&
                 source.data[i + 1 + (next == '^')] == ']');
    else if (c == ']' && bracket == 1)
      bracket = 0;
    else if (bracket > 1)
      bracket--;
    if (c == '\\' && next && !bracket)
      *to++ = source.data[i++];
    *to++ = source.data[i];
  }
  if (text != NULL)
    *to = '\0';
  return text;
}

dur_match *dur_match_regex(dur_matcher *m, dur_bytes source) {
  int flags = REG_EXTENDED;
  if (dur_bytes_starts(source, "(?i)")) {
    flags |= REG_ICASE;
    source.data += 4;
    source.len -= 4;
  }
  dur_match *match = dur_match_new(m, DUR_MATCH_REGEX);
  char *text = match ? translate(m, source) : NULL;
  if (text == NULL) {
    m->why = "out of memory";
    return NULL;
  }
  if (source.len == 0 || regcomp(&match->regex, text, flags) != 0) {
    m->why = "a regular expression that is none";
    return NULL;
  }
  match->next_regex = m->regexes;
  m->regexes = match;
  return match;
}

static int contains(dur_bytes in, dur_bytes what) {
  return what.len == 0 ||
         (in.len > 0 && memmem(in.data, in.len, what.data, what.len) != NULL);
}

/* '*' stands for any run of bytes. */
static int wildcard(dur_bytes text, dur_bytes pattern) {
  size_t i = 0, k = 0, star = SIZE_MAX, retry = 0;
  while (i < text.len) {
    if (k < pattern.len && pattern.data[k] == '*') {
      star = k++;
      retry = i;
    } else if (k < pattern.len && pattern.data[k] == text.data[i]) {
      i++;
      k++;
    } else if (star != SIZE_MAX) {
      k = star + 1;
      i = ++retry;
    } else {
      return 0;
    }
  }
  while (k < pattern.len && pattern.data[k] == '*')
    k++;
  return k == pattern.len;
}

/* The copy has a NUL behind it: some that stand in for regexec look for one. */
static int regex_is(const dur_match *match, dur_bytes text, dur_arena *arena) {
  regmatch_t at = {.rm_so = 0, .rm_eo = (regoff_t)text.len};
  dur_bytes copy = dur_arena_copy(arena, text);
  return copy.data != NULL &&
         regexec(&match->regex, copy.data, 1, &at, REG_STARTEND) == 0;
}

static int compare(const dur_match *match, const dur_log_value *value) {
  double a = match->is_number ? dur_number_double(match->text) : NAN;
  double b = match->is_number ? dur_number_double(value->text) : NAN;
  int numbers = !isnan(a) && !isnan(b);
  int same = numbers ? a == b : dur_bytes_eq(match->text, value->text);
  switch (match->op) {
  case DUR_OP_EQ:
    return same;
  case DUR_OP_NE:
    return !same;
  case DUR_OP_LT:
    return numbers && b < a;
  case DUR_OP_LE:
    return numbers && b <= a;
  case DUR_OP_GT:
    return numbers && b > a;
  case DUR_OP_GE:
    return numbers && b >= a;
  }
  return 0;
}

static int leaf_is(const dur_match *match, const dur_log_event *event,
                   dur_arena *arena) {
  dur_log_value value = dur_log_value_of(&match->field, event, arena);
  if (value.kind == 0)
    return 0;
  switch (match->kind) {
  case DUR_MATCH_COMPARE:
    return compare(match, &value);
  case DUR_MATCH_WILDCARD:
    return wildcard(value.text, match->text) == (match->op == DUR_OP_EQ);
  case DUR_MATCH_CONTAINS:
    return contains(value.text, match->text);
  case DUR_MATCH_REGEX:
    return regex_is(match, value.text, arena) == (match->op == DUR_OP_EQ);
  case DUR_MATCH_KIND:
    return value.kind == match->token;
  default:
    return 1; /* it exists */
  }
}

int dur_match_is(const dur_match *match, const dur_log_event *event,
                 dur_arena *arena) {
  switch (match->kind) {
  case DUR_MATCH_ALL:
    return 1;
  case DUR_MATCH_AND:
    return dur_match_is(match->left, event, arena) &&
           dur_match_is(match->right, event, arena);
  case DUR_MATCH_OR:
    return dur_match_is(match->left, event, arena) ||
           dur_match_is(match->right, event, arena);
  case DUR_MATCH_NOT:
    return !dur_match_is(match->left, event, arena);
  default:
    return leaf_is(match, event, arena);
  }
}
