"""The whole schema, and the check that every field has a rule of who may see it."""

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from engine.base.marks import Anonymous, Public, Requires, RequiresAny, StaffOnly
from schema.areas import AREAS
from schema.fields.amounts import SCALAR, MicroAmount
from schema.fields.directives import directives_of
from schema.fields.enum_publishing import publish
from schema.fields.enums import ENUMS
from schema.fields.needs import describe_needs
from schema.fields.user_errors import ERRORS
from schema.moments import MOMENTS
from schema.query import NodeQuery, found_by

_QUERIES = (*(query for area in AREAS for query in area.queries), NodeQuery)
_MUTATIONS = tuple(mutation for area in AREAS for mutation in area.mutations)
_SUBSCRIPTIONS = tuple(subscription for area in AREAS for subscription in area.subscriptions)
_NODES = [found.type_ for found in found_by().values()]
_ENUMS = (*ENUMS, *(described for area in AREAS for described in area.enums))
_MARKS = (Anonymous, Public, Requires, RequiresAny, StaffOnly)
_CONFIG = StrawberryConfig(scalar_map={MicroAmount: SCALAR, **MOMENTS})


class UnmarkedFieldsError(Exception):
    """Fields have neither a permission nor a directive that makes them public."""


def build_schema() -> strawberry.Schema:
    """The schema. Raises UnmarkedFieldsError if a field has no rule."""
    for described in _ENUMS:
        publish(described)
    query = merge_types("Query", _QUERIES)
    query.__strawberry_definition__.description = "Reads."  # type: ignore[attr-defined]
    mutation = merge_types("Mutation", _MUTATIONS)
    mutation.__strawberry_definition__.description = "Changes. Each is one transaction."  # type: ignore[attr-defined]
    subscription = merge_types("SubscriptionRoot", _SUBSCRIPTIONS)  # a plan has a Subscription
    subscription.__strawberry_definition__.description = (  # type: ignore[attr-defined]
        "What is told as it changes, over a websocket or server-sent events."
    )
    schema = strawberry.Schema(query, mutation, subscription, types=[*_NODES, *ERRORS], config=_CONFIG)
    unmarked = unmarked_fields(schema)
    if unmarked:
        raise UnmarkedFieldsError(f"Without a mark of who may see them: {', '.join(unmarked)}")
    describe_needs(graphql_schema(schema))
    _mend_one_of(graphql_schema(schema))
    return schema


def _mend_one_of(schema: GraphQLSchema) -> None:
    """Let `isOneOf` be null for list and non-null types, for which Strawberry's resolver fails."""
    introspection_type = schema.type_map["__Type"]
    if not isinstance(introspection_type, GraphQLObjectType):
        raise TypeError(introspection_type)
    field = introspection_type.fields["isOneOf"]
    resolve = field.resolve

    def resolve_or_null(type_: object, info: GraphQLResolveInfo[object]) -> object:
        return resolve(type_, info) if resolve and isinstance(type_, GraphQLNamedType) else None

    field.resolve = resolve_or_null


def graphql_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema of graphql-core behind it."""
    return schema._schema


def unmarked_fields(schema: strawberry.Schema) -> list[str]:
    """The fields for which neither they nor their type have a rule, as `Type.field`."""
    types = graphql_schema(schema).type_map.values()
    objects = [t for t in types if isinstance(t, GraphQLObjectType) and not t.name.startswith("__")]
    return [
        f"{type_.name}.{name}"
        for type_ in objects
        if not _marked(type_)
        for name, field in type_.fields.items()
        if not _marked(field)
    ]


def _marked(element: object) -> bool:
    return any(isinstance(directive, _MARKS) for directive in directives_of(element))
