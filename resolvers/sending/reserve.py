"""Reserving sends: all checks and all counts, in one transaction (T18, T21)."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied
from engine.text.forms import compared
from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import (
    AccountId,
    IdInAccount,
    Kind,
    SendReservationId,
    new_id,
    present,
    present_in_account,
)
from models.effects.jobs import Job
from models.sending.job_kinds import RESERVATION_EXPIRY
from models.sending.tables import SendStream
from resolvers.effects.event_types import EventType
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import record
from resolvers.inputs.labels import read_label
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import Recipients
from resolvers.sending.audience import Audience, audience_of, field_of
from resolvers.sending.gate import VALID_FOR, Passage, pass_gate
from resolvers.sending.left_out_store import StoredLeftOut, read_stored
from resolvers.sending.lists.contact_lists import copy_contact_list
from resolvers.sending.lists.recipient_rows import Given
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.suppressions.exclusions import Exclusion


@dataclass(frozen=True)
class SendReservation:
    """Sends to reserve: one for each recipient."""

    account_id: AccountId
    stream: SendStream
    recipients: Given | IdInAccount
    """Recipients, a list of them, or a contact list."""
    idempotency_key: str
    label: str | None = None


@dataclass(frozen=True)
class SendReserved:
    """`left_out`: the recipients of the request that the reservation has left out. `replayed`: an earlier
    request under the same key made it."""

    reservation_id: SendReservationId
    left_out: Mapping[bytes, Exclusion]
    replayed: bool


async def reserve_sends(
    session: WriteSession, principal: Principal, command: SendReservation, review: ReviewPolicy
) -> SendReserved:
    """Reserve the sends and the contacts that they activate: all of them or none. Recipients that are
    blocked, have unsubscribed or bounced are left out first: they are never sent to, and never become active.

    Needs the stream's permission, and CONTACTS_READ for a contact list. Recipients that are active already
    can be sent to even where no more contacts can become active (R102). Raises CONTACT_LIMIT_REACHED,
    SEND_LIMIT_REACHED, SEND_CAP_REACHED, CREDIT_CAP_REACHED, INSUFFICIENT_CREDIT, BAD_USER_INPUT for no
    recipients or a wrong label, LABEL_LIMIT_REACHED, NOT_FOUND for a list that has ended or is deleted,
    IDEMPOTENCY_MISMATCH, REVIEW_REQUIRED.
    """
    label = None if command.label is None else read_label(command.label)
    needed = SEND_PERMISSIONS[command.stream], WriteKind.REPEATABLE
    account = await authorize_shared(session, principal, command.account_id, *needed)
    reservation_id = SendReservationId(new_id())
    request = _request(command, label)
    outcome = {"reservation": str(reservation_id)}
    earlier = await claim_key(session, principal, account, request, outcome)
    if earlier is not None:
        earlier_id = SendReservationId(uuid.UUID(earlier["reservation"]))
        left_out = await read_stored(session, account, earlier_id)
        return SendReserved(earlier_id, left_out, replayed=True)
    audience, given = await _audience(session, account, command)
    stored = StoredLeftOut.of(audience.left_out, given)
    passage = Passage(
        reservation_id=reservation_id,
        stream=command.stream,
        api_key_id=principal.api_key_id,
        label=label,
        audience=audience,
        sends=audience.recipients,
        left_out=stored,
        field=field_of(command.recipients),
    )
    reserved = await pass_gate(session, principal, account, review, passage)
    expiry = Job(RESERVATION_EXPIRY, account.master_id, reserved.cycle_id)
    await enqueue(session, expiry, current_moment() + VALID_FOR)
    subject_id = present(Kind.SEND_RESERVATION, reservation_id)
    await record(session, principal, account, EventType.SEND_RESERVED, subject_id, None, reserved.logged())
    return SendReserved(reservation_id, stored.causes, replayed=False)


async def _audience(
    session: WriteSession, account: Authorized, command: SendReservation
) -> tuple[Audience, Given]:
    """Who is sent to, and the recipients before anybody was left out."""
    if not isinstance(command.recipients, IdInAccount):
        given = command.recipients
        return await audience_of(session, account, command.stream, given), given
    # How many are sent to, and how many of them are left out, tells of the contacts in it.
    if not account.held & Permission.CONTACTS_READ.bit:
        raise PermissionDenied(Permission.CONTACTS_READ)
    copied = await copy_contact_list(session, account, command.recipients)
    return await audience_of(session, account, command.stream, copied, [command.recipients.id]), copied


def _request(command: SendReservation, label: str | None) -> IdempotentRequest:
    if isinstance(command.recipients, Recipients):
        recipients = hashlib.sha256(b"".join(sorted(command.recipients.digests))).hexdigest()
    elif isinstance(command.recipients, IdInAccount):
        named = command.recipients
        recipients = present_in_account(Kind.CONTACT_LIST, named.account_id, named.id)
    else:
        recipients = present(Kind.RECIPIENT_LIST, command.recipients)
    content = (command.stream.value, recipients, *(() if label is None else (compared(label),)))
    return IdempotentRequest("sendReserve", command.idempotency_key, content)
