"""How a GraphQL read becomes SQL."""

from tests.areas.fixtures import nothing_breaks, stranger

__all__ = ["nothing_breaks", "stranger"]
