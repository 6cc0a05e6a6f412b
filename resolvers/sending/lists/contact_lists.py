"""Sending to a contact list: the contacts that are in it now and have an e-mail address.

Their digests are copied into a recipient list, which the reservation then counts as any other. So no
statement names both the contacts and what is counted.
"""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, func, insert, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from authz.guards.exclusive import Authorized
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.database.snapshot import Reader
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account, in_tree
from models.base.clock import current_moment
from models.base.ids import IdInAccount, RecipientListId, new_id
from models.contacts.tables import contact_list_members, contact_lists, contacts
from models.sending.recipient_lists import recipient_list_parts, recipient_lists
from resolvers.inputs.address_digests import ContactDigest
from resolvers.sending.lists.upload import VALID_FOR
from resolvers.sending.long_statements import allow_many, allow_many_to_read

MOST_CONTACTS = 1_000_000
"""Of one send."""

PART = 1000
"""Digests in a part of a list."""

_PARTS_AT_ONCE = 10


async def copy_contact_list(
    session: WriteSession, account: Authorized, named: IdInAccount
) -> RecipientListId:
    """A recipient list of the contacts that are in the list now. Raises NOT_FOUND for a list that the account
    does not have, BAD_USER_INPUT for one without addresses or with more than 1,000,000."""
    await allow_many(session)
    async with in_data_plane(session, account):
        found = None
        if named.account_id == account.account_id:
            found = (await session.execute(_list(account, named.id))).scalar_one_or_none()
        if found is None:
            raise NotFound("contactListId")
        parts = [row.digests for row in (await session.execute(_parts(account, named.id))).all()]
    count = sum(map(len, parts))
    if not count:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "No recipient is left.", "contactListId")
    check_number(count)
    return await store_list(session, account, parts, current_moment() + VALID_FOR)


async def store_list(
    session: WriteSession,
    account: Authorized,
    parts: Sequence[Sequence[bytes]],
    expires_at: datetime.datetime | ColumnElement[datetime.datetime],
) -> RecipientListId:
    """A recipient list of these digests, which are in their order, PART in each part but the last."""
    list_id, count = RecipientListId(new_id()), sum(map(len, parts))
    await session.send_built(
        insert(recipient_lists).values(
            **columns_of(account), id=list_id, recipients=count, expires_at=expires_at
        )
    )
    place = {"master_id": account.master_id, "list_id": list_id}
    rows = [{**place, "part": number, "digests": digests} for number, digests in enumerate(parts)]
    for first in range(0, len(rows), _PARTS_AT_ONCE):
        await session.execute_each(insert(recipient_list_parts), rows[first : first + _PARTS_AT_ONCE])
    return list_id


async def read_contact_list(reader: Reader, place: Place, named: IdInAccount) -> list[ContactDigest] | None:
    """The digests of the contacts that are in the list now; None: the account has no such list."""
    if named.account_id != place.account_id:
        return None
    await allow_many_to_read(reader)
    if not await reader.far_rows(place.master_id, _list(place, named.id), {}):
        return None
    rows = await reader.far_rows(place.master_id, _parts(place, named.id), {})
    return [digest for row in rows for digest in row["digests"]]


def check_number(recipients: int, field: str = "contactListId") -> None:
    """Raise BAD_USER_INPUT for contacts that are too many to be sent to at once. `field`: the input's that
    gives them."""
    if recipients > MOST_CONTACTS:
        message = f"They are more than {MOST_CONTACTS:,} contacts with an e-mail address."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)


def _list(place: Place, list_id: uuid.UUID) -> Select[Any]:
    found = contact_lists
    return select(found.c.id).where(
        in_account(found, place), found.c.id == list_id, found.c.deleted_at.is_(None)
    )


def _parts(place: Place, list_id: uuid.UUID) -> Select[Any]:
    member, contact = contact_list_members, contacts
    of_member = in_tree(contact, member, account_id="account_id", id="contact_id")
    digests = (
        select(contact.c.email_digest.label("digest"))
        .select_from(member.join(contact, of_member))
        .where(
            in_account(member, place),
            member.c.contact_list_id == list_id,
            contact.c.email_digest.is_not(None),
        )
        .order_by(contact.c.email_digest)
    )
    return in_parts(digests)


def in_parts(found: Select[Any]) -> Select[Any]:
    """The statement's digests in their order, PART in a row, and one more than can be sent to."""
    digests = found.limit(MOST_CONTACTS + 1).subquery("digests")
    number = (func.row_number().over(order_by=digests.c.digest) - 1) // literal(PART, Integer)
    numbered = select(digests.c.digest, number.label("part")).subquery("numbered")
    gathered = func.array_agg(aggregate_order_by(numbered.c.digest, numbered.c.digest)).label("digests")
    return select(gathered).group_by(numbered.c.part).order_by(numbered.c.part)
