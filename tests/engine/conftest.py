"""How a GraphQL read becomes SQL."""

from tests.resolvers.fixtures import nothing_breaks, stranger

__all__ = ["nothing_breaks", "stranger"]
