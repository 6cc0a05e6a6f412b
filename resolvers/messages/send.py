"""Sending messages: each has its own outcome, and all that are sent pass the gate together (R83, T29)."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from authz.wall.row_security import enter_again
from authz.wall.tree_door import in_data_plane
from engine.text.forms import compared
from engine.writes.sessions import WriteSession
from models.base.ids import AttachmentId, MessageId, SendReservationId, TemplateId, new_id, new_ids
from models.messages.tables import MessageStatus
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.address_digests import ContactDigest
from resolvers.inputs.labels import read_label
from resolvers.messages.attachments.attach import attach
from resolvers.messages.attachments.read import KnownFile, check_files, read_files
from resolvers.messages.delivery.excluded_since import EXCLUDED
from resolvers.messages.given import MOST_MESSAGES, ReadMessage
from resolvers.messages.keys import claim_keys, give_back, read_earlier
from resolvers.messages.queue import note_due
from resolvers.messages.reading import read_message
from resolvers.messages.request import Outcome, Request, Sending, Taken, mismatch
from resolvers.messages.senders import Senders, read_senders
from resolvers.messages.sms import channel_of
from resolvers.messages.sms_senders import note_sms_senders
from resolvers.messages.sources import source_to
from resolvers.messages.store import NewMessages, insert_messages, read_contacts, read_versions
from resolvers.messages.templates import NewestVersion, refusal_of
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import Recipients
from resolvers.sending.audience import Audience, audience_of
from resolvers.sending.commit_or_void import Held, use_up
from resolvers.sending.gate import Passage, Reserved, pass_gate
from resolvers.sending.left_out_store import StoredLeftOut
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.settings.phone_country import in_default_country
from resolvers.statistics.count import Passed, Source

_OF_TESTS = "\x01"
"""Before the idempotency keys of tests. No client can write it."""

LONGEST_AHEAD = datetime.timedelta(days=7)
_SKEW = datetime.timedelta(minutes=5)
"""So far behind another machine's clock may be."""


async def send_messages(
    session: WriteSession, principal: Principal, command: Sending, review: ReviewPolicy
) -> list[Outcome]:
    """Take the messages in, to be handed over from now on. They are counted and paid as sends at once.

    Needs the stream's permission, and TEMPLATES_READ for a template. One message that is wrong, that comes
    from a domain that is not verified, or whose recipient is excluded, stops no other. Limits let all others
    pass or none: raises what `resolvers.sending.gate` raises, and BAD_USER_INPUT for no messages or too many.
    """
    check_number_of(command.messages)
    label = None if command.label is None else read_label(command.label)
    needed = SEND_PERMISSIONS[command.stream], WriteKind.REPEATABLE
    account = await authorize_shared(session, principal, command.account_id, *needed)
    command = await _in_default_country(session, account, command)
    request = _read(command, None if label is None else compared(label), principal, account)
    await _find_earlier(session, account, request)
    if request.open():
        account.check_changeable()
        await _send_new(session, principal, account, request, label, review)
    return request.all_outcomes()


async def _in_default_country(session: WriteSession, account: Authorized, command: Sending) -> Sending:
    """With national phone numbers read by the account's setting."""
    read = await in_default_country(session, account, [message.to for message in command.messages])
    given = [replace(message, to=to) for message, to in zip(command.messages, read, strict=True)]
    return replace(command, messages=given)


def check_number_of(given: Sequence[object]) -> None:
    """Raise BAD_USER_INPUT unless there are 1 to MOST_MESSAGES."""
    if not 1 <= len(given) <= MOST_MESSAGES:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Give 1 to {MOST_MESSAGES:,}.", "messages")


def _read(command: Sending, label: str | None, principal: Principal, account: Authorized) -> Request:
    request = Request(command.stream)
    by_key: dict[str, MessageId] = {}
    ids = new_ids(len(command.messages))
    # What a template says could be sent to oneself.
    may_read_templates = bool(account.held & Permission.TEMPLATES_READ.bit)
    for index, (id_, given) in enumerate(zip(ids, command.messages, strict=True)):
        if given.template_id is not None and not may_read_templates:
            request.outcomes[index] = PermissionDenied(Permission.TEMPLATES_READ, "templateId")
            continue
        found = read_message(command.account_id, command.stream, label, given)
        if isinstance(found, Refusal):
            request.outcomes[index] = found
            continue
        if principal.credentials.is_test:
            # What was tried out under a key must still be sent under it.
            found = replace(found, key=_OF_TESTS + found.key)
        request.read[index] = found
        if found.key in by_key:
            request.same[index] = by_key[found.key]
        else:
            by_key[found.key] = MessageId(id_)
            request.first[MessageId(id_)] = index
    return request


async def _find_earlier(session: WriteSession, account: Authorized, request: Request) -> None:
    """Take the keys; those that were taken before have their earlier outcomes."""
    wanted = request.open()
    if not wanted:
        return
    async with in_data_plane(session, account):
        free = await claim_keys(session, account, wanted)
        used = [message.key for message in wanted.values() if message.key not in free]
        earlier = await read_earlier(session, account, used)
    for id_, message in wanted.items():
        found = earlier.get(message.key)
        if found is not None and (found.digest != message.digest or found.status is None):
            request.settle(id_, mismatch())
        elif found is not None and found.status is not None:
            request.settle(id_, Taken(found.message_id, found.status, replayed=True))


async def _send_new(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    request: Request,
    label: str | None,
    review: ReviewPolicy,
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    claimed = request.open()
    _check_times(request, now)
    senders = await read_senders(session, account, request.open().values())
    _check_senders(request, senders)
    wanted = request.open()
    template_ids = {each.template_id for each in wanted.values() if each.template_id is not None}
    file_ids = {file.id for each in wanted.values() for file in each.attachments}
    async with in_data_plane(session, account):
        versions = await read_versions(session, account, template_ids)
        files = await read_files(session, account, file_ids)
        contacts = await read_contacts(session, account, _digests(wanted))
    _check_named(request, versions, files)
    audience = await _without_excluded(session, account, request)
    passed = request.open()
    given_up = [message.key for id_, message in claimed.items() if id_ not in passed]
    if given_up:
        async with in_data_plane(session, account):
            await give_back(session, account, given_up)
    if not passed:
        return
    passage = _passage(principal, request, label, audience)
    reserved = await _pass(session, principal, account, review, passage, list(passed.values()))
    new = NewMessages(
        stream=request.stream,
        label=reserved.label,
        api_key_id=principal.api_key_id,
        is_test=passage.is_test,
        senders=senders,
        versions=versions,
        contacts=contacts,
        now=now,
        messages=passed,
    )
    async with in_data_plane(session, account):
        await insert_messages(session, account, new)
        await attach(session, account, passed, files)
    if not passage.is_test:
        sms_senders = [each.sms_sender for each in passed.values() if each.sms_sender is not None]
        await note_sms_senders(session, account, sms_senders)
    await note_due(session, account, min(message.send_at or now for message in passed.values()))
    after = reserved.logged() | ({"test": True} if passage.is_test else {})
    await record_of_account(session, principal, account, EventType.MESSAGES_SENT, None, after)
    for id_ in passed:
        request.settle(id_, Taken(id_, MessageStatus.WAITING, replayed=False))


def _check_times(request: Request, now: datetime.datetime) -> None:
    """Settle messages for a time when nothing is sent."""
    for id_, message in request.open().items():
        if message.send_at is not None and not now - _SKEW <= message.send_at <= now + LONGEST_AHEAD:
            text = f"Must lie at most {LONGEST_AHEAD.days} days ahead, and not in the past."
            request.settle(id_, Refusal(RefusalCode.BAD_USER_INPUT, text, "sendAt"))


def _check_senders(request: Request, senders: Senders) -> None:
    """Settle messages that come from nobody who can send them."""
    for id_, message in request.open().items():
        wrong = senders.refusal_of(message)
        if wrong is not None:
            request.settle(id_, wrong)


def _check_named(
    request: Request, versions: Mapping[TemplateId, NewestVersion], files: Mapping[AttachmentId, KnownFile]
) -> None:
    """Settle messages whose templates or files are not there, or do not fit."""
    for id_, message in request.open().items():
        if message.template_id is not None:
            wrong = refusal_of(message, request.stream, versions.get(message.template_id))
            if wrong is not None:
                request.settle(id_, wrong)
                continue
        try:
            check_files(message.attachments, files)
        except Refusal as refusal:
            request.settle(id_, refusal)


def _passage(principal: Principal, request: Request, label: str | None, audience: Audience) -> Passage:
    """What is left of the request, as the gate takes it."""
    return Passage(
        reservation_id=SendReservationId(new_id()),
        stream=request.stream,
        api_key_id=principal.api_key_id,
        label=label,
        audience=audience,
        sends=sum(message.sends for message in request.open().values()),
        left_out=StoredLeftOut(audience.left_out.counts, {}),
        field="messages",
        is_test=principal.credentials.is_test,
    )


async def _pass(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    review: ReviewPolicy,
    passage: Passage,
    messages: Sequence[ReadMessage],
) -> Reserved:
    """Count and pay the sends of these messages. Those of a test pass the same gate, and leave nothing
    behind there."""
    before = await session.savepoint() if passage.is_test else None
    reserved = await pass_gate(session, principal, account, review, passage)
    if before is not None:
        await before.go_back()
        await enter_again(session)
        return reserved
    sends: dict[Source, list[int]] = defaultdict(list)
    for message in messages:
        source = source_to(
            message.address.canonical,
            channel=channel_of(message.address),
            stream=passage.stream,
            label=reserved.label,
            api_key_id=passage.api_key_id,
        )
        sends[source].append(message.sends)
    held = Held(
        id=passage.reservation_id,
        payer_id=reserved.use.payer_id,
        price=reserved.use.price,
        moment=reserved.moment,
        sent={source: Passed(len(each), sum(each)) for source, each in sends.items()},
    )
    await use_up(session, principal, account, held)
    return reserved


async def _without_excluded(session: WriteSession, account: Authorized, request: Request) -> Audience:
    """Who is sent to. Messages to others are refused."""
    wanted = request.open()
    audience = await audience_of(session, account, request.stream, Recipients(digests=list(_digests(wanted))))
    for id_, message in wanted.items():
        cause = audience.left_out.causes.get(message.address.digest)
        if cause is not None:
            text = f"{EXCLUDED[cause]} ({cause.value})"
            request.settle(id_, Refusal(RefusalCode.RECIPIENT_EXCLUDED, text, "to"))
    return audience


def _digests(messages: Mapping[MessageId, ReadMessage]) -> dict[ContactDigest, None]:
    """Each once."""
    return dict.fromkeys(message.address.digest for message in messages.values())
