"""Every root field against every kind of caller: what it answers, and that a refusal leaves no trace."""

from typing import Any

import httpx
import pytest
from graphql import GraphQLField, GraphQLObjectType
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from engine.base.marks import Requires, RequiresAny, StaffOnly
from models.base.ids import Kind, present
from tests.authz.escalation.outcomes import DONE, mutate, outcome, root_fields, selection_of
from tests.authz.matrix.matrix_callers import INSIDE, NOT_ACCEPTED, Stage
from tests.authz.matrix.matrix_fields import (
    ACCOUNT_FIELDS,
    MUTATIONS,
    NODES,
    QUERIES,
    STAFF_MUTATIONS,
    SUBSCRIPTIONS,
)
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.places import new_place
from tests.client.schema import SCHEMA
from tests.client.streams import InProcess, first_told
from tests.world.billing import give_details, separate
from tests.world.budgets import give_budgets
from tests.world.credit import give_payment_method, give_top_up_rule
from tests.world.ownership import give_offer
from tests.world.plans import cancel_plan
from tests.world.reviews import end_reviews, give_review
from tests.world.world import World


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """One world for all fields."""
    return await Stage.of(registry)


@pytest.mark.parametrize("name", one_in(8, root_fields(SCHEMA.mutation_type)))
async def test_mutation(name: str, stage: Stage, app: Starlette) -> None:
    """Refused as the documentation tells, with nothing changed, and then done by those who may."""
    mutation = MUTATIONS[name]
    refused = [caller for caller in stage.callers if mutation.expected[caller] != DONE]
    values, before = await mutation.prepare(stage), await stage.state()
    found: dict[str, str] = {}
    for caller in refused:
        if mutation.counted:
            values = await mutation.prepare(stage)
        # Tries from one place are counted too.
        async with Api.of(app, new_place()) as api:
            found[caller] = outcome(await mutate(api, name, stage.callers[caller], values), name)
    assert await stage.state() == before, found
    async with Api.of(app, new_place()) as api:
        for caller in sorted(stage.callers.keys() - refused):
            values, before = await mutation.prepare(stage), await stage.state()
            found[caller] = outcome(await mutate(api, name, stage.callers[caller], values), name)
            assert (await stage.state() != before) == mutation.changes, caller
            await mutation.restore(stage, caller)
    await stage.reopen()
    assert found == mutation.expected


@pytest.mark.parametrize("name", root_fields(SCHEMA.query_type))
async def test_query(name: str, stage: Stage, api: Api) -> None:
    """Answered for those who may; for all others as if nothing were there."""
    query = QUERIES[name]
    found = {}
    for caller, bearer in stage.callers.items():
        values = await query.prepare(stage) or {}
        answer = await api.ask(_query(name, query.selection), bearer, **values)
        found[caller] = outcome(answer, name)
    assert found == query.expected


@pytest.mark.parametrize("name", root_fields(SCHEMA.subscription_type))
async def test_subscription(name: str, stage: Stage, app: Starlette) -> None:
    """Told to those who may; all others get one refusal and nothing else."""
    row, arguments = SUBSCRIPTIONS[name], root_fields(SCHEMA.subscription_type)[name].args
    values = await row.prepare(stage) or {}
    declared = ", ".join(f"${each}: {arguments[each].type}" for each in values)
    given = ", ".join(f"{each}: ${each}" for each in values)
    document = f"subscription ({declared}) {{ {name}({given}) {row.selection} }}"
    transport = InProcess(app, client=(new_place(), 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        found = {
            caller: outcome(await first_told(Api(http), document, bearer, **values), name)
            for caller, bearer in stage.callers.items()
        }
    assert found == row.expected


async def test_the_file_of_statistics_is_answered_as_their_query(stage: Stage, api: Api) -> None:
    """An analyst and a share of statistics alone get it, and nobody else than the query answers."""
    year = {"accountId": stage.account.id, "since": "2026-01-01", "until": "2027-01-01"}
    found = {}
    for caller, bearer in stage.callers.items():
        headers = {} if bearer is None else {"authorization": f"Bearer {bearer.token}"}
        answer = await api.http.get("/statistics", params=year, headers=headers)
        found[caller] = DONE if answer.is_success else answer.json()["errors"][0]["extensions"]["code"]
    expected = {caller: code.partition(" ")[0] for caller, code in QUERIES["statistics"].expected.items()}
    assert found == {**expected, **dict.fromkeys(NOT_ACCEPTED, "UNAUTHENTICATED")}


async def test_nodes_answers_as_node_does(stage: Stage, api: Api) -> None:
    """Null for what is not yours as for what is not there, each in its place (N20)."""
    nowhere = present(Kind.ACCOUNT, stage.members["owner"].key)
    ids = [stage.account.id, nowhere, stage.account.id]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    for caller in stage.callers.keys() - NOT_ACCEPTED:
        data = await api.read(query, stage.callers[caller], ids=ids)
        own = {"id": stage.account.id} if caller in INSIDE else None
        assert data == {"nodes": [own, None, own]}, caller


def test_the_table_has_every_root_field_and_no_other() -> None:
    """A new field without a row, or a row without its field, is a gap in the matrix."""
    assert set(MUTATIONS) == set(root_fields(SCHEMA.mutation_type))
    assert set(QUERIES) == set(root_fields(SCHEMA.query_type))
    assert set(SUBSCRIPTIONS) == set(root_fields(SCHEMA.subscription_type))


@pytest.mark.parametrize("name", sorted({*MUTATIONS, *QUERIES}))
def test_the_schema_is_marked_as_the_table_says(name: str) -> None:
    """`@requires` tells clients the very permission whose absence is answered with FORBIDDEN."""
    row = MUTATIONS.get(name) or QUERIES[name]
    type_ = SCHEMA.mutation_type if name in MUTATIONS else SCHEMA.query_type
    assert _required(root_fields(type_)[name]) == row.permission


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
def test_subscriptions_are_marked_as_the_table_says(name: str) -> None:
    assert _required(root_fields(SCHEMA.subscription_type)[name]) == SUBSCRIPTIONS[name].permission


def test_the_mutations_of_staff_are_marked_so() -> None:
    """`@staffOnly`, and nothing else is."""
    marks = {
        name: field.extensions["strawberry-definition"].directives
        for name, field in root_fields(SCHEMA.mutation_type).items()
    }
    marked = {name for name, found in marks.items() if any(isinstance(mark, StaffOnly) for mark in found)}
    assert marked == STAFF_MUTATIONS


async def test_every_row_names_every_caller(stage: Stage) -> None:
    """So that a new kind of caller is thought through for each field."""
    rows = {name: row.expected for name, row in MUTATIONS.items()}
    rows |= {name: row.expected for name, row in QUERIES.items()}
    rows |= {f"subscription {name}": row.expected for name, row in SUBSCRIPTIONS.items()}
    for name, expected in rows.items():
        assert set(expected) == set(stage.callers), name


def test_every_gated_field_of_an_account_is_in_the_table() -> None:
    """A new one without a row fails here."""
    type_ = SCHEMA.type_map["Account"]
    assert isinstance(type_, GraphQLObjectType)
    marked = {name: _required(field) for name, field in type_.fields.items()}
    assert {name: permission for name, permission in marked.items() if permission is not None} == {
        name: permission for name, (permission, _) in ACCOUNT_FIELDS.items()
    }


@pytest.mark.parametrize("way", ["account(id: $id)", "node(id: $id)"])
async def test_gated_fields_of_an_account(way: str, stage: Stage, api: Api) -> None:
    """Without the permission: null, and FORBIDDEN with its path and the permission; never data (T31)."""
    method = await give_payment_method(stage.world, stage.account)
    await give_top_up_rule(stage.world, stage.account, method)
    await cancel_plan(stage.world, stage.account)
    await give_budgets(stage.world, stage.account)
    await separate(stage.world, stage.account)
    await give_details(stage.world, stage.account)
    await end_reviews(stage.world, stage.account)
    await give_review(stage.world, stage.account)
    owner = stage.members["owner"]
    await give_offer(stage.world, stage.account, stage.members["marketer"], owner.person, owner)
    fields = selection_of("Account", ACCOUNT_FIELDS)
    query = f"query ($id: ID!) {{ found: {way} {{ ... on Account {{ {fields} }} }} }}"
    for caller in sorted(INSIDE):
        answer = await api.ask(query, stage.callers[caller], id=stage.account.id)
        refused = {
            ("found", name): permission
            for name, (permission, holders) in ACCOUNT_FIELDS.items()
            if caller not in holders
        }
        assert _forbidden(answer.errors) == refused, caller
        absent = {("found", name) for name, value in answer.data["found"].items() if value is None}
        # Master accounts alone have single sign-on.
        assert absent == set(refused) | {("found", "singleSignOn")}, caller


async def test_gated_fields_by_other_ways(stage: Stage, api: Api, registry: World) -> None:
    """An account is gated alike as somebody's parent, in a list, and behind the key that asks (T31)."""
    person = (await registry.member(stage.child, BuiltinRole.ADMINISTRATOR)).person
    await registry.member(stage.account, BuiltinRole.ANALYST, person)
    query = """query ($id: ID!) {
      viewer { accounts { nodes { id members { nodes { user { email } } } } } }
      account(id: $id) {
        parent { members { totalCount } }
        ancestors { events { totalCount } }
        members { nodes { account { id parent { apiKeys { totalCount } } } } }
      }
    }"""
    answer = await api.ask(query, person, id=stage.child.id)
    by_list = {item["id"]: item["members"] for item in answer.data["viewer"]["accounts"]["nodes"]}
    assert by_list[stage.account.id] is None
    assert by_list[stage.child.id]["nodes"]
    child = answer.data["account"]
    assert child["parent"] == {"members": None}
    assert child["ancestors"] == [{"events": None}]
    assert {item["account"]["parent"]["apiKeys"] for item in child["members"]["nodes"]} == {None}
    assert set(_forbidden(answer.errors).values()) == {"MEMBERS_READ", "AUDIT_READ", "API_KEYS_READ"}
    key = await api.ask(
        "{ viewer { apiKey { account { members { totalCount } } } } }", stage.callers["key_analyst"]
    )
    assert key.data == {"viewer": {"apiKey": {"account": {"members": None}}}}
    assert _forbidden(key.errors) == {("viewer", "apiKey", "account", "members"): "MEMBERS_READ"}


async def test_nodes_of_every_kind(stage: Stage, api: Api) -> None:
    """A node needs what the same object needs by any other way; an id of each kind that there is."""
    assert set(NODES) == set(Kind)
    for kind, node in NODES.items():
        id_ = await node.give(stage)
        found = set()
        for caller in stage.callers.keys() - NOT_ACCEPTED:
            data = await api.read("query ($id: ID!) { node(id: $id) { id } }", stage.callers[caller], id=id_)
            if data["node"] is not None:
                found.add(caller)
        assert found == node.callers, kind


def _query(name: str, selection: str) -> str:
    arguments = root_fields(SCHEMA.query_type)[name].args
    if not arguments:
        return f"{{ {name} {selection} }}"
    declared = ", ".join(f"${argument}: {details.type}" for argument, details in arguments.items())
    given = ", ".join(f"{argument}: ${argument}" for argument in arguments)
    return f"query ({declared}) {{ {name}({given}) {selection} }}"


def _required(field: GraphQLField) -> str | None:
    """The permission of the field's own mark."""
    directives = field.extensions["strawberry-definition"].directives
    any_ = next((" or ".join(mark.permissions) for mark in directives if isinstance(mark, RequiresAny)), None)
    return next((mark.permission for mark in directives if isinstance(mark, Requires)), any_)


def _forbidden(errors: list[dict[str, Any]]) -> dict[tuple[str | int, ...], str]:
    """The permission that each error names, by its path; there is no other error."""
    assert {error["extensions"]["code"] for error in errors} <= {"FORBIDDEN"}
    return {tuple(error["path"]): error["extensions"]["permission"] for error in errors}
