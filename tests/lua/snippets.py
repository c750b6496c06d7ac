"""Run the Lua blocks of docs/ and of the README, by every Lua that is given.

A block is one of these:

  a workflow             ends in `return`: a function, a handler, or a table of
                         them, of which `handler` is run on the embedded service
                         in virtual time, the others are functions to be invoked
  -- inside a handler    statements, with event and ctx; has to succeed
  a program              anything else: is run, and must not fail

  -- input: JSON         the event of a workflow; else {}
  -- callback: succeed BODY   or fail: how callbacks are completed
  -- prints:             the next block, marked text, is what is printed, followed
                         for a workflow by a line with its outcome

usage: snippets.py --docs DIR --lua PROGRAM...
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
HERE = pathlib.Path(__file__).resolve().parent
FEWEST = 20  # so that a change of the pages does not leave nothing to run


def blocks(docs):
    pages = sorted(docs.rglob("*.md")) + [docs.parent / "README.md"]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        found = list(FENCE.finditer(text))
        for i, match in enumerate(found):
            if match.group(1) != "lua":
                continue
            expected = None
            if "-- prints:" in match.group(2):
                after = found[i + 1] if i + 1 < len(found) else None
                if after is None or after.group(1) != "text":
                    raise SystemExit(f"{path}: a text block has to follow prints:")
                expected = after.group(2)
            line = text.count("\n", 0, match.start()) + 2
            yield path.relative_to(docs.parent), line, match.group(2), expected


def directive(code, word, default=""):
    found = re.search(rf"^-- {word}: (.*)$", code, re.M)
    return found.group(1) if found else default


def run(program, page, line, code, collapse, folder):
    path = folder / "snippet.lua"
    path.write_text(code, encoding="utf-8")
    return subprocess.run(
        [program, str(HERE / "snippet.lua"), str(path), str(line), str(page),
         directive(code, "input", "{}"), directive(code, "callback"), str(collapse)],
        capture_output=True, text=True, timeout=120, cwd=folder)


def check(program, block, folder):
    page, line, code, expected = block
    for collapse in (0, 1):
        done = run(program, page, line, code, collapse, folder)
        where = f"{page}:{line} ({pathlib.Path(program).name}, collapse {collapse})"
        if done.returncode != 0:
            yield f"{where}: {done.stderr.strip()}"
        elif expected is not None and done.stdout != expected:
            yield f"{where}: printed\n{done.stdout}instead of\n{expected}"
        elif expected is None and done.stdout:
            yield f"{where}: printed {done.stdout!r}, and the page does not say so"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--docs", type=pathlib.Path, required=True)
    parser.add_argument("--lua", nargs="+", required=True)
    arguments = parser.parse_args()
    all_blocks = list(blocks(arguments.docs.resolve()))
    if len(all_blocks) < FEWEST:
        raise SystemExit(f"only {len(all_blocks)} blocks were found")
    wrong = []
    with tempfile.TemporaryDirectory(prefix="durable-snippets-") as folder:
        for program in arguments.lua:
            for block in all_blocks:
                wrong += check(program, block, pathlib.Path(folder))
    for text in wrong:
        print(text)
    print(f"{len(all_blocks)} blocks, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
