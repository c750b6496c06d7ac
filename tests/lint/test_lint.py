"""Each rule of tools/lint refuses a bad sample and lets a good one pass."""
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def load(path):
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("lint", str(path))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("lint", loader))
    loader.exec_module(module)
    return module


lint = load(ROOT / "tools" / "lint")
GOOD = "#include <string.h>\n\nint dur_one(void) { return 1; }\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def findings(self, rule):
        found = lint.RULES[rule](self.root, lint.tracked(self.root),
                                 self.root / "build")
        return [str(f) for f in found]

    def refuses(self, rule, *parts):
        found = self.findings(rule)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def accepts(self, rule):
        self.assertEqual(self.findings(rule), [])


class Format(Tree):
    def setUp(self):
        super().setUp()
        self.write(".clang-format", (ROOT / ".clang-format").read_text())

    def test_good(self):
        self.write("core/base/a.c", "int a;\n")
        self.accepts("format")

    def test_bad(self):
        self.write("core/base/a.c", "int a;\nint  b ;\n")
        self.refuses("format", "core/base/a.c:2:")

    def test_fix(self):
        self.write("core/base/a.c", "int  a ;\n")
        lint.fix_format(self.root, lint.tracked(self.root))
        self.accepts("format")


class Layers(Tree):
    def include(self, path, *names):
        self.write(path, "".join(f"#include {name}\n" for name in names))

    def setUp(self):
        super().setUp()
        for header in ("core/base/b.h", "core/wire/w.h", "core/serdes/s.h",
                       "core/sign/g.h", "core/engine/e.h", "abi/door.h",
                       "host/h.h", "frontend/f.h", "service/v.h", "cli/c.h",
                       "abi/include/durable/engine.h"):
            self.write(header, "")

    def test_downwards(self):
        self.include("core/wire/a.c", '"base/b.h"', '"wire/w.h"', "<string.h>")
        self.include("core/engine/a.c", '"sign/g.h"', '"serdes/s.h"')
        self.include("abi/a.c", '"door.h"', '"engine/e.h"', "<durable/engine.h>")
        self.include("host/a.c", '"host/h.h"', "<durable/host.h>", "<curl/curl.h>")
        self.include("frontend/a.c", '"host/h.h"', '"serdes/s.h"')
        self.include("service/a.c", '"v.h"', '"wire/w.h"', "<durable/service.h>")
        self.include("service/run_handler.c", "<durable/durable.h>")
        self.include("cli/a.c", '"c.h"', "<durable/run.h>", "<popt.h>")
        self.accepts("layers")

    def test_backwards(self):
        for path, name in (
                ("core/base/a.c", '"wire/w.h"'),
                ("core/wire/a.c", '"serdes/s.h"'),
                ("core/serdes/a.c", '"engine/e.h"'),
                ("core/engine/a.c", '"abi/door.h"'),
                ("core/engine/a.c", "<durable/engine.h>"),
                ("core/engine/a.c", '"durable/engine.h"'),
                ("abi/a.c", '"host/h.h"'),
                ("host/a.c", '"engine/e.h"'),
                ("host/a.c", '"frontend/f.h"'),
                ("service/a.c", '"serdes/s.h"'),
                ("service/a.c", '"../host/h.h"'),
                ("service/a.c", "<durable/durable.h>"),
                ("service/run_handler.c", '"base/b.h"'),
                ("cli/a.c", '"service/v.h"'),
                ("cli/a.c", '"base/b.h"'),
                ("abi/include/durable/a.h", '"base/b.h"'),
                ("abi/include/durable/a.h", "<curl/curl.h>")):
            with self.subTest(path=path, name=name):
                self.include(path, name)
                self.refuses("layers", f"{path}:1:")
                os.remove(self.root / path)

    def test_foreign(self):
        for path, name in (("core/base/a.c", "<pthread.h>"),
                           ("core/base/a.c", "<curl/curl.h>"),
                           ("core/engine/a.c", "<openssl/evp.h>"),
                           ("host/a.c", "<sqlite3.h>"),
                           ("service/a.c", "<microhttpd.h>"),
                           ("service/a.c", "<popt.h>"),
                           ("frontend/a.c", "<cjson/cJSON.h>")):
            with self.subTest(path=path, name=name):
                self.include(path, name)
                self.refuses("layers", f"{path}:1:", name)
                os.remove(self.root / path)

    def test_missing(self):
        self.include("host/a.c", '"host/gone.h"')
        self.refuses("layers", "is no file")


class Purity(Tree):
    def compile(self, text, name="sample"):
        folder = self.root / "build" / "core"
        folder.mkdir(parents=True, exist_ok=True)
        source = self.root / f"{name}.c"
        source.write_text(text)
        subprocess.run(["cc", "-w", "-fPIC", "-c", source, "-o",
                        folder / f"{name}.c.o"], check=True)

    def test_good(self):
        self.compile("#include <string.h>\n"
                     "static const char *const names[] = {\"a\", \"b\"};\n"
                     "const char *dur_name(int i) { return names[i]; }\n"
                     "int dur_same(const void *a, const void *b, size_t n)\n"
                     "{ return memcmp(a, b, n); }\n")
        self.accepts("purity")

    def test_no_objects(self):
        self.refuses("purity", "build first")

    def test_classes(self):
        for call, name in (("clock_gettime(0, 0)", "clock"),
                           ("socket(1, 2, 3)", "socket"),
                           ("getaddrinfo()", "socket"),
                           ("open(\"a\", 0)", "file"),
                           ("printf(\"%d\", 1)", "file"),
                           ("getenv(\"A\")", "environment"),
                           ("pthread_create()", "thread"),
                           ("rand()", "randomness"),
                           ("getrandom()", "randomness"),
                           ("malloc(1)", "heap"),
                           ("strdup(\"a\")", "heap"),
                           ("abort()", "end of the process"),
                           ("something_else()", "unknown")):
            with self.subTest(call=call):
                self.compile(f"void dur_f(void) {{ {call}; }}\n")
                self.refuses("purity", f"(class: {name})")

    def test_heap_has_one_door(self):
        self.compile("void f(void *p) { free(p); }\n", "mem")
        self.accepts("purity")

    def test_global_state(self):
        for text in ("int dur_count;", "static int n = 1; int *f(void){return &n;}",
                     "_Thread_local int dur_mine;"):
            with self.subTest(text=text):
                self.compile(text + "\n")
                found = self.findings("purity")
                self.assertTrue(any("global state" in f for f in found), found)


class Headers(Tree):
    def test_good(self):
        self.write("abi/include/durable/a.h", "int durable_a(void);\n")
        self.accepts("headers")

    def test_not_cpp(self):
        self.write("abi/include/durable/a.h", "int durable_a(int class);\n")
        self.refuses("headers", "not c++17")

    def test_not_c99(self):
        self.write("abi/include/durable/a.h",
                   "_Static_assert(sizeof(int) == 4, \"\");\n"
                   "#ifndef __cplusplus\n#endif\n")
        self.assertIn("not c99", "".join(self.findings("headers")))

    def test_not_alone(self):
        self.write("abi/include/durable/a.h", "size_t durable_a(void);\n")
        self.assertEqual(len(self.findings("headers")), len(lint.LANGUAGES))


class Size(Tree):
    @staticmethod
    def function(name, length):
        return f"int {name}(void) {{\n" + "  f();\n" * (length - 2) + "}\n"

    def test_good(self):
        self.write("host/a.c", self.function("f", lint.LONGEST_FUNCTION))
        self.accepts("size")

    def test_long_function(self):
        long = self.function("too_long", lint.LONGEST_FUNCTION + 1)
        self.write("host/a.c", self.function("f", 3) + "\n" + long)
        self.refuses("size", "host/a.c:5:", "too_long has 81 lines")

    def test_signature_of_two_lines(self):
        head = "static int\nwrapped(int a,\n        int b) {\n"
        self.write("host/a.c", head + "  f();\n" * 80 + "}\n")
        self.refuses("size", "host/a.c:1:", "wrapped has 84 lines")

    def test_declarations_are_no_functions(self):
        table = "static const int t[] = {\n" + "  1,\n" * 100 + "};\n"
        long = self.function("f", lint.LONGEST_FUNCTION + 1)
        self.write("host/a.c", "int f(void);\nint g(int a,\n      int b);\n"
                   + table + "struct s {\n" + "  int a;\n" * 100 + "};\n" + long)
        self.refuses("size", "host/a.c:208:", "f has 81 lines")

    def test_long_file(self):
        self.write("cli/a.c", "int a;\n" * (lint.LONGEST_FILE + 1))
        self.refuses("size", "901 lines")

    def test_elsewhere(self):
        self.write("tests/a.c", "int a;\n" * (lint.LONGEST_FILE + 1))
        self.accepts("size")


class Words(Tree):
    def test_good(self):
        self.write("docs/a.md", "Nothing to do; TODAY and FIXMES are fine.\n")
        self.accepts("words")

    def test_bad(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            with self.subTest(word=word):
                self.write("core/base/a.c", f"\n/* {word}: later */\n")
                self.refuses("words", "core/base/a.c:2:", word)

    def test_a_path_of_the_machine(self):
        self.write("docs/a.md", "In /srv/" "work/ or $HOME/" "work/: fine.\n")
        self.accepts("words")
        for place in ("/root" "/x", "/work" "/main", "/home" "/me/x"):
            with self.subTest(place=place):
                self.write("abi/history/1.0/a.abi", f"<a path='{place}'/>\n")
                self.refuses("words", "a.abi:1:", "one machine")


class Command(Tree):
    def run_lint(self, *args):
        return subprocess.run([ROOT / "tools" / "lint", "--root", self.root, *args],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)

    def test_exit_codes(self):
        self.write("core/base/a.c", GOOD)
        self.assertEqual(self.run_lint("layers", "size", "words").returncode, 0)
        self.write("core/base/a.c", "/* FIX" "ME */\n")
        self.assertEqual(self.run_lint("words").returncode, 1)
        self.assertEqual(self.run_lint("no-such-rule").returncode, 2)

    def test_only_what_git_tracks(self):
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.write("core/base/a.c", "/* FIX" "ME */\n")
        self.assertEqual(self.run_lint("words").returncode, 0)
        subprocess.run(["git", "-C", self.root, "add", "."], check=True)
        self.assertEqual(self.run_lint("words").returncode, 1)


if __name__ == "__main__":
    unittest.main()
