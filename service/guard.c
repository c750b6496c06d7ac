/* guard: one process serves a file.
 *
 * The lock is an open-file-description lock on PATH-lock: it ends with the
 * process that holds it, however that ended, and two services in one process
 * exclude each other as well.  The file's text is the holder's pid, for the
 * message only. */
#include "store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_guard(const dur_store *store) {
  size_t len = strlen(store->path) + sizeof "-lock";
  char *name = malloc(len);
  if (name == NULL)
    return -1;
  snprintf(name, len, "%s-lock", store->path);
  int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  free(name);
  return fd;
}

static long read_pid(int fd) {
  char text[32] = "";
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int write_pid(int fd) {
  char text[32];
  int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len;
}

int dur_store_guard(dur_store *store, long *pid) {
  *pid = 0;
  if (store->path == NULL || store->guard_fd >= 0)
    return 1;
  int fd = open_guard(store);
  if (fd < 0)
    return -1;
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    int taken = errno == EAGAIN || errno == EACCES;
    *pid = taken ? read_pid(fd) : 0;
    close(fd);
    return taken ? 0 : -1;
  }
  if (!write_pid(fd)) {
    close(fd);
    return -1;
  }
  store->guard_fd = fd;
  return 1;
}

void dur_store_unguard(dur_store *store) {
  if (store->guard_fd >= 0)
    close(store->guard_fd);
  store->guard_fd = -1;
}
