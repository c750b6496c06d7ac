#!/usr/bin/env python3
"""Runs the conformance requirements, each with handlers in several languages.

  run.py [--build DIRECTORY] [--column NAME]... [ID|SUITE]...

NAME is one of columns.py; by default all of them are run.  The table of what
passed is printed.  The exit code is 1 when a requirement failed or has no
handler and is not excused in exceptions.yaml.  DIRECTORY (default: build) has
the programs, and gets

  conformance.json              {"NAME": {"1-1": "PASSED", ...}, ...}
  conformance-NAME.xml          JUnit
  conformance/NAME/ID.json      what happened, for test_match.py
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import yaml

import columns
import report
from evaluate import Verdict, evaluate
from perform import perform
from requirement import Missing, load

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--column", action="append", choices=columns.ALL)
    parser.add_argument("--jobs", type=int, default=12,
                        help="requirements at once (default: 12)")
    parser.add_argument("only", nargs="*", metavar="ID|SUITE")
    options = parser.parse_args()
    options.build = options.build.absolute()
    return options


def has(column, requirements):
    """The ids that a column has handlers for, as far as it can tell."""
    if not column.lists:
        return {requirement.id for requirement in requirements}
    listed = subprocess.run([*column.command, "--list"], check=True, text=True,
                            stdout=subprocess.PIPE,
                            env={**os.environ, **column.env})
    return set(listed.stdout.split())


def judge(build, column, requirement):
    began = time.monotonic()
    record = perform(build / "bin" / "durable", column, requirement,
                     lambda name: columns.PARTS[name](build))
    verdict = evaluate(requirement, record)
    verdict.seconds = time.monotonic() - began
    kept = build / "conformance" / column.name / f"{requirement.id}.json"
    kept.write_text(json.dumps(vars(record), indent=1))
    return verdict


def run_column(options, column, requirements):
    """{id: Verdict}: those that wait for real time begin first."""
    (options.build / "conformance" / column.name).mkdir(parents=True,
                                                        exist_ok=True)
    there = has(column, requirements)
    verdicts = {r.id: Verdict.missing() for r in requirements
                if r.id not in there}
    runs = sorted((r for r in requirements if r.id in there),
                  key=lambda r: not r.in_real_time)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {r.id: pool.submit(judge, options.build, column, r)
                for r in runs}
        verdicts |= {key: job.result() for key, job in jobs.items()}
    return {r.id: verdicts[r.id] for r in requirements}  # in their order


def excuse(column, verdicts):
    """Requirements that cannot apply, with the reason why."""
    excused = yaml.safe_load((HERE / "exceptions.yaml").read_text()) or {}
    for key, reason in (excused.get(column.name) or {}).items():
        if key in verdicts and verdicts[key].problems:
            verdicts[key].reason = reason


def main():
    options = arguments()
    requirements = load(only=options.only)
    ran = {}
    for name in options.column or columns.ALL:
        column = columns.ALL[name](options.build)
        mine = [r for r in requirements if r.applies(column)]
        ran[column] = run_column(options, column, mine)
        excuse(column, ran[column])
        report.junit(options.build / f"conformance-{name}.xml", column, mine,
                     ran[column])
    report.statuses(options.build / "conformance.json", ran)
    report.table(requirements, ran)
    return 0 if all(verdict.is_good for verdicts in ran.values()
                    for verdict in verdicts.values()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as error:
        sys.exit(f"conformance: {error}")
