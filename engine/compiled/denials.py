"""Fields that are null with an error beside them, in an answer that SQL made.

Where such a field stands the statement writes a marker that no JSON text can hold: a raw 0x01 and a number.
An answer without that byte is passed on as it is. In one with it, null takes each marker's place, and the
error is added with the path where the marker was found.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import FieldNode, GraphQLError
from sqlalchemy import ColumnElement, literal_column

from engine.base.client_values import NotCompilableError

MARKER = b"\x01"
_KEY = secrets.token_hex(16)
"""What a marker becomes once the answer is read: no key of JSON that an account's log may hold."""
_MARKED = f'"{_KEY}":'.encode()

BROKEN: ColumnElement[str] = literal_column("chr(1)")
"""A null that the schema forbids. It breaks the JSON, so that the reference executor answers."""


@dataclass(frozen=True)
class Denial:
    """The error beside a null."""

    message: str
    extensions: dict[str, Any]
    nodes: list[FieldNode]

    def error(self, path: list[str | int]) -> GraphQLError:
        """The error, as GraphQL has it, for the place where the null is."""
        return GraphQLError(self.message, nodes=self.nodes, path=path, extensions=dict(self.extensions))


def marker(number: int) -> ColumnElement[str]:
    """What stands for the denial of this number."""
    return literal_column(f"E'{{\\x01{number}}}'")


def settled(
    answer: bytes, denials: Sequence[Denial], path: Sequence[str | int] = ()
) -> tuple[Any, list[GraphQLError]]:
    """The data with nulls for markers, and the errors. Raises NotCompilableError for a broken answer.

    `path` is where the answer stands in the whole one.
    """
    try:
        data = orjson.loads(answer.replace(MARKER, _MARKED))
    except orjson.JSONDecodeError:
        raise NotCompilableError from None
    errors: list[GraphQLError] = []
    return _settle(data, [*path], denials, errors), errors


def _settle(value: Any, path: list[str | int], denials: Sequence[Denial], errors: list[GraphQLError]) -> Any:
    if isinstance(value, dict):
        if _KEY in value:
            errors.append(denials[value[_KEY]].error(path))
            return None
        return {key: _settle(item, [*path, key], denials, errors) for key, item in value.items()}
    if isinstance(value, list):
        return [_settle(item, [*path, index], denials, errors) for index, item in enumerate(value)]
    return value
