"""Every field of the schema is compiled, but for a short list: a field that is added later is found here."""

import json
from typing import Any

import pytest
from graphql import FieldNode, GraphQLObjectType, NameNode, OperationDefinitionNode, parse
from sqlalchemy import Select, null, select, true

from authz.callers.principals import ANONYMOUS
from engine.base.preamble import Gates
from engine.compiled.compiler import Compiler
from engine.compiled.query_plans import QueryPlan
from engine.database.pool import Pool
from engine.declare.declarations import entity_of
from engine.declare.selections import Selections, sql_field
from server.graphql.runner import OperationRunner
from tests.authz.escalation.profiles import BY_NIGHT
from tests.client.schema import SCHEMA, STRAWBERRY
from tests.equality.drawn.answers import FALLBACKS, check_equality, compiled
from tests.equality.drawn.operations import operation
from tests.equality.drawn.places import payload_fields, places
from tests.equality.drawn.scene import Scene


def _is_far(type_: GraphQLObjectType, name: str) -> bool:
    """Whether the reference executor reads it after the commit: the payload's statement is of one plane."""
    field = sql_field(type_.fields[name])
    return field is not None and field.declaration.far is not None


_FIELDS = {
    f"{place.type_}.{name}": place.document(name)
    for place in places(SCHEMA, FALLBACKS)
    for name in place.type_.fields
}
_OF_PAYLOADS = {f"{type_}.{name}": (type_, name) for type_, name in payload_fields(SCHEMA)}
_PAYLOAD_FIELDS = {name: place for name, place in _OF_PAYLOADS.items() if not _is_far(*place)}
_FAR_PAYLOAD_FIELDS = _OF_PAYLOADS.keys() - _PAYLOAD_FIELDS.keys()


_VIEWERS = ("owner of a tree", "finance", "agent of the staff")


@pytest.mark.parametrize("field", sorted(_FIELDS.keys() - FALLBACKS.keys()))
async def test_every_field_is_compiled(field: str, executor: OperationRunner, scene: Scene) -> None:
    """... and both executors give it, or deny it, alike."""
    asked = operation(_FIELDS[field], id=scene.ids[0])
    for viewer in _VIEWERS if BY_NIGHT else _VIEWERS[:1]:
        assert await check_equality(executor, asked, scene.callers[viewer]), viewer


@pytest.mark.parametrize("field", FALLBACKS)
async def test_the_short_list_is_not_too_long(field: str, executor: OperationRunner, scene: Scene) -> None:
    asked = operation(FALLBACKS[field].example)
    assert await compiled(executor, asked, scene.callers["owner of a tree"]) is None


@pytest.mark.parametrize("field", _PAYLOAD_FIELDS)
async def test_every_field_of_a_payload_is_compiled(field: str, reads: Pool) -> None:
    """From the ids that the write gives; here there are none, so that nothing is found."""
    type_, name = _PAYLOAD_FIELDS[field]
    (definition,) = parse(f"{{ {name} {{ __typename }} }}").definitions
    assert isinstance(definition, OperationDefinitionNode)
    nodes = [FieldNode(name=NameNode(value="payload"), selection_set=definition.selection_set)]
    compiler = Compiler(Selections(STRAWBERRY, {}, {}), None, Gates(true(), true()))
    statement = compiler.payload(nodes, type_, _no_ids(type_))
    values = QueryPlan(statement, (), ()).values({}, ANONYMOUS.binds)
    found = await reads.value(statement.sql, values)
    assert json.loads(found or b"") == {name: None}


def test_only_what_is_far_is_left_to_the_reference_executor() -> None:
    assert {
        "ContactPayload.contact",
        "ContactListPayload.contactList",
        "ContactAttributePayload.contactAttribute",
        "TemplatePayload.template",
        "MessagePayload.message",
    } == _FAR_PAYLOAD_FIELDS


def _no_ids(type_: GraphQLObjectType) -> Select[Any]:
    payload = type_.extensions["strawberry-definition"].origin
    carried = entity_of(payload).carries
    return select(*[null().cast(kind).label(name) for name, kind in carried.items()])
