"""Transfer of an account to another of its members, who has to accept."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Uuid,
    and_,
    cast,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)

from authz.callers.principals import Principal
from authz.guards.delegation import role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.offers.broken_promises import OWNERSHIP_OFFER
from authz.offers.ownership import offer_stands
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, in_tree, row_of
from models.base.ids import AccountId, Kind, MembershipId, UserId, present
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_in_each, record_of_account
from resolvers.effects.promised import refuse_ownership
from resolvers.members.change import MemberChange
from resolvers.members.mail import queue_offer
from resolvers.members.ownership import check_owns_nothing, give_up_ownership, take_ownership
from resolvers.rows.stored import stored

VALID_FOR = datetime.timedelta(days=7)


@dataclass(frozen=True)
class OwnershipTransfer:
    """`from_member_id` None: from the caller, or from nobody where the account has no owner."""

    account_id: AccountId
    to_member_id: MembershipId
    from_member_id: MembershipId | None


async def offer_ownership(
    session: WriteSession, principal: Principal, command: OwnershipTransfer
) -> Authorized:
    """Offer a member the ownership. Once the member accepts, the present owner becomes an administrator;
    until then nothing changes. The offer is valid for seven days.

    Needs ACCOUNT_TRANSFER and all permissions of an owner. The same offer again changes nothing, but needs
    an owner's reason where it breaks a promise that was made since. Raises PROMISE_BROKEN; ROLE_TOO_WIDE;
    CONFLICT while another offer stands; ALREADY_OWNS_ACCOUNT where the member owns another account (R46);
    FAILED_PRECONDITION where the member is an owner already, or the giver is none.
    """
    account = await authorize(session, principal, command.account_id, Permission.ACCOUNT_TRANSFER)
    await role_to_give(session, account, BuiltinRole.OWNER.id, "toMemberId")
    taker = await _holder(session, account, command.to_member_id, "toMemberId")
    if taker.role_id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "This member already owns the account.", "toMemberId")
    owner = await _old_owner(session, principal, account, command.from_member_id)
    await check_owns_nothing(session, taker.user_id)
    owner_id = None if owner is None else owner.id
    standing = await _standing_offer(session, account)
    if standing is not None:
        if (standing.to_membership_id, standing.from_membership_id) == (taker.id, owner_id):
            if not standing.keeps_promises:
                await _record_offer(session, principal, account, taker.user_id)
            return account
        message = "Another offer stands: withdraw it with `ownershipTransferWithdraw` first."
        raise Refusal(RefusalCode.CONFLICT, message, "accountId")
    expires_at = await _store(session, principal, account, taker.id, owner_id)
    await queue_offer(session, principal, account, taker.user_id, expires_at)
    await _record_offer(session, principal, account, taker.user_id)
    return account


async def accept_ownership(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> MemberChange:
    """Accept the ownership. The owner it comes from becomes an administrator.

    Raises PROMISE_BROKEN, unless an owner has offered it for a reason and the person gives one too;
    PERSON_REQUIRED; FAILED_PRECONDITION where nothing is offered to the person or the offer no longer
    stands; ALREADY_OWNS_ACCOUNT.
    """
    account, offer = await _offered(session, principal, account_id, WriteKind.CHANGES)
    if not offer.stands:
        message = "The offer has ended, or its giver has lost the right to make it."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    if not offer.keeps_promises:
        await refuse_ownership(session, principal, account)
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
    kind, subject_id = EventType.OWNERSHIP_TRANSFERRED, present(Kind.ACCOUNT, account.account_id)
    # Whoever accepts was no owner before, and breaks no promise that no owner has given a reason for.
    excepts = bool(offer.keeps_promises)
    await record_in_each(session, principal, (account,), kind, subject_id, before, after, excepts=excepts)
    return MemberChange(account, offer.to_membership_id)


async def decline_ownership(session: WriteSession, principal: Principal, account_id: AccountId) -> Authorized:
    """Decline the offer, in any status of the account. Raises PERSON_REQUIRED, and FAILED_PRECONDITION where
    nothing is offered to the person."""
    account, offer = await _offered(session, principal, account_id, WriteKind.TAKES_AWAY)
    await _drop(session, account)
    before: Change = {"owner": present(Kind.USER, offer.user_id)}
    await record_of_account(session, principal, account, EventType.OWNERSHIP_DECLINED, before, None)
    return account


async def withdraw_ownership(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> Authorized:
    """Withdraw the offer, in any status of the account. Needs ACCOUNT_TRANSFER. Raises FAILED_PRECONDITION
    without an offer."""
    permission = Permission.ACCOUNT_TRANSFER
    account = await authorize(session, principal, account_id, permission, WriteKind.TAKES_AWAY)
    if not await end_ownership_offer(session, principal, account):
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Nothing is offered.", "accountId")
    return account


async def end_ownership_offer(session: WriteSession, principal: Principal, account: Authorized) -> bool:
    """Withdraw the offer in a locked account. Returns whether there was one."""
    taken = (
        delete(ownership_offers)
        .where(in_account(ownership_offers, account))
        .returning(ownership_offers.c.to_membership_id)
    )
    if (await session.execute(taken)).one_or_none() is None:
        return False
    await record_of_account(session, principal, account, EventType.OWNERSHIP_WITHDRAWN, None, None)
    return True


@dataclass(frozen=True)
class _Holder:
    id: MembershipId
    user_id: UserId
    role_id: object


async def _offered(
    session: WriteSession, principal: Principal, account_id: AccountId, write_kind: WriteKind
) -> tuple[Authorized, Row[*tuple[object, ...]]]:
    """The locked account, and the offer in it to the caller."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    account = await authorize(session, principal, account_id, Permission.ACCOUNT_READ, write_kind)
    taker = memberships.c
    taken = in_tree(memberships, ownership_offers, id="to_membership_id")
    statement = (
        select(
            ownership_offers.c.to_membership_id,
            ownership_offers.c.from_membership_id,
            taker.user_id,
            offer_stands(ownership_offers).label("stands"),
            _keeps_promises().label("keeps_promises"),
        )
        .join(memberships, taken)
        .where(in_account(ownership_offers, account), taker.user_id == principal.user_id, membership_holds())
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No ownership is offered to you here.", "accountId")
    return account, row


async def _standing_offer(session: WriteSession, account: Authorized) -> Row[*tuple[object, ...]] | None:
    statement = select(*ownership_offers.c, _keeps_promises().label("keeps_promises")).where(
        in_account(ownership_offers, account), offer_stands(ownership_offers)
    )
    return (await session.execute(statement)).one_or_none()


def _keeps_promises() -> ColumnElement[bool]:
    """Whether the offer breaks none but those that an owner has given a reason for."""
    kept: ColumnElement[bool] = _broken().bool_op("<@")(ownership_offers.c.promise_ids)
    return kept


def _broken() -> ColumnElement[list[uuid.UUID]]:
    none = cast(literal_column("'{}'"), ARRAY(Uuid))
    return func.coalesce(OWNERSHIP_OFFER.broken(ownership_offers), none)


async def _record_offer(
    session: WriteSession, principal: Principal, account: Authorized, taker_id: UserId
) -> None:
    """Tell of the offer. Then no promise is left that it breaks, but for a reason, and these are noted."""
    after: Change = {"owner": present(Kind.USER, taker_id)}
    await record_of_account(session, principal, account, EventType.OWNERSHIP_OFFERED, None, after)
    noted = update(ownership_offers).where(in_account(ownership_offers, account))
    await session.send_built(noted.values(promise_ids=_broken()))


async def _store(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    to_id: MembershipId,
    from_id: MembershipId | None,
) -> datetime.datetime:
    """Write the offer, in place of one that no longer stands. Returns when it ends."""
    values = {
        "to_membership_id": to_id,
        "from_membership_id": from_id,
        "giver_user_id": principal.user_id,
        "giver_api_key_id": principal.api_key_id,
        "offered_at": func.now(),
        "expires_at": func.now() + VALID_FOR,
    }
    offer = stored(ownership_offers, columns_of(account), values).returning(ownership_offers.c.expires_at)
    expires_at: datetime.datetime = (await session.execute(offer)).scalar_one()
    return expires_at


async def _drop(session: WriteSession, account: Authorized) -> None:
    await session.send_built(delete(ownership_offers).where(in_account(ownership_offers, account)))


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
            raise Refusal(RefusalCode.BAD_USER_INPUT, "State the owner that it comes from.", "fromMemberId")
        return None
    owner = await _holder(session, account, member_id, "fromMemberId")
    if owner.role_id != BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "This member is not an owner.", "fromMemberId")
    return owner


async def _holder(session: WriteSession, account: Authorized, member_id: uuid.UUID, field: str) -> _Holder:
    statement = select(memberships.c.id, memberships.c.user_id, memberships.c.role_id).where(
        in_account(memberships, account), memberships.c.id == member_id, membership_holds()
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(field)
    return _Holder(*row)


async def _set_role(
    session: WriteSession, account: Authorized, membership_id: uuid.UUID, role: BuiltinRole
) -> None:
    await session.send_built(
        update(memberships)
        .where(row_of(memberships, account, membership_id))
        .values(role_id=role.id, expires_at=None, version=memberships.c.version + 1)
    )
