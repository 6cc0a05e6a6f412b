"""Contacts' rows as statements are given them: an array for each column.

The statements are fixed and hold no values. SQLAlchemy's objects refer to each other in circles: where they
held values, those of each part of an import would stay until Python looks for garbage.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, LargeBinary, Text, Uuid, bindparam, cast, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from resolvers.contacts.given import Address
from resolvers.contacts.storing.matching import StoredContact, Wanted
from resolvers.contacts.storing.values import written

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

ContactRow = tuple[Any, ...]
"""What is written of one contact: its id first, its attributes as JSON last."""

Columns = Mapping[str, list[Any]]
"""The same of many, by column."""

_NO_ADDRESS = (None, None, None)


def row_of(contact: StoredContact) -> ContactRow:
    """The row of a contact."""
    addresses = _of_address(contact.email), _of_address(contact.phone)
    return (contact.id, contact.external_id, *addresses[0], *addresses[1], written(contact.attributes))


def as_columns(contact: StoredContact) -> dict[str, Any]:
    """The row of one contact, by column."""
    return dict(zip(_TYPES, row_of(contact), strict=True))


def fresh_row(wanted: Wanted, id: Any) -> ContactRow:
    """The row of a contact of a request that gets this id."""
    values = {name: value for name, value in wanted.attributes.items() if value is not None}
    email, phone = _of_address(wanted.email), _of_address(wanted.phone)
    return (id, wanted.external_id, *email, *phone, written(values))


def columns_of_rows(rows: Sequence[ContactRow]) -> Columns:
    """What a statement with `given_rows` in it is sent with."""
    columns = zip(*rows, strict=True) if rows else [()] * len(_TYPES)
    return dict(zip(_TYPES, map(list, columns), strict=True))


def given_rows() -> FromClause:
    """The rows, in a fixed statement."""
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in _TYPES.items()]
    return func.unnest(*arrays).table_valued(*_TYPES, name="given").render_derived(name="given")


def written_columns(given: FromClause) -> dict[str, ColumnElement[Any]]:
    """What is written of the rows, by column."""
    return {name: given.c[name] for name in _TYPES} | {"attributes": cast(given.c.attributes, JSONB)}


def _of_address(address: Address | None) -> Sequence[Any]:
    return _NO_ADDRESS if address is None else address
