"""What events are about: a message of ours, or what a partner's engine sent by a committed reservation."""

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, literal, select

from engine.text.forms import compared
from engine.text.remembered import remembered
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import SendReservationId
from models.messages.tables import MessageChannel, messages
from models.sending.tables import ReservationStatus, SendStream, send_reservations
from resolvers.inputs.addresses import Address
from resolvers.statistics.count import Source

_MOMENT_SIZE = 6
"""Bytes of an id that say when it was made (UUIDv7)."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What went to one recipient. `id`: what its events go by. `contact_list_id`: the list that it was sent
    to."""

    id: uuid.UUID
    reservation_id: SendReservationId | None
    source: Source
    is_test: bool
    recipient: Address
    contact_list_id: uuid.UUID | None


@dataclass(frozen=True)
class Reservation:
    """A committed one. `label`: as the account wrote it."""

    id: SendReservationId
    stream: SendStream
    label: str | None


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
    recipient = Address(
        hashed=hashlib.sha256(canonical.encode()).digest(),
        digest=row.recipient_digest,
        original=row.recipient,
        canonical=canonical,
    )
    source = Source(
        channel=MessageChannel(row.channel),
        stream=SendStream(row.stream),
        api_key_id=row.api_key_id,
        campaign_id=row.campaign_id,
        label=None if row.label is None else _compared(row.label),
        domain=_domain_of(canonical),
    )
    return Sent(
        id=row.id,
        reservation_id=None,
        source=source,
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
    statement = select(reservation.id, reservation.label).where(
        in_account(send_reservations, account),
        reservation.id == any_(literal(list(ids), ARRAY(Uuid))),
        reservation.stream == stream.value,
        reservation.status == ReservationStatus.COMMITTED.value,
    )
    return {
        SendReservationId(row.id): Reservation(SendReservationId(row.id), stream, row.label)
        for row in await session.execute(statement)
    }


def sent_by(reservation: Reservation, recipient: Address, api_key_id: uuid.UUID | None) -> Sent:
    """What went to this recipient by the reservation. `api_key_id`: of the engine, which tells of it."""
    canonical = recipient.canonical
    is_number = canonical is not None and "@" not in canonical
    source = Source(
        channel=MessageChannel.SMS if is_number else MessageChannel.EMAIL,
        stream=reservation.stream,
        api_key_id=api_key_id,
        label=None if reservation.label is None else _compared(reservation.label),
        domain=None if canonical is None else _domain_of(canonical),
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


def _domain_of(canonical: str) -> str | None:
    """None: of a phone number."""
    return canonical.rpartition("@")[2] if "@" in canonical else None


@remembered(1_000)
def _compared(label: str) -> str:
    """Many messages share a label."""
    return compared(label)
