"""How an enum of a lower layer becomes a GraphQL enum."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition


@dataclass(frozen=True)
class EnumDescription:
    """An enum and the descriptions of its values, by their names. The enum's docstring describes it."""

    members: type[enum.Enum]
    values: Mapping[str, str]
    name: str | None = None
    """What GraphQL calls it, where that is not its own name."""


def publish(described: EnumDescription) -> None:
    """Make a GraphQL enum, or describe the one that Strawberry has already made.

    Raises KeyError if a value has no description.
    """
    members = described.members
    if not has_enum_definition(members):
        strawberry.enum(members)
    definition: StrawberryEnumDefinition = members.__strawberry_definition__  # type: ignore[attr-defined]
    definition.name = described.name or members.__name__
    definition.description = members.__doc__
    for value in definition.values:
        value.description = described.values[value.name]
