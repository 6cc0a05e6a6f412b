"""What a partner tells of messages, or of what its own engine sent: each event with its own outcome."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId
from models.sending.tables import SendStream
from resolvers.effects.event_kinds import EventKind
from resolvers.effects.log import Change, record_of_account
from resolvers.messages.events.given import ReadEvent
from resolvers.messages.events.keys import claim_keys, read_digests
from resolvers.messages.events.sent import Sent, find_committed, find_messages, sent_by
from resolvers.messages.events.store import SentEvent
from resolvers.messages.events.take import take_events
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
    async with in_data_plane(session, account):
        await _leave_out_known(session, account, open_)
    new = {
        index: SentEvent(sent=sent[index], kind=each.kind, happened_at=each.happened_at, detail=each.detail)
        for index, each in open_.events.items()
    }
    written = await take_events(session, account, list(new.values()), keyring, principal)
    for index, is_new in zip(new, written, strict=True):
        open_.settle(index, is_new)
    told = [event for index, event in new.items() if open_.outcomes[index] is True]
    await _log(session, principal, account, command.stream, told)
    return [open_.outcomes[index] for index in range(len(command.events))]


async def _find_sent(
    session: WriteSession, account: Authorized, stream: SendStream, open_: _Open
) -> Mapping[int, Sent]:
    """What each event is about. Events about nothing that is known are settled."""
    events = open_.events
    reservation_ids = {each.reservation_id for each in events.values() if each.reservation_id is not None}
    committed = await find_committed(session, account, reservation_ids, stream)
    message_ids = {each.message_id for each in events.values() if each.message_id is not None}
    found: dict[int, Sent] = {}
    async with in_data_plane(session, account):
        messages = await find_messages(session, account, message_ids, stream)
    for index, each in list(events.items()):
        if each.message_id is not None and each.message_id in messages:
            found[index] = messages[each.message_id]
        elif (
            each.recipient is not None
            and each.reservation_id is not None
            and each.reservation_id in committed
        ):
            reservation = committed[each.reservation_id]
            found[index] = sent_by(reservation, each.recipient)
        else:
            open_.settle(index, NotFound("reservationId" if each.message_id is None else "messageId"))
    return found


async def _leave_out_known(session: WriteSession, account: Authorized, open_: _Open) -> None:
    """Take the keys. Events whose keys were taken before, or by an earlier item, are settled."""
    firsts: dict[str, ReadEvent] = {}
    for index, each in list(open_.events.items()):
        if firsts.setdefault(each.key, each) is not each:
            open_.settle(index, _repeated(each, firsts[each.key].digest))
    if not firsts:
        return
    free = await claim_keys(session, account, {key: each.digest for key, each in firsts.items()})
    earlier = await read_digests(session, account, [key for key in firsts if key not in free])
    for index, each in list(open_.events.items()):
        if each.key not in free:
            open_.settle(index, _repeated(each, earlier.get(each.key)))


def _repeated(event: ReadEvent, earlier: bytes | None) -> Outcome:
    if event.digest == earlier:
        return False
    return Refusal(RefusalCode.IDEMPOTENCY_MISMATCH, field="key")


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
        await record_of_account(session, principal, account, EventKind.MESSAGE_EVENTS_REPORTED, None, after)
