"""What a gateway of SMS tells of messages, by the id that it got with each."""

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
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.messages.events.sent import Sent, find_messages
from resolvers.messages.events.store import NO_DETAIL, Detail, SentEvent
from resolvers.messages.events.take import take_events
from resolvers.sealing.keyring import no_keyring


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a message. `diagnostic`: of a failure, in the words of the gateway or the network."""

    message_id: uuid.UUID
    stream: SendStream
    kind: MessageEventKind
    happened_at: datetime.datetime
    diagnostic: str | None = None


async def take_receipts(
    session: WriteSession, account_id: AccountId, receipts: Sequence[Receipt]
) -> list[bool | None]:
    """Record what became of messages of the account. Whether each is new; None: there is no such SMS."""
    account = await enter_for_feedback(session, account_id)
    if account is None:
        return [None for _ in receipts]
    async with in_data_plane(session, account):
        found = await find_messages(session, account, {each.message_id for each in receipts})
    events = {
        index: _event(found[each.message_id], each)
        for index, each in enumerate(receipts)
        if each.message_id in found and _is_about(found[each.message_id], each)
    }
    new = await take_events(session, account, list(events.values()), no_keyring, PLATFORM)
    told = dict(zip(events, new, strict=True))
    return [told.get(index) for index in range(len(receipts))]


def _is_about(sent: Sent, receipt: Receipt) -> bool:
    return sent.source.channel is MessageChannel.SMS and sent.source.stream is receipt.stream


def _event(sent: Sent, receipt: Receipt) -> SentEvent:
    detail = NO_DETAIL if receipt.diagnostic is None else Detail(diagnostic=receipt.diagnostic)
    return SentEvent(sent=sent, kind=receipt.kind, happened_at=receipt.happened_at, detail=detail)
