"""Changes that nobody asks for at this moment, such as a directory's: left out where they break a promise."""

from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError

from authz.guards.locks import remember_access
from engine.writes.sessions import WriteSession
from resolvers.promises.broken import Broken

_PROMISE_BROKEN = "MP001"
"""The database's code, of `mandant_check_promises`."""


async def unless_it_breaks(session: WriteSession, change: Callable[[], Awaitable[None]]) -> Broken | None:
    """Make the change, which tells of itself by an event. If that breaks a promise, undo the change alone,
    and return what it would have broken."""
    before = await session.savepoint()
    try:
        await change()
        # Waited for: what was sent before raises its errors now.
        await session.savepoint()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _PROMISE_BROKEN:
            raise
        await before.go_back()
        await remember_access(session)
        return Broken.read(str(getattr(error.orig, "detail", "")))
    return None
