"""Whom SMS of an account come from is noted, so that an answer finds the account."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.messages.tables import sms_senders


async def note_sms_senders(session: WriteSession, account: Place, senders: Collection[str]) -> None:
    """Note those that are new. The caller is in the control plane."""
    if senders:
        # In one order, so that two requests with new ones wait for each other without deadlock.
        await _NOTE.send(session, columns_of(account) | {"senders": sorted(set(senders))})


def _noting() -> FixedStatement:
    given = func.unnest(bindparam("senders", type_=ARRAY(Text()))).table_valued("sender")
    place = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}
    values: dict[str, Any] = {**place, "sender": given.render_derived("given").c.sender}
    rows = upsert(sms_senders).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing())


_NOTE = _noting()
