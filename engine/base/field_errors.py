"""The errors beside a null. Both executors use the same ones."""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from engine.base.marks import Requirement


@dataclass(frozen=True)
class _Absence:
    code: str
    message: str
    argument: str | None = None


_ABSENT = {
    "NOT_FOUND": _Absence("NOT_FOUND", "There is nothing with this id, or it is outside your reach."),
    "UNAUTHENTICATED": _Absence("UNAUTHENTICATED", "Sign in, or send an API key."),
    "UNKNOWN_MOMENT": _Absence(
        "BAD_USER_INPUT", "The moment is in the future, or before the past began to be kept.", "moment"
    ),
}


class BadArgument(GraphQLError):
    """A value that a field refuses. `argument`: the argument's name, if exactly one is at fault."""

    def __init__(self, message: str, argument: str | None = None) -> None:
        named = {} if argument is None else {"argument": argument}
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"} | named)


def forbidden(requirement: Requirement) -> GraphQLError:
    """The viewer lacks the permission in the object's account."""
    return _error(
        f"You need {requirement.name} in this account.",
        {"code": "FORBIDDEN", "permission": requirement.name},
    )


def absent(reason: str, argument: str | None = None) -> GraphQLError:
    """There is no object. The error says why, and which argument named it."""
    absence = _ABSENT[reason]
    named = argument or absence.argument
    return _error(absence.message, {"code": absence.code} | ({} if named is None else {"argument": named}))


def _error(message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(message, extensions=extensions)
