"""Passwords are hashed beside the event loop, in one thread, by whoever has a turn.

A turn covers all that a password costs before anything is written: counting the try, reading the stored hash,
hashing. So this work holds as many connections as there are turns, however many sign in at once, and none
while it hashes or waits. What is written then has a transaction of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from resolvers.passwords import PreparedPassword, hash_of, is_password_of, typed_password
from resolvers.turns import Turns

T = TypeVar("T")

THREADS = 1
"""One hashing fills a core, and the event loop needs one as well."""

TURNS = 2
"""While one hashes, another asks the database."""

SEATS = 200
"""How many may wait for a turn: about four seconds, at 20 ms a hashing."""

SEATS_OF_A_PLACE = 20
"""Of one network address; there may be an office behind it."""


class Hashing:
    """The turns of one process, and the thread."""

    def __init__(self) -> None:
        what = "Too many passwords are being checked at the moment"
        self._turns = Turns(what, at_once=TURNS, seats=SEATS, seats_of_a_place=SEATS_OF_A_PLACE)
        self._thread = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncIterator["HashingTurn"]:
        """Wait until it is this place's turn. Raises Busy."""
        async with self._turns.turn(place):
            yield HashingTurn(self)

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns, done in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Let go of the thread; nothing waits for it any more."""
        self._thread.shutdown(wait=False)


class HashingTurn:
    """What may be done by whoever has a turn."""

    def __init__(self, hashing: Hashing) -> None:
        self._hashing = hashing

    async def hash(self, password: PreparedPassword) -> str:
        """The hash to store."""
        return await self._hashing.run(lambda: hash_of(password))

    async def matches(self, password: str, stored_hash: str | None) -> bool:
        """Whether it is the password; without a stored hash, and for what can be no password, it takes as
        long and says no."""
        prepared = typed_password(password)
        return await self._hashing.run(lambda: is_password_of(prepared, stored_hash))
