"""The errors beside a null. Both executors use the same ones."""

from typing import Any

from graphql import GraphQLError

from engine.base.marks import Requirement

_ABSENT = {
    "NOT_FOUND": "There is nothing with this id, or it is outside your reach.",
    "UNAUTHENTICATED": "Sign in, or send an API key.",
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


def absent(code: str, argument: str | None = None) -> GraphQLError:
    """There is no object. The error says why, and which argument named it."""
    return _error(_ABSENT[code], {"code": code} | ({} if argument is None else {"argument": argument}))


def _error(message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(message, extensions=extensions)
