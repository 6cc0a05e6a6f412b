"""JSON text of a value.

`||` with NULL is NULL, which would break the JSON, so what may be NULL brings its own replacement.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func

from engine.base.client_values import text

Part = str | ColumnElement[Any]
"""A literal text, or an expression."""


def or_else(parts: Sequence[Part], missing: ColumnElement[Any]) -> ColumnElement[str]:
    """The parts as one text, or `missing` where one of them is NULL."""
    whole: ColumnElement[Any] | None = None
    for part in parts:
        piece = text(part) if isinstance(part, str) else part
        if len(parts) == 1 and not isinstance(piece.type, Text):
            piece = cast(piece, Text)
        whole = piece if whole is None else whole.op("||")(piece)
    return func.coalesce(whole, missing)
