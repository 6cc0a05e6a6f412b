"""What is told as it is now: usage, jobs and campaigns."""

import asyncio
import datetime
from time import monotonic

import pytest
from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.campaigns.tables import CampaignStatus, campaigns
from models.contacts.jobs import contact_jobs
from tests.areas.live.serving import Served, signed_in
from tests.world.campaigns import campaign_id, give_campaign
from tests.world.contacts import give_import
from tests.world.usage import give_sends
from tests.world.world import Account, Member, World

USAGE = "subscription ($id: ID!) { usage(accountId: $id) { sent sends { used } } }"
JOB = "subscription ($id: ID!) { job(id: $id) { status progress { done total } errors { nodes { line } } } }"
CAMPAIGN = "subscription ($id: ID!) { it: campaign(id: $id) { status messages } }"


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.OWNER)


async def test_usage(served: Served, world: World, account: Account, owner: Member) -> None:
    child = await world.account(account)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        told = (await socket.next_of("1"))["data"]["usage"]
        assert (told["sent"], told["sends"]["used"]) == (0, 0)
        assert await socket.silent(1.5)
        await give_sends(world, child, 3)
        told = (await socket.next_of("1"))["data"]["usage"]
        assert (told["sent"], told["sends"]["used"]) == (3, 3)


async def test_at_most_once_a_second(served: Served, world: World, account: Account, owner: Member) -> None:
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        began, deliveries, sent = monotonic(), -1, 0
        writing = asyncio.create_task(_send_again_and_again(world, account, 30))
        while sent < 30:
            sent = (await socket.next_of("1"))["data"]["usage"]["sent"]
            deliveries += 1
        await writing
        assert 1 < deliveries <= monotonic() - began + 1


async def _send_again_and_again(world: World, account: Account, times: int) -> None:
    for _ in range(times):
        await give_sends(world, account, 1)
        await asyncio.sleep(0.1)


async def test_a_job_is_followed_to_its_end(
    served: Served, world: World, account: Account, owner: Member
) -> None:
    key = await give_import(world, account)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", JOB, id=present(Kind.CONTACT_JOB, key))
        told = (await socket.next_of("1"))["data"]["job"]
        assert told == {
            "status": "WAITING",
            "progress": {"done": 0, "total": 2},
            "errors": {"nodes": [{"line": 3}]},
        }
        await _change(world, contact_jobs, key, status="RUNNING", done=1)
        told = (await socket.next_of("1"))["data"]["job"]
        assert (told["status"], told["progress"]["done"]) == ("RUNNING", 1)
        now = datetime.datetime.now(datetime.UTC)
        await _change(world, contact_jobs, key, status="DONE", done=2, ended_at=now)
        told = (await socket.next_of("1"))["data"]["job"]
        assert (told["status"], told["progress"]["done"]) == ("DONE", 2)
        await socket.next_of("1", "complete")
        await socket.subscribe("1", JOB, id=present(Kind.CONTACT_JOB, key))
        assert (await socket.next_of("1"))["data"]["job"]["status"] == "DONE"
        await socket.next_of("1", "complete")


async def test_a_campaign_is_followed_to_its_end(
    served: Served, world: World, account: Account, owner: Member
) -> None:
    key = await give_campaign(world, account, status=CampaignStatus.SENDING)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", CAMPAIGN, id=campaign_id(key))
        assert (await socket.next_of("1"))["data"]["it"]["status"] == "SENDING"
        await _change(world, campaigns, key, messages=7)
        assert (await socket.next_of("1"))["data"]["it"]["messages"] == 7
        now = datetime.datetime.now(datetime.UTC)
        await _change(world, campaigns, key, status="CANCELED", ended_at=now)
        assert (await socket.next_of("1"))["data"]["it"]["status"] == "CANCELED"
        await socket.next_of("1", "complete")


async def test_what_was_not_asked_for_is_not_told(
    served: Served, world: World, account: Account, owner: Member
) -> None:
    key = await give_campaign(world, account, status=CampaignStatus.SENDING)
    async with signed_in(served, owner) as socket:
        query = "subscription ($id: ID!) { campaign(id: $id) { name } }"
        await socket.subscribe("1", query, id=campaign_id(key))
        assert (await socket.next_of("1"))["data"] == {"campaign": {"name": "Spring"}}
        await _change(world, campaigns, key, messages=7)
        assert await socket.silent(2.5), "the same is not told again"


async def _change(world: World, table: object, key: object, **values: object) -> None:
    async with world.database.begin() as connection:
        await connection.execute(update(table).where(table.c.id == key).values(**values))  # type: ignore[arg-type,attr-defined]
