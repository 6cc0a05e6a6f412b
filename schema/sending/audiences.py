"""Whom sends go to, as a request says it: in one of three ways."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import Kind, RecipientListId
from resolvers.inputs.global_ids import required
from resolvers.sending.address_hash import MOST_IN_A_REQUEST, KeySource, RecipientForm, read_recipients
from resolvers.sending.recipient_rows import Given

RECIPIENTS = (
    f"E-mail addresses, at most {MOST_IN_A_REQUEST:,}. What is none, or stands there twice, is left out."
)
HASHES = (
    "Instead: SHA-256 in lower hexadecimal of each address, trimmed, in Unicode NFKC and lower case, its "
    f"domain in IDNA; at most {MOST_IN_A_REQUEST:,}."
)
LIST = "Instead: a list that was uploaded by POST /recipients, of the same account."


@dataclass(frozen=True, kw_only=True)
class Told:
    """The three ways; exactly one of them is not None."""

    recipients: Sequence[str] | None
    recipient_hashes: Sequence[str] | None
    recipient_list_id: str | None


async def read_audience(told: Told, key: KeySource) -> Given:
    """Read what is told, in a thread: others are answered meanwhile, and no transaction waits for it.

    Raises BAD_USER_INPUT for none or several of the ways and for too many recipients, NOT_FOUND for what can
    be no list, SENDS_UNAVAILABLE.
    """
    ways = (told.recipients, told.recipient_hashes, told.recipient_list_id)
    if sum(way is not None for way in ways) != 1:
        message = "Give one of recipients, recipientHashes and recipientListId."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "recipients")
    if told.recipient_list_id is not None:
        return RecipientListId(required(Kind.RECIPIENT_LIST, told.recipient_list_id, "recipientListId"))
    if told.recipients is not None:
        return await _read(key, RecipientForm.ADDRESSES, told.recipients, "recipients")
    return await _read(key, RecipientForm.HASHES, told.recipient_hashes or (), "recipientHashes")


async def _read(key: KeySource, form: RecipientForm, texts: Sequence[str], field: str) -> Given:
    if len(texts) > MOST_IN_A_REQUEST:
        message = f"At most {MOST_IN_A_REQUEST:,} in a request; upload more by POST /recipients."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return await asyncio.to_thread(read_recipients, key(), form, texts)
