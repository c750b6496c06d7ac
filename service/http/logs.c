/* logs: see logs.h.  A file that lives in memory and one of a directory differ
 * in how they are opened, and in that the former loses its oldest lines. */
#include "logs.h"
#include "base/json.h"
#include "base/utf8.h"
#include "service/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, CHUNK = 65536 };

typedef struct log_file {
  struct log_file *next;
  char *function;
  int fd;        /* -1: it could not be opened */
  int64_t start; /* of the oldest line that is kept */
  int64_t end;   /* of the newest */
} log_file;

struct dur_logs {
  pthread_mutex_t lock;
  char *dir;
  log_file *files;
};

/* ---- files; lock held */

/* 1: it names a file of the directory, and nothing else. */
static int is_name(const char *function) {
  static const char CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789_-";
  return function[0] != '\0' && function[strspn(function, CHARACTERS)] == '\0';
}

static int open_file(const dur_logs *logs, const char *function, int creates) {
  char path[PATH_ROOM];
  if (logs->dir == NULL)
    return creates ? memfd_create(function, MFD_CLOEXEC) : -1;
  snprintf(path, sizeof path, "%s/%s.jsonl", logs->dir, function);
  return open(path, O_RDWR | O_APPEND | O_CLOEXEC | (creates ? O_CREAT : 0),
              0644);
}

/* Answers how much: a full disk costs log lines, not executions. */
static int64_t write_all(int fd, dur_bytes text) {
  int64_t done = 0;
  while (done < (int64_t)text.len) {
    ssize_t n = write(fd, text.data + done, text.len - (size_t)done);
    if (n <= 0)
      break;
    done += n;
  }
  return done;
}

/* What was there already, with an end to its last line. */
static void adopt(log_file *file) {
  struct stat is;
  char last = '\n';
  file->start = file->end = 0;
  if (file->fd < 0 || fstat(file->fd, &is) != 0 || is.st_size == 0)
    return;
  file->end = is.st_size;
  if (pread(file->fd, &last, 1, file->end - 1) == 1 && last != '\n')
    file->end += write_all(file->fd, DUR_LIT("\n"));
}

static log_file *find(dur_logs *logs, const char *function, int creates) {
  log_file *it = logs->files;
  while (it != NULL && strcmp(it->function, function) != 0)
    it = it->next;
  if (it != NULL)
    return it;
  int fd = is_name(function) ? open_file(logs, function, creates) : -1;
  if (fd < 0)
    return NULL;
  it = calloc(1, sizeof *it);
  if (it != NULL)
    it->function = strdup(function);
  if (it == NULL || it->function == NULL) {
    free(it);
    close(fd);
    return NULL;
  }
  it->fd = fd;
  adopt(it);
  it->next = logs->files;
  logs->files = it;
  return it;
}

/* Somebody may have moved or removed the file: then a new one. */
static void follow(const dur_logs *logs, log_file *file, int creates) {
  char path[PATH_ROOM];
  struct stat named, ours;
  if (logs->dir == NULL)
    return;
  snprintf(path, sizeof path, "%s/%s.jsonl", logs->dir, file->function);
  if (file->fd >= 0 && stat(path, &named) == 0 && fstat(file->fd, &ours) == 0 &&
      named.st_ino == ours.st_ino && named.st_dev == ours.st_dev) {
    file->end = ours.st_size; /* it may have been cut */
    return;
  }
  if (file->fd >= 0)
    close(file->fd);
  file->fd = open_file(logs, file->function, creates);
  adopt(file);
}

/* ---- opening and closing */

static int make_dir(const char *dir, char *why, size_t size) {
  struct stat is;
  if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
    snprintf(why, size, "the directory %s: %s", dir, strerror(errno));
    return -1;
  }
  if (stat(dir, &is) != 0 || !S_ISDIR(is.st_mode)) {
    snprintf(why, size, "%s is no directory", dir);
    return -1;
  }
  if (access(dir, R_OK | W_OK | X_OK) != 0) {
    snprintf(why, size, "the directory %s: %s", dir, strerror(errno));
    return -1;
  }
  return 0;
}

int dur_logs_open(dur_logs **out, const char *dir, char *why, size_t size) {
  *out = NULL;
  if (dir != NULL && make_dir(dir, why, size) != 0)
    return -1;
  dur_logs *logs = calloc(1, sizeof *logs);
  if (logs != NULL && dir != NULL)
    logs->dir = strdup(dir);
  if (logs == NULL || (dir != NULL && logs->dir == NULL) ||
      pthread_mutex_init(&logs->lock, NULL) != 0) {
    if (logs != NULL)
      free(logs->dir);
    free(logs);
    snprintf(why, size, "out of memory");
    return -1;
  }
  *out = logs;
  return 0;
}

void dur_logs_close(dur_logs *logs) {
  if (logs == NULL)
    return;
  while (logs->files != NULL) {
    log_file *file = logs->files;
    logs->files = file->next;
    if (file->fd >= 0)
      close(file->fd);
    free(file->function);
    free(file);
  }
  pthread_mutex_destroy(&logs->lock);
  free(logs->dir);
  free(logs);
}

/* ---- writing */

/* What is not UTF-8 becomes U+FFFD, byte for byte. */
static void put_message(dur_json_out *json, dur_bytes line) {
  dur_buf clean;
  if (dur_utf8_check(line, DUR_UTF8_STRICT) < 0) {
    dur_json_string(json, line.data ? line : DUR_LIT(""));
    return;
  }
  dur_buf_init(&clean, &dur_mem_default, SIZE_MAX);
  for (const char *p = line.data, *end = p + line.len; p < end;) {
    size_t len = dur_utf8_step(p, end, DUR_UTF8_STRICT);
    dur_buf_add(&clean, len ? p : "\xef\xbf\xbd", len ? len : 3);
    p += len ? len : 1;
  }
  dur_json_string(json, dur_buf_view(&clean));
  dur_buf_drop(&clean);
}

/* The offset behind the line end that comes first from |at| on. */
static int64_t next_line(const log_file *file, int64_t at) {
  char chunk[CHUNK];
  while (at < file->end) {
    ssize_t n = pread(file->fd, chunk, sizeof chunk, at);
    const char *end = n > 0 ? memchr(chunk, '\n', (size_t)n) : NULL;
    if (n <= 0 || end != NULL)
      return end != NULL ? at + (end - chunk) + 1 : file->end;
    at += n;
  }
  return file->end;
}

/* Give back the older half, but not what begins at |newest|; offsets stay as
 * they are. */
static void forget(log_file *file, int64_t newest) {
  int64_t kept = next_line(file, file->end - DUR_LOG_MEMORY_MAX / 2);
  if (kept > newest)
    kept = newest;
  (void)fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                  kept);
  file->start = kept;
}

static void append(dur_logs *logs, log_file *file, dur_bytes text) {
  int64_t newest = file->end;
  file->end += write_all(file->fd, text);
  if (logs->dir == NULL && file->end - file->start > DUR_LOG_MEMORY_MAX)
    forget(file, newest);
}

void dur_logs_begin(dur_logs_batch *batch, dur_logs *logs, const char *function,
                    const char *request_id) {
  pthread_mutex_lock(&logs->lock);
  *batch = (dur_logs_batch){.logs = logs,
                            .function = function,
                            .request_id = request_id,
                            .now_ms = dur_real_ms()};
  dur_buf_init(&batch->text, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&batch->plain, &dur_mem_default, SIZE_MAX);
}

void dur_logs_add(dur_logs_batch *batch, dur_bytes line) {
  dur_json_out json;
  dur_json_out_init(&json, &batch->text, 0);
  dur_json_begin_object(&json);
  dur_json_key(&json, "timestamp");
  dur_json_i64(&json, batch->now_ms);
  dur_json_key(&json, "function");
  dur_json_cstr(&json, batch->function);
  dur_json_key(&json, "requestId");
  if (batch->request_id[0])
    dur_json_cstr(&json, batch->request_id);
  else
    dur_json_null(&json);
  dur_json_key(&json, "message");
  put_message(&json, line);
  dur_json_end_object(&json);
  dur_buf_char(&batch->text, '\n');
  if (batch->logs->dir == NULL) {
    dur_buf_bytes(&batch->plain, line);
    dur_buf_char(&batch->plain, '\n');
  }
}

void dur_logs_end(dur_logs_batch *batch) {
  dur_logs *logs = batch->logs;
  log_file *file = batch->text.len ? find(logs, batch->function, 1) : NULL;
  if (file != NULL)
    follow(logs, file, 1);
  if (file != NULL && file->fd >= 0)
    append(logs, file, dur_buf_view(&batch->text));
  pthread_mutex_unlock(&logs->lock);
  write_all(STDERR_FILENO, dur_buf_view(&batch->plain));
  dur_buf_drop(&batch->text);
  dur_buf_drop(&batch->plain);
}

/* ---- reading */

/* The lines within |from| and |to|, of which the last may end behind. */
static void read_lines(const log_file *file, int64_t from, int64_t to,
                       dur_buf *out) {
  to = to < file->end ? next_line(file, to - 1) : file->end;
  while (from < to) {
    size_t want = (size_t)(to - from < CHUNK ? to - from : CHUNK);
    char *room = dur_buf_reserve(out, want);
    ssize_t n = room ? pread(file->fd, room, want, from) : -1;
    if (n <= 0)
      return;
    out->len += (size_t)n;
    from += n;
  }
}

int dur_logs_read(dur_logs *logs, const char *function, int64_t *at,
                  size_t room, dur_buf *out) {
  pthread_mutex_lock(&logs->lock);
  log_file *file = find(logs, function, 0);
  if (file != NULL)
    follow(logs, file, 0);
  int kept = file != NULL && file->fd >= 0;
  if (kept) {
    size_t before = out->len;
    if (*at < file->start)
      *at = file->start;
    if (*at < file->end)
      read_lines(file, *at, *at + (int64_t)room, out);
    *at += (int64_t)(out->failed ? 0 : out->len - before);
  }
  pthread_mutex_unlock(&logs->lock);
  return kept ? 0 : -1;
}
