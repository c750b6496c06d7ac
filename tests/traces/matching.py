"""Comparing an answer with the recorded one, up to ids and times.

An id of the recording stands for one id of the replay, and for no other; a
time of the recording for one time of the replay, in the same order.  All else
is equal, types included.
"""

import bisect
import re

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ARN = re.compile(f"{UUID}/{UUID}")
ID = re.compile(f"{UUID}/{UUID}|eyJ[A-Za-z0-9+/]{{20,}}={{0,2}}|{UUID}")
OUR_TOKEN = re.compile("(?:[A-Za-z0-9+/]{4}){5,}"
                       "(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
TIMES = {"StartTimestamp", "EndTimestamp", "EventTimestamp", "StopTimestamp",
         "ScheduledEndTimestamp", "NextAttemptTimestamp"}

CLOCKS_MS = 1000  # how far the clocks of server and test may be apart


class Mismatch(Exception):
    def __init__(self, where, why):
        super().__init__(f"{where}: {why}")


class NewArn:
    """The ARN of an execution, in the words of AWS: it was |recorded|."""

    def __init__(self, recorded, function, name):
        self.recorded = recorded
        self.pattern = re.compile(
            "arn:aws:lambda:us-east-1:123456789012:function:"
            f"{re.escape(function)}:[$]LATEST/durable-execution/"
            f"{re.escape(name) if name else UUID}/{UUID}")


class Derived:
    """Of the replay, not of the recording: what |value| finds in the
    bindings."""

    def __init__(self, value):
        self.value = value


class Between:
    """A time that was not recorded: not before |first|, not after |last|."""

    def __init__(self, first, last):
        self.first, self.last = first, last


class Window:
    """When an exchange took place, recorded and now, in milliseconds."""

    def __init__(self, recorded, ours):
        self.recorded, self.ours = recorded, ours


def milliseconds(seconds):
    return round(seconds * 1_000_000) // 1000


class Bindings:
    """What of the recording stands for what of the replay."""

    def __init__(self, began_ms):
        self.began_ms = began_ms - CLOCKS_MS  # no time is before it
        self.ids, self.taken = {}, set()
        self.recorded, self.ours = [], []  # times, both ascending

    def copy(self):
        other = Bindings(self.began_ms + CLOCKS_MS)
        other.ids, other.taken = dict(self.ids), set(self.taken)
        other.recorded, other.ours = list(self.recorded), list(self.ours)
        return other

    def bind(self, recorded, ours):
        if self.ids.setdefault(recorded, ours) != ours:
            raise Mismatch(recorded, f"{ours}, but was {self.ids[recorded]}")
        self.taken.add(ours)

    def bind_arn(self, recorded, ours):
        """The last segment of an ARN is an id too: of its EXECUTION."""
        self.bind(recorded, ours)
        self.bind(recorded.rpartition("/")[2], ours.rpartition("/")[2])

    def bind_time(self, recorded, ours):
        if not self.knows(recorded):
            at = bisect.bisect_left(self.recorded, recorded)
            self.recorded.insert(at, recorded)
            self.ours.insert(at, ours)

    def replace(self, text):
        """The text with every recorded id that is known made ours."""
        return ID.sub(lambda m: self.ids.get(m[0], m[0]), text)

    def knows(self, recorded):
        at = bisect.bisect_left(self.recorded, recorded)
        return at < len(self.recorded) and self.recorded[at] == recorded

    def around(self, recorded):
        """The least and the greatest that this time can be now."""
        at = bisect.bisect_left(self.recorded, recorded)
        if self.knows(recorded):
            return self.ours[at], self.ours[at]
        return (self.ours[at - 1] if at else self.began_ms,
                self.ours[at] if at < len(self.ours) else float("inf"))


class Comparison:
    """One answer against the recorded one.  Nothing is bound before commit."""

    def __init__(self, bindings, window, whole_ms=False):
        self.bindings, self.window, self.whole_ms = bindings, window, whole_ms
        self.ids, self.times = {}, {}

    def commit(self):
        for recorded, ours in self.ids.items():
            if ARN.fullmatch(recorded):
                self.bindings.bind_arn(recorded, ours)
            else:
                self.bindings.bind(recorded, ours)
        for recorded, ours in sorted(self.times.items()):
            self.bindings.bind_time(recorded, ours)

    def compare(self, expected, actual, where="$"):
        if isinstance(expected, NewArn):
            self.arn(expected, actual, where)
        elif isinstance(expected, Between):
            self.between(expected, actual, where)
        elif isinstance(expected, Derived):
            if expected.value(self.bindings) != actual:
                raise Mismatch(where, f"{actual!r} instead of "
                               f"{expected.value(self.bindings)!r}")
        elif where.rpartition(".")[2] in TIMES:
            self.time(expected, actual, where)
        elif type(expected) is not type(actual):
            raise Mismatch(where, f"{actual!r} instead of {expected!r}")
        elif isinstance(expected, dict):
            self.members(expected, actual, where)
        elif isinstance(expected, list):
            if len(expected) != len(actual):
                raise Mismatch(where, f"{len(actual)} items instead of "
                               f"{len(expected)}: {actual!r}")
            for i, pair in enumerate(zip(expected, actual)):
                self.compare(*pair, f"{where}[{i}]")
        elif isinstance(expected, str) and ID.fullmatch(expected):
            self.id(expected, actual, where)
        elif isinstance(expected, str):
            if self.bindings.replace(expected) != actual:
                raise Mismatch(where, f"{actual!r} instead of {expected!r}")
        elif expected != actual:
            raise Mismatch(where, f"{actual!r} instead of {expected!r}")

    def members(self, expected, actual, where):
        if expected.keys() != actual.keys():
            missing = sorted(expected.keys() - actual.keys())
            extra = {k: actual[k] for k in actual.keys() - expected.keys()}
            raise Mismatch(where, f"without {missing}, with {extra}")
        for key in expected:
            self.compare(expected[key], actual[key], f"{where}.{key}")

    def arn(self, expected, actual, where):
        if type(actual) is not str or not expected.pattern.fullmatch(actual):
            raise Mismatch(where, f"{actual!r}: no {expected.pattern.pattern}")
        known = self.bindings.ids.get(expected.recorded)
        if known is None:
            self.fresh(expected.recorded, actual, where)
        elif known != actual:
            raise Mismatch(where, f"{actual}, which was {known} before")

    def id(self, recorded, ours, where):
        known = self.bindings.ids.get(recorded) or self.ids.get(recorded)
        if known is None:
            if not OUR_TOKEN.fullmatch(ours):
                raise Mismatch(where, f"{ours!r} is no token")
            self.fresh(recorded, ours, where)
        elif ours != known:
            raise Mismatch(where, f"{ours}, which was {known} before")

    def fresh(self, recorded, ours, where):
        if ours in self.bindings.taken or ours in self.ids.values():
            raise Mismatch(where, f"{ours}, which stands for another id")
        self.ids[recorded] = ours

    def number(self, actual, where):
        """A time of an answer, in milliseconds."""
        kinds = (int,) if self.whole_ms else (int, float)
        if type(actual) not in kinds:
            raise Mismatch(where, f"{actual!r} is not a time")
        return actual if self.whole_ms else milliseconds(actual)

    def time(self, expected, actual, where):
        ours = self.number(actual, where)
        recorded = expected if self.whole_ms else milliseconds(expected)
        first, last = self.bindings.around(recorded)
        then, now = self.window.recorded, self.window.ours
        if recorded in self.times:
            first = last = self.times[recorded]
        elif self.bindings.knows(recorded):
            pass
        elif recorded > then[1]:  # to come, and as far off as it was then
            first = max(first, now[0] + recorded - then[1] - CLOCKS_MS)
            last = min(last, now[1] + recorded - then[0] + CLOCKS_MS)
        else:
            last = min(last, now[1] + CLOCKS_MS)
        if not first <= ours <= last:
            raise Mismatch(where, f"{ours}, which is not in {first}..{last}")
        self.times[recorded] = ours

    def between(self, expected, actual, where):
        first, _ = self.bindings.around(milliseconds(expected.first))
        last = milliseconds(expected.last)
        last = self.times.get(last, self.bindings.around(last)[1])
        ours = self.number(actual, where)
        if not first <= ours <= min(last, self.window.ours[1] + CLOCKS_MS):
            raise Mismatch(where, f"{ours}, which is not in {first}..{last}")
