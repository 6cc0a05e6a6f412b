"""Room for a busy machine: what the product gives up on after seconds it gives up on later in the tests.

Beside other programs a request takes many times what it takes alone. A test of one of these limits sets
its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.database import turns
from server.database import connections
from server.fairness import admission, hashing
from server.start import garbage


@contextmanager
def room() -> Iterator[None]:
    """Give it inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "PATIENCE", 30.0)
        patch.setattr(admission, "_PATIENCE", 30.0)
        patch.setattr(hashing, "_PATIENCE", 30.0)
        patch.setattr(connections, "_POOL_SECONDS", 20.0)
        # Of each of the applications that a worker makes: SQLAlchemy's statements are most of its memory.
        patch.setattr(connections, "_COMPILED_STATEMENTS", 50)
        # What a process freezes stays for good, and of the applications that a worker makes none does.
        patch.setattr(garbage, "_SECONDS", 86_400.0)
        # Not more: the statement that waits for the lock has five seconds as well.
        patch.setitem(connections._SETTINGS, "lock_timeout", "4s")
        yield
