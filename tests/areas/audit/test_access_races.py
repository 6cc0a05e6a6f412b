"""What others change while a mutation waits for a lock is not told as its own."""

import asyncio
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.audit.telling import events_with_access
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.concurrency.gates import Gate
from tests.world.shares import give_share
from tests.world.world import PASSWORD, Account, Member, World


async def _company(world: World) -> tuple[Account, Member]:
    account = await world.account()
    return account, await world.member(account, BuiltinRole.OWNER)


def _told(event: dict[str, Any]) -> list[tuple[str, bool, bool]]:
    """Who gained or lost anything."""
    nodes = event["accessChanges"]["nodes"]
    return [(change["subjectId"], bool(change["gained"]), bool(change["lost"])) for change in nodes]


async def test_who_leaves_two_trees_tells_nothing_of_others(api: Api, world: World) -> None:
    """Both trees are locked, one after the other, before anything is told. Something is changed in the second
    one between."""
    (first, giver), (second, owner) = await _company(world), await _company(world)
    leaver = await world.member(second, BuiltinRole.ANALYST)
    await give_share(world, [first], leaver.person, giver.person)
    other = await world.member(second, BuiltinRole.ANALYST)
    gate = Gate("mandant_lock_path", after=1)
    leaving = asyncio.create_task(gate.holding(done(api, "userDelete", leaver.person, password=PASSWORD)))
    await gate.reached()
    raised = {"memberId": other.id, "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    await done(api, "memberUpdate", owner, **raised)
    gate.open()
    await leaving
    events = {event["type"]: event for event in await events_with_access(api, owner, second)}
    assert _told(events["MEMBER_UPDATED"]) == [(other.person.id, True, False)]
    assert _told(events["MEMBER_LEFT"]) == [(leaver.person.id, False, True)]
