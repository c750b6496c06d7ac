/* log_pattern: the filter patterns of CloudWatch Logs.
 *
 *   ERROR "two words" -not %regex%     all of these terms, none with '-'
 *   ?ERROR ?WARN                       at least one of them
 *   { $.a.b[0] = "x*" && ($.n > 1 || $.c IS NULL) }   fields of JSON lines
 *
 * Of space-delimited patterns, [a, b], none is known. */
#include "base/json.h"
#include "log_match.h"
#include <string.h>
#include <strings.h>

enum { NESTING_MAX = 64 };

typedef struct parser {
  dur_matcher *m;
  const char *start, *p, *end;
  int depth;
} parser;

static dur_match *fail(const parser *it, const char *why) {
  if (it->m->why == NULL) {
    it->m->why = why;
    it->m->why_at = (size_t)(it->p - it->start);
  }
  return NULL;
}

static void blank(parser *it) {
  while (it->p < it->end && strchr(" \t\r\n", *it->p) != NULL && *it->p)
    it->p++;
}

static int take(parser *it, const char *text) {
  size_t len = strlen(text);
  blank(it);
  if ((size_t)(it->end - it->p) < len || memcmp(it->p, text, len) != 0)
    return 0;
  it->p += len;
  return 1;
}

/* The same for a word, in any case. */
static int take_word(parser *it, const char *text) {
  size_t len = strlen(text);
  blank(it);
  if ((size_t)(it->end - it->p) < len || strncasecmp(it->p, text, len) != 0)
    return 0;
  char next = it->p + len < it->end ? it->p[len] : ' ';
  if (strchr(" \t\r\n&|)}", next) == NULL)
    return 0;
  it->p += len;
  return 1;
}

/* Up to |quote|, which was opened; a backslash takes the next as it is. */
static int quoted(parser *it, char quote, int keeps_backslash, dur_bytes *out) {
  char *text = dur_arena_alloc(&it->m->arena, (size_t)(it->end - it->p) + 1);
  size_t len = 0;
  if (text == NULL) {
    fail(it, "out of memory");
    return -1;
  }
  while (it->p < it->end && *it->p != quote) {
    if (*it->p == '\\' && it->p + 1 < it->end &&
        (!keeps_backslash || it->p[1] == quote))
      it->p++;
    text[len++] = *it->p++;
  }
  if (it->p == it->end) {
    fail(it, quote == '%' ? "a % without an end" : "a quote without an end");
    return -1;
  }
  it->p++;
  *out = (dur_bytes){text, len};
  return 0;
}

/* ---- { ... } */

static dur_match *either(parser *it);

/* $.a.b[0] */
static int selector(parser *it, dur_log_field *field) {
  field->part = DUR_LOG_JSON;
  if (!take(it, "$")) {
    fail(it, "expected a selector such as $.field");
    return -1;
  }
  const char *from = it->p;
  while (it->p < it->end && (*it->p == '.' || *it->p == '[')) {
    int index = *it->p++ == '[';
    const char *name = it->p;
    while (it->p < it->end && strchr(" \t\r\n.[]=!<>&|(){}", *it->p) == NULL)
      it->p++;
    if (it->p == name || field->depth == DUR_LOG_PATH_MAX ||
        (index && (it->p == it->end || *it->p != ']'))) {
      fail(it, "expected a selector such as $.field or $.field[0]");
      return -1;
    }
    field->path[field->depth++] = (dur_bytes){name, (size_t)(it->p - name)};
    it->p += index;
  }
  field->name = (dur_bytes){from, (size_t)(it->p - from)};
  if (field->depth > 0)
    return 0;
  fail(it, "expected a selector such as $.field");
  return -1;
}

static int operator_of(parser *it, dur_match_op *op) {
  static const struct {
    const char *text;
    dur_match_op op;
  } OPS[] = {{"!=", DUR_OP_NE}, {"<=", DUR_OP_LE}, {">=", DUR_OP_GE},
             {"=", DUR_OP_EQ},  {"<", DUR_OP_LT},  {">", DUR_OP_GT}};
  for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++)
    if (take(it, OPS[i].text)) {
      *op = OPS[i].op;
      return 0;
    }
  fail(it, "expected one of = != < <= > >= IS NOT");
  return -1;
}

/* The right side of a comparison. */
static dur_match *operand(parser *it, dur_match_op op) {
  dur_bytes text = DUR_NONE;
  dur_match *match;
  blank(it);
  if (take(it, "%")) {
    if (quoted(it, '%', 1, &text) != 0)
      return NULL;
    match = dur_match_regex(it->m, text);
    if (match == NULL)
      return fail(it, "a regular expression that is none");
    match->op = op;
    return op == DUR_OP_EQ || op == DUR_OP_NE
               ? match
               : fail(it, "a regular expression is compared with = or !=");
  }
  match = dur_match_new(it->m, DUR_MATCH_COMPARE);
  if (match == NULL)
    return NULL;
  match->op = op;
  if (take(it, "\"")) {
    if (quoted(it, '"', 0, &text) != 0)
      return NULL;
  } else {
    const char *from = it->p;
    while (it->p < it->end && strchr(" \t\r\n&|(){}\"", *it->p) == NULL)
      it->p++;
    text = (dur_bytes){from, (size_t)(it->p - from)};
    if (text.len == 0)
      return fail(it, "expected a value");
    match->is_number = dur_json_valid(text, 0, NULL, NULL) &&
                       strchr("-0123456789", text.data[0]) != NULL;
  }
  match->text = text;
  if (op <= DUR_OP_NE && memchr(text.data, '*', text.len) != NULL)
    match->kind = DUR_MATCH_WILDCARD;
  if (op > DUR_OP_NE && !match->is_number)
    return fail(it, "only numbers are compared with < <= > >=");
  return match;
}

static dur_match *condition(parser *it) {
  dur_log_field field = {.part = DUR_LOG_JSON};
  dur_match *match;
  dur_match_op op;
  if (selector(it, &field) != 0)
    return NULL;
  if (take_word(it, "IS")) {
    match = dur_match_new(it->m, DUR_MATCH_KIND);
    if (match == NULL)
      return NULL;
    match->token = take_word(it, "NULL")    ? DUR_JSON_NULL
                   : take_word(it, "TRUE")  ? DUR_JSON_TRUE
                   : take_word(it, "FALSE") ? DUR_JSON_FALSE
                                            : 0;
    if (match->token == 0)
      return fail(it, "expected NULL, TRUE or FALSE after IS");
  } else if (take_word(it, "NOT")) {
    if (!take_word(it, "EXISTS"))
      return fail(it, "expected EXISTS after NOT");
    match = dur_match_new(it->m, DUR_MATCH_EXISTS);
    if (match != NULL)
      match->field = field;
    return dur_match_join(it->m, DUR_MATCH_NOT, match, NULL);
  } else {
    match = operator_of(it, &op) == 0 ? operand(it, op) : NULL;
  }
  if (match != NULL)
    match->field = field;
  return match;
}

static dur_match *one(parser *it) {
  if (!take(it, "("))
    return condition(it);
  if (++it->depth > NESTING_MAX)
    return fail(it, "too many parentheses inside each other");
  dur_match *match = either(it);
  it->depth--;
  if (match != NULL && !take(it, ")"))
    return fail(it, "expected )");
  return match;
}

static dur_match *both(parser *it) {
  dur_match *match = one(it);
  while (match != NULL && take(it, "&&"))
    match = dur_match_join(it->m, DUR_MATCH_AND, match, one(it));
  return match;
}

static dur_match *either(parser *it) {
  dur_match *match = both(it);
  while (match != NULL && take(it, "||"))
    match = dur_match_join(it->m, DUR_MATCH_OR, match, both(it));
  return match;
}

/* ---- terms */

static dur_match *term(parser *it) {
  dur_bytes text;
  dur_match *match;
  if (take(it, "%")) {
    if (quoted(it, '%', 1, &text) != 0)
      return NULL;
    match = dur_match_regex(it->m, text);
    if (match == NULL)
      return fail(it, "a regular expression that is none");
  } else {
    match = dur_match_new(it->m, DUR_MATCH_CONTAINS);
    if (match == NULL)
      return NULL;
    if (take(it, "\"")) {
      if (quoted(it, '"', 0, &text) != 0)
        return NULL;
    } else {
      const char *from = it->p;
      while (it->p < it->end && strchr(" \t\r\n", *it->p) == NULL)
        it->p++;
      text = (dur_bytes){from, (size_t)(it->p - from)};
    }
    if (text.len == 0)
      return fail(it, "expected a term");
    match->text = text;
  }
  match->field.part = DUR_LOG_MESSAGE;
  return match;
}

static dur_match *terms(parser *it) {
  dur_match *all = dur_match_new(it->m, DUR_MATCH_ALL), *any = NULL;
  int plain = 0;
  for (blank(it); all != NULL && it->p < it->end; blank(it)) {
    char sign = *it->p == '?' || *it->p == '-' ? *it->p++ : '\0';
    dur_match *match = term(it);
    if (sign == '?') {
      any = any ? dur_match_join(it->m, DUR_MATCH_OR, any, match) : match;
      if (any == NULL)
        return NULL;
      continue;
    }
    plain = 1;
    if (sign == '-')
      match = dur_match_join(it->m, DUR_MATCH_NOT, match, NULL);
    all = dur_match_join(it->m, DUR_MATCH_AND, all, match);
  }
  if (any != NULL && plain)
    return fail(it, "terms with ? do not go with others");
  return any ? any : all;
}

int dur_log_pattern(dur_matcher *m, dur_bytes source) {
  parser it = {.m = m,
               .start = source.data,
               .p = source.data,
               .end = source.data + source.len};
  blank(&it);
  if (it.p < it.end && *it.p == '[') {
    fail(&it, "space-delimited patterns are not known here");
  } else if (take(&it, "{")) {
    m->root = either(&it);
    if (m->root != NULL && !take(&it, "}"))
      fail(&it, "expected && || or }");
    blank(&it);
    if (it.p < it.end)
      fail(&it, "there is text behind the }");
  } else {
    m->root = terms(&it);
  }
  return m->root != NULL && m->why == NULL ? 0 : -1;
}
