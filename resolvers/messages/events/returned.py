"""What mail servers and mail providers return, by the reference that a mail bears.

A message has one recipient. Reports also tell of others: of addresses that the recipient forwards to, or of
all behind a list. What became of those says nothing final of the recipient (T25).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from authz.callers.actors import PLATFORM
from authz.policy.refusals import Refusal
from authz.wall.feedback_door import enter_for_feedback
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.messages.events import LONGEST_DIAGNOSTIC, LONGEST_EVENT_STATUS, MessageEventKind
from resolvers.inputs.emails import email_address
from resolvers.messages.events.sent import Sent, find_messages
from resolvers.messages.events.store import Detail, SentEvent
from resolvers.messages.events.take import take_events
from resolvers.messages.tracking.references import Reference
from resolvers.sealing.keyring import KeyringSource


@dataclass(frozen=True, kw_only=True)
class Returned:
    """What a report says. `recipients`: whom it names; none: the one of the message."""

    kind: MessageEventKind
    recipients: Sequence[str] = ()
    status: str | None = None
    diagnostic: str | None = None


@dataclass(frozen=True)
class TakenEvent:
    """`is_new`: false for what was told before."""

    kind: MessageEventKind
    is_new: bool


async def take_returned(
    session: WriteSession, reference: Reference, returned: Sequence[Returned], keyring: KeyringSource
) -> list[TakenEvent] | None:
    """Record what the report says of the message's recipient. None: the message is gone."""
    account = await enter_for_feedback(session, reference.account_id)
    if account is None:
        return None
    async with in_data_plane(session, account):
        sent = (await find_messages(session, account, {reference.message_id})).get(reference.message_id)
    if sent is None:
        return None
    events = _events(sent, returned)
    new = await take_events(session, account, events, keyring, PLATFORM)
    return [TakenEvent(event.kind, is_new) for event, is_new in zip(events, new, strict=True)]


def _events(sent: Sent, returned: Sequence[Returned]) -> list[SentEvent]:
    now = datetime.datetime.now(datetime.UTC)
    found = []
    for each in returned:
        kind = _kind(sent, each, is_alone=len(returned) == 1)
        if kind is not None:
            status = each.status and each.status[:LONGEST_EVENT_STATUS]
            diagnostic = each.diagnostic and each.diagnostic[:LONGEST_DIAGNOSTIC]
            detail = Detail(status=status, diagnostic=diagnostic)
            found.append(SentEvent(sent=sent, kind=kind, happened_at=now, detail=detail))
    return found


def _kind(sent: Sent, returned: Returned, *, is_alone: bool) -> MessageEventKind | None:
    """None: it is about somebody else. Where the recipient forwards mail that comes back, the message did not
    arrive, but its address exists."""
    named = {_canonical(text) for text in returned.recipients}
    own = None if sent.recipient is None else sent.recipient.canonical
    if not named or own in named:
        return returned.kind
    is_bounce = returned.kind in (MessageEventKind.HARD_BOUNCE, MessageEventKind.SOFT_BOUNCE)
    return MessageEventKind.SOFT_BOUNCE if is_bounce and is_alone else None


def _canonical(text: str) -> str | None:
    try:
        return email_address(text).canonical
    except Refusal:
        return None
