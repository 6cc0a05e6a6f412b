"""Rows of events, written many at a time. The caller is in the data plane.

A partner's own id of an event stands in its row, so that it is remembered as long as the event is, and needs
no table that has to be swept.
"""

import datetime
import enum
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Boolean, DateTime, Text, Uuid, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.base.ids import new_ids
from models.messages.events import MessageEventKind, message_events
from resolvers.messages.events.sent import Sent

REPEATED = frozenset({MessageEventKind.OPEN, MessageEventKind.CLICK})
"""What may happen to a message more than once. Anything else is known once it was told."""


class Detail(NamedTuple):
    """`url`: what was clicked. `status`, `diagnostic`: of a bounce."""

    url: str | None = None
    status: str | None = None
    diagnostic: str | None = None


NO_DETAIL = Detail()


class SentEvent(NamedTuple):
    """Something that happened to what was sent. `key`: a partner's own id of it, unique for its message."""

    sent: Sent
    kind: MessageEventKind
    happened_at: datetime.datetime
    detail: Detail = NO_DETAIL
    key: str | None = None

    @property
    def told(self) -> "Told":
        """What it was told to be, which is compared with what was told under its key before."""
        return (self.kind.value, self.happened_at, *self.detail)


Told = tuple[str, datetime.datetime, str | None, str | None, str | None]


class Stored(enum.Enum):
    """What became of an event: the first of its kind for its message, a further one, one that was known and
    is not written again, or one whose key is that of another event."""

    FIRST = "FIRST"
    FURTHER = "FURTHER"
    KNOWN = "KNOWN"
    OTHER = "OTHER"

    @property
    def is_new(self) -> bool:
        """Whether it was written."""
        return self in (Stored.FIRST, Stored.FURTHER)


async def store_events(session: WriteSession, account: Place, events: Sequence[SentEvent]) -> list[Stored]:
    """Write the events, and tell what became of each. No two have one key for one message."""
    ids = new_ids(len(events))
    firsts: dict[tuple[int, str], int] = {}
    for index, event in enumerate(events):
        firsts.setdefault((event.sent.id.int, event.kind.value), index)
    # In one order, so that two batches about the same messages wait for each other without deadlock.
    tried = [firsts[key] for key in sorted(firsts)]
    written = await _write(session, account, events, ids, tried, is_first=True)
    stored = dict.fromkeys(written, Stored.FIRST)
    repeated = [index for index, event in enumerate(events) if index not in stored and event.kind in REPEATED]
    if repeated:
        repeated.sort(key=lambda index: (events[index].sent.id.int, events[index].key or ""))
        further = await _write(session, account, events, ids, repeated, is_first=False)
        stored |= dict.fromkeys(further, Stored.FURTHER)
    if len(stored) < len(events):
        stored |= await _known(session, account, events, set(range(len(events))) - stored.keys())
    return [stored[index] for index in range(len(events))]


async def _write(
    session: WriteSession,
    account: Place,
    events: Sequence[SentEvent],
    ids: Sequence[uuid.UUID],
    indices: Sequence[int],
    *,
    is_first: bool,
) -> list[int]:
    """Which of these it wrote: not those that another one stands in the way of."""
    some = [events[index] for index in indices]
    values = {
        **columns_of(account),
        "is_first": is_first,
        "id": [ids[index] for index in indices],
        "message_id": [each.sent.id for each in some],
        "reservation_id": [each.sent.reservation_id for each in some],
        "kind": [each.kind.value for each in some],
        "happened_at": [each.happened_at for each in some],
        "key": [each.key for each in some],
        "url": [each.detail.url for each in some],
        "status": [each.detail.status for each in some],
        "diagnostic": [each.detail.diagnostic for each in some],
    }
    rows = await _INSERT.rows(session, values)
    if len(rows) == len(indices):
        return list(indices)
    written = {row["id"] for row in rows}
    return [index for index in indices if ids[index] in written]


async def _known(
    session: WriteSession, account: Place, events: Sequence[SentEvent], indices: Iterable[int]
) -> dict[int, Stored]:
    """What stands in the way of these: the same, or another event under its key."""
    found = dict.fromkeys(indices, Stored.KNOWN)
    named = [index for index in found if events[index].key is not None]
    if named:
        values = {
            **columns_of(account),
            "message_id": [events[index].sent.id for index in named],
            "key": [events[index].key for index in named],
        }
        rows = await _TOLD.rows(session, values)
        told = {(row["message_id"], row["key"]): tuple(row)[2:] for row in rows}
        for index in named:
            event = events[index]
            if told.get((event.sent.id, event.key), event.told) != event.told:
                found[index] = Stored.OTHER
    return found


_TYPES: Mapping[str, Any] = {
    "id": Uuid(),
    "message_id": Uuid(),
    "reservation_id": Uuid(),
    "kind": Text(),
    "happened_at": DateTime(timezone=True),
    "key": Text(),
    "url": Text(),
    "status": Text(),
    "diagnostic": Text(),
}


def _given(types: Mapping[str, Any]) -> Any:
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    return func.unnest(*arrays).table_valued(*types).render_derived("given")


def _inserting() -> FixedStatement:
    given = _given(_TYPES).c
    values: dict[str, Any] = {**_PLACE, **{name: given[name] for name in _TYPES}}
    values["is_first"] = bindparam("is_first", type_=Boolean())
    rows = upsert(message_events).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing().returning(message_events.c.id))


def _reading() -> FixedStatement:
    """Each is looked up by itself: PostgreSQL thinks that there are few, and may join them in a slow way."""
    given = _given({name: _TYPES[name] for name in ("message_id", "key")})
    event = message_events.alias()
    told = (
        select(*[event.c[name] for name in ("kind", "happened_at", "url", "status", "diagnostic")])
        .where(
            *[event.c[name] == place for name, place in _PLACE.items()],
            event.c.message_id == given.c.message_id,
            event.c.key == given.c.key,
        )
        .limit(1)
        .lateral("told")
    )
    return FixedStatement(select(*given.c, *told.c).select_from(given.join(told, true())))


_PLACE = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}
_INSERT = _inserting()
_TOLD = _reading()
