"""Whom a reservation sends to: the recipients that a request names, or those of an uploaded list."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from authz.guards.exclusive import Authorized
from authz.policy.refusals import NotFound
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.ids import IdInAccount
from models.sending.recipient_lists import recipient_lists
from models.sending.tables import SendStream
from resolvers.sending.address_hash import RecipientForm, Recipients
from resolvers.sending.left_out import LeftOut, WritingPlanes, find_left_out
from resolvers.sending.lists.recipient_rows import Given, is_open, named, uploaded
from resolvers.sending.long_statements import allow_many
from resolvers.sending.senders import read_sender


@dataclass(frozen=True)
class Audience:
    """How many recipients are sent to, a statement of their digests, each once, in the order of the index
    they are inserted into, and who is left out."""

    recipients: int
    digests: Select[tuple[bytes]]
    left_out: LeftOut


def audience_without(left_out: LeftOut, given: Given, recipients: int) -> Audience:
    """Those of the recipients that are not left out. `recipients`: how many there are, with these."""
    remaining = recipients - len(left_out.causes)
    if isinstance(given, Recipients):
        digests = [digest for digest in given.digests if digest not in left_out.causes]
        return Audience(remaining, named(digests), left_out)
    return Audience(remaining, uploaded(given, left_out.causes), left_out)


_FIELDS = {RecipientForm.ADDRESSES: "recipients", RecipientForm.HASHES: "recipientHashes"}


def field_of(recipients: Given | IdInAccount) -> str:
    """The input's field that gives the recipients."""
    match recipients:
        case Recipients(form=form):
            return _FIELDS[form]
        case IdInAccount():
            return "contactListId"
    return "recipientListId"


async def audience_of(
    session: WriteSession,
    account: Authorized,
    stream: SendStream,
    given: Given,
    contact_list_ids: Sequence[uuid.UUID] = (),
) -> Audience:
    """The recipients of the request, or those in a list of the account, without those that are blocked, have
    unsubscribed or bounced. `contact_list_ids`: the contact lists that are sent to.

    Raises NOT_FOUND for a list that has ended or belongs to another account.
    """
    count = await _number_given(session, account, given)
    sender = await read_sender(session, account, contact_list_ids)
    left_out = await find_left_out(WritingPlanes(session, sender), sender, stream, given)
    if not isinstance(given, Recipients):
        await allow_many(session)
    return audience_without(left_out, given, count)


async def _number_given(session: WriteSession, account: Authorized, given: Given) -> int:
    if isinstance(given, Recipients):
        return len(given.digests)
    stored = recipient_lists.c
    statement = select(stored.recipients).where(
        in_account(recipient_lists, account), stored.id == given, is_open(recipient_lists)
    )
    count: int | None = (await session.execute(statement)).scalar_one_or_none()
    if count is None:
        raise NotFound("recipientListId")
    return count
