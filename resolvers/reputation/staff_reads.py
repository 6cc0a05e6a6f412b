"""Sending sources as platform staff see them.

The rows come from stored functions that look past row level security, see `authz.wall.staff_door`.
"""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.wall import staff_door
from engine.declare.paging import Order
from models.reputation.tables import sending_sources

BY_KEY = Order("staff.account.sendingSources", (sending_sources.c.stream, sending_sources.c.api_key_id))


def of_account(account: FromClause) -> Select[Any]:
    """What of the account sends, and whether it may. Those are listed that have sent at least 100 messages
    within a day, or were paused."""
    return select(*staff_door.seen_sources(account.c.id).c)


def of_result(result: FromClause) -> Select[Any]:
    """The source after the change."""
    seen = staff_door.seen_sources(result.c.account_id)
    return select(*seen.c).where(seen.c.stream == result.c.stream, seen.c.api_key_id == result.c.api_key_id)
