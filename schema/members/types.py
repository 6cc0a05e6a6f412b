"""Members, and offers of ownership."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.members.ownership_offers import ownership_offers
from resolvers.members import ownership_offers as offer_reads
from resolvers.members import reads
from resolvers.promises import doomed
from schema.fields.node import Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.promises.types import AccessPromise
from schema.roles.types import Role


@entity(reads.MEMBERS, key=("id", "account_id"), requires=Permission.MEMBERS_READ)
class Member(Node):
    """A person with a role, seen from one account. A member works inside an account; a subaccount, in
    contrast, is a complete account."""

    id: strawberry.ID = computed(reads.global_id)
    user: User = to_one(reads.user_of)
    account: AccountRef | None = to_one(reads.account_of)
    role: Role = to_one(reads.role_of)
    relation: reads.MemberRelation = computed(reads.relation_of, codec=enum_of(reads.MemberRelation))
    inherited_from: AccountRef | None = to_one(reads.inherited_from)
    joined_at: datetime.datetime = column(description="When the person got the role.")
    expires_at: datetime.datetime | None = column(
        description="When the membership expires; null if it does not."
    )
    version: int = column(description="Increases with every change. Send it as `expectedVersion`.")


@entity(ownership_offers, key=("account_id",))
class OwnershipOffer:
    """An offer of the ownership of an account to one of its members. `ownershipAccept` accepts it,
    `ownershipDecline` declines it, and `ownershipTransferWithdraw` withdraws it. It ends when one of the two
    leaves the account or loses the role that it had when the offer was made. Nothing changes until it is
    accepted."""

    account: AccountRef | None = to_one(offer_reads.account_of)
    to_member: Member | None = to_one(offer_reads.taker_of)
    from_member: Member | None = to_one(offer_reads.owner_of)
    giver_name: str | None = computed(offer_reads.giver_name_of)
    offered_at: datetime.datetime = column(description="When it was made.")
    expires_at: datetime.datetime = column(description="Until when it can be accepted.")
    broken_promises: list[AccessPromise] = to_many(doomed.of_ownership_offer, most=doomed.MOST_SHOWN)
