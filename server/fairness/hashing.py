"""The thread that hashes passwords, and who has a turn at it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from authz.policy.refusals import Busy, RateLimited
from resolvers.effects.attempts import place_of
from resolvers.people.passwords.hashing import HashingTurn
from server.fairness.gate import Caller, FairGate, Share, Side
from server.fairness.side_threads import side_thread

T = TypeVar("T")

TURNS = 2
"""While one hashes, another asks the database. There is one thread: a hashing fills a core, and the event
loop needs one as well."""

WAITING_FROM_A_PLACE = 20
"""An office may share the address."""

_PATIENCE = 5.0
"""Seconds: about two hundred hashings."""


class PasswordThread:
    """See `resolvers.people.passwords.hashing.Hashing`. Network addresses take turns: a caller that guesses
    passwords waits for itself."""

    def __init__(self) -> None:
        inside, waiting = _of_a_place(TURNS), _of_a_place(WAITING_FROM_A_PLACE)
        self._gate = FairGate(TURNS, inside, waiting, _PATIENCE)
        self._thread = side_thread("passwords")

    @asynccontextmanager
    async def turn(self, client_address: str) -> AsyncIterator[HashingTurn]:
        """The caller brings a password and has no session, so it is counted by its network address."""
        caller: Caller = ((Side.PLACE, place_of(client_address)),)
        try:
            await self._gate.enter(caller)
        except RateLimited as refusal:
            raise Busy("Too many passwords are being checked", refusal.retry_after) from refusal
        try:
            yield HashingTurn(self.run)
        finally:
            self._gate.leave(caller)

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns, done in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Take no more work."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _of_a_place(most: int) -> Share:
    """A share for callers that are counted by their network address alone."""
    return Share(most, most, most)
