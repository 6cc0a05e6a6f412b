"""Whoever offers a role must be able to give it when it is offered and when it is accepted (N19, T14)."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import AccountStatus
from models.members.tables import memberships
from tests.authz.cases.moments import expire_key, expire_member, revoke_key
from tests.authz.escalation.outcomes import DONE
from tests.authz.rules.invitation_links import Invitations, offer_of
from tests.client.api import Api
from tests.world.world import Account, ApiKey, Member, Person, World

Loss = Callable[[AsyncEngine, Member], Awaitable[None]]


async def _demote(database: AsyncEngine, inviter: Member) -> None:
    await _set_role(database, inviter, BuiltinRole.DEVELOPER)


async def _remove(database: AsyncEngine, inviter: Member) -> None:
    async with database.begin() as connection:
        await connection.execute(delete(memberships).where(memberships.c.id == inviter.key))


@pytest.mark.parametrize("loss", [_demote, _remove, expire_member])
async def test_the_inviter_loses_the_right_before_it_is_accepted(
    loss: Loss,
    world: World,
    account: Account,
    inviter: Member,
    invited: Person,
    invitations: Invitations,
    database: AsyncEngine,
) -> None:
    """T14: asked again when the offer is accepted, not when it was made."""
    token = await invitations.invite(inviter, account, invited.email)
    await loss(database, inviter)
    before = await world.state(account)
    assert await invitations.accept(invited, token) == "INVITATION_REVOKED"
    assert await world.state(account) == before
    assert await invitations.accounts_of(invited) == []


async def test_the_inviter_keeps_the_right_but_not_the_role(
    world: World, account: Account, invited: Person, invitations: Invitations, database: AsyncEngine
) -> None:
    """T14: whoever is an administrator by now offers no ownership any more, only less."""
    owner = await world.member(account, BuiltinRole.OWNER)
    other = await world.person()
    ownership = await invitations.invite(owner, account, invited.email, BuiltinRole.OWNER)
    analysis = await invitations.invite(owner, account, other.email, BuiltinRole.ANALYST)
    await _set_role(database, owner, BuiltinRole.ADMINISTRATOR)
    assert await invitations.accept(invited, ownership) == "INVITATION_REVOKED"
    assert await invitations.accept(other, analysis) == DONE


async def test_the_inviter_reaches_the_account_from_above(
    world: World, invited: Person, invitations: Invitations, database: AsyncEngine
) -> None:
    """What was given from above ends with what is held above."""
    main = await world.account()
    branch = await world.account(main)
    above = await world.member(main, BuiltinRole.ADMINISTRATOR)
    token = await invitations.invite(above, branch, invited.email, BuiltinRole.OWNER)
    await _set_role(database, above, BuiltinRole.FINANCE)
    assert await invitations.accept(invited, token) == "INVITATION_REVOKED"
    await _set_role(database, above, BuiltinRole.ADMINISTRATOR)
    assert await invitations.accept(invited, token) == DONE


@pytest.mark.parametrize("loss", [revoke_key, expire_key])
async def test_the_inviting_key_stops_working(
    loss: Callable[[AsyncEngine, ApiKey], Awaitable[None]],
    world: World,
    account: Account,
    invited: Person,
    invitations: Invitations,
    database: AsyncEngine,
) -> None:
    """T14: a program's offers end with its key."""
    key = await world.api_key(account)
    token = await invitations.invite(key, account, invited.email)
    assert (await invitations.preview(token))["inviterName"] is None
    await loss(database, key)
    assert await invitations.accept(invited, token) == "INVITATION_REVOKED"
    assert await invitations.accounts_of(invited) == []


@pytest.mark.parametrize("level", [0, 1])
async def test_the_account_is_suspended_or_closed_meanwhile(
    level: int, world: World, account: Account, inviter: Member, invited: Person, invitations: Invitations
) -> None:
    """T7, T14: itself, or the one above."""
    token = await invitations.invite(inviter, account, invited.email)
    above = Account(account.master, account.master, "above", ())
    changed = (above, account)[level]
    for status in (AccountStatus.SUSPENDED, AccountStatus.CLOSED):
        await world.set_status(changed, status)
        before = await world.state(account)
        assert await invitations.accept(invited, token) == f"ACCOUNT_{status.value}"
        assert await world.state(account) == before
    await world.set_status(changed, AccountStatus.ACTIVE)
    assert await invitations.accept(invited, token) == DONE


@pytest.mark.parametrize("role", [BuiltinRole.OWNER, BuiltinRole.FINANCE])
async def test_a_role_that_is_wider_than_the_givers(
    role: BuiltinRole, api: Api, world: World, account: Account
) -> None:
    """N19: here a key that may invite, but holds nothing of money and no ownership."""
    scopes = _mask("ACCOUNT_READ", "MEMBERS_READ", "MEMBERS_WRITE", "STATISTICS_READ")
    key = await world.api_key(account, scopes=scopes)
    before = await world.state(account)
    refusal = await api.refusal("memberInvite", key, **offer_of(account, "new@example.com", role))
    assert refusal == "ROLE_TOO_WIDE"
    assert await world.state(account) == before
    analyst = offer_of(account, "new@example.com", BuiltinRole.ANALYST)
    assert await api.refusal("memberInvite", key, **analyst) == ""


async def _set_role(database: AsyncEngine, member: Member, role: BuiltinRole) -> None:
    statement = update(memberships).where(memberships.c.id == member.key).values(role_id=role.id)
    async with database.begin() as connection:
        await connection.execute(statement)


def _mask(*names: str) -> int:
    return mask_of(frozenset(Permission[name] for name in names))
