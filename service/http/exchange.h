/* exchange: one HTTP request and its answer, and the listener that brings them.
 *
 * Invariants
 *   - A handler sees a whole request, its body within the listener's ceiling;
 *     what is larger was answered with 413.
 *   - A handler either answers or calls dur_exchange_suspend and sees to it that
 *     dur_exchange_resume is called once, from any thread, with the answer in.
 *     A suspended exchange holds no thread.
 *   - The exchange is freed by the listener, after |drop|.
 * Used by: service/http only. */
#ifndef DUR_HTTP_EXCHANGE_H
#define DUR_HTTP_EXCHANGE_H

#include "base/buf.h"
#include <stddef.h>

enum { DUR_EXCHANGE_HEADERS = 12 };

typedef struct dur_listener dur_listener;

typedef struct dur_exchange {
  dur_listener *listener;
  void *connection;   /* of the HTTP library */
  const char *method; /* until the answer is given */
  char *target;       /* path and query as on the request line */
  dur_buf body;
  /* The answer: status 0 until there is one. */
  int status;
  dur_buf answer;
  const char *type; /* Content-Type; static */
  struct {
    const char *name; /* static */
    char *value;      /* malloc'ed */
  } headers[DUR_EXCHANGE_HEADERS];
  size_t header_count;
  void *owner; /* the handler's, until |drop| */
  int64_t began_ms;
  unsigned char reset; /* no answer: the connection is reset */
  unsigned char too_large, asked;
} dur_exchange;

/* The value of a request header, or NULL. */
const char *dur_exchange_header(const dur_exchange *x, const char *name);
/* Add a header to the answer; |value| is copied. */
void dur_exchange_put(dur_exchange *x, const char *name, const char *value);
void dur_exchange_suspend(dur_exchange *x);
void dur_exchange_resume(dur_exchange *x);

typedef struct dur_listener_options {
  const char *host; /* a name or a numeric address */
  unsigned port;    /* 0: any */
  unsigned threads, connections;
  unsigned idle_s;       /* a silent connection is closed after that */
  size_t body_max;       /* bytes */
  const char *too_large; /* body of the 413 */
  int (*handle)(void *user, dur_exchange *x); /* 1: suspended, 0: answered */
  void (*drop)(void *user, dur_exchange *x);  /* may be NULL */
  void *user;
} dur_listener_options;

/* 0, or -1 with a text in |message|. */
int dur_listener_open(dur_listener **out, const dur_listener_options *options,
                      char *message, size_t size);
unsigned dur_listener_port(const dur_listener *listener);
/* Take no more connections. */
void dur_listener_quiesce(dur_listener *listener);
/* Nothing may be suspended.  NULL is fine. */
void dur_listener_close(dur_listener *listener);

#endif
