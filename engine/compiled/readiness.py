"""What a fresh process compiles before anybody asks: the fragments of the whole schema.

A fragment takes 1 to 20 milliseconds to build, a document that finds all of its own a few. What is prepared
is each field with its arguments left out, and with each optional one of them alone; other combinations are
built when they come.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
)
from sqlalchemy import true
from strawberry import Schema

from engine.base.client_values import NotCompilableError, Variable
from engine.base.field_errors import BadArgument
from engine.base.preamble import Gates
from engine.compiled.compiler import Compiler
from engine.declare.declarations import FieldKind, SqlField
from engine.declare.paging import PAGE_ARGUMENTS
from engine.declare.selections import Selections, sql_field

_PAGE = "{ totalCount edges { cursor } }"


def prepare_fragments(schema: Schema) -> Iterator[None]:
    """Builds them, field by field: a moment's work between two steps."""
    for type_ in schema._schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for name, definition in type_.fields.items():
                field = sql_field(definition)
                if field is not None:
                    for arguments in _arguments(field, definition):
                        _prepare(schema, type_, name, arguments, _selection(field, definition))
                        yield


def _prepare(
    schema: Schema, type_: GraphQLObjectType, name: str, arguments: Mapping[str, Any], selection: str
) -> None:
    given = ", ".join(f"{argument}: ${argument}" for argument in arguments)
    (operation,) = parse(f"{{ {name}{f'({given})' if given else ''} {selection} }}").definitions
    if not isinstance(operation, OperationDefinitionNode):
        raise TypeError("it is an operation")
    nodes = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    compiler = Compiler(Selections(schema, {}, arguments), None, Gates(true(), true()))
    for _ in range(2):  # what was asked for again is forgotten last
        with suppress(NotCompilableError, BadArgument):  # not everything can be asked for together
            compiler.prepare(nodes, type_)


def _selection(field: SqlField, definition: GraphQLField) -> str:
    if is_leaf_type(get_named_type(definition.type)):
        return ""
    return _PAGE if field.declaration.kind is FieldKind.CONNECTION else "{ __typename }"


def _arguments(field: SqlField, definition: GraphQLField) -> Iterator[Mapping[str, Any]]:
    kind = field.declaration.kind
    if kind in (FieldKind.LOOK_UP, FieldKind.LOOK_UPS):
        for prefix in field.declaration.look_ups():
            id_ = Variable(("id",), prefix)
            yield {"id": id_} if kind is FieldKind.LOOK_UP else {"ids": [id_]}
        return
    values = {name: _values(name, argument.type) for name, argument in definition.args.items()}
    # What has a default is left out as well: several of them keep theirs together.
    needed = [name for name, argument in definition.args.items() if is_required_argument(argument)]
    # A page is cut from what serves all pages.
    optional = [name for name in values if name not in (*needed, *PAGE_ARGUMENTS)]
    yield {name: values[name][0] for name in needed}
    for name in needed:
        for value in values[name][1:]:
            yield {other: values[other][0] for other in needed} | {name: value}
    for name in optional:
        for value in values[name]:
            yield {other: values[other][0] for other in needed} | {name: value}


def _values(name: str, type_: GraphQLInputType) -> list[Any]:
    """Values of an argument that make different fragments."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLEnumType):
        return [inner.parse_value(name) for name in inner.values]
    if getattr(inner, "name", "") == "Boolean":
        return [True, False]
    if isinstance(inner, GraphQLList) or getattr(inner, "name", "") == "Int":
        return []
    return [Variable((name,))]
