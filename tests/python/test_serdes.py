"""Values as texts: the vectors, the official SDK's texts, and what is refused."""
from __future__ import annotations

import datetime
import decimal
import enum
import random
import uuid

import pytest

from both import official, outcome, own, vectors
from durable_core import serdes
from durable_core.exceptions import RetryableSerDesError, SerDesError
from durable_core.serdes import EXTENDED_TYPES_SERDES, SerDes, SerDesContext

CONTEXT = SerDesContext("1", "arn")


def names():
    """What the vectors' Python texts are written with."""
    from durable_core.concurrency import models
    from durable_core.config import BatchItemStatus
    from durable_core.lambda_service import ErrorObject
    return {"datetime": datetime, "Decimal": decimal.Decimal, "UUID": uuid.UUID,
            "uuid": uuid, "decimal": decimal, "date": datetime.date,
            "timezone": datetime.timezone, "timedelta": datetime.timedelta,
            "nan": float("nan"), "inf": float("inf"), "BatchResult":
            models.BatchResult, "BatchItem": models.BatchItem, "ErrorObject":
            ErrorObject, "BatchItemStatus": BatchItemStatus,
            "CompletionReason": models.CompletionReason}


@pytest.mark.parametrize("case", vectors("serdes_json_encode_spaced"),
                         ids=lambda c: c["python"][:40])
def test_plain_json(case):
    value = eval(case["python"])
    assert serdes.JsonSerDes().serialize(value, CONTEXT) == case["text"]
    assert serdes.JsonSerDes().deserialize(case["text"], CONTEXT) == value


class Small(enum.IntEnum):
    ONE = 1


class Name(enum.StrEnum):
    A = "a"


class Text(str):
    pass


ZONE = datetime.timezone(-datetime.timedelta(hours=5, minutes=30))
VALUES = [
    None, True, False, 0, -7, 2**70, -(2**200), 1.0, 1e100, 1e-7, 0.1, float("inf"),
    -float("inf"), "", "x", "\u00e9\u2028\U0001f600\"\\/\n\x00", "\ud800", [],
    [1, "a", None, True, 1.5], [[], [[1]]], {}, {"a": 1}, {"a": {"b": [1, {"c": None}]}},
    [{"a": 1}], (1, 2), (), [(1,)], b"hi", bytearray(b"\x00\xff"), memoryview(b"m"),
    uuid.UUID("12345678-1234-5678-1234-567812345678"), decimal.Decimal("1.10"),
    decimal.Decimal("1E+3"), decimal.Decimal("NaN"),
    datetime.datetime(2025, 1, 2, 3, 4, 5),
    datetime.datetime(2025, 1, 2, 3, 4, 5, 678900, datetime.UTC),
    datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=ZONE), datetime.date(2025, 1, 2),
    {"t": "s", "v": 1}, {1: "b", None: "n", 1.5: "f", True: "t"}, Small.ONE, Name.A,
    Text("sub"), [Small.ONE], {"k": Name.A}, {"deep": [[[[{"x": (1, b"")}]]]]},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: repr(v)[:40])
def test_the_text_is_the_official_one_and_comes_back(value):
    text = EXTENDED_TYPES_SERDES.serialize(value, CONTEXT)
    theirs = official.serdes.EXTENDED_TYPES_SERDES
    assert text == theirs.serialize(value, None)
    ours_back = EXTENDED_TYPES_SERDES.deserialize(text, CONTEXT)
    theirs_back = theirs.deserialize(text, None)
    assert repr(ours_back) == repr(theirs_back)


def test_not_a_number_comes_back():
    text = EXTENDED_TYPES_SERDES.serialize([float("nan")], CONTEXT)
    assert text == "[NaN]"
    assert EXTENDED_TYPES_SERDES.deserialize(text, CONTEXT)[0] != 0


LEAVES = [v for v in VALUES if not isinstance(v, (list, tuple, dict, memoryview))]


def random_value(draw, depth=0):
    kind = draw.random()
    if depth > 4 or kind < 0.4:
        return draw.choice(LEAVES)
    made = [random_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind < 0.6:
        return made
    if kind < 0.75:
        return tuple(made)
    return {draw.choice(["a", "t", "v", 1, None, "\u00e9"]): item for item in made}


def test_random_values():
    draw = random.Random(11)
    theirs = official.serdes.EXTENDED_TYPES_SERDES
    for _ in range(2000):
        value = random_value(draw)
        text = EXTENDED_TYPES_SERDES.serialize(value, CONTEXT)
        assert text == theirs.serialize(value, None)
        back = EXTENDED_TYPES_SERDES.deserialize(text, CONTEXT)
        assert repr(back) == repr(theirs.deserialize(text, None))


class Odd:
    pass


@pytest.mark.parametrize("value, path", [
    ({1, 2}, "$"), (Odd(), "$"), ({"items": [1, {"when": Odd()}]}, "$.items[1].when"),
    ([datetime.timedelta(1)], "$[0]"), ({"a": (1, 2j)}, "$.a[1]"),
    ({"a": {(1, 2): 3}}, "$.a"), (range(3), "$"), ({"a": datetime.time(1)}, "$.a"),
], ids=str)
def test_what_cannot_be_stored_is_named_with_its_place(value, path):
    with pytest.raises(SerDesError) as raised:
        serdes.serialize(None, value, "op", "arn")
    assert path in str(raised.value)


@pytest.mark.parametrize("text", [
    '{"a":1}', '[{"a":1}]', '{"t":"zz","v":1}', '{"t":"l","v":{}}', "{", "", "[1] x",
    '{"t":"m","v":[]}', '{"t":"u","v":"no"}', '{"t":"dt","v":"no"}'])
def test_what_is_no_tagged_form_is_refused(text):
    with pytest.raises(SerDesError):
        serdes.deserialize(None, text, "op", "arn")
    with pytest.raises(official.exceptions.SerDesError):
        official.serdes.deserialize(None, text, "op", "arn")


class Failing(SerDes):
    def __init__(self, error):
        self.error = error

    def serialize(self, value, serdes_context):
        raise self.error

    def deserialize(self, data, serdes_context):
        raise self.error


@pytest.mark.parametrize("error", ["ValueError", "SerDesError",
                                   "RetryableSerDesError"])
@pytest.mark.parametrize("way", ["serialize", "deserialize"])
def test_what_a_serdes_raises(error, way):
    def done(package):
        made = getattr(package.exceptions, error, ValueError)("why")
        failing = type("Failing", (package.serdes.SerDes,), dict(vars(Failing)))(made)
        return outcome(lambda: getattr(package.serdes, way)(failing, "x", "op", "arn"))
    assert done(own) == done(official)


def test_a_serdes_is_told_whose_payload_it_is():
    class Noting(SerDes):
        def serialize(self, value, serdes_context):
            return repr(serdes_context)

        def deserialize(self, data, serdes_context):
            return serdes_context
    assert serdes.deserialize(Noting(), "", "op", "arn") == SerDesContext("op", "arn")
    assert "op" in serdes.serialize(Noting(), 1, "op", "arn")


def test_nothing_is_done_to_what_passes_through():
    thing = object()
    passing = serdes.PassThroughSerDes()
    assert passing.serialize(thing, CONTEXT) is thing
    assert passing.deserialize(thing, CONTEXT) is thing
    assert issubclass(RetryableSerDesError, Exception)


@pytest.mark.parametrize("value", [1, [1, [None, "x"]], [{}], (1,), b"", {}, [b""],
                                   [[[[]]]], True, 1.5], ids=repr)
def test_primitives(value):
    assert SerDes.is_primitive(value) == official.serdes.SerDes.is_primitive(value)


def test_a_batch_result_has_a_tag_of_its_own():
    def text(package):
        import importlib
        m = importlib.import_module(f"{package._name}.concurrency.models")
        error = package.lambda_service.ErrorObject("m", "t", None, None)
        status = package.config.BatchItemStatus
        batch = m.BatchResult(
            [m.BatchItem(0, status.SUCCEEDED, {"k": (1, b"x")}),
             m.BatchItem(1, status.FAILED, error=error), m.BatchItem(2, status.STARTED)],
            m.CompletionReason.ALL_COMPLETED)
        stored = package.serdes.serialize(None, {"b": batch}, "op", "arn")
        back = package.serdes.deserialize(None, stored, "op", "arn")["b"]
        assert type(back) is m.BatchResult and back == batch
        return stored
    assert text(own) == text(official)
