"""Handing an account over to another of its members."""

from dataclasses import dataclass

from sqlalchemy import select, update

from authz.builtin_roles import BuiltinRole
from authz.delegation import role_to_give
from authz.guard import Authorized, authorize
from authz.permissions import Permission
from authz.principals import Principal
from authz.reach import membership_holds
from authz.refusals import NotFound, Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.identifiers import AccountId, Kind, MembershipId, UserId, present
from models.members import memberships
from resolvers.events import EventKind, record
from resolvers.member_changes import MemberChange
from resolvers.ownership import give_up_ownership, take_ownership


@dataclass(frozen=True)
class OwnershipTransfer:
    """`from_member_id` None: from the person who asks."""

    account_id: AccountId
    to_member_id: MembershipId
    from_member_id: MembershipId | None


async def transfer_ownership(
    session: WriteSession, principal: Principal, command: OwnershipTransfer
) -> MemberChange:
    """Make a member the owner; the owner it comes from becomes an administrator.

    Needs ACCOUNT_TRANSFER and all that owning gives. Raises ROLE_TOO_WIDE; ALREADY_OWNS_ACCOUNT where the new
    owner owns another account (R46); FAILED_PRECONDITION where it is an owner already or the other one is
    none.
    """
    account = await authorize(session, principal, command.account_id, Permission.ACCOUNT_TRANSFER)
    await role_to_give(session, account, BuiltinRole.OWNER.id, "toMemberId")
    new_owner = await _holder(session, account, command.to_member_id, "toMemberId")
    if new_owner.role_id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "This member owns the account already.", "toMemberId")
    old_owner = await _old_owner(session, principal, account, command.from_member_id)
    await take_ownership(session, account, new_owner.user_id)
    await _set_role(session, account, new_owner.id, BuiltinRole.OWNER)
    await give_up_ownership(session, account, old_owner.user_id, old_owner.id)
    await _set_role(session, account, old_owner.id, BuiltinRole.ADMINISTRATOR)
    await record(
        session,
        principal,
        account,
        EventKind.OWNERSHIP_TRANSFERRED,
        present(Kind.ACCOUNT, account.account_id),
        {"owner": present(Kind.USER, old_owner.user_id)},
        {"owner": present(Kind.USER, new_owner.user_id)},
    )
    return MemberChange(account, new_owner.id)


@dataclass(frozen=True)
class _Holder:
    id: MembershipId
    user_id: UserId
    role_id: object


async def _old_owner(
    session: WriteSession, principal: Principal, account: Authorized, member_id: MembershipId | None
) -> _Holder:
    if member_id is None:
        if principal.user_id is None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "Say from which owner.", "fromMemberId")
        own = (memberships.c.account_id == account.account_id) & (memberships.c.user_id == principal.user_id)
        member_id = (await session.execute(select(memberships.c.id).where(own))).scalar_one_or_none()
        if member_id is None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "Say from which owner.", "fromMemberId")
    owner = await _holder(session, account, member_id, "fromMemberId")
    if owner.role_id != BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "This member is no owner.", "fromMemberId")
    return owner


async def _holder(session: WriteSession, account: Authorized, member_id: MembershipId, field: str) -> _Holder:
    statement = select(memberships.c.id, memberships.c.user_id, memberships.c.role_id).where(
        memberships.c.master_id == account.master_id,
        memberships.c.account_id == account.account_id,
        memberships.c.id == member_id,
        membership_holds(),
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(field)
    return _Holder(*row)


async def _set_role(
    session: WriteSession, account: Authorized, membership_id: MembershipId, role: BuiltinRole
) -> None:
    await session.execute(
        update(memberships)
        .where(memberships.c.master_id == account.master_id, memberships.c.id == membership_id)
        .values(role_id=role.id, expires_at=None, version=memberships.c.version + 1)
    )
