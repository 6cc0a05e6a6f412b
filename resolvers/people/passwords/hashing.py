"""Passwords are hashed in threads beside the event loop, in turns.

A turn covers the work on a password before the write: counting the try, reading the stored hash, and hashing.
So this work uses at most one connection for each turn, and none while it hashes or waits. The write that
follows has a transaction of its own.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from resolvers.people.passwords.new_passwords import PreparedPassword, hash_of, is_password_of, typed_password

T = TypeVar("T")


class Beside(Protocol):
    """Runs work beside the event loop."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """What the work returns."""


class HashingTurn:
    """What the holder of a turn may do. `beside`: where the work runs."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside

    async def hash(self, password: PreparedPassword) -> str:
        """The hash to store."""
        return await self._beside(lambda: hash_of(password))

    async def matches(self, password: str, stored_hash: str | None) -> bool:
        """Whether it is the password. Without a stored hash, and for text that can be no password, the answer
        is no and takes as long."""
        prepared = typed_password(password)
        return await self._beside(lambda: is_password_of(prepared, stored_hash))


class Hashing(Protocol):
    """Hands out the turns of a process."""

    def turn(self, client_address: str) -> AbstractAsyncContextManager[HashingTurn]:
        """Wait for a turn; it lasts as long as the block. Raises Busy."""
