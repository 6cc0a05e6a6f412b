"""Where the fields of the schema stand: for each type, a document that reaches it."""

from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from engine.declare.selections import sql_field


@dataclass(frozen=True)
class Place:
    """A type of the schema and how an operation gets there."""

    type_: GraphQLObjectType
    before: str = ""
    after: str = ""

    def document(self, name: str) -> str:
        """A query that asks for one field of the type, and of what it gives for the type's name alone."""
        inner = f"{{ {self.before}{_selection(name, self.type_.fields[name])}{self.after} }}"
        return f"query ($id: ID!) {inner}" if "$id" in inner else inner


def places(schema: GraphQLSchema, without: Container[str]) -> Iterator[Place]:
    """Every object type that a query can reach without these fields, by one of the shortest ways."""
    assert schema.query_type is not None
    waiting = deque([Place(schema.query_type)])
    known = {schema.query_type.name}
    while waiting:
        place = waiting.popleft()
        yield place
        for name, field in place.type_.fields.items():
            named = get_named_type(field.type)
            if named.name in known or f"{place.type_}.{name}" in without:
                continue
            if isinstance(named, GraphQLObjectType):
                known.add(named.name)
                before, after = f"{place.before}{_head(name, field)} {{ ", f" }}{place.after}"
                waiting.append(Place(named, before, after))


def payload_fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str]]:
    """The SQL fields of what mutations give."""
    assert schema.mutation_type is not None
    for mutation in schema.mutation_type.fields.values():
        payload = get_named_type(mutation.type)
        assert isinstance(payload, GraphQLObjectType)
        for name, field in payload.fields.items():
            if sql_field(field) is not None:
                yield payload, name


def _selection(name: str, field: GraphQLField) -> str:
    named = get_named_type(field.type)
    if is_leaf_type(named):
        return _head(name, field)
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    return f"{_head(name, field)} {{ __typename }}"


def _head(name: str, field: GraphQLField) -> str:
    required = {key: argument for key, argument in field.args.items() if is_required_argument(argument)}
    arguments = [f"{key}: {_value(argument.type)}" for key, argument in required.items()]
    return f"{name}({', '.join(arguments)})" if arguments else name


def _value(type_: object) -> str:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLEnumType):
        return str(next(iter(inner.values)))
    return _VALUES[str(inner)]


_VALUES = {
    "DateTime": '"2999-01-01T00:00:00Z"',
    "Date": '"2026-01-01"',
    "ID": "$id",
    "[ID!]": "[$id]",
    "String": '""',
    "[String!]": '["ann@example.com"]',
}
