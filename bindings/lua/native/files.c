/* files: payloads in a directory, for durable.serdes.files. */
#include "native.h"

#include <errno.h>
#include <string.h>

static durable_host_files files_at(lua_State *L, int index) {
  durable_host_files files = DURABLE_HOST_FILES_INIT;
  files.base_path = dur_lua_text(L, index, "base_path");
  files.overflow = (uint32_t)dur_lua_int(L, index, "overflow");
  files.hashed = (uint32_t)dur_lua_int(L, index, "hashed");
  return files;
}

static int answer(lua_State *L, int rc, durable_host_buffer *text) {
  if (rc >= 0) {
    lua_pushlstring(L, text->data, text->len);
    durable_host_buffer_drop(text);
    return 1;
  }
  int retryable = rc == DURABLE_E_IO;
  lua_pushnil(L);
  lua_pushstring(L, retryable ? strerror(errno) : durable_error_text(rc));
  lua_pushboolean(L, retryable);
  return 3;
}

/* store(files, arn, operation_id, text, preview): what goes into the checkpoint;
 * or nil, why, and whether another try may help */
int dur_lua_store(lua_State *L) {
  durable_host_files files = files_at(L, 1);
  durable_host_buffer payload = {NULL, 0};
  int rc = durable_host_files_store(
      &files, dur_lua_to_bytes(L, 2), dur_lua_to_bytes(L, 3),
      dur_lua_to_bytes(L, 4), dur_lua_to_bytes(L, 5), &payload);
  return answer(L, rc, &payload);
}

/* load(files, payload): the text; or as store */
int dur_lua_load(lua_State *L) {
  durable_host_files files = files_at(L, 1);
  durable_host_buffer text = {NULL, 0};
  int rc = durable_host_files_load(&files, dur_lua_to_bytes(L, 2), &text);
  return answer(L, rc, &text);
}
