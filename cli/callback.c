/* durable callback: answer what an execution waits for. */
#include "cli.h"
#include "pending.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLBACK_ID_MAX = 1024 };

static char *db, *endpoint, *of, *result, *type, *message, *data;

static const struct poptOption OPTIONS[] = {
    CLI_DB_OPTION(&db),
    CLI_ENDPOINT_OPTION(&endpoint),
    {"of", 'o', POPT_ARG_STRING, &of, 0,
     "the callback is given by its name in this execution, not by its id",
     "EXECUTION"},
    {"result", 'r', POPT_ARG_STRING, &result, 0, "succeed: the result",
     "TEXT|@FILE"},
    {"message", 'm', POPT_ARG_STRING, &message, 0, "fail: the error's message",
     "TEXT"},
    {"type", 't', POPT_ARG_STRING, &type, 0, "fail: the error's type", "TYPE"},
    {"data", 0, POPT_ARG_STRING, &data, 0, "fail: the error's data", "TEXT"},
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "callback",
    .operands = "succeed|fail|heartbeat [CALLBACK]",
    .about = "Succeed or fail a callback that an execution waits for, or say "
             "that it is still\nbeing worked on.  CALLBACK is its id, or with "
             "--of its name, which may be left\nout when there is only one.",
    .more = "  durable callback succeed --of order-1 approval --result "
            "'{\"by\":\"ada\"}'\n"
            "  durable callback fail ID --type Rejected --message 'too dear'",
    .options = OPTIONS,
    .min = 1,
    .max = 2};

static int check_verb(const char *verb) {
  int is_succeed = strcmp(verb, "succeed") == 0;
  int is_fail = strcmp(verb, "fail") == 0;
  if (!is_succeed && !is_fail && strcmp(verb, "heartbeat") != 0)
    return cli_refuse("callback: there is no command \"%s\": expected succeed, "
                      "fail or heartbeat",
                      verb);
  if (result && !is_succeed)
    return cli_refuse("callback %s takes no --result: only succeed does", verb);
  if ((type || message || data) && !is_fail)
    return cli_refuse("callback %s takes no --type, --message or --data: only "
                      "fail does",
                      verb);
  return CLI_GO_ON;
}

static int check_callback(const char *given) {
  if (of) {
    if (given && !cli_check_operation_name(given))
      return CLI_REFUSED;
    return CLI_GO_ON;
  }
  if (!given)
    return cli_refuse("callback: which one?  Give its id, or --of EXECUTION; "
                      "`durable get` prints both");
  if (strlen(given) > CALLBACK_ID_MAX || !given[0])
    return cli_refuse("the callback's id has %zu characters: expected 1 to %d",
                      strlen(given), CALLBACK_ID_MAX);
  return CLI_GO_ON;
}

/* What goes into the request: the result as it is, or an ErrorObject. */
static int make_body(const char *verb, cli_text *body) {
  *body = (cli_text){0};
  if (result)
    return cli_text_read(body, "--result", result, CLI_CALLBACK_MAX);
  if (strcmp(verb, "fail") != 0)
    return CLI_GO_ON;
  cJSON *error = cJSON_CreateObject();
  if (message)
    cJSON_AddStringToObject(error, "ErrorMessage", message);
  if (type)
    cJSON_AddStringToObject(error, "ErrorType", type);
  if (data)
    cJSON_AddStringToObject(error, "ErrorData", data);
  body->data = cJSON_PrintUnformatted(error);
  cJSON_Delete(error);
  if (!body->data)
    return cli_no_memory();
  body->len = strlen(body->data);
  if (body->len <= CLI_CALLBACK_MAX)
    return CLI_GO_ON;
  cli_text_drop(body);
  return cli_refuse("the error is too large: at most %d bytes are allowed",
                    CLI_CALLBACK_MAX);
}

static int find_id(cli_store *s, const char *given, char **id) {
  char arn[DURABLE_ARN_SIZE];
  if (!of) {
    *id = strdup(given);
    return *id ? CLI_GO_ON : cli_no_memory();
  }
  int answer = cli_store_find(s, of, arn);
  return answer == CLI_GO_ON ? cli_pending_find(s, arn, given, id) : answer;
}

static int send(cli_store *s, const char *verb, const char *given,
                const cli_text *body) {
  char *id = NULL;
  int answer = find_id(s, given, &id);
  if (answer != CLI_GO_ON)
    return answer;
  char *target = cli_store_target("durable-execution-callbacks", id, verb);
  answer = cli_store_call(s, "POST", target,
                          (durable_bytes){body->data, body->len}, NULL);
  free(target);
  free(id);
  if (answer != CLI_GO_ON) {
    if (!of)
      fprintf(stderr,
              "durable: \"%s\" was taken for a callback's id; with "
              "--of EXECUTION it is a name\n",
              given);
    return answer;
  }
  fprintf(stderr, "durable: callback %s\n",
          strcmp(verb, "succeed") == 0 ? "succeeded"
          : strcmp(verb, "fail") == 0  ? "failed"
                                       : "kept alive");
  return CLI_OK;
}

int cli_callback(int argc, const char **argv) {
  cli_args args;
  cli_text body = {0};
  cli_store s = {0};
  const char *verb = NULL, *given = NULL;
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  if (answer == CLI_GO_ON) {
    verb = args.operands[0];
    given = args.count > 1 ? args.operands[1] : NULL;
    answer = check_verb(verb);
  }
  if (answer == CLI_GO_ON)
    answer = check_callback(given);
  if (answer == CLI_GO_ON)
    answer = make_body(verb, &body);
  if (answer == CLI_GO_ON)
    answer = cli_store_inspect(&s, db, endpoint);
  if (answer == CLI_GO_ON)
    answer = send(&s, verb, given, &body);
  cli_store_close(&s);
  cli_text_drop(&body);
  cli_args_drop(&args);
  return answer;
}
