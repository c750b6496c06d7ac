/* validate_shape: lengths, patterns and ranges of the API model, and the sizes
 * of payloads. */
#include "validate.h"
#include "wire/limits.h"
#include <stdio.h>

enum { ERROR_OBJECT_MAX = 32768 };

typedef struct check {
  char *message;
  size_t index; /* of the update */
} check;

static int broken(const check *c, const char *field, const char *rule) {
  snprintf(c->message, DUR_MESSAGE_SIZE,
           "1 validation error detected: Value at 'updates.%zu.member.%s' "
           "failed to satisfy constraint: %s",
           c->index + 1, field, rule);
  return -1;
}

/* An absent text passes; required ones were seen to by the reader. */
static int text(const check *c, const char *field, dur_bytes value, size_t max,
                int well_formed, const char *pattern) {
  char rule[128];
  if (value.data == NULL || (well_formed && value.len <= max))
    return 0;
  if (value.len > max)
    snprintf(rule, sizeof rule,
             "Member must have length less than or equal to %zu", max);
  else
    snprintf(rule, sizeof rule,
             "Member must satisfy regular expression pattern: %s", pattern);
  return broken(c, field, rule);
}

static int range(const check *c, const char *field, int64_t value, int64_t min,
                 int64_t max) {
  char rule[96];
  if (value < min)
    snprintf(rule, sizeof rule,
             "Member must have value greater than or equal to %lld",
             (long long)min);
  else if (value > max)
    snprintf(rule, sizeof rule,
             "Member must have value less than or equal to %lld",
             (long long)max);
  else
    return 0;
  return broken(c, field, rule);
}

static int enums(const check *c, const dur_update *u) {
  if (u->type == DUR_TYPE_OTHER)
    return broken(c, "type",
                  "Member must satisfy enum value set: [EXECUTION, CONTEXT, "
                  "STEP, WAIT, CALLBACK, CHAINED_INVOKE]");
  if (u->action == DUR_ACTION_OTHER)
    return broken(c, "action",
                  "Member must satisfy enum value set: [START, SUCCEED, FAIL, "
                  "RETRY, CANCEL]");
  return 0;
}

static int texts(const check *c, const dur_update *u) {
  static const char ID[] = "[a-zA-Z0-9-_]+";
  if (text(c, "id", u->id, DUR_ID_MAX, dur_id_ok(u->id), ID) ||
      text(c, "parentId", u->parent_id, DUR_ID_MAX, dur_id_ok(u->parent_id),
           ID) ||
      text(c, "name", u->name, DUR_NAME_MAX, dur_name_ok(u->name),
           "[\\x20-\\x7E]+") ||
      text(c, "subType", u->sub_type, DUR_SUB_TYPE_MAX,
           dur_sub_type_ok(u->sub_type), ID) ||
      text(c, "payload", u->payload, DUR_PAYLOAD_MAX, 1, ""))
    return -1;
  return 0;
}

static int options(const check *c, const dur_update *u) {
  if (u->has_step && range(c, "stepOptions.nextAttemptDelaySeconds",
                           u->next_attempt_delay_s, 1, DUR_SECONDS_MAX))
    return -1;
  if (u->has_wait &&
      range(c, "waitOptions.waitSeconds", u->wait_s, 1, DUR_SECONDS_MAX))
    return -1;
  if (u->has_callback &&
      (range(c, "callbackOptions.timeoutSeconds", u->timeout_s, 0, INT32_MAX) ||
       range(c, "callbackOptions.heartbeatTimeoutSeconds",
             u->heartbeat_timeout_s, 0, INT32_MAX)))
    return -1;
  if (!u->has_invoke)
    return 0;
  if (text(c, "chainedInvokeOptions.functionName", u->function_name,
           DUR_FUNCTION_NAME_MAX, dur_function_name_ok(u->function_name),
           "(arn:(aws[a-zA-Z-]*)?:lambda:)?...([a-zA-Z0-9-_\\.]+)...") ||
      text(c, "chainedInvokeOptions.tenantId", u->tenant_id, DUR_TENANT_MAX,
           dur_tenant_ok(u->tenant_id), "[a-zA-Z0-9\\._:\\/=+\\-@ ]+") ||
      text(c, "chainedInvokeOptions.xAmznTraceId", u->trace_id, DUR_TRACE_MAX,
           dur_trace_ok(u->trace_id), "[\\x20-\\x7E]*"))
    return -1;
  return 0;
}

static size_t error_size(const dur_error *error) {
  dur_buf buf;
  dur_json_out out;
  dur_buf_init(&buf, &dur_mem_default, SIZE_MAX);
  dur_json_out_init(&out, &buf, 1);
  dur_error_write(&out, error);
  size_t size = buf.failed ? SIZE_MAX : buf.len;
  dur_buf_drop(&buf);
  return size;
}

static int sizes(const check *c, const dur_update *u) {
  const char *what = u->type == DUR_TYPE_CHAINED_INVOKE ? "input" : "output";
  size_t max = u->type == DUR_TYPE_STEP || u->type == DUR_TYPE_CONTEXT
                   ? DUR_RESULT_MAX
               : u->type == DUR_TYPE_CHAINED_INVOKE ? DUR_INVOKE_INPUT_MAX
                                                    : DUR_PAYLOAD_MAX;
  if (u->payload.len > max) {
    snprintf(c->message, DUR_MESSAGE_SIZE,
             "%s %s payload size must be less than or equal to %zu bytes.",
             dur_type_text(u->type), what, max);
    return -1;
  }
  if (u->has_error && error_size(&u->error) > ERROR_OBJECT_MAX) {
    snprintf(c->message, DUR_MESSAGE_SIZE,
             "Error object size must be less than %d bytes.", ERROR_OBJECT_MAX);
    return -1;
  }
  return 0;
}

int dur_validate_shapes(const dur_update *updates, size_t count,
                        char message[DUR_MESSAGE_SIZE]) {
  if (count > DUR_BATCH_UPDATES_MAX) {
    snprintf(message, DUR_MESSAGE_SIZE,
             "1 validation error detected: Value at 'updates' failed to "
             "satisfy constraint: Member must have length less than or equal "
             "to %d",
             DUR_BATCH_UPDATES_MAX);
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    const check c = {message, i};
    const dur_update *u = &updates[i];
    if (enums(&c, u) || texts(&c, u) || options(&c, u) || sizes(&c, u))
      return -1;
  }
  return 0;
}
