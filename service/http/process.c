/* process: see process.h. */
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENV_EXTRA = 24, CHUNK = 16384, LINE_KEPT = 65536 };

/* ---- output */

static void flush_line(dur_logs_batch *batch, dur_pipe *pipe) {
  dur_logs_add(batch, dur_buf_view(&pipe->line));
  if (pipe->line.cap > LINE_KEPT)
    dur_buf_drop(&pipe->line);
  dur_buf_reset(&pipe->line);
}

static void take_text(dur_logs_batch *batch, dur_pipe *pipe, const char *text,
                      size_t len) {
  while (len > 0) {
    const char *end = memchr(text, '\n', len);
    size_t room = DUR_LOG_LINE_MAX - pipe->line.len;
    size_t part = end ? (size_t)(end - text) : len;
    int full = part > room;
    if (full)
      part = room;
    dur_buf_add(&pipe->line, text, part);
    if (full || end)
      flush_line(batch, pipe);
    part += !full && end ? 1 : 0;
    text += part;
    len -= part;
  }
}

/* What is in the pipe now, and not what comes while this reads: who writes
 * faster does not keep it from ending. */
static void drain_pipe(dur_logs_batch *batch, dur_pipe *pipe) {
  char chunk[CHUNK];
  ssize_t n = -1;
  long left = pipe->fd >= 0 ? fcntl(pipe->fd, F_GETPIPE_SZ) : 0;
  while (left > 0 && (n = read(pipe->fd, chunk, sizeof chunk)) > 0) {
    take_text(batch, pipe, chunk, (size_t)n);
    left -= n;
  }
  if (left > 0 && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
    close(pipe->fd);
    pipe->fd = -1;
  }
}

/* |ends|: also what has no line end. */
static void drain(dur_process *p, int ends) {
  dur_logs_batch batch;
  dur_logs_begin(&batch, p->program->fleet->logs, p->program->name,
                 p->request_id);
  for (int i = 0; i < 2; i++) {
    drain_pipe(&batch, &p->pipes[i]);
    if (ends && p->pipes[i].line.len > 0)
      flush_line(&batch, &p->pipes[i]);
  }
  dur_logs_end(&batch);
}

void dur_process_drain(dur_process *p) {
  pthread_mutex_lock(&p->output);
  drain(p, 0);
  pthread_mutex_unlock(&p->output);
}

void dur_process_turn(dur_process *p, const char *request_id) {
  pthread_mutex_lock(&p->output);
  drain(p, 1);
  snprintf(p->request_id, sizeof p->request_id, "%s", request_id);
  pthread_mutex_unlock(&p->output);
}

static void last_words(dur_process *p) {
  pthread_mutex_lock(&p->output);
  drain(p, 1);
  for (int i = 0; i < 2; i++) {
    if (p->pipes[i].fd >= 0)
      close(p->pipes[i].fd);
    p->pipes[i].fd = -1;
  }
  pthread_mutex_unlock(&p->output);
}

/* ---- its end */

static void describe(dur_process *p, int status) {
  if (WIFSIGNALED(status))
    snprintf(p->death, sizeof p->death, "signal: %s",
             sigdescr_np(WTERMSIG(status)));
  else
    snprintf(p->death, sizeof p->death, "exit status %d", WEXITSTATUS(status));
}

static int read_fd(dur_process *p, int i) {
  pthread_mutex_lock(&p->output);
  int fd = p->pipes[i].fd;
  pthread_mutex_unlock(&p->output);
  return fd;
}

static void *keep(void *user) {
  dur_process *p = user;
  dur_fleet *fleet = p->program->fleet;
  int over = 0, status = 0;
  while (!over) {
    struct pollfd fds[3] = {{.fd = p->pidfd, .events = POLLIN},
                            {.fd = read_fd(p, 0), .events = POLLIN},
                            {.fd = read_fd(p, 1), .events = POLLIN}};
    (void)poll(fds, 3, -1);
    dur_process_drain(p);
    over = fds[0].revents != 0;
  }
  kill(-p->pid, SIGKILL); /* what it may have left behind */
  while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
    continue;
  last_words(p);
  pthread_mutex_lock(&fleet->lock);
  describe(p, status);
  p->dead = 1;
  dur_runtime_leave(p);
  pthread_cond_broadcast(&fleet->changed);
  pthread_mutex_unlock(&fleet->lock);
  return NULL;
}

void dur_process_kill(dur_process *p) {
  if (!p->dead)
    kill(-p->pid, SIGKILL);
}

void dur_process_free(dur_process *p) {
  pthread_join(p->keeper, NULL);
  dur_listener_close(p->api);
  close(p->pidfd);
  dur_buf_drop(&p->body);
  dur_buf_drop(&p->init_error);
  dur_buf_drop(&p->pipes[0].line);
  dur_buf_drop(&p->pipes[1].line);
  pthread_mutex_destroy(&p->output);
  free(p->tenant);
  free(p);
}

/* ---- its start */

extern char **environ;

/* The environment of the child; each added text is malloc'ed. */
typedef struct env_list {
  char **items;
  size_t count, own; /* the first |own| are to be freed */
} env_list;

static int has_key(const env_list *list, const char *pair) {
  size_t len = strcspn(pair, "=") + 1;
  for (size_t i = 0; i < list->count; i++)
    if (strncmp(list->items[i], pair, len) == 0)
      return 1;
  return 0;
}

static void add_pair(env_list *list, const char *key, const char *value) {
  char *pair = NULL;
  if (value == NULL || asprintf(&pair, "%s=%s", key, value) < 0)
    return;
  if (has_key(list, pair)) {
    free(pair);
    return;
  }
  list->items[list->count++] = pair;
  list->own = list->count;
}

static const char *value_of(char *const *pairs, const char *key) {
  size_t len = strlen(key);
  for (; pairs != NULL && *pairs != NULL; pairs++)
    if (strncmp(*pairs, key, len) == 0 && (*pairs)[len] == '=')
      return *pairs + len + 1;
  return NULL;
}

static void add_all(env_list *list, char **pairs) {
  for (; pairs != NULL && *pairs != NULL; pairs++)
    if (!has_key(list, *pairs))
      list->items[list->count++] = *pairs;
}

static size_t count_of(char **list) {
  size_t n = 0;
  while (list != NULL && list[n] != NULL)
    n++;
  return n;
}

/* What comes first wins: what the contract fixes, the function's own, this
 * process's, defaults for a program that needs credentials to sign with. */
static int make_env(const dur_process *p, env_list *list) {
  const dur_program *program = p->program;
  const dur_fleet *fleet = program->fleet;
  char api[64], cwd[4096], group[160];
  list->items = calloc(count_of(environ) + count_of(program->env) + ENV_EXTRA,
                       sizeof *list->items);
  if (list->items == NULL)
    return -1;
  snprintf(api, sizeof api, "127.0.0.1:%u", dur_listener_port(p->api));
  snprintf(group, sizeof group, "/aws/lambda/%s", program->name);
  add_pair(list, "AWS_LAMBDA_RUNTIME_API", api);
  add_pair(list, "AWS_ENDPOINT_URL_LAMBDA", fleet->url);
  add_pair(list, "AWS_LAMBDA_FUNCTION_NAME", program->name);
  add_pair(list, "AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
  add_pair(list, "AWS_LAMBDA_LOG_GROUP_NAME", group);
  add_pair(list, "AWS_LAMBDA_LOG_STREAM_NAME", DUR_LOG_STREAM);
  add_pair(list, "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  add_pair(list, "AWS_REGION", fleet->service->region);
  add_pair(list, "AWS_DEFAULT_REGION", fleet->service->region);
  const char *root = value_of(program->env, "LAMBDA_TASK_ROOT");
  add_pair(list, "LAMBDA_TASK_ROOT", root ? root : getcwd(cwd, sizeof cwd));
  size_t fixed = list->own;
  add_all(list, program->env);
  add_all(list, environ);
  list->own = fixed;
  const char *const defaults[] = {"AWS_ACCESS_KEY_ID=local",
                                  "AWS_SECRET_ACCESS_KEY=local",
                                  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
                                  "_HANDLER=handler",
                                  "AWS_LAMBDA_LOG_FORMAT=JSON",
                                  NULL};
  add_all(list, (char **)(uintptr_t)defaults);
  list->items[list->count] = NULL;
  return 0;
}

static void drop_env(env_list *list) {
  for (size_t i = 0; list->items != NULL && i < list->own; i++)
    free(list->items[i]);
  free(list->items);
}

/* In a group of its own, signals at their defaults.  0 or an errno. */
static int spawn(dur_process *p, char **env, int out, int err) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int rc = posix_spawn_file_actions_init(&files);
  if (rc != 0)
    return rc;
  rc = posix_spawnattr_init(&attr);
  if (rc == 0) {
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, err, 2);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
                                        POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawnp(&p->pid, p->program->argv[0], &files, &attr,
                      p->program->argv, env);
    posix_spawnattr_destroy(&attr);
  }
  posix_spawn_file_actions_destroy(&files);
  return rc;
}

/* 0 or an errno; then nothing of it is left. */
static int watch(dur_process *p) {
  p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
  if (p->pidfd < 0)
    return errno;
  fcntl(p->pidfd, F_SETFD, FD_CLOEXEC);
  int rc = pthread_create(&p->keeper, NULL, keep, p);
  if (rc != 0)
    close(p->pidfd);
  return rc;
}

static int start_child(dur_process *p) {
  int pair[2][2] = {{-1, -1}, {-1, -1}};
  env_list env = {0};
  int rc = pipe2(pair[0], O_CLOEXEC) == 0 && pipe2(pair[1], O_CLOEXEC) == 0 &&
                   make_env(p, &env) == 0
               ? spawn(p, env.items, pair[0][1], pair[1][1])
               : errno;
  drop_env(&env);
  for (int i = 0; i < 2; i++) {
    if (pair[i][1] >= 0)
      close(pair[i][1]);
    p->pipes[i].fd = pair[i][0];
    if (rc == 0)
      fcntl(pair[i][0], F_SETFL, O_NONBLOCK);
  }
  if (rc == 0 && (rc = watch(p)) != 0) {
    kill(-p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
  }
  for (int i = 0; i < 2 && rc != 0; i++)
    if (pair[i][0] >= 0)
      close(pair[i][0]);
  return rc;
}

dur_process *dur_process_start(dur_program *program, char *why, size_t size) {
  dur_process *p = calloc(1, sizeof *p);
  if (p == NULL || pthread_mutex_init(&p->output, NULL) != 0) {
    free(p);
    snprintf(why, size, "out of memory");
    return NULL;
  }
  p->program = program;
  p->pidfd = p->pipes[0].fd = p->pipes[1].fd = -1;
  dur_buf_init(&p->body, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&p->init_error, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&p->pipes[0].line, &dur_mem_default, SIZE_MAX);
  dur_buf_init(&p->pipes[1].line, &dur_mem_default, SIZE_MAX);
  int rc = dur_runtime_open(p, why, size);
  if (rc == 0) {
    rc = start_child(p);
    if (rc != 0) {
      snprintf(why, size, "%s: %s", program->argv[0], strerror(rc));
      dur_listener_close(p->api);
    }
  }
  if (rc != 0) {
    pthread_mutex_destroy(&p->output);
    free(p);
    return NULL;
  }
  p->next = program->processes;
  program->processes = p;
  return p;
}
