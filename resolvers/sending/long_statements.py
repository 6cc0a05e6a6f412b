"""Transactions about a million recipients, whose statements take longer than those of others."""

from sqlalchemy import Select, func, select

from engine.database.snapshot import Reader
from engine.writes.sessions import WriteSession

_LONG = "60s"
_PATIENCE = 61.0
"""Seconds. It is longer than the database's limit, so that only a silent database is given up."""


async def allow_many(session: WriteSession) -> None:
    """Prepare the rest of the transaction for a million rows. Its statements may take a minute. Each is
    planned for the present rows, because the connection's cached plans were made for fewer."""
    await session.execute(_allowing())
    session.wait_up_to(_PATIENCE)


async def allow_many_to_read(reader: Reader) -> None:
    """The same for what is read in the reader's snapshot."""
    await reader.rows(_allowing())
    await reader.wait_up_to(_PATIENCE)


def _allowing() -> Select[tuple[str, str]]:
    longer = func.set_config("statement_timeout", _LONG, True)
    return select(longer, func.set_config("plan_cache_mode", "force_custom_plan", True))
