"""Storing rows of a file one after the other, as if each came by itself.

Most rows have nothing to do with each other, and are written at once. Where rows are about the same contact,
or one takes an address that another one gives up, they are written in their order: at no moment may two
contacts have the same address.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.base.ids import ContactId
from models.contacts.tables import contacts
from resolvers.contacts.storing.inserting import FIRST_VERSION, insert_contacts
from resolvers.contacts.storing.matching import Match, StoredContact
from resolvers.contacts.storing.rows import as_columns
from resolvers.contacts.storing.store import update_contacts
from resolvers.contacts.storing.values import change_values, keep_values, written

_NEW = upsert(contacts)
_KEY = [column.name for column in contacts.primary_key]
_KEPT = {*_KEY, "source", "version", "created_at"}
_WRITE = _NEW.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        **{column.name: _NEW.excluded[column.name] for column in contacts.c if column.name not in _KEPT},
        "version": contacts.c.version + 1,
    },
)


async def write_in_order(
    session: WriteSession, account: Place, matches: Sequence[Match], source: str
) -> None:
    """Write what became of rows. What was there before is locked."""
    counted = Counter(thing for match in matches for thing in _things(match))
    alone: list[Match] = []
    together: list[Match] = []
    for match in matches:
        is_alone = all(counted[thing] == 1 for thing in _things(match))
        (alone if is_alone else together).append(match)
    await insert_contacts(session, account, [match.new for match in alone if match.old is None], source)
    await update_contacts(session, account, [match for match in alone if match.old and match.changes])
    await _write_each(session, account, [match for match in together if match.changes], source)


async def _write_each(session: WriteSession, account: Place, matches: Sequence[Match], source: str) -> None:
    place: dict[str, Any] = {**columns_of(account), "source": source, "version": FIRST_VERSION}
    rows = [place | as_columns(match.new) | {"attributes": dict(match.new.attributes)} for match in matches]
    await session.execute_each(_WRITE, rows)
    first: dict[ContactId, StoredContact | None] = {}
    for match in matches:
        first.setdefault(match.new.id, match.old)
    last = {match.new.id: match.new for match in matches}
    made = {id_: written(last[id_].attributes) for id_, old in first.items() if old is None}
    await keep_values(session, account, made)
    await change_values(session, account, [(old, last[id_]) for id_, old in first.items() if old is not None])


def _things(match: Match) -> set[object]:
    """What no two rows may touch at once: the contact, and what it is found by, before and after."""
    return {match.new.id, *match.new.keys, *(match.old.keys if match.old else ())}
