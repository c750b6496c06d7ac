-- The rock builds libdurable, too, and carries it: `luarocks make` in the source
-- tree.  It takes CMake 3.25, SWIG 4.5, and the headers of OpenSSL, libcurl,
-- SQLite and cJSON.
rockspec_format = "3.0"
package = "durable"
version = "dev-1"
source = {url = "."}
description = {
  summary = "Durable workflows as coroutines",
  detailed = "Workflows of AWS Lambda Durable Functions in Lua: every step is on record, "
    .. "so that after a wait, a crash or a retry the code goes on where it was.",
  license = "Apache-2.0",
}
supported_platforms = {"linux"}
dependencies = {"lua >= 5.1, < 5.5"}
build = {
  type = "command",
  build_command = "cmake -S . -B build/rock -DCMAKE_BUILD_TYPE=Release -DDURABLE_TOOLS=OFF "
    .. "-DDURABLE_PYTHON=OFF -DDURABLE_BUILD_TESTS=OFF -DDURABLE_LUA=ON "
    .. "-DDURABLE_ROCK_INCDIR='$(LUA_INCDIR)' -DDURABLE_ROCK_LUADIR='$(LUADIR)' "
    .. "-DDURABLE_ROCK_LIBDIR='$(LIBDIR)' && cmake --build build/rock",
  install_command = "cmake --install build/rock --component rock",
  copy_directories = {},
}
