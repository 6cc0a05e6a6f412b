"""A partner's own ids of events: one that is told again under its key is not written again (T17)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, Text, Uuid, any_, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import new_ids
from models.messages.events import message_event_keys
from resolvers.messages.events.given import MOST_EVENTS

KEPT = datetime.timedelta(days=30)
_FORGOTTEN_AT_ONCE = 2 * MOST_EVENTS
"""Twice as many as a request brings."""


async def claim_keys(session: WriteSession, account: Place, wanted: Mapping[str, bytes]) -> set[str]:
    """Take these keys for what they were told with. Returns those that were free. Of two requests at once the
    second waits for the end of the first. The caller is in the data plane."""
    await _forget_old(session, account)
    # In one order, so that two requests with the same keys wait for each other without deadlock.
    keys = sorted(wanted)
    values: dict[str, Any] = {"id": new_ids(len(keys)), "key": keys, "digest": [wanted[key] for key in keys]}
    return {row["key"] for row in await _CLAIM.rows(session, values | columns_of(account))}


async def read_digests(session: WriteSession, account: Place, keys: Sequence[str]) -> Mapping[str, bytes]:
    """What was told under these keys before. The caller is in the data plane."""
    if not keys:
        return {}
    known = message_event_keys.c
    statement = select(known.key, known.digest).where(
        in_account(message_event_keys, account), known.key == any_(literal(list(keys), ARRAY(Text)))
    )
    return {row.key: row.digest for row in await session.execute(statement)}


async def _forget_old(session: WriteSession, account: Place) -> None:
    """Here alone keys grow, so here they are forgotten. Rows that another request holds are left to it."""
    old = message_event_keys.alias()
    some = (
        select(old.c.key)
        .where(
            in_account(old, account),
            old.c.created_at < datetime.datetime.now(datetime.UTC) - KEPT,
        )
        .order_by(old.c.created_at)
        .limit(_FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    known = message_event_keys.c
    await session.send_built(
        delete(message_event_keys).where(in_account(message_event_keys, account), known.key.in_(some))
    )


def _claiming() -> FixedStatement:
    types: Mapping[str, Any] = {"id": Uuid(), "key": Text(), "digest": LargeBinary()}
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    given = func.unnest(*arrays).table_valued(*types).render_derived("given").c
    place = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}
    values: dict[str, Any] = {**place, **{name: given[name] for name in types}}
    rows = upsert(message_event_keys).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing().returning(message_event_keys.c.key))


_CLAIM = _claiming()
