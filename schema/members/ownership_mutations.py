"""What hands an account over to another owner."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.members import ownership_offers as reads
from resolvers.members import transfer_ownership as writes
from resolvers.members.change import membership_id_of
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, payload
from schema.fields.references import AccountRef
from schema.fields.writes import OPEN, needs, perform
from schema.members.mutations import MemberPayload
from schema.members.types import OwnershipOffer


@strawberry.input(description="To whom the ownership of an account is offered.")
class OwnershipTransferInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    to_member_id: strawberry.ID = strawberry.field(description="The member who shall become the owner.")
    from_member_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The owner who becomes an administrator then; left out: yourself. Needed from above, "
        "unless the account has no owner.",
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The account whose ownership to accept.")
class OwnershipAcceptInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    dry_run: bool = dry_run()


@strawberry.input(description="The account whose ownership is offered.")
class OwnershipOfferInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")


@entity(None, carries={"account_id": Uuid()})
class OwnershipOfferPayload(AccessPayload):
    """An offer of ownership that was made, declined or taken back."""

    account: AccountRef | None = to_one(accounts.of_result)
    ownership_offer: OwnershipOffer | None = to_one(reads.of_result)


@strawberry.type
class OwnershipMutation:
    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_TRANSFER),
        description="Offer another member to become the owner. Nothing changes before that member accepts; "
        "an e-mail tells it what that means. The offer stands for seven days, one for an account; the same "
        "offer again changes nothing. An e-mail address owns at most one account.",
    )
    async def ownership_transfer(
        self, info: ContextInfo, input: OwnershipTransferInput
    ) -> OwnershipOfferPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> OwnershipOfferPayload:
            from_member_id = input.from_member_id
            command = writes.OwnershipTransfer(
                _account_id(input.account_id),
                membership_id_of(input.to_member_id),
                None if from_member_id is None else membership_id_of(from_member_id),
            )
            done = await writes.offer_ownership(session, principal, command)
            return payload(OwnershipOfferPayload, account_id=done.account_id)

        return await perform(info, OwnershipOfferPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_TRANSFER),
        description="Take back the ownership that is offered; nothing else changes.",
    )
    async def ownership_transfer_withdraw(
        self, info: ContextInfo, input: OwnershipOfferInput
    ) -> OwnershipOfferPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> OwnershipOfferPayload:
            done = await writes.withdraw_ownership(session, principal, _account_id(input.account_id))
            return payload(OwnershipOfferPayload, account_id=done.account_id)

        return await perform(info, OwnershipOfferPayload, write)

    @strawberry.mutation(
        directives=OPEN,
        description="Become the owner of an account, as `viewer.ownershipOffers` offers it. The owner it "
        "comes from becomes an administrator. Both sides must still be what they were when it was offered.",
    )
    async def ownership_accept(self, info: ContextInfo, input: OwnershipAcceptInput) -> MemberPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> MemberPayload:
            done = await writes.accept_ownership(session, principal, _account_id(input.account_id))
            return payload(MemberPayload, membership_id=done.membership_id)

        return await perform(info, MemberPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=OPEN, description="Decline the ownership of an account that is offered to you."
    )
    async def ownership_decline(self, info: ContextInfo, input: OwnershipOfferInput) -> OwnershipOfferPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> OwnershipOfferPayload:
            done = await writes.decline_ownership(session, principal, _account_id(input.account_id))
            return payload(OwnershipOfferPayload, account_id=done.account_id)

        return await perform(info, OwnershipOfferPayload, write)


def _account_id(text: str) -> AccountId:
    return AccountId(required(Kind.ACCOUNT, text, "accountId"))
