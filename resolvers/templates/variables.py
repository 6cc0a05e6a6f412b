"""The variables of templates: what they are called there, and whose values they have."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Uuid, literal, select

from engine.database.snapshot import Reader
from engine.declare.far import tree_value
from models.base.ids import IdInAccount
from models.contacts.tables import contacts
from resolvers.block_list.reads import SeenPath
from resolvers.contacts.attribute_reads import shown_values
from resolvers.settings.in_force import EffectiveSettings

Values = Mapping[str, object]
"""Values by their names. A value that is not there is left out, so that a template sees it as missing."""


async def read_contact_values(reader: Reader, path: SeenPath, contact_id: IdInAccount) -> Values | None:
    """What `contact` is in a template for this contact. None: the account has no such contact."""
    contact = contacts.alias()
    statement = select(
        contact.c.email, contact.c.phone, contact.c.external_id, shown_values(contact).label("attributes")
    ).where(
        contact.c.master_id == tree_value(),
        contact.c.account_id == literal(path.account_id, Uuid),
        contact.c.id == literal(contact_id.id, Uuid),
    )
    for row in await reader.far_rows(path.master_id, statement, {}):
        return contact_values(row)
    return None


def contact_values(row: Mapping[str, Any]) -> Values:
    """The same, of a row with these columns."""
    return _present(
        email=row["email"],
        phone=row["phone"],
        externalId=row["external_id"],
        attributes={name: value for name, value in row["attributes"].items() if value is not None},
    )


def account_values(name: str, settings: EffectiveSettings) -> Values:
    """What `account` is in a template."""
    return _present(
        name=name,
        language=settings.language,
        timeZone=settings.time_zone,
        senderName=settings.sender_name,
        senderAddress=settings.sender_address,
        unsubscribePage=settings.unsubscribe_page,
    )


def _present(**values: object) -> Values:
    return {name: value for name, value in values.items() if value is not None}
