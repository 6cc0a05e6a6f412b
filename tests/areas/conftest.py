"""The mutations' stories."""

from tests.areas.fixtures import brand, nothing_breaks, planned, priced, stranger

__all__ = ["brand", "nothing_breaks", "planned", "priced", "stranger"]
