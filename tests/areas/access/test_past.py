"""Who could do what in the past: what is told of it, and to whom (N2)."""

import asyncio
import datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.access.histories import HISTORIES, History
from models.accounts.tables import AccountStatus, accounts
from models.api_keys.tables import api_keys
from models.base.ids import Kind, new_id, present
from models.members.tables import memberships
from tests.areas.access.past import EXPLAIN_PAST, PAST, listed_at, now
from tests.areas.access.whole_histories import assert_whole, versions_of
from tests.authz.cases.moments import revoke_key
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.engine.paths import Path
from tests.engine.statements import statements
from tests.world.world import Account, Member, World


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.OWNER)


async def test_each_change_holds_from_its_moment_on(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """A role, a key and a membership: before, between and after."""
    member = await world.member(account, BuiltinRole.ANALYST)
    key = await world.api_key(account, BuiltinRole.MARKETER)
    first = await now(database)
    await done(api, "memberUpdate", owner, memberId=member.id, roleId=ROLE_IDS[BuiltinRole.FINANCE])
    second = await now(database)
    await revoke_key(database, key)
    third = await now(database)
    await done(api, "memberRemove", owner, memberId=member.id)
    fourth = await now(database)
    listed = [await listed_at(api, owner, account, moment) for moment in (first, second, third, fourth)]
    of_member = [found.get(member.person.id) for found in listed]
    assert [None if held is None else "INVOICES_READ" in held for held in of_member] == [
        False,
        True,
        True,
        None,
    ]
    assert [key.id in found for found in listed] == [True, True, False, False]
    for moment, subjects in ((first, {owner.person.id}), (second, {owner.person.id, member.person.id})):
        assert set(await listed_at(api, owner, account, moment, "INVOICES_READ")) == subjects
    await assert_whole(database, account.master)


async def test_what_ends_by_itself_held_until_then(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """No row is changed at the end of a membership."""
    member = await world.member(account, BuiltinRole.ANALYST)
    end = await now(database) + datetime.timedelta(seconds=2)
    mine = update(memberships).where(memberships.c.id == member.key).values(expires_at=end)
    async with database.begin() as connection:
        await connection.execute(mine)
    before = await now(database)
    assert before < end
    await asyncio.sleep(2.1)
    assert member.person.id in await listed_at(api, owner, account, before)
    assert member.person.id not in await listed_at(api, owner, account, end)
    told = await _explain(api, owner, account, before, member.person.id)
    assert told["decision"] == "ALLOWED"
    told = await _explain(api, owner, account, end, member.person.id)
    assert [step["kind"] for step in told["steps"] if step["effect"] == "DENIES"] == ["MEMBERSHIP"]


async def test_the_status_of_that_moment_counts(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """Of the account and of those above it."""
    below = await world.account(account)
    await world.set_status(account, AccountStatus.SUSPENDED)
    suspended = await now(database)
    await world.set_status(account, AccountStatus.ACTIVE)
    active = await now(database)
    for place in (account, below):
        held = [
            (await listed_at(api, owner, place, moment))[owner.person.id] for moment in (suspended, active)
        ]
        assert ["CONTACTS_WRITE" in each for each in held] == [False, True]
        assert all("CONTACTS_READ" in each for each in held)


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("which", ["future", "before"])
async def test_a_moment_that_nothing_is_known_of_is_refused(
    path: Path, which: str, api: Api, account: Account, owner: Member
) -> None:
    known = "query ($id: ID!) { account(id: $id) { accessKnownSince } }"
    since = (await api.read(path.of(known), owner, id=account.id))["account"]["accessKnownSince"]
    begin = datetime.datetime.fromisoformat(since)
    second = datetime.timedelta(seconds=1)
    moment = begin - second if which == "before" else datetime.datetime.now(datetime.UTC) + 60 * second
    answer = await api.ask(path.of(PAST), owner, id=account.id, at=moment.isoformat())
    assert answer.data["account"] == {"accessAt": None}
    (error,) = answer.errors
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == "moment"
    asked = {"account": account.id, "permission": "ACCOUNT_READ", "at": moment.isoformat()}
    answer = await api.ask(EXPLAIN_PAST, owner, **asked)
    assert answer.data == {"explainAccess": None}
    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_USER_INPUT"]
    assert owner.person.id in await listed_at(api, owner, account, datetime.datetime.now(datetime.UTC))


async def test_an_account_that_did_not_exist_had_nobody(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    before = await now(database)
    below = await world.account(account)
    assert await listed_at(api, owner, below, before) == {}
    asked = {"account": below.id, "permission": "ACCOUNT_READ", "at": before.isoformat()}
    answer = await api.ask(EXPLAIN_PAST, owner, **asked)
    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_USER_INPUT"]
    assert list(await listed_at(api, owner, below, await now(database))) == [owner.person.id]


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize(
    ("permissions", "listed"),
    [
        ("ACCOUNT_READ MEMBERS_READ API_KEYS_READ", {"Ann", "Bot"}),
        ("ACCOUNT_READ MEMBERS_READ", {"Ann"}),
        ("ACCOUNT_READ API_KEYS_READ", {"Bot"}),
        ("ACCOUNT_READ", set()),
    ],
)
async def test_the_viewers_rights_of_now_decide_what_is_told(
    permissions: str, listed: set[str], path: Path, api: Api, world: World, database: AsyncEngine
) -> None:
    """Even about a time when the viewer had none."""
    account = await world.account()
    await world.member(account, BuiltinRole.ADMINISTRATOR, await world.person("Ann"))
    key = await world.api_key(account, BuiltinRole.ANALYST)
    async with database.begin() as connection:
        await connection.execute(update(api_keys).where(api_keys.c.id == key.key).values(name="Bot"))
    moment = await now(database)
    viewer = await world.person("Viv")
    await world.member(account, await world.role(account, permissions), viewer)
    answer = await api.read(path.of(PAST), viewer, id=account.id, at=moment.isoformat())
    entries = answer["account"]["accessAt"]["entries"]
    assert {node["name"] for node in entries["nodes"]} == listed
    assert entries["totalCount"] == len(listed)


async def test_who_has_no_right_any_more_is_told_nothing(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """About no time; and nobody of another tree is."""
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    moment = await now(database)
    assert member.person.id in await listed_at(api, member, account, moment)
    await done(api, "memberRemove", owner, memberId=member.id)
    for caller in (member.person, stranger):
        answer = await api.ask(PAST, caller, id=account.id, at=moment.isoformat())
        assert answer.data == {"account": None}
        asked = {"account": account.id, "permission": "ACCOUNT_READ", "at": moment.isoformat()}
        answer = await api.ask(EXPLAIN_PAST, caller, **asked)
        assert [error["extensions"]["code"] for error in answer.errors] == ["NOT_FOUND"]


async def test_who_left_is_explained_and_who_came_since_too(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """Whoever is known now or was known then; nobody else."""
    gone = await world.member(account, BuiltinRole.ANALYST)
    moment = await now(database)
    await done(api, "memberRemove", owner, memberId=gone.id)
    came = await world.member(account, BuiltinRole.ANALYST)
    never = await world.person()
    told = await _explain(api, owner, account, moment, gone.person.id, "STATISTICS_READ")
    assert told["decision"] == "ALLOWED"
    told = await _explain(api, owner, account, moment, came.person.id, "STATISTICS_READ")
    assert told["decision"] == "DENIED"
    assert (told["nearestMisses"], told["canBeGrantedBy"]) == ([], None)
    asked = {"account": account.id, "permission": "ACCOUNT_READ", "subject": never.id}
    answer = await api.ask(EXPLAIN_PAST, owner, **asked, at=moment.isoformat())
    assert [error["extensions"]["code"] for error in answer.errors] == ["NOT_FOUND"]


async def test_who_left_is_named_by_the_membership_of_then(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """Only for when it held, and only to who may know of that membership."""
    beside = await world.account(account)
    before = await now(database)
    gone = await world.member(account, BuiltinRole.ANALYST)
    other = await world.member(beside, BuiltinRole.ANALYST)
    both = await world.member(beside, BuiltinRole.ANALYST, gone.person)
    blind = await world.member(account, await world.role(account, "ACCOUNT_READ STATISTICS_READ"))
    moment = await now(database)
    for member in (gone, other, both):
        await done(api, "memberRemove", owner, memberId=member.id)
    after = await now(database)
    told = await _explain(api, owner, account, moment, gone.id, "STATISTICS_READ")
    assert (told["decision"], told["steps"][0]["about"]) == ("ALLOWED", gone.id)
    unknown = present(Kind.MEMBER, new_id())
    for caller, subject, at in (
        (owner, gone.id, before),
        (owner, gone.id, after),
        (owner, gone.person.id, before),
        (owner, gone.person.id, after),
        (owner, gone.id, None),
        (owner, other.id, moment),
        (owner, both.id, moment),
        (owner, unknown, moment),
        (blind, gone.id, moment),
        (blind, unknown, moment),
    ):
        asked = {"account": account.id, "permission": "STATISTICS_READ", "subject": subject}
        shown = None if at is None else at.isoformat()
        answer = await api.ask(EXPLAIN_PAST, caller, **asked, at=shown)
        (error,) = answer.errors
        assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("NOT_FOUND", "subject")


async def test_members_of_then_that_nobody_may_know_take_the_same_statements(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    beside = await world.account(account)
    other = await world.member(beside, BuiltinRole.ANALYST)
    moment = await now(database)
    await done(api, "memberRemove", owner, memberId=other.id)
    sent_for = []
    for subject in (other.id, present(Kind.MEMBER, new_id())):
        asked = {"account": account.id, "permission": "STATISTICS_READ", "subject": subject}
        with statements() as sent:
            answer = await api.ask(EXPLAIN_PAST, owner, **asked, at=moment.isoformat())
        assert answer.codes == ["NOT_FOUND"]
        sent_for.append(sent)
    assert sent_for[0] == sent_for[1] != []


async def test_what_changes_no_right_makes_no_version(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> None:
    """Names, versions, the last use of a key; and a change to what it was."""
    key = await world.api_key(account)
    before = [await versions_of(database, each, account.master) for each in HISTORIES if _of_trees(each)]
    async with database.begin() as connection:
        mine = update(accounts).where(accounts.c.id == account.key)
        await connection.execute(mine.values(name="New", version=accounts.c.version + 1))
        used = update(api_keys).where(api_keys.c.id == key.key)
        await connection.execute(used.values(last_used_at=datetime.datetime.now(datetime.UTC)))
        role = update(memberships).where(memberships.c.id == owner.key)
        await connection.execute(role.values(role_id=BuiltinRole.ANALYST.id))
        await connection.execute(role.values(role_id=BuiltinRole.OWNER.id))
    after = [await versions_of(database, each, account.master) for each in HISTORIES if _of_trees(each)]
    assert after == before
    await assert_whole(database, account.master)


def _of_trees(history: History) -> bool:
    return "master_id" in history.versions.c


async def _explain(
    api: Api,
    caller: Member,
    account: Account,
    moment: datetime.datetime,
    subject: str,
    permission: str = "ACCOUNT_READ",
) -> dict[str, Any]:
    asked = {"account": account.id, "permission": permission, "subject": subject}
    told = (await api.read(EXPLAIN_PAST, caller, **asked, at=moment.isoformat()))["explainAccess"]
    assert isinstance(told, dict)
    return told
