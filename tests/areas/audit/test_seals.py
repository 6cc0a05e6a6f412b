"""The chain of an account's log: what was changed, removed, added or moved is found."""

import asyncio
import hashlib
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id, present
from models.effects.event_chain import PARTS, event_chains, event_seals
from models.effects.events import events
from resolvers.audit.verify import LogEnd, LogsRead
from server.commands.audit import check_logs
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed
from server.jobs.effects import seal_events
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, done
from tests.database.own_database import api, application, own, owner_engine, world
from tests.database.settled_log import until_settled
from tests.waiting import until
from tests.world.world import Account, World

__all__ = ["api", "application", "own", "owner_engine", "world"]

_LOG = """query ($id: ID!) { account(id: $id) { eventProof { eventCount head }
  events(orderBy: OLDEST_FIRST, first: 100) { nodes {
    id type before after reason seal { number previousHash hash parts } } } } }"""


async def _sealed(application: AsyncEngine, world: World, account: Account, number: int) -> None:
    """Wait until a worker has sealed so many of the account's events."""
    counted = select(event_chains.c.event_count).where(event_chains.c.account_id == account.key)

    async def is_sealed() -> bool:
        await seal_events(application)
        async with world.database.connect() as connection:
            return (await connection.execute(counted)).scalar_one_or_none() == number

    await until(is_sealed)


def _check(account: Account, log: Any) -> list[dict[str, dict[str, str | None]]]:
    """What a client does: it follows the chain from the first seal to the head. The parts, by their names."""
    head, found = bytes(32).hex(), []
    for number, event in enumerate(log["events"]["nodes"], 1):
        seal, parts = event["seal"], {part["name"]: part for part in event["seal"]["parts"]}
        assert list(parts) == list(PARTS)
        assert (seal["number"], seal["previousHash"]) == (number, head)
        for part in parts.values():
            if "salt" in part:
                value = b"" if part["value"] is None else f"={part['value']}".encode()
                assert hashlib.sha256(bytes.fromhex(part["salt"]) + value).hexdigest() == part["digest"]
        hashed = "|".join([str(account.key), str(number), *(part["digest"] for part in seal["parts"])])
        head = hashlib.sha256(bytes.fromhex(head) + hashed.encode()).hexdigest()
        assert head == seal["hash"]
        found.append(parts)
    assert log["eventProof"] == {"eventCount": len(found), "head": head}
    return found


async def _log(api: Api, caller: Caller, account: Account) -> Any:
    return (await api.read(_LOG, caller, id=account.id))["account"]


async def test_an_account_checks_its_log_by_what_it_is_shown(
    api: Api, world: World, application: AsyncEngine
) -> None:
    """Also who may not see the values."""
    master = await world.account()
    account = await world.account(master)
    owner = await world.member(master, BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    auditor = await world.member(account, await world.role(account, "ACCOUNT_READ AUDIT_READ"))
    assert (await _log(api, owner, account))["eventProof"] == {"eventCount": 0, "head": "00" * 32}
    await done(api, "memberUpdate", owner, memberId=analyst.id, roleId=ROLE_IDS[BuiltinRole.MARKETER])
    await done(api, "accountUpdate", owner, accountId=account.id, name='Käse "|" ='[:9])
    await done(api, "accountUpdate", owner, accountId=account.id, externalId="7")
    assert {event["seal"] for event in (await _log(api, owner, account))["events"]["nodes"]} <= {None}
    await _sealed(application, world, account, 3)
    by_owner = _check(account, await _log(api, owner, account))
    assert all("salt" in part for event in by_owner for part in event.values())
    assert by_owner[0]["actorUserId"]["value"] == str(owner.person.key)
    shown = await _log(api, auditor, account)
    by_auditor = _check(account, shown)
    hidden = {name for name, part in by_auditor[0].items() if "salt" not in part}
    assert hidden == {
        "masterId",
        "actorUserId",
        "actorApiKeyId",
        "actorAccountId",
        "before",
        "after",
        "reason",
        "access",
    }
    assert not any("value" in part for part in by_auditor[0].values() if "salt" not in part)
    assert by_auditor[1]["after"]["value"] == by_owner[1]["after"]["value"], "names are open"
    for parts in by_auditor:
        assert {name: part["digest"] for name, part in parts.items()} == {
            name: part["digest"] for name, part in by_owner[by_auditor.index(parts)].items()
        }


@pytest.fixture
async def account(api: Api, world: World, application: AsyncEngine) -> Account:
    """With three sealed events."""
    made = await world.account()
    owner = await world.member(made, BuiltinRole.OWNER)
    for name in ("One", "Two", "Three"):
        await done(api, "accountUpdate", owner, accountId=made.id, name=name)
    await _sealed(application, world, made, 3)
    return made


_CHANGES: dict[str, Any] = {
    "id": new_id(),
    "transaction_id": events.c.transaction_id - 1,
    "type": "account.closed",
    "actor_user_id": None,
    "actor_api_key_id": new_id(),
    "actor_token_id": new_id(),
    "actor_account_id": None,
    "by_break_glass": True,
    "staff_user_id": events.c.actor_user_id,
    "subject_id": "other",
    "before": {"name": "Two"},
    "after": {"name": "Four"},
    "access": {"count": 1},
    "reason": "Ticket 7",
    "created_at": events.c.created_at + func.make_interval(0, 0, 0, 0, 0, 1),
}


def test_each_column_is_tried() -> None:
    assert {column.name for column in events.c} - {"master_id", "account_id"} == set(_CHANGES)


@pytest.mark.parametrize("column", _CHANGES)
async def test_a_change_of_a_column_is_found(
    world: World, own: DatabaseAddresses, account: Account, column: str
) -> None:
    async with world.database.begin() as connection:
        second = select(event_seals.c.event_id).where(
            event_seals.c.account_id == account.key, event_seals.c.number == 2
        )
        await connection.execute(
            update(events).where(events.c.id == second.scalar_subquery()).values({column: _CHANGES[column]})
        )
    found = [fault.what for fault in (await check_logs(own.owner, account.key)).faults]
    expected = {"id": "event 2 was deleted"}.get(column, "event 2 was changed")
    assert expected in found
    if column == "id":
        assert found[1:] == [f"event {present(Kind.EVENT, _CHANGES['id'])} was added later"]


@pytest.mark.parametrize(
    "what", ["event", "seal", "last seal", "moved to another account", "added", "forged"]
)
async def test_what_is_removed_added_or_moved_is_found(
    world: World, own: DatabaseAddresses, account: Account, what: str
) -> None:
    assert (await check_logs(own.owner, account.key)).faults == []
    number = 3 if what == "last seal" else 2
    seal = (event_seals.c.account_id == account.key, event_seals.c.number == number)
    second = select(event_seals.c.event_id).where(*seal).scalar_subquery()
    async with world.database.begin() as connection:
        match what:
            case "event":
                await connection.execute(delete(events).where(events.c.id == second))
            case "seal" | "last seal":
                await connection.execute(delete(event_seals).where(*seal))
            case "moved to another account":
                other = await world.account()
                moved = {"master_id": other.master, "account_id": other.key}
                await connection.execute(update(events).where(events.c.id == second).values(moved))
            case "added":
                early = select(func.min(events.c.transaction_id)).scalar_subquery()
                place = {"master_id": account.master, "account_id": account.key, "id": new_id()}
                made = insert(events).values(**place, type="account.closed", subject_id=account.id)
                await connection.execute(made.values(transaction_id=early))
            case _:
                await connection.execute(
                    update(event_seals).where(*seal).values(hash=func.sha256(event_seals.c.hash))
                )
    found = [fault.what for fault in (await check_logs(own.owner, account.key)).faults]
    expected = {
        "event": ["event 2 was deleted"],
        "seal": ["seal 2 is missing", "seal 3 does not follow the one before it", "event"],
        "last seal": ["the last seals are missing", "event"],
        "moved to another account": ["event 2 was deleted"],
        "added": ["event"],
        "forged": ["event 2 was changed", "seal 3 does not follow the one before it"],
    }[what]
    assert len(found) == len(expected)
    assert all(told.startswith(start) for told, start in zip(found, expected, strict=True)), found


@pytest.mark.parametrize("of_all", [False, True])
async def test_an_account_whose_whole_log_was_removed_is_found(
    world: World, own: DatabaseAddresses, account: Account, of_all: bool
) -> None:
    """Nothing of it is left by which it could be missed, but the account."""
    asked = None if of_all else account.key

    async def found() -> list[str]:
        faults = (await check_logs(own.owner, asked)).faults
        return [fault.what for fault in faults if fault.account_id == account.key]

    assert await found() == []
    async with world.database.begin() as connection:
        for table in (event_seals, event_chains, events):
            await connection.execute(delete(table).where(table.c.account_id == account.key))
    assert await found() == ["its log is missing"]


async def test_an_event_that_waits_for_its_first_seal_is_no_fault(
    api: Api, world: World, own: DatabaseAddresses
) -> None:
    """A transaction that still runs holds up the seals."""
    made = await world.account()
    owner = await world.member(made, BuiltinRole.OWNER)
    async with world.database.begin() as connection:
        await connection.execute(select(func.pg_current_xact_id()))
        await done(api, "accountUpdate", owner, accountId=made.id, name="New")
        assert (await check_logs(own.owner, made.key)).faults == []
        assert (await check_logs(own.owner, made.key)).read == LogEnd(0, bytes(32))


async def test_many_are_sealed_in_batches_by_workers_at_once(
    world: World, own: DatabaseAddresses, application: AsyncEngine
) -> None:
    accounts = [await world.account() for _ in range(3)]
    async with world.database.begin() as connection:
        for account in accounts:
            row = [
                literal(account.master),
                literal(account.key),
                func.gen_random_uuid(),
                literal("account.updated"),
                literal(account.id),
            ]
            made = select(*row).select_from(text("generate_series(1, 900)"))
            names = ["master_id", "account_id", "id", "type", "subject_id"]
            await connection.execute(insert(events).from_select(names, made))
    for _ in range(3):
        await asyncio.gather(*(seal_events(application) for _ in range(3)))
    for account in accounts:
        await _sealed(application, world, account, 900)
    for account in accounts:
        assert (await check_logs(own.owner, account.key)).faults == []


async def test_what_was_read_is_told_as_the_proof_says_it(
    api: Api, world: World, own: DatabaseAddresses, account: Account
) -> None:
    owner = await world.member(account, BuiltinRole.OWNER)
    proof = (await _log(api, owner, account))["eventProof"]
    checked = await check_logs(own.owner, account.key)
    assert checked.sentence == f"The log holds: 3 events, and its head is {proof['head']}."
    await until_settled(world.database)
    before = (await check_logs(own.owner)).read
    other = await world.account()
    renaming = await world.member(other, BuiltinRole.OWNER)
    for name in ("One", "Two"):
        await done(api, "accountUpdate", renaming, accountId=other.id, name=name)
    await until_settled(world.database)
    after = (await check_logs(own.owner)).read
    assert isinstance(before, LogsRead)
    assert after == LogsRead(before.account_count + 1, before.event_count + 2)


async def test_an_account_that_is_not_there_is_refused(own: DatabaseAddresses) -> None:
    with pytest.raises(CommandFailed, match="There is no such account"):
        await check_logs(own.owner, new_id())


async def test_a_fault_names_its_account_as_the_api_does(
    world: World, own: DatabaseAddresses, account: Account
) -> None:
    async with world.database.begin() as connection:
        await connection.execute(delete(event_seals).where(event_seals.c.account_id == account.key))
    faults = (await check_logs(own.owner, account.key)).faults
    assert faults
    assert all(str(fault).startswith(f"{account.id}: ") for fault in faults)
