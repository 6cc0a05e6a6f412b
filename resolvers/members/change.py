"""Changes of memberships. Each checks the caller and the target person (T4)."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, select, update

from authz.callers.principals import Principal
from authz.guards.delegation import RoleGrant, role_in, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode, VersionConflict
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.base.ids import AccountId, Kind, MembershipId, UserId, present
from models.members.tables import memberships
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record, record_ends
from resolvers.inputs.global_ids import parse_member
from resolvers.inputs.moments import check_future, ends_no_later, moved_end
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value
from resolvers.members.ending import Ending, end_memberships, membership_values
from resolvers.members.ownership import end_offers, give_up_ownership


@dataclass(frozen=True)
class Membership:
    """A person's role in an account."""

    id: MembershipId
    user_id: UserId
    role_id: uuid.UUID
    expires_at: datetime.datetime | None
    version: int

    @property
    def is_owner(self) -> bool:
        """Whether it is the account's ownership."""
        return self.role_id == BuiltinRole.OWNER.id


@dataclass(frozen=True)
class MemberChange:
    """A membership, and the locked account that it is held in."""

    account: Authorized
    membership_id: MembershipId


@dataclass(frozen=True)
class MemberUpdate:
    """The new role, and the new end of the membership; None: it never ends."""

    member_id: MembershipId
    expected_version: int
    role_id: uuid.UUID | Unchanged = UNCHANGED
    expires_at: datetime.datetime | Unchanged | None = UNCHANGED


def membership_id_of(member_id: str, field: str = "memberId") -> MembershipId:
    """The membership in the member's global id that the input's field has.

    Raises NotFound, and INHERITED_MEMBER for a member as seen from an account below.
    """
    membership_id, _, account_id = (parse_member(member_id) or "").partition("_")
    if not membership_id:
        raise NotFound(field)
    if account_id:
        raise Refusal(RefusalCode.INHERITED_MEMBER, field=field)
    return MembershipId(uuid.UUID(membership_id))


async def update_member(session: WriteSession, principal: Principal, command: MemberUpdate) -> MemberChange:
    """Change a member's role or the end of the membership.

    Needs MEMBERS_WRITE and all permissions of the old and of the new role. A change that only lowers and
    shortens is allowed in any status. Raises VersionConflict, LAST_OWNER, ROLE_TOO_WIDE, CONSENT_REQUIRED for
    a new owner, and BAD_USER_INPUT for an end in the past or for an owner's end.
    """
    until = moved_end(memberships.c.expires_at, command.expires_at)
    account, membership = await _manageable(session, principal, command.member_id, until)
    old = await role_to_give(session, account, membership.role_id, "memberId")
    if membership.version != command.expected_version:
        raise VersionConflict(membership.version)
    role_id = command.role_id
    new = old if role_id is UNCHANGED else await role_to_give(session, account, role_id)
    expires_at = new_value(command.expires_at, membership.expires_at)
    lowered = new.within(old.mask, old.below_mask)
    if not (lowered and ends_no_later(expires_at, membership.expires_at)):
        account.check_changeable()
    check_expiry(new, expires_at)
    if (new.id, expires_at) == (old.id, membership.expires_at):
        return MemberChange(account, membership.id)
    await _move_ownership(session, account, membership, new)
    await session.send_built(
        update(memberships)
        .where(row_of(memberships, account, membership.id))
        .values(role_id=new.id, expires_at=expires_at, version=membership.version + 1)
    )
    before = membership_values(old.name, membership.expires_at)
    after = membership_values(new.name, expires_at)
    subject_id = present(Kind.MEMBER, membership.id)
    await record(session, principal, account, EventType.MEMBER_UPDATED, subject_id, before, after)
    return MemberChange(account, membership.id)


async def remove_member(session: WriteSession, principal: Principal, member_id: MembershipId) -> MemberChange:
    """End a membership from the next request on, in any status of the account. Needs MEMBERS_WRITE and all
    permissions of the member's role. Raises LAST_OWNER, ROLE_TOO_WIDE."""
    account, membership = await _manageable(session, principal, member_id, memberships.c.expires_at)
    role = await role_to_give(session, account, membership.role_id, "memberId")
    return await _end(session, principal, account, membership, role, EventType.MEMBER_REMOVED)


async def leave_account(session: WriteSession, principal: Principal, account_id: AccountId) -> MemberChange:
    """End the caller's own membership, in any status of the account. Raises LAST_OWNER, and NotFound without
    a membership in this account itself."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    account = await authorize(session, principal, account_id, Permission.ACCOUNT_READ, WriteKind.TAKES_AWAY)
    own = (memberships.c.account_id == account.account_id) & (memberships.c.user_id == principal.user_id)
    membership = await _membership(session, account, own)
    role = await role_in(session, account, membership.role_id)
    return await _end(session, principal, account, membership, role, EventType.MEMBER_LEFT)


def check_expiry(role: RoleGrant, expires_at: datetime.datetime | None) -> None:
    """Raise BAD_USER_INPUT for an end that has passed, and for an end of ownership."""
    if expires_at is None:
        return
    if role.id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Ownership does not expire.", "expiresAt")
    check_future(expires_at, "expiresAt")


async def _manageable(
    session: WriteSession,
    principal: Principal,
    member_id: MembershipId,
    until: ColumnElement[datetime.datetime],
) -> tuple[Authorized, Membership]:
    """The membership behind the lock of its account. `until`: when what is given or taken ends, by the
    membership's columns."""
    named = memberships.c.id == member_id
    account_id = select(memberships.c.account_id).where(named).scalar_subquery()
    end = select(until).where(named).scalar_subquery()
    permission, write_kind = Permission.MEMBERS_WRITE, WriteKind.TAKES_AWAY
    account = await authorize(session, principal, account_id, permission, write_kind, until=end)
    return account, await _membership(session, account, named)


async def _membership(
    session: WriteSession, account: Authorized, condition: ColumnElement[bool]
) -> Membership:
    columns = (memberships.c.id, memberships.c.user_id, memberships.c.role_id, memberships.c.expires_at)
    statement = select(*columns, memberships.c.version).where(
        memberships.c.master_id == account.master_id, membership_holds(), condition
    )
    row: Row[*tuple[object, ...]] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return Membership(*row)  # type: ignore[arg-type]


async def _move_ownership(
    session: WriteSession, account: Authorized, membership: Membership, new: RoleGrant
) -> None:
    becomes_owner = new.id == BuiltinRole.OWNER.id
    if becomes_owner and not membership.is_owner:
        raise Refusal(RefusalCode.CONSENT_REQUIRED, field="roleId")
    if membership.is_owner and not becomes_owner:
        await give_up_ownership(session, account, membership.user_id, membership.id)
        await end_offers(session, account, membership.id)


async def _end(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    membership: Membership,
    role: RoleGrant,
    kind: EventType,
) -> MemberChange:
    ending = Ending(
        account, membership.id, membership.user_id, membership.role_id, role.name, membership.expires_at
    )
    await record_ends(session, principal, await end_memberships(session, [ending], kind))
    return MemberChange(account, membership.id)
