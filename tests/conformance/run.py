#!/usr/bin/env python3
"""Runs the conformance requirements in one or more languages.

  run.py --cli DURABLE --column NAME=COMMAND... [--out DIRECTORY] [ID|SUITE...]

COMMAND is a custom runtime whose handlers are named by _HANDLER, the id of a
requirement; with --list it prints the ids it has.  The table of what passed is
printed; the exit code is 1 when a requirement failed or has no handler and is
not excused in exceptions.yaml.  DIRECTORY (default: build) gets

  conformance.json              {"NAME": {"1-1": "PASSED", ...}, ...}
  conformance-NAME.xml          JUnit
  conformance/NAME/ID.json      what happened, for test_match.py
"""

import argparse
import concurrent.futures
import json
import pathlib
import shlex
import subprocess
import sys
import time

import yaml

import report
from evaluate import Verdict, evaluate
from perform import perform
from requirement import Missing, load

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cli", required=True, help="the program `durable`")
    parser.add_argument("--column", action="append", required=True,
                        metavar="NAME=COMMAND")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--jobs", type=int, default=12,
                        help="requirements at once (default: 12)")
    parser.add_argument("only", nargs="*", metavar="ID|SUITE")
    return parser.parse_args()


def absolute(word):
    """Every program is started in a directory of its own."""
    return str(pathlib.Path(word).absolute()) \
        if pathlib.Path(word).exists() else word


def has(command):
    """The ids that a bootstrap has handlers for."""
    listed = subprocess.run([*command, "--list"], check=True, text=True,
                            stdout=subprocess.PIPE)
    return set(listed.stdout.split())


def judge(options, column, command, requirement):
    began = time.monotonic()
    record = perform(options.cli, command, requirement)
    verdict = evaluate(requirement, record)
    verdict.seconds = time.monotonic() - began
    kept = options.out / "conformance" / column / f"{requirement.id}.json"
    kept.write_text(json.dumps(vars(record), indent=1))
    return verdict


def run_column(options, column, command, requirements):
    """{id: Verdict}: those that wait for real time begin first."""
    (options.out / "conformance" / column).mkdir(parents=True, exist_ok=True)
    there = has(command)
    verdicts = {r.id: Verdict.missing() for r in requirements
                if r.id not in there}
    runs = sorted((r for r in requirements if r.id in there),
                  key=lambda r: not r.in_real_time)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {r.id: pool.submit(judge, options, column, command, r)
                for r in runs}
        verdicts |= {key: job.result() for key, job in jobs.items()}
    return verdicts


def excuse(column, verdicts):
    """Requirements that cannot apply, with the reason why."""
    excused = yaml.safe_load((HERE / "exceptions.yaml").read_text()) or {}
    for key, reason in (excused.get(column) or {}).items():
        if key in verdicts and verdicts[key].problems:
            verdicts[key].reason = reason


def main():
    options = arguments()
    options.cli = absolute(options.cli)
    requirements = load(only=options.only)
    columns = {}
    for pair in options.column:
        name, _, command = pair.partition("=")
        command = [absolute(word) for word in shlex.split(command)]
        columns[name] = run_column(options, name, command, requirements)
        excuse(name, columns[name])
        report.junit(options.out / f"conformance-{name}.xml", name,
                     requirements, columns[name])
    report.statuses(options.out / "conformance.json", columns)
    report.table(requirements, columns)
    return 0 if all(verdict.is_good for verdicts in columns.values()
                    for verdict in verdicts.values()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as error:
        sys.exit(f"conformance: {error}")
