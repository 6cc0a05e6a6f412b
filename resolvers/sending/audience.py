"""Whom a reservation sends to: the recipients that a request names, or those of an uploaded list."""

from dataclasses import dataclass

from sqlalchemy import Select, select

from authz.guards.exclusive import Authorized
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.sending.recipient_lists import recipient_lists
from resolvers.sending.address_hash import Recipients
from resolvers.sending.long_statements import allow_many
from resolvers.sending.recipient_rows import Given, is_open, named, uploaded


@dataclass(frozen=True)
class Audience:
    """How many recipients there are, and a statement of their digests, each once, in the order of the index
    they are inserted into."""

    recipients: int
    digests: Select[tuple[bytes]]


async def audience_of(session: WriteSession, account: Authorized, given: Given) -> Audience:
    """The recipients of the request, or those in a list of the account.

    Raises BAD_USER_INPUT for no recipients, NOT_FOUND for a list that has ended or belongs to another
    account.
    """
    if isinstance(given, Recipients):
        if not given.digests:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "No recipient is left.", "recipients")
        return Audience(len(given.digests), named(given))
    stored = recipient_lists.c
    statement = select(stored.recipients).where(
        in_account(recipient_lists, account), stored.id == given, is_open(recipient_lists)
    )
    count = (await session.execute(statement)).scalar_one_or_none()
    if count is None:
        raise NotFound("recipientListId")
    await allow_many(session)
    return Audience(count, uploaded(given))
