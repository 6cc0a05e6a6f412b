"""Races of campaigns, with transactions that are committed."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.areas.campaigns.conftest import Desk
from tests.client.mutations import attempt
from tests.concurrency.gates import Gate, waits
from tests.world.sends import check_counts, used


def _sending(made: dict[str, Any]) -> dict[str, Any]:
    return {"campaignId": made["id"], "expectedVersion": made["version"]}


async def test_of_two_sends_one_starts_it(desk: Desk, database: AsyncEngine) -> None:
    made = await desk.draft("ann@example.com", "bob@example.com")
    tried = await asyncio.gather(
        *[attempt(desk.api, "campaignSend", desk.shop.owner, **_sending(made)) for _ in range(4)]
    )
    assert sorted(each.code for each in tried) == ["", *["FAILED_PRECONDITION"] * 3]
    await asyncio.gather(*[desk.work(made) for _ in range(3)])
    assert len(await desk.statuses()) == 2
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (2, 2)
    await check_counts(database, desk.shop.master)


async def test_a_change_comes_before_the_send_or_is_refused(desk: Desk, database: AsyncEngine) -> None:
    """What is sent is what was read."""
    made = await desk.draft("ann@example.com")
    gate = Gate("INSERT INTO send_reservations")
    sending = asyncio.create_task(
        gate.holding(attempt(desk.api, "campaignSend", desk.shop.owner, **_sending(made)))
    )
    await gate.reached()
    values = {**_sending(made), "contactListIds": []}
    updating = asyncio.create_task(attempt(desk.api, "campaignUpdate", desk.shop.owner, **values))
    assert await waits(updating, database)
    gate.open()
    sent, updated = await asyncio.gather(sending, updating)
    assert sent.done
    assert updated.code in ("CONFLICT", "FAILED_PRECONDITION")
    other = await desk.draft("bob@example.com")
    await desk.do("campaignUpdate", **_sending(other), name="Else")
    tried = await attempt(desk.api, "campaignSend", desk.shop.owner, **_sending(other))
    assert tried.code == "CONFLICT"
    assert (await desk.row(other)).status == "DRAFT"


async def test_a_pause_comes_between_two_slices(
    desk: Desk, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the slice that is written; where the worker is quicker, one more may come before it."""
    monkeypatch.setattr("resolvers.campaigns.pace.MOST_IN_A_SLICE", 2)
    sent = await desk.send(await desk.draft(*[f"a{number}@example.com" for number in range(9)]))
    gate = Gate("INSERT INTO messages", after=1)
    working = asyncio.create_task(gate.holding(desk.work(sent)))
    await gate.reached()
    pausing = asyncio.create_task(attempt(desk.api, "campaignPause", desk.shop.owner, campaignId=sent["id"]))
    assert await waits(pausing, database)
    gate.open()
    await asyncio.gather(working, pausing)
    assert (await pausing).done
    row = await desk.row(sent)
    assert (row.status, row.reached in (4, 6), len(await desk.messages())) == ("PAUSED", True, row.reached)
    assert await desk.claim() == []


async def test_a_worker_that_dies_in_a_slice_leaves_none_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one writes it, and everybody gets one message."""
    monkeypatch.setattr("resolvers.campaigns.pace.MOST_IN_A_SLICE", 2)
    sent = await desk.send(await desk.draft(*[f"a{number}@example.com" for number in range(6)]))
    gate = Gate("UPDATE campaigns SET", after=1)
    working = asyncio.create_task(gate.holding(desk.work(sent)))
    await gate.reached()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    written = len(await desk.messages())
    assert (await desk.row(sent)).reached == written < 6
    await desk.work(sent)
    assert len(await desk.statuses()) == 6
