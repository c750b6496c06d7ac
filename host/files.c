/* files: payloads kept in a directory beside the checkpoint.
 *
 * Invariant: a file appears under its name whole and flushed, or not at all;
 * and nothing is read whose real path lies outside of the real base path. */
#include "base/arena.h"
#include "serdes/fs_envelope.h"
#include "serdes/plain.h"
#include "wire/arn.h"

#include <durable/host.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  FILE_MAX = 64 * 1024 * 1024,
  PAYLOAD_MAX = 8 * 1024 * 1024,
  TEMP_TRIES = 100
};

/* ---- small parts */

static int from_errno(void) {
  return errno == ENAMETOOLONG ? DURABLE_E_LIMIT
         : errno == ENOMEM     ? DURABLE_E_NOMEM
                               : DURABLE_E_IO;
}

static int from_serdes(const dur_serdes_error *err) {
  return err->code == DUR_SERDES_NOMEM   ? DURABLE_E_NOMEM
         : err->code == DUR_SERDES_LIMIT ? DURABLE_E_LIMIT
                                         : DURABLE_E_SERDES;
}

static int give(dur_buf *from, durable_host_buffer *out) {
  size_t len, cap;
  if (!dur_buf_cstr(from))
    return from->failed == DUR_BUF_NOMEM ? DURABLE_E_NOMEM : DURABLE_E_LIMIT;
  out->data = dur_buf_take(from, &len, &cap);
  out->len = len;
  return DURABLE_OK;
}

static int check_files(const durable_host_files *files) {
  if (!files || files->size < offsetof(durable_host_files, overflow) ||
      !files->base_path || !*files->base_path)
    return DURABLE_E_ARGUMENT;
  for (size_t i = sizeof *files; i < files->size; i++) {
    if (((const char *)files)[i])
      return DURABLE_E_ABI;
  }
  return DURABLE_OK;
}

static int has_overflow(const durable_host_files *files) {
  return files->size >= offsetof(durable_host_files, hashed) && files->overflow;
}

static int has_hashes(const durable_host_files *files) {
  return files->size >= sizeof *files && files->hashed;
}

/* ---- writing */

/* Make the directories that |path| lies in. */
static int make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int failed = mkdir(path, 0777) && errno != EEXIST;
    *slash = '/';
    if (failed)
      return from_errno();
  }
  return DURABLE_OK;
}

static int write_all(int fd, dur_bytes text) {
  while (text.len) {
    ssize_t n = write(fd, text.data, text.len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    text.data += n;
    text.len -= (size_t)n;
  }
  return 0;
}

/* A new file beside |path|; its name is put into |temp|. */
static int open_temp(const char *path, char *temp, size_t size) {
  static unsigned counter;
  for (int i = 0; i < TEMP_TRIES; i++) {
    unsigned n = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
    const char *slash = strrchr(path, '/');
    int dir = slash ? (int)(slash - path) + 1 : 0;
    snprintf(temp, size, "%.*s.durable-%ld-%u.tmp", dir, path, (long)getpid(),
             n);
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST)
      return fd;
  }
  return -1;
}

/* The new name itself is flushed too; a file system that cannot flush a
 * directory has nothing to flush. */
static void flush_directory(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash)
    return;
  *slash = '\0';
  int fd = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  *slash = '/';
  if (fd < 0)
    return;
  fsync(fd);
  close(fd);
}

static int write_file(char *path, dur_bytes text) {
  int rc = make_parents(path);
  if (rc)
    return rc;
  size_t size = strlen(path) + 64;
  char *temp = malloc(size);
  if (!temp)
    return DURABLE_E_NOMEM;
  int fd = open_temp(path, temp, size);
  if (fd < 0) {
    rc = from_errno();
  } else {
    int failed = write_all(fd, text) || fsync(fd);
    failed = close(fd) || failed;
    if (failed || rename(temp, path)) {
      rc = from_errno();
      int kept = errno;
      unlink(temp);
      errno = kept;
    }
  }
  free(temp);
  if (!rc)
    flush_directory(path);
  return rc;
}

static int put_path(const durable_host_files *files, dur_bytes arn,
                    dur_bytes operation_id, dur_buf *path,
                    dur_serdes_error *err) {
  dur_arn parts;
  dur_fs_place place = {.base = dur_cstr(files->base_path),
                        .arn = arn,
                        .operation = operation_id};
  if (dur_arn_parse(arn, &parts)) {
    place.function = parts.function;
    place.name = parts.name;
    place.id = parts.id;
  }
  return dur_fs_path(path, &place, has_hashes(files) ? DUR_FS_HASH : DUR_FS_URI,
                     err);
}

static int put_payload(dur_arena *arena, dur_bytes path, dur_bytes preview,
                       dur_buf *out, dur_serdes_error *err) {
  dur_value *value = NULL;
  if (preview.data && dur_plain_read(arena, preview, &value, err))
    return -1;
  if (value && value->kind != DUR_MAP)
    value = NULL;
  return dur_fs_write_file(out, path, value, err);
}

static int store_file(const durable_host_files *files, dur_bytes arn,
                      dur_bytes operation_id, dur_bytes text, dur_bytes preview,
                      dur_buf *out) {
  dur_serdes_error err;
  dur_buf path;
  dur_arena arena;
  dur_buf_init(&path, &dur_mem_default, PATH_MAX);
  dur_arena_init(&arena, &dur_mem_default);
  int rc = DURABLE_OK;
  if (put_path(files, arn, operation_id, &path, &err) ||
      put_payload(&arena, dur_buf_view(&path), preview, out, &err))
    rc = from_serdes(&err);
  else if (!dur_buf_cstr(&path))
    rc = path.failed == DUR_BUF_NOMEM ? DURABLE_E_NOMEM : DURABLE_E_LIMIT;
  else
    rc = write_file(path.data, text);
  dur_arena_drop(&arena);
  dur_buf_drop(&path);
  return rc;
}

int durable_host_files_store(const durable_host_files *files, durable_bytes arn,
                             durable_bytes operation_id, durable_bytes text,
                             durable_bytes preview,
                             durable_host_buffer *payload) {
  int rc = check_files(files);
  if (rc)
    return rc;
  if (!payload || !arn.len || !operation_id.len)
    return DURABLE_E_ARGUMENT;
  dur_serdes_error err;
  dur_buf out;
  dur_bytes inner = {text.data ? text.data : "", text.len};
  dur_buf_init(&out, &dur_mem_default, PAYLOAD_MAX);
  int fits = has_overflow(files) ? dur_fs_write_data(&out, inner, &err) : 0;
  if (fits < 0)
    rc = from_serdes(&err);
  else if (!fits)
    rc = store_file(files, (dur_bytes){arn.data, arn.len},
                    (dur_bytes){operation_id.data, operation_id.len}, inner,
                    (dur_bytes){preview.data, preview.len}, &out);
  if (!rc)
    rc = give(&out, payload);
  dur_buf_drop(&out);
  return rc;
}

/* ---- reading */

/* 1 when |path| lies below |base|, both real. */
static int lies_in(const char *base, const char *path) {
  size_t n = strlen(base);
  if (n && base[n - 1] == '/')
    n--;
  return !strncmp(base, path, n) && path[n] == '/';
}

static int read_all(int fd, dur_buf *out) {
  for (;;) {
    char *room = dur_buf_reserve(out, 64 * 1024);
    if (!room)
      return out->failed == DUR_BUF_NOMEM ? DURABLE_E_NOMEM : DURABLE_E_LIMIT;
    ssize_t n = read(fd, room, 64 * 1024);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n ? DURABLE_E_IO : DURABLE_OK;
    out->len += (size_t)n;
  }
}

static int read_real(const char *real, dur_buf *out) {
  struct stat st;
  int fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return from_errno();
  int rc = fstat(fd, &st) ? DURABLE_E_IO : DURABLE_OK;
  if (!rc && !S_ISREG(st.st_mode)) {
    errno = EINVAL;
    rc = DURABLE_E_IO;
  }
  if (!rc && st.st_size > FILE_MAX)
    rc = DURABLE_E_LIMIT;
  if (!rc)
    rc = read_all(fd, out);
  int kept = errno;
  close(fd);
  errno = kept;
  return rc;
}

/* The text of |path| is looked at first, so that nothing can be learned of
 * files that are none of ours. */
static int read_file(const durable_host_files *files, dur_arena *arena,
                     dur_bytes path, dur_buf *out) {
  dur_bytes name = dur_arena_copy(arena, path);
  if (!name.data)
    return DURABLE_E_NOMEM;
  if (memchr(name.data, '\0', name.len) ||
      dur_fs_inside(arena, dur_cstr(files->base_path), name) != 1)
    return DURABLE_E_ARGUMENT;
  char *base = realpath(files->base_path, NULL);
  char *real = base ? realpath(name.data, NULL) : NULL;
  int rc;
  if (!real)
    rc = from_errno();
  else if (!lies_in(base, real))
    rc = DURABLE_E_ARGUMENT;
  else
    rc = read_real(real, out);
  free(base);
  free(real);
  return rc;
}

int durable_host_files_load(const durable_host_files *files,
                            durable_bytes payload, durable_host_buffer *text) {
  int rc = check_files(files);
  if (rc)
    return rc;
  if (!text || !payload.data)
    return DURABLE_E_ARGUMENT;
  dur_fs_envelope envelope;
  dur_serdes_error err;
  dur_arena arena;
  dur_buf out;
  dur_arena_init(&arena, &dur_mem_default);
  dur_buf_init(&out, &dur_mem_default, FILE_MAX + 64 * 1024);
  if (dur_fs_read(&arena, (dur_bytes){payload.data, payload.len}, &envelope,
                  &err)) {
    rc = from_serdes(&err);
  } else if (envelope.file.data) {
    rc = read_file(files, &arena, envelope.file, &out);
  } else {
    dur_buf_bytes(&out, envelope.data);
  }
  if (!rc)
    rc = give(&out, text);
  dur_buf_drop(&out);
  dur_arena_drop(&arena);
  return rc;
}
