"""`luarocks make` in a copy of the source tree, for each Lua that is asked for; a
workflow then runs from the tree that it filled, and from nothing else.

usage: rock.py --source DIR --swig DIR VERSION...
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FLOW = """
local durable = require "durable"
local runner = require("durable.testing").runner(function(event, ctx)
  local n = ctx:step("add", function() return event.a + 1 end)
  ctx:wait("nap", 3600)
  return n
end)
local run = runner:run({a = 41})
assert(run.status == "SUCCEEDED", tostring(run.error))
local where = package.searchpath and package.searchpath("durable", package.path) or ""
print(run.result, durable._VERSION, where)
"""


def copy_of(source, to):
    """What a source archive would hold."""
    shutil.copytree(source, to, ignore=lambda folder, names: [
        name for name in names if name in (".git", "__pycache__")
        or name == "build" and pathlib.Path(folder).samefile(source)])


def make(version, folder, swig):
    environment = dict(os.environ, PATH=f"{swig}:{os.environ['PATH']}",
                       CMAKE_GENERATOR="Ninja")
    for key in ("LUA_PATH", "LUA_CPATH", "LUA_INIT"):
        environment.pop(key, None)
    source, tree = folder / "source", folder / f"tree-{version}"
    subprocess.run(["rm", "-rf", source / "build"], check=True)
    done = subprocess.run(
        ["luarocks", "make", "--lua-version", version, "--tree", tree],
        cwd=source, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"luarocks make for {version}:\n{done.stdout}{done.stderr}")
    subprocess.run(["rm", "-rf", source / "build"], check=True)
    lua = tree / "share" / "lua" / version
    ran = subprocess.run(
        [f"lua{version}", "-"], input=FLOW, text=True, capture_output=True, cwd=folder,
        env={**environment, "LUA_PATH": f"{lua}/?.lua;{lua}/?/init.lua",
             "LUA_CPATH": f"{tree}/lib/lua/{version}/?.so"})
    if ran.returncode != 0 or not ran.stdout.startswith("42"):
        raise SystemExit(f"{version}: {ran.stdout}{ran.stderr}")
    listing = subprocess.run(
        ["luarocks", "show", "--lua-version", version, "--tree", tree, "durable"],
        env=environment, capture_output=True, text=True)
    if listing.returncode != 0:
        raise SystemExit(f"luarocks show: {listing.stdout}{listing.stderr}")
    print(f"{version}: {ran.stdout.strip()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--swig", required=True)
    parser.add_argument("versions", nargs="+")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="durable-rock-") as name:
        folder = pathlib.Path(name)
        copy_of(arguments.source, folder / "source")
        for version in arguments.versions:
            make(version, folder, arguments.swig)
    return 0


if __name__ == "__main__":
    sys.exit(main())
