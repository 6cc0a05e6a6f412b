"""Whether the histories of a tree are whole: never two versions at once, no gap, the last is the present."""

import datetime
import uuid
from collections import defaultdict
from itertools import pairwise
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.access.histories import HISTORIES, History

Versions = dict[tuple[Any, ...], list[tuple[datetime.datetime, datetime.datetime]]]


async def versions_of(database: AsyncEngine, history: History, master_id: uuid.UUID) -> Versions:
    """The periods of each row's versions in a tree, the oldest first, by the row's key."""
    table = history.versions
    found: Versions = defaultdict(list)
    statement = select(table).where(table.c.master_id == master_id).order_by(table.c.holds_from)
    async with database.connect() as connection:
        for row in (await connection.execute(statement)).mappings():
            found[tuple(row[name] for name in history.key)].append((row["holds_from"], row["holds_until"]))
    return found


async def assert_whole(database: AsyncEngine, master_id: uuid.UUID) -> None:
    """Of every table of the tree."""
    for history in HISTORIES:
        if "master_id" not in history.versions.c:
            continue
        for key, periods in (await versions_of(database, history, master_id)).items():
            for (_, until), (begin, _) in pairwise(periods):
                assert until == begin, (history.table.name, key, periods)
        columns, name = ", ".join(history.columns), history.table.name
        differing = text(
            f"WITH present AS (SELECT {columns} FROM {name} WHERE master_id = :master), last AS (SELECT "
            f"{columns} FROM {name}_history WHERE holds_until = 'infinity' AND master_id = :master) "
            "(TABLE present EXCEPT TABLE last) UNION ALL (TABLE last EXCEPT TABLE present)"
        )
        async with database.connect() as connection:
            assert (await connection.execute(differing, {"master": master_id})).all() == [], name
