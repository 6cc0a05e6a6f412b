"""Lists of thousands of inputs.

graphql-core and Strawberry look at each value of an input by itself, which takes 30 us for a value of a list
item: of 10,000 items most of what the request takes. Lists that are declared here are read column by column
(`engine.reference.large_lists`) where they come in variables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from graphql import GraphQLInputObjectType
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition

T = TypeVar("T")


class ReadItems(list[T], Generic[T]):
    """The items of a large list, read already."""


@dataclass(frozen=True)
class LargeList:
    """The field of an input with a list of items of the input type `item`, whose fields are texts, ids,
    moments and enums. How many there may be is for the mutation to say."""

    field: str
    item: type

    def build(self, type_: type, given: Mapping[str, Any], context: InputContext) -> Any:
        """The input that has the list, as Strawberry asks for it."""
        definition: StrawberryObjectDefinition = type_.__strawberry_definition__  # type: ignore[attr-defined]
        values = {}
        for field in definition.fields:
            name = context.config.name_converter.from_field(field)
            if name in given:
                value = given[name]
                is_read = isinstance(value, ReadItems)
                values[field.python_name] = (
                    value
                    if is_read
                    else context.convert(value, field.resolve_type(type_definition=definition), name)
                )
        return type_(**values)


def holds_large_list(field: str, item: type) -> Callable[[type[T]], type[T]]:
    """Declares it for the input type below."""
    large = LargeList(field, item)

    def declare(type_: type[T]) -> type[T]:
        definition: StrawberryObjectDefinition = type_.__strawberry_definition__  # type: ignore[attr-defined]
        definition.from_input = large.build
        return type_

    return declare


def large_list_of(type_: GraphQLInputObjectType) -> LargeList | None:
    """What is declared for the input type."""
    definition = type_.extensions.get("strawberry-definition")
    declared = getattr(getattr(definition, "from_input", None), "__self__", None)
    return declared if isinstance(declared, LargeList) else None
