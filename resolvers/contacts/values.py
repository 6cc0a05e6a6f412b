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

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import ContactId
from models.contacts.tables import contact_values
from resolvers.contacts.attributes import Value
from resolvers.contacts.matching import StoredContact
from resolvers.contacts.value_digests import digest_of_value

Values = Mapping[str, Value]
"""Of one contact, by the attributes' names."""

_NO_VALUES = "{}"

_KEY = ("master_id", "account_id", "name", "contact_id")


async def keep_values(session: WriteSession, account: Place, given: Mapping[ContactId, str]) -> None:
    """Keep values of contacts, each as `written`. Those that are kept for other attributes stay."""
    rows = {id_: text for id_, text in given.items() if text != _NO_VALUES}
    if not rows:
        return
    ids, attributes = list(rows), list(rows.values())
    arrays = literal(ids, ARRAY(Uuid)), literal(attributes, ARRAY(Text))
    of_contact = _rows("given", func.unnest(*arrays), contact_id=Uuid(), attributes=Text())
    each = func.jsonb_each_text(cast(of_contact.c.attributes, JSONB))
    kept = _rows("kept", each, name=Text(), value=Text())
    tree, own = literal(account.master_id, Uuid), literal(account.account_id, Uuid)
    row = tree, own, kept.c.name, of_contact.c.contact_id, digest_of_value(kept.c.name, kept.c.value)
    values = select(*row).select_from(of_contact.join(kept, true()))
    statement = upsert(contact_values).from_select([*_KEY, "digest"], values)
    await session.send_built(
        statement.on_conflict_do_update(index_elements=_KEY, set_={"digest": statement.excluded.digest})
    )


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
