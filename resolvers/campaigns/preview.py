"""What a campaign would send to, for a preview (N11)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Uuid, literal

from authz.policy.permissions import Permission
from engine.database.snapshot import Reader
from models.base.ids import AccountId, CampaignId
from models.campaigns.tables import campaigns
from models.messages.tables import MessageChannel
from resolvers.campaigns.audience import CampaignAudience, audience_parts
from resolvers.inputs.address_digests import ContactDigest
from resolvers.rows.shown import row_by_id
from resolvers.sending.long_statements import allow_many_to_read
from resolvers.suppressions.exclusions import Sender


@dataclass(frozen=True)
class SeenCampaign:
    """A campaign of an account within the viewer's reach. `sends_each`: that a message of it counts as."""

    account_id: AccountId
    audience: CampaignAudience
    channel: MessageChannel
    sends_each: int

    @property
    def list_ids(self) -> list[uuid.UUID]:
        """The lists that it goes to."""
        return list(self.audience.list_ids)


async def read_campaign(reader: Reader, campaign_id: CampaignId) -> SeenCampaign | None:
    """None: there is none within the viewer's reach. The caller checks what the viewer may do there."""
    statement = row_by_id(campaigns, literal(campaign_id, Uuid), Permission.ACCOUNT_READ)
    for row in await reader.rows(statement):
        audience = CampaignAudience(
            row["contact_list_ids"], row["excluded_list_ids"], row["attribute"], row["value"]
        )
        channel, sends_each = MessageChannel(row["channel"]), row["most_parts"] or 1
        return SeenCampaign(AccountId(row["account_id"]), audience, channel, sends_each)
    return None


async def read_recipients(reader: Reader, sender: Sender, campaign: SeenCampaign) -> list[ContactDigest]:
    """The digests of its addresses or numbers now, in their order."""
    if not campaign.audience.is_given:
        return []
    await allow_many_to_read(reader)
    wanted = audience_parts(sender, campaign.audience, campaign.channel)
    rows = await reader.far_rows(sender.master_id, wanted, {})
    return [digest for row in rows for digest in row["digests"]]
