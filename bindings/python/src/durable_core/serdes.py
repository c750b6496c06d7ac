"""How values become the texts that are stored, and texts values.

The default is the tagged form, :data:`EXTENDED_TYPES_SERDES`.  What is made of
None, texts, numbers, booleans and lists of these is plain JSON; everything else is
an envelope ``{"t": TAG, "v": VALUE}``, in which every member is an envelope too:

=====  ==========================  ==================================================
tag    of                          value
=====  ==========================  ==================================================
n      None                        null
s      str                         text
i      int, of any size            number
f      float                       number; NaN, Infinity and -Infinity are bare words
b      bool                        true, false
B      bytes and bytearray         Base64; comes back as bytes
u      uuid.UUID                   32 digits and 4 hyphens
d      decimal.Decimal             decimal text
dt     datetime                    ``YYYY-MM-DDTHH:MM:SS[.ffffff][+HH:MM]``
D      date                        ``YYYY-MM-DD``
t, l   tuple, list                 list of envelopes
m      dict                        object of envelopes; keys come back as text
br     BatchResult                 the members of its ``to_dict()``, as of a dict
=====  ==========================  ==================================================

A type that is not named here raises SerDesError, which names the place in the
value: ``$.items[3].when``.  Payloads over 262,144 bytes are not stored as they are;
see docs/limits.md.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from durable_core import _native
from durable_core.exceptions import RetryableSerDesError, SerDesError

logger = logging.getLogger(__name__)

T = TypeVar("T")

TYPE_TOKEN: str = "t"
VALUE_TOKEN: str = "v"


class TypeTag(StrEnum):
    """The tags of the tagged form."""

    NONE = "n"
    STR = "s"
    INT = "i"
    FLOAT = "f"
    BOOL = "b"
    BYTES = "B"
    UUID = "u"
    DECIMAL = "d"
    DATETIME = "dt"
    DATE = "D"
    TUPLE = "t"
    LIST = "l"
    DICT = "m"
    BATCH_RESULT = "br"


@dataclass(frozen=True)
class SerDesContext:
    """Whose payload it is: an operation's id and the ARN of its execution."""

    operation_id: str = ""
    durable_execution_arn: str = ""


class SerDes(ABC, Generic[T]):
    """Your own serialization.

    Both ways have to be functions of their arguments: what a body returned is
    serialized and read back before the calling code gets it, so that the first run
    and every replay see the same value.

    Raise SerDesError when a payload is at fault, RetryableSerDesError when another
    try may succeed; any other exception counts as the first.
    """

    @abstractmethod
    def serialize(self, value: T, serdes_context: SerDesContext) -> str: ...

    @abstractmethod
    def deserialize(self, data: str, serdes_context: SerDesContext) -> T: ...

    @staticmethod
    def is_primitive(obj: Any) -> bool:
        """None, a text, number or boolean, or a list of nothing else."""
        waiting = [obj]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(value)
            elif value is not None and not isinstance(value, str | int | float):
                return False
        return True


class PassThroughSerDes(SerDes[T]):
    """The value is the text: nothing is done to it."""

    def serialize(self, value: T, _: SerDesContext) -> str:
        return value  # type: ignore[return-value]

    def deserialize(self, data: str, _: SerDesContext) -> T:
        return data  # type: ignore[return-value]


class JsonSerDes(SerDes[T]):
    """Plain JSON, of what the ``json`` module takes: the form of invokes."""

    def serialize(self, value: T, _: SerDesContext) -> str:
        return json.dumps(value)

    def deserialize(self, data: str, _: SerDesContext) -> T:
        return json.loads(data)  # type: ignore[no-any-return]


class ExtendedTypeSerDes(SerDes[T]):
    """The tagged form; see the head of this module."""

    def serialize(self, value: Any, context: SerDesContext | None = None) -> str:
        return _native.dumps(value, _native.DURABLE_FORM_TAGGED)

    def deserialize(self, data: str, context: SerDesContext | None = None) -> Any:
        return _native.loads(data, _native.DURABLE_FORM_TAGGED)


class PlainSerDes(SerDes[T]):
    """Plain JSON without blanks, as front ends in other languages write it."""

    def serialize(self, value: T, _: SerDesContext | None = None) -> str:
        return _native.dumps(value, _native.DURABLE_FORM_PLAIN)

    def deserialize(self, data: str, _: SerDesContext | None = None) -> T:
        return _native.loads(data, _native.DURABLE_FORM_PLAIN)  # type: ignore[no-any-return]


DEFAULT_JSON_SERDES: SerDes[Any] = JsonSerDes()
PLAIN_SERDES: SerDes[Any] = PlainSerDes()
EXTENDED_TYPES_SERDES: SerDes[Any] = ExtendedTypeSerDes()


def serialize(
    serdes: SerDes[T] | None, value: T, operation_id: str, durable_execution_arn: str
) -> str:
    """``value`` by ``serdes``, None: in the tagged form.

    Raises SerDesError or RetryableSerDesError, whatever the serdes raised.
    """
    context = SerDesContext(operation_id, durable_execution_arn)
    try:
        return (serdes or EXTENDED_TYPES_SERDES).serialize(value, context)
    except (RetryableSerDesError, SerDesError):
        raise
    except Exception as cause:
        raise _failed("Serialization", operation_id, cause) from cause


def deserialize(
    serdes: SerDes[T] | None, data: str, operation_id: str, durable_execution_arn: str
) -> T:
    """The value of ``data``; the rest as of :func:`serialize`."""
    context = SerDesContext(operation_id, durable_execution_arn)
    try:
        return (serdes or EXTENDED_TYPES_SERDES).deserialize(data, context)
    except (RetryableSerDesError, SerDesError):
        raise
    except Exception as cause:
        raise _failed("Deserialization", operation_id, cause) from cause


def _failed(what: str, operation_id: str, cause: Exception) -> SerDesError:
    message = f"{what} failed for id: {operation_id}, error: {cause}."
    logger.exception("%s", message)
    return SerDesError(message)
