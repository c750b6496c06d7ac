/* sockets: the connections that the driver's thread holds open.  See sockets.h.
 */
#include "host/sockets.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
  int *fds;
  size_t count, cap;
} table;

int dur_sockets_open(int family, int type, int protocol) {
  if (table.count == table.cap) {
    size_t cap = table.cap ? table.cap * 2 : 16;
    int *more = realloc(table.fds, cap * sizeof *more);
    if (!more)
      return -1;
    table.fds = more;
    table.cap = cap;
  }
  int fd = socket(family, type | SOCK_CLOEXEC, protocol);
  if (fd >= 0)
    table.fds[table.count++] = fd;
  return fd;
}

int dur_sockets_close(int fd) {
  for (size_t i = 0; i < table.count; i++) {
    if (table.fds[i] == fd) {
      table.fds[i] = table.fds[--table.count];
      break;
    }
  }
  return close(fd);
}

void dur_sockets_close_all(void) {
  while (table.count)
    close(table.fds[--table.count]);
}
