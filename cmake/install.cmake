# Headers, libraries with SONAMEs, durable.pc, a CMake package, the CLI.
