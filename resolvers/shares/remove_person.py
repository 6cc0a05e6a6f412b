"""Removing a person from an account and all below it at once, so that no way in is left (R54, T4)."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, Uuid, all_, any_, delete, func, literal, select, update

from authz.callers.principals import Principal
from authz.guards.delegation import check_role
from authz.guards.exclusive import Authorized, WriteKind, authorize_all
from authz.guards.parent_link import LEAST_PASSES
from authz.guards.share_scope import ShareScope, check_giver
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.everybody import access_of
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, MasterId, ShareId, UserId, present
from models.invitations.tables import invitations
from models.shares.tables import share_accounts, shares
from resolvers.access.blockers import blocked, these_accounts
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Ended, record_ends
from resolvers.members.ending import Ending, end_memberships, keep_ended
from resolvers.shares.persons_access import (
    HeldMembership,
    PersonsAccess,
    count_working_keys,
    persons_access,
)
from resolvers.shares.store import ShareRow, described, scopes_of

_FIELD = "userId"


@dataclass(frozen=True)
class PersonRemoval:
    """The account at the top of the subtree, and the person."""

    account_id: AccountId
    user_id: UserId


@dataclass(frozen=True)
class PersonRemoved:
    """What ended. `working_keys`: how many API keys of the person still work, because they were made so."""

    account_id: AccountId
    ended: PersonsAccess
    working_keys: int


async def remove_person(session: WriteSession, principal: Principal, command: PersonRemoval) -> PersonRemoved:
    """End the person's memberships and shares in the account and all accounts below it, and what is offered
    to the person's address there. A share keeps the accounts that lie elsewhere. No group of the company's
    directory gives the memberships again.

    Concerns the accounts whose members the caller may see. Needs MEMBERS_WRITE in each of them, and all that
    the person's roles and shares give there; allowed in any status. Raises NotFound for a person who is
    neither member nor guest, RoleTooWide, LAST_OWNER as Blocked, and INHERITED_MEMBER where a role above
    still applies.
    """
    found, locked = await _locked(session, principal, command)
    if not found.is_known:
        raise NotFound(_FIELD)
    places = {account.account_id: account for account in locked}
    ends = [
        *await _end_memberships(session, principal, command.user_id, found.memberships, places),
        *await _end_shares(session, found, places),
        *await _end_invitations(session, found, places),
    ]
    master_id = locked[0].master_id
    await keep_ended(session, master_id, list(places), [command.user_id])
    await record_ends(session, principal, ends)
    await _check_nothing_is_left(session, command)
    keys = await count_working_keys(session, principal, command.account_id, command.user_id)
    return PersonRemoved(command.account_id, found, keys)


async def _locked(
    session: WriteSession, principal: Principal, command: PersonRemoval
) -> tuple[PersonsAccess, Sequence[Authorized]]:
    """What the person has, behind the lock of the tree, and its accounts with that of the command."""
    found = await persons_access(session, principal, command.account_id, command.user_id)
    while True:
        fields = dict.fromkeys(found.account_ids, _FIELD)
        fields.pop(command.account_id, None)
        locked = await authorize_all(
            session,
            principal,
            [command.account_id, *found.account_ids],
            Permission.MEMBERS_WRITE,
            WriteKind.TAKES_AWAY,
            until=found.until,
            fields=fields,
        )
        before = found
        found = await persons_access(session, principal, command.account_id, command.user_id)
        if (found.account_ids, found.until) == (before.account_ids, before.until):
            return found, locked


async def _end_memberships(
    session: WriteSession,
    principal: Principal,
    user_id: UserId,
    held: Sequence[HeldMembership],
    places: Mapping[AccountId, Authorized],
) -> list[Ended]:
    for membership in held:
        check_role(places[membership.account_id], membership.role, _FIELD)
    endings = [
        Ending(
            places[membership.account_id],
            membership.id,
            user_id,
            membership.role.id,
            membership.role.name,
            membership.expires_at,
        )
        for membership in held
    ]
    try:
        return await end_memberships(session, endings)
    except Refusal as refusal:
        # A person owns one account at most, and those that were closed, of which nobody has to stay.
        owned = [
            ending.account.account_id
            for ending in endings
            if ending.role_id == BuiltinRole.OWNER.id
            and ending.account.refused_change is not RefusalCode.ACCOUNT_CLOSED
        ]
        which = these_accounts(endings[0].account.master_id, owned)
        raise await blocked(session, principal, refusal.code, which, _FIELD) from refusal


async def _end_shares(
    session: WriteSession, found: PersonsAccess, places: Mapping[AccountId, Authorized]
) -> list[Ended]:
    if not found.opened:
        return []
    master_id = next(iter(places.values())).master_id
    named = shares.c.id == any_(_ids({place.share_id for place in found.opened}))
    statement = select(shares).where(shares.c.master_id == master_id, named)
    rows: dict[ShareId, ShareRow] = {row.id: row for row in await session.execute(statement)}
    scopes = await scopes_of(session, list(rows.values()))
    for place in found.opened:
        check_giver([places[place.account_id]], scopes[place.share_id], _FIELD)
    await _take_accounts_out(session, master_id, found)
    return list(_ended_shares(found, places, rows, scopes))


async def _take_accounts_out(session: WriteSession, master_id: MasterId, found: PersonsAccess) -> None:
    """A share that opens nothing else is revoked and keeps its accounts, so that the log can tell of them."""
    ids = {place.share_id for place in found.opened}
    ours = {place.account_id for place in found.opened}
    opened = share_accounts.c
    theirs = opened.master_id == master_id, opened.share_id == any_(_ids(ids))
    elsewhere = select(opened.share_id).where(*theirs, opened.account_id != all_(_ids(ours)))
    stay = set((await session.execute(elsewhere)).scalars())
    drop = opened.share_id == any_(_ids(stay)), opened.account_id == any_(_ids(ours))
    await session.send_built(delete(share_accounts).where(opened.master_id == master_id, *drop))
    for which, values in ((ids - stay, {"revoked_at": func.now()}), (stay, {})):
        named = shares.c.master_id == master_id, shares.c.id == any_(_ids(which))
        await session.send_built(update(shares).where(*named).values(**values, version=shares.c.version + 1))


def _ended_shares(
    found: PersonsAccess,
    places: Mapping[AccountId, Authorized],
    rows: Mapping[ShareId, ShareRow],
    scopes: Mapping[ShareId, ShareScope],
) -> Iterator[Ended]:
    for place in found.opened:
        row = rows[place.share_id]
        before = described(row.email, scopes[place.share_id], row.expires_at)
        subject_id = present(Kind.SHARE, place.share_id)
        yield Ended(places[place.account_id], EventType.SHARE_REVOKED, subject_id, before)


async def _end_invitations(
    session: WriteSession, found: PersonsAccess, places: Mapping[AccountId, Authorized]
) -> list[Ended]:
    if not found.invitations:
        return []
    master_id = next(iter(places.values())).master_id
    ids = any_(_ids([invitation.id for invitation in found.invitations]))
    revoked = update(invitations).where(invitations.c.master_id == master_id, invitations.c.id == ids)
    await session.send_built(revoked.values(revoked_at=func.now()))
    return [
        Ended(
            places[invitation.account_id],
            EventType.INVITATION_REVOKED,
            present(Kind.INVITATION, invitation.id),
            {"email": invitation.email},
        )
        for invitation in found.invitations
    ]


async def _check_nothing_is_left(session: WriteSession, command: PersonRemoval) -> None:
    """Raise INHERITED_MEMBER where the person still has more rights in the account than any link lets pass.
    They come from above, and what comes from above passes the account before it gets further down."""
    left = await session.execute(access_of([command.account_id], [command.user_id], []))
    if any(row.mask & ~LEAST_PASSES for row in left):
        raise Refusal(RefusalCode.INHERITED_MEMBER, field=_FIELD)


def _ids(ids: Collection[uuid.UUID]) -> ColumnElement[list[uuid.UUID]]:
    """As one bound array."""
    return literal(list(ids), ARRAY(Uuid))
