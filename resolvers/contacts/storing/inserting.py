"""Inserting contacts, as many as there are at once. The session has entered the data plane."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Text, bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.base.ids import ContactId, new_ids
from models.contacts.tables import contacts
from resolvers.contacts.storing.fixed_values import ACCOUNT_ID, MASTER_ID
from resolvers.contacts.storing.matching import StoredContact, Wanted
from resolvers.contacts.storing.rows import (
    Columns,
    ContactRow,
    columns_of_rows,
    fresh_row,
    given_rows,
    row_of,
    written_columns,
)
from resolvers.contacts.storing.values import keep_values

FIRST_VERSION = 1


@dataclass(frozen=True)
class FreshContacts:
    """Contacts that may be new, no two of which have the same key: their positions in a request, and their
    rows in the same order, with new ids, which are written too as `columns`."""

    indexes: Sequence[int]
    rows: Sequence[ContactRow]
    columns: Columns


def fresh_contacts(wanted: Iterable[Wanted]) -> FreshContacts:
    """Those that have an address. No two of them may have the same key."""
    new = [each for each in wanted if each.email is not None or each.phone is not None]
    rows = list(map(fresh_row, new, new_ids(len(new))))
    return FreshContacts([each.index for each in new], rows, columns_of_rows(rows))


async def insert_contacts(
    session: WriteSession, account: Place, new: Sequence[StoredContact], source: str
) -> None:
    """Insert contacts, with addresses and ids that no contact of the account has."""
    rows = list(map(row_of, new))
    inserted = await _insert(session, account, rows, columns_of_rows(rows), source)
    if len(inserted) != len(new):
        raise AssertionError("somebody gives addresses without `giving_addresses`")


async def insert_fresh(
    session: WriteSession, account: Place, fresh: FreshContacts, source: str
) -> dict[int, ContactId]:
    """Insert those of which the account has nothing yet, without a look at what it has. Returns their ids by
    their positions."""
    inserted = await _insert(session, account, fresh.rows, fresh.columns, source)
    if len(inserted) == len(fresh.rows):
        return dict(zip(fresh.indexes, fresh.columns["id"], strict=True))
    made = {row[0] for row in inserted}
    return {index: row[0] for index, row in zip(fresh.indexes, fresh.rows, strict=True) if row[0] in made}


async def _insert(
    session: WriteSession, account: Place, rows: Sequence[ContactRow], columns: Columns, source: str
) -> Sequence[ContactRow]:
    """The rows that were inserted."""
    if not rows:
        return []
    made = await _INSERT.rows(session, {**columns_of(account), **columns, "source": source})
    inserted = rows
    if len(made) < len(rows):
        ids = {row.id for row in made}
        inserted = [row for row in rows if row[0] in ids]
    await keep_values(session, account, {row[0]: row[-1] for row in inserted})
    return inserted


_GIVEN = given_rows()
_COLUMNS = {
    "master_id": MASTER_ID,
    "account_id": ACCOUNT_ID,
    **written_columns(_GIVEN),
    "source": bindparam("source", type_=Text()),
    "version": literal(FIRST_VERSION, BigInteger),
}
# In a distributed table INSERT .. SELECT needs an ON CONFLICT.
_INSERT = FixedStatement(
    upsert(contacts)
    .from_select(list(_COLUMNS), select(*_COLUMNS.values()).select_from(_GIVEN))
    .on_conflict_do_nothing()
    .returning(contacts.c.id)
)
