"""What the messages of a batch say, and what templates know of their recipients. The caller is in the data
plane."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, literal, select

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
            statement = select(table.c.id, table.c.subject, table.c.text, table.c.html).where(
                table.c.master_id == master_id,
                table.c.account_id == any_(literal(sorted({place for place, _ in named}), ARRAY(Uuid))),
                table.c.id == any_(literal(sorted({id_ for _, id_ in named}), ARRAY(Uuid))),
            )
            for row in await session.execute(statement):
                found[row.id] = Parts(row.subject, row.text, row.html)
    return found


async def read_contacts(
    session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, Values]:
    """What templates know of the recipients that are contacts, by the contacts' ids."""
    named = [row for row in rows if row.contact_id is not None and row.version_id is not None]
    if not named:
        return {}
    contact = contacts.alias()
    statement = select(
        contact.c.id,
        contact.c.email,
        contact.c.phone,
        contact.c.external_id,
        shown_values(contact).label("attributes"),
    ).where(
        contact.c.master_id == master_id,
        contact.c.account_id == any_(literal(sorted({row.account_id for row in named}), ARRAY(Uuid))),
        contact.c.id == any_(literal(sorted({row.contact_id for row in named}), ARRAY(Uuid))),
    )
    return {row["id"]: contact_values(dict(row)) for row in (await session.execute(statement)).mappings()}
