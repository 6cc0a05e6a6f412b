"""The number of statements follows the query's shape, never the number of rows.

Each query is counted where it shows one row and where it shows twenty. Compiled it is one statement, and one
more for each tree whose data plane it reads; the reference executor's numbers are pinned, so that a field
that begins to cost more is seen. Its first statement finds out who asks.
"""

import datetime
from collections.abc import AsyncIterator

import pytest
from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, parse, visit
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.declare.declarations import FieldKind, SqlField
from engine.limits import operation as limits
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.client.schema import SCHEMA
from tests.engine.paths import Path
from tests.engine.scene import Scene, make_scene
from tests.engine.shapes.all_shapes import FAR, NEVER_COMPILED, SHAPES
from tests.engine.statements import statements
from tests.world.world import World


@pytest.fixture(autouse=True)
def large_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference executor may put pages together here that it refuses to clients."""
    monkeypatch.setattr(limits, "STEPWISE_COST_LIMIT", limits.COST_LIMIT)


_ENTERING = 1
"""Each snapshot begins by telling the database who asks."""


@pytest.fixture(scope="module")
async def api(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """The application, for callers who may spend more than these shapes cost together."""
    update = {"cost_limit": 10**9, "cost_restore_rate": 10**9}
    app = create_app(settings.model_copy(update=update), addresses.application)
    async with Api.of(app) as found, app.router.lifespan_context(app):
        yield found


@pytest.fixture(scope="module")
async def scenes(database: AsyncEngine) -> list[Scene]:
    """The same tree with one row of each kind, and with twenty."""
    world = World(database)
    return [await make_scene(world, 1, 1), await make_scene(world, 19, 20)]


async def _count(api: Api, scene: Scene, query: str) -> int:
    kinds = (scene.key_ids, scene.event_ids, scene.invitation_ids, scene.member_ids, scene.account_ids)
    values = {"id": scene.children[0].id, "ids": [id_ for ids in kinds for id_ in ids[:20]]}
    values |= {"reservations": list(scene.reservation_ids), "lists": list(scene.list_ids)}
    values["contacts"] = list(scene.contact_ids)
    values["template"] = scene.template_ids[0]
    values["invoice"] = scene.invoice_ids[0]
    values["job"] = scene.job_ids[0]
    values["campaign"] = scene.campaign_id
    values["moment"] = datetime.datetime.now(datetime.UTC).isoformat()
    with statements() as seen:
        await api.read(query, scene.owner, **{name: values[name] for name in values if f"${name}:" in query})
    return len(seen)


@pytest.mark.parametrize("name", SHAPES)
async def test_one_row_and_twenty_take_the_same_statements(api: Api, scenes: list[Scene], name: str) -> None:
    shape = SHAPES[name]
    counts = [await _count(api, scene, Path.REFERENCE.of(shape.query)) for scene in scenes]
    assert counts == [_ENTERING + shape.statements] * 2


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in NEVER_COMPILED])
async def test_compiled_each_takes_one_statement_of_a_plane(api: Api, scenes: list[Scene], name: str) -> None:
    statements = 2 if name in FAR else 1
    assert [await _count(api, scene, SHAPES[name].query) for scene in scenes] == [statements] * 2


def test_every_field_that_takes_a_statement_is_counted() -> None:
    info = TypeInfo(SCHEMA)
    counted: set[str] = set()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            counted.add(f"{parent.name}.{node.name.value}")

    for shape in SHAPES.values():
        visit(parse(shape.query), TypeInfoVisitor(info, Fields()))
    costly = {
        f"{type_.name}.{name}"
        for type_ in SCHEMA.type_map.values()
        for name, field in getattr(type_, "fields", {}).items()
        if isinstance(found := field.extensions.get("strawberry-definition"), SqlField)
        and found.declaration.kind is not FieldKind.COLUMN
    }
    # A payload's fields are read like a query's.
    assert {name for name in costly - counted if "Payload." not in name} == set()
