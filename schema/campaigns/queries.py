"""The queries for one campaign: itself, and a preview of what it would reserve."""

from typing import Annotated

import strawberry

from authz.policy.permissions import Permission
from engine.base.field_errors import absent
from engine.declare.declarations import to_one
from models.base.ids import CampaignId, Kind, parse
from models.sending.tables import SendStream
from resolvers.campaigns import reads
from resolvers.campaigns.preview import read_campaign, read_recipients
from resolvers.sending.address_hash import Recipients
from resolvers.sending.lists.contact_lists import check_number
from resolvers.sending.preview import State, state_of
from schema.campaigns.types import Campaign
from schema.fields.addresses import in_a_query
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs
from schema.sending.queries import SendPreview, seen_audience, seen_sender, shown_preview

_NEEDED = Permission.CAMPAIGNS_SEND, Permission.CONTACTS_READ


@strawberry.type
class CampaignQuery:
    campaign: Campaign | None = to_one(
        reads.by_id, absent="NOT_FOUND", directives=needs(Permission.CAMPAIGNS_READ)
    )

    @strawberry.field(
        directives=needs(Permission.CAMPAIGNS_SEND),
        description="What `campaignSend` would count and pay now. It also needs CONTACTS_READ.",
    )
    async def campaign_preview(
        self,
        info: ContextInfo,
        campaign_id: Annotated[strawberry.ID, strawberry.argument(description="The campaign.")],
    ) -> SendPreview | None:
        principal_of(info)
        reader, key = info.context.reader, parse(Kind.CAMPAIGN, campaign_id)
        campaign = None if key is None else await read_campaign(reader, CampaignId(key))
        if campaign is None:
            raise absent("NOT_FOUND", "campaignId")
        sender = await seen_sender(info, campaign.account_id, _NEEDED, campaign.list_ids)
        given = Recipients(digests=await read_recipients(reader, sender, campaign))
        with in_a_query():
            check_number(len(given.digests), "campaignId")
        audience = await seen_audience(info, sender, SendStream.MARKETING, given)
        rows = await reader.rows(state_of(campaign.account_id, SendStream.MARKETING, audience.digests))
        review = info.context.deployment.review
        return shown_preview(State(**rows[0]), audience, Recipients(), review, campaign.sends_each)
