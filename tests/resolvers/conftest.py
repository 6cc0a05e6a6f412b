"""The mutations' stories."""

from tests.resolvers.fixtures import brand, nothing_breaks, stranger

__all__ = ["brand", "nothing_breaks", "stranger"]
