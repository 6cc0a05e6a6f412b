"""PostgreSQL's messages for a statement that nobody waits for: Parse, Bind and Execute, without a Sync.

The server works on them before whatever is sent next. Where one fails, it skips the rest up to the next Sync
(see "Pipelining" in PostgreSQL's manual). Values go as texts, which it reads by the statement's types.
"""

import datetime
import decimal
import ipaddress
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

_LENGTH = 4
"""Of the length that each message begins with, behind its letter."""
_NULL = (-1).to_bytes(4, "big", signed=True)
_END = b"\x00"
_NONE = (0).to_bytes(2, "big")
"""A count of types or formats: the server's own, and texts."""


def parse(name: str, sql: str) -> bytes:
    """Prepares the statement under the name."""
    return _message(b"P", name.encode() + _END + sql.encode() + _END + _NONE)


def execute(name: str, values: Sequence[Any]) -> bytes:
    """Runs a prepared statement that returns no rows."""
    written = b"".join(map(_value, values))
    bound = _END + name.encode() + _END + _NONE + len(values).to_bytes(2, "big") + written + _NONE
    return _message(b"B", bound) + _message(b"E", _END + (0).to_bytes(4, "big"))


def _message(letter: bytes, content: bytes) -> bytes:
    return letter + (len(content) + _LENGTH).to_bytes(4, "big") + content


def _value(value: Any) -> bytes:
    if value is None:
        return _NULL
    text = text_of(value).encode()
    return len(text).to_bytes(4, "big") + text


def text_of(value: Any) -> str:
    """A value as PostgreSQL reads it. Raises TypeError for a type that no statement sends so."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | uuid.UUID():
            return str(value)
        case bytes():
            return rf"\x{value.hex()}"
        case datetime.date():  # a moment too
            return value.isoformat()
        case datetime.timedelta():
            return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"
        case decimal.Decimal() | ipaddress.IPv4Network() | ipaddress.IPv6Network():
            return str(value)
        case list() | tuple():
            return "{" + ",".join(_elements(value)) + "}"
    raise TypeError(f"a value of {type(value).__name__} cannot be sent along")


def _elements(values: Sequence[Any]) -> Iterable[str]:
    """What an array holds. Imports send thousands of ids and texts, which are written in one go."""
    kinds = set(map(type, values))
    if kinds == {uuid.UUID}:
        return [f"{value.int:032x}" for value in values]
    if kinds == {str}:
        return map(_quoted, values)
    return ("NULL" if value is None else _quoted(text_of(value)) for value in values)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
