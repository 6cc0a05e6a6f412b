"""The memberships that follow from a directory's groups.

A directory is never kept waiting by what cannot be done: it would try again for ever. What is not done, such
as the removal of an owner, leaves an event in the master account's log, for people.
"""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.delegation import RoleGrant, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize_also
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.notes import TransactionNotes
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, in_tree, row_of
from models.base.ids import AccountId, Kind, UserId, new_id, present
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from models.scim.tables import scim_group_members, scim_group_roles, scim_memberships, scim_users
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record, record_ends
from resolvers.members.ending import Ending, end_memberships
from resolvers.promises.broken import Broken
from resolvers.promises.kept import unless_it_breaks
from resolvers.sessions.ends import limit_sessions_of
from resolvers.staff.user_rights import limit_in_force

_Membership = Row[*tuple[Any, ...]]


async def settle(
    session: WriteSession, principal: Principal, master: Authorized, people: Collection[UserId]
) -> None:
    """Give these people the memberships that their groups give, and take those that none gives any more. Who
    is not active loses all memberships of the tree, and the sessions of its single sign-on. The tree is
    locked.

    A membership that somebody else has ended is not given again until no group gives one there any more: so
    whoever was removed stays so, whatever the directory says next.
    """
    for user_id in sorted(people):
        wanted = await _wanted(session, master, user_id)
        held = await _held(session, master, user_id)
        given = await _given(session, master, user_id)
        for account_id, role_id in sorted(wanted.items()):
            if account_id in given and account_id not in held:
                continue
            await _give(session, principal, master, user_id, account_id, role_id, held.get(account_id))
        active = await _is_active(session, master, user_id)
        gone = (given if active else given | held.keys()) - wanted.keys()
        for account_id in sorted(gone):
            await _take(session, principal, master, user_id, account_id, held.get(account_id))
        if not active:
            opened = sessions.c.sign_on_master_id == master.master_id
            await session.send_built(delete(sessions).where(opened, sessions.c.user_id == user_id))


async def _wanted(session: WriteSession, master: Authorized, user_id: UserId) -> dict[AccountId, uuid.UUID]:
    """The role in each account, by the oldest group that gives one there."""
    user, mapped = scim_users.c, scim_group_roles.c
    statement = (
        select(mapped.account_id, mapped.role_id)
        .join(scim_group_members, in_tree(scim_group_members, scim_group_roles, group_id="group_id"))
        .join(scim_users, in_tree(scim_users, scim_group_members, id="scim_user_id"))
        .where(mapped.master_id == master.master_id, user.user_id == user_id, user.active, person_is_there())
        .order_by(mapped.group_id.desc())
    )
    return {AccountId(row.account_id): row.role_id for row in await session.execute(statement)}


def person_is_there() -> ColumnElement[bool]:
    """Whether the person of a row of `scim_users` has not deleted itself. The row of one who did stays where
    the person was in no account, because its deletion does not see the tree."""
    same = users.c.id == scim_users.c.user_id
    return exists(select(users.c.id).where(same, users.c.deleted_at.is_(None)).correlate(scim_users))


async def _held(
    session: WriteSession, master: Authorized, user_id: UserId
) -> Mapping[AccountId, _Membership]:
    member = memberships.c
    own = (member.master_id == master.master_id) & (member.user_id == user_id)
    statement = select(member.account_id, member.id, member.role_id, member.expires_at).where(own)
    return {AccountId(row.account_id): row for row in (await session.execute(statement)).all()}


async def _given(session: WriteSession, master: Authorized, user_id: UserId) -> set[AccountId]:
    given = scim_memberships.c
    own = (given.master_id == master.master_id) & (given.user_id == user_id)
    return {
        AccountId(each) for each in (await session.execute(select(given.account_id).where(own))).scalars()
    }


async def _is_active(session: WriteSession, master: Authorized, user_id: UserId) -> bool:
    user = scim_users.c
    own = (user.master_id == master.master_id) & (user.user_id == user_id) & person_is_there()
    return bool((await session.execute(select(user.active).where(own))).scalar_one_or_none())


async def _give(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    user_id: UserId,
    account_id: AccountId,
    role_id: uuid.UUID,
    held: _Membership | None,
) -> None:
    if held is not None and held.role_id in (role_id, BuiltinRole.OWNER.id):
        return
    try:
        account = await _account(session, principal, account_id, WriteKind.CHANGES)
        role = await role_to_give(session, account, role_id)
        if held is not None:
            await role_to_give(session, account, held.role_id)
    except Refusal as refusal:
        await _left(session, principal, master, user_id, account_id, refusal)
        return

    async def give() -> None:
        if held is None:
            await _join(session, principal, account, user_id, role)
        else:
            await _change(session, principal, account, held, role)
        mark = upsert(scim_memberships).values(**columns_of(account), user_id=user_id)
        await session.send_built(mark.on_conflict_do_nothing())

    broken = await unless_it_breaks(session, give)
    if broken is not None:
        kept = Refusal(RefusalCode.PROMISE_BROKEN)
        await _left(session, principal, master, user_id, account_id, kept, broken)


async def _take(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    user_id: UserId,
    account_id: AccountId,
    held: _Membership | None,
) -> None:
    if held is not None and held.role_id == BuiltinRole.OWNER.id:
        subject_id, after = present(Kind.MEMBER, held.id), {"user": present(Kind.USER, user_id)}
        await record(session, principal, master, EventType.SCIM_OWNER_KEPT, subject_id, None, {**after})
        return
    try:
        account = await _account(session, principal, account_id, WriteKind.TAKES_AWAY)
        role = None if held is None else await role_to_give(session, account, held.role_id)
    except Refusal as refusal:
        await _left(session, principal, master, user_id, account_id, refusal)
        return
    mine = in_account(scim_memberships, account) & (scim_memberships.c.user_id == user_id)
    await session.send_built(delete(scim_memberships).where(mine))
    if held is None or role is None:
        return
    ending = Ending(account, held.id, user_id, role.id, role.name, held.expires_at)
    await record_ends(session, principal, await end_memberships(session, [ending]))


async def _account(
    session: WriteSession, principal: Principal, account_id: AccountId, kind: WriteKind
) -> Authorized:
    session.notes(TransactionNotes).touched.add(account_id)
    return await authorize_also(session, principal, account_id, Permission.MEMBERS_WRITE, kind)


async def _join(
    session: WriteSession, principal: Principal, account: Authorized, user_id: UserId, role: RoleGrant
) -> None:
    membership_id = new_id()
    limit = await limit_in_force(session, account.master_id, account.account_id, user_id)
    await session.send_built(
        insert(memberships).values(
            **columns_of(account),
            id=membership_id,
            user_id=user_id,
            role_id=role.id,
            below_limit=limit.mask,
            below_limit_until=limit.until,
        )
    )
    await limit_sessions_of(session, user_id)
    after = {"user": present(Kind.USER, user_id), "role": role.name}
    subject_id = present(Kind.MEMBER, membership_id)
    await record(session, principal, account, EventType.MEMBER_JOINED, subject_id, None, {**after})


async def _change(
    session: WriteSession, principal: Principal, account: Authorized, held: _Membership, role: RoleGrant
) -> None:
    await session.send_built(
        update(memberships)
        .where(row_of(memberships, account, held.id))
        .values(role_id=role.id, expires_at=None, version=memberships.c.version + 1)
    )
    subject_id = present(Kind.MEMBER, held.id)
    kind = EventType.MEMBER_UPDATED
    await record(session, principal, account, kind, subject_id, None, {"role": role.name})


async def _left(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    user_id: UserId,
    account_id: AccountId,
    refusal: Refusal,
    broken: Broken | None = None,
) -> None:
    """Tell of it. The promise is named by its id alone: what it says is read by who may see it."""
    after = {"user": present(Kind.USER, user_id), "code": refusal.code.name}
    if broken is not None:
        after["promise"] = present(Kind.ACCESS_PROMISE, broken.promise_id)
    subject_id = present(Kind.ACCOUNT, account_id)
    await record(session, principal, master, EventType.SCIM_CHANGE_LEFT, subject_id, None, {**after})
