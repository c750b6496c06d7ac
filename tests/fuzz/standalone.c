/* standalone: replays files through a fuzz target, for compilers without
 * libFuzzer.
 *
 *   fuzz_json FILE...        each file is one input; "-" reads one from stdin
 *
 * A finding aborts inside the target; the file in progress is named on stderr
 * first.  Exit code 2: a file that cannot be read, or none given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST_INPUT = 16 * 1024 * 1024 };

/* The content of |file| in memory of exactly its size, so that a sanitizer sees
 * a read past the end; NULL when it cannot be read. */
static uint8_t *read_all(FILE *file, size_t *size) {
  uint8_t *room = malloc(LARGEST_INPUT);
  if (!room)
    return NULL;
  *size = fread(room, 1, LARGEST_INPUT, file);
  uint8_t *exact = ferror(file) ? NULL : malloc(*size ? *size : 1);
  if (exact)
    memcpy(exact, room, *size);
  free(room);
  return exact;
}

static int replay(const char *path) {
  size_t size = 0;
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  uint8_t *data = file ? read_all(file, &size) : NULL;
  if (file && file != stdin)
    fclose(file);
  if (!data) {
    perror(path);
    return 2;
  }
  fprintf(stderr, "%s: %zu bytes\n", path, size);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FILE...\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; i++)
    if (replay(argv[i]))
      return 2;
  return 0;
}
