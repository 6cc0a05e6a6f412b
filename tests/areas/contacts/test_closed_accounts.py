"""What a closed account kept of people: readable for a while, and then removed."""

import datetime
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, parse
from models.block_list.tables import block_entries
from models.contacts.jobs import KEPT_AFTER_CLOSING, contact_import_errors, contact_import_parts, contact_jobs
from models.contacts.tables import (
    contact_attributes,
    contact_list_members,
    contact_lists,
    contact_values,
    contacts,
)
from models.messages.events import message_events
from models.messages.orders import order_keys
from models.messages.tables import message_bodies, message_keys, messages
from models.suppressions.tables import bounces, unsubscribes
from models.templates.tables import template_versions, templates
from resolvers.contacts.jobs import contacts_removal
from server.start.worker import look
from tests.areas.contacts.asking import contacts_of
from tests.areas.contacts.imports import job_of, work_off_imports
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.server.deployed import deployed
from tests.world.contacts import give_contacts, give_import, give_memberships
from tests.world.messages import give_event, give_message, give_order
from tests.world.suppressions import give_suppressions, resubscribe
from tests.world.templates import give_template
from tests.world.world import Account, Member, World

_OF_PEOPLE = (
    contacts,
    contact_lists,
    contact_list_members,
    contact_values,
    contact_attributes,
    contact_import_parts,
    contact_import_errors,
    message_events,
    order_keys,
    messages,
    message_bodies,
    message_keys,
    templates,
    template_versions,
)
_OF_WISHES = block_entries, unsubscribes, bounces
_JOBS = "query ($id: ID!) { account(id: $id) { jobs { nodes { id kind status } } } }"
_BLOCKED = "query ($id: ID!) { blockList(accountId: $id) { nodes { address hash reason source } } }"
_CONSENTS = "query ($id: ID!) { account(id: $id) { unsubscribes { nodes { evidence } } } }"
_MINUTE = datetime.timedelta(minutes=1)


async def _counts(world: World, account: Account, tables: tuple[Table, ...]) -> list[int]:
    """How many rows the account has in each."""
    async with world.database.connect() as connection:
        return [
            (
                await connection.execute(
                    select(func.count()).select_from(table).where(table.c.account_id == account.key)
                )
            ).scalar_one()
            for table in tables
        ]


async def _fill(api: Api, world: World, account: Account, owner: Caller) -> None:
    """Rows in all tables of people, and three wishes."""
    await give_memberships(world, account, await give_contacts(world, account, 20))
    await give_import(world, account, "UPLOADING")
    await give_template(world, account, "Hello")
    await give_event(world, account, await give_message(world, account))
    await give_order(world, account)
    blocked: dict[str, Any] = {"accountId": account.id, "addresses": ["bob@example.com", "carl@example.com"]}
    blocked["source"] = "A call"
    await done(api, "blockListAdd", owner, **blocked)
    await give_suppressions(world, account, "ann@example.com")
    assert await resubscribe(api, owner, account, "ann@example.com") == "RESUBSCRIBED"


async def _close(api: Api, owner: Member, account: Account) -> str:
    """Close the account. The id of the job that will delete its contacts."""
    await done(api, "accountClose", owner, accountId=account.id)
    jobs = (await api.read(_JOBS, owner, id=account.id))["account"]["jobs"]["nodes"]
    (made,) = [job for job in jobs if job["kind"] == "CONTACTS_DELETION"]
    assert made["status"] == "WAITING"
    return str(made["id"])


async def _age(world: World, job_id: str, by: datetime.timedelta) -> None:
    """The closing is so long ago."""
    async with world.database.begin() as connection:
        await connection.execute(
            update(contact_jobs)
            .where(contact_jobs.c.id == parse(Kind.CONTACT_JOB, job_id))
            .values(created_at=func.now() - by)
        )


async def _work(application: AsyncEngine, account: Account) -> None:
    """What a worker does within a minute."""
    await look(application, deployed())
    await work_off_imports(application, account)


async def test_contacts_of_a_closed_account_are_removed(
    api: Api, world: World, application: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches, not before their time, and nobody else's. What must not be written to stays, by digest."""
    monkeypatch.setattr(contacts_removal, "_BATCH", 7)
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    account, sibling = await world.account(master), await world.account(master)
    for each in (account, sibling):
        await _fill(api, world, each, owner)
    before = await _counts(world, account, _OF_PEOPLE)
    assert all(before)
    job_id = await _close(api, owner, account)
    await _age(world, job_id, KEPT_AFTER_CLOSING - _MINUTE)
    await _work(application, account)
    assert await _counts(world, account, _OF_PEOPLE[:5]) == before[:5]
    assert len(await contacts_of(api, owner, account)) == 20
    assert (await job_of(api, owner, job_id))["status"] == "WAITING"

    await _age(world, job_id, KEPT_AFTER_CLOSING + _MINUTE)
    await _work(application, account)
    assert await _counts(world, account, _OF_PEOPLE) == [0] * len(_OF_PEOPLE)
    assert (await job_of(api, owner, job_id))["status"] == "DONE"
    assert await _counts(world, account, _OF_WISHES) == [2, 1, 1]
    shown = (await api.read(_BLOCKED, owner, id=account.id))["blockList"]["nodes"]
    assert shown == [{"address": None, "hash": None, "reason": "MANUAL", "source": None}] * 2
    consents = (await api.read(_CONSENTS, owner, id=account.id))["account"]["unsubscribes"]["nodes"]
    assert consents == [{"evidence": "Erased"}]
    assert all(await _counts(world, sibling, _OF_PEOPLE))
    shown = (await api.read(_BLOCKED, owner, id=sibling.id))["blockList"]["nodes"]
    assert [entry["address"] for entry in shown] == ["carl@example.com", "bob@example.com"]


async def test_a_dry_run_of_a_closing_leaves_no_job(api: Api, world: World) -> None:
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    await done(api, "accountClose", owner, accountId=master.id, dryRun=True)
    assert (await api.read(_JOBS, owner, id=master.id))["account"]["jobs"]["nodes"] == []
