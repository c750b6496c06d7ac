/* standalone: drives a fuzz target with no fuzzer at hand.
 *
 *   fuzz_json [--mutations N] [--seed S] FILE|FOLDER...
 *
 * Every file is one input.  Then N inputs follow that are made of the files by
 * a few random edits each; the same N, S and files give the same inputs.  A
 * finding aborts inside the target, after which the file or the number of the
 * mutation stands last on stderr; --only NUMBER runs that mutation alone.
 * Exit code 2: wrong usage, a file that cannot be read, no input at all. */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
  LARGEST_INPUT = 16 * 1024 * 1024,
  LARGEST_MUTANT = 64 * 1024,
  LARGEST_CORPUS = 4096,
  MOST_EDITS = 6
};

typedef struct input {
  char *path;
  uint8_t *data;
  size_t size;
} input;

static input corpus[LARGEST_CORPUS];
static size_t corpus_count;
static unsigned long current; /* the mutation in progress; 0: a file */

static void give_up(const char *what) {
  perror(what);
  exit(2);
}

static void *need(void *memory) {
  if (!memory)
    give_up("memory");
  return memory;
}

/* ---- the corpus */

static void add_file(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  if (!file || size > LARGEST_INPUT || corpus_count == LARGEST_CORPUS)
    give_up(path);
  input *in = &corpus[corpus_count++];
  in->path = need(strdup(path));
  in->data = need(malloc(size ? size : 1));
  in->size = fread(in->data, 1, size, file);
  fclose(file);
}

static void add(const char *path);

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of names, so that a seed means the same everywhere. */
static void add_folder(const char *path) {
  struct dirent **entries = NULL;
  int count = scandir(path, &entries, NULL, by_name);
  if (count < 0)
    give_up(path);
  for (int i = 0; i < count; i++) {
    char child[4096];
    snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.')
      add(child);
    free(entries[i]);
  }
  free(entries);
}

static void add(const char *path) {
  struct stat st;
  if (stat(path, &st))
    give_up(path);
  if (S_ISDIR(st.st_mode))
    add_folder(path);
  else
    add_file(path, (size_t)st.st_size);
}

/* ---- mutations */

static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t bound) {
  return bound ? (size_t)(next_random(state) % bound) : 0;
}

/* Bytes on which readers turn. */
static const char turning[] = "{}[]\",:\\/u0189-+.eE tnfFNI\0\n\x7f\x80\xc0\xed"
                              "\xef\xf4\xff";

typedef struct mutant {
  uint8_t data[LARGEST_MUTANT];
  size_t size;
} mutant;

static void splice(mutant *m, size_t at, const uint8_t *from, size_t count) {
  if (count > LARGEST_MUTANT - m->size)
    count = LARGEST_MUTANT - m->size;
  memmove(m->data + at + count, m->data + at, m->size - at);
  memcpy(m->data + at, from, count);
  m->size += count;
}

static void cut(mutant *m, size_t at, size_t count) {
  memmove(m->data + at, m->data + at + count, m->size - at - count);
  m->size -= count;
}

/* A stretch of |size| bytes: where it begins, and by *count how long it is. */
static size_t stretch(uint64_t *state, size_t size, size_t *count) {
  size_t at = below(state, size + 1);
  size_t most = below(state, 4) ? 16 : size;
  *count = below(state, (size - at < most ? size - at : most) + 1);
  return at;
}

static void edit(mutant *m, uint64_t *state) {
  size_t count = 0, at = stretch(state, m->size, &count);
  const input *other = &corpus[below(state, corpus_count)];
  uint8_t byte = (uint8_t)turning[below(state, sizeof turning - 1)];
  uint8_t copy[1024];
  switch (below(state, 6)) {
  case 0: /* another byte */
    if (at < m->size)
      m->data[at] = byte;
    return;
  case 1: /* another bit */
    if (at < m->size)
      m->data[at] ^= (uint8_t)(1u << below(state, 8));
    return;
  case 2: /* one byte more */
    splice(m, at, &byte, 1);
    return;
  case 3: /* a stretch less */
    cut(m, at, count);
    return;
  case 4: /* a stretch twice */
    count = count < sizeof copy ? count : sizeof copy;
    memcpy(copy, m->data + at, count);
    splice(m, at, copy, count);
    return;
  default: { /* a stretch of another input */
    size_t from = stretch(state, other->size, &count);
    splice(m, at, other->data + from, count);
    return;
  }
  }
}

/* In memory of exactly its size, so that a sanitizer sees a read past it. */
static void run(const uint8_t *data, size_t size) {
  uint8_t *exact = need(malloc(size ? size : 1));
  memcpy(exact, data, size);
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
}

static void run_mutant(mutant *m, uint64_t seed, unsigned long number) {
  uint64_t state = seed ^ (number * 0xd1342543de82ef95u);
  const input *origin = &corpus[below(&state, corpus_count)];
  m->size = origin->size < LARGEST_MUTANT ? origin->size : LARGEST_MUTANT;
  memcpy(m->data, origin->data, m->size);
  for (size_t edits = 1 + below(&state, MOST_EDITS); edits; edits--)
    edit(m, &state);
  current = number;
  run(m->data, m->size);
}

/* Names the mutation that aborted, then lets the signal end the process. */
static void on_abort(int signal) {
  char text[64];
  int length = snprintf(text, sizeof text, "mutation %lu\n", current);
  if (current && write(2, text, (size_t)length) < 0)
    _exit(3);
  raise(signal);
}

static unsigned long number(const char *text) {
  char *end = NULL;
  unsigned long value = text ? strtoul(text, &end, 10) : 0;
  if (!text || end == text || *end) {
    fprintf(stderr, "not a number: %s\n", text ? text : "(none)");
    exit(2);
  }
  return value;
}

int main(int argc, char **argv) {
  static mutant m;
  unsigned long mutations = 0, seed = 1, only = 0;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--mutations"))
      mutations = number(argv[++i]);
    else if (!strcmp(argv[i], "--seed"))
      seed = number(argv[++i]);
    else if (!strcmp(argv[i], "--only"))
      only = number(argv[++i]);
    else
      add(argv[i]);
  }
  if (!corpus_count) {
    fprintf(stderr, "usage: %s [--mutations N] [--seed S] FILE|FOLDER...\n",
            argv[0]);
    return 2;
  }
  struct sigaction action = {.sa_handler = on_abort, .sa_flags = SA_RESETHAND};
  sigaction(SIGABRT, &action, NULL);
  for (size_t i = 0; !only && i < corpus_count; i++) {
    fprintf(stderr, "%s: %zu bytes\n", corpus[i].path, corpus[i].size);
    run(corpus[i].data, corpus[i].size);
  }
  for (unsigned long i = only ? only : 1; i <= (only ? only : mutations); i++)
    run_mutant(&m, seed, i);
  fprintf(stderr, "%zu inputs, %lu mutations\n", corpus_count, mutations);
  return 0;
}
