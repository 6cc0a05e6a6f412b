"""Ownership that is offered to a member."""

import datetime

from engine.declare.declarations import column, computed, entity, to_one
from models.members.ownership_offers import ownership_offers
from resolvers.members import ownership_offers as reads
from schema.fields.references import AccountRef
from schema.members.types import Member


@entity(ownership_offers, key=("account_id",))
class OwnershipOffer:
    """The ownership of an account, offered to one of its members: `ownershipAccept` accepts it,
    `ownershipDecline` declines it, `ownershipTransferWithdraw` takes it back. It ends by itself when either
    side leaves, or is not what it was when it was made. Until it is accepted nothing changes."""

    account: AccountRef | None = to_one(reads.account_of)
    to_member: Member | None = to_one(reads.taker_of)
    from_member: Member | None = to_one(reads.owner_of)
    giver_name: str | None = computed(reads.giver_name_of)
    offered_at: datetime.datetime = column(description="When it was offered.")
    expires_at: datetime.datetime = column(description="Until when it can be accepted.")
