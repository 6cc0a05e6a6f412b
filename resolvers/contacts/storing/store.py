"""Contacts' rows: found and locked, and changed, as many as there are at once.

All of it is in the data plane: the session has entered it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    select,
    true,
    union_all,
    update,
)

from engine.database.write_connection import FixedRow
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.base.ids import ContactId
from models.contacts.tables import contacts
from resolvers.contacts.given import Address
from resolvers.contacts.storing.fixed_values import in_given_account
from resolvers.contacts.storing.matching import Key, Match, StoredContact
from resolvers.contacts.storing.rows import (
    columns_of_rows,
    given_rows,
    row_of,
    written_columns,
)
from resolvers.contacts.storing.values import change_values

_FOUND_BY = {
    "externalId": contacts.c.external_id,
    "email": contacts.c.email_canonical,
    "phone": contacts.c.phone_canonical,
}


async def lock_named(session: WriteSession, account: Place, keys: Collection[Key]) -> list[StoredContact]:
    """The contacts that one of the keys names, locked in the order of their ids, so that two requests never
    wait for each other."""
    return await _lock(session, account, [], keys)


async def lock_contact(
    session: WriteSession, account: Place, id: ContactId, keys: Collection[Key]
) -> list[StoredContact]:
    """The contact with this id, and those that the keys name. The first one is missing if there is none."""
    return await _lock(session, account, [id], keys)


async def _lock(
    session: WriteSession, account: Place, ids: Sequence[ContactId], keys: Collection[Key]
) -> list[StoredContact]:
    if not ids and not keys:
        return []
    named: dict[str, list[str]] = {field: [] for field in _FOUND_BY}
    for key in keys:
        named[key.field].append(key.value)
    rows = await _LOCK.rows(session, {**columns_of(account), "ids": ids, **named})
    return list(map(_stored, rows))


async def update_contacts(session: WriteSession, account: Place, matches: Sequence[Match]) -> None:
    """Change locked contacts."""
    if not matches:
        return
    columns = columns_of_rows([row_of(match.new) for match in matches])
    await _UPDATE.send(session, {**columns_of(account), **columns, "ids": columns["id"]})
    await change_values(session, account, [(match.old, match.new) for match in matches if match.old])


def _stored(row: FixedRow) -> StoredContact:
    return StoredContact(
        id=ContactId(row.id),
        external_id=row.external_id,
        email=_address(row.email, row.email_canonical, row.email_digest),
        phone=_address(row.phone, row.phone_canonical, row.phone_digest),
        attributes=row.attributes,
        version=row.version,
    )


def _address(original: str | None, canonical: str | None, digest: Any) -> Address | None:
    if original is None or canonical is None:
        return None
    return Address(original, canonical, digest)


_IN_ACCOUNT = in_given_account(contacts)
_IDS: ColumnElement[Any] = bindparam("ids", type_=ARRAY(Uuid))


def _having(field: str, found_by: ColumnElement[str]) -> Select[Any]:
    """The ids of the contacts that have one of the values. Each is looked up by itself: for many values at
    once PostgreSQL would read all of an account that it takes for small."""
    unnested = func.unnest(bindparam(field, type_=ARRAY(Text)))
    named = unnested.table_valued(column("value", Text), name="named").render_derived(name="named")
    having = select(contacts.c.id).where(_IN_ACCOUNT, found_by == named.c.value)
    one = having.limit(1).correlate(named).lateral("one")
    return select(one.c.id).select_from(named.join(one, true()))


def _named_ids() -> FromClause:
    return union_all(*[_having(*arm) for arm in _FOUND_BY.items()]).subquery("ids")


_NAMED = func.array(select(_named_ids().c.id).scalar_subquery(), type_=ARRAY(Uuid))
_LOCK = FixedStatement(
    select(contacts)
    .where(_IN_ACCOUNT, contacts.c.id == func.any(func.array_cat(_IDS, _NAMED, type_=ARRAY(Uuid))))
    .order_by(contacts.c.id)
    .with_for_update()
)

_GIVEN = given_rows()
_CHANGED = {name: value for name, value in written_columns(_GIVEN).items() if name != "id"}
# The second condition as values: as rows, PostgreSQL may join them with all of the account.
_UPDATE = FixedStatement(
    update(contacts)
    .where(_IN_ACCOUNT, contacts.c.id == _GIVEN.c.id, contacts.c.id == func.any(_IDS))
    .values(**_CHANGED, version=contacts.c.version + 1)
)
