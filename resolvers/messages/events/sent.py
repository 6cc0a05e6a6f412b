"""What events are about: a message of ours, or what a partner's engine sent by a committed reservation."""

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, literal, select

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import SendReservationId
from models.messages.tables import messages
from models.sending.tables import ReservationStatus, SendStream, send_reservations
from resolvers.contacts.sent import NOBODY
from resolvers.inputs.addresses import Address
from resolvers.messages.sms import channel_of
from resolvers.messages.sources import source_of_message, source_to
from resolvers.statistics.count import Source

_MOMENT_SIZE = 6
"""Bytes of an id that say when it was made (UUIDv7)."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What went to one recipient. `id`: what its events go by. `recipient`: None if it was erased.
    `contact_list_id`: the list that it was sent to."""

    id: uuid.UUID
    reservation_id: SendReservationId | None
    source: Source
    is_test: bool
    recipient: Address | None
    contact_list_id: uuid.UUID | None


@dataclass(frozen=True)
class Reservation:
    """A committed one. `label`: as the account wrote it. `api_key_id`: the key that reserved, by which its
    sends are counted too."""

    id: SendReservationId
    stream: SendStream
    label: str | None
    api_key_id: uuid.UUID | None


async def find_messages(
    session: WriteSession, account: Place, ids: Collection[uuid.UUID], stream: SendStream | None = None
) -> Mapping[uuid.UUID, Sent]:
    """The account's messages with these ids; `stream`: of this one alone. The caller is in the data plane."""
    if not ids:
        return {}
    message = messages.c
    statement = select(
        message.id,
        message.channel,
        message.stream,
        message.label,
        message.api_key_id,
        message.campaign_id,
        message.contact_list_id,
        message.is_test,
        message.recipient,
        message.recipient_canonical,
        message.recipient_digest,
    ).where(in_account(messages, account), message.id == any_(literal(list(ids), ARRAY(Uuid))))
    if stream is not None:
        statement = statement.where(message.stream == stream.value)
    return {row.id: _of_message(row) for row in await session.execute(statement)}


def _of_message(row: Row[*tuple[Any, ...]]) -> Sent:
    canonical: str = row.recipient_canonical
    recipient = None
    if row.recipient_digest != NOBODY:
        hashed = hashlib.sha256(canonical.encode()).digest()
        recipient = Address(hashed, row.recipient_digest, row.recipient, canonical)
    return Sent(
        id=row.id,
        reservation_id=None,
        source=source_of_message(row),
        is_test=row.is_test,
        recipient=recipient,
        contact_list_id=row.contact_list_id,
    )


async def find_committed(
    session: WriteSession, account: Place, ids: Collection[SendReservationId], stream: SendStream
) -> Mapping[SendReservationId, Reservation]:
    """The account's committed reservations of the stream. The caller has entered the tree."""
    if not ids:
        return {}
    reservation = send_reservations.c
    statement = select(reservation.id, reservation.label, reservation.api_key_id).where(
        in_account(send_reservations, account),
        reservation.id == any_(literal(list(ids), ARRAY(Uuid))),
        reservation.stream == stream.value,
        reservation.status == ReservationStatus.COMMITTED.value,
    )
    return {
        SendReservationId(row.id): Reservation(SendReservationId(row.id), stream, row.label, row.api_key_id)
        for row in await session.execute(statement)
    }


def sent_by(reservation: Reservation, recipient: Address) -> Sent:
    """What went to this recipient by the reservation."""
    source = source_to(
        recipient.canonical,
        channel=channel_of(recipient),
        stream=reservation.stream,
        label=reservation.label,
        api_key_id=reservation.api_key_id,
    )
    return Sent(
        id=_id_of(reservation.id, recipient.digest),
        reservation_id=reservation.id,
        source=source,
        is_test=False,
        recipient=recipient,
        contact_list_id=None,
    )


def _id_of(reservation_id: SendReservationId, digest: bytes) -> uuid.UUID:
    """It begins with the moment of the reservation, as the id of a message begins with its own."""
    both = hashlib.sha256(reservation_id.bytes + digest).digest()
    return uuid.UUID(bytes=reservation_id.bytes[:_MOMENT_SIZE] + both[: 16 - _MOMENT_SIZE])
