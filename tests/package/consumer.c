/* consumer: a program outside the tree, built against the installed package.
 *
 * It ends with 0 when the installed headers, library and pkg-config or CMake
 * package are of one version and that library answers an engine's call. */
#include <durable/engine.h>
#ifdef CONSUMER_WITH_SERVICE
#include <durable/durable.h>
#include <durable/host.h>
#include <durable/service.h>
#endif

#include <stdio.h>
#include <string.h>

#ifdef CONSUMER_WITH_SERVICE
static int embedded_service_answers(void) {
  char message[256] = "";
  durable_service *service = NULL;
  if (durable_service_open(&service, NULL, message, sizeof message) < 0) {
    fprintf(stderr, "%s\n", message);
    return 0;
  }
  durable_service_close(service);
  return 1;
}
#endif

int main(void) {
  char message[256] = "";
  if (durable_version_number() != DURABLE_VERSION_NUMBER ||
      strcmp(durable_version_string(), DURABLE_VERSION_STRING) != 0 ||
      strcmp(durable_version_string(), PACKAGE_VERSION) != 0) {
    fprintf(stderr, "header %s, library %s, package %s\n",
            DURABLE_VERSION_STRING, durable_version_string(), PACKAGE_VERSION);
    return 1;
  }
  if (durable_engine_abi(DURABLE_VERSION_MAJOR, DURABLE_VERSION_MINOR, message,
                         sizeof message) != 0) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  if (durable_engine_abi(DURABLE_VERSION_MAJOR + 1, 0, message,
                         sizeof message) != DURABLE_E_ABI ||
      message[0] == '\0') {
    fprintf(stderr, "a client of a later major version was not refused\n");
    return 1;
  }
#ifdef CONSUMER_WITH_SERVICE
  if (!embedded_service_answers())
    return 1;
#endif
  printf("%s\n", durable_version_string());
  return 0;
}
