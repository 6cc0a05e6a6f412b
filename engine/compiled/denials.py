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

from engine.base.client_values import NotCompilableError

MARKER = b"\x01"
_KEY = secrets.token_hex(16)
"""What a marker becomes once the answer is read: no key of JSON that an account's log may hold."""
_MARKED = f'"{_KEY}":'.encode()

BROKEN = "chr(1)"
"""A null that the schema forbids. It breaks the JSON, so that the reference executor answers."""


@dataclass(frozen=True)
class Denial:
    """The error beside a null, of one field of one type. `places`: the nodes of the document that ask for the
    field, by the response keys that lead there from where the answer begins."""

    message: str
    extensions: dict[str, Any]
    places: dict[tuple[str, ...], list[FieldNode]]

    def error(self, path: list[str | int], beginning: int) -> GraphQLError:
        """The error, as GraphQL has it, for the place where the null is."""
        nodes = self.places.get(tuple(key for key in path[beginning:] if isinstance(key, str)))
        return GraphQLError(self.message, nodes=nodes, path=path, extensions=dict(self.extensions))


def marker(number: int) -> str:
    """What stands for the denial of this number."""
    return f"E'{{\\x01{number}}}'"


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

    def settle(value: Any, path: list[str | int]) -> Any:
        if isinstance(value, dict):
            if _KEY in value:
                errors.append(denials[value[_KEY]].error(path, beginning))
                return None
            return {key: settle(item, [*path, key]) for key, item in value.items()}
        if isinstance(value, list):
            return [settle(item, [*path, index]) for index, item in enumerate(value)]
        return value

    beginning = len(path)
    return settle(data, [*path]), errors
