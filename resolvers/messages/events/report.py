"""What a partner tells of messages, or of what its own engine sent: each event with its own outcome."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, SendReservationId
from models.sending.tables import SendStream
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.messages.events.given import ReadEvent
from resolvers.messages.events.sent import (
    Reservation,
    Sent,
    check_not_before,
    check_on_its_way,
    find_committed,
    find_messages,
    first_kept,
    sent_by,
)
from resolvers.messages.events.store import SentEvent, Stored
from resolvers.messages.events.take import take_told
from resolvers.sealing.keyring import KeyringSource
from resolvers.sending.permissions import SEND_PERMISSIONS


@dataclass(frozen=True, kw_only=True)
class EventReport:
    """Events of one account and stream; of what is wrong with one, that."""

    account_id: AccountId
    stream: SendStream
    events: Sequence[ReadEvent | Refusal]


Outcome = bool | Refusal
"""Whether the event is new; False: it was told before."""


@dataclass
class _Open:
    """What is known of each event by its index, and those without an outcome."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    events: dict[int, ReadEvent] = field(default_factory=dict)

    def settle(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        self.events.pop(index, None)


async def report_events(
    session: WriteSession, principal: Principal, command: EventReport, keyring: KeyringSource
) -> list[Outcome]:
    """Take in those that are new. One that is wrong, or about nothing that is known, stops no other.

    Needs the permission to send on the stream. It only takes away, so it is allowed in any status of the
    account. Raises SECRETS_UNAVAILABLE for complaints where nothing can be sealed.
    """
    permission = SEND_PERMISSIONS[command.stream]
    account = await authorize_shared(session, principal, command.account_id, permission, WriteKind.TAKES_AWAY)
    open_ = _Open()
    for index, each in enumerate(command.events):
        if isinstance(each, Refusal):
            open_.outcomes[index] = each
        else:
            open_.events[index] = each
    sent = await _find_sent(session, account, command.stream, open_)
    _leave_out_repeated(open_, sent)
    new = {
        index: SentEvent(sent[index], each.kind, each.happened_at, each.detail, each.key)
        for index, each in open_.events.items()
    }
    written = await take_told(session, account, list(new.values()), keyring, principal)
    for index, how in zip(new, written, strict=True):
        open_.settle(index, _MISMATCH if how is Stored.OTHER else how.is_new)
    told = [event for index, event in new.items() if open_.outcomes[index] is True]
    await _log(session, principal, account, command.stream, told)
    return [open_.outcomes[index] for index in range(len(command.events))]


async def _find_sent(
    session: WriteSession, account: Authorized, stream: SendStream, open_: _Open
) -> Mapping[int, Sent]:
    """What each event is about. Events about nothing that events can be about are settled."""
    events = open_.events
    reservation_ids = {each.reservation_id for each in events.values() if each.reservation_id is not None}
    committed = await find_committed(session, account, reservation_ids, stream)
    message_ids = {each.message_id for each in events.values() if each.message_id is not None}
    async with in_data_plane(session, account):
        messages = await find_messages(session, account, message_ids, stream)
        oldest = await first_kept(session) if committed else None
    found: dict[int, Sent] = {}
    for index, each in list(events.items()):
        try:
            if each.message_id is not None:
                found[index] = _message(messages, each.message_id)
            else:
                found[index] = _sent_by(committed, each, oldest)
            check_not_before(found[index].since, each.happened_at)
        except Refusal as refusal:
            open_.settle(index, refusal)
    return found


def _message(messages: Mapping[uuid.UUID, Sent], id_: uuid.UUID) -> Sent:
    found = messages.get(id_)
    if found is None:
        raise NotFound("messageId")
    check_on_its_way(found)
    return found


def _sent_by(
    committed: Mapping[SendReservationId, Reservation], event: ReadEvent, oldest: uuid.UUID | None
) -> Sent:
    """`oldest`: the smallest id that events can go by."""
    if event.recipient is None or event.reservation_id is None or event.reservation_id not in committed:
        raise NotFound("reservationId")
    return sent_by(committed[event.reservation_id], event.recipient, oldest)


_MISMATCH = Refusal(RefusalCode.IDEMPOTENCY_MISMATCH, field="key")


def _leave_out_repeated(open_: _Open, sent: Mapping[int, Sent]) -> None:
    """Settle events whose keys an earlier item has."""
    firsts: dict[tuple[int, str], ReadEvent] = {}
    for index, each in list(open_.events.items()):
        first = firsts.setdefault((sent[index].id.int, each.key), each)
        if first is not each:
            is_same = first[1:3] == each[1:3] and first.detail == each.detail
            open_.settle(index, False if is_same else _MISMATCH)


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    stream: SendStream,
    events: Sequence[SentEvent],
) -> None:
    if events:
        counts = Counter(event.kind.value for event in events)
        after: Change = {"stream": stream.value, **{kind: counts[kind] for kind in sorted(counts)}}
        await record_of_account(session, principal, account, EventType.MESSAGE_EVENTS_REPORTED, None, after)
