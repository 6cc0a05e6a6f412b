"""Who asks."""

import strawberry
from sqlalchemy import Uuid

from engine.connections import Connection
from engine.declarations import computed, connection, entity, to_one
from resolvers import accounts, ownership_offers, shares
from resolvers import viewer as reads
from schema.accounts import Account
from schema.api_keys import ApiKey
from schema.ownership_offers import OwnershipOffer
from schema.shares import Share
from schema.users import User


@entity(None, carries={"user_id": Uuid(), "api_key_id": Uuid()})
class Viewer:
    """Who asks: a signed-in person or an API key."""

    id: strawberry.ID = computed(reads.global_id)
    user: User | None = to_one(reads.user_of)
    api_key: ApiKey | None = to_one(reads.api_key_of)
    accounts: Connection[Account] = connection(accounts.of_viewer, order=accounts.order)
    ownership_offers: Connection[OwnershipOffer] = connection(
        ownership_offers.of_viewer, order=ownership_offers.order
    )
    shares: Connection[Share] = connection(shares.of_viewer, order=shares.order)
