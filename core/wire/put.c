/* put: members of an object, written or only counted.  See put.h. */
#include "wire/put.h"

#include <stdio.h>
#include <string.h>

static void put_key(dur_put *put, const char *key) {
  if (put->out != NULL)
    dur_json_key(put->out, key);
  else
    put->size += strlen(key) + sizeof("\"\":") - 1 + (put->follows ? 1 : 0);
  put->follows = 1;
}

void dur_put_open(dur_put *put, const char *key) {
  if (key != NULL)
    put_key(put, key);
  if (put->out != NULL)
    dur_json_begin_object(put->out);
  put->size++;
  put->follows = 0;
}

void dur_put_close(dur_put *put) {
  if (put->out != NULL)
    dur_json_end_object(put->out);
  put->size++;
  put->follows = 1;
}

void dur_put_text(dur_put *put, const char *key, dur_bytes text) {
  put_key(put, key);
  if (put->out != NULL)
    dur_json_string(put->out, text);
  else
    put->size += dur_json_string_len(text);
}

void dur_put_raw(dur_put *put, const char *key, dur_bytes json) {
  put_key(put, key);
  if (put->out != NULL)
    dur_json_raw_value(put->out, json);
  put->size += json.len;
}

void dur_put_i64(dur_put *put, const char *key, int64_t number) {
  char text[24];
  int len = snprintf(text, sizeof(text), "%lld", (long long)number);
  dur_put_raw(put, key, (dur_bytes){text, (size_t)len});
}

void dur_put_flag(dur_put *put, const char *key, int truth) {
  dur_put_raw(put, key, truth ? DUR_LIT("true") : DUR_LIT("false"));
}

void dur_put_time(dur_put *put, const char *key, dur_time_form form,
                  int64_t ms) {
  char text[DUR_TIME_TEXT_MAX];
  size_t len = dur_time_text(text, form, ms);
  dur_put_raw(put, key, (dur_bytes){text, len});
}

void dur_put_error(dur_put *put, const char *key, const dur_error *error) {
  dur_put_open(put, key);
  dur_put_text_if(put, "ErrorMessage", error->message);
  dur_put_text_if(put, "ErrorType", error->type);
  dur_put_text_if(put, "ErrorData", error->data);
  if (error->stack.data != NULL)
    dur_put_raw(put, "StackTrace", error->stack);
  dur_put_close(put);
}

void dur_put_text_if(dur_put *put, const char *key, dur_bytes text) {
  if (text.data != NULL)
    dur_put_text(put, key, text);
}

void dur_put_filled_if(dur_put *put, const char *key, dur_bytes text) {
  if (text.len > 0)
    dur_put_text(put, key, text);
}

void dur_put_time_if(dur_put *put, const char *key, dur_time_form form,
                     int64_t ms) {
  if (ms != 0)
    dur_put_time(put, key, form, ms);
}
