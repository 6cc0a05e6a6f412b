"""What recipients do by the links in messages, without a session.

The links are signed, so what they name needs no further check but whether it is still there.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from authz.callers.actors import PLATFORM
from authz.wall.feedback_door import enter_for_feedback
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId
from models.messages.events import MessageEventKind
from resolvers.messages.events.sent import find_messages
from resolvers.messages.events.store import Detail, SentEvent
from resolvers.messages.events.take import take_events
from resolvers.sealing.keyring import no_keyring
from resolvers.settings.in_force import effective_settings
from resolvers.templates.tracking_links import TrackedLink


@dataclass(frozen=True)
class Followed:
    """An open, or with a `url` a click."""

    message_id: uuid.UUID
    at: datetime.datetime
    url: str | None = None


async def take_uses(session: WriteSession, account_id: AccountId, uses: Sequence[Followed]) -> None:
    """Record opens and clicks of the account's messages. Those of messages that are gone are left out."""
    account = await enter_for_feedback(session, account_id)
    if account is None:
        return
    async with in_data_plane(session, account):
        sent = await find_messages(session, account, {use.message_id for use in uses})
    events = [
        SentEvent(
            sent=sent[use.message_id],
            kind=MessageEventKind.OPEN if use.url is None else MessageEventKind.CLICK,
            happened_at=use.at,
            detail=Detail(url=use.url),
        )
        for use in uses
        if use.message_id in sent
    ]
    await take_events(session, account, events, no_keyring, PLATFORM)


async def unsubscribe_by(session: WriteSession, link: TrackedLink) -> bool:
    """The recipient of the message leaves. False: the message is gone, or its recipient was erased."""
    account = await enter_for_feedback(session, link.account_id)
    if account is None:
        return False
    async with in_data_plane(session, account):
        sent = await find_messages(session, account, {link.message_id})
    if link.message_id not in sent or sent[link.message_id].recipient is None:
        return False
    now = datetime.datetime.now(datetime.UTC)
    kind = MessageEventKind.UNSUBSCRIBE
    event = SentEvent(sent=sent[link.message_id], kind=kind, happened_at=now)
    await take_events(session, account, [event], no_keyring, PLATFORM)
    return True


async def unsubscribe_page_of(session: WriteSession, account_id: AccountId) -> str | None:
    """The account's own page for it. None: it has none, or is gone."""
    account = await enter_for_feedback(session, account_id)
    return None if account is None else (await effective_settings(session, account)).unsubscribe_page
