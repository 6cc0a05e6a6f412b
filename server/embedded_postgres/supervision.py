"""Starts the embedded server again if it dies while it is in use."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from server.embedded_postgres.errors import EmbeddedPostgresError
from server.embedded_postgres.manager import EmbeddedPostgres

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PAUSE = 0.5
"""Seconds between two looks."""
_PAUSE_AFTER_FAILURE = 5.0


@contextmanager
def kept_running(server: EmbeddedPostgres) -> Iterator[None]:
    """Let a thread watch the server, and start it again if it was killed."""
    ended = threading.Event()
    thread = threading.Thread(target=_look_after, args=(server, ended), name="postgres", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _look_after(server: EmbeddedPostgres, ended: threading.Event) -> None:
    pause = _PAUSE
    while not ended.wait(pause):
        pause = _PAUSE
        if server.is_running():
            continue
        _log.error("the embedded PostgreSQL has ended by itself; it is started again")
        try:
            server.start_again()
        except EmbeddedPostgresError as error:
            _log.error("the embedded PostgreSQL does not start", reason=str(error))
            pause = _PAUSE_AFTER_FAILURE
