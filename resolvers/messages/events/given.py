"""Events as a partner gives them. Each is checked by itself: one that is wrong stops no other."""

import datetime
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.base.ids import AccountId, IdsOfAccount, Kind, SendReservationId, parse
from models.messages.events import (
    LONGEST_DIAGNOSTIC,
    LONGEST_EVENT_KEY,
    LONGEST_EVENT_URL,
    MessageEventKind,
)
from models.sending.tables import SendStream
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.inputs.text import short_text
from resolvers.messages.events.store import NO_DETAIL, Detail
from resolvers.messages.ids import KINDS
from resolvers.suppressions.reports import past_moment

MOST_EVENTS = 10_000
"""Of one request."""

OLDEST = datetime.timedelta(days=365)

_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_BOUNCES = (MessageEventKind.HARD_BOUNCE, MessageEventKind.SOFT_BOUNCE)


class GivenEvent(NamedTuple):
    """As it was given. `recipient`: the address, which was read before."""

    key: str
    kind: MessageEventKind
    occurred_at: datetime.datetime
    message_id: str | None = None
    reservation_id: str | None = None
    recipient: Address | AddressFault | None = None
    url: str | None = None
    status: str | None = None
    diagnostic: str | None = None


class ReadEvent(NamedTuple):
    """Nothing in it is wrong by itself. Either `message_id`, or `reservation_id` and `recipient`."""

    key: str
    kind: MessageEventKind
    happened_at: datetime.datetime
    message_id: uuid.UUID | None
    reservation_id: SendReservationId | None
    recipient: Address | None
    detail: Detail


def read_events(
    account_id: AccountId, stream: SendStream, given: Sequence[GivenEvent]
) -> list[ReadEvent | Refusal]:
    """Each event, or what is wrong with it. Many take their time: do not call it in the event loop."""
    reader = _Reader(IdsOfAccount(KINDS[stream], account_id), datetime.datetime.now(datetime.UTC))
    return [reader.read_or_refused(each) for each in given]


def check_number_of(given: Sequence[object]) -> None:
    """Raise BAD_USER_INPUT unless there are 1 to MOST_EVENTS."""
    if not 1 <= len(given) <= MOST_EVENTS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Give 1 to {MOST_EVENTS:,}.", "events")


@dataclass(frozen=True)
class _Reader:
    """Of one request. `ids`: of messages of the account and the stream."""

    ids: IdsOfAccount
    now: datetime.datetime

    def read_or_refused(self, given: GivenEvent) -> ReadEvent | Refusal:
        try:
            return self._read(given)
        except Refusal as refusal:
            return refusal

    def _read(self, given: GivenEvent) -> ReadEvent:
        key = short_text(given.key, "key", LONGEST_EVENT_KEY)
        happened_at = self._moment(given.occurred_at)
        if (given.message_id is None) == (given.reservation_id is None):
            message = "Give either `messageId`, or `reservationId` with `recipient`."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message)
        message_id = None if given.message_id is None else self._message(given.message_id)
        recipient = _recipient(given)
        reservation_id = None if given.reservation_id is None else _reservation(given.reservation_id)
        return ReadEvent(key, given.kind, happened_at, message_id, reservation_id, recipient, _detail(given))

    def _moment(self, given: datetime.datetime) -> datetime.datetime:
        found = past_moment(given, now=self.now)
        if found < self.now - OLDEST:
            message = f"Must lie at most {OLDEST.days} days back."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "occurredAt")
        return found

    def _message(self, text: str) -> uuid.UUID:
        found = self.ids.parse(text)
        if found is None:
            raise NotFound("messageId")
        return found


def _reservation(text: str) -> SendReservationId:
    found = parse(Kind.SEND_RESERVATION, text)
    if found is None:
        raise NotFound("reservationId")
    return SendReservationId(found)


def _recipient(given: GivenEvent) -> Address | None:
    if (given.recipient is None) != (given.reservation_id is None):
        message = "Give it with `reservationId`, and with nothing else."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "recipient")
    if isinstance(given.recipient, AddressFault):
        raise Refusal(RefusalCode.BAD_USER_INPUT, given.recipient.message, "recipient")
    return given.recipient


def _detail(given: GivenEvent) -> Detail:
    if given.url is None and given.status is None and given.diagnostic is None:
        return NO_DETAIL
    for name, value, kinds in (
        ("url", given.url, (MessageEventKind.CLICK,)),
        ("status", given.status, _BOUNCES),
        ("diagnostic", given.diagnostic, _BOUNCES),
    ):
        if value is not None and given.kind not in kinds:
            message = f"An event of the kind {given.kind.value} has none."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, name)
    if given.url is not None and (len(given.url) > LONGEST_EVENT_URL or not _URL.fullmatch(given.url)):
        message = f"Must be an http or https URL of at most {LONGEST_EVENT_URL:,} ASCII characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "url")
    if given.status is not None and not _STATUS.fullmatch(given.status):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be a status by RFC 3463, such as 5.1.1.", "status")
    diagnostic = given.diagnostic
    if diagnostic is not None:
        diagnostic = short_text(diagnostic, "diagnostic", LONGEST_DIAGNOSTIC)
    return Detail(url=given.url, status=given.status, diagnostic=diagnostic)
