/* error: the ErrorObject, read, written, copied and cut to size.
 *
 * Invariant: a stack is a well-formed JSON array of strings or absent, so it is
 * written as it was read.  Callable by core/ and service/. */
#include "wire/error.h"

#include "wire/put.h"
#include "wire/read.h"

static const dur_field ERROR_FIELDS[] = {
    DUR_FIELD(string, "Error.", "ErrorMessage", dur_error, message),
    DUR_FIELD(string, "Error.", "ErrorType", dur_error, type),
    DUR_FIELD(string, "Error.", "ErrorData", dur_error, data),
    DUR_FIELD(strings, "Error.", "StackTrace", dur_error, stack),
};

int dur_read_error(const dur_reader *r, dur_error *out, const char *wrong) {
  *out = (dur_error){0};
  int got = dur_read_open(r, DUR_JSON_OBJECT, wrong);
  return got > 0 ? dur_read_members(r, DUR_FIELDS(ERROR_FIELDS), out) : got;
}

int dur_error_read(dur_json *json, dur_arena *arena, dur_error *out) {
  const char *why = NULL;
  dur_reader r = {json, arena, &why, DUR_TIME_MS};
  return dur_read_error(&r, out, "the error is not an object");
}

int dur_error_parse(dur_bytes text, dur_arena *arena, dur_error *out,
                    const char **why) {
  dur_json json;
  dur_reader r = {&json, arena, why, DUR_TIME_MS};
  dur_json_init(&json, text, 0);
  int got = dur_read_error(&r, out, "the error is not an object");
  if (got >= 0 && dur_json_next(&json) != DUR_JSON_END)
    return dur_read_no(&r, "text after the JSON value");
  return got;
}

void dur_error_write(dur_json_out *out, const dur_error *error) {
  dur_put put = {.out = out};
  dur_put_error(&put, NULL, error);
}

size_t dur_error_size(const dur_error *error) {
  dur_put put = {0};
  dur_put_error(&put, NULL, error);
  return put.size;
}

static int copy(dur_arena *arena, dur_bytes from, dur_bytes *to) {
  *to = dur_arena_copy(arena, from);
  return dur_bytes_copied(from, *to);
}

int dur_error_copy(dur_arena *arena, const dur_error *from, dur_error *to) {
  return copy(arena, from->message, &to->message) &&
                 copy(arena, from->type, &to->type) &&
                 copy(arena, from->data, &to->data) &&
                 copy(arena, from->stack, &to->stack)
             ? 0
             : -1;
}

/* ---- cutting */

/* How much of |stack|, counted from its '[', may stay so that with a ']' it is
 * at most |room| bytes; 0 when not even one line fits. */
static size_t stack_prefix(dur_bytes stack, size_t room) {
  dur_json json;
  size_t keep = 0;
  dur_json_init(&json, stack, 0);
  dur_json_next(&json);
  while (dur_json_next(&json) == DUR_JSON_STRING) {
    const char *end = json.text.data + json.text.len + 1;
    size_t len = (size_t)(end - stack.data);
    if (len + 1 > room)
      break;
    keep = len;
  }
  return keep;
}

static int cut_stack(dur_arena *arena, dur_error *error, size_t max) {
  dur_bytes stack = error->stack;
  size_t other = dur_error_size(error) - stack.len;
  size_t keep = other < max ? stack_prefix(stack, max - other) : 0;
  error->stack = DUR_NONE;
  if (keep == 0)
    return 0;
  char *text = dur_arena_alloc(arena, keep + 1);
  if (text == NULL)
    return -1;
  for (size_t i = 0; i < keep; i++)
    text[i] = stack.data[i];
  text[keep] = ']';
  error->stack = (dur_bytes){text, keep + 1};
  return 0;
}

/* |len| or less, so that no character of |text| is cut in two */
static size_t whole_characters(dur_bytes text, size_t len) {
  while (len > 0 && len < text.len &&
         ((unsigned char)text.data[len] & 0xC0) == 0x80)
    len--;
  return len;
}

/* The longest prefix of *text with which the error fits, or "". */
static void cut_text(dur_error *error, dur_bytes *text, size_t max) {
  dur_bytes all = *text;
  size_t fits = 0;
  size_t low = 0;
  size_t high = all.len;
  while (low < high) {
    size_t middle = low + (high - low + 1) / 2;
    size_t len = whole_characters(all, middle);
    *text = (dur_bytes){all.data, len};
    if (dur_error_size(error) <= max) {
      low = middle;
      fits = len;
    } else {
      high = middle - 1;
    }
  }
  *text = (dur_bytes){all.data, fits};
}

int dur_error_truncate(dur_arena *arena, dur_error *error, size_t max) {
  if (dur_error_size(error) <= max)
    return 0;
  error->data = DUR_NONE;
  if (error->stack.data != NULL && dur_error_size(error) > max &&
      cut_stack(arena, error, max) < 0)
    return -1;
  if (error->message.data != NULL && dur_error_size(error) > max)
    cut_text(error, &error->message, max);
  if (error->type.data != NULL && dur_error_size(error) > max)
    cut_text(error, &error->type, max);
  if (dur_error_size(error) > max)
    *error = (dur_error){0};
  return 0;
}
