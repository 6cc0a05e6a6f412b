"""Handing an account over to another of its members, who agrees to it."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from authz.callers.principals import Principal
from authz.guards.delegation import role_to_give
from authz.guards.exclusive import Authorized, Effect, authorize
from authz.offers.ownership import offer_stands
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, MembershipId, UserId, present
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from resolvers.effects.log import Change, EventKind, record
from resolvers.members.change import MemberChange
from resolvers.members.mail import queue_offer
from resolvers.members.ownership import check_owns_nothing, give_up_ownership, take_ownership

VALID_FOR = datetime.timedelta(days=7)


@dataclass(frozen=True)
class OwnershipTransfer:
    """`from_member_id` None: from the person who asks, or from nobody where the account has no owner."""

    account_id: AccountId
    to_member_id: MembershipId
    from_member_id: MembershipId | None


async def offer_ownership(
    session: WriteSession, principal: Principal, command: OwnershipTransfer
) -> Authorized:
    """Offer a member to become the owner; the owner it comes from becomes an administrator then. Nothing
    changes before the member accepts; the offer stands for seven days.

    Needs ACCOUNT_TRANSFER and all that owning gives. The same offer again changes nothing. Raises
    ROLE_TOO_WIDE; CONFLICT where another offer stands; ALREADY_OWNS_ACCOUNT where the new owner owns another
    account (R46); FAILED_PRECONDITION where it is an owner already or the other one is none.
    """
    account = await authorize(session, principal, command.account_id, Permission.ACCOUNT_TRANSFER)
    await role_to_give(session, account, BuiltinRole.OWNER.id, "toMemberId")
    taker = await _holder(session, account, command.to_member_id, "toMemberId")
    if taker.role_id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "This member owns the account already.", "toMemberId")
    owner = await _old_owner(session, principal, account, command.from_member_id)
    await check_owns_nothing(session, taker.user_id)
    owner_id = None if owner is None else owner.id
    standing = await _standing_offer(session, account)
    if standing is not None:
        if (standing.to_membership_id, standing.from_membership_id) == (taker.id, owner_id):
            return account
        message = "Another offer stands; `ownershipTransferWithdraw` takes it back."
        raise Refusal(RefusalCode.CONFLICT, message, "accountId")
    expires_at = await _store(session, principal, account, taker.id, owner_id)
    await queue_offer(session, principal, account, taker.user_id, expires_at)
    after: Change = {"owner": present(Kind.USER, taker.user_id)}
    await _log(session, principal, account, EventKind.OWNERSHIP_OFFERED, None, after)
    return account


async def accept_ownership(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> MemberChange:
    """Become the owner, as it was offered; the owner it comes from becomes an administrator.

    Raises PERSON_REQUIRED; FAILED_PRECONDITION where nothing is offered to the person, or where the offer
    does not stand any more; ALREADY_OWNS_ACCOUNT.
    """
    account, offer = await _offered(session, principal, account_id, Effect.CHANGES)
    if not offer.stands:
        message = "The offer has ended, or whoever made it may not make it any more."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await take_ownership(session, account, offer.user_id)
    await _set_role(session, account, offer.to_membership_id, BuiltinRole.OWNER)
    before: Change | None = None
    if offer.from_membership_id is not None:
        owner = await _holder(session, account, offer.from_membership_id, "accountId")
        await give_up_ownership(session, account, owner.user_id, owner.id)
        await _set_role(session, account, owner.id, BuiltinRole.ADMINISTRATOR)
        before = {"owner": present(Kind.USER, owner.user_id)}
    await _drop(session, account)
    after: Change = {"owner": present(Kind.USER, offer.user_id)}
    await _log(session, principal, account, EventKind.OWNERSHIP_TRANSFERRED, before, after)
    return MemberChange(account, offer.to_membership_id)


async def decline_ownership(session: WriteSession, principal: Principal, account_id: AccountId) -> Authorized:
    """Refuse what was offered, in whatever status. Raises PERSON_REQUIRED, FAILED_PRECONDITION where nothing
    is offered to the person."""
    account, offer = await _offered(session, principal, account_id, Effect.TAKES_AWAY)
    await _drop(session, account)
    before: Change = {"owner": present(Kind.USER, offer.user_id)}
    await _log(session, principal, account, EventKind.OWNERSHIP_DECLINED, before, None)
    return account


async def withdraw_ownership(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> Authorized:
    """Take back what is offered, in whatever status. Needs ACCOUNT_TRANSFER. Raises FAILED_PRECONDITION where
    nothing is."""
    permission = Permission.ACCOUNT_TRANSFER
    account = await authorize(session, principal, account_id, permission, Effect.TAKES_AWAY)
    if not await end_ownership_offer(session, principal, account):
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Nothing is offered.", "accountId")
    return account


async def end_ownership_offer(session: WriteSession, principal: Principal, account: Authorized) -> bool:
    """Take back what is offered in an account that is locked. Whether something was."""
    taken = delete(ownership_offers).where(_of(account)).returning(ownership_offers.c.to_membership_id)
    if (await session.execute(taken)).one_or_none() is None:
        return False
    await _log(session, principal, account, EventKind.OWNERSHIP_WITHDRAWN, None, None)
    return True


@dataclass(frozen=True)
class _Holder:
    id: MembershipId
    user_id: UserId
    role_id: object


async def _offered(
    session: WriteSession, principal: Principal, account_id: AccountId, effect: Effect
) -> tuple[Authorized, Row[*tuple[object, ...]]]:
    """The locked account and what is offered in it to the person who asks."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    account = await authorize(session, principal, account_id, Permission.ACCOUNT_READ, effect)
    taker = memberships.c
    taken = and_(
        taker.master_id == ownership_offers.c.master_id, taker.id == ownership_offers.c.to_membership_id
    )
    statement = (
        select(
            ownership_offers.c.to_membership_id,
            ownership_offers.c.from_membership_id,
            taker.user_id,
            offer_stands(ownership_offers).label("stands"),
        )
        .join(memberships, taken)
        .where(_of(account), taker.user_id == principal.user_id, membership_holds())
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Nothing is offered to you here.", "accountId")
    return account, row


async def _standing_offer(session: WriteSession, account: Authorized) -> Row[*tuple[object, ...]] | None:
    statement = select(ownership_offers).where(_of(account), offer_stands(ownership_offers))
    return (await session.execute(statement)).one_or_none()


async def _store(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    to_id: MembershipId,
    from_id: MembershipId | None,
) -> datetime.datetime:
    """Write it, in the place of one that does not stand any more. When it ends."""
    values = {
        "to_membership_id": to_id,
        "from_membership_id": from_id,
        "giver_user_id": principal.user_id,
        "giver_api_key_id": principal.api_key_id,
        "offered_at": func.now(),
        "expires_at": func.now() + VALID_FOR,
    }
    key = {"master_id": account.master_id, "account_id": account.account_id}
    statement = insert(ownership_offers).values(**key, **values)
    written = statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in values}
    )
    returning = written.returning(ownership_offers.c.expires_at)
    expires_at: datetime.datetime = (await session.execute(returning)).scalar_one()
    return expires_at


async def _drop(session: WriteSession, account: Authorized) -> None:
    await session.execute(delete(ownership_offers).where(_of(account)))


async def _old_owner(
    session: WriteSession, principal: Principal, account: Authorized, member_id: MembershipId | None
) -> _Holder | None:
    own = (memberships.c.account_id == account.account_id) & (memberships.c.user_id == principal.user_id)
    owns = and_(memberships.c.master_id == account.master_id, memberships.c.role_id == BuiltinRole.OWNER.id)
    if member_id is None and principal.user_id is not None:
        statement = select(memberships.c.id).where(own, owns)
        member_id = (await session.execute(statement)).scalar_one_or_none()
    if member_id is None:
        owned = exists().where(owns, memberships.c.account_id == account.account_id)
        if (await session.execute(select(owned))).scalar_one():
            raise Refusal(RefusalCode.BAD_USER_INPUT, "Say from which owner.", "fromMemberId")
        return None
    owner = await _holder(session, account, member_id, "fromMemberId")
    if owner.role_id != BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "This member is no owner.", "fromMemberId")
    return owner


async def _holder(session: WriteSession, account: Authorized, member_id: uuid.UUID, field: str) -> _Holder:
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
    session: WriteSession, account: Authorized, membership_id: uuid.UUID, role: BuiltinRole
) -> None:
    await session.execute(
        update(memberships)
        .where(memberships.c.master_id == account.master_id, memberships.c.id == membership_id)
        .values(role_id=role.id, expires_at=None, version=memberships.c.version + 1)
    )


def _of(account: Authorized) -> ColumnElement[bool]:
    offer = ownership_offers.c
    return and_(offer.master_id == account.master_id, offer.account_id == account.account_id)


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    kind: EventKind,
    before: Change | None,
    after: Change | None,
) -> None:
    subject_id = present(Kind.ACCOUNT, account.account_id)
    await record(session, principal, account, kind, subject_id, before, after)
