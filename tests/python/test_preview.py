"""Previews: the core's vectors, and random values under random rules."""
from __future__ import annotations

import json
import random

import pytest

from both import official, outcome, own, vectors

CASES = vectors("preview")
CONFIGS = {
    "include_all": {"mode": "INCLUDE_ALL"},
    "include_all exclude user": {"mode": "INCLUDE_ALL", "exclude": ["user"]},
    "exclude_all include id": {"mode": "EXCLUDE_ALL", "include": ["id"]},
    "exclude_all include id PATH": {"mode": "EXCLUDE_ALL", "include": ["=id"]},
    "exclude_all include user": {"mode": "EXCLUDE_ALL", "include": ["user"]},
    "exclude_all mask email": {"mode": "EXCLUDE_ALL", "mask": ["email"]},
    "include_all mask user #": {"mode": "INCLUDE_ALL", "mask": ["user"],
                                "mask_string": "#"},
    "include_all exclude+mask email": {"mode": "INCLUDE_ALL", "exclude": ["email"],
                                       "mask": ["email"]},
    "include_all budget 30": {"mode": "INCLUDE_ALL", "max_preview_bytes": 30},
    "include_all budget 5": {"mode": "INCLUDE_ALL", "max_preview_bytes": 5},
    "exclude_all path user.name": {"mode": "EXCLUDE_ALL", "include": ["=user.name"]},
    "exclude_all": {"mode": "EXCLUDE_ALL"},
}


def build(package, value, given):
    m = package.preview
    given = dict(given, mode=m.PreviewMode(given["mode"]))
    for name in ("include", "exclude", "mask"):
        given[name] = [
            m.PreviewField(rule.lstrip("="), m.FieldMatchMode.PATH
                           if rule.startswith("=") else m.FieldMatchMode.ANYWHERE)
            for rule in given.get(name, ())]
    return outcome(lambda: m.build_preview(value, m.PreviewConfig(**given)))


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda c: c["config"])
def test_previews_are_those_of_the_core(case):
    found = build(own, CASES["document"], CONFIGS[case["config"]])
    assert found == ("answered", case["result"])


def some_value(draw, depth=0):
    if depth > 3 or draw.random() < 0.4:
        return draw.choice([1, "x", None, True, 1.5, "\u00e9", "long" * 5])
    if draw.random() < 0.4:
        return [some_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(["a", "b", "c", "a.b", 7]): some_value(draw, depth + 1)
            for _ in range(draw.randrange(5))}


def test_random_values_under_random_rules():
    draw = random.Random(5)
    rules = ["a", "b", "=a", "=a.b", "=a.b.c", "c", "a.b", "7"]
    shown = 0
    for _ in range(4000):
        value = some_value(draw)
        given = {"mode": draw.choice(["INCLUDE_ALL", "EXCLUDE_ALL"]),
                 "max_preview_bytes": draw.choice([5, 20, 60, 4096])}
        for name in ("include", "exclude", "mask"):
            given[name] = draw.sample(rules, draw.randrange(3))
        found = build(own, value, given)
        expected = build(official, value, given)
        assert found == expected, (json.dumps(value), given)
        shown += found[1] is not None
    assert shown > 300


def test_what_has_no_json_form_is_refused():
    value = {"a": {1, 2}}
    assert build(own, value, {"mode": "INCLUDE_ALL"})[:2] == ("raised", "TypeError")
    assert build(own, value, {"mode": "INCLUDE_ALL", "exclude": ["a"]}) == \
        ("answered", None)
