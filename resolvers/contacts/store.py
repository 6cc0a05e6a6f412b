"""Contacts' rows: found and locked, inserted and changed, as many as there are at once.

All of it is in the data plane: the session has entered it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    LargeBinary,
    Row,
    Select,
    Text,
    Uuid,
    cast,
    column,
    func,
    literal,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import TypeEngine

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import ContactId, new_ids
from models.contacts.tables import contacts
from resolvers.contacts.given import Address
from resolvers.contacts.matching import Key, Match, StoredContact, Wanted
from resolvers.contacts.values import change_values, keep_values, written

_TYPES: dict[str, TypeEngine[Any]] = {
    "id": Uuid(),
    "external_id": Text(),
    "email": Text(),
    "email_canonical": Text(),
    "email_digest": LargeBinary(),
    "phone": Text(),
    "phone_canonical": Text(),
    "phone_digest": LargeBinary(),
    "attributes": Text(),
}
"""What is written of a contact."""

_Values = tuple[Any, ...]
"""Of one contact, in the order of _TYPES."""

_NO_ADDRESS = (None, None, None)

_FOUND_BY = {
    "externalId": contacts.c.external_id,
    "email": contacts.c.email_canonical,
    "phone": contacts.c.phone_canonical,
}


async def lock_named(session: WriteSession, account: Place, keys: Collection[Key]) -> list[StoredContact]:
    """The contacts that one of the keys names, locked in the order of their ids, so that two requests never
    wait for each other."""
    arms = [
        _having(account, found_by, values)
        for field, found_by in _FOUND_BY.items()
        if (values := [key.value for key in keys if key.field == field])
    ]
    if not arms:
        return []
    ids = union_all(*arms).subquery("ids")
    return await _locked(session, account, func.array(select(ids.c.id).scalar_subquery(), type_=ARRAY(Uuid)))


def _having(account: Place, found_by: ColumnElement[str], values: Sequence[str]) -> Select[Any]:
    """The ids of the contacts that have one of the values. Each is looked up by itself: for many values at
    once PostgreSQL would read all of an account that it takes for small."""
    unnested = func.unnest(literal(values, ARRAY(Text)))
    named = unnested.table_valued(column("value", Text), name="named").render_derived(name="named")
    having = select(contacts.c.id).where(in_account(contacts, account), found_by == named.c.value)
    one = having.limit(1).correlate(named).lateral("one")
    return select(one.c.id).select_from(named.join(one, true()))


async def lock_contact(
    session: WriteSession, account: Place, id: ContactId, keys: Collection[Key]
) -> list[StoredContact]:
    """The contact with this id, and those that the keys name. The first one is missing if there is none."""
    named = await lock_named(session, account, keys)
    if any(contact.id == id for contact in named):
        return named
    return named + await _locked(session, account, literal([id], ARRAY(Uuid)))


async def _locked(session: WriteSession, account: Place, ids: ColumnElement[Any]) -> list[StoredContact]:
    statement = (
        select(contacts)
        .where(in_account(contacts, account), contacts.c.id == func.any(ids))
        .order_by(contacts.c.id)
        .with_for_update()
    )
    return [_stored(row) for row in (await session.execute(statement)).all()]


async def insert_contacts(
    session: WriteSession, account: Place, new: Sequence[StoredContact], source: str
) -> None:
    """Insert contacts, with addresses and ids that no contact of the account has."""
    rows = [_values(contact) for contact in new]
    inserted = await _insert(session, account, rows, source)
    if len(inserted) != len(new):
        raise AssertionError("somebody gives addresses without `giving_addresses`")
    await keep_values(session, account, _attributes_of(rows))


@dataclass(frozen=True)
class FreshContacts:
    """Contacts that may be new, no two of which have the same key: their positions in a request, and in the
    same order what is written of them, with new ids."""

    indexes: Sequence[int]
    rows: Sequence[_Values]


def fresh_contacts(wanted: Iterable[Wanted]) -> FreshContacts:
    """Those that have an address. No two of them may have the same key."""
    new = [each for each in wanted if each.email is not None or each.phone is not None]
    ids = [ContactId(id_) for id_ in new_ids(len(new))]
    return FreshContacts([each.index for each in new], list(map(_fresh_values, new, ids)))


async def insert_fresh(
    session: WriteSession, account: Place, fresh: FreshContacts, source: str
) -> dict[int, ContactId]:
    """Insert those of which the account has nothing yet, without a look at what it has. Returns their ids by
    their positions."""
    inserted = await _insert(session, account, fresh.rows, source)
    made = (
        fresh.rows if len(inserted) == len(fresh.rows) else [row for row in fresh.rows if row[0] in inserted]
    )
    await keep_values(session, account, _attributes_of(made))
    return {index: row[0] for index, row in zip(fresh.indexes, fresh.rows, strict=True) if row[0] in inserted}


async def _insert(
    session: WriteSession, account: Place, new: Sequence[_Values], source: str
) -> set[ContactId]:
    if not new:
        return set()
    rows = _as_rows(new)
    columns = ["master_id", "account_id", *_TYPES, "source", "version"]
    values = [
        literal(account.master_id, Uuid),
        literal(account.account_id, Uuid),
        *_written(rows),
        literal(source, Text),
        literal(1),
    ]
    # In a distributed table INSERT .. SELECT needs an ON CONFLICT.
    statement = (
        upsert(contacts)
        .from_select(columns, select(*values).select_from(rows))
        .on_conflict_do_nothing()
        .returning(contacts.c.id)
    )
    return {ContactId(id_) for id_ in (await session.execute(statement)).scalars()}


async def update_contacts(session: WriteSession, account: Place, matches: Sequence[Match]) -> None:
    """Change locked contacts."""
    if not matches:
        return
    rows = _as_rows([_values(match.new) for match in matches])
    changed = dict(zip(_TYPES, _written(rows), strict=True))
    del changed["id"]
    # The second time as values: as rows, PostgreSQL may join them with all of the account.
    these = contacts.c.id == func.any(literal([match.new.id for match in matches], ARRAY(Uuid)))
    await session.send_built(
        update(contacts)
        .where(in_account(contacts, account), contacts.c.id == rows.c.id, these)
        .values(**changed, version=contacts.c.version + 1)
    )
    await change_values(session, account, [(match.old, match.new) for match in matches if match.old])


def _as_rows(new: Sequence[_Values]) -> FromClause:
    arrays = [
        literal(list(column_values), ARRAY(type_))
        for column_values, type_ in zip(zip(*new, strict=True), _TYPES.values(), strict=True)
    ]
    columns = [column(name, type_) for name, type_ in _TYPES.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived(name="given")


def _written(rows: FromClause) -> list[Any]:
    return [cast(rows.c[name], JSONB) if name == "attributes" else rows.c[name] for name in _TYPES]


def _values(contact: StoredContact) -> _Values:
    return (
        contact.id,
        contact.external_id,
        *(_NO_ADDRESS if contact.email is None else contact.email),
        *(_NO_ADDRESS if contact.phone is None else contact.phone),
        written(contact.attributes),
    )


def _fresh_values(wanted: Wanted, id: ContactId) -> _Values:
    return (
        id,
        wanted.external_id,
        *(_NO_ADDRESS if wanted.email is None else wanted.email),
        *(_NO_ADDRESS if wanted.phone is None else wanted.phone),
        written({name: value for name, value in wanted.attributes.items() if value is not None}),
    )


def _attributes_of(rows: Iterable[_Values]) -> dict[ContactId, str]:
    """What is written of them, by the contacts' ids."""
    return {row[0]: row[-1] for row in rows}


def _stored(row: Row[Any]) -> StoredContact:
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
