"""Deleting a person, by itself: memberships, shares, sessions and factors end, and a pseudonym stays.

The row of the person stays, because logs, keys and orders name it. What is left of it says nothing about whom
it was. The address is free again.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, exists, func, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_tree
from authz.guards.staff import is_staff
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.break_glass import opening_holds
from authz.wall.notes import TransactionNotes
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.base.ids import AccountId, MasterId, ShareId, UserId
from models.base.text_forms import forms_of
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.people.devices import devices
from models.people.mailbox_links import mailbox_links
from models.people.sessions import sessions
from models.people.users import users
from models.roles.tables import roles
from models.scim.tables import scim_group_members, scim_memberships, scim_users
from models.second_factor.tables import (
    factor_challenges,
    factor_resets,
    passkeys,
    recovery_codes,
    totp_secrets,
)
from models.shares.tables import shares
from models.single_sign_on.tables import single_sign_on_codes, single_sign_on_identities
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_ends
from resolvers.members.ending import Ending, end_memberships
from resolvers.parent_access.opening_store import end_openings
from resolvers.people.passwords.proved_passwords import PasswordChangedError, ProvedPassword
from resolvers.shares.accept import leave_share

_JOINED_MEANWHILE = "You joined an account at the same moment; try again."
_STAFF = "You belong to the platform's staff: whoever runs the platform has to remove you from it first."
_HAND_OVER = (
    "You are the only owner of an account: hand it over with `ownershipTransfer`, or close it with "
    "`accountClose`."
)
_NO_HASH = ""
"""Of no password."""


async def delete_person(session: WriteSession, principal: Principal, proved: ProvedPassword) -> UserId:
    """Delete the caller. Trees are locked in the order of their ids, then the person, for which nobody is
    waited for: so no two of these wait for each other.

    Raises LAST_OWNER while the person is the only owner of an account that is not closed,
    FAILED_PRECONDITION for staff, CONFLICT where the person joins an account meanwhile,
    PasswordChangedError.
    """
    user_id = proved.user_id
    trees = sorted(await _trees(session, user_id))
    for master_id in trees:
        await lock_tree(session, master_id)
    await _hold(session, proved)
    if await _trees(session, user_id) != set(trees):
        raise Refusal(RefusalCode.CONFLICT, _JOINED_MEANWHILE)
    if await is_staff(session, user_id):
        raise Refusal(RefusalCode.FAILED_PRECONDITION, _STAFF)
    await _end_openings(session, principal, user_id)
    await _leave_all(session, principal, user_id)
    given = shares.c.user_id == user_id
    for share_id in (
        await session.execute(select(shares.c.id).where(given, shares.c.revoked_at.is_(None)))
    ).scalars():
        await leave_share(session, principal, ShareId(share_id))
    await _forget(session, user_id)
    return user_id


async def _trees(session: WriteSession, user_id: UserId) -> set[MasterId]:
    """Those that the person is in."""
    found: set[MasterId] = set()
    for table in (memberships, shares):
        statement = select(table.c.master_id).where(table.c.user_id == user_id).distinct()
        found.update(MasterId(each) for each in (await session.execute(statement)).scalars())
    return found


async def _hold(session: WriteSession, proved: ProvedPassword) -> None:
    """`hold_password`, which waits for nobody: the trees are locked already."""
    stored = select(users.c.password_hash).where(users.c.id == proved.user_id)
    locked = stored.with_for_update(key_share=True, nowait=True)
    if (await session.execute(locked)).scalar_one_or_none() != proved.stored_hash:
        raise PasswordChangedError


async def _end_openings(session: WriteSession, principal: Principal, user_id: UserId) -> None:
    own = break_glass_openings.c.user_id == user_id
    places = select(break_glass_openings.c.master_id, break_glass_openings.c.account_id).distinct()
    for row in (await session.execute(places.where(own, opening_holds(break_glass_openings)))).all():
        await end_openings(session, principal, _account(row), own)


async def _leave_all(session: WriteSession, principal: Principal, user_id: UserId) -> None:
    """All memberships, also those that have expired."""
    for row in await _memberships(session, user_id):
        account = replace(_account(row), refused_change=_refused_change(row.status))
        session.notes(TransactionNotes).touched.add(account.account_id)
        ending = Ending(account, row.id, user_id, row.role_id, row.role, row.expires_at)
        try:
            ended = await end_memberships(session, [ending], EventType.MEMBER_LEFT)
        except Refusal as refusal:
            raise Refusal(refusal.code, _HAND_OVER) from refusal
        await record_ends(session, principal, ended)


def _refused_change(status: str) -> RefusalCode | None:
    """A closed account has no owner who would have to stay."""
    return RefusalCode.ACCOUNT_CLOSED if status == AccountStatus.CLOSED.value else None


async def _memberships(session: WriteSession, user_id: UserId) -> list[Row[*tuple[Any, ...]]]:
    columns = (memberships.c[name] for name in ("master_id", "account_id", "id", "role_id", "expires_at"))
    statement = (
        select(*columns, roles.c.name.label("role"), accounts.c.status)
        .join(roles, roles.c.id == memberships.c.role_id)
        .join(accounts, in_tree(accounts, memberships, id="account_id"))
        .where(memberships.c.user_id == user_id)
        .order_by(memberships.c.master_id, memberships.c.account_id)
    )
    return list((await session.execute(statement)).all())


async def _forget(session: WriteSession, user_id: UserId) -> None:
    """Nobody signs in as the person any more, no directory gives it a role, and nothing tells whom it was."""
    listed = select(scim_users.c.id).where(
        in_tree(scim_users, scim_group_members, id="scim_user_id"), scim_users.c.user_id == user_id
    )
    await session.send_built(delete(scim_group_members).where(exists(listed.correlate(scim_group_members))))
    ways_in = (sessions, devices, mailbox_links, single_sign_on_identities, single_sign_on_codes)
    # A passkey is a way in of its own.
    factors = (passkeys, totp_secrets, recovery_codes, factor_challenges, factor_resets)
    for table in (*ways_in, *factors, scim_users, scim_memberships):
        await session.send_built(delete(table).where(table.c.user_id == user_id))
    name, address = f"Former person {user_id.hex[-6:].upper()}", f"{user_id.hex}@deleted.invalid"
    pseudonym = {"name": name, **forms_of(users, name), "email": address, "email_canonical": address}
    gone = {"password_hash": _NO_HASH, "email_verified_at": None, "language": None, "time_zone": None}
    await session.send_built(
        update(users)
        .where(users.c.id == user_id)
        .values(**pseudonym, **gone, version=users.c.version + 1, deleted_at=func.now())
    )


def _account(row: Row[*tuple[Any, ...]]) -> Authorized:
    return Authorized(MasterId(row.master_id), AccountId(row.account_id), 0, 0, AccountId(row.account_id))
