"""What orders are counted by: the message, the campaign or the label that brought each."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ARRAY, Text, Uuid, any_, literal, select

from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import CampaignId
from models.campaigns.tables import campaigns
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream, send_labels
from resolvers.messages.events.sent import Sent, check_on_its_way, find_messages
from resolvers.messages.orders.given import Labeled, OfCampaign, OfMessage, Origin
from resolvers.messages.sources import source_to
from resolvers.statistics.count import Source


@dataclass(frozen=True)
class Known:
    """Something of the account that orders can name. `is_test`: nothing of it is counted. `since`: before
    this moment nothing of it was sent. `fault`: why nothing can have come of it."""

    source: Source
    is_test: bool = False
    since: datetime.datetime | None = None
    fault: Refusal | None = None


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
        found |= {OfMessage(id_): _of_message(sent) for id_, sent in messages.items()}
    return found


def _of_message(sent: Sent) -> Known:
    try:
        check_on_its_way(sent)
    except Refusal as refusal:
        return Known(sent.source, fault=refusal)
    return Known(sent.source, sent.is_test, sent.since)


_NOT_STARTED = Refusal(
    RefusalCode.FAILED_PRECONDITION,
    "The campaign has not started, so that nothing can have come of it.",
    "campaignId",
)


async def _campaigns(
    session: WriteSession, account: Place, ids: Collection[CampaignId]
) -> dict[Origin, Known]:
    if not ids:
        return {}
    campaign = campaigns.c
    columns = campaign.id, campaign.channel, campaign.label, campaign.started_at
    statement = select(*columns).where(
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
            ),
            since=row.started_at,
            fault=_NOT_STARTED if row.started_at is None else None,
        )
        for row in await session.execute(statement)
    }


async def _labels(
    session: WriteSession, account: Place, stream: SendStream, wanted: Collection[Labeled]
) -> dict[Origin, Known]:
    """Of labels that the account has ever used for sends."""
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
