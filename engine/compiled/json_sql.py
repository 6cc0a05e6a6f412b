"""JSON text that a statement puts together from static and dynamic parts.

`concat` skips NULL, which would break the JSON, so each part that may be NULL brings its own replacement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression of the statement that is never NULL."""

    text: str


Part = str | Sql
"""A literal text, or an expression."""

_MOST_ARGUMENTS = 90
"""A PostgreSQL function takes at most 100 arguments."""

NULL = "'null'"


def joined(parts: Iterable[Part]) -> str:
    """An expression of one text of all the parts."""
    pieces = [quoted(part) if isinstance(part, str) else part.text for part in _merged(parts)]
    while len(pieces) > _MOST_ARGUMENTS:
        groups = range(0, len(pieces), _MOST_ARGUMENTS)
        pieces = [_concatenated(pieces[start : start + _MOST_ARGUMENTS]) for start in groups]
    return _concatenated(pieces)


def listed(items: Iterable[Sequence[Part]]) -> list[Part]:
    """The items with commas between them."""
    parts: list[Part] = []
    for index, item in enumerate(items):
        parts += [",", *item] if index else item
    return parts


def quoted(text: str) -> str:
    """A text as a literal of the statement."""
    return "'" + text.replace("'", "''") + "'"


def _concatenated(pieces: Sequence[str]) -> str:
    return pieces[0] if len(pieces) == 1 else f"concat({', '.join(pieces)})"


def _merged(parts: Iterable[Part]) -> list[Part]:
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, str) and isinstance(last, str):
            merged[-1] = last + part
        else:
            merged.append(part)
    return merged
