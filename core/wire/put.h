/* put: members of an object, written or only counted.
 *
 * One walk over a struct gives both its text and the text's length, so the two
 * cannot disagree.  Private to core/wire. */
#ifndef DUR_WIRE_PUT_H
#define DUR_WIRE_PUT_H

#include "wire/operation.h"

typedef struct dur_put {
  dur_json_out *out; /* NULL: count the bytes of the compact form */
  size_t size;
  int follows; /* the open object has a member already */
} dur_put;

void dur_put_open(dur_put *put, const char *key); /* no key: a value */
void dur_put_close(dur_put *put);
void dur_put_text(dur_put *put, const char *key, dur_bytes text);
void dur_put_raw(dur_put *put, const char *key, dur_bytes json);
void dur_put_i64(dur_put *put, const char *key, int64_t number);
void dur_put_flag(dur_put *put, const char *key, int truth);
void dur_put_time(dur_put *put, const char *key, dur_time_form form,
                  int64_t ms);
void dur_put_error(dur_put *put, const char *key, const dur_error *error);

/* Nothing is written for an absent text, an empty one (filled), a zero time. */
void dur_put_text_if(dur_put *put, const char *key, dur_bytes text);
void dur_put_filled_if(dur_put *put, const char *key, dur_bytes text);
void dur_put_time_if(dur_put *put, const char *key, dur_time_form form,
                     int64_t ms);

/* A timestamp as a JSON number; answers its length. */
enum { DUR_TIME_TEXT_MAX = 32 };
size_t dur_time_text(char text[DUR_TIME_TEXT_MAX], dur_time_form form,
                     int64_t ms);

#endif
