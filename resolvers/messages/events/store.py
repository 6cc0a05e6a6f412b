"""Rows of events, written many at a time. The caller is in the data plane."""

import datetime
import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Boolean, DateTime, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.base.ids import new_ids
from models.messages.events import MessageEventKind, message_events
from resolvers.messages.events.sent import Sent

REPEATED = frozenset({MessageEventKind.OPEN, MessageEventKind.CLICK})
"""What may happen to a message more than once. Anything else is known once it was told."""


@dataclass(frozen=True, kw_only=True)
class Detail:
    """`url`: what was clicked. `status`, `diagnostic`: of a bounce."""

    url: str | None = None
    status: str | None = None
    diagnostic: str | None = None


NO_DETAIL = Detail()


@dataclass(frozen=True, kw_only=True)
class SentEvent:
    """Something that happened to what was sent."""

    sent: Sent
    kind: MessageEventKind
    happened_at: datetime.datetime
    detail: Detail = NO_DETAIL


class Stored(enum.Enum):
    """What became of an event: the first of its kind for its message, a further one, or one that was known
    and is not written again."""

    FIRST = "FIRST"
    FURTHER = "FURTHER"
    KNOWN = "KNOWN"


async def store_events(session: WriteSession, account: Place, events: Sequence[SentEvent]) -> list[Stored]:
    """Write the events, and tell what became of each."""
    ids = new_ids(len(events))
    firsts: dict[tuple[uuid.UUID, str], int] = {}
    for index, event in enumerate(events):
        firsts.setdefault((event.sent.id, event.kind.value), index)
    # In one order, so that two batches about the same messages wait for each other without deadlock.
    tried = [firsts[key] for key in sorted(firsts)]
    rows = await _INSERT.rows(session, _values(account, events, ids, tried, is_first=True))
    written = {row["id"] for row in rows}
    stored = [
        Stored.FIRST if ids[index] in written else Stored.FURTHER if event.kind in REPEATED else Stored.KNOWN
        for index, event in enumerate(events)
    ]
    further = [index for index, each in enumerate(stored) if each is Stored.FURTHER]
    if further:
        await _INSERT.rows(session, _values(account, events, ids, further, is_first=False))
    return stored


def _values(
    account: Place,
    events: Sequence[SentEvent],
    ids: Sequence[uuid.UUID],
    indices: Sequence[int],
    *,
    is_first: bool,
) -> dict[str, Any]:
    some = [events[index] for index in indices]
    return {
        **columns_of(account),
        "is_first": is_first,
        "id": [ids[index] for index in indices],
        "message_id": [each.sent.id for each in some],
        "reservation_id": [each.sent.reservation_id for each in some],
        "kind": [each.kind.value for each in some],
        "happened_at": [each.happened_at for each in some],
        "url": [each.detail.url for each in some],
        "status": [each.detail.status for each in some],
        "diagnostic": [each.detail.diagnostic for each in some],
    }


_TYPES: Mapping[str, Any] = {
    "id": Uuid(),
    "message_id": Uuid(),
    "reservation_id": Uuid(),
    "kind": Text(),
    "happened_at": DateTime(timezone=True),
    "url": Text(),
    "status": Text(),
    "diagnostic": Text(),
}


def _inserting() -> FixedStatement:
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in _TYPES.items()]
    given = func.unnest(*arrays).table_valued(*_TYPES).render_derived("given").c
    place = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}
    values: dict[str, Any] = {**place, **{name: given[name] for name in _TYPES}}
    values["is_first"] = bindparam("is_first", type_=Boolean())
    rows = upsert(message_events).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing().returning(message_events.c.id))


_INSERT = _inserting()
