/* client: a binding that was compiled against the oldest recorded headers and
 * runs with today's library.
 *
 * It uses nothing but those headers, checks what a client relies on across
 * versions (the version handshake, option structs of other sizes) and drives
 * one execution of one step through every round trip to its output. */
#include <durable/engine.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ARN                                                                    \
  "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST/"                  \
  "durable-execution/n/00000000-0000-4000-8000-000000000001"

static const char event_text[] =
    "{\"DurableExecutionArn\":\"" ARN "\",\"CheckpointToken\":\"t0\","
    "\"InitialExecutionState\":{\"Operations\":[{\"Id\":\"root\","
    "\"Type\":\"EXECUTION\",\"Status\":\"STARTED\","
    "\"StartTimestamp\":1700000000000,"
    "\"ExecutionDetails\":{\"InputPayload\":\"{}\"}}],\"NextMarker\":\"\"}}";
static const int64_t now = 1700000000000;

static int failures;

static int expect(int condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "client: %s\n", what);
    failures++;
  }
  return condition;
}

static durable_bytes bytes(const char *text) {
  durable_bytes b;
  b.data = text;
  b.len = strlen(text);
  return b;
}

static void handshake(void) {
  char message[256] = "";
  expect(durable_engine_abi(DURABLE_VERSION_MAJOR, DURABLE_VERSION_MINOR,
                            message, sizeof message) == 0,
         "the library refuses an older client");
  expect(durable_version_number() >= DURABLE_VERSION_NUMBER,
         "the library is older than the client");
  expect(durable_engine_abi(DURABLE_VERSION_MAJOR, 9999, message,
                            sizeof message) == DURABLE_E_ABI &&
             message[0] != '\0',
         "a client of a later version is not refused with a message");
}

/* The options of a client that knows fewer fields, or more. */
static void sizes(void) {
  struct {
    durable_engine_options known;
    char later[64];
  } large;
  durable_engine_options small;
  durable_engine *e = NULL;

  memset(&small, 0, sizeof small);
  small.size = offsetof(durable_engine_options, linger_ms);
  small.stay_ms = 0xffffffffu; /* beyond the size that is claimed */
  expect(durable_engine_new(&e, &small, bytes(event_text)) == DURABLE_OK,
         "a smaller options struct is refused");
  durable_engine_free(e);

  memset(&large, 0, sizeof large);
  large.known.size = sizeof large;
  expect(durable_engine_new(&e, &large.known, bytes(event_text)) == DURABLE_OK,
         "a larger options struct with a zero tail is refused");
  durable_engine_free(e);

  large.later[63] = 1;
  e = NULL;
  expect(durable_engine_new(&e, &large.known, bytes(event_text)) ==
             DURABLE_E_ABI,
         "a larger options struct with a non-zero tail is accepted");
  durable_engine_free(e);
}

/* Answer requests until the engine wants something else of us. */
static int drive(durable_engine *e, durable_engine_event *event) {
  static unsigned sent;
  for (;;) {
    int kind = durable_engine_poll(e, now, event);
    if (kind != DURABLE_EVENT_SEND)
      return kind;
    char reply[64];
    snprintf(reply, sizeof reply, "{\"CheckpointToken\":\"t%u\"}", ++sent);
    durable_bytes none = {NULL, 0};
    if (!expect(durable_engine_reply(e, event->request, 200, none, bytes(reply),
                                     now) == 0,
                durable_engine_error(e)))
      return DURABLE_E_PROTOCOL;
  }
}

/* The answer of next() that is not PARK, or a negative code. */
static int next(durable_engine *e, durable_task_id task, durable_op_id op,
                durable_engine_event *event) {
  for (;;) {
    int answer = durable_engine_next(e, task, op);
    if (answer != DURABLE_NEXT_PARK)
      return answer;
    if (drive(e, event) != DURABLE_EVENT_WAKE)
      return DURABLE_E_STATE;
  }
}

static void one_step(void) {
  durable_engine_options options = DURABLE_ENGINE_OPTIONS_INIT;
  durable_step_options step = DURABLE_STEP_OPTIONS_INIT;
  durable_engine_event event = DURABLE_ENGINE_EVENT_INIT;
  durable_engine *e = NULL;
  options.now_ms = now;
  if (!expect(durable_engine_new(&e, &options, bytes(event_text)) == DURABLE_OK,
              "durable_engine_new"))
    return;
  expect(drive(e, &event) == DURABLE_EVENT_WAKE, "the root task is not woken");
  durable_task_id task = durable_engine_root_task(e);
  durable_op_id op =
      durable_engine_step(e, task, durable_engine_root_ctx(e), "charge", &step);
  expect(op > 0, "durable_engine_step");
  expect(next(e, task, op, &event) == DURABLE_NEXT_RUN, "the body is not run");
  expect(durable_engine_op_succeed(e, op, bytes("42")) == 0,
         "durable_engine_op_succeed");
  expect(next(e, task, op, &event) == DURABLE_NEXT_DONE, "it is not done");
  durable_bytes result = durable_engine_op_result(e, op);
  expect(result.len == 2 && memcmp(result.data, "42", 2) == 0, "the result");
  expect(durable_engine_return(e, result) == 0, "durable_engine_return");
  expect(durable_engine_task_end(e, task) == 0, "durable_engine_task_end");
  expect(drive(e, &event) == DURABLE_EVENT_FINISH, "it does not finish");
  const char *succeeded = "\"SUCCEEDED\"";
  int found = 0;
  for (size_t i = 0; i + strlen(succeeded) <= event.body.len; i++)
    found |= memcmp(event.body.data + i, succeeded, strlen(succeeded)) == 0;
  expect(found, "the output does not say SUCCEEDED");
  durable_engine_free(e);
}

int main(void) {
  handshake();
  sizes();
  one_step();
  if (failures == 0)
    printf("client of %s, library %s\n", DURABLE_VERSION_STRING,
           durable_version_string());
  return failures != 0;
}
