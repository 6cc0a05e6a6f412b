"""What contacts are filtered by: the values of their attributes again, a row for each (decision 55).

Whoever writes a contact's attributes writes them too, in the same transaction and behind the lock on the
contact. The session has entered the data plane.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    FromClause,
    Function,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import TypeEngine

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import ContactId
from models.contacts.tables import contact_values
from resolvers.contacts.attributes import Value
from resolvers.contacts.storing.fixed_values import ACCOUNT_ID, MASTER_ID
from resolvers.contacts.storing.matching import StoredContact
from resolvers.contacts.storing.value_digests import digest_of_value

Values = Mapping[str, Value]
"""Of one contact, by the attributes' names."""

_NO_VALUES = "{}"


async def keep_values(session: WriteSession, account: Place, given: Mapping[ContactId, str]) -> None:
    """Keep values of contacts, each as `written`. Those that are kept for other attributes stay."""
    rows = {id_: text for id_, text in given.items() if text != _NO_VALUES}
    if rows:
        arrays = {"contact_ids": list(rows), "attributes": list(rows.values())}
        await _KEEP.send(session, {**columns_of(account), **arrays})


def written(values: Values) -> str:
    """As JSON."""
    return orjson.dumps(values).decode()


async def change_values(
    session: WriteSession, account: Place, changed: Sequence[tuple[StoredContact, StoredContact]]
) -> None:
    """Keep what contacts have now, given what they had before."""
    gone = [(name, old.id) for old, new in changed for name in old.attributes if name not in new.attributes]
    await _forget(session, account, gone)
    await keep_values(session, account, {new.id: written(_new_values(old, new)) for old, new in changed})


async def forget_values(session: WriteSession, account: Place, contact: StoredContact) -> None:
    """The contact is erased."""
    await _forget(session, account, [(name, contact.id) for name in contact.attributes])


async def _forget(session: WriteSession, account: Place, gone: Sequence[tuple[str, ContactId]]) -> None:
    if not gone:
        return
    names, ids = zip(*gone, strict=True)
    arrays = literal(list(names), ARRAY(Text)), literal(list(ids), ARRAY(Uuid))
    rows = _rows("gone", func.unnest(*arrays), name=Text(), contact_id=Uuid())
    value = contact_values.c
    these = and_(value.name == rows.c.name, value.contact_id == rows.c.contact_id)
    # The second time as values: as rows, PostgreSQL may join them with all of the account.
    sought = value.name == func.any(arrays[0]), value.contact_id == func.any(arrays[1])
    await session.send_built(
        delete(contact_values).where(in_account(contact_values, account), these, *sought)
    )


def _new_values(old: StoredContact, new: StoredContact) -> Values:
    return {name: value for name, value in new.attributes.items() if old.attributes.get(name) != value}


def _rows(alias: str, call: Function[Any], **columns: TypeEngine[Any]) -> FromClause:
    named = [column(each, type_) for each, type_ in columns.items()]
    return call.table_valued(*named, name=alias).render_derived(name=alias)


_OF_CONTACT = _rows(
    "given",
    func.unnest(bindparam("contact_ids", type_=ARRAY(Uuid)), bindparam("attributes", type_=ARRAY(Text))),
    contact_id=Uuid(),
    attributes=Text(),
)
_KEPT = _rows("kept", func.jsonb_each_text(cast(_OF_CONTACT.c.attributes, JSONB)), name=Text(), value=Text())
_ROW = {
    "master_id": MASTER_ID,
    "account_id": ACCOUNT_ID,
    "name": _KEPT.c.name,
    "contact_id": _OF_CONTACT.c.contact_id,
    "digest": digest_of_value(_KEPT.c.name, _KEPT.c.value),
}
_VALUES = upsert(contact_values).from_select(
    list(_ROW), select(*_ROW.values()).select_from(_OF_CONTACT.join(_KEPT, true()))
)
_KEEP = FixedStatement(
    _VALUES.on_conflict_do_update(
        index_elements=[column.name for column in contact_values.primary_key],
        set_={"digest": _VALUES.excluded.digest},
    )
)
