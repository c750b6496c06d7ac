/* fleet: see fleet.h. */
#include "fleet.h"
#include "base/json.h"
#include "process.h"
#include "service/commit.h"
#include "service/dispatch.h"
#include "service/tokens.h"
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- processes of a program; lock held */

/* Take out what has died and serves nothing, or all of it. */
static dur_process *take_dead(dur_program *program) {
  dur_process *dead = NULL, **link = &program->processes;
  while (*link != NULL) {
    dur_process *p = *link;
    if (!p->dead || p->inv != NULL) {
      link = &p->next;
      continue;
    }
    *link = p->next;
    p->next = dead;
    dead = p;
  }
  return dead;
}

static void free_all(dur_process *p) {
  while (p != NULL) {
    dur_process *next = p->next;
    dur_process_free(p);
    p = next;
  }
}

/* Free the dead; the lock is released meanwhile. */
static void bury(dur_program *program) {
  dur_process *dead = take_dead(program);
  if (dead == NULL)
    return;
  pthread_mutex_unlock(&program->fleet->lock);
  free_all(dead);
  pthread_mutex_lock(&program->fleet->lock);
}

/* With tenant isolation a process serves no tenant but its first. */
static int may_serve(const dur_process *p, const char *tenant) {
  return !p->program->options.tenant_isolation || p->tenant == NULL ||
         tenant == NULL || strcmp(p->tenant, tenant) == 0;
}

/* Room for one more: an idle one, of another tenant, ends when there are as
 * many as may be at work. */
static void make_room(dur_program *program) {
  dur_process *idle = NULL;
  uint32_t alive = 0;
  for (dur_process *p = program->processes; p != NULL; p = p->next) {
    alive += !p->dead;
    if (!p->dead && p->inv == NULL)
      idle = p;
  }
  if (idle != NULL && alive >= program->options.concurrency)
    dur_process_kill(idle);
}

/* One that is free, a parked one first; or a new one. */
static dur_process *claim(dur_program *program, const char *tenant, char *why,
                          size_t size) {
  dur_process *found = NULL;
  bury(program);
  for (dur_process *p = program->processes; p != NULL; p = p->next)
    if (!p->dead && p->inv == NULL && may_serve(p, tenant) &&
        (found == NULL || p->parked != NULL))
      found = p;
  if (found == NULL) {
    make_room(program);
    found = dur_process_start(program, why, size);
  }
  if (found != NULL && found->tenant == NULL && tenant != NULL)
    found->tenant = strdup(tenant);
  return found;
}

/* ---- one invocation */

static void put_error(dur_buf *out, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put_error(dur_buf *out, const char *type, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  dur_json_out json;
  dur_json_out_init(&json, out, 0);
  dur_json_begin_object(&json);
  dur_json_key(&json, "ErrorMessage");
  dur_json_cstr(&json, text);
  dur_json_key(&json, "ErrorType");
  dur_json_cstr(&json, type);
  dur_json_end_object(&json);
}

static struct timespec at_ms(int64_t ms) {
  return (struct timespec){.tv_sec = ms / 1000,
                           .tv_nsec = (ms % 1000) * 1000000};
}

/* Until it answers, dies, or is overdue. */
static void await(dur_process *p, const durable_service_invocation *inv) {
  dur_fleet *fleet = p->program->fleet;
  struct timespec until = at_ms(inv->deadline_ms);
  while (fleet->stopping ||
         (!p->answered && !p->dead && dur_real_ms() < inv->deadline_ms)) {
    if (fleet->stopping) /* for good: see dur_fleet_halt */
      pthread_cond_wait(&fleet->changed, &fleet->lock);
    else
      pthread_cond_timedwait(&fleet->changed, &fleet->lock, &until);
  }
}

/* What came of it; the outcome, or -1: it is overdue. */
static int conclude(dur_process *p, const durable_service_invocation *inv,
                    dur_buf *out) {
  int outcome = -1;
  if (p->answered) {
    outcome = p->outcome;
    dur_buf_bytes(out, dur_buf_view(&p->body));
  } else if (p->dead && p->init_error.len > 0) {
    outcome = DURABLE_SERVICE_RAISED;
    dur_buf_bytes(out, dur_buf_view(&p->init_error));
  } else if (p->dead) {
    outcome = DURABLE_SERVICE_CRASHED;
    put_error(out, "Runtime.ExitError",
              "RequestId: %s Error: Runtime exited with error: %s",
              inv->request_id, p->death);
  } else {
    dur_process_kill(p);
    while (!p->dead)
      pthread_cond_wait(&p->program->fleet->changed, &p->program->fleet->lock);
  }
  p->inv = NULL;
  if (p->program->retired)
    dur_process_kill(p);
  return outcome;
}

/* Give |inv| to a process and wait.  One that was done with an invocation
 * before and ends without asking for this one is no failure of this one. */
static dur_process *serve(dur_program *program,
                          const durable_service_invocation *inv, char *why,
                          size_t size) {
  for (;;) {
    dur_process *p = claim(program, inv->tenant_id, why, size);
    if (p == NULL)
      return NULL;
    int had_one = p->answered;
    p->inv = inv;
    p->delivered = p->answered = 0;
    dur_runtime_offer(p);
    await(p, inv);
    if (!had_one || p->delivered || !p->dead)
      return p;
    p->inv = NULL;
  }
}

static void invoke(void *user, durable_service *service,
                   const durable_service_invocation *inv) {
  dur_program *program = user;
  dur_fleet *fleet = program->fleet;
  char why[512] = "";
  dur_buf out;
  int outcome = DURABLE_SERVICE_CRASHED;
  if (dur_job_of(inv)->endpoint != NULL) {
    dur_endpoint_invoke(program, service, inv);
    return;
  }
  dur_buf_init(&out, &dur_mem_default, SIZE_MAX);
  pthread_mutex_lock(&fleet->lock);
  while (fleet->url == NULL || fleet->stopping)
    pthread_cond_wait(&fleet->changed, &fleet->lock);
  dur_process *p = serve(program, inv, why, sizeof why);
  if (p == NULL) {
    put_error(&out, "Runtime.InvalidEntrypoint", "RequestId: %s Error: %s",
              inv->request_id, why);
  } else {
    outcome = conclude(p, inv, &out);
  }
  pthread_mutex_unlock(&fleet->lock);
  if (outcome >= 0) {
    (void)durable_service_answer(service, inv, outcome,
                                 dur_to_public(dur_buf_view(&out)));
  } else { /* said here, lest the silence be taken for a crash */
    pthread_mutex_lock(&service->lock);
    (void)dur_abandon_overdue(service, dur_real_ms());
    pthread_mutex_unlock(&service->lock);
  }
  dur_buf_drop(&out);
}

/* ---- adding functions */

static void retire(dur_program *old) {
  old->retired = 1;
  for (dur_process *p = old->processes; p != NULL; p = p->next)
    if (p->inv == NULL)
      dur_process_kill(p);
}

static int enlist(const dur_fleet *fleet, dur_program *program) {
  if (program->handler != NULL)
    return durable_service_register_handler(fleet->service, program->handler,
                                            &program->options);
  return durable_service_register(fleet->service, program->name,
                                  program->argv ? invoke : dur_endpoint_invoke,
                                  program, &program->options);
}

/* Of those that were replaced before; nobody invokes them, so nobody else
 * does it. */
static void bury_retired(dur_fleet *fleet) {
  for (dur_program *it = fleet->programs; it != NULL; it = it->next)
    if (it->retired)
      bury(it);
}

/* |program| is the fleet's from here on, or freed.  The lock is held over both,
 * so that the one in the list is the one that is invoked. */
static int adopt(dur_fleet *fleet, dur_program *program, char *why,
                 size_t size) {
  program->fleet = fleet;
  pthread_mutex_lock(&fleet->lock);
  int rc = enlist(fleet, program);
  if (rc == DURABLE_OK) {
    for (dur_program *old = fleet->programs; old != NULL; old = old->next)
      if (strcmp(old->name, program->name) == 0 && !old->retired)
        retire(old);
    program->next = fleet->programs;
    fleet->programs = program;
    bury_retired(fleet);
  }
  pthread_mutex_unlock(&fleet->lock);
  if (rc == DURABLE_OK)
    return 0;
  snprintf(why, size, "function %s: %s", program->name,
           durable_service_error(fleet->service));
  dur_program_free(program);
  return -1;
}

static int no_memory(char *why, size_t size) {
  snprintf(why, size, "out of memory");
  return -1;
}

/* NULL when it is not one value of JSON. */
static cJSON *parse(durable_bytes json) {
  return dur_is_json(dur_from_public(json))
             ? cJSON_ParseWithLength(json.data, json.len)
             : NULL;
}

int dur_fleet_put(dur_fleet *fleet, const char *name, durable_bytes json,
                  char *why, size_t size) {
  cJSON *tree = parse(json);
  if (tree == NULL) {
    snprintf(why, size, "the description of a function is not JSON");
    return -1;
  }
  dur_program *program = dur_program_parse(tree, name, why, size);
  cJSON_Delete(tree);
  return program ? adopt(fleet, program, why, size) : -1;
}

static int check_top(const cJSON *tree, char *why, size_t size) {
  const cJSON *member;
  if (!cJSON_IsObject(tree)) {
    snprintf(why, size, "the configuration is not a JSON object");
    return -1;
  }
  cJSON_ArrayForEach(member, tree) {
    if (strcmp(member->string, "functions") != 0) {
      snprintf(why, size, "unknown key \"%s\": expected \"functions\"",
               member->string);
      return -1;
    }
  }
  if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "functions")))
    return 0;
  snprintf(why, size, "\"functions\" is not an array");
  return -1;
}

int dur_fleet_configure(dur_fleet *fleet, durable_bytes json, char *why,
                        size_t size) {
  cJSON *tree = parse(json);
  const cJSON *item;
  dur_program *first = NULL;
  int rc = check_top(tree, why, size);
  if (rc == 0) {
    cJSON_ArrayForEach(item,
                       cJSON_GetObjectItemCaseSensitive(tree, "functions")) {
      dur_program *program =
          rc == 0 ? dur_program_parse(item, NULL, why, size) : NULL;
      if (program == NULL) {
        rc = -1;
        break;
      }
      program->next = first;
      first = program;
    }
  }
  cJSON_Delete(tree);
  while (first != NULL) { /* all of them are well, or none is taken */
    dur_program *program = first;
    first = program->next;
    program->next = NULL;
    if (rc == 0)
      rc = adopt(fleet, program, why, size);
    else
      dur_program_free(program);
  }
  return rc;
}

int dur_fleet_command(dur_fleet *fleet, const char *name, const char *line,
                      char *why, size_t size) {
  dur_program *program = dur_program_new(name);
  if (program == NULL)
    return no_memory(why, size);
  program->argv = calloc(4, sizeof *program->argv);
  if (program->argv != NULL) {
    program->argv[0] = strdup("/bin/sh");
    program->argv[1] = program->argv[0] ? strdup("-c") : NULL;
    program->argv[2] = program->argv[1] ? strdup(line) : NULL;
  }
  if (program->argv == NULL || program->argv[2] == NULL) {
    dur_program_free(program);
    return no_memory(why, size);
  }
  return adopt(fleet, program, why, size);
}

int dur_fleet_undescribed(dur_fleet *fleet, const char *name, char *why,
                          size_t size) {
  dur_program *program = dur_program_new(name);
  if (program == NULL)
    return no_memory(why, size);
  program->options.timeout_s = fleet->timeout_s;
  program->options.execution_timeout_s = fleet->execution_timeout_s;
  return adopt(fleet, program, why, size);
}

/* ---- lifecycle */

/* What a function of a library logged. */
static void keep_line(void *user, const char *function, const char *request_id,
                      durable_bytes line) {
  dur_fleet *fleet = user;
  dur_logs_batch batch;
  dur_logs_begin(&batch, fleet->logs, function, request_id);
  dur_logs_add(&batch, dur_from_public(line));
  dur_logs_end(&batch);
}

int dur_fleet_open(dur_fleet **out, durable_service *service,
                   const dur_fleet_options *options, char *why, size_t size) {
  *out = NULL;
  dur_fleet *fleet = calloc(1, sizeof *fleet);
  if (fleet == NULL)
    return no_memory(why, size);
  fleet->service = service;
  fleet->timeout_s = options->timeout_s;
  fleet->execution_timeout_s = options->execution_timeout_s;
  if (dur_logs_open(&fleet->logs, options->log_dir, why, size) != 0) {
    free(fleet);
    return -1;
  }
  if (pthread_mutex_init(&fleet->lock, NULL) != 0 ||
      pthread_cond_init(&fleet->changed, NULL) != 0) {
    dur_logs_close(fleet->logs);
    free(fleet);
    return no_memory(why, size);
  }
  dur_library_logs(keep_line, fleet);
  *out = fleet;
  return 0;
}

int dur_fleet_announce(dur_fleet *fleet, const char *url) {
  char *copy = strdup(url);
  pthread_mutex_lock(&fleet->lock);
  free(fleet->url);
  fleet->url = copy;
  pthread_cond_broadcast(&fleet->changed);
  pthread_mutex_unlock(&fleet->lock);
  return copy ? 0 : -1;
}

/* 1 while a thread runs user code, also for an invocation that was given up. */
static int is_at_work(const durable_service *s) {
  return s->busy > 0 || s->thread_count < s->spawned;
}

/* Wait until no invocation runs; 1 when that is so. */
static int rest(durable_service *s, int64_t grace_ms) {
  int64_t until_ms = dur_boot_ms() + grace_ms;
  pthread_mutex_lock(&s->lock);
  if (s->stopping == 0)
    s->stopping = 1;
  pthread_cond_broadcast(&s->work);
  int64_t left;
  while (is_at_work(s) && (left = until_ms - dur_boot_ms()) > 0) {
    struct timespec until = dur_wait_until(left < 100 ? left : 100);
    pthread_cond_timedwait(&s->changed, &s->lock, &until);
  }
  int quiet = !is_at_work(s);
  dur_commit_wait(s, s->queued);
  pthread_mutex_unlock(&s->lock);
  return quiet;
}

int dur_fleet_halt(dur_fleet *fleet, int64_t grace_ms) {
  int quiet = rest(fleet->service, grace_ms);
  pthread_mutex_lock(&fleet->lock);
  fleet->stopping = 1;
  for (dur_program *it = fleet->programs; it != NULL; it = it->next)
    for (dur_process *p = it->processes; p != NULL; p = p->next)
      dur_process_kill(p);
  pthread_mutex_unlock(&fleet->lock);
  return quiet;
}

void dur_fleet_close(dur_fleet *fleet) {
  if (fleet == NULL)
    return;
  while (fleet->programs != NULL) {
    dur_program *program = fleet->programs;
    fleet->programs = program->next;
    pthread_mutex_lock(&fleet->lock);
    for (dur_process *p = program->processes; p != NULL; p = p->next)
      while (!p->dead)
        pthread_cond_wait(&fleet->changed, &fleet->lock);
    dur_process *all = take_dead(program);
    pthread_mutex_unlock(&fleet->lock);
    free_all(all);
    dur_program_free(program);
  }
  pthread_cond_destroy(&fleet->changed);
  pthread_mutex_destroy(&fleet->lock);
  dur_library_logs(NULL, NULL);
  dur_logs_close(fleet->logs);
  free(fleet->url);
  free(fleet->endpoint);
  free(fleet);
}
