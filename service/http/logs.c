/* logs: output lines of functions, one JSON object each. */
#include "base/json.h"
#include "process.h"
#include "service/clock.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_all(int fd, dur_bytes text) {
  while (text.len > 0) {
    ssize_t n = write(fd, text.data, text.len);
    if (n <= 0)
      return; /* a full disk costs log lines, not executions */
    text.data += n;
    text.len -= (size_t)n;
  }
}

static void render(dur_buf *out, const char *function, const char *request_id,
                   dur_bytes line) {
  dur_json_out json;
  dur_json_out_init(&json, out, 0);
  dur_json_begin_object(&json);
  dur_json_key(&json, "timestamp");
  dur_json_i64(&json, dur_real_ms());
  dur_json_key(&json, "function");
  dur_json_cstr(&json, function);
  dur_json_key(&json, "requestId");
  if (request_id[0])
    dur_json_cstr(&json, request_id);
  else
    dur_json_null(&json);
  dur_json_key(&json, "message");
  dur_json_string(&json, line.data ? line : DUR_LIT(""));
  dur_json_end_object(&json);
  dur_buf_char(out, '\n');
}

void dur_log_line(const dur_fleet *fleet, const char *function,
                  const char *request_id, dur_bytes line) {
  dur_buf out;
  int fd = STDERR_FILENO;
  dur_buf_init(&out, &dur_mem_default, SIZE_MAX);
  if (fleet->log_dir != NULL) {
    render(&out, function, request_id, line);
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.jsonl", fleet->log_dir, function);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  } else {
    dur_buf_bytes(&out, line);
    dur_buf_char(&out, '\n');
  }
  if (fd >= 0 && !out.failed)
    write_all(fd, dur_buf_view(&out));
  if (fd > STDERR_FILENO)
    close(fd);
  dur_buf_drop(&out);
}
