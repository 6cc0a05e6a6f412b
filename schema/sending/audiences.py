"""The recipients of sends, which a request gives in one of four ways."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import IdInAccount, Kind, RecipientListId
from resolvers.inputs.address_digests import KeySource
from resolvers.inputs.global_ids import required, required_in_account
from resolvers.sending.address_hash import MOST_IN_A_REQUEST, RecipientForm, read_recipients
from resolvers.sending.lists.recipient_rows import Given

RECIPIENTS = f"At most {MOST_IN_A_REQUEST:,} e-mail addresses. Malformed and repeated ones are skipped."
HASHES = (
    "In place of addresses, the SHA-256 of each in lower-case hexadecimal, after the address was trimmed, "
    "put in Unicode NFKC and lower case, and its domain converted to IDNA; at most "
    f"{MOST_IN_A_REQUEST:,}."
)
LIST = "In place of addresses, a list of the same account that was uploaded with POST /recipients."
CONTACT_LIST = (
    "In place of addresses, a contact list of the same account: the contacts that are in it now and have an "
    "e-mail address, at most 1,000,000. Also asks for the permission CONTACTS_READ."
)


@dataclass(frozen=True, kw_only=True)
class RecipientChoice:
    """The four ways. Exactly one of them is not None."""

    recipients: Sequence[str] | None
    recipient_hashes: Sequence[str] | None
    recipient_list_id: str | None
    contact_list_id: str | None


async def read_audience(choice: RecipientChoice, key: KeySource) -> Given | IdInAccount:
    """Read the recipients in a thread, so that other requests are served meanwhile and no transaction waits.

    Raises BAD_USER_INPUT if there is not exactly one way or there are too many recipients, NOT_FOUND for what
    cannot be the id of a list, and SENDS_UNAVAILABLE.
    """
    lists = choice.recipient_list_id, choice.contact_list_id
    if sum(way is not None for way in (choice.recipients, choice.recipient_hashes, *lists)) != 1:
        message = "Give exactly one of recipients, recipientHashes, recipientListId and contactListId."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "recipients")
    if choice.recipient_list_id is not None:
        return RecipientListId(required(Kind.RECIPIENT_LIST, choice.recipient_list_id, "recipientListId"))
    if choice.contact_list_id is not None:
        return required_in_account(Kind.CONTACT_LIST, choice.contact_list_id, "contactListId")
    if choice.recipients is not None:
        return await _read(key, RecipientForm.ADDRESSES, choice.recipients, "recipients")
    return await _read(key, RecipientForm.HASHES, choice.recipient_hashes or (), "recipientHashes")


async def _read(key: KeySource, form: RecipientForm, texts: Sequence[str], field: str) -> Given:
    if len(texts) > MOST_IN_A_REQUEST:
        message = f"At most {MOST_IN_A_REQUEST:,} in a request. Upload more with POST /recipients."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return await asyncio.to_thread(read_recipients, key(), form, texts)
