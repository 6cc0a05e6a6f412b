"""How an enum of the lower layers becomes one of GraphQL's."""

import enum
from collections.abc import Callable

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def publish(members: type[enum.Enum], describe: Callable[[enum.Enum], str], name: str | None = None) -> None:
    """Make a GraphQL enum of it, documented by its docstring; `describe` documents a value."""
    strawberry.enum(members, name=name, description=members.__doc__)
    definition = members.__strawberry_definition__  # type: ignore[attr-defined]  # set by Strawberry
    assert isinstance(definition, StrawberryEnumDefinition)  # noqa: S101 - what Strawberry sets
    for value in definition.values:
        value.description = describe(members[value.name])


def by(descriptions: dict[str, str]) -> Callable[[enum.Enum], str]:
    """Each value's description by its name."""
    return lambda member: descriptions[member.name]


def by_value(member: enum.Enum) -> str:
    """Where the value itself is the description."""
    return str(member.value)
