"""What mutations of campaigns answer."""

import strawberry
from sqlalchemy import Uuid

from engine.declare.declarations import entity, to_one
from resolvers.accounts import reads as accounts
from resolvers.campaigns import reads
from schema.campaigns.types import Campaign
from schema.fields.payloads import Payload, removed_id
from schema.fields.references import AccountRef


@entity(None, carries={"campaign_id": Uuid()})
class CampaignPayload(Payload):
    """The created or changed campaign."""

    campaign: Campaign | None = to_one(reads.of_result)


@entity(None, carries={"account_id": Uuid()})
class CampaignDeletePayload(Payload):
    """The account that the campaign was deleted from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_campaign_id: strawberry.ID | None = removed_id("campaign")
