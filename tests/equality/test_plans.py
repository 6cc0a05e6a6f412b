"""Plans hold nothing of a viewer's, and cannot fill the memory."""

import gc
import json
import tracemalloc
import weakref
from typing import Any

import pytest

from authz.callers.principals import PrincipalKind
from authz.callers.tokens import digest_of
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from authz.wall.tree_door import gates
from engine.base.client_values import NotCompilableError
from engine.compiled.query_plans import Asked, QueryPlan, QueryPlans, WholeQuery
from engine.database.pool import Pool
from tests.client.api import Caller
from tests.client.schema import STRAWBERRY
from tests.equality.drawn.answers import credentials_of
from tests.equality.drawn.operations import Operation, operation
from tests.equality.drawn.scene import VIEWERS, Scene

_SHAPES = 64
"""The most plans of an operation."""

_WHO = operation(
    "{ viewer { id user { name email } accounts { nodes { id name members { totalCount } } } } }"
)
_LIST = (
    "query ($id: ID, $text: String, $cursor: String, $size: Int, $order: AccountOrder! = NAME, "
    "$all: Boolean) { viewer { accounts(search: $text, after: $cursor, first: $size, orderBy: $order) "
    "{ nodes { subaccounts(includeDescendants: $all) { totalCount } "
    "members(roleId: $id) { totalCount } } } } }"
)
_PAGE = "viewer { accounts(first: $size) { totalCount } }"
_NODE = "query ($id: ID!) { node(id: $id) { id } }"


async def test_one_plan_answers_each_viewer(reads: Pool, scene: Scene) -> None:
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    shown = {}
    for viewer in VIEWERS:
        plan = _plan(plans, _WHO)
        assert plan is _plan(plans, _WHO)
        shown[viewer] = await _answer(reads, plan, _WHO, scene.callers[viewer])
    assert len({answer["viewer"]["id"] for answer in shown.values()}) == len(VIEWERS)
    assert len(shown["owner of a tree"]["viewer"]["accounts"]["nodes"]) > 2
    assert shown["nobody's member"]["viewer"]["accounts"]["nodes"] == []


async def test_a_plan_holds_nothing_of_those_whom_it_answered(reads: Pool, scene: Scene) -> None:
    """Neither who asked, nor what was answered, nor the values that variables had."""
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    asked = operation(_LIST, id=scene.ids[20], text="Leaf 17", cursor=None, size=3)
    plan = _plan(plans, asked)
    held = repr(plan)
    assert len(held) > len(plan.statement.sql) > 0
    for viewer in VIEWERS:
        caller = scene.callers[viewer]
        answer = await _answer(reads, _plan(plans, _WHO), _WHO, caller)
        await _answer(reads, plan, asked, caller)
        held = repr(plan) + repr(_plan(plans, _WHO))
        names = [node["name"] for node in answer["viewer"]["accounts"]["nodes"]]
        for text in (caller.token, repr(digest_of(caller.token)), answer["viewer"]["id"][5:], *names):
            assert text not in held
    for text in (scene.ids[20][5:], "Leaf 17"):
        assert text not in held


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"text": "a"}, {"text": "b"}),
        ({"id": "role_1"}, {"id": "role_2"}),
        ({"text": "", "cursor": "a"}, {"text": "long", "cursor": "b"}),
    ],
)
def test_values_that_are_bound_share_a_plan(one: dict[str, object], other: dict[str, object]) -> None:
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    assert _plan(plans, operation(_LIST, **one)) is _plan(plans, operation(_LIST, **other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"text": None}),
        ({"text": None}, {"text": ""}),
        ({"size": 1}, {"size": 2}),
        ({}, {"order": "CREATED"}),
        ({"all": True}, {"all": False}),
        ({"cursor": None}, {"cursor": "a"}),
    ],
)
def test_values_that_shape_the_statement_do_not(one: dict[str, object], other: dict[str, object]) -> None:
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    assert _plan(plans, operation(_LIST, **one)) is not _plan(plans, operation(_LIST, **other))


async def test_kinds_of_ids_shape_the_statement(reads: Pool, scene: Scene) -> None:
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    owner = scene.callers["owner of a tree"]
    for id_ in scene.ids[:30]:
        asked = operation(_NODE, id=id_)
        found = await _answer(reads, _plan(plans, asked), asked, owner)
        assert found["node"] in ({"id": id_}, None)


def test_shapes_of_an_operation_are_bounded() -> None:
    """Those that were used last stay: a client's odd values do not take the plans of all others."""
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    page = f"query ($size: Int) {{ {_PAGE} }}"
    kept = _plan(plans, operation(page, size=20))
    made = []
    for number in range(_SHAPES + 30):
        assert _plan(plans, operation(page, size=20)) is kept
        made += _compiled(plans, operation(page, size=number))
        made += _compiled(plans, operation(page, size=-number))
        made += _compiled(plans, operation(_NODE, id=f"{number}_x"))
    assert len(_alive(made)) <= 2 * _SHAPES
    assert _plan(plans, operation(page, size=100)) is not kept


async def test_a_kind_of_principals_has_a_plan_of_its_own(scene: Scene, reads: Pool) -> None:
    """It names no more of rights than such a principal can have, and answers what the whole one answers."""
    plans, asked = QueryPlans(STRAWBERRY, gates(entering())), operation("{ viewer { id } " + _PAGE + " }")
    whole = _plan(plans, asked)
    named = {
        PrincipalKind.PERSON: ({"sessions", "memberships", "further_grants"}, {"api_keys"}),
        PrincipalKind.API_KEY: ({"api_keys"}, {"sessions", "memberships", "further_grants"}),
        PrincipalKind.NARROWED_TOKEN: (
            {"narrowed_caller", "narrowed_grants"},
            {"sessions", "memberships", "further_grants", "api_keys"},
        ),
    }
    for name, caller in scene.callers.items():
        kind = credentials_of(caller).kind
        assert kind is not None
        plan = _plan(plans, asked, kind)
        there, left_out = named[kind]
        grants = plan.statement.sql.partition("mandant_enter")[0]
        assert all(f" {each}" in grants for each in there), name
        assert not [each for each in left_out if each in grants], name
        assert await _raw(reads, plan, asked, caller) == await _raw(reads, whole, asked, caller), name


def test_plans_are_bounded_in_all() -> None:
    """In bytes: the plan that is asked for again and again outlasts all that come once or twice."""
    most = 400_000
    plans = QueryPlans(STRAWBERRY, gates(entering()), most)
    made = []
    kept = [_plan(plans, operation(f"{{ {_PAGE} }}")) for _ in range(2)]
    assert kept[0] is kept[1]
    for number in range(60):
        asked = operation(f"query ($size: Int) {{ a{number}: {_PAGE} }}", size=number % 3)
        made += _compiled(plans, asked)
        if number % 2:
            _plan(plans, asked)
        assert _plan(plans, operation(f"{{ {_PAGE} }}")) is kept[0]
    alive = _alive(made)
    assert 0 < sum(plan.size for plan in alive) < most
    assert _plan(plans, asked) is alive[-1], "the last one is at hand"


def test_what_a_client_chooses_of_a_shape_counts() -> None:
    """Plans are told apart by the prefixes of ids, which may be long."""
    plans = QueryPlans(STRAWBERRY, gates(entering()))
    _compiled(plans, operation(_NODE, id="0_y"))
    tracemalloc.start()
    try:
        for number in range(50):
            _compiled(plans, operation(_NODE, id=f"{number}{'x' * 1_000_000}_y"))
        assert tracemalloc.get_traced_memory()[0] < 20_000_000
    finally:
        tracemalloc.stop()


def _compiled(plans: QueryPlans, asked: Operation) -> "list[weakref.ref[QueryPlan]]":
    try:
        return [weakref.ref(_plan(plans, asked))]
    except NotCompilableError:
        return []


def _alive(made: "list[weakref.ref[QueryPlan]]") -> list[QueryPlan]:
    gc.collect()
    found = {id(plan): plan for reference in made if (plan := reference()) is not None}
    return list(found.values())


def _plan(plans: QueryPlans, asked: Operation, kind: PrincipalKind | None = None) -> QueryPlan:
    request = asked.request
    plan, _ = plans.find(
        Asked(request.query, asked.document, None, request.variables), WholeQuery(PRINCIPAL, kind)
    )
    return plan


async def _answer(reads: Pool, plan: QueryPlan, asked: Operation, caller: Caller) -> Any:
    answer = await _raw(reads, plan, asked, caller)
    return json.loads((answer or b"").replace(b"\x01", b'"denied":'))


async def _raw(reads: Pool, plan: QueryPlan, asked: Operation, caller: Caller) -> bytes | None:
    values = plan.values(asked.request.variables, credentials_of(caller).binds)
    return await reads.value(plan.statement.sql, values)
