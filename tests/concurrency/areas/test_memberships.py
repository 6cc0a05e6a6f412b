"""Rights that are taken away while they are used: the change is done before, or it is refused (T8, T14)."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, mail_to
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import Account, World


async def _rename(api: Api, caller: Caller, account: Account) -> str:
    change = {"accountId": account.id, "expectedVersion": 1, "name": "Renamed"}
    return await code_of(api, "accountUpdate", caller, **change)


async def test_a_removal_and_the_members_own_write(api: Api, world: World) -> None:
    """Each leaves one event. Their order in the log is that in which the transactions began: a removal that
    waited for a write that began later stands before it, so either may be the first."""
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        member = await world.member(account, BuiltinRole.ADMINISTRATOR)
        removed, renamed = await at_once(
            code_of(api, "memberRemove", owner, memberId=member.id), _rename(api, member, account)
        )
        assert removed == ""
        assert renamed in {"", "NOT_FOUND"}
        types = sorted(event["type"] for event in await events_of(api, owner, account.id))
        assert types == [*(["ACCOUNT_UPDATED"] if renamed == "" else []), "MEMBER_REMOVED"]


@pytest.mark.parametrize("depth", [0, 1, 2])
async def test_a_removal_waits_for_a_write_that_is_under_way(api: Api, world: World, depth: int) -> None:
    """Also for one in an account below: the path above it is locked."""
    account = written = await world.account()
    for _ in range(depth):
        written = await world.account(written)
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    gate = Gate("UPDATE accounts")
    writing = asyncio.create_task(gate.holding(_rename(api, member, written)))
    await gate.reached()
    removing = asyncio.create_task(code_of(api, "memberRemove", owner, memberId=member.id))
    assert await waits(removing, world.database)
    gate.open()
    assert (await writing, await removing) == ("", "")
    assert await _rename(api, member, written) == "NOT_FOUND"


@pytest.mark.parametrize("depth", [0, 1, 2])
async def test_a_write_waits_for_a_removal_that_is_under_way(api: Api, world: World, depth: int) -> None:
    account = written = await world.account()
    for _ in range(depth):
        written = await world.account(written)
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    gate = Gate("DELETE FROM memberships")
    removing = asyncio.create_task(gate.holding(code_of(api, "memberRemove", owner, memberId=member.id)))
    await gate.reached()
    writing = asyncio.create_task(_rename(api, member, written))
    assert await waits(writing, world.database)
    gate.open()
    assert (await removing, await writing) == ("", "NOT_FOUND")


async def test_a_key_that_is_revoked_while_it_writes(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    gate = Gate("UPDATE api_keys SET revoked_at")
    revoking = asyncio.create_task(gate.holding(code_of(api, "apiKeyRevoke", owner, apiKeyId=key.id)))
    await gate.reached()
    writing = asyncio.create_task(_rename(api, key, account))
    assert await waits(writing, world.database)
    gate.open()
    assert (await revoking, await writing) == ("", "NOT_FOUND")


async def test_an_acceptance_waits_for_the_inviters_removal(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """T14: the inviter's right counts at the moment of acceptance."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    inviter = await world.member(account, BuiltinRole.ADMINISTRATOR)
    invited = await world.person()
    await done(
        api,
        "memberInvite",
        inviter,
        accountId=account.id,
        email=invited.email,
        roleId=ROLE_IDS[BuiltinRole.ANALYST],
        idempotencyKey="1",
    )
    token = (await mail_to(database, invited.email)).token
    gate = Gate("DELETE FROM memberships")
    removing = asyncio.create_task(gate.holding(code_of(api, "memberRemove", owner, memberId=inviter.id)))
    await gate.reached()
    accepting = asyncio.create_task(code_of(api, "invitationAccept", invited, token=token))
    assert await waits(accepting, world.database)
    gate.open()
    assert (await removing, await accepting) == ("", "INVITATION_REVOKED")
