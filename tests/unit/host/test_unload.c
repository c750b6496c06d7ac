/* The library stays when its last user is unloaded: its thread may be in it. */
#include "test.h"

#include <dlfcn.h>

static void it_stays_when_it_is_closed(void **state) {
  const char *path = DUR_BUILD_DIR "/lib/libdurable.so.1";
  (void)state;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(library);
  assert_non_null(dlsym(library, "durable_host_new"));
  assert_int_equal(dlclose(library), 0);
  assert_non_null(dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_stays_when_it_is_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
