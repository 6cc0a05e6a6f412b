"""Messages as a request gives them, read. Each is checked by itself: one that is wrong stops no other."""

import datetime
import hashlib
import re
from collections.abc import Mapping, Sequence

import orjson

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.base.ids import AccountId, Kind, TemplateId, parse_in_account
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.templates.tables import LONGEST_BODY, LONGEST_SUBJECT
from resolvers.effects.idempotency import LONGEST_KEY
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.inputs.emails import email_address
from resolvers.inputs.text import short_text
from resolvers.messages.attachments.given import read_attachments
from resolvers.messages.given import (
    LONGEST_HEADER,
    MOST_HEADERS,
    MOST_VARIABLES,
    Body,
    GivenHeader,
    GivenMessage,
    ReadMessage,
)
from resolvers.messages.sms import (
    channel_of,
    check_no_most_parts,
    check_sms,
    sends_of,
    sms_body,
    sms_sender_of,
)

_HEADER = re.compile(r"x-[a-z0-9-]{1,70}|list-id|in-reply-to|references|auto-submitted")
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def read_message(
    account_id: AccountId, stream: SendStream, label: str | None, given: GivenMessage
) -> ReadMessage | Refusal:
    """The message, or what is wrong with it. `label`: in the form that is compared."""
    try:
        return _read(account_id, stream, label, given)
    except Refusal as refusal:
        return refusal


def _read(account_id: AccountId, stream: SendStream, label: str | None, given: GivenMessage) -> ReadMessage:
    key = _key(given.idempotency_key)
    address, recipient = _recipient(given.to)
    is_sms = channel_of(address) is MessageChannel.SMS
    if is_sms:
        check_sms(given)
    else:
        check_no_most_parts(given)
    template_id = None if given.template_id is None else _template(account_id, given.template_id)
    body = sms_body(given, stream, address.canonical or "") if is_sms else _body(given)
    variables = _variables(given.variables, template_id)
    sender = None if given.sender is None or is_sms else email_address(given.sender, "from")
    sms_sender = sms_sender_of(given) if is_sms else None
    reply_to = None if given.reply_to is None else email_address(given.reply_to, "replyTo")
    headers = _headers(given.headers)
    sends = sends_of(given, body) if is_sms else 1
    attachments = read_attachments(account_id, given.attachments)
    send_at = None if given.send_at is None else _moment(given.send_at)
    content = [
        stream.value,
        label,
        address.hashed.hex(),
        None if template_id is None else str(template_id),
        variables,
        None if body is None else [body.subject, body.text, body.html],
        sms_sender if sender is None else sender.canonical,
        None if reply_to is None else reply_to.canonical,
        sorted((name.lower(), value) for name, value in headers.items()),
        [[str(file.id), file.content_id] for file in attachments],
        send_at,
        sends,
    ]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    return ReadMessage(
        key=key,
        digest=digest,
        address=address,
        recipient=recipient,
        template_id=template_id,
        variables=variables,
        body=body,
        sender=sender,
        sms_sender=sms_sender,
        sends=sends,
        reply_to=None if reply_to is None else reply_to.original,
        headers=headers,
        attachments=attachments,
        send_at=send_at,
    )


def _key(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_KEY or _NOT_IN_A_LINE.search(text):
        message = f"Must have 1 to {LONGEST_KEY} characters, not only spaces, and no control characters."
        raise _bad(message, "idempotencyKey")
    return text


def _recipient(to: Address | AddressFault) -> tuple[Address, str]:
    if isinstance(to, AddressFault):
        raise _bad(to.message, "to")
    if to.original is None or to.canonical is None:
        raise _bad("Must be an e-mail address or a phone number, not a hash.", "to")
    return to, to.original


def _template(account_id: AccountId, text: str) -> TemplateId:
    named = parse_in_account(Kind.TEMPLATE, text)
    if named is None or named.account_id != account_id:
        raise NotFound("templateId")
    return TemplateId(named.id)


def _body(given: GivenMessage) -> Body | None:
    if given.template_id is not None:
        for field, value in (("subject", given.subject), ("text", given.text), ("html", given.html)):
            if value is not None:
                raise _bad("A message with a template takes this from it.", field)
        return None
    if given.subject is None:
        raise _bad("Give `templateId`, or `subject` with `text`, `html` or both.", "subject")
    subject = short_text(given.subject, "subject", LONGEST_SUBJECT)
    if given.text is None and given.html is None:
        raise _bad("Give `text`, `html` or both.", "text")
    for field, value in (("text", given.text), ("html", given.html)):
        if value is not None and not 1 <= len(value) <= LONGEST_BODY:
            raise _bad(f"Must have 1 to {LONGEST_BODY:,} characters.", field)
    return Body(subject, given.text, given.html)


def _variables(given: object, template_id: TemplateId | None) -> Mapping[str, object] | None:
    if given is None:
        return None
    if template_id is None:
        raise _bad("Only a message with a template has variables.", "variables")
    if not isinstance(given, dict):
        raise _bad("Must be a JSON object.", "variables")
    try:
        length = len(orjson.dumps(given))
    except TypeError as error:  # numbers beyond 64 bits, deep nesting
        raise _bad("Holds a value that cannot be kept.", "variables") from error
    if length > MOST_VARIABLES:
        raise _bad(f"Must have at most {MOST_VARIABLES:,} bytes as JSON.", "variables")
    return given


def _headers(given: Sequence[GivenHeader]) -> Mapping[str, str]:
    if len(given) > MOST_HEADERS:
        raise _bad(f"Give at most {MOST_HEADERS}.", "headers")
    found: dict[str, str] = {}
    for index, each in enumerate(given):
        place = f"headers.{index}"
        if _HEADER.fullmatch(each.name.lower()) is None:
            message = "Only X-..., List-Id, In-Reply-To, References and Auto-Submitted can be given."
            raise _bad(message, place)
        if each.name.lower() in map(str.lower, found):
            raise _bad("Each can be given once.", place)
        if not each.value.strip() or len(each.value) > LONGEST_HEADER or _NOT_IN_A_LINE.search(each.value):
            message = f"A value has 1 to {LONGEST_HEADER} characters in one line, without control characters."
            raise _bad(message, place)
        found[each.name] = each.value.strip()
    return found


def _moment(moment: datetime.datetime) -> datetime.datetime:
    if moment.tzinfo is None:
        raise _bad("Must have an offset from UTC.", "sendAt")
    try:
        return moment.astimezone(datetime.UTC)
    except OverflowError as error:
        raise _bad("Is out of range.", "sendAt") from error


def _bad(message: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
