/* server: the service over HTTP.
 *
 * A thin adapter: what a request means is decided by the request function of
 * the service; added here are headers, ceilings, and what admin.h,
 * cloudwatch.h and faults.h have.
 * An Invoke that waits for its outcome is suspended and holds no thread; one
 * thread looks after all that wait. */
#ifndef DUR_HTTP_SERVER_H
#define DUR_HTTP_SERVER_H

#include "service/http/fleet.h"
#include <durable/service.h>

typedef struct dur_server dur_server;

typedef struct dur_server_options {
  const char *host;
  unsigned port;
  /* 1: as SAM expects.  It compares error texts, which have the status where no
   * type is given: x-amzn-ErrorType on /checkpoint and /state only.  It starts
   * executions of every function as those of "function": names may repeat. */
  int for_sam;
  int test_faults; /* 1: see faults.h */
  const char *log; /* begins a line on stderr for each answer; NULL: none */
} dur_server_options;

/* 1 when there is a SQLite database at |path| that another program made. */
int dur_server_would_refuse(const char *path);

/* Lock, sockets and threads; requests are answered at once.  |fleet| takes what
 * PUT /functions/{name} brings.  0, or -1 with a text in |message|. */
int dur_server_open(dur_server **out, durable_service *service,
                    dur_fleet *fleet, const dur_server_options *options,
                    char *message, size_t size);
unsigned dur_server_port(const dur_server *server);
/* No more connections; Invokes that wait are answered with an error. */
void dur_server_quiesce(dur_server *server);
void dur_server_close(dur_server *server);

#endif
