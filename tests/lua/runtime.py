"""durable-lua behind `durable serve`, and its layer in a root that holds little."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serve"))

from support import ServeTest  # noqa: E402

RUNTIME = os.environ["DURABLE_LUA_RUNTIME"]
LAYER = pathlib.Path(os.environ["DURABLE_LUA_LAYER"])

FLOWS = {
    "flow.lua": """
local durable = require "durable"
local flow = {}
function flow.handler(event, ctx)
  local n = ctx:step("add", function(step)
    step.logger:info("adding", {a = event.a})
    return event.a + 1
  end)
  ctx:wait("nap", 1)
  local left = ctx.lambda_context:get_remaining_time_in_millis()
  return {n = n, left = left > 0 and left <= 900000,
    id = ctx.lambda_context.aws_request_id ~= nil}
end
flow.configured = durable.handler(function(_, ctx)
  return ctx:step("s", function() return durable.typed("decimal", "1.50") end).text
end, {serdes = durable.serdes.tagged})
flow.plain = durable.plain(function(event, context)
  if event.fail then error(durable.error("Refused", "not today")) end
  return {got = event, request = context.aws_request_id ~= nil}
end)
function flow.fails() error("on purpose", 0) end
return flow
""",
    "deep/er.lua": "return {handler = function() return 'deep' end}",
    "helped.lua": "local h = require 'helper'\nreturn {handler = function() return h.word end}",
    "helper.lua": "return {word = 'helped'}",
    "broken.lua": "return {",
    "raises.lua": "error('while loading')",
    "empty.lua": "",
    "gone.lua": "os.exit(3)",
}


# As AWS Lambda sets it: a layer's libraries are in /opt/lib.
LIBRARIES = "/lib64:/usr/lib64:/var/runtime:/var/task:/var/task/lib:/opt/lib"


def function(name, handler, folder, command=None, **more):
    return {"name": name, "command": command or [RUNTIME],
            "env": {"_HANDLER": handler, "LAMBDA_TASK_ROOT": str(folder), **more}}


class Runtime(ServeTest):
    functions = None

    def setUp(self):
        super().setUp()
        self.folder = self.directory / "task"
        for name, text in FLOWS.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def serve_handlers(self, durable=True, **handlers):
        """The service tries a durable one that crashed again, for a while."""
        self.serve(functions=[
            {**function(name, handler, self.folder), "durable": durable}
            for name, handler in handlers.items()])

    def result(self, name, payload=None):
        answer = self.invoke(name, payload, name="run-" + name)
        self.assertEqual(answer.status, 200, answer.body)
        return answer

    def test_a_workflow(self):
        self.serve_handlers(flow="flow.handler", set="flow.configured",
                            deep="deep/er.handler", helped="helped.handler")
        self.assertEqual(self.result("flow", {"a": 2}).json,
                         {"n": 3, "left": True, "id": True})
        self.assertEqual(self.result("set").json, "1.50")
        self.assertEqual(self.result("deep").json, "deep")
        self.assertEqual(self.result("helped").json, "helped")
        lines = [json.loads(json.loads(line)["message"]) for path in self.logs.iterdir()
                 for line in path.read_text().splitlines()]
        self.assertEqual([(line["message"], line["operationName"], line["attempt"], line["a"])
                          for line in lines], [("adding", "add", 1, 2)])

    def test_a_plain_function(self):
        self.serve_handlers(durable=False, plain="flow.plain")
        self.assertEqual(self.invoke("plain", {"x": 1}).json,
                         {"got": {"x": 1}, "request": True})
        failed = self.invoke("plain", {"fail": True})
        self.assertIn("x-amz-function-error", failed.headers)
        self.assertEqual(failed.json["errorType"], "Refused")
        self.assertEqual(failed.json["errorMessage"], "not today")

    def failure(self, name):
        return json.dumps(self.invoke(name).json)

    def test_failures(self):
        self.serve_handlers(fails="flow.fails")
        self.assertIn("on purpose", self.failure("fails"))

    def test_what_cannot_be_loaded(self):
        cases = {
            "absent": ("none.handler", "ImportModuleError", "no module none"),
            "nameless": ("flow.nothing", "HandlerNotFound", "no function or handler nothing"),
            "malformed": ("flow", "MalformedHandlerName", "expected MODULE.NAME"),
            "broken": ("broken.handler", "UserCodeSyntaxError", "broken.lua"),
            "raises": ("raises.handler", "UserCodeError", "while loading"),
            "empty": ("empty.handler", "HandlerNotFound", "gives no function"),
        }
        self.serve_handlers(durable=False, **{name: case[0] for name, case in cases.items()})
        for name, (_, kind, words) in cases.items():
            with self.subTest(name):
                text = self.failure(name)
                self.assertIn("Runtime." + kind, text)
                self.assertIn(words, text)

    def test_a_process_that_ends(self):
        self.serve_handlers(durable=False, exits="gone.handler")
        self.assertIn("Runtime.ExitError", self.failure("exits"))


class Program(unittest.TestCase):
    def run_it(self, *arguments, **more):
        environment = {k: v for k, v in os.environ.items()
                       if k not in ("AWS_LAMBDA_RUNTIME_API", "_HANDLER")}
        return subprocess.run([RUNTIME, *arguments], capture_output=True, text=True,
                              env={**environment, **more}, timeout=60)

    def test_options(self):
        answer = self.run_it("--version")
        self.assertEqual(answer.returncode, 0)
        self.assertRegex(answer.stdout, r"^durable-lua \d+\.\d+\.\d+ \(Lua")
        self.assertIn("_HANDLER", self.run_it("--help").stdout)
        self.assertEqual(self.run_it("--nonsense").returncode, 2)

    def test_without_an_api(self):
        answer = self.run_it()
        self.assertEqual(answer.returncode, 2)
        self.assertIn("AWS_LAMBDA_RUNTIME_API", answer.stderr)
        answer = self.run_it(AWS_LAMBDA_RUNTIME_API="127.0.0.1:1", _HANDLER="flow.handler")
        self.assertEqual(answer.returncode, 1)


# What the layer finds in its root: glibc, libcrypto, and libcurl with what it is
# linked to on Debian 12.  Not Lua, no shell, no libdurable.
SYSTEM = """
ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libresolv.so.2 libcrypto.so.3 libcurl.so.4
libbrotlicommon.so.1 libbrotlidec.so.1 libcom_err.so.2 libffi.so.8 libgmp.so.10
libgnutls.so.30 libgssapi_krb5.so.2 libhogweed.so.6 libidn2.so.0 libk5crypto.so.3
libkeyutils.so.1 libkrb5.so.3 libkrb5support.so.0 liblber-2.5.so.0 libldap-2.5.so.0
libnettle.so.8 libnghttp2.so.14 libp11-kit.so.0 libpsl.so.5 librtmp.so.1 libsasl2.so.2
libssh2.so.1 libssl.so.3 libtasn1.so.6 libunistring.so.2 libz.so.1 libzstd.so.1
""".split()
MOST_BYTES = 1_000_000


def loaded_by(path, **more):
    """Name and path of all that the loader maps for a program or library."""
    listing = subprocess.run(["ldd", str(path)], capture_output=True, text=True,
                             check=True, env={**os.environ, **more}).stdout
    found = re.findall(r"^\s*(\S+)(?: => (\S+))? \(0x", listing, re.M)
    return {pathlib.Path(name).name: second or name for name, second in found
            if "vdso" not in name}


def change_root(root):
    """The command that runs a program in another root; as nobody in particular
    it takes a user namespace."""
    if os.geteuid() == 0:
        return ["chroot", str(root)]
    return ["unshare", "--user", "--map-root-user", "chroot", str(root)]


@unittest.skipIf("DURABLE_SANITIZED" in os.environ, "a sanitizer needs more libraries")
class Layer(ServeTest):
    functions = None

    def unpack(self):
        root = self.directory / "root"
        (root / "opt").mkdir(parents=True)
        with zipfile.ZipFile(LAYER) as layer:
            for entry in layer.infolist():
                path = layer.extract(entry, root / "opt")
                os.chmod(path, entry.external_attr >> 16 or 0o755)
        there = loaded_by(root / "opt" / "bootstrap")
        self.assertEqual(there.pop("libdurable.so.1"), str(root / "opt/lib/libdurable.so.1"))
        self.assertEqual(set(there) - set(SYSTEM), set(),
                         "the layer needs more than it may")
        for name, path in there.items():
            if name.startswith("ld-linux"):
                target = root / path.lstrip("/")
            else:
                target = root / "lib" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(path), target)
        (root / "var/task").mkdir(parents=True)
        return root

    def test_in_a_root_of_little(self):
        self.assertLess(LAYER.stat().st_size, MOST_BYTES)
        root = self.unpack()
        (root / "var/task/flow.lua").write_text(FLOWS["flow.lua"])
        elf = {path.relative_to(root).parts[0] for path in root.rglob("*")
               if path.is_file()}
        self.assertEqual(elf - {"lib", "lib64", "opt", "var"}, set())
        self.serve(functions=[function(
            "flow", "flow.handler", "/var/task",
            [*change_root(root), "/opt/bootstrap"], LD_LIBRARY_PATH=LIBRARIES)])
        answer = self.invoke("flow", {"a": 41}, name="in-little")
        self.assertEqual(answer.json, {"n": 42, "left": True, "id": True})

    def test_the_root_is_what_it_says(self):
        """Without libcurl in it, the program does not even start."""
        root = self.unpack()
        (root / "lib/libcurl.so.4").unlink()
        answer = subprocess.run([*change_root(root), "/opt/bootstrap", "--version"],
                                capture_output=True, text=True,
                                env={**os.environ, "LD_LIBRARY_PATH": LIBRARIES})
        self.assertEqual(answer.returncode, 127)
        self.assertIn("libcurl.so.4", answer.stderr)


if __name__ == "__main__":
    unittest.main()
