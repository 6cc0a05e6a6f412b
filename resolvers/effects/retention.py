"""How long rows are kept that nothing needs for ever, and their deletion.

The rows belong to all trees, so that stored functions delete them with the rights of the tables' owner. One
call deletes the oldest rows by an index, at most BATCH of them, and returns whether there may be more. It
skips locked rows, so that nobody waits.

Tables that are missing here keep their rows on purpose, or are bounded in another way:
`tests/storage/growth.py` states which.
"""

import datetime
from dataclasses import dataclass
from functools import cache

from sqlalchemy import func, select

from engine.writes.sessions import WriteSession
from models.areas import modules_of_areas

BATCH = 1000
"""The most rows that one transaction deletes."""

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Retention:
    """Rows of a table are deleted so long after the moment in the column `since`. `key`: the columns of its
    primary key."""

    name: str
    table: str
    key: tuple[str, ...]
    since: str
    kept: datetime.timedelta
    only: str = "true"
    """A condition in SQL, if not all rows are meant; the index over `since` has it as well."""

    async def delete_batch(self, session: WriteSession) -> bool:
        """Delete up to BATCH rows in the session's transaction. Returns whether it deleted that many."""
        deleting = select(getattr(func, self._function_name)())
        return bool((await session.execute(deleting)).scalar_one())

    @property
    def _function_name(self) -> str:
        return f"mandant_delete_old_{self.name}"


@cache
def retentions() -> tuple[Retention, ...]:
    """What areas contribute in a module `retentions`, as `RETENTIONS`."""
    areas = modules_of_areas("resolvers.{area}.retentions")
    return tuple(retention for area in areas for retention in area.RETENTIONS)
