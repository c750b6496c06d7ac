"""Every way to spoil one place of an answer: a comparison that lets one of
them pass would not notice such a change of the service."""

from matching import TIMES

DAY_S = 86_400


def values(key, value, whole_ms, other_id):
    """What could be in the place of a value."""
    if key in TIMES:
        yield from (0, value + DAY_S * (1000 if whole_ms else 1), str(value))
    elif isinstance(value, bool):
        yield from (not value, int(value))
    elif isinstance(value, int):
        yield from (value + 1, float(value), str(value))
    elif isinstance(value, str):
        yield from (value + "x", "", other_id)
    elif value is None:
        yield from ("", {}, 0)
    else:
        yield []
    if value is not None:
        yield None


def mutants(root, whole_ms, other_id, where="$"):
    """Change |root| in place, and tell where, until asked for the next."""
    if isinstance(root, dict):
        keys = list(root)
    else:
        keys = range(len(root))
    for key in keys:
        kept = root[key]
        path = f"{where}.{key}" if isinstance(root, dict) else f"{where}[{key}]"
        for other in values(key, kept, whole_ms, other_id):
            if type(other) is not type(kept) or other != kept:
                root[key] = other
                yield f"{path} = {other!r} instead of {kept!r}"
        root[key] = kept
        if isinstance(kept, (dict, list)):
            yield from mutants(kept, whole_ms, other_id, path)
    if isinstance(root, dict):
        for key in keys:
            kept = root.pop(key)
            yield f"{where} without {key}"
            root[key] = kept
        root["Other"] = 1
        yield f"{where} with a key more"
        del root["Other"]
    else:
        root.append(root[-1] if root else None)
        yield f"{where} with an item more"
        root.pop()
        if root:
            kept = root.pop()
            yield f"{where} with an item less"
            root.append(kept)
        if len(root) > 1 and root[0] != root[-1]:
            root.reverse()
            yield f"{where} in another order"
            root.reverse()
