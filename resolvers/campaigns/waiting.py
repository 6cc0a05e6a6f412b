"""Messages of a campaign that were written and not settled yet."""

from sqlalchemy import ColumnElement, func, literal, select, update

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.messages.tables import MessageStatus, messages
from resolvers.campaigns.expansion import message_id
from resolvers.campaigns.store import Campaign
from resolvers.messages.store import TRIED_FOR

BATCH = 10_000


async def has_open(session: WriteSession, campaign: Campaign) -> bool:
    """Whether a message waits or is handed over at this moment."""
    for status in (MessageStatus.WAITING, MessageStatus.CLAIMED):
        some = select(messages.c.id).where(*_with_status(campaign, status)).limit(1)
        async with in_data_plane(session, campaign.account):
            if (await session.execute(some)).scalar_one_or_none() is not None:
                return True
    return False


async def cancel_some(session: WriteSession, campaign: Campaign) -> bool:
    """Cancel a batch of those that wait. Whether there may be more."""
    message = messages.c
    some = (
        select(message.id)
        .where(*_with_status(campaign, MessageStatus.WAITING))
        .order_by(message.id)
        .limit(BATCH)
        .with_for_update()
        .cte("some")
    )
    canceling = (
        update(messages)
        .where(in_account(messages, campaign.account), message.id == some.c.id)
        .values(status=MessageStatus.CANCELED.value, settled_at=func.now())
        .execution_options(preserve_rowcount=True)
    )
    async with in_data_plane(session, campaign.account):
        return int((await session.execute(canceling)).rowcount) == BATCH


async def renew_some(session: WriteSession, campaign: Campaign, first: int) -> None:
    """Messages at these places of the list that wait can be tried as long as those of now."""
    places = _between(campaign, first, first + BATCH)
    waiting = _with_status(campaign, MessageStatus.WAITING)
    renewing = (
        update(messages)
        .where(*places, *waiting)
        .values(expires_at=func.greatest(messages.c.expires_at, func.now() + literal(TRIED_FOR)))
    )
    async with in_data_plane(session, campaign.account):
        await session.send_built(renewing)


def _with_status(campaign: Campaign, status: MessageStatus) -> list[ColumnElement[bool]]:
    """An index has the status and the id."""
    return [
        *_between(campaign, 0, campaign.row.recipients),
        messages.c.status == status.value,
        messages.c.campaign_id == campaign.id,
    ]


def _between(campaign: Campaign, first: int, end: int) -> list[ColumnElement[bool]]:
    begin = campaign.row.first_message_id
    return [
        in_account(messages, campaign.account),
        messages.c.id >= message_id(begin, first),
        messages.c.id < message_id(begin, end),
    ]
