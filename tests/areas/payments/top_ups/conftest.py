"""A database of its own, because a worker works on all that is in it."""

from tests.areas.fixtures import nothing_breaks
from tests.database.own_database import api, application, own, owner_engine, world

__all__ = ["api", "application", "nothing_breaks", "own", "owner_engine", "world"]
