"""Whom sends go to, as a request says it: in one of three ways."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import Kind, RecipientListId
from resolvers.inputs.global_ids import required
from resolvers.sending.address_hash import MOST_IN_A_REQUEST, KeySource, RecipientForm, read_recipients
from resolvers.sending.recipient_rows import Given

RECIPIENTS = f"At most {MOST_IN_A_REQUEST:,} e-mail addresses. Malformed and repeated ones are skipped."
HASHES = (
    "In place of addresses, the SHA-256 of each in lower-case hexadecimal, after the address was trimmed, "
    "put in Unicode NFKC and lower case, and its domain converted to IDNA; at most "
    f"{MOST_IN_A_REQUEST:,}."
)
LIST = "In place of addresses, a list of the same account that was uploaded with POST /recipients."


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
        message = "Give exactly one of recipients, recipientHashes and recipientListId."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "recipients")
    if told.recipient_list_id is not None:
        return RecipientListId(required(Kind.RECIPIENT_LIST, told.recipient_list_id, "recipientListId"))
    if told.recipients is not None:
        return await _read(key, RecipientForm.ADDRESSES, told.recipients, "recipients")
    return await _read(key, RecipientForm.HASHES, told.recipient_hashes or (), "recipientHashes")


async def _read(key: KeySource, form: RecipientForm, texts: Sequence[str], field: str) -> Given:
    if len(texts) > MOST_IN_A_REQUEST:
        message = f"At most {MOST_IN_A_REQUEST:,} in a request. Upload more with POST /recipients."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return await asyncio.to_thread(read_recipients, key(), form, texts)
