"""The recipients of a send, as SQL: from the request, or from an uploaded list (N11)."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    all_,
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
"""What a request names: recipients, or a list."""


def named(digests: Sequence[bytes]) -> Select[tuple[bytes]]:
    """These digests, of recipients in a request."""
    rows = func.unnest(literal(list(digests), ARRAY(LargeBinary))).table_valued("digest").render_derived()
    return select(rows.c.digest).order_by(rows.c.digest)


def uploaded(list_id: RecipientListId, without: Collection[bytes] = ()) -> Select[tuple[bytes]]:
    """The digests of a list, without these. The caller checks its account and its end."""
    part, stored = recipient_list_parts.alias(), recipient_lists.alias()
    of_list = in_tree(part, stored, list_id="id")
    digest = func.unnest(part.c.digests).table_valued("digest").render_derived().lateral()
    found = (
        select(digest.c.digest)
        .select_from(stored.join(part, of_list).join(digest, true()))
        .where(stored.c.id == list_id)
        .order_by(part.c.part)
    )
    if not without:
        return found
    # Planned for these values (see `resolvers.sending.long_statements`), PostgreSQL looks them up in a hash.
    return found.where(digest.c.digest != all_(literal(list(without), ARRAY(LargeBinary))))


def is_open(stored: FromClause) -> ColumnElement[bool]:
    """Whether the list has not ended."""
    return stored.c.expires_at > current_moment()


def active_contact_of(
    rows: FromClause, master_id: ColumnElement[uuid.UUID], cycle_id: ColumnElement[uuid.UUID]
) -> FromClause:
    """The row in `active_contacts` of each digest, to be joined: at most one, looked up by its key.

    The limit makes PostgreSQL look up one digest after the other. It would plan a join by statistics that do
    not know of a million new rows yet.
    """
    contact = active_contacts.alias()
    key = and_(
        contact.c.master_id == master_id, contact.c.cycle_id == cycle_id, contact.c.digest == rows.c.digest
    )
    return select(*contact.c).where(key).limit(1).lateral()
