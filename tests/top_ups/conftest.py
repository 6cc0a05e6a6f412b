"""A database of its own, because a worker works on all that is in it."""

from tests.own_database import api, application, own, owner_engine, world
from tests.resolvers.fixtures import nothing_breaks

__all__ = ["api", "application", "nothing_breaks", "own", "owner_engine", "world"]
