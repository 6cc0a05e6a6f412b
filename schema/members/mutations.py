"""Mutations of memberships and of an account's ownership."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present
from resolvers.accounts import reads as accounts
from resolvers.members import change, ownership_offers, transfer_ownership
from resolvers.members import reads as members
from resolvers.members.change import membership_id_of
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id, role_id
from schema.fields.marks import OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, payload, removed_id
from schema.fields.references import AccountRef
from schema.fields.updates import converted, expected_version, given, given_value, may_stay
from schema.members.types import Member, OwnershipOffer


@strawberry.input(description="A member's new role or expiry. Fields that are left out stay as they are.")
class MemberUpdateInput:
    member_id: strawberry.ID = strawberry.field(
        description="The member's id in the account that the role belongs to."
    )
    expected_version: int = expected_version()
    role_id: strawberry.ID | None = may_stay("The new role, from `Account.roles`.")
    expires_at: datetime.datetime | None = may_stay(
        "When the membership expires; null if it shall not. Ownership never expires."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The member to remove.")
class MemberRemoveInput:
    member_id: strawberry.ID = strawberry.field(
        description="The member's id in the account that the role belongs to."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The account to leave.")
class MemberLeaveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    dry_run: bool = dry_run()


@entity(None, carries={"membership_id": Uuid()})
class MemberPayload(AccessPayload):
    """The changed member."""

    member: Member | None = to_one(members.of_result)


@entity(None, carries={"account_id": Uuid()})
class MemberEndPayload(AccessPayload):
    """The account that the person is no longer a member of."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_member_id: strawberry.ID | None = removed_id("member")


@strawberry.input(description="The member who is offered the ownership of an account.")
class OwnershipTransferInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    to_member_id: strawberry.ID = strawberry.field(description="The member who would become the owner.")
    from_member_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The owner who would become an administrator; left out: you. Required for callers from "
        "above, unless the account has no owner.",
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The account whose ownership you accept.")
class OwnershipAcceptInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    dry_run: bool = dry_run()


@strawberry.input(description="The account whose ownership is offered.")
class OwnershipOfferInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")


@entity(None, carries={"account_id": Uuid()})
class OwnershipOfferPayload(AccessPayload):
    """The offer of ownership that was made, declined or withdrawn."""

    account: AccountRef | None = to_one(accounts.of_result)
    ownership_offer: OwnershipOffer | None = to_one(ownership_offers.of_result)


@strawberry.type
class MemberMutation:
    @mutation(needs(Permission.MEMBERS_WRITE))
    async def member_update(
        self, session: WriteSession, principal: Principal, input: MemberUpdateInput
    ) -> MemberPayload:
        """Change a member's role or expiry. You must have every permission of the old and the new role."""
        command = change.MemberUpdate(
            member_id=membership_id_of(input.member_id),
            expected_version=input.expected_version,
            role_id=converted(given_value(input.role_id, "roleId"), role_id),
            expires_at=given(input.expires_at),
        )
        done = await change.update_member(session, principal, command)
        return payload(MemberPayload, membership_id=done.membership_id)

    @mutation(needs(Permission.MEMBERS_WRITE))
    async def member_remove(
        self, session: WriteSession, principal: Principal, input: MemberRemoveInput
    ) -> MemberEndPayload:
        """End a membership, with effect from the next request. You must have every permission of its role."""
        member_id = membership_id_of(input.member_id)
        return _ended(await change.remove_member(session, principal, member_id))

    @mutation(OPEN)
    async def member_leave(
        self, session: WriteSession, principal: Principal, input: MemberLeaveInput
    ) -> MemberEndPayload:
        """End your own membership. The last owner cannot leave."""
        return _ended(await change.leave_account(session, principal, account_id(input.account_id)))

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def ownership_transfer(
        self, session: WriteSession, principal: Principal, input: OwnershipTransferInput
    ) -> OwnershipOfferPayload:
        """Offer the ownership of the account to another member. Nothing changes until that member accepts; an
        e-mail explains what accepting means. The offer stands for seven days. An account has one offer at a
        time, and repeating the same offer changes nothing, but for a promise that was made since: an owner
        of the account lets the offer break it by repeating it with a reason in the request's extensions. An
        e-mail address can own one account at most."""
        given_id = input.from_member_id
        command = transfer_ownership.OwnershipTransfer(
            account_id=account_id(input.account_id),
            to_member_id=membership_id_of(input.to_member_id, "toMemberId"),
            from_member_id=None if given_id is None else membership_id_of(given_id, "fromMemberId"),
        )
        done = await transfer_ownership.offer_ownership(session, principal, command)
        return payload(OwnershipOfferPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def ownership_transfer_withdraw(
        self, session: WriteSession, principal: Principal, input: OwnershipOfferInput
    ) -> OwnershipOfferPayload:
        """Withdraw the offer of ownership. Nothing else changes."""
        done = await transfer_ownership.withdraw_ownership(session, principal, account_id(input.account_id))
        return payload(OwnershipOfferPayload, account_id=done.account_id)

    @mutation(OPEN)
    async def ownership_accept(
        self, session: WriteSession, principal: Principal, input: OwnershipAcceptInput
    ) -> MemberPayload:
        """Accept the ownership of an account, offered in `viewer.ownershipOffers`. The previous owner becomes
        an administrator. Both sides must still be what they were when the offer was made. PROMISE_BROKEN
        where it breaks a promise, unless an owner has offered it for a reason since the promise was made,
        and you give one, too."""
        done = await transfer_ownership.accept_ownership(session, principal, account_id(input.account_id))
        return payload(MemberPayload, membership_id=done.membership_id)

    @mutation(OPEN)
    async def ownership_decline(
        self, session: WriteSession, principal: Principal, input: OwnershipOfferInput
    ) -> OwnershipOfferPayload:
        """Decline an offer of ownership."""
        done = await transfer_ownership.decline_ownership(session, principal, account_id(input.account_id))
        return payload(OwnershipOfferPayload, account_id=done.account_id)


def _ended(done: change.MemberChange) -> MemberEndPayload:
    removed = strawberry.ID(present(Kind.MEMBER, done.membership_id))
    return payload(MemberEndPayload, account_id=done.account.account_id, removed_member_id=removed)
