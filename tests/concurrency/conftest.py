"""Races of real requests with committed transactions."""

from tests.areas.fixtures import nothing_breaks, stranger

__all__ = ["nothing_breaks", "stranger"]
