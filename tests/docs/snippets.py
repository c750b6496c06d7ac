"""Compile and run the C blocks of docs/ and of the README, and check that links
between pages lead somewhere.

A block is one of these; a comment at its head or foot says what it needs.

  a workflow          has DURABLE_HANDLER(...): a shared object, whose first
                      handler is run on the embedded service in virtual time
  a program           has int main(...): linked with both libraries and run
  /* inside a handler */    statements: wrapped into a handler (inside.h), run,
                      and has to succeed
  /* declared in durable/x.h */   prototypes: have to agree with that header
  /* part of: name */ put together, in order, with the blocks of the same name
                      on the same page, and then one of the above

  /* input: JSON */   the event of a workflow; else {}
  /* callback: succeed BODY */ or fail: how callbacks are completed
  /* exits with N */   the exit status of a program; else 0
  /* prints: */       the next block, marked text, is what is printed, followed
                      for a workflow by a line with its outcome
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)
WARNINGS = ["-std=c17", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror",
            "-Wno-unused-parameter"]
WRAPPED = """#include "inside.h"
static int snippet(durable_ctx *ctx, const durable_value *event,
                   const durable_value **result) {
  durable_values *in = durable_ctx_values(ctx);
  const durable_value *value = NULL;
  const durable_batch *batch = NULL;
  int rc = DURABLE_OK;
  (void)event, (void)in, (void)value, (void)batch, (void)result, (void)rc;
#line %d "%s"
%s
return DURABLE_OK;
}
DURABLE_HANDLER(snippet);
"""


class Block:
    def __init__(self, page, line, code, expected):
        self.page, self.line, self.code = page, line, code
        self.expected = expected
        self.name = f"{page}:{line}"

    def directive(self, word):
        found = re.search(r"/\* %s: (.*?) \*/" % word, self.code, re.S)
        return found.group(1) if found else None


def blocks_of(path, page):
    text = path.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    if text.count("\n```") + text.startswith("```") != 2 * len(found):
        raise SystemExit(f"{page}: a code fence is not closed")
    for i, match in enumerate(found):
        if match.group(1) != "c":
            continue
        expected = None
        if "/* prints: */" in match.group(2):
            after = found[i + 1] if i + 1 < len(found) else None
            if after is None or after.group(1) != "text":
                raise SystemExit(f"{page}: a text block has to follow prints:")
            expected = after.group(2)
        line = text.count("\n", 0, match.start()) + 2
        yield Block(page, line, match.group(2), expected)


def stitched(blocks):
    parts = {}
    for block in blocks:
        name = block.directive("part of")
        if name is None:
            yield block
        elif (block.page, name) not in parts:
            parts[block.page, name] = block
        else:
            whole = parts[block.page, name]
            whole.code += f'#line {block.line} "{block.page}"\n{block.code}'
            whole.expected = block.expected or whole.expected
    yield from parts.values()


def anchors_of(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in HEADING.findall(text)}


def broken_links(pages):
    for path in pages:
        for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
            page = path.parent / target if target else path
            if "://" in target or target.startswith("mailto:"):
                continue
            if not page.exists():
                yield f"{path}: no such page: {target}"
            elif anchor and anchor not in anchors_of(page):
                yield f"{path}: no such heading: {target}#{anchor}"


class Bench:
    def __init__(self, args):
        self.args = args
        self.here = pathlib.Path(__file__).resolve().parent
        self.work = pathlib.Path(args.work)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("AWS_", "_LAMBDA"))}
        self.env["LD_LIBRARY_PATH"] = args.lib

    def compile(self, stem, code, flags):
        source = self.work / f"{stem}.c"
        source.write_text(code, encoding="utf-8")
        command = shlex.split(self.args.cc) + WARNINGS + [
            f"-I{self.args.include}", f"-I{self.here}", str(source)]
        if self.args.sanitize:
            command.append(f"-fsanitize={self.args.sanitize}")
        command += flags
        return self.run(command)

    def run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.env,
                              timeout=120, cwd=self.work, text=True,
                              errors="replace")
        return done.returncode, done.stdout, done.stderr

    def libraries(self):
        return [f"-L{self.args.lib}", f"-Wl,-rpath,{self.args.lib}",
                "-Wl,--no-as-needed", "-ldurable-service", "-ldurable"]

    def check(self, block):
        stem = re.sub(r"\W+", "_", block.name)
        head = f'#line {block.line} "{block.page}"\n'
        if "/* declared in " in block.code:
            header = re.search(r"/\* declared in (\S+) \*/", block.code)
            return self.verdict(block, self.compile(
                stem, f"#include <{header.group(1)}>\n{head}{block.code}",
                ["-fsyntax-only"]), only_compile=True)
        if "int main(" in block.code:
            program = self.work / stem
            built = self.compile(stem, head + block.code,
                                 ["-o", str(program)] + self.libraries())
            return self.verdict(block, built) or self.check_program(
                block, program)
        return self.check_workflow(block, stem, head + block.code)

    def check_program(self, block, program):
        code, out, err = self.run([str(program)])
        expected = re.search(r"/\* exits with (\d+)", block.code)
        if expected and code == int(expected.group(1)):
            code = 0
        elif expected:
            return f"{block.name}: it ended with {code}\n{out}{err}"
        return self.verdict(block, (code, out, err), ran=True)

    def check_workflow(self, block, stem, code):
        flags = ["-shared", "-fPIC", "-o", str(self.work / f"{stem}.so")]
        inside = "/* inside a handler */" in block.code
        if inside:
            code = WRAPPED % (block.line, block.page, block.code)
            flags += ["-Wno-unused-function", "-Wno-unused-variable",
                      "-Wno-unused-but-set-variable"]
        elif "DURABLE_HANDLER" not in block.code:
            return f"{block.name}: neither a workflow nor marked"
        built = self.compile(stem, code, flags + self.libraries())
        if built[0]:
            return self.verdict(block, built)
        for state in ("all", "collapsed"):
            wrong = self.run_workflow(block, stem, state, inside)
            if wrong:
                return f"(with {state} of the state) {wrong}"
        return None

    def run_workflow(self, block, stem, state, inside):
        command = [self.args.runner, state, str(self.work / f"{stem}.so"),
                   block.directive("input") or "{}"]
        answer = block.directive("callback")
        if answer:
            command += answer.split(None, 1)
        result = self.run(command)
        wrong = self.verdict(block, result, ran=True)
        if not wrong and inside and not result[1].startswith("SUCCEEDED"):
            wrong = f"{block.name}: ended with {result[1]}{result[2]}"
        return wrong

    @staticmethod
    def verdict(block, result, ran=False, only_compile=False):
        code, out, err = result
        if code:
            what = "running it answered" if ran else "the compiler answered"
            return f"{block.name}: {what} {code}\n{out}{err}"
        if ran and block.expected is not None and \
                out.strip() != block.expected.strip():
            return (f"{block.name}: expected\n{block.expected}\nbut it "
                    f"printed\n{out}{err}")
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("docs", "cc", "include", "lib", "runner", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--sanitize", default="")
    parser.add_argument("--only", default="", help="pages whose name has this")
    args = parser.parse_args()
    docs = pathlib.Path(args.docs)
    pages = sorted(docs.rglob("*.md")) + [docs.parent / "README.md"]
    wrong = list(broken_links(pages))
    blocks = []
    for path in pages:
        page = os.path.relpath(path, docs)
        own = list(stitched(blocks_of(path, page)))
        ran = [b for b in own if b.expected is not None]
        if page.startswith("operations/") and not ran:
            wrong.append(f"{page}: no snippet that runs and prints")
        blocks += [b for b in own if args.only in page]
    bench = Bench(args)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong += [w for w in pool.map(bench.check, blocks) if w]
    for complaint in wrong:
        print(complaint)
    print(f"{len(blocks)} snippets, {len(wrong)} complaints")
    return 1 if wrong or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())
