"""JSON text that SQL puts together from static and dynamic parts.

`concat` skips NULL, and `||` with NULL is NULL. Both would break the JSON, so each part that may be NULL
brings its own replacement.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column

from engine.base.client_values import text

Part = str | ColumnElement[Any]
"""A literal text, or an expression that is never NULL."""

_MOST_ARGUMENTS = 90
"""A PostgreSQL function takes at most 100 arguments."""

NULL: ColumnElement[str] = literal_column("'null'")


def joined(parts: Iterable[Part]) -> ColumnElement[str]:
    """One text of all the parts."""
    pieces: list[ColumnElement[Any]] = [
        text(part) if isinstance(part, str) else part for part in _merged(parts)
    ]
    if len(pieces) == 1:
        return pieces[0] if _is_text(pieces[0]) else func.concat(pieces[0])
    while len(pieces) > _MOST_ARGUMENTS:
        groups = range(0, len(pieces), _MOST_ARGUMENTS)
        pieces = [func.concat(*pieces[start : start + _MOST_ARGUMENTS]) for start in groups]
    return func.concat(*pieces)


def or_else(parts: Sequence[Part], missing: ColumnElement[Any]) -> ColumnElement[str]:
    """The parts as one text, or `missing` where one of them is NULL."""
    whole: ColumnElement[Any] | None = None
    for part in parts:
        piece = text(part) if isinstance(part, str) else part
        if len(parts) == 1 and not _is_text(piece):
            piece = cast(piece, Text)
        whole = piece if whole is None else whole.op("||")(piece)
    return func.coalesce(whole, missing)


def listed(items: Iterable[Sequence[Part]]) -> list[Part]:
    """The items with commas between them."""
    parts: list[Part] = []
    for index, item in enumerate(items):
        parts += [",", *item] if index else item
    return parts


def _merged(parts: Iterable[Part]) -> list[Part]:
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, str) and isinstance(last, str):
            merged[-1] = last + part
        else:
            merged.append(part)
    return merged


def _is_text(piece: ColumnElement[Any]) -> bool:
    return isinstance(piece.type, Text)
