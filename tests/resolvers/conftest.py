"""The mutations' stories."""

from tests.resolvers.fixtures import brand, nothing_breaks, planned, priced, stranger

__all__ = ["brand", "nothing_breaks", "planned", "priced", "stranger"]
