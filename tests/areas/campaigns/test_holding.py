"""A campaign is paused, goes on, or is canceled."""

import datetime

import pytest
from sqlalchemy import update

from models.accounts.tables import AccountStatus
from models.domains.tables import DomainStatus, domains
from models.messages.tables import messages
from resolvers.review.policy import ReviewPolicy
from tests.areas.campaigns.conftest import Desk, key_of
from tests.client.mutations import code_of
from tests.world.messages import mail, send

_NAMES = [f"a{number}@example.com" for number in range(6)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two messages in a slice, and one slice in a job."""
    monkeypatch.setattr("resolvers.campaigns.pace.MOST_IN_A_SLICE", 2)
    monkeypatch.setattr("resolvers.campaigns.work._STEPS", 1)


@pytest.mark.usefixtures("few")
async def test_what_is_paused_waits(desk: Desk) -> None:
    """Neither more is written, nor is anything handed over; other messages of the account go on."""
    sent = await desk.send(await desk.draft(*_NAMES))
    await desk.work(sent)
    paused = await desk.do("campaignPause", campaignId=sent["id"])
    assert paused["campaign"]["status"] == "PAUSED"
    await desk.do("campaignPause", campaignId=sent["id"])
    await desk.work(sent)
    assert len(await desk.messages()) == 2
    assert await desk.claim() == []
    assert await desk.queued() == set()
    await send(
        desk.api, desk.shop.owner, desk.shop.account, [mail("1", "zoe@example.com")], stream="MARKETING"
    )
    assert await desk.claim() == ["zoe@example.com"]
    resumed = await desk.do("campaignResume", campaignId=sent["id"])
    assert resumed["campaign"]["status"] == "SENDING"
    assert await desk.claim() == [], "until a worker has given them time"
    await desk.work(sent)
    assert len(await desk.claim()) == 2
    for _ in range(3):
        await desk.work(sent)
    assert len(await desk.claim()) == 4
    assert len(await desk.statuses()) == 7


@pytest.mark.usefixtures("few")
async def test_a_long_pause_costs_no_message(desk: Desk) -> None:
    """They are tried for a day from then on."""
    sent = await desk.send(await desk.draft(*_NAMES[:2]))
    await desk.work(sent)
    await desk.do("campaignPause", campaignId=sent["id"])
    week = datetime.timedelta(days=7)
    async with desk.database.begin() as connection:
        past = {"due_at": messages.c.due_at - week, "expires_at": messages.c.expires_at - week}
        await connection.execute(update(messages).where(messages.c.campaign_id == key_of(sent)).values(past))
    await desk.do("campaignResume", campaignId=sent["id"])
    await desk.work(sent)
    now = datetime.datetime.now(datetime.UTC)
    assert all(row.expires_at > now + datetime.timedelta(hours=23) for row in await desk.messages())


@pytest.mark.usefixtures("few")
async def test_what_is_canceled_reaches_nobody_else(desk: Desk) -> None:
    sent = await desk.send(await desk.draft(*_NAMES))
    await desk.work(sent)
    handed_over = await desk.claim()
    await desk.work(sent)
    for _ in range(2):
        canceled = await desk.do("campaignCancel", campaignId=sent["id"])
        assert canceled["campaign"]["status"] == "CANCELED"
    assert await desk.claim() == []
    await desk.work(sent)
    found = await desk.statuses()
    assert {to for to, status in found.items() if status == "CLAIMED"} == set(handed_over)
    assert sorted(found.values()) == ["CANCELED", "CANCELED", "CLAIMED", "CLAIMED"]
    assert (await desk.row(sent)).work_due_at is not None, "one that is handed over may wait again"
    async with desk.database.begin() as connection:
        this = messages.c.account_id == desk.shop.account.key, messages.c.recipient == handed_over[0]
        again = update(messages).where(*this)
        await connection.execute(again.values(status="WAITING"))
    await desk.settle()
    assert await desk.claim() == []
    await desk.let_pass(sent, minutes=1)
    await desk.work(sent)
    assert sorted((await desk.statuses()).values()) == ["CANCELED"] * 3 + ["SENT"]
    row = await desk.row(sent)
    assert (row.work_due_at, row.held_until) == (None, None)
    for field in ("campaignResume", "campaignPause"):
        assert await code_of(desk.api, field, desk.shop.owner, campaignId=sent["id"]) == "FAILED_PRECONDITION"


async def test_nothing_is_handed_over_twice_after_a_pause(desk: Desk) -> None:
    sent = await desk.send(await desk.draft(*_NAMES))
    await desk.work(sent)
    first = await desk.claim()
    await desk.settle()
    await desk.do("campaignPause", campaignId=sent["id"])
    await desk.do("campaignResume", campaignId=sent["id"])
    await desk.work(sent)
    assert (first, await desk.claim()) == (_NAMES, [])


async def test_a_draft_is_neither_paused_nor_canceled(desk: Desk) -> None:
    made = await desk.draft("ann@example.com")
    for field in ("campaignPause", "campaignResume", "campaignCancel"):
        assert await code_of(desk.api, field, desk.shop.owner, campaignId=made["id"]) == "FAILED_PRECONDITION"
    assert (await desk.row(made)).status == "DRAFT"


async def test_to_go_on_asks_the_gate(desk: Desk) -> None:
    """T29: as all that sends."""
    sent = await desk.send(await desk.draft("ann@example.com"))
    await desk.do("campaignPause", campaignId=sent["id"])
    ask = ("campaignResume", desk.shop.owner)
    await desk.world.set_status(desk.shop.account, AccountStatus.SUSPENDED)
    assert await code_of(desk.api, *ask, campaignId=sent["id"]) == "ACCOUNT_SUSPENDED"
    await desk.world.set_status(desk.shop.account, AccountStatus.ACTIVE)
    async with desk.database.begin() as connection:
        of_shop = domains.c.account_id == desk.shop.account.key
        broken = {"status": DomainStatus.PENDING.value, "claim_id": None}
        await connection.execute(update(domains).where(of_shop).values(broken))
    assert await code_of(desk.api, *ask, campaignId=sent["id"]) == "DOMAIN_NOT_VERIFIED"
    assert (await desk.row(sent)).status == "PAUSED"


async def test_a_suspended_account_writes_none(desk: Desk) -> None:
    sent = await desk.send(await desk.draft("ann@example.com"))
    await desk.world.set_status(desk.shop.account, AccountStatus.SUSPENDED)
    await desk.work(sent)
    assert await desk.messages() == []
    await desk.world.set_status(desk.shop.account, AccountStatus.ACTIVE)
    await desk.let_pass(sent, minutes=11)
    await desk.work(sent, ReviewPolicy.REQUIRED)
    assert len(await desk.messages()) == 1


async def test_a_closed_account_sends_no_more(desk: Desk) -> None:
    sent = await desk.send(await desk.draft("ann@example.com"))
    await desk.world.set_status(desk.shop.account, AccountStatus.CLOSED)
    await desk.work(sent)
    row = await desk.row(sent)
    assert (row.status, row.work_due_at, await desk.messages()) == ("CANCELED", None, [])
