"""How an enum of the lower layers becomes one of GraphQL's."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition


@dataclass(frozen=True)
class EnumDescription:
    """An enum, described by its docstring, and the description of each of its values by its name."""

    members: type[enum.Enum]
    values: Mapping[str, str]
    name: str | None = None
    """What GraphQL calls it, where that is not its own name."""


def publish(described: EnumDescription) -> None:
    """Make a GraphQL enum of it, or document the one that Strawberry has made of it already.

    Raises KeyError where a value has no description.
    """
    members = described.members
    if not has_enum_definition(members):
        strawberry.enum(members)
    definition: StrawberryEnumDefinition = members.__strawberry_definition__  # type: ignore[attr-defined]
    definition.name = described.name or members.__name__
    definition.description = members.__doc__
    for value in definition.values:
        value.description = described.values[value.name]
