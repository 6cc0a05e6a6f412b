"""Which contact lists contacts are in. The session has entered the data plane."""

import uuid
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import ARRAY, FromClause, Text, Uuid, and_, column, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import ContactId
from models.contacts.tables import contact_list_members, contact_lists
from resolvers.contacts.given import ReadContact

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
    rows = _as_rows(pairs)
    columns = ["master_id", "account_id", "contact_list_id", "contact_id", "source"]
    tree, own = literal(account.master_id, Uuid), literal(account.account_id, Uuid)
    values = select(tree, own, rows.c.contact_list_id, rows.c.contact_id, literal(source, Text))
    statement = (
        upsert(contact_list_members)
        .from_select(columns, values)
        .on_conflict_do_nothing()
        .returning(contact_list_members.c.contact_id)
    )
    return {ContactId(id_) for id_ in (await session.execute(statement)).scalars()}


async def _remove(session: WriteSession, account: Place, pairs: _Pairs) -> set[ContactId]:
    if not pairs:
        return set()
    rows, member = _as_rows(pairs), contact_list_members.c
    # The second time as values: as rows, PostgreSQL may join them with all of the account.
    sought = member.contact_id == func.any(literal([contact_id for _, contact_id in pairs], ARRAY(Uuid)))
    these = and_(
        member.contact_list_id == rows.c.contact_list_id, member.contact_id == rows.c.contact_id, sought
    )
    statement = (
        delete(contact_list_members)
        .where(in_account(contact_list_members, account), these)
        .returning(member.contact_id)
    )
    return {ContactId(id_) for id_ in (await session.execute(statement)).scalars()}


def _pairs(lists: Mapping[ContactId, Collection[uuid.UUID]]) -> _Pairs:
    """In one order, so that two requests never wait for each other."""
    return sorted((list_id, contact_id) for contact_id, ids in lists.items() for list_id in ids)


def _as_rows(pairs: _Pairs) -> FromClause:
    lists = literal([list_id for list_id, _ in pairs], ARRAY(Uuid))
    members = literal([contact_id for _, contact_id in pairs], ARRAY(Uuid))
    columns = column("contact_list_id", Uuid), column("contact_id", Uuid)
    return func.unnest(lists, members).table_valued(*columns, name="pairs").render_derived(name="pairs")
