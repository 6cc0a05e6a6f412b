"""Which contact lists contacts are in. The session has entered the data plane."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import ContactId
from models.contacts.tables import contact_list_members, contact_lists
from resolvers.contacts.given import ReadContact
from resolvers.contacts.storing.fixed_values import ACCOUNT_ID, MASTER_ID, in_given_account

_Pairs = list[tuple[uuid.UUID, ContactId]]


async def known_lists(session: WriteSession, account: Place, wanted: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the lists that the account has. One that was deleted is none of them, though a worker still
    removes its members."""
    if not wanted:
        return set()
    statement = select(contact_lists.c.id).where(
        in_account(contact_lists, account),
        contact_lists.c.id == func.any(literal(list(wanted), ARRAY(Uuid))),
        contact_lists.c.deleted_at.is_(None),
    )
    return set((await session.execute(statement)).scalars())


async def change_memberships(
    session: WriteSession, account: Place, done: Iterable[tuple[ContactId, ReadContact]], source: str
) -> set[ContactId]:
    """Add contacts to the lists that they are given with, and remove them from others. Returns the contacts
    that were in fact added or removed."""
    made = [(id_, contact) for id_, contact in done if contact.add_to_lists or contact.remove_from_lists]
    added = _pairs({id_: contact.add_to_lists for id_, contact in made})
    removed = _pairs({id_: contact.remove_from_lists for id_, contact in made})
    return await _add(session, account, added, source) | await _remove(session, account, removed)


async def _add(session: WriteSession, account: Place, pairs: _Pairs, source: str) -> set[ContactId]:
    if not pairs:
        return set()
    rows = await _ADD.rows(session, {**_values(account, pairs), "source": source})
    return {ContactId(row.contact_id) for row in rows}


async def _remove(session: WriteSession, account: Place, pairs: _Pairs) -> set[ContactId]:
    if not pairs:
        return set()
    rows = await _REMOVE.rows(session, _values(account, pairs))
    return {ContactId(row.contact_id) for row in rows}


def _pairs(lists: Mapping[ContactId, Collection[uuid.UUID]]) -> _Pairs:
    """In one order, so that two requests never wait for each other."""
    return sorted((list_id, contact_id) for contact_id, ids in lists.items() for list_id in ids)


def _values(account: Place, pairs: _Pairs) -> Mapping[str, Any]:
    lists, members = map(list, zip(*pairs, strict=True))
    return {**columns_of(account), "contact_list_ids": lists, "contact_ids": members}


_CONTACTS: ColumnElement[Any] = bindparam("contact_ids", type_=ARRAY(Uuid))
_GIVEN = (
    func.unnest(bindparam("contact_list_ids", type_=ARRAY(Uuid)), _CONTACTS)
    .table_valued(column("contact_list_id", Uuid), column("contact_id", Uuid), name="pairs")
    .render_derived(name="pairs")
)
_ROW = {
    "master_id": MASTER_ID,
    "account_id": ACCOUNT_ID,
    "contact_list_id": _GIVEN.c.contact_list_id,
    "contact_id": _GIVEN.c.contact_id,
    "source": bindparam("source", type_=Text()),
}
_ADD = FixedStatement(
    upsert(contact_list_members)
    .from_select(list(_ROW), select(*_ROW.values()).select_from(_GIVEN))
    .on_conflict_do_nothing()
    .returning(contact_list_members.c.contact_id)
)
_MEMBER = contact_list_members.c
_REMOVE = FixedStatement(
    delete(contact_list_members)
    .where(
        in_given_account(contact_list_members),
        and_(_MEMBER.contact_list_id == _GIVEN.c.contact_list_id, _MEMBER.contact_id == _GIVEN.c.contact_id),
        # The second time as values: as rows, PostgreSQL may join them with all of the account.
        _MEMBER.contact_id == func.any(_CONTACTS),
    )
    .returning(_MEMBER.contact_id)
)
