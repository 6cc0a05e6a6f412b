"""An account that has an owner keeps one, however many leave at once (T4)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once, owners_of
from tests.world.ownership import accept, offer_to
from tests.world.world import Member, World

Step = Callable[[Api, Member, Member], Awaitable[str]]
"""What the first owner does, to itself or to the other one. The code of the refusal."""


async def _demote_other(api: Api, own: Member, other: Member) -> str:
    return await code_of(
        api, "memberUpdate", own, memberId=other.id, roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR]
    )


async def _demote_self(api: Api, own: Member, _other: Member) -> str:
    return await _demote_other(api, own, own)


async def _remove_other(api: Api, own: Member, other: Member) -> str:
    return await code_of(api, "memberRemove", own, memberId=other.id)


async def _remove_self(api: Api, own: Member, _other: Member) -> str:
    return await code_of(api, "memberRemove", own, memberId=own.id)


async def _leave(api: Api, own: Member, _other: Member) -> str:
    return await code_of(api, "memberLeave", own, accountId=own.account.id)


STEPS: dict[str, Step] = {
    "demote the other": _demote_other,
    "demote oneself": _demote_self,
    "remove the other": _remove_other,
    "remove oneself": _remove_self,
    "leave": _leave,
}
PAIRS = [
    ("demote the other", "demote the other"),
    ("remove the other", "remove the other"),
    ("leave", "leave"),
    ("demote oneself", "demote oneself"),
    ("leave", "demote oneself"),
    ("remove oneself", "leave"),
    ("leave", "demote the other"),
    ("demote oneself", "remove the other"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_two_owners_never_leave_none(
    api: Api, world: World, database: AsyncEngine, first: str, second: str
) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        anna = await world.member(account, BuiltinRole.OWNER)
        ben = await world.member(account, BuiltinRole.OWNER)
        codes = await at_once(STEPS[first](api, anna, ben), STEPS[second](api, ben, anna))
        assert await owners_of(database, account) == 1
        assert "" in codes
        # Whoever was demoted or removed first lacks the right, or is not there any more.
        assert set(codes) - {""} <= {"LAST_OWNER", "ROLE_TOO_WIDE", "NOT_FOUND"}


async def test_three_owners_leave_at_once_and_one_stays(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owners = [await world.member(account, BuiltinRole.OWNER) for _ in range(3)]
        codes = await at_once(*[_leave(api, owner, owner) for owner in owners])
        assert sorted(codes) == ["", "", "LAST_OWNER"]
        assert await owners_of(database, account) == 1


async def test_handing_over_and_leaving_at_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        heir = await world.member(account, BuiltinRole.ANALYST)
        assert await offer_to(api, owner, heir) == ""
        codes = await at_once(
            accept(api, heir),
            code_of(api, "ownershipTransferWithdraw", owner, accountId=account.id),
            code_of(api, "memberLeave", owner, accountId=account.id),
            code_of(api, "memberLeave", heir, accountId=account.id),
        )
        assert "INTERNAL" not in codes
        assert await owners_of(database, account) == 1


async def test_the_second_waits_until_the_first_is_counted(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """The order is forced: the first owner stands between counting the others and leaving."""
    account = await world.account()
    anna = await world.member(account, BuiltinRole.OWNER)
    ben = await world.member(account, BuiltinRole.OWNER)
    gate = Gate("DELETE FROM memberships")
    first = asyncio.create_task(gate.holding(_leave(api, anna, ben)))
    await gate.reached()
    second = asyncio.create_task(_leave(api, ben, anna))
    assert await waits(second, world.database)
    gate.open()
    assert (await first, await second) == ("", "LAST_OWNER")
    assert await owners_of(database, account) == 1
