/* logs: what functions print, line by line, and where it is kept.
 *
 * Invariants
 *   - A line is {"timestamp", "function", "requestId", "message"} and a line
 *     end, appended whole; its position never changes.
 *   - With a directory, a function's lines are in NAME.jsonl there, also those
 *     of earlier processes; a line that such a process could not finish stays
 *     apart from the next.  Without one, the newest are kept in memory.
 * Any thread may call; close is the last call.
 * Used by: fleet.c, process.c, runtime.c, cloudwatch.c, server.c. */
#ifndef DUR_HTTP_LOGS_H
#define DUR_HTTP_LOGS_H

#include "base/buf.h"

typedef struct dur_logs dur_logs;

/* On Lambda a stream is what one environment prints; here a function has one,
 * of this name. */
#define DUR_LOG_STREAM "$LATEST"

enum {
  DUR_LOG_LINE_MAX =
      16 * 1024 * 1024, /* bytes; more becomes a line of its own */
  DUR_LOG_MEMORY_MAX = 16 * 1024 * 1024 /* per function, without a directory */
};

/* |dir| (NULL: memory, and text to stderr) is made when it is not there.  0, or
 * -1 with a text in |why|. */
int dur_logs_open(dur_logs **out, const char *dir, char *why, size_t size);
void dur_logs_close(dur_logs *logs); /* NULL is fine */

/* Lines that come together: begin, any number of adds, end, in one thread.  The
 * log stands still meanwhile. */
typedef struct dur_logs_batch {
  dur_logs *logs;
  const char *function, *request_id; /* the latter may be "" */
  int64_t now_ms;
  dur_buf text;  /* as it is kept */
  dur_buf plain; /* for stderr */
} dur_logs_batch;

void dur_logs_begin(dur_logs_batch *batch, dur_logs *logs, const char *function,
                    const char *request_id);
void dur_logs_add(dur_logs_batch *batch, dur_bytes line); /* without its end */
void dur_logs_end(dur_logs_batch *batch);

/* Append the lines from |*at| on to |out|, whole, about |room| bytes but at
 * least one, and move |*at| behind them; nothing at the end.  0, or -1 when
 * nothing was ever kept of |function|. */
int dur_logs_read(dur_logs *logs, const char *function, int64_t *at,
                  size_t room, dur_buf *out);

#endif
