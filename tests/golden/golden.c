/* golden: recorded executions, played again with today's engine.
 *
 *   golden FILE|FOLDER...       replay
 *   golden --record FOLDER      write a recording of each workflow
 *
 * A recording is the events and answers of the service and the updates and
 * outputs of the engine, in their order, as raw JSON.  Replay gives the engine
 * the recorded events and answers and compares what it says byte for byte.
 * Recordings of a release are never written again. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "run.h"
#include "workflows.h"

enum { FRAMES_MAX = 4096, PATH_BYTES = 4096 };

static const char *path;
static FILE *out; /* recording; NULL: replaying */
static struct {
  char kind[16];
  dur_bytes text;
} frames[FRAMES_MAX];
static size_t count, at;

static void tell(void) {
  fprintf(stderr, "  %s, frame %zu\n", path, at);
}

/* ---- frames */

static void write_frame(const char *kind, dur_bytes text) {
  fprintf(out, "%s\n{\"%s\":%.*s}", at ? "," : "", kind, (int)text.len,
          text.data);
  at++;
}

static dur_bytes next_frame(const char *kind) {
  if (at == count || strcmp(frames[at].kind, kind) != 0)
    sim_found("the engine comes to \"%s\", the recording to \"%s\"", kind,
              at < count ? frames[at].kind : "its end");
  return frames[at++].text;
}

static void compare(const char *kind, dur_bytes now) {
  dur_bytes then = next_frame(kind);
  if (!dur_bytes_eq(then, now))
    sim_found("\"%s\" was\n%.*s\nand is now\n%.*s", kind, (int)then.len,
              then.data, (int)now.len, now.data);
}

/* ---- the tape */

static dur_bytes given(const char *kind, dur_bytes made) {
  if (!out)
    return next_frame(kind);
  write_frame(kind, made);
  return made;
}

static void said(const char *kind, dur_bytes what) {
  if (out)
    write_frame(kind, what);
  else
    compare(kind, what);
}

static dur_bytes on_event(dur_bytes made) {
  return given("event", made);
}

static void on_sent(int call, dur_bytes what) {
  if (call == DURABLE_CALL_CHECKPOINT)
    said("updates", what);
}

static dur_bytes on_answered(dur_bytes made) {
  return given("answer", made);
}

static void on_ended(dur_bytes output) {
  said("output", output);
}

static const sim_tape tape = {on_event, on_sent, on_answered, on_ended};

static void play(const char *workflow, uint32_t dialect) {
  sim_program program;
  size_t i = 0;
  while (i < SIM_WORKFLOWS && strcmp(sim_workflows[i].name, workflow) != 0)
    i++;
  if (i == SIM_WORKFLOWS)
    sim_found("no workflow is called %s", workflow);
  sim_program_begin(&program, dialect);
  sim_workflows[i].build(&program);
  sim_plan plan = {.program = &program,
                   .tape = &tape,
                   .seed = 1,
                   .straight = 1,
                   .prunes = 1};
  at = 0;
  sim_run(&plan, NULL);
  sim_program_drop(&program);
}

/* ---- recordings */

static void record(const char *folder, const char *workflow, uint32_t dialect) {
  static const char *const dialects[] = {"python", "js", "java", "rust"};
  char name[PATH_BYTES];
  snprintf(name, sizeof name, "%s/%s-%s.json", folder, workflow,
           dialects[dialect]);
  for (char *c = name + strlen(folder); *c; c++)
    *c = *c == ' ' ? '_' : *c;
  path = name;
  out = fopen(name, "wbx");
  if (!out) {
    perror(name);
    exit(2);
  }
  fprintf(out, "{\"workflow\":\"%s\",\"dialect\":%u,\"frames\":[", workflow,
          dialect);
  play(workflow, dialect);
  fputs("\n]}\n", out);
  fclose(out);
  out = NULL;
}

static void record_all(const char *folder) {
  for (size_t i = 0; i < SIM_WORKFLOWS - 1; i++) /* not the heavy one */
    for (uint32_t dialect = 0; dialect < 4; dialect++)
      if (dialect == DURABLE_DIALECT_PYTHON || i % 2 == dialect % 2)
        record(folder, sim_workflows[i].name, dialect);
}

static void read_frames(dur_json *json, dur_arena *arena) {
  count = 0;
  dur_json_next(json);
  while (dur_json_next(json) == DUR_JSON_OBJECT && count < FRAMES_MAX) {
    dur_bytes kind = DUR_NONE;
    dur_json_next(json);
    dur_json_text(json, arena, &kind);
    snprintf(frames[count].kind, sizeof frames[count].kind, "%.*s",
             (int)kind.len, kind.data ? kind.data : "");
    dur_json_raw(json, &frames[count++].text);
    dur_json_next(json);
  }
}

static void replay(dur_bytes text) {
  dur_arena arena;
  dur_json json;
  dur_bytes name = DUR_NONE;
  char workflow[64];
  int64_t dialect = -1;
  dur_arena_init(&arena, &dur_mem_default);
  dur_json_init(&json, text, 0);
  dur_json_next(&json);
  while (dur_json_next(&json) == DUR_JSON_KEY) {
    if (dur_json_text_is(&json, "workflow")) {
      dur_json_next(&json);
      dur_json_text(&json, &arena, &name);
    } else if (dur_json_text_is(&json, "dialect")) {
      dur_json_next(&json);
      dur_json_int(&json, &dialect);
    } else if (dur_json_text_is(&json, "frames")) {
      read_frames(&json, &arena);
    } else {
      dur_json_skip(&json);
    }
  }
  if (json.token != DUR_JSON_OBJECT_END || dialect < 0 || dialect > 3)
    sim_found("not a recording: %s", json.error ? json.error : "");
  snprintf(workflow, sizeof workflow, "%.*s", (int)name.len, name.data);
  play(workflow, (uint32_t)dialect);
  if (at != count)
    sim_found("the recording goes on after the end");
  dur_arena_drop(&arena);
}

static void replay_file(const char *file, size_t size) {
  FILE *in = fopen(file, "rb");
  char *text = malloc(size + 1);
  if (!in || !text || fread(text, 1, size, in) != size) {
    perror(file);
    exit(2);
  }
  path = file;
  replay((dur_bytes){text, size});
  printf("%s: %zu frames\n", file, count);
  free(text);
  fclose(in);
}

static size_t replay_path(const char *name) {
  struct stat st;
  size_t files = 0;
  if (stat(name, &st) != 0) {
    perror(name);
    exit(2);
  }
  if (!S_ISDIR(st.st_mode)) {
    replay_file(name, (size_t)st.st_size);
    return 1;
  }
  DIR *folder = opendir(name);
  for (struct dirent *e; folder && (e = readdir(folder)) != NULL;) {
    char child[PATH_BYTES];
    snprintf(child, sizeof child, "%s/%s", name, e->d_name);
    if (e->d_name[0] != '.')
      files += replay_path(child);
  }
  closedir(folder);
  return files;
}

int main(int argc, char **argv) {
  size_t files = 0;
  sim_on_finding = tell;
  if (argc == 3 && strcmp(argv[1], "--record") == 0) {
    record_all(argv[2]);
    return 0;
  }
  for (int i = 1; i < argc; i++)
    files += replay_path(argv[i]);
  if (files == 0) {
    fprintf(stderr, "usage: %s FILE|FOLDER... | --record FOLDER\n", argv[0]);
    return 2;
  }
  return 0;
}
