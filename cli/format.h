/* format: how times, states and outcomes look. */
#ifndef DUR_CLI_FORMAT_H
#define DUR_CLI_FORMAT_H

#include "cli.h"
#include <cjson/cJSON.h>

enum { CLI_TIME_SIZE = 40 };

/* "12 ms", "4.21 s", "2 m 05 s", "3 h 20 m", "12 d 3 h" */
const char *cli_duration(char out[CLI_TIME_SIZE], int64_t ms);
/* "2026-10-08 14:03:07.125", UTC; "-" for 0 */
const char *cli_instant(char out[CLI_TIME_SIZE], int64_t ms);
/* 1: the terminal's encoding has the characters for bars and marks. */
int cli_is_utf8(void);
/* Columns of the terminal that |fd| is, else of COLUMNS, else 80. */
int cli_columns(int fd);

/* A payload as a part of JSON output: itself, or as a string if it is none. */
cJSON *cli_payload(const char *text);
/* An execution as of GetDurableExecution in the form of run and get --json:
 * name, arn, function, status, started, ended, input, result or error. */
cJSON *cli_execution_json(const cJSON *execution);
/* Print with a line end to stdout, and delete it. */
int cli_print_json(cJSON *json);
/* "Type: message" of an ErrorObject; the caller frees. */
char *cli_error_line(const cJSON *error);

#endif
