"""Sends beside a pause, the last places of a trial, and judges beside each other and a resume (R8, N14)."""

import asyncio
import datetime
from typing import Any

from engine.writes.sessions import WriteSessions
from models.reputation.tables import PlatformState, StateReason
from resolvers.reputation.states import TRIAL_SENDS
from tests.areas.effects.log import events_of, mails_to
from tests.areas.reputation.sources import this
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.plans import make_plan, subscribe
from tests.world.reputation import give_hour, give_source, judge, source_of
from tests.world.sends import reserve, settle
from tests.world.world import World

_TRIAL: dict[str, Any] = {
    "platform_state": PlatformState.TRIAL.value,
    "reason": StateReason.BOUNCE_RATE.value,
}


async def _sending(world: World) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, active_contacts=10_000, sends=10_000))
    return brand


async def test_a_pause_waits_for_what_is_being_reserved_and_then_it_is_not_sent(
    api: Api, world: World
) -> None:
    """Either a send is before the pause or it is refused."""
    brand = await _sending(world)
    gate = Gate("INSERT INTO send_reservations")
    sending = asyncio.create_task(gate.holding(reserve(api, brand.owner, brand.us, "ann")))
    await gate.reached()
    pausing = asyncio.create_task(code_of(api, "sendingSourcePause", brand.owner, **this(brand.us)))
    assert await waits(pausing, world.database)
    gate.open()
    made = await sending
    assert (made.done, await pausing) == (True, "")
    reservation = made.payload["reservation"]["id"]
    assert await settle(api, brand.owner, "sendCommit", reservation) == "SENDING_PAUSED"


async def test_a_send_that_waits_for_a_pause_is_refused(api: Api, world: World) -> None:
    brand = await _sending(world)
    gate = Gate("INSERT INTO sending_sources")
    pausing = asyncio.create_task(
        gate.holding(code_of(api, "sendingSourcePause", brand.owner, **this(brand.us)))
    )
    await gate.reached()
    sending = asyncio.create_task(reserve(api, brand.owner, brand.us, "ann"))
    assert await waits(sending, world.database)
    gate.open()
    assert (await pausing, (await sending).code) == ("", "SENDING_PAUSED")


async def test_one_send_takes_the_last_place_of_a_trial(api: Api, world: World) -> None:
    """The limit is exact, whichever comes first."""
    for _ in range(ROUNDS):
        brand = await _sending(world)
        now = datetime.datetime.now(datetime.UTC)
        await give_source(world, brand.us, **_TRIAL, trial_hour_at=now, trial_sends=TRIAL_SENDS - 2)
        names = ("ann", "ben", "cara", "dan")
        made = await at_once(*[reserve(api, brand.owner, brand.us, name) for name in names])
        codes = sorted(each.code for each in made)
        assert codes == ["", "", "TRIAL_LIMIT_REACHED", "TRIAL_LIMIT_REACHED"]
        assert (await source_of(world, brand.us)).trial_sends == TRIAL_SENDS


async def test_a_trial_that_is_paused_while_a_send_waits_refuses_it(
    api: Api, world: World, sessions: WriteSessions
) -> None:
    """What the send has read is read again behind the lock."""
    brand = await _sending(world)
    await give_source(world, brand.us, **_TRIAL)
    await give_hour(world, brand.us, 100, 60)
    gate = Gate("UPDATE sending_sources SET trial")
    sending = asyncio.create_task(gate.holding(reserve(api, brand.owner, brand.us, "ann")))
    await gate.reached()
    await judge(sessions, brand.us)
    gate.open()
    assert (await sending).code == "SENDING_PAUSED"
    assert (await source_of(world, brand.us)).trial_sends == 0


async def test_two_judges_tell_a_change_once(api: Api, world: World, sessions: WriteSessions) -> None:
    """Also where the source had no row."""
    for known in (False, True) * ROUNDS:
        brand = await _sending(world)
        if known:
            await give_source(world, brand.us)
        await give_hour(world, brand.us, 100, 60)
        await at_once(judge(sessions, brand.us), judge(sessions, brand.us))
        assert (await source_of(world, brand.us)).pauses == 1
        assert len(await events_of(api, brand.owner, brand.us.id, "REPUTATION_CHANGED")) == 1
        mails = await mails_to(world.database, brand.owner.person.email)
        assert len([mail for mail in mails if brand.us.id in mail.body]) == 1


async def test_a_judge_that_waits_for_a_resume_judges_the_trial(
    api: Api, world: World, sessions: WriteSessions
) -> None:
    """By what it sends itself, and not by what it was paused for."""
    brand = await _sending(world)
    now = datetime.datetime.now(datetime.UTC)
    paused = {"platform_state": PlatformState.PAUSED.value, "reason": StateReason.BOUNCE_RATE.value}
    over: dict[str, Any] = {**paused, "cool_down_until": now, "pauses": 1, "paused_at": now}
    await give_source(world, brand.us, **over, platform_since=now)
    await give_hour(world, brand.us, 100, 60)
    gate = Gate("UPDATE sending_sources")
    resuming = asyncio.create_task(
        gate.holding(code_of(api, "sendingSourceResume", brand.owner, **this(brand.us)))
    )
    await gate.reached()
    judging = asyncio.create_task(judge(sessions, brand.us))
    assert await waits(judging, world.database)
    gate.open()
    assert await resuming == ""
    await judging
    row = await source_of(world, brand.us)
    assert (row.platform_state, row.pauses, row.sent) == ("TRIAL", 1, 0)
