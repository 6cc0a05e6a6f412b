"""What is declared to be far is what lies in the data plane, and nothing leads back from there."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from sqlalchemy import Table

from engine.declare.declarations import Entity, entity_of
from engine.declare.far import TREE
from engine.declare.selections import sql_field
from models.base.planes import Plane, plane_of
from tests.client.schema import SCHEMA


def _entity(type_: object) -> Entity | None:
    """What a type was declared with, if it was."""
    definition = (
        type_.extensions.get("strawberry-definition") if isinstance(type_, GraphQLObjectType) else None
    )
    origin = getattr(definition, "origin", None)
    return entity_of(origin) if isinstance(origin, type) and hasattr(origin, "__entity__") else None


def _entities() -> Iterator[tuple[GraphQLObjectType, Entity]]:
    for type_ in SCHEMA.type_map.values():
        found = _entity(type_)
        if found is not None and isinstance(type_, GraphQLObjectType):
            yield type_, found


def _target(definition: GraphQLField) -> Entity | None:
    """The entity that a field leads to: itself, in a list, or in a connection."""
    named = get_named_type(definition.type)
    nodes = named.fields.get("nodes") if isinstance(named, GraphQLObjectType) else None
    return _entity(named if nodes is None else get_named_type(nodes.type))


def test_far_types_are_those_of_data_tables() -> None:
    found = {type_.name: entity for type_, entity in _entities() if isinstance(entity.table, Table)}
    assert len(found) > 20
    planes = {
        name: plane_of(entity.table) for name, entity in found.items() if isinstance(entity.table, Table)
    }
    assert {name for name, entity in found.items() if entity.far} == {
        name for name, plane in planes.items() if plane is Plane.DATA
    }
    assert {entity.key[0] for entity in found.values() if entity.far} == {TREE}


def test_a_field_is_far_where_it_leads_to_the_other_plane() -> None:
    wrong = []
    for type_, entity in _entities():
        for name, definition in type_.fields.items():
            field, target = sql_field(definition), _target(definition)
            if field is None or target is None:
                continue
            leads_back = entity.far and not target.far
            if leads_back or (field.declaration.far is None) is (target.far and not entity.far):
                wrong.append(f"{type_.name}.{name}")
    assert wrong == []
