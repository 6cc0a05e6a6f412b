"""What of a request's variables decides the SQL, and what is bound when a plan runs."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    VariableDefinitionNode,
    is_input_type,
    type_from_ast,
)
from strawberry import Schema

from engine.base.client_values import Variable
from engine.declare.arguments import prefix_of

Variables = dict[str, Any]

_STATIC_SCALARS = {"Boolean", "Int"}


def input_type(schema: Schema, definition: VariableDefinitionNode) -> GraphQLInputType | None:
    """The type of a variable; None where it is none that variables have."""
    found = type_from_ast(schema._schema, definition.type)
    return found if is_input_type(found) else None


_PLAIN_TYPES: Mapping[str, type] = {"ID": str, "String": str, "Boolean": bool}


def plain_types(types: Mapping[str, GraphQLInputType | None]) -> Mapping[str, type] | None:
    """The Python types of variables that GraphQL takes as they come; None where there are others."""
    found = {name: _PLAIN_TYPES.get(getattr(_nullable(type_), "name", "")) for name, type_ in types.items()}
    plain = {name: type_ for name, type_ in found.items() if type_ is not None}
    return plain if len(plain) == len(types) else None


def plain(given: Variables, types: Mapping[str, type]) -> Variables | None:
    """The variables where GraphQL's coercion would change nothing; None where it may."""
    found = {name: given.get(name) for name in types}
    return found if all(type(found[name]) is type_ for name, type_ in types.items()) else None


def _nullable(type_: GraphQLInputType | None) -> GraphQLInputType | None:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def shape_of(type_: GraphQLInputType | None) -> Callable[[Any], Hashable]:
    """What of the values of a variable of this type decides the SQL."""
    inner = _nullable(type_)
    if isinstance(inner, GraphQLList):
        item_shape = shape_of(inner.of_type)
        return lambda items: None if items is None else tuple(map(item_shape, items))
    if _is_static(inner):
        return lambda value: value  # enums, booleans and integers hash
    if _is_id(inner):
        return lambda value: None if value is None else prefix_of(value)
    return lambda value: None if value is None else "bound"


def opened(value: Any, type_: GraphQLInputType | None, *path: str | int) -> Any:
    """The value with a Variable for each leaf that is bound later."""
    inner = _nullable(type_)
    if value is None or _is_static(inner):
        return value
    if isinstance(inner, GraphQLList):
        return [opened(item, inner.of_type, *path, index) for index, item in enumerate(value)]
    return Variable(path, prefix_of(value) if _is_id(inner) else "")


def _is_static(type_: GraphQLInputType | None) -> bool:
    return isinstance(type_, GraphQLEnumType) or getattr(type_, "name", "") in _STATIC_SCALARS


def _is_id(type_: GraphQLInputType | None) -> bool:
    return getattr(type_, "name", "") == "ID"
