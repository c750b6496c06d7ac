/* config: size-first structs of users, brought to this library's size. */
#include <string.h>

#include "frontend/model.h"

static int tail_is_zero(const unsigned char *bytes, size_t from, size_t to) {
  for (size_t i = from; i < to; i++)
    if (bytes[i])
      return 0;
  return 1;
}

int dur_config_in(void *to, size_t size, const void *from) {
  size_t given;
  memset(to, 0, size);
  if (!from) {
    memcpy(to, &size, sizeof size);
    return 0;
  }
  memcpy(&given, from, sizeof given);
  if (given < sizeof given || given > 65536)
    return DURABLE_E_ABI;
  if (given > size && !tail_is_zero(from, size, given))
    return DURABLE_E_ABI;
  memcpy(to, from, given < size ? given : size);
  memcpy(to, &size, sizeof size);
  return 0;
}
