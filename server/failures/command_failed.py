"""Failures that a command's user can mend: shown as a sentence, without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import sqlalchemy.exc


class CommandFailed(Exception):
    """The command cannot do its work. The message says why, and how to mend it."""


@contextmanager
def database_failures() -> Iterator[None]:
    """Raises CommandFailed for whatever the database, or the way to it, raises inside."""
    try:
        yield
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandFailed(_sentence(error)) from error
    except sqlalchemy.exc.DBAPIError as error:
        # SQLAlchemy's own text would add the statement and a link.
        raise CommandFailed(_sentence(error.driver_exception)) from error


def _sentence(error: BaseException) -> str:
    reason = str(error).strip() or type(error).__name__
    return f"The database cannot be used: {reason}"
