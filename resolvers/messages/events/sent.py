"""What events are about: a message of ours, or what a partner's engine sent by a committed reservation."""

import datetime
import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, literal, select, true

from authz.policy.refusals import Refusal, RefusalCode
from engine.database.write_connection import FixedRow
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import SendReservationId
from models.messages.events import message_events
from models.messages.tables import MessageStatus, messages
from models.sending.tables import ReservationStatus, SendStream, send_reservations
from resolvers.contacts.sent import NOBODY
from resolvers.inputs.addresses import Address
from resolvers.messages.sms import channel_of
from resolvers.messages.sources import SourcesOfMessages, source_to
from resolvers.messages.store import TRIED_FOR
from resolvers.statistics.count import Source
from resolvers.suppressions.reports import CLOCKS_DIFFER

_MOMENT_SIZE = 6
"""Bytes of an id that say when it was made (UUIDv7)."""


class Sent(NamedTuple):
    """What went to one recipient. `id`: what its events go by. `contact_list_id`: the list that it was sent
    to. `since`: before this moment it cannot have gone out. `status`: of a message. `address`: as a partner
    gave it; None: it stands in the message's `row`."""

    id: uuid.UUID
    reservation_id: SendReservationId | None
    source: Source
    is_test: bool
    contact_list_id: uuid.UUID | None
    since: datetime.datetime
    status: MessageStatus | None = None
    address: Address | None = None
    row: FixedRow | None = None

    @property
    def recipient(self) -> Address | None:
        """To whom it went; None if the recipient was erased. Most events ask nobody for it."""
        if self.row is None or self.row["recipient_digest"] == NOBODY:
            return self.address
        canonical: str = self.row["recipient_canonical"]
        hashed = hashlib.sha256(canonical.encode()).digest()
        return Address(hashed, self.row["recipient_digest"], self.row["recipient"], canonical)

    @property
    def is_on_its_way(self) -> bool:
        """Whether it was handed over, or may have been. A message that has failed without a try was not."""
        if self.status is MessageStatus.FAILED:
            return self.row is not None and self.row["attempts"] > 0
        return self.status not in _NEVER_HANDED_OVER


_NEVER_HANDED_OVER = (MessageStatus.WAITING, MessageStatus.CANCELED, MessageStatus.EXCLUDED)
"""A message that was put off waits too: whoever put it off did not take it."""


def check_on_its_way(sent: Sent) -> None:
    """Raise FAILED_PRECONDITION for a message that was never handed over."""
    if not sent.is_on_its_way:
        message = "The message was never handed over, so that nothing can have come of it."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "messageId")


def check_not_before(since: datetime.datetime, happened_at: datetime.datetime) -> None:
    """Raise BAD_USER_INPUT for what came of something before it can have gone out."""
    if happened_at < since - CLOCKS_DIFFER:
        message = f"Must not lie before the sending, which was at {since:%Y-%m-%dT%H:%M:%SZ} at the earliest."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "occurredAt")


@dataclass(frozen=True)
class Reservation:
    """A committed one. `label`: as the account wrote it. `api_key_id`: the key that reserved, by which its
    sends are counted too. `made_at`: its messages go out later."""

    id: SendReservationId
    stream: SendStream
    label: str | None
    api_key_id: uuid.UUID | None
    made_at: datetime.datetime


async def find_messages(
    session: WriteSession, account: Place, ids: Collection[uuid.UUID], stream: SendStream | None = None
) -> Mapping[uuid.UUID, Sent]:
    """The account's messages with these ids; `stream`: of this one alone. The caller is in the data plane."""
    if not ids:
        return {}
    values = {**columns_of(account), "ids": list(ids)}
    rows = await _FIND.rows(session, values)
    sources = SourcesOfMessages()
    wanted = None if stream is None else stream.value
    return {
        row["id"]: _of_message(row, sources.of(row))
        for row in rows
        if wanted is None or row["stream"] == wanted
    }


def _of_message(row: FixedRow, source: Source) -> Sent:
    status, since = _STATUSES[row["status"]], row["expires_at"] - TRIED_FOR
    return Sent(row["id"], None, source, row["is_test"], row["contact_list_id"], since, status, row=row)


_STATUSES = {status.value: status for status in MessageStatus}


async def first_kept(session: WriteSession) -> uuid.UUID | None:
    """The smallest id that events can go by: those of messages that are older were dropped with them. It
    stays so until the end of the transaction. None: nothing is ever dropped. The caller is in the data
    plane."""
    await session.send(f"LOCK TABLE ONLY {message_events.name} IN ACCESS SHARE MODE", ())
    found = await session.execute(select(func.mandant_first_kept_id(message_events.name, type_=Uuid)))
    kept: uuid.UUID | None = found.scalar_one()
    return kept


async def find_committed(
    session: WriteSession, account: Place, ids: Collection[SendReservationId], stream: SendStream
) -> Mapping[SendReservationId, Reservation]:
    """The account's committed reservations of the stream. The caller has entered the tree."""
    if not ids:
        return {}
    reservation = send_reservations.c
    columns = reservation.id, reservation.label, reservation.api_key_id, reservation.created_at
    statement = select(*columns).where(
        in_account(send_reservations, account),
        reservation.id == any_(literal(list(ids), ARRAY(Uuid))),
        reservation.stream == stream.value,
        reservation.status == ReservationStatus.COMMITTED.value,
    )
    return {
        SendReservationId(row.id): Reservation(
            SendReservationId(row.id), stream, row.label, row.api_key_id, row.created_at
        )
        for row in await session.execute(statement)
    }


def sent_by(reservation: Reservation, recipient: Address, oldest: uuid.UUID | None) -> Sent:
    """What went to this recipient by the reservation. `oldest`: see `first_kept`. Raises FAILED_PRECONDITION
    for what was sent before."""
    source = source_to(
        recipient.canonical,
        channel=channel_of(recipient),
        stream=reservation.stream,
        label=reservation.label,
        api_key_id=reservation.api_key_id,
    )
    id_ = _id_of(reservation.id, recipient.digest)
    if oldest is not None and id_ < oldest:
        message = "The reservation is older than what is kept of messages."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "reservationId")
    return Sent(
        id_,
        reservation.id,
        source,
        is_test=False,
        contact_list_id=None,
        since=reservation.made_at,
        address=recipient,
    )


def _id_of(reservation_id: SendReservationId, digest: bytes) -> uuid.UUID:
    """It begins with the moment of the reservation, as the id of a message begins with its own."""
    both = hashlib.sha256(reservation_id.bytes + digest).digest()
    return uuid.UUID(bytes=reservation_id.bytes[:_MOMENT_SIZE] + both[: 16 - _MOMENT_SIZE])


def _finding() -> FixedStatement:
    """Each is looked up by itself, which takes one index search, in its month."""
    given = func.unnest(bindparam("ids", type_=ARRAY(Uuid))).table_valued("id").render_derived("given")
    message = messages.alias()
    found = (
        select(
            *[
                message.c[name]
                for name in (
                    "id",
                    "channel",
                    "stream",
                    "label",
                    "api_key_id",
                    "campaign_id",
                    "contact_list_id",
                    "is_test",
                    "status",
                    "attempts",
                    "expires_at",
                    "recipient",
                    "recipient_canonical",
                    "recipient_digest",
                )
            ]
        )
        .where(
            *[message.c[name] == bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")],
            message.c.id == given.c.id,
        )
        .limit(1)
        .lateral("found")
    )
    return FixedStatement(select(*found.c).select_from(given.join(found, true())))


_FIND = _finding()
