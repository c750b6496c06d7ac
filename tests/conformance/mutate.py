"""Every change of what a requirement asserts, one at a time.

changes(requirement) yields (what was changed, the changed requirement); a
recorded run that satisfied the requirement must be refused for each of them.
"""

import copy

import match

NEVER = "no such value"


def changes(requirement):
    for path, text in history(requirement.text):
        yield f"history {path}", changed(requirement, text)
    for path, text in result(requirement.text):
        yield f"result {path}", changed(requirement, text)
    for path, text in logs(requirement.text):
        yield f"logs {path}", changed(requirement, text)


def changed(requirement, text):
    other = copy.copy(requirement)
    other.text = text
    return other


def replaced(tree, path, value):
    """A copy of |tree| with |value| at |path|; what is not on it is shared."""
    if not path:
        return value
    twin = copy.copy(tree)
    twin[path[0]] = replaced(tree[path[0]], path[1:], value)
    return twin


def renamed(tree, path):
    """A copy of |tree| in which the last key of |path| is another."""
    *front, key = path
    node = tree
    for step in front:
        node = node[step]
    return replaced(tree, front, {
        (name + "Other" if name == key else name): value
        for name, value in node.items()})


def leaves(tree, path=()):
    """(path, value) of all that is no container with something in it."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list) and tree:
        for index, value in enumerate(tree):
            yield from leaves(value, (*path, index))
    else:
        yield path, tree


def keys(tree, path=()):
    """The path of every key of every object."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*path, key)
            yield from keys(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from keys(value, (*path, index))


def other(value):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return NEVER if match.PLACEHOLDER.fullmatch(value) else value + "~"
    return NEVER


# ---- history

def history(text):
    name = "ExpectedExecutionHistory"
    for index, event in enumerate(text.get(name) or []):
        for path in keys(event):
            if path != ("EventId",):  # what it is looked up by
                yield (index, *path, "renamed"), renamed(
                    text, (name, index, *path))
        for path, value in leaves(event):
            if value in ({}, "*"):
                continue
            pattern = isinstance(value, str) and match.PATTERN.fullmatch(value)
            yield (index, *path), replaced(
                text, (name, index, *path),
                "${/^" + NEVER + "$/}" if pattern
                else 9999 if path == ("EventId",) else other(value))


# ---- result

def result(text):
    expected = text.get("ExpectedResult")
    if expected is None:
        return
    path = ("ExpectedResult", "ExecutionStatus")
    yield path, replaced(text, path, "SUCCEEDED" if
                         expected["ExecutionStatus"] == "FAILED" else "FAILED")
    if "Result" not in expected:
        return
    for path in keys(expected["Result"], ("ExpectedResult", "Result")):
        yield (*path, "renamed"), renamed(text, path)
    for path, value in leaves(expected["Result"], ("ExpectedResult", "Result")):
        yield path, replaced(text, path, other(value))


# ---- logs

def logs(text):
    name = "ExpectedLogs"
    for index, expected in enumerate(text.get(name) or []):
        if "count" in expected:
            path = (name, index, "count")
            yield path, replaced(text, path, expected["count"] + 1)
        if "min_count" in expected:
            path = (name, index, "min_count")
            yield path, replaced(text, path, 9999)
        fields = [(name, index, side, number, key)
                  for side in ("before", "after")
                  for number, anchor in enumerate(expected.get(side) or [])
                  for key in anchor]
        if expected.get("count") != 0:  # else it asserts that nothing matches
            fields += [(name, index, "match", key) for key in expected["match"]]
        for path in fields:
            yield (*path, "renamed"), renamed(text, path)
            yield path, replaced(text, path, "/^" + NEVER + "$/")
