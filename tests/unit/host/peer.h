/* peer: a scripted HTTP peer on 127.0.0.1, on raw sockets and its own threads.
 *
 * Each request that arrives takes the next turn of the script, whichever
 * connection it came on; what was received is kept and may be looked at once
 * peer_stop has returned. */
#ifndef DUR_TEST_PEER_H
#define DUR_TEST_PEER_H

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEER_TURNS = 64, PEER_THREADS = 64 };

typedef enum peer_act {
  PEER_REPLY = 0,
  PEER_REPLY_SLOWLY, /* byte by byte */
  PEER_REPLY_CLOSE,  /* then close the connection */
  PEER_RESET_ACCEPT, /* reset a connection before anything is read */
  PEER_RESET,        /* read the request, then reset */
  PEER_HOLD          /* read the request, answer nothing until peer_stop */
} peer_act;

typedef struct peer_turn {
  peer_act act;
  const char *reply;
  size_t reply_len;   /* 0: strlen */
  size_t after_turns; /* answer only once so many turns are over */
  size_t after_taken; /* answer only once so many requests have arrived */
} peer_turn;

typedef struct peer_request {
  char *text; /* head and body, NUL-terminated */
  size_t len;
  int connection; /* 1: the first that was accepted */
} peer_request;

typedef struct peer {
  int listener;
  int port;
  char url[64], address[32];
  const peer_turn *turns;
  size_t turn_count;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  size_t taken, over; /* turns */
  peer_request requests[PEER_TURNS];
  int connections;
  int stopping;
  pthread_t acceptor, threads[PEER_THREADS];
  int fds[PEER_THREADS];
} peer;

typedef struct peer_connection {
  peer *p;
  int fd, number;
} peer_connection;

static inline void peer_reset(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static inline size_t peer_body_length(const char *head) {
  const char *at = strcasestr(head, "\r\ncontent-length:");
  return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* 1: a whole request is in |out|; 0: the connection ended before one began. */
static inline int peer_read(int fd, peer_request *out) {
  size_t cap = 4096, len = 0, need = 0;
  char *text = malloc(cap);
  for (;;) {
    if (len + 1 >= cap)
      text = realloc(text, cap *= 2);
    ssize_t n = recv(fd, text + len, cap - len - 1, 0);
    if (n <= 0) {
      free(text);
      return 0;
    }
    len += (size_t)n;
    text[len] = '\0';
    char *end = need ? NULL : strstr(text, "\r\n\r\n");
    if (end)
      need = (size_t)(end - text) + 4 + peer_body_length(text);
    if (need && len >= need)
      break;
  }
  out->text = text;
  out->len = len;
  return 1;
}

static inline void peer_write(int fd, const char *text, size_t len) {
  while (len) {
    ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
    if (n <= 0)
      return;
    text += n;
    len -= (size_t)n;
  }
}

static inline void peer_write_slowly(int fd, const char *text, size_t len) {
  struct timespec pause = {0, 1000000};
  for (size_t i = 0; i < len; i++) {
    peer_write(fd, text + i, 1);
    nanosleep(&pause, NULL);
  }
}

static inline const peer_turn *peer_take(peer *p, const peer_request *request) {
  pthread_mutex_lock(&p->lock);
  const peer_turn *turn = NULL;
  if (p->taken < p->turn_count) {
    turn = &p->turns[p->taken];
    p->requests[p->taken++] = *request;
    pthread_cond_broadcast(&p->changed);
    while ((p->over < turn->after_turns || p->taken < turn->after_taken) &&
           !p->stopping)
      pthread_cond_wait(&p->changed, &p->lock);
  }
  pthread_mutex_unlock(&p->lock);
  return turn;
}

static inline void peer_turn_over(peer *p) {
  pthread_mutex_lock(&p->lock);
  p->over++;
  pthread_cond_broadcast(&p->changed);
  pthread_mutex_unlock(&p->lock);
}

static inline void peer_hold(peer *p) {
  pthread_mutex_lock(&p->lock);
  while (!p->stopping)
    pthread_cond_wait(&p->changed, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

/* 1: the connection goes on */
static inline int peer_play(peer_connection *c, const peer_turn *turn) {
  size_t len = turn->reply_len ? turn->reply_len
               : turn->reply   ? strlen(turn->reply)
                               : 0;
  switch (turn->act) {
  case PEER_REPLY:
    peer_write(c->fd, turn->reply, len);
    return 1;
  case PEER_REPLY_SLOWLY:
    peer_write_slowly(c->fd, turn->reply, len);
    return 1;
  case PEER_REPLY_CLOSE:
    peer_write(c->fd, turn->reply, len);
    return 0;
  case PEER_HOLD:
    peer_hold(c->p);
    return 0;
  default:
    peer_reset(c->fd);
    return 0;
  }
}

static inline int peer_resets_now(peer *p) {
  pthread_mutex_lock(&p->lock);
  int yes =
      p->taken < p->turn_count && p->turns[p->taken].act == PEER_RESET_ACCEPT;
  if (yes) {
    p->taken++;
    p->over++;
  }
  pthread_mutex_unlock(&p->lock);
  return yes;
}

static inline void *peer_serve(void *user) {
  peer_connection *c = user;
  int go = !peer_resets_now(c->p);
  if (!go)
    peer_reset(c->fd);
  while (go) {
    peer_request request = {.connection = c->number};
    if (!peer_read(c->fd, &request))
      break;
    const peer_turn *turn = peer_take(c->p, &request);
    if (!turn) {
      free(request.text);
      break;
    }
    go = peer_play(c, turn);
    if (!go) {
      pthread_mutex_lock(&c->p->lock);
      c->p->fds[c->number - 1] = -1;
      pthread_mutex_unlock(&c->p->lock);
      close(c->fd);
      peer_turn_over(c->p);
      free(c);
      return NULL;
    }
    peer_turn_over(c->p);
  }
  pthread_mutex_lock(&c->p->lock);
  c->p->fds[c->number - 1] = -1;
  pthread_mutex_unlock(&c->p->lock);
  close(c->fd);
  free(c);
  return NULL;
}

static inline void *peer_accept(void *user) {
  peer *p = user;
  for (;;) {
    int fd = accept(p->listener, NULL, NULL);
    if (fd < 0)
      return NULL;
    pthread_mutex_lock(&p->lock);
    int refused = p->stopping || p->connections == PEER_THREADS;
    if (!refused) {
      peer_connection *c = malloc(sizeof *c);
      *c = (peer_connection){p, fd, ++p->connections};
      p->fds[c->number - 1] = fd;
      pthread_create(&p->threads[c->number - 1], NULL, peer_serve, c);
    }
    pthread_mutex_unlock(&p->lock);
    if (refused)
      close(fd);
  }
}

static inline void peer_start(peer *p, const peer_turn *turns, size_t count) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof at;
  assert_true(count <= PEER_TURNS);
  memset(p, 0, sizeof *p);
  p->turns = turns;
  p->turn_count = count;
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->changed, NULL);
  p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(p->listener >= 0);
  assert_int_equal(bind(p->listener, (struct sockaddr *)&at, len), 0);
  assert_int_equal(listen(p->listener, 64), 0);
  getsockname(p->listener, (struct sockaddr *)&at, &len);
  p->port = ntohs(at.sin_port);
  snprintf(p->address, sizeof p->address, "127.0.0.1:%d", p->port);
  snprintf(p->url, sizeof p->url, "http://%s", p->address);
  pthread_create(&p->acceptor, NULL, peer_accept, p);
}

/* Wait until |turns| turns are over. */
static inline void peer_wait(peer *p, size_t turns) {
  pthread_mutex_lock(&p->lock);
  while (p->over < turns)
    pthread_cond_wait(&p->changed, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

/* Wait until |turns| requests have arrived. */
static inline void peer_wait_taken(peer *p, size_t turns) {
  pthread_mutex_lock(&p->lock);
  while (p->taken < turns)
    pthread_cond_wait(&p->changed, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

static inline void peer_stop(peer *p) {
  pthread_mutex_lock(&p->lock);
  p->stopping = 1;
  pthread_cond_broadcast(&p->changed);
  for (int i = 0; i < p->connections; i++) {
    if (p->fds[i] >= 0)
      shutdown(p->fds[i], SHUT_RDWR);
  }
  pthread_mutex_unlock(&p->lock);
  shutdown(p->listener, SHUT_RDWR);
  pthread_join(p->acceptor, NULL);
  for (int i = 0; i < p->connections; i++)
    pthread_join(p->threads[i], NULL);
  close(p->listener);
}

static inline void peer_drop(peer *p) {
  for (size_t i = 0; i < p->turn_count; i++)
    free(p->requests[i].text);
  pthread_cond_destroy(&p->changed);
  pthread_mutex_destroy(&p->lock);
}

/* Value of a header of a request into |out|; NULL: it has none. */
static inline const char *peer_header(const peer_request *r, const char *name,
                                      char *out, size_t size) {
  size_t n = strlen(name);
  for (const char *at = strstr(r->text, "\r\n"); at && at[2] != '\r';
       at = strstr(at + 2, "\r\n")) {
    if (!strncasecmp(at + 2, name, n) && at[2 + n] == ':') {
      const char *value = at + 3 + n;
      while (*value == ' ')
        value++;
      size_t len = strcspn(value, "\r");
      assert_true(len < size);
      memcpy(out, value, len);
      out[len] = '\0';
      return out;
    }
  }
  return NULL;
}

static inline const char *peer_body(const peer_request *r) {
  return strstr(r->text, "\r\n\r\n") + 4;
}

#endif
