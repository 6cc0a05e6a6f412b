"""Input that is wrong: a clear code, nothing half-written, and the server still answers."""

from tests.resolvers.fixtures import nothing_breaks, stranger

__all__ = ["nothing_breaks", "stranger"]
