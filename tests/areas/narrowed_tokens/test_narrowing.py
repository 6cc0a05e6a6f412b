"""What a narrowed token may do, and what it is refused."""

import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import GIVES_ACCESS, Permission
from models.accounts.tables import ParentAccess
from models.narrowed_tokens.tables import narrowed_tokens
from tests.areas.api_keys.key_uses import last_use
from tests.areas.narrowed_tokens.narrowing import Narrowed, narrow, narrowed
from tests.client.api import Api, Caller
from tests.client.links import break_glass, set_parent_access
from tests.client.mutations import attempt, code_of, done
from tests.world.world import Account, Member, World

READS = ["CONTACTS_READ", "STATISTICS_READ"]
SELF = """{ viewer { id user { id } apiKey { id } shares { totalCount }
  narrowedToken { id audience permissions accounts { id } user { id } apiKey { id } expiresAt revokedAt }
  accounts { totalCount nodes { id viewerPermissions } } } }"""


@pytest.fixture
async def main(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def account(world: World, main: Account) -> Account:
    return await world.account(main)


@pytest.fixture
async def owner(world: World, main: Account) -> Member:
    return await world.member(main, BuiltinRole.OWNER)


async def _made(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(narrowed_tokens))).scalar_one())


async def test_it_reaches_its_accounts_alone_with_its_permissions_alone(
    api: Api, owner: Member, account: Account, main: Account, world: World
) -> None:
    below = await world.account(account)
    token = await narrowed(api, owner, [account], READS)
    viewer = (await api.read(SELF, token))["viewer"]
    assert viewer["id"] == token.id == viewer["narrowedToken"]["id"]
    assert viewer["accounts"] == {
        "totalCount": 1,
        "nodes": [{"id": account.id, "viewerPermissions": ["ACCOUNT_READ", *sorted(READS)]}],
    }
    for other in (main, below):
        answer = await api.ask("query ($id: ID!) { account(id: $id) { name } }", token, id=other.id)
        assert answer.codes == ["NOT_FOUND"]


async def test_it_is_neither_the_person_nor_the_key(
    api: Api, owner: Member, account: Account, world: World
) -> None:
    """Whatever belongs to the person or the key itself is not there."""
    key = await world.api_key(account)
    for parent in (owner, key):
        token = await narrowed(api, parent, [account], READS)
        viewer = (await api.read(SELF, token))["viewer"]
        assert (viewer["user"], viewer["apiKey"], viewer["shares"]["totalCount"]) == (None, None, 0)
        assert (viewer["narrowedToken"]["user"], viewer["narrowedToken"]["apiKey"]) == (None, None)
        for id_ in (owner.person.id, key.id):
            assert (await api.read("query ($id: ID!) { node(id: $id) { id } }", token, id=id_))[
                "node"
            ] is None


async def test_it_writes_and_the_log_names_both(
    api: Api, owner: Member, account: Account, database: AsyncEngine
) -> None:
    token = await narrowed(api, owner, [account], ["ACCOUNT_WRITE"])
    again = await narrowed(api, token, [account], ["ACCOUNT_WRITE"])
    await done(api, "accountUpdate", again, accountId=account.id, name="Told by a widget")
    log = """query ($id: ID!) { account(id: $id) { events(first: 3) { nodes {
      type actorTokenId subjectId actor { id } after } } } }"""
    changed, second, first = (await api.read(log, owner, id=account.id))["account"]["events"]["nodes"]
    assert {event["actor"]["id"] for event in (changed, second, first)} == {owner.person.id}
    assert (changed["type"], changed["actorTokenId"]) == ("ACCOUNT_UPDATED", again.id)
    assert (second["type"], second["actorTokenId"]) == ("TOKEN_NARROWED", token.id)
    assert (first["actorTokenId"], first["subjectId"]) == (None, token.id)
    assert first["after"]["permissions"] == ["ACCOUNT_READ", "ACCOUNT_WRITE"]
    assert first["after"]["audience"] == "Widget"


async def test_nobody_narrows_to_more_than_they_hold(
    api: Api, owner: Member, account: Account, main: Account, world: World, database: AsyncEngine
) -> None:
    analyst = await world.member(account, BuiltinRole.ANALYST)
    token = await narrowed(api, owner, [account], READS)
    stranger = await world.account()
    before = await _made(database)
    attempts: list[tuple[Caller, list[Account], list[str], str]] = [
        (analyst, [account], ["CONTACTS_WRITE"], "FORBIDDEN"),
        (analyst, [account, main], READS, "NOT_FOUND"),
        (owner, [stranger], READS, "NOT_FOUND"),
        (owner, [account, stranger], READS, "NOT_FOUND"),
        (token, [account], ["CONTACTS_WRITE"], "FORBIDDEN"),
        (token, [account], [*READS, "CONTACTS_WRITE"], "FORBIDDEN"),
        (token, [main], READS, "NOT_FOUND"),
        (owner, [], READS, "BAD_USER_INPUT"),
        (owner, [account], [], "BAD_USER_INPUT"),
    ]
    for caller, accounts, names, code in attempts:
        assert (await narrow(api, caller, accounts, names)).code == code
    assert await _made(database) == before


@pytest.mark.parametrize("permission", [each for each in Permission if each in GIVES_ACCESS])
async def test_it_gives_no_access(
    permission: Permission, api: Api, owner: Member, account: Account, database: AsyncEngine
) -> None:
    before = await _made(database)
    refused = await narrow(api, owner, [account], [permission.name, "ACCOUNT_READ"])
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", "permissions")
    assert await _made(database) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("expiresInMinutes", minutes) for minutes in (0, 61, -1)),
        *(("audience", text) for text in ("", " ", "x" * 201, "a\nb")),
    ],
)
async def test_bad_input(
    field: str, value: Any, api: Api, owner: Member, account: Account, database: AsyncEngine
) -> None:
    before = await _made(database)
    refused = await narrow(api, owner, [account], READS, **{field: value})
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", field)
    assert await _made(database) == before


async def test_too_many_accounts(api: Api, owner: Member, account: Account, database: AsyncEngine) -> None:
    before = await _made(database)
    made_up = [f"acct_0190aaaa-0000-7000-8000-{number:012x}" for number in range(101)]
    refused = await narrow(api, owner, [account], READS, accountIds=made_up)
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", "accountIds")
    assert await _made(database) == before


async def test_it_never_outlives_its_parent(api: Api, owner: Member, account: Account) -> None:
    token = await narrowed(api, owner, [account], READS, expiresInMinutes=5)
    made = await done(
        api,
        "tokenNarrow",
        token,
        "token expiresAt narrowedToken { expiresAt }",
        accountIds=[account.id],
        permissions=READS,
        expiresInMinutes=60,
        audience="Inner",
    )
    ends = datetime.datetime.fromisoformat(made["expiresAt"])
    assert ends - datetime.datetime.now(datetime.UTC) < datetime.timedelta(minutes=6)
    assert datetime.datetime.fromisoformat(made["narrowedToken"]["expiresAt"]) == ends


async def test_it_is_narrowed_a_few_times_in_a_row(
    api: Api, owner: Member, account: Account, database: AsyncEngine
) -> None:
    caller: Member | Narrowed = owner
    for _ in range(9):
        caller = await narrowed(api, caller, [account], READS)
    before = await _made(database)
    assert (await narrow(api, caller, [account], READS)).code == "FAILED_PRECONDITION"
    assert await _made(database) == before
    assert (await api.read(SELF, caller))["viewer"]["accounts"]["totalCount"] == 1


async def test_broken_glass_is_not_passed_on(
    api: Api, owner: Member, account: Account, main: Account, world: World, database: AsyncEngine
) -> None:
    below = await world.account(main)
    await set_parent_access(world, below, ParentAccess.BREAK_GLASS)
    token = await narrowed(api, owner, [below], ["ACCOUNT_READ"])
    await break_glass(world, below, owner.person)
    before = await _made(database)
    refused = await narrow(api, owner, [below], READS)
    assert (refused.code, refused.named) == ("FORBIDDEN", "permissions")
    assert refused.message.startswith("A narrowed token has nothing of a break-glass opening")
    assert await _made(database) == before
    (seen,) = (await api.read(SELF, token))["viewer"]["accounts"]["nodes"]
    assert seen["viewerPermissions"] == ["ACCOUNT_READ"]
    opening = await code_of(api, "breakGlassOpen", token, accountId=below.id, reason="x", hours=1)
    assert opening == "PERSON_REQUIRED"


async def test_its_messages_are_for_tests_where_the_keys_are(
    api: Api, account: Account, world: World, owner: Member
) -> None:
    made = await done(
        api,
        "apiKeyCreate",
        owner,
        "secret",
        accountId=account.id,
        name="Test",
        roleId=f"role_{BuiltinRole.ADMINISTRATOR.id}",
        isTest=True,
    )
    token = await narrowed(api, Narrowed(made["secret"], ""), [account], READS)
    assert token.token.startswith("mdn_test_")
    again = await narrowed(api, token, [account], READS)
    assert again.token.startswith("mdn_test_")


async def test_who_sees_it(api: Api, owner: Member, account: Account, world: World) -> None:
    """The person or the key of which it was made, and for a key who sees the account's keys."""
    key, other = await world.api_key(account), await world.member(account, BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    of_person = await narrowed(api, owner, [account], READS)
    of_key = await narrowed(api, key, [account], READS)
    inner = await narrowed(api, of_key, [account], READS)
    node = "query ($id: ID!) { node(id: $id) { ... on NarrowedToken { id user { id } apiKey { id } } } }"
    seen = {
        (caller.token, token.id): (await api.read(node, caller, id=token.id))["node"]
        for caller in (owner, key, other, analyst, of_person, of_key, inner)
        for token in (of_person, of_key, inner)
    }
    assert {pair for pair, found in seen.items() if found} == {
        *((owner.token, token.id) for token in (of_person, of_key, inner)),
        *((other.token, token.id) for token in (of_key, inner)),
        *((key.token, token.id) for token in (of_key, inner)),
        (of_person.token, of_person.id),
        *((of_key.token, token.id) for token in (of_key, inner)),
        (inner.token, inner.id),
    }
    assert seen[owner.token, of_person.id]["user"] == {"id": owner.person.id}
    assert seen[other.token, of_key.id]["apiKey"] == {"id": key.id}
    listed = "{ viewer { narrowedTokens { nodes { id } } } }"
    for caller, tokens in ((owner, [of_person]), (key, [of_key, inner]), (of_key, [inner]), (analyst, [])):
        found = (await api.read(listed, caller))["viewer"]["narrowedTokens"]["nodes"]
        assert [each["id"] for each in found] == [token.id for token in tokens]
    of_keys = """query ($id: ID!) { account(id: $id) { apiKeys { nodes {
      id narrowedTokens { nodes { id } } } } } }"""
    found = (await api.read(of_keys, other, id=account.id))["account"]["apiKeys"]["nodes"]
    assert [[each["id"] for each in found[0]["narrowedTokens"]["nodes"]]] == [[of_key.id, inner.id]]


async def test_the_matrix_shows_it(api: Api, owner: Member, account: Account, world: World) -> None:
    key = await world.api_key(account)
    of_person, of_key = [await narrowed(api, parent, [account], READS) for parent in (owner, key)]
    matrix = """query ($id: ID!) { account(id: $id) { accessMatrix { totalCount nodes {
      subjectId kind name permissions user { id } apiKey { id } } } } }"""
    found = (await api.read(matrix, owner, id=account.id))["account"]["accessMatrix"]
    assert found["totalCount"] == len(found["nodes"]) == 4
    entries = {entry["subjectId"]: entry for entry in found["nodes"]}
    for token in (of_person, of_key):
        assert entries[token.id]["kind"] == "NARROWED_TOKEN"
        assert entries[token.id]["permissions"] == ["ACCOUNT_READ", *READS]
    assert entries[of_person.id]["user"] == {"id": owner.person.id}
    assert entries[of_key.id]["apiKey"] == {"id": key.id}
    await done(api, "tokenRevoke", owner, narrowedTokenId=of_person.id)
    found = (await api.read(matrix, owner, id=account.id))["account"]["accessMatrix"]
    assert of_person.id not in {entry["subjectId"] for entry in found["nodes"]}


async def test_a_use_counts_for_the_key(api: Api, owner: Member, account: Account, world: World) -> None:
    key = await world.api_key(account)
    token = await narrowed(api, key, [account], READS)
    assert (await attempt(api, "accountUpdate", token, accountId=account.id)).code == "FORBIDDEN"
    assert await last_use(api, owner, key.id)
