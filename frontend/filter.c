/* filter: see filter.h. */
#include "frontend/filter.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

const char *dur_filter_check(const durable_error_filter *filter,
                             durable_values *in) {
  for (size_t i = 0; filter->matches && filter->matches[i]; i++) {
    regex_t regex;
    char why[128], text[512];
    int rc = regcomp(&regex, filter->matches[i], REG_EXTENDED | REG_NOSUB);
    if (rc == 0) {
      regfree(&regex);
      continue;
    }
    regerror(rc, &regex, why, sizeof why);
    snprintf(text, sizeof text, "regular expression \"%.256s\": %s",
             filter->matches[i], why);
    const char *kept = durable_values_keep(in, dur_c(text)).data;
    return kept ? kept : "out of memory";
  }
  return NULL;
}

static int is_in(const char *const *list, const char *text) {
  for (size_t i = 0; list && text && list[i]; i++)
    if (strcmp(list[i], text) == 0)
      return 1;
  return 0;
}

static int contains(const char *const *list, const char *message) {
  for (size_t i = 0; list && list[i]; i++)
    if (strstr(message, list[i]))
      return 1;
  return 0;
}

static int matches(const char *const *list, const char *message) {
  int found = 0;
  for (size_t i = 0; !found && list && list[i]; i++) {
    regex_t regex;
    if (regcomp(&regex, list[i], REG_EXTENDED | REG_NOSUB) != 0)
      continue;
    found = regexec(&regex, message, 0, NULL, 0) == 0;
    regfree(&regex);
  }
  return found;
}

int dur_filter_passes(const durable_error_filter *filter,
                      const durable_failure *failure) {
  if (!filter->contains && !filter->matches && !filter->types && !filter->test)
    return 1;
  return contains(filter->contains, failure->message) ||
         matches(filter->matches, failure->message) ||
         is_in(filter->types, failure->name) ||
         is_in(filter->types, failure->type) ||
         (filter->test && filter->test(filter->user, failure) != 0);
}
