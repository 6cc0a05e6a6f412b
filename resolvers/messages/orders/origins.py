"""What orders are counted by: the message, the campaign or the label that brought each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ARRAY, Text, Uuid, any_, literal, select

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import CampaignId
from models.campaigns.tables import campaigns
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream, send_labels
from resolvers.messages.events.sent import find_messages
from resolvers.messages.orders.given import Labeled, OfCampaign, OfMessage, Origin
from resolvers.messages.sources import source_to
from resolvers.statistics.count import Source


@dataclass(frozen=True)
class Known:
    """Something of the account that orders can be of. `is_test`: nothing of it is counted."""

    source: Source
    is_test: bool = False


async def find_known(
    session: WriteSession, account: Place, stream: SendStream, wanted: Collection[Origin]
) -> Mapping[Origin, Known]:
    """Those that the account has on the stream. The caller has entered the tree."""
    found: dict[Origin, Known] = {}
    found |= await _campaigns(session, account, {each.id for each in wanted if isinstance(each, OfCampaign)})
    found |= await _labels(session, account, stream, {each for each in wanted if isinstance(each, Labeled)})
    ids = {each.id for each in wanted if isinstance(each, OfMessage)}
    if ids:
        async with in_data_plane(session, account):
            messages = await find_messages(session, account, ids, stream)
        found |= {OfMessage(id_): Known(sent.source, sent.is_test) for id_, sent in messages.items()}
    return found


async def _campaigns(
    session: WriteSession, account: Place, ids: Collection[CampaignId]
) -> dict[Origin, Known]:
    if not ids:
        return {}
    campaign = campaigns.c
    statement = select(campaign.id, campaign.channel, campaign.label).where(
        in_account(campaigns, account), campaign.id == any_(literal(list(ids), ARRAY(Uuid)))
    )
    return {
        OfCampaign(CampaignId(row.id)): Known(
            source_to(
                None,
                channel=MessageChannel(row.channel),
                stream=SendStream.MARKETING,
                label=row.label,
                api_key_id=None,
                campaign_id=row.id,
            )
        )
        for row in await session.execute(statement)
    }


async def _labels(
    session: WriteSession, account: Place, stream: SendStream, wanted: Collection[Labeled]
) -> dict[Origin, Known]:
    """Of labels that the account has ever sent with."""
    if not wanted:
        return {}
    used = send_labels.c.compared_label
    labels = list({each.label for each in wanted})
    statement = (
        select(used)
        .where(in_account(send_labels, account), used == any_(literal(labels, ARRAY(Text))))
        .distinct()
    )
    known = set((await session.execute(statement)).scalars())
    return {
        each: Known(Source(channel=each.channel, stream=stream, label=each.label))
        for each in wanted
        if each.label in known
    }
