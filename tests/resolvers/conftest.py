"""The mutations' stories."""

from tests.resolvers.fixtures import nothing_breaks, stranger

__all__ = ["nothing_breaks", "stranger"]
