/* log: JSON lines to stderr or to the descriptor of the Lambda telemetry.
 *
 * Invariant: a line goes out whole, under one lock of the process; a forked
 * child starts with the lock free. */
#include "host/log.h"

#include "base/arena.h"
#include "base/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 16 * 1024 * 1024, FRAME_HEAD = 16 };
static const uint32_t frame_type = 0xa55a0003u;

static const struct {
  const char *name;
  int level;
} levels[] = {{"TRACE", DURABLE_LOG_TRACE},  {"DEBUG", DURABLE_LOG_DEBUG},
              {"INFO", DURABLE_LOG_INFO},    {"WARN", DURABLE_LOG_WARN},
              {"ERROR", DURABLE_LOG_ERROR},  {"FATAL", DURABLE_LOG_FATAL},
              {"WARNING", DURABLE_LOG_WARN}, {"CRITICAL", DURABLE_LOG_FATAL}};

static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- levels */

int durable_host_log_level(durable_bytes name) {
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    if (strlen(levels[i].name) == name.len &&
        !strncasecmp(levels[i].name, name.data, name.len))
      return levels[i].level;
  }
  return 0;
}

int durable_host_log_enabled(int level) {
  const char *text = getenv("AWS_LAMBDA_LOG_LEVEL");
  int least =
      text ? durable_host_log_level((durable_bytes){text, strlen(text)}) : 0;
  return level >= (least ? least : DURABLE_LOG_INFO);
}

static const char *level_name(int level) {
  level = level < DURABLE_LOG_TRACE   ? DURABLE_LOG_TRACE
          : level > DURABLE_LOG_FATAL ? DURABLE_LOG_FATAL
                                      : level;
  return levels[level - DURABLE_LOG_TRACE].name;
}

/* ---- the line */

static void put_timestamp(dur_json_out *out, const struct timeval *now) {
  char text[64];
  struct tm tm;
  gmtime_r(&now->tv_sec, &tm);
  size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &tm);
  int ms = (int)(now->tv_usec / 1000);
  text[n++] = (char)('0' + ms / 100);
  text[n++] = (char)('0' + ms / 10 % 10);
  text[n++] = (char)('0' + ms % 10);
  text[n++] = 'Z';
  dur_json_string(out, (dur_bytes){text, n});
}

/* The members of |fields|, save those that the line has of its own. */
static int put_fields(dur_json_out *out, dur_bytes fields) {
  dur_json in;
  dur_arena arena;
  dur_json_init(&in, fields, DUR_JSON_ALLOW_NAN);
  if (dur_json_next(&in) != DUR_JSON_OBJECT)
    return DURABLE_E_ARGUMENT;
  dur_arena_init(&arena, &dur_mem_default);
  int rc = DURABLE_OK;
  while (!rc && dur_json_next(&in) == DUR_JSON_KEY) {
    dur_bytes key, value;
    int own =
        dur_json_text_is(&in, "timestamp") || dur_json_text_is(&in, "level");
    if (dur_json_text(&in, &arena, &key))
      rc = DURABLE_E_NOMEM;
    else if (dur_json_raw(&in, &value) == DUR_JSON_ERROR)
      rc = DURABLE_E_ARGUMENT;
    else if (!own) {
      dur_json_key_bytes(out, key);
      dur_json_raw_value(out, value);
    }
  }
  if (!rc &&
      (in.token != DUR_JSON_OBJECT_END || dur_json_next(&in) != DUR_JSON_END))
    rc = DURABLE_E_ARGUMENT;
  dur_arena_drop(&arena);
  return rc;
}

static int put_line(dur_buf *line, const struct timeval *now, int level,
                    dur_bytes fields) {
  dur_json_out out;
  size_t start = line->len;
  dur_json_out_init(&out, line, 0);
  dur_json_begin_object(&out);
  dur_json_key(&out, "timestamp");
  put_timestamp(&out, now);
  dur_json_key(&out, "level");
  dur_json_cstr(&out, level_name(level));
  int rc = put_fields(&out, fields);
  dur_json_end_object(&out);
  /* White space between tokens is all that can break the line. */
  for (size_t i = start; i < line->len; i++) {
    if (line->data[i] == '\n' || line->data[i] == '\r')
      line->data[i] = ' ';
  }
  dur_buf_char(line, '\n');
  if (!rc && line->failed)
    rc = line->failed == DUR_BUF_NOMEM ? DURABLE_E_NOMEM : DURABLE_E_ARGUMENT;
  return rc;
}

/* ---- where it goes */

static void lock_line(void) {
  pthread_mutex_lock(&write_lock);
}

static void unlock_line(void) {
  pthread_mutex_unlock(&write_lock);
}

static void new_lock(void) {
  pthread_mutex_init(&write_lock, NULL);
}

static void init_once(void) {
  pthread_atfork(lock_line, unlock_line, new_lock);
}

static int write_all(int fd, dur_bytes text) {
  while (text.len) {
    ssize_t n = write(fd, text.data, text.len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return DURABLE_E_IO;
    text.data += n;
    text.len -= (size_t)n;
  }
  return DURABLE_OK;
}

/* The descriptor of the telemetry, -1: none. */
static int telemetry_fd(void) {
  const char *text = getenv("_LAMBDA_TELEMETRY_LOG_FD");
  char *end;
  if (!text || *text < '0' || *text > '9')
    return -1;
  long fd = strtol(text, &end, 10);
  return *end || fd > 1 << 20 ? -1 : (int)fd;
}

static void put_big_endian(char *to, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    to[i] = (char)(value >> (8 * (bytes - 1 - i)) & 0xff);
}

static void fill_head(char *head, size_t len, const struct timeval *now) {
  put_big_endian(head, frame_type, 4);
  put_big_endian(head + 4, len, 4);
  put_big_endian(head + 8,
                 (uint64_t)now->tv_sec * 1000000 + (uint64_t)now->tv_usec, 8);
}

int durable_host_log(int level, durable_bytes fields) {
  if (!fields.data)
    return DURABLE_E_ARGUMENT;
  if (!durable_host_log_enabled(level))
    return DURABLE_OK;
  struct timeval now;
  gettimeofday(&now, NULL);
  int fd = telemetry_fd();
  dur_buf line;
  dur_buf_init(&line, &dur_mem_default, LOG_LINE_MAX);
  char head[FRAME_HEAD] = {0};
  if (fd >= 0)
    dur_buf_add(&line, head, sizeof head);
  int rc = put_line(&line, &now, level, (dur_bytes){fields.data, fields.len});
  if (!rc) {
    if (fd >= 0)
      fill_head(line.data, line.len - FRAME_HEAD, &now);
    pthread_once(&once, init_once);
    lock_line();
    rc = write_all(fd >= 0 ? fd : STDERR_FILENO, dur_buf_view(&line));
    unlock_line();
  }
  dur_buf_drop(&line);
  return rc;
}

/* ---- records of an engine */

static int record_level(dur_bytes json) {
  dur_json in;
  int level = DURABLE_LOG_INFO;
  dur_json_init(&in, json, DUR_JSON_ALLOW_NAN);
  if (dur_json_next(&in) != DUR_JSON_OBJECT)
    return level;
  while (dur_json_next(&in) == DUR_JSON_KEY) {
    if (!dur_json_text_is(&in, "level")) {
      dur_json_skip(&in);
      continue;
    }
    if (dur_json_next(&in) != DUR_JSON_STRING)
      break;
    int known =
        durable_host_log_level((durable_bytes){in.text.data, in.text.len});
    level = known ? known : level;
    break;
  }
  return level;
}

/* {"executionArn":..,"requestId":.., and the members of |json|}; JSON text that
 * is no object stays none. */
static void put_origin(dur_buf *out, dur_bytes arn, dur_bytes request_id,
                       dur_bytes json) {
  const char *brace = json.len ? memchr(json.data, '{', json.len) : NULL;
  if (!brace)
    return;
  dur_buf_str(out, "{\"executionArn\":");
  dur_json_put_string(out, arn);
  if (request_id.len) {
    dur_buf_str(out, ",\"requestId\":");
    dur_json_put_string(out, request_id);
  }
  const char *rest = brace + 1, *end = json.data + json.len;
  while (rest < end && (*rest == ' ' || *rest == '\n' || *rest == '\t'))
    rest++;
  if (rest < end && *rest != '}')
    dur_buf_char(out, ',');
  dur_buf_add(out, rest, (size_t)(end - rest));
}

int dur_host_log_from(dur_bytes arn, dur_bytes request_id,
                      const durable_engine_record *record) {
  dur_bytes json = {record->json.data, record->json.len};
  int level = record_level(json);
  if (record->kind != DURABLE_RECORD_LOG || !durable_host_log_enabled(level))
    return DURABLE_OK;
  dur_buf fields;
  dur_buf_init(&fields, &dur_mem_default, LOG_LINE_MAX);
  if (arn.len)
    put_origin(&fields, arn, request_id, json);
  else
    dur_buf_bytes(&fields, json);
  dur_bytes text = dur_buf_view(&fields);
  int rc = fields.failed
               ? DURABLE_E_NOMEM
               : durable_host_log(level, (durable_bytes){text.data, text.len});
  dur_buf_drop(&fields);
  return rc;
}

int durable_host_log_record(const durable_engine_record *record) {
  if (!record || record->size < sizeof *record)
    return DURABLE_E_ARGUMENT;
  return dur_host_log_from(DUR_NONE, DUR_NONE, record);
}
