"""What the messages of a batch say, and what templates know of their recipients. The caller is in the data
plane."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Row, Select, Uuid, and_, any_, bindparam, select

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId
from models.contacts.tables import contacts
from models.messages.tables import message_bodies
from models.templates.tables import template_versions
from resolvers.contacts.attribute_reads import shown_values
from resolvers.templates.parts import Parts
from resolvers.templates.variables import Values, contact_values


async def read_parts(
    session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, Parts]:
    """What the messages say, by the id of the version or the body."""
    found: dict[uuid.UUID, Parts] = {}
    for table, column in ((message_bodies, "body_id"), (template_versions, "version_id")):
        named = {(row.account_id, getattr(row, column)) for row in rows if getattr(row, column) is not None}
        if named:
            places, ids = sorted({place for place, _ in named}), sorted({id_ for _, id_ in named})
            values = {"tree": master_id, "places": places, "ids": ids}
            for row in await _PARTS[table].rows(session, values):
                found[row.id] = Parts(row.subject, row.text, row.html)
    return found


def _of_batch(table: FromClause) -> ColumnElement[bool]:
    """Those that the values of a statement name."""
    return and_(
        table.c.master_id == bindparam("tree", type_=Uuid()),
        table.c.account_id == any_(bindparam("places", type_=ARRAY(Uuid))),
        table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    )


_PARTS = {
    table: FixedStatement(
        select(table.c.id, table.c.subject, table.c.text, table.c.html).where(_of_batch(table))
    )
    for table in (message_bodies, template_versions)
}


async def read_contacts(
    session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, Values]:
    """What templates know of the recipients that are contacts, by the contacts' ids."""
    named = [row for row in rows if row.contact_id is not None and row.version_id is not None]
    if not named:
        return {}
    places, ids = sorted({row.account_id for row in named}), sorted({row.contact_id for row in named})
    found = await session.execute(_CONTACTS, {"tree": master_id, "places": places, "ids": ids})
    return {row["id"]: contact_values(dict(row)) for row in found.mappings()}


def _contacts() -> Select[Any]:
    contact = contacts.alias()
    return select(
        contact.c.id,
        contact.c.email,
        contact.c.phone,
        contact.c.external_id,
        shown_values(contact).label("attributes"),
    ).where(_of_batch(contact))


_CONTACTS = _contacts()
