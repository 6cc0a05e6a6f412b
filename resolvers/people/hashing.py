"""Passwords are hashed beside the event loop, by whoever has a turn.

A turn covers all that a password costs before anything is written: counting the try, reading the stored hash,
hashing. So this work holds as many connections as there are turns, however many sign in at once, and none
while it hashes or waits. What is written then has a transaction of its own.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from resolvers.people.passwords import PreparedPassword, hash_of, is_password_of, typed_password

T = TypeVar("T")


class Beside(Protocol):
    """Does work beside the event loop."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """What the work returns."""


class HashingTurn:
    """What may be done by whoever has a turn. `beside`: where."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside

    async def hash(self, password: PreparedPassword) -> str:
        """The hash to store."""
        return await self._beside(lambda: hash_of(password))

    async def matches(self, password: str, stored_hash: str | None) -> bool:
        """Whether it is the password; without a stored hash, and for what can be no password, it takes as
        long and says no."""
        prepared = typed_password(password)
        return await self._beside(lambda: is_password_of(prepared, stored_hash))


class Hashing(Protocol):
    """Deals out the turns of a process."""

    def turn(self, client_address: str) -> AbstractAsyncContextManager[HashingTurn]:
        """A turn, once it has come, for as long as the block takes. Raises Busy."""
