"""Sealing again, with the newest secret, what an older one has sealed.

Writers may be at work meanwhile. A batch leaves out rows that somebody has locked, so it never waits; a later
pass takes them. Whoever interrupts the work and begins it again continues where it ended, because what is
sealed with the newest secret is not looked at again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, literal, select, tuple_, update

from engine.writes.sessions import WriteSession, WriteSessions
from resolvers.sealing.keyring import HEAD_SIZE, Keyring, NotOpenedError
from resolvers.sealing.places import SealedColumn

BATCH = 200
"""The most rows of one transaction."""
_PAUSE = 0.2
"""Seconds until the next pass, for writers to end."""


_SealedRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Resealed:
    """What was done. `unopened`: values that no secret of the deployment opens; they stay as they are."""

    done: int
    unopened: int


async def reseal(sessions: WriteSessions, keyring: Keyring, column: SealedColumn) -> Resealed:
    """Seal all values of the column with the newest secret, batch by batch, each in a transaction of its own.

    Needs the rights of the tables' owner, who sees all trees.
    """
    rotation = _Rotation(sessions, keyring, column)
    done = 0
    while True:
        passed = await rotation.go_through()
        done += passed.done
        if await rotation.number_left() <= passed.unopened:
            return Resealed(done, passed.unopened)
        await asyncio.sleep(_PAUSE)


class _Rotation:
    def __init__(self, sessions: WriteSessions, keyring: Keyring, column: SealedColumn) -> None:
        self._sessions = sessions
        self._keyring = keyring
        self._column = column
        self._key = list(column.table.primary_key.columns)
        self._sealed = column.table.c[column.name]

    async def number_left(self) -> int:
        """How many values an older secret has sealed."""
        statement = select(func.count()).select_from(self._column.table).where(self._is_older())
        async with self._sessions.begin() as session:
            return (await session.execute(statement)).scalar_one()

    async def go_through(self) -> Resealed:
        """One pass over the table, without the rows that are locked."""
        done = unopened = 0
        last: _SealedRow | None = None
        while True:
            async with self._sessions.begin() as session:
                rows = await self._older(session, last)
                resealed = await self._reseal(session, rows)
            if not rows:
                return Resealed(done, unopened)
            done += resealed
            unopened += len(rows) - resealed
            last = rows[-1]

    async def _older(self, session: WriteSession, last: _SealedRow | None) -> Sequence[_SealedRow]:
        """The next rows whose value an older secret has sealed."""
        statement = select(*self._key, self._sealed).where(self._is_older())
        if last is not None:
            passed = [literal(last._mapping[column.name], column.type) for column in self._key]
            statement = statement.where(tuple_(*self._key) > tuple_(*passed))
        batch = statement.order_by(*self._key).limit(BATCH).with_for_update(skip_locked=True)
        return (await session.execute(batch)).all()

    async def _reseal(self, session: WriteSession, rows: Sequence[_SealedRow]) -> int:
        """Seal these values anew. Returns how many of them a secret opens."""
        changes = []
        for row in rows:
            place = self._column.place(dict(row._mapping))
            try:
                value = self._keyring.open(place, row._mapping[self._column.name])
            except NotOpenedError:
                continue
            ids = {f"key_{column.name}": row._mapping[column.name] for column in self._key}
            changes.append({**ids, "sealed": self._keyring.seal(place, value)})
        this = and_(*[column == bindparam(f"key_{column.name}") for column in self._key])
        resealed = update(self._column.table).where(this).values({self._column.name: bindparam("sealed")})
        await session.execute_each(resealed, changes)
        return len(changes)

    def _is_older(self) -> ColumnElement[bool]:
        return func.substring(self._sealed, 1, HEAD_SIZE) != literal(self._keyring.newest)
