"""What ends is told of before and after: once, in the log of the account and to the person (N9)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from models.shares.tables import shares
from resolvers.access.expiring_grants import GRANTS
from resolvers.access.mail_kinds import ACCESS_EXPIRING, EXPIRY_NOTICES
from resolvers.effects.mail_texts import quoted
from server.jobs.access import tell_expiries
from tests.areas.access.expiry.grants import (
    KINDS,
    Grant,
    api_key,
    invitation,
    membership,
    offered_share,
    share,
)
from tests.areas.effects.log import events_of, mails_to
from tests.client.api import Api
from tests.world.shares import give_share
from tests.world.world import World

Make = Callable[[World], Awaitable[Grant]]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EXPIRING, EXPIRED = "ACCESS_EXPIRING", "ACCESS_EXPIRED"

kinds = pytest.mark.parametrize("make", KINDS)


async def _told(api: Api, grant: Grant) -> list[dict[str, Any]]:
    """What the log of the grant's account tells of it, the newest first."""
    found = await events_of(api, grant.owner, grant.account.id)
    return [event for event in found if event["type"] in (EXPIRING, EXPIRED)]


async def _kinds_told(api: Api, grant: Grant) -> list[str]:
    return [event["type"] for event in await _told(api, grant)]


async def test_every_kind_is_tried() -> None:
    assert len(KINDS) == len(GRANTS)


@kinds
async def test_an_end_that_is_near_is_told_once(
    make: Make, api: Api, application: AsyncEngine, world: World
) -> None:
    grant = await make(world)
    await grant.set(world, given=30 * DAY, ends=3 * DAY)
    for _ in range(2):
        await tell_expiries(application)
        (event,) = await _told(api, grant)
    expires_at = event.pop("after")["expiresAt"]
    assert event == {
        "type": EXPIRING,
        "subjectId": grant.id,
        "actorName": None,
        "actor": None,
        "actingFrom": None,
        "account": {"id": grant.account.id},
        "before": None,
    }
    assert expires_at.endswith("+00:00")


@kinds
async def test_an_end_is_told_once_and_no_person_is_written_to(
    make: Make, api: Api, application: AsyncEngine, world: World
) -> None:
    grant = await make(world)
    await grant.set(world, given=30 * DAY, ends=-HOUR)
    for _ in range(2):
        await tell_expiries(application)
        assert await _kinds_told(api, grant) == [EXPIRED]
    if grant.person is not None:
        assert await mails_to(world.database, grant.person.email) == []


@kinds
async def test_a_moved_end_is_told_again(
    make: Make, api: Api, application: AsyncEngine, world: World
) -> None:
    grant = await make(world)
    for ends, told in ((3 * DAY, 1), (30 * DAY, 1), (4 * DAY, 2), (-HOUR, 3)):
        await grant.set(world, given=30 * DAY, ends=ends)
        await tell_expiries(application)
        assert len(await _told(api, grant)) == told


@pytest.mark.parametrize(
    ("given", "ends", "told"),
    [
        (30 * DAY, 7 * DAY + HOUR, []),
        (30 * DAY, 7 * DAY - HOUR, [EXPIRING]),
        (HOUR, 7 * DAY - 2 * HOUR, []),
        (2 * HOUR, 7 * DAY - HOUR, [EXPIRING]),
        (2 * DAY, DAY + HOUR, []),
        (2 * DAY, DAY - HOUR, [EXPIRING]),
        (2 * HOUR, DAY - HOUR, [EXPIRING]),
        (HOUR, DAY - 2 * HOUR, []),
        (HOUR, -timedelta(seconds=1), [EXPIRED]),
        (90 * DAY, -29 * DAY, [EXPIRED]),
        (90 * DAY, -31 * DAY, []),
    ],
)
async def test_when_it_is_told(
    given: timedelta, ends: timedelta, told: list[str], api: Api, application: AsyncEngine, world: World
) -> None:
    """Seven days before, and one, if it was given for longer than that; what ended long ago not any more."""
    grant = await membership(world)
    await grant.set(world, given=given, ends=ends)
    await tell_expiries(application)
    assert await _kinds_told(api, grant) == told


async def test_the_clock_leads_from_one_to_the_next(api: Api, application: AsyncEngine, world: World) -> None:
    week, end = await membership(world), await membership(world)
    await week.set(world, given=30 * DAY, ends=DAY + HOUR)
    await end.set(world, given=30 * DAY, ends=HOUR)
    await tell_expiries(application)
    assert (await _kinds_told(api, week), await _kinds_told(api, end)) == ([EXPIRING], [EXPIRING])
    for grant in (week, end):
        await grant.age(world, HOUR)
    await tell_expiries(application)
    assert await _kinds_told(api, week) == [EXPIRING, EXPIRING]
    assert await _kinds_told(api, end) == [EXPIRED, EXPIRING]
    assert week.person is not None
    assert len(await mails_to(world.database, week.person.email)) == 2


@pytest.mark.parametrize(
    ("make", "column"),
    [
        (api_key, "revoked_at"),
        (invitation, "revoked_at"),
        (invitation, "accepted_at"),
        (share, "revoked_at"),
        (offered_share, "revoked_at"),
    ],
)
async def test_what_is_over_already_is_not_told(
    make: Make, column: str, api: Api, application: AsyncEngine, world: World
) -> None:
    over, other = await make(world), await make(world)
    for grant in (over, other):
        await grant.set(world, given=30 * DAY, ends=3 * DAY)
    await over.change(world, **{column: func.now()})
    await tell_expiries(application)
    assert await _kinds_told(api, over) == []
    assert await _kinds_told(api, other) == [EXPIRING]


@pytest.mark.parametrize("make", [membership, share])
async def test_the_person_is_written_to(make: Make, application: AsyncEngine, world: World) -> None:
    grant = await make(world)
    await grant.set(world, given=30 * DAY, ends=3 * DAY)
    for _ in range(2):
        await tell_expiries(application)
    assert grant.person is not None
    (mail,) = await mails_to(world.database, grant.person.email)
    assert mail.subject == ACCESS_EXPIRING.subject
    assert f"your access ends soon:\n\n  “{grant.account.name}” until 20" in mail.body


@pytest.mark.parametrize("make", [api_key, invitation, offered_share])
async def test_nobody_else_is(make: Make, application: AsyncEngine, world: World) -> None:
    grant = await make(world)
    await grant.set(world, given=30 * DAY, ends=3 * DAY)
    await tell_expiries(application)
    assert await mails_to(world.database, grant.owner.person.email) == []


async def test_a_share_is_told_in_each_of_its_accounts_and_in_one_mail(
    api: Api, application: AsyncEngine, world: World
) -> None:
    typed = ["100% of $1", "It's %s at https://evil.example/x " + "x" * 100]
    master = await world.account(name=typed[0])
    below = await world.account(master, typed[1])
    owner, guest = await world.member(master, BuiltinRole.OWNER), await world.person()
    made = await give_share(world, [master, below], guest, owner.person)
    ends = Grant(shares, Kind.SHARE, made.key, master, owner, since="accepted_at", person=guest)
    grants = [ends, replace(ends, account=below)]
    await ends.set(world, given=30 * DAY, ends=3 * DAY)
    await tell_expiries(application)
    assert [await _kinds_told(api, grant) for grant in grants] == [[EXPIRING], [EXPIRING]]
    (mail,) = await mails_to(world.database, guest.email)
    assert mail.subject == ACCESS_EXPIRING.subject
    assert [line.partition(" until ")[0] for line in mail.body.splitlines() if " until " in line] == [
        f"  {quoted(name)}" for name in typed
    ]


async def test_who_moves_ends_again_and_again_causes_few_mails(
    api: Api, application: AsyncEngine, world: World
) -> None:
    """The log tells of all of them, and so does each mail, of all that ends."""
    grant, other = await membership(world), await membership(world)
    most = EXPIRY_NOTICES.budgets[0].most
    for minutes in range(most + 2):
        await grant.set(world, given=30 * DAY, ends=3 * DAY + timedelta(minutes=minutes))
        await tell_expiries(application)
    assert await _kinds_told(api, grant) == [EXPIRING] * (most + 2)
    assert grant.person is not None
    assert other.person is not None
    assert len(await mails_to(world.database, grant.person.email)) == most
    await other.set(world, given=30 * DAY, ends=3 * DAY)
    await tell_expiries(application)
    assert len(await mails_to(world.database, other.person.email)) == 1
