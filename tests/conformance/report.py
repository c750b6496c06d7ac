"""Verdicts for people, for scripts and for CI."""

import fcntl
import json
import xml.etree.ElementTree as xml

from columns import ALL

TITLE_WIDTH = 48
SHOWN = 3  # sentences about one requirement; JUnit has them all


def statuses(path, columns):
    """{"c": {"1-1": "PASSED", ...}, ...}: other columns, and other requirements
    of these, stay as they are."""
    with open(path, "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        kept = json.loads(file.read() or "{}")
        kept = {name: kept[name] for name in ALL if name in kept}
        for column, verdicts in columns.items():
            kept.setdefault(column.name, {}).update(
                {key: verdict.status for key, verdict in verdicts.items()})
        file.truncate(0)
        json.dump(kept, file, indent=1)


def junit(path, column, requirements, verdicts):
    suite = xml.Element("testsuite", name=f"conformance.{column.name}")
    counts = {"tests": 0, "failures": 0, "skipped": 0}
    for requirement in requirements:
        verdict = verdicts[requirement.id]
        case = xml.SubElement(
            suite, "testcase", name=f"{requirement.id} {requirement.title}",
            classname=f"conformance.{column.name}.{requirement.suite}",
            time=f"{verdict.seconds:.3f}")
        counts["tests"] += 1
        if verdict.reason:
            counts["skipped"] += 1
            xml.SubElement(case, "skipped", message=verdict.reason)
        elif verdict.problems:
            counts["failures"] += 1
            xml.SubElement(case, "failure", message=verdict.problems[0]).text \
                = "\n".join(verdict.problems)
        if verdict.findings:
            xml.SubElement(case, "system-out").text = "\n".join(
                verdict.findings)
    suite.attrib.update({key: str(count) for key, count in counts.items()})
    xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def beyond(columns, key):
    """How many findings there are that the official validator lacks: "c 2"."""
    counts = {column.name: len(verdicts[key].findings)
              for column, verdicts in columns.items() if key in verdicts}
    return ", ".join(f"{name} {count}" for name, count in counts.items()
                     if count) or "-"


def sentences(verdict):
    for kind, lines in ((verdict.status, verdict.problems),
                        ("beyond", verdict.findings)):
        yield from (f"{kind}: {line}" for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f"{kind}: and {len(lines) - SHOWN} more"
    if verdict.reason:
        yield f"excused: {verdict.reason}"


def table(requirements, columns):
    """A row for each requirement; then what is wrong, sentence by sentence."""
    width = max(len("PASSED"), *(len(column.title) for column in columns)) + 1
    print(f"{'id':6} {'':{TITLE_WIDTH}} " + " ".join(
        f"{column.title:{width}}" for column in columns) + " beyond")
    for requirement in requirements:
        key, title = requirement.id, requirement.title[:TITLE_WIDTH]
        cells = [verdicts[key].status if key in verdicts else ""
                 for verdicts in columns.values()]
        if any(cells):  # else none of these columns is asked
            print(f"{key:6} {title:{TITLE_WIDTH}} " + " ".join(
                f"{cell:{width}}" for cell in cells)
                + " " + beyond(columns, key))
    for column, verdicts in columns.items():
        for key, verdict in verdicts.items():
            for line in sentences(verdict):
                print(f"{column.name} {key} {line}")
    for column, verdicts in columns.items():
        passed = sum(not verdict.problems for verdict in verdicts.values())
        findings = sum(len(verdict.findings) for verdict in verdicts.values())
        print(f"{column.title}: {passed} of {len(verdicts)} passed, "
              f"{findings} findings beyond the official validator")
