/* sockets: the connections that the driver's thread holds open, so that a
 * forked child can close its copies.
 *
 * Invariant: a descriptor is in the table from its socket() to its close().
 * Every call is made under the driver's lock. */
#ifndef DUR_HOST_SOCKETS_H
#define DUR_HOST_SOCKETS_H

int dur_sockets_open(int family, int type, int protocol); /* fd or -1 */
int dur_sockets_close(int fd);
void dur_sockets_close_all(void);

#endif
