"""What mutations tell as `authzRevision`, and what a request may name as the least one (N7)."""

import pytest
from graphql import GraphQLObjectType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.wall.freshness import current_revision
from server.http.min_revision import HEADER
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.client.schema import SCHEMA
from tests.engine.paths import Path
from tests.world.world import PASSWORD, Account, Member, World

NAME = "query ($id: ID!) { account(id: $id) { name } }"
FUTURE = f"00000001-1-{2**64 - 1}"
MALFORMED = [
    "",
    " ",
    "0",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x10",
    "01",
    "1_000",
    "1, 2",
    "1 2",
    "48213",
    "00000001-1",
    "0000000g-1-1",
    "00000001-0-1",
    "00000001-1-0",
    "00000001-1-1-1",
    f"00000001-1-{2**64}",
    f"00000001-1-{'9' * 100}",
    f"00000001-{'9' * 100}-1",
    "'1'",
    "null",
]


@pytest.fixture
async def account(world: World) -> Account:
    """An account to change."""
    return await world.account(name="Before")


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    """Who changes it."""
    return await world.member(account, BuiltinRole.OWNER)


def test_every_payload_tells_a_revision() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    without = []
    for name, field in mutation.fields.items():
        assert isinstance(field.type.of_type, GraphQLObjectType)
        if str(field.type.of_type.fields["authzRevision"].type) != "String":
            without.append(name)
    assert without == []


async def test_a_later_change_has_another_revision_and_a_refused_one_has_none(
    api: Api, account: Account, owner: Member, world: World
) -> None:
    told = []
    for version in (1, 2):
        values = {"accountId": account.id, "expectedVersion": version, "name": f"Name {version}"}
        told.append((await done(api, "accountUpdate", owner, "authzRevision", **values))["authzRevision"])
    before = await world.state(account)
    values["expectedVersion"] = 1
    refused = await attempt(api, "accountUpdate", owner, "authzRevision", **values)
    assert (refused.code, refused.payload["authzRevision"]) == ("CONFLICT", None)
    assert await world.state(account) == before
    assert told[0] != told[1]


async def test_a_dry_run_has_none(api: Api, account: Account, owner: Member, world: World) -> None:
    """Nothing was done that a read could contain."""
    values = {"accountId": account.id, "expectedVersion": 1, "rightsInheritance": "ALL_ROLES"}
    before = await world.state(account)
    tried = await done(api, "accountUpdate", owner, "authzRevision", dryRun=True, **values)
    assert tried["authzRevision"] is None
    assert await world.state(account) == before
    made = await done(api, "accountUpdate", owner, "authzRevision", **values)
    assert made["authzRevision"]


async def test_a_replay_tells_a_revision_that_contains_what_was_made(
    api: Api, account: Account, owner: Member
) -> None:
    values = {"parentId": account.id, "name": "Below", "idempotencyKey": "freshness-1"}
    made = await done(api, "subaccountCreate", owner, "authzRevision account { id }", **values)
    again = await done(api, "subaccountCreate", owner, "replayed authzRevision account { id }", **values)
    assert again["replayed"] is True
    for revision in (made["authzRevision"], again["authzRevision"]):
        seen = await api.at_least(revision).read(NAME, owner, id=made["account"]["id"])
        assert seen["account"]["name"] == "Below"


async def test_signing_up_tells_one_too(api: Api) -> None:
    values = {"name": "New", "email": "freshness@example.com", "password": PASSWORD, "accountName": "Own"}
    made = await done(api, "signUp", None, "authzRevision account { name }", **values)
    assert made["account"]["name"] == "Own"
    nobody = await api.at_least(made["authzRevision"]).ask("{ __typename }")
    assert (nobody.status, nobody.codes) == (200, [])


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("value", MALFORMED)
async def test_what_is_no_revision_is_refused(
    path: Path, value: str, api: Api, account: Account, owner: Member
) -> None:
    answer = await api.at_least(value).ask(path.of(NAME), owner, id=account.id)
    assert (answer.status, answer.data, answer.codes) == (400, None, ["BAD_USER_INPUT"])
    assert HEADER in answer.errors[0]["message"]


@pytest.mark.parametrize("path", Path)
async def test_two_headers_are_refused(path: Path, api: Api, account: Account, owner: Member) -> None:
    told = await done(
        api, "accountUpdate", owner, "authzRevision", accountId=account.id, expectedVersion=1, name="After"
    )
    revision = told["authzRevision"]
    headers = [(HEADER, revision), (HEADER.lower(), revision), ("Authorization", f"Bearer {owner.token}")]
    body = {"query": path.of(NAME), "variables": {"id": account.id}}
    response = await api.http.post("/graphql", json=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await api.at_least(revision).ask(path.of(NAME), owner, id=account.id)).codes == []


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_revision_of_the_future_is_unknown(
    path: Path, signed_in: bool, api: Api, account: Account, owner: Member
) -> None:
    query, caller = ("{ viewer { id } }", owner) if signed_in else ("{ __typename }", None)
    answer = await api.at_least(FUTURE).ask(path.of(query), caller)
    assert (answer.status, answer.data, answer.codes) == (400, None, ["REVISION_UNKNOWN"])
    assert (await api.ask(path.of(query), caller)).codes == []


async def test_a_change_that_names_an_unknown_revision_is_not_made(
    api: Api, account: Account, owner: Member, world: World
) -> None:
    values = {"accountId": account.id, "expectedVersion": 1, "name": "After"}
    before = await world.state(account)
    assert (await attempt(api.at_least(FUTURE), "accountUpdate", owner, **values)).code == "REVISION_UNKNOWN"
    assert await world.state(account) == before
    told = await done(api, "accountUpdate", owner, "authzRevision", **values)
    values |= {"expectedVersion": 2, "name": "Later"}
    assert (await attempt(api.at_least(told["authzRevision"]), "accountUpdate", owner, **values)).done


@pytest.mark.parametrize("path", Path)
async def test_a_revision_that_is_not_committed_yet_is_unknown(
    path: Path, api: Api, account: Account, owner: Member, database: AsyncEngine
) -> None:
    async with database.connect() as writing:
        found = await writing.execute(select(current_revision()))
        fresh = api.at_least(found.scalar_one())
        asked = path.of(NAME)
        assert (await fresh.ask(asked, owner, id=account.id)).codes == ["REVISION_UNKNOWN"]
        await writing.commit()
    assert (await fresh.read(asked, owner, id=account.id))["account"] == {"name": "Before"}


async def test_a_browsers_address_takes_the_header_too(api: Api, account: Account, owner: Member) -> None:
    headers = {"Authorization": f"Bearer {owner.token}", HEADER: FUTURE, "Accept": "application/json"}
    address = {"query": f'{{ account(id: "{account.id}") {{ name }} }}'}
    response = await api.http.get("/graphql", params=address, headers=headers)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "REVISION_UNKNOWN",
    )
