"""What a field's annotation and arguments say."""

from collections.abc import Mapping
from typing import Any

from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

from engine.declare.declarations import SqlField
from engine.declare.paging import Order


def object_type_of(field: SqlField) -> type:
    """The type of the object, or of the list's items, that a field gives."""
    type_: Any = field.type
    while isinstance(type_, (StrawberryOptional, StrawberryList)):
        type_ = type_.of_type
    return _resolved(type_)


def node_type_of(field: SqlField) -> type:
    """The type of a connection's nodes."""
    definition = get_object_definition(object_type_of(field), strict=True)
    return _resolved(definition.type_var_map["T"])


def all_arguments(field: SqlField, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a client gave, and None or the default for the others."""
    defaults = {
        argument.python_name: None if argument.default is UNSET else argument.default
        for argument in field.arguments
    }
    return defaults | given


def order_of(field: SqlField, arguments: Mapping[str, Any], resolver_names: set[str]) -> Order:
    """The order of a connection, for its resolver's own arguments."""
    order = field.declaration.order
    if order is None:
        raise TypeError(f"{field.python_name} is not a connection")
    if isinstance(order, Order):
        return order
    return order(**{name: value for name, value in arguments.items() if name in resolver_names})


def _resolved(type_: Any) -> type:
    found: type = type_.resolve_type() if isinstance(type_, LazyType) else type_
    return found
