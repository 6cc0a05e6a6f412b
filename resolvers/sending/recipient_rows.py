"""Whom sends go to: named in the request, or in a list that was uploaded before (N11)."""

import uuid

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    and_,
    func,
    literal,
    select,
    true,
)

from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.base.ids import RecipientListId
from models.sending.recipient_lists import recipient_list_parts, recipient_lists
from models.sending.tables import active_contacts
from resolvers.sending.address_hash import Recipients

Given = Recipients | RecipientListId
"""What a request says: the recipients themselves, or a list."""

_LONG = "60s"


def named(given: Recipients) -> Select[tuple[bytes]]:
    """The digests of recipients that a request names."""
    rows = func.unnest(literal(given.digests, ARRAY(LargeBinary))).table_valued("digest").render_derived()
    return select(rows.c.digest).order_by(rows.c.digest)


def uploaded(list_id: RecipientListId) -> Select[tuple[bytes]]:
    """The digests of a list; whose it is, and whether it is open, is asked apart."""
    part, stored = recipient_list_parts.alias(), recipient_lists.alias()
    of_list = in_tree(part, stored, list_id="id")
    digest = func.unnest(part.c.digests).table_valued("digest").render_derived().lateral()
    return (
        select(digest.c.digest)
        .select_from(stored.join(part, of_list).join(digest, true()))
        .where(stored.c.id == list_id)
        .order_by(part.c.part)
    )


def is_open(stored: FromClause) -> ColumnElement[bool]:
    """Whether a list has not ended."""
    return stored.c.expires_at > current_moment()


def active_contact_of(
    rows: FromClause, master_id: ColumnElement[uuid.UUID], cycle_id: ColumnElement[uuid.UUID]
) -> FromClause:
    """The row in `active_contacts` of each of the digests, to be joined: at most one, looked up by its key.

    The limit has PostgreSQL look up one digest after the other. A join it would plan by statistics that know
    nothing yet of the million rows that were written a moment ago.
    """
    contact = active_contacts.alias()
    key = and_(
        contact.c.master_id == master_id, contact.c.cycle_id == cycle_id, contact.c.digest == rows.c.digest
    )
    return select(*contact.c).where(key).limit(1).lateral()


def allowing_many() -> Select[tuple[str, str]]:
    """Lets the rest of the transaction's statements be about a million rows: a minute for each, and each is
    planned for what is there now. The plans that the connection keeps were made when there was less."""
    longer = func.set_config("statement_timeout", _LONG, True)
    return select(longer, func.set_config("plan_cache_mode", "force_custom_plan", True))
