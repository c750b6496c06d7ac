/* lambda_loop: invocations from the Runtime API to a handler, on one thread or
 * on several.
 *
 * Invariant: each thread has its own connection; the first code other than 0
 * is the loop's answer and stops every thread. */
#include "host/runtime_api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONCURRENCY = 1024 };

typedef struct loop {
  durable_host_lambda_options options;
  durable_host_handler *handler;
  uint32_t concurrency;
  int stop; /* atomic */
  int rc;   /* under lock */
  pthread_mutex_t lock;
} loop;

/* {"message": |text|} for a text of ours, escaped as far as it may need. */
static void log_message(int level, const char *text) {
  char line[512] = "{\"message\":\"";
  size_t n = strlen(line);
  for (; *text && n < sizeof line - 8; text++) {
    if (*text == '"' || *text == '\\')
      line[n++] = '\\';
    line[n++] = (unsigned char)*text < ' ' ? ' ' : *text;
  }
  memcpy(line + n, "\"}", 3);
  (void)durable_host_log(level, (durable_bytes){line, n + 2});
}

static int post_answer(durable_host_lambda *lambda,
                       const durable_host_answer *answer) {
  int rc =
      answer->kind == DURABLE_HOST_ANSWER_ERROR
          ? durable_host_lambda_error(lambda, answer->body, answer->category)
          : durable_host_lambda_respond(lambda, answer->body);
  if (*durable_host_lambda_message(lambda))
    log_message(rc ? DURABLE_LOG_ERROR : DURABLE_LOG_WARN,
                durable_host_lambda_message(lambda));
  return rc;
}

static int handle_one(loop *l, durable_host_lambda *lambda) {
  durable_host_invocation inv = DURABLE_HOST_INVOCATION_INIT;
  durable_host_answer answer = DURABLE_HOST_ANSWER_INIT;
  int rc = durable_host_lambda_next(lambda, &inv);
  if (rc) {
    if (rc != DURABLE_E_STATE)
      log_message(DURABLE_LOG_ERROR, durable_host_lambda_message(lambda));
    return rc;
  }
  rc = l->handler(l->options.user, &inv, &answer);
  int posted = post_answer(lambda, &answer);
  if (answer.drop)
    answer.drop(answer.owner);
  return rc < 0 ? rc : posted;
}

static int run(loop *l) {
  durable_host_lambda *lambda;
  int rc =
      durable_host_lambda_new(&lambda, l->options.api, l->concurrency == 1);
  if (rc)
    return rc;
  if (l->concurrency > 1)
    dur_lambda_stop_on(lambda, &l->stop);
  uint64_t left = l->options.max_invocations;
  do
    rc = handle_one(l, lambda);
  while (!rc && (!left || --left));
  durable_host_lambda_free(lambda);
  return rc;
}

static void *run_thread(void *user) {
  loop *l = user;
  int rc = run(l);
  pthread_mutex_lock(&l->lock);
  if (rc && !l->rc)
    l->rc = rc;
  pthread_mutex_unlock(&l->lock);
  if (rc)
    __atomic_store_n(&l->stop, 1, __ATOMIC_RELEASE);
  return NULL;
}

static int run_threads(loop *l) {
  pthread_t *threads = calloc(l->concurrency, sizeof *threads);
  if (!threads)
    return DURABLE_E_NOMEM;
  uint32_t started = 0;
  while (started < l->concurrency &&
         !pthread_create(&threads[started], NULL, run_thread, l))
    started++;
  if (started < l->concurrency) {
    __atomic_store_n(&l->stop, 1, __ATOMIC_RELEASE);
    l->rc = DURABLE_E_NOMEM;
  }
  for (uint32_t i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  free(threads);
  return l->rc;
}

static uint32_t concurrency(const durable_host_lambda_options *options) {
  const char *text = getenv("AWS_LAMBDA_MAX_CONCURRENCY");
  unsigned long n = options->concurrency;
  if (!n && text)
    n = strtoul(text, NULL, 10);
  return n < 1 ? 1 : n > MAX_CONCURRENCY ? MAX_CONCURRENCY : (uint32_t)n;
}

int durable_host_lambda_loop(const durable_host_lambda_options *options,
                             durable_host_handler *handler) {
  if (!handler || (options && options->size < sizeof(size_t)))
    return DURABLE_E_ARGUMENT;
  loop l = {.handler = handler, .lock = PTHREAD_MUTEX_INITIALIZER};
  if (options) {
    for (size_t i = sizeof *options; i < options->size; i++) {
      if (((const char *)options)[i])
        return DURABLE_E_ABI;
    }
    memcpy(&l.options, options,
           options->size < sizeof *options ? options->size : sizeof *options);
  }
  l.concurrency = concurrency(&l.options);
  return l.concurrency == 1 ? run(&l) : run_threads(&l);
}
