/* durable invoke: start an execution at a service, and wait for its end. */
#include "cli.h"
#include "remote.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *endpoint, *input, *name, *tenant;
static int event;

static const struct poptOption OPTIONS[] = {
    {"endpoint", 'E', POPT_ARG_STRING, &endpoint, 0,
     "the service; default: http://127.0.0.1:9014", "URL"},
    {"input", 'i', POPT_ARG_STRING, &input, 0, "the input; default: {}",
     "JSON|@FILE"},
    {"name", 'n', POPT_ARG_STRING, &name, 0,
     "the execution's name; one that exists is waited for", "NAME"},
    {"tenant", 0, POPT_ARG_STRING, &tenant, 0, "the tenant's id", "ID"},
    {"event", 'e', POPT_ARG_NONE, &event, 0,
     "do not wait: print the execution's ARN", NULL},
    CLI_END_OPTIONS};

static const cli_syntax SYNTAX = {
    .command = "invoke",
    .operands = "FUNCTION",
    .about = "Invoke a function of a service, such as of `durable serve`, and "
             "print its result.",
    .options = OPTIONS,
    .min = 1,
    .max = 1};

static int print_reply(const cli_remote_reply *reply) {
  if (reply->status >= 300)
    return cli_refuse("the service answered with status %ld: %s", reply->status,
                      reply->body ? reply->body : "");
  if (event) {
    printf("%s\n", reply->arn);
    return CLI_OK;
  }
  if (reply->function_error) {
    cli_refuse("%s", reply->body ? reply->body : "the function failed");
    return CLI_UNSUCCESSFUL;
  }
  printf("%s\n", reply->body ? reply->body : "");
  return CLI_OK;
}

static int ask(cli_remote *remote, const char *function, const cli_text *body) {
  cli_remote_reply reply;
  char *target = cli_format("/2015-03-31/functions/%s/invocations", function);
  char *kind = cli_format("X-Amz-Invocation-Type: %s",
                          event ? "Event" : "RequestResponse");
  char *named =
      name ? cli_format("X-Amz-Durable-Execution-Name: %s", name) : NULL;
  char *owner = tenant ? cli_format("X-Amz-Tenant-Id: %s", tenant) : NULL;
  const char *headers[4] = {kind, named ? named : owner, named ? owner : NULL,
                            NULL};
  int answer = CLI_GO_ON;
  if (!target || !kind || (name && !named) || (tenant && !owner))
    answer = cli_no_memory();
  if (answer == CLI_GO_ON)
    answer = cli_remote_ask(remote, "POST", target, headers,
                            (durable_bytes){body->data, body->len}, &reply);
  if (answer == CLI_GO_ON) {
    answer = print_reply(&reply);
    cli_remote_reply_drop(&reply);
  }
  free(target);
  free(kind);
  free(named);
  free(owner);
  return answer;
}

static int check(const char *function) {
  if (!cli_check_function_name(function) ||
      (name && !cli_check_execution_name(name)))
    return CLI_REFUSED;
  if (tenant && strpbrk(tenant, "\r\n"))
    return cli_refuse("--tenant holds a line end");
  return CLI_GO_ON;
}

int cli_invoke(int argc, const char **argv) {
  cli_args args;
  cli_text body = {0};
  cli_remote *remote = NULL;
  int answer = cli_args_read(&args, &SYNTAX, argc, argv);
  if (answer == CLI_GO_ON)
    answer = check(args.operands[0]);
  if (answer == CLI_GO_ON)
    answer =
        cli_json_read(&body, "--input", input ? input : "{}", CLI_INPUT_MAX);
  if (answer == CLI_GO_ON)
    answer =
        cli_remote_open(&remote, endpoint ? endpoint : "http://127.0.0.1:9014");
  if (answer == CLI_GO_ON)
    answer = ask(remote, args.operands[0], &body);
  cli_remote_close(remote);
  cli_text_drop(&body);
  cli_args_drop(&args);
  return answer;
}
