"""What the judge makes of the numbers in the database (R4, R5, R8, R9, R36, T28)."""

import datetime
import random
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.messages.tables import MessageStatus
from models.reputation.tables import PlatformState, StateReason
from models.sending.tables import SendStream
from resolvers.reputation.mail_kinds import REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF
from resolvers.reputation.states import ENOUGH, Numbers, Standing, judged
from server.database.clock import Clock
from tests.areas.effects.log import events_of, mails_to
from tests.areas.reputation.conftest import Agency
from tests.areas.reputation.sources import key_id, sources_of, this
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.statements import statements
from tests.world.messages import give_message
from tests.world.reputation import give_hour, give_source, judge, source_of
from tests.world.sends import reserve
from tests.world.staff import staff_member
from tests.world.world import World

_HOUR = datetime.timedelta(hours=1)


async def test_a_bad_list_stops_what_sent_to_it_and_nothing_else(
    api: Api, world: World, agency: Agency, sessions: WriteSessions
) -> None:
    """R8, R9, R36: by the key's own numbers on this stream."""
    us = agency.client
    await give_hour(world, us, 60, 10, api_key_id=agency.key.key)
    await give_hour(world, us, 60, 10, api_key_id=agency.key.key, ago=3 * _HOUR)
    await give_hour(world, us, 900, 1, api_key_id=agency.second.key)
    await give_hour(world, us, 900, 1, api_key_id=agency.key.key, stream=SendStream.TRANSACTIONAL)
    await give_hour(world, agency.other, 900)
    await judge(sessions, us, agency.other)
    assert (await reserve(api, agency.key, us, "ann")).code == "SENDING_PAUSED"
    for caller, account, stream in (
        (agency.key, us, "TRANSACTIONAL"),
        (agency.second, us, "MARKETING"),
        (agency.manager, us, "MARKETING"),
        (agency.owner, agency.other, "MARKETING"),
    ):
        assert (await reserve(api, caller, account, "ann", stream=stream)).done
    shown = {(each["stream"], each["apiKeyId"]): each for each in await sources_of(api, agency.manager, us)}
    bad = shown.pop(("MARKETING", key_id(agency.key)))
    assert (bad["platformState"], bad["reason"], bad["bounceRate"]) == ("PAUSED", "BOUNCE_RATE", 1_666)
    assert (bad["sent"], bad["hardBounces"], bad["complaints"]) == (120, 20, 0)
    assert {each["platformState"] for each in shown.values()} == {"ACTIVE"}
    assert len(shown) == 2


async def test_a_change_is_told_once(api: Api, world: World, agency: Agency, sessions: WriteSessions) -> None:
    """R5: to those who run the account, those above it and staff; not to others of its people."""
    us, agent = agency.client, await staff_member(world)
    analyst = await world.member(us, BuiltinRole.ANALYST)
    outsider = await world.member(agency.other, BuiltinRole.ADMINISTRATOR)
    await give_hour(world, us, 1_000, 60)
    for _ in range(2):
        await judge(sessions, us)
    await give_hour(world, us, 0, 60)
    for _ in range(2):
        await judge(sessions, us)
    events = await events_of(api, agency.owner, us.id, "REPUTATION_CHANGED")
    assert [each["after"]["platformState"] for each in events] == ["PAUSED", "WARNED"]
    assert events[1]["before"] == {"stream": "MARKETING", "apiKeyId": None, "platformState": "ACTIVE"}
    last = {name: events[0]["after"][name] for name in ("sent", "hardBounces", "complaints", "reason")}
    assert last == {"sent": 1_000, "hardBounces": 120, "complaints": 0, "reason": "BOUNCE_RATE"}
    for person, kind in (
        (agency.owner.person, REPUTATION_CHANGED),
        (agency.manager.person, REPUTATION_CHANGED),
        (agent, REPUTATION_CHANGED_FOR_STAFF),
    ):
        mails = [mail for mail in await mails_to(world.database, person.email) if us.id in mail.body]
        assert [mail.subject for mail in mails] == [kind.subject] * 2
        assert "1,000 sent, 60 hard bounces (6.00 %)" in mails[0].body
        assert "sendingSourceResume" in mails[1].body
    for member in (analyst, outsider):
        assert await mails_to(world.database, member.person.email) == []


async def test_tiny_volumes_say_nothing(world: World, agency: Agency, sessions: WriteSessions) -> None:
    """T28: one bounce of two sends stops nobody, and leaves no row."""
    await give_hour(world, agency.client, 2, 1)
    await judge(sessions, agency.client)
    assert await source_of(world, agency.client) is None


async def test_only_a_day_counts(world: World, agency: Agency, sessions: WriteSessions) -> None:
    us = agency.client
    await give_hour(world, us, 0, 900, ago=25 * _HOUR)
    await give_hour(world, us, 500)
    await judge(sessions, us)
    row = await source_of(world, us)
    assert (row.platform_state, row.sent, row.hard_bounces) == ("ACTIVE", 500, 0)


async def test_what_waits_is_not_among_what_was_sent(
    world: World, agency: Agency, sessions: WriteSessions
) -> None:
    """T28: of a campaign that was accepted whole and is handed over slowly, what came back counts against
    what was handed over."""
    us = agency.client
    for number in range(60):
        await give_message(world, us, f"contact{number}@example.com", stream=SendStream.MARKETING)
    await give_message(world, us, stream=SendStream.MARKETING, status=MessageStatus.SENT)
    await give_message(world, us)
    await give_hour(world, us, 200, 15)
    await judge(sessions, us)
    row = await source_of(world, us)
    assert (row.platform_state, row.sent) == ("PAUSED", 140)


async def test_a_trial_ends_well_or_badly(
    api: Api, world: World, agency: Agency, sessions: WriteSessions, clock: Clock
) -> None:
    """R8, N14: by what it sent itself: what was sent before does not count against it."""
    us = agency.client
    await give_hour(world, us, 500, 400)
    await judge(sessions, us)
    await clock.forward(hours=1)
    await done(api, "sendingSourceResume", agency.manager, **this(us))
    await judge(sessions, us)
    row = await source_of(world, us)
    assert (row.platform_state, row.sent, row.pauses) == ("TRIAL", 0, 1)
    await clock.forward(hours=1)
    await give_hour(world, us, ENOUGH, 10)
    await judge(sessions, us)
    row = await source_of(world, us)
    assert (row.platform_state, row.pauses) == ("PAUSED", 2)
    assert row.cool_down_until - row.platform_since == 2 * _HOUR
    await clock.forward(hours=2)
    await done(api, "sendingSourceResume", agency.manager, **this(us))
    await clock.forward(hours=1)
    await give_hour(world, us, ENOUGH)
    await judge(sessions, us)
    assert (await source_of(world, us)).platform_state == "ACTIVE"
    changes = await events_of(api, agency.owner, us.id, "REPUTATION_CHANGED")
    states = [each["after"]["platformState"] for each in reversed(changes)]
    assert states == ["PAUSED", "TRIAL", "PAUSED", "TRIAL", "ACTIVE"]


async def test_many_accounts_take_as_many_statements_as_one(
    world: World, agency: Agency, sessions: WriteSessions
) -> None:
    numbers = []
    for accounts in ([agency.client], [await world.account(agency.master) for _ in range(20)]):
        for account in accounts:
            await give_hour(world, account, 500, 3)
        with statements() as sent:
            await judge(sessions, *accounts)
        numbers.append(len(sent))
        for account in accounts:
            assert (await source_of(world, account)).sent == 500
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("seed", range(5))
async def test_no_source_stops_another_over_any_history(
    world: World, sessions: WriteSessions, clock: Clock, seed: int
) -> None:
    """R9, R36: over a random tree and a random history, each source stands as if it were alone: as the pure
    machine says, which is told of this source's numbers and of nothing else."""
    chance = random.Random(seed)
    tree = [await world.account()]
    for _ in range(3):
        tree.append(await world.account(chance.choice(tree)))
    keys = {account.key: [None, (await world.api_key(account)).key] for account in tree}
    sources = [
        (account, stream, key) for account in tree for stream in SendStream for key in keys[account.key]
    ]
    alone = {(account.key, stream, key): Standing() for account, stream, key in sources}
    hours: dict[object, list[tuple[datetime.datetime, Numbers]]] = {key: [] for key in alone}
    for _ in range(8):
        await clock.forward(minutes=chance.choice([20, 60, 60, 180]))
        for account, stream, key in chance.sample(sources, 6):
            sent = chance.choice([3, 90, 400])
            numbers = Numbers(
                sent, sent * chance.choice([0, 0, 3, 7, 20]) // 100, chance.choice([0, 0, 1, 5])
            )
            counted = numbers.sent, numbers.hard_bounces, numbers.complaints
            await give_hour(world, account, *counted, stream=stream, api_key_id=key)
            hour = (await clock.now()).replace(minute=0, second=0, microsecond=0)
            hours[account.key, stream, key].append((hour, numbers))
        await judge(sessions, *chance.sample(tree, len(tree)))
        for account, stream, key in sources:
            this_one = account.key, stream, key
            row = await source_of(world, account, stream, key)
            now = (await clock.now()) if row is None else row.judged_at
            own = [each for hour, each in hours[this_one] if hour >= now - datetime.timedelta(hours=24)]
            total = Numbers(*(sum(getattr(each, name) for each in own) for name in _NAMES))
            alone[this_one] = judged(alone[this_one], total, now)
            state, reason = alone[this_one].state, alone[this_one].reason
            if row is None:
                assert (state, reason) == (PlatformState.ACTIVE, None)
            else:
                assert (row.platform_state, row.reason) == (state.value, reason and reason.value)
    assert {standing.state for standing in alone.values()} >= {PlatformState.ACTIVE, PlatformState.PAUSED}


_NAMES = ("sent", "hard_bounces", "complaints")


async def test_a_source_that_was_stopped_by_staff_is_not_judged(
    world: World, agency: Agency, sessions: WriteSessions
) -> None:
    stopped: dict[str, Any] = {
        "platform_state": PlatformState.PAUSED.value,
        "reason": StateReason.STAFF.value,
    }
    await give_source(world, agency.client, **stopped)
    await give_hour(world, agency.client, 5_000, 2_000)
    await judge(sessions, agency.client)
    row = await source_of(world, agency.client)
    assert (row.platform_state, row.reason, row.hard_bounces) == ("PAUSED", "STAFF", 2_000)
