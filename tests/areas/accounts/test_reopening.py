"""A closed account can be opened again for 30 days."""

import datetime
import uuid
from typing import Any

import pytest
from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.accounts.tables import AccountStatus, accounts
from models.base.ids import AccountId, MasterId
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import KEPT_AFTER_CLOSING, contact_jobs
from models.contacts.tables import contacts
from models.effects.jobs import Job
from models.people.users import ownerships
from resolvers.billing.status_history import Span, was_closed_throughout
from resolvers.contacts.jobs.contacts_removal import remove_contacts
from tests.areas.accounts.reopening import closed
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.concurrency.outcomes import ROUNDS, at_once, owned_by
from tests.world.brand import Brand
from tests.world.contacts import give_contact
from tests.world.world import Account, Person, World


async def _close(api: Api, brand: Brand, account: Account) -> None:
    await done(api, "accountClose", brand.owner, accountId=account.id)


async def _status(api: Api, brand: Brand, account: Account) -> str:
    query = "query ($id: ID!) { account(id: $id) { ownStatus } }"
    return str((await api.read(query, brand.owner, id=account.id))["account"]["ownStatus"])


async def _jobs(database: AsyncEngine, account: Account) -> list[str]:
    statement = select(contact_jobs.c.status).where(contact_jobs.c.account_id == account.key)
    async with database.connect() as connection:
        return list((await connection.execute(statement.order_by(contact_jobs.c.id))).scalars())


async def test_it_is_open_again_with_its_owner_and_its_contacts(
    api: Api, brand: Brand, world: World, database: AsyncEngine
) -> None:
    """By its owner, who still has the permission; and it can be closed again."""
    owner = await world.member(brand.store, BuiltinRole.OWNER)
    await give_contact(world, brand.store, "ann@example.com")
    await _close(api, brand, brand.store)
    assert await _owns_nothing(database, owner.person)
    before = await world.state(brand.master)
    values = {"accountId": brand.store.id, "reason": "A mistake"}
    tried = await api.ask(_REOPEN, owner, input=values | {"dryRun": True})
    gained = tried.data["accountReopen"]["accessChanges"]
    assert owner.person.id in {
        change["subjectId"] for change in gained if "CONTACTS_WRITE" in change["gained"]
    }
    assert await world.state(brand.master) == before
    await done(api, "accountReopen", owner, **values)
    assert await _status(api, brand, brand.store) == "ACTIVE"
    assert await owned_by(database, owner.person) == 1
    assert await _jobs(database, brand.store) == ["CANCELLED"]
    (event, *_) = await events_of(api, brand.owner, brand.store.id)
    assert (event["type"], event["before"], event["after"]) == (
        "ACCOUNT_REOPENED",
        {"status": "CLOSED"},
        {"status": "ACTIVE"},
    )
    await _close(api, brand, brand.store)
    assert await _jobs(database, brand.store) == ["CANCELLED", "WAITING"]


_REOPEN = """mutation ($input: AccountStatusInput!) { accountReopen(input: $input) {
  accessChanges { subjectId gained } userErrors { code } } }"""


async def _owns_nothing(database: AsyncEngine, person: Person) -> bool:
    statement = select(ownerships.c.account_id).where(ownerships.c.user_id == person.key)
    async with database.connect() as connection:
        return (await connection.execute(statement)).first() is None


async def test_what_was_suspended_is_suspended_again(api: Api, brand: Brand, world: World) -> None:
    """Else its owner could undo what those above have done."""
    owner = await world.member(brand.store, BuiltinRole.OWNER)
    await done(api, "accountSuspend", brand.owner, accountId=brand.store.id)
    await _close(api, brand, brand.store)
    await done(api, "accountReopen", owner, accountId=brand.store.id)
    assert await _status(api, brand, brand.store) == "SUSPENDED"


async def test_what_is_not_closed_stays_as_it_is(api: Api, brand: Brand, world: World) -> None:
    """Also a suspended one, and one that was opened already: a repetition harms nobody."""
    for status in (AccountStatus.ACTIVE, AccountStatus.SUSPENDED):
        await world.set_status(brand.store, status)
        before = await world.state(brand.master)
        await done(api, "accountReopen", brand.owner, accountId=brand.store.id)
        assert await world.state(brand.master) == before


async def _too_late(world: World, brand: Brand) -> None:
    await closed(world, brand.store, days_ago=31)


async def _being_removed(world: World, brand: Brand) -> None:
    await closed(world, brand.store)
    of_store = update(contact_jobs).where(contact_jobs.c.account_id == brand.store.key)
    async with world.database.begin() as connection:
        await connection.execute(of_store.values(status="RUNNING"))


async def _closed_above(world: World, brand: Brand) -> None:
    await closed(world, brand.store)
    await world.set_status(brand.us, AccountStatus.CLOSED)


async def _suspended_above(world: World, brand: Brand) -> None:
    await closed(world, brand.store)
    await world.set_status(brand.us, AccountStatus.SUSPENDED)


async def _external_id_taken(world: World, brand: Brand) -> None:
    await closed(world, brand.store)
    twin = await world.account(brand.us)
    async with world.database.begin() as connection:
        for account in (brand.store, twin):
            own = update(accounts).where(accounts.c.id == account.key)
            await connection.execute(own.values(external_id="crm-1"))


async def _owner_owns_another(world: World, brand: Brand) -> None:
    owner = await world.member(brand.store, BuiltinRole.OWNER)
    async with world.database.begin() as connection:
        await connection.execute(delete(ownerships).where(ownerships.c.user_id == owner.person.key))
    await world.member(brand.uk, BuiltinRole.OWNER, owner.person)
    await closed(world, brand.store)


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (_too_late, "FAILED_PRECONDITION"),
        (_being_removed, "FAILED_PRECONDITION"),
        (_closed_above, "ACCOUNT_CLOSED"),
        (_suspended_above, "ACCOUNT_SUSPENDED"),
        (_external_id_taken, "CONFLICT"),
        (_owner_owns_another, "ALREADY_OWNS_ACCOUNT"),
    ],
)
async def test_what_is_in_the_way_is_told_and_nothing_changes(
    prepare: Any, code: str, api: Api, brand: Brand, world: World
) -> None:
    await prepare(world, brand)
    before = await world.state(brand.master)
    assert await code_of(api, "accountReopen", brand.owner, accountId=brand.store.id) == code
    assert await world.state(brand.master) == before


async def test_the_job_at_day_30_and_the_reopening_exclude_each_other(
    api: Api, brand: Brand, world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    """Whichever is first: the account is open and has its contacts, or is closed and has none."""
    outcomes = set()
    for milliseconds in (10_000, *range(0, 60 * ROUNDS, 20), -10_000):
        store = await world.account(brand.us)
        await give_contact(world, store, "ann@example.com")
        await closed(world, store)
        job = Job(CONTACT_JOB, MasterId(store.master), await _make_due(database, store, milliseconds))
        reopening = code_of(api, "accountReopen", brand.owner, accountId=store.id)
        code, _ = await at_once(reopening, _remove(sessions, job))
        outcomes.add(code)
        if code == "FAILED_PRECONDITION":
            await remove_contacts(sessions, job)
        left = select(contacts.c.id).where(contacts.c.account_id == store.key)
        async with database.connect() as connection:
            has_contacts = (await connection.execute(left)).first() is not None
        assert has_contacts is (code == "")
        assert await _status(api, brand, store) == ("CLOSED" if code else "ACTIVE")
        assert await _jobs(database, store) == ["DONE" if code else "CANCELLED"]
    assert outcomes == {"", "FAILED_PRECONDITION"}


async def _remove(sessions: WriteSessions, job: Job) -> str:
    """Nothing, while it is not due."""
    await remove_contacts(sessions, job)
    return "done"


async def _make_due(database: AsyncEngine, account: Account, milliseconds: int) -> uuid.UUID:
    """The job is due in so long. Its id."""
    created = func.now() - literal(KEPT_AFTER_CLOSING - datetime.timedelta(milliseconds=milliseconds))
    mine = update(contact_jobs).where(contact_jobs.c.account_id == account.key)
    async with database.begin() as connection:
        due = await connection.execute(mine.values(created_at=created).returning(contact_jobs.c.id))
        found: uuid.UUID = due.scalar_one()
        return found


async def test_a_cycle_in_which_it_was_opened_again_is_charged(
    api: Api, brand: Brand, database: AsyncEngine
) -> None:
    """Else who closes before a cycle and reopens in it would have its plan for nothing."""
    await _close(api, brand, brand.store)
    async with database.connect() as connection:
        between = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    day = datetime.timedelta(days=1)
    span = Span(MasterId(brand.store.master), AccountId(brand.store.key), between, between + day)
    async with WriteSessions(database).begin() as session:
        assert await was_closed_throughout(session, span)
    await done(api, "accountReopen", brand.owner, accountId=brand.store.id)
    async with WriteSessions(database).begin() as session:
        assert not await was_closed_throughout(session, span)
