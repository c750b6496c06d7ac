/* log_query: see log_query.h. */
#include "log_query.h"
#include "base/json.h"
#include <string.h>
#include <strings.h>

enum { NESTING_MAX = 64 };

typedef struct parser {
  dur_log_query *query;
  dur_matcher *m;
  const char *start, *p, *end;
  int depth;
} parser;

static const char NAME_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_.@-";

static dur_match *fail(const parser *it, const char *why) {
  if (it->m->why == NULL) {
    it->m->why = why;
    it->m->why_at = (size_t)(it->p - it->start);
  }
  return NULL;
}

static int refuse(const parser *it, const char *why) {
  fail(it, why);
  return -1;
}

/* ---- words */

static void blank(parser *it) {
  while (it->p < it->end) {
    if (*it->p == '#')
      while (it->p < it->end && *it->p != '\n')
        it->p++;
    else if (*it->p == ' ' || (*it->p >= '\t' && *it->p <= '\r'))
      it->p++;
    else
      return;
  }
}

static int take(parser *it, const char *text) {
  size_t len = strlen(text);
  blank(it);
  if ((size_t)(it->end - it->p) < len || memcmp(it->p, text, len) != 0)
    return 0;
  it->p += len;
  return 1;
}

static dur_bytes name_at(const parser *it) {
  const char *p = it->p;
  while (p < it->end && *p != '\0' && strchr(NAME_CHARACTERS, *p) != NULL)
    p++;
  return (dur_bytes){it->p, (size_t)(p - it->p)};
}

/* A keyword, in any case. */
static int take_word(parser *it, const char *text) {
  blank(it);
  dur_bytes name = name_at(it);
  if (name.len != strlen(text) || strncasecmp(name.data, text, name.len) != 0)
    return 0;
  it->p += name.len;
  return 1;
}

/* Behind a quote, up to its end. */
static int quoted(parser *it, char quote, dur_bytes *out) {
  char *text = dur_arena_alloc(&it->m->arena, (size_t)(it->end - it->p) + 1);
  size_t len = 0;
  if (text == NULL)
    return refuse(it, "out of memory");
  for (; it->p < it->end && *it->p != quote; it->p++) {
    if (*it->p == '\\' && it->p + 1 < it->end &&
        (quote != '/' || it->p[1] == '/'))
      it->p++;
    text[len++] = *it->p;
  }
  if (it->p == it->end)
    return refuse(it, quote == '/' ? "a / without an end"
                                   : "a quote without an end");
  it->p++;
  *out = (dur_bytes){text, len};
  return 0;
}

static int field_of(parser *it, dur_log_field *field) {
  static const struct {
    const char *name;
    dur_log_part part;
  } PARTS[] = {{"@message", DUR_LOG_MESSAGE},
               {"@timestamp", DUR_LOG_TIMESTAMP},
               {"@ingestionTime", DUR_LOG_INGESTION},
               {"@requestId", DUR_LOG_REQUEST},
               {"@log", DUR_LOG_GROUP},
               {"@logStream", DUR_LOG_STREAM_NAME},
               {"@ptr", DUR_LOG_POINTER}};
  dur_bytes name;
  *field = (dur_log_field){.part = DUR_LOG_JSON};
  blank(it);
  if (take(it, "`")) {
    if (quoted(it, '`', &name) != 0)
      return -1;
  } else {
    name = name_at(it);
    it->p += name.len;
  }
  field->name = name;
  for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
    if (dur_bytes_is(name, PARTS[i].name)) {
      field->part = PARTS[i].part;
      return 0;
    }
  if (name.len > 0 && name.data[0] == '@')
    return refuse(it, "unknown field: of those with @ there are @message "
                      "@timestamp @ingestionTime @requestId @log @logStream "
                      "@ptr");
  if (name.len == 0 || dur_log_path(field, name) != 0)
    return refuse(it, "expected the name of a field");
  return 0;
}

/* ---- conditions */

static dur_match *either(parser *it);

static dur_match *regex(parser *it, dur_match_op op) {
  dur_bytes text;
  if (quoted(it, '/', &text) != 0)
    return NULL;
  dur_match *match = dur_match_regex(it->m, text);
  if (match == NULL)
    return fail(it, "a regular expression that is none");
  match->op = op;
  return match;
}

/* A text in quotes, or a number. */
static dur_match *literal(parser *it, dur_match_kind kind, dur_match_op op) {
  dur_match *match = dur_match_new(it->m, kind);
  if (match == NULL)
    return NULL;
  match->op = op;
  blank(it);
  if (it->p < it->end && (*it->p == '"' || *it->p == '\'')) {
    char quote = *it->p++;
    return quoted(it, quote, &match->text) == 0 ? match : NULL;
  }
  match->text = name_at(it);
  match->is_number = dur_json_valid(match->text, 0, NULL, NULL);
  if (!match->is_number || kind != DUR_MATCH_COMPARE)
    return fail(it, kind == DUR_MATCH_COMPARE
                        ? "expected a text in quotes or a number"
                        : "expected a text in quotes or a /regular "
                          "expression/");
  it->p += match->text.len;
  return match;
}

static dur_match *with_field(dur_match *match, const dur_log_field *field) {
  if (match != NULL)
    match->field = *field;
  return match;
}

static dur_match *like(parser *it, const dur_log_field *field) {
  return with_field(take(it, "/") ? regex(it, DUR_OP_EQ)
                                  : literal(it, DUR_MATCH_CONTAINS, DUR_OP_EQ),
                    field);
}

static dur_match *among(parser *it, const dur_log_field *field) {
  dur_match *any = NULL;
  if (!take(it, "["))
    return fail(it, "expected [ after in");
  do {
    dur_match *match =
        with_field(literal(it, DUR_MATCH_COMPARE, DUR_OP_EQ), field);
    any = any ? dur_match_join(it->m, DUR_MATCH_OR, any, match) : match;
  } while (any != NULL && take(it, ","));
  if (any != NULL && !take(it, "]"))
    return fail(it, "expected , or ]");
  return any;
}

static dur_match *compared(parser *it, const dur_log_field *field) {
  static const struct {
    const char *text;
    dur_match_op op;
  } OPS[] = {{"!=", DUR_OP_NE}, {"<=", DUR_OP_LE}, {">=", DUR_OP_GE},
             {"=", DUR_OP_EQ},  {"<", DUR_OP_LT},  {">", DUR_OP_GT}};
  if (take(it, "=~"))
    return take(it, "/") ? with_field(regex(it, DUR_OP_EQ), field)
                         : fail(it, "expected /a regular expression/ after =~");
  for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++)
    if (take(it, OPS[i].text))
      return with_field(literal(it, DUR_MATCH_COMPARE, OPS[i].op), field);
  return fail(it, "expected one of = != < <= > >= =~ like in not");
}

static dur_match *condition(parser *it) {
  dur_log_field field;
  int present = take_word(it, "ispresent");
  if (present && !take(it, "("))
    return fail(it, "expected ( after ispresent");
  if (field_of(it, &field) != 0)
    return NULL;
  if (present)
    return take(it, ")")
               ? with_field(dur_match_new(it->m, DUR_MATCH_EXISTS), &field)
               : fail(it, "expected )");
  int negated = take_word(it, "not");
  dur_match *match = take_word(it, "like") ? like(it, &field)
                     : take_word(it, "in") ? among(it, &field)
                     : negated ? fail(it, "expected like or in after not")
                               : compared(it, &field);
  return negated ? dur_match_join(it->m, DUR_MATCH_NOT, match, NULL) : match;
}

static dur_match *one(parser *it) {
  dur_match *match;
  if (++it->depth > NESTING_MAX)
    return fail(it, "too many parentheses inside each other");
  if (take_word(it, "not")) {
    match = dur_match_join(it->m, DUR_MATCH_NOT, one(it), NULL);
  } else if (take(it, "(")) {
    match = either(it);
    if (match != NULL && !take(it, ")"))
      match = fail(it, "expected and, or, or )");
  } else {
    match = condition(it);
  }
  it->depth--;
  return match;
}

static dur_match *both(parser *it) {
  dur_match *match = one(it);
  while (match != NULL && (take_word(it, "and") || take(it, "&&")))
    match = dur_match_join(it->m, DUR_MATCH_AND, match, one(it));
  return match;
}

static dur_match *either(parser *it) {
  dur_match *match = both(it);
  while (match != NULL && (take_word(it, "or") || take(it, "||")))
    match = dur_match_join(it->m, DUR_MATCH_OR, match, both(it));
  return match;
}

/* ---- commands */

static int read_fields(parser *it, int replaces) {
  dur_log_query *q = it->query;
  if (replaces)
    q->field_count = 0;
  do {
    if (q->field_count == DUR_LOG_FIELDS_MAX)
      return refuse(it, "too many fields: at most 64 are known");
    if (field_of(it, &q->fields[q->field_count]) != 0)
      return -1;
    q->field_count++;
  } while (take(it, ","));
  return 0;
}

static int read_filter(parser *it) {
  dur_match *match = either(it);
  it->m->root = it->m->root
                    ? dur_match_join(it->m, DUR_MATCH_AND, it->m->root, match)
                    : match;
  return it->m->root ? 0 : refuse(it, "expected a condition");
}

static int read_sort(parser *it) {
  if (field_of(it, &it->query->sort) != 0)
    return -1;
  it->query->ascending = take_word(it, "asc");
  if (!it->query->ascending)
    (void)take_word(it, "desc");
  return 0;
}

static int read_limit(parser *it) {
  blank(it);
  dur_bytes text = name_at(it);
  if (!dur_number_int(text, &it->query->limit) || it->query->limit < 1 ||
      it->query->limit > DUR_LOG_ROWS_MAX)
    return refuse(it, "expected a limit of 1 to 10000");
  it->p += text.len;
  return 0;
}

static int read_command(parser *it) {
  if (take_word(it, "fields"))
    return read_fields(it, 0);
  if (take_word(it, "display"))
    return read_fields(it, 1);
  if (take_word(it, "filter"))
    return read_filter(it);
  if (take_word(it, "sort"))
    return read_sort(it);
  if (take_word(it, "limit"))
    return read_limit(it);
  return refuse(it, "expected one of the commands that are known here: fields, "
                    "display, filter, sort, limit");
}

static void add_default(dur_log_query *q, const char *name, dur_log_part part) {
  q->fields[q->field_count++] =
      (dur_log_field){.part = part, .name = dur_cstr(name)};
}

int dur_log_query_parse(dur_log_query *q, dur_bytes source) {
  parser it = {.query = q,
               .m = &q->filter,
               .start = source.data,
               .p = source.data,
               .end = source.data + source.len};
  *q = (dur_log_query){.sort = {.part = DUR_LOG_TIMESTAMP}};
  dur_matcher_init(&q->filter);
  do {
    if (read_command(&it) != 0)
      return -1;
  } while (take(&it, "|"));
  blank(&it);
  if (it.p < it.end)
    return refuse(&it, "expected | or the end");
  if (q->field_count == 0) {
    add_default(q, "@timestamp", DUR_LOG_TIMESTAMP);
    add_default(q, "@message", DUR_LOG_MESSAGE);
  }
  if (q->filter.root == NULL)
    q->filter.root = dur_match_new(&q->filter, DUR_MATCH_ALL);
  return q->filter.root ? 0 : -1;
}

void dur_log_query_drop(dur_log_query *q) {
  dur_matcher_drop(&q->filter);
}
