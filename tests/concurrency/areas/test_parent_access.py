"""What passes down changes while others act by it: one outcome each, and the masks stay true (T8, T14)."""

import asyncio

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.effects.log import events_of
from tests.areas.parent_access.linked import agency_of, answer, link_of, rights_in, wish
from tests.client.api import Api
from tests.client.links import passed_masks, stored_masks
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import World

READ_ONLY, BREAK_GLASS, NONE = ParentAccess.READ_ONLY, ParentAccess.BREAK_GLASS, ParentAccess.NONE
_LEAST = {"ACCOUNT_READ", "ACCOUNT_SUSPEND"}


async def test_a_write_from_above_waits_for_the_lowering(api: Api, world: World) -> None:
    """T8: what is taken while somebody writes by it is not written."""
    agency = await agency_of(world)
    writer = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
    gate = Gate("UPDATE account_closure")
    lowering = asyncio.create_task(gate.holding(wish(api, agency.above, agency.hotel, READ_ONLY)))
    await gate.reached()
    change = {"accountId": agency.spa.id, "expectedVersion": 1, "name": "Mine"}
    writing = asyncio.create_task(code_of(api, "accountUpdate", writer, **change))
    assert await waits(writing, world.database)
    gate.open()
    assert (await lowering, await writing) == ("", "FORBIDDEN")
    assert (await link_of(api, agency.owner, agency.spa))["version"] == 1


async def test_of_two_answers_one_counts(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        agency = await agency_of(world)
        assert await wish(api, agency.owner, agency.hotel, NONE) == ""
        other = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
        accepted, declined = await at_once(
            answer(api, agency.above, agency.hotel, NONE),
            answer(api, other, agency.hotel, NONE, accept=False),
        )
        mode = (await link_of(api, agency.owner, agency.hotel))["parentAccess"]
        assert (accepted, declined, mode) in (
            ("", "FAILED_PRECONDITION", "NONE"),
            ("FAILED_PRECONDITION", "", "FULL"),
        )


async def test_an_answer_and_a_change_of_the_wish(api: Api, world: World) -> None:
    """Nobody accepts what he has not read."""
    for _ in range(ROUNDS):
        agency = await agency_of(world)
        assert await wish(api, agency.owner, agency.hotel, READ_ONLY) == ""
        accepted, wished = await at_once(
            answer(api, agency.above, agency.hotel, READ_ONLY), wish(api, agency.owner, agency.hotel, NONE)
        )
        mode = (await link_of(api, agency.owner, agency.hotel))["parentAccess"]
        assert (accepted, mode) in {("", "READ_ONLY"), ("CONFLICT", "FULL")}
        assert wished in {"", "CONFLICT"}


async def test_breaking_the_glass_and_taking_it_away(api: Api, world: World) -> None:
    """Whatever is first, in the end nobody is let in."""
    for _ in range(ROUNDS):
        agency = await agency_of(world, BREAK_GLASS)
        other = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
        values = {"accountId": agency.hotel.id, "reason": "Fire", "hours": 1}
        opened, lowered = await at_once(
            code_of(api, "breakGlassOpen", agency.above, **values), wish(api, other, agency.hotel, NONE)
        )
        assert (opened in {"", "FAILED_PRECONDITION"}, lowered) == (True, "")
        assert await rights_in(api, agency.above, agency.hotel) == _LEAST
        assert await wish(api, agency.owner, agency.hotel, BREAK_GLASS) == ""
        assert await rights_in(api, agency.above, agency.hotel) == _LEAST


async def test_one_opening_a_person_and_account(api: Api, world: World) -> None:
    agency = await agency_of(world, BREAK_GLASS)
    values = {"accountId": agency.hotel.id, "reason": "Fire", "hours": 1}
    opened = [code_of(api, "breakGlassOpen", agency.above, **values) for _ in range(4)]
    assert await at_once(*opened) == [""] * 4
    assert len(await events_of(api, agency.owner, agency.hotel.id, "BREAK_GLASS_ENDED")) == 3


async def test_links_change_at_once_and_accounts_are_made_below(api: Api, world: World) -> None:
    """On one path, in any order: nobody waits in a circle, and every path's mask is true."""
    for number in range(ROUNDS):
        agency = await agency_of(world)
        spa_owner = await world.member(agency.spa, BuiltinRole.OWNER)
        made = [
            code_of(
                api, "subaccountCreate", spa_owner, parentId=agency.spa.id, name=name, idempotencyKey=name
            )
            for name in (f"Pool {number}", f"Bar {number}")
        ]
        codes = await at_once(
            wish(api, agency.above, agency.hotel, READ_ONLY),
            made[0],
            wish(api, agency.owner, agency.spa, NONE),
            made[1],
        )
        assert codes == ["", "", "", ""]
        assert await stored_masks(world, agency.hotel) == await passed_masks(world, agency.hotel)
