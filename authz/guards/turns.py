"""Writes of one tree wait for each other before they take a connection (see `engine.database.turns`)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from authz.callers.principals import Credentials
from authz.policy.refusals import Busy
from authz.wall.freshness import Revision, enter_to_write
from authz.wall.notes import TransactionNotes
from engine.database.turns import Turn, WaitedTooLong
from engine.writes.sessions import WriteSession, WriteSessions

T = TypeVar("T")

OTHERS_AT_WORK = "Others are changing the same accounts"
"""Why the server was too busy, for clients."""


async def in_turn(sessions: WriteSessions, steps: Callable[[Turn], Awaitable[T]]) -> T:
    """Returns what the steps return. They begin a transaction with the turn (see `WriteSessions.in_turn`).

    Raises Busy.
    """
    try:
        return await sessions.in_turn(steps)
    except WaitedTooLong as error:
        raise Busy(OTHERS_AT_WORK, error.retry_after) from error


async def write_in_turn(
    sessions: WriteSessions, credentials: Credentials, write: Callable[[WriteSession], Awaitable[T]]
) -> tuple[Revision, T]:
    """Run the write in one transaction as the caller. Returns the revision of its changes, and what it
    returns.

    The write has to change things only through its session, as it may be called again. Raises Busy, and
    UnknownCallerError where nobody has the token.
    """

    async def open_it(session: WriteSession) -> None:
        await enter_to_write(session, credentials)

    async def in_one_transaction(turn: Turn) -> tuple[Revision, T]:
        async with sessions.begin(turn, open_it) as session:
            done = await write(session)
            notes = session.notes(TransactionNotes)
            if notes.revision is None:
                await session.open()
            return Revision(cast("str", notes.revision)), done

    return await in_turn(sessions, in_one_transaction)
