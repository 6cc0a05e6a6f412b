"""The first messages of a tree go before what is more than its share.

One process hands over for all trees, on one core. So a tree with a million messages would double the time of
one with a hundred. Each tree has a share that is restored all the time. What it takes beyond that is taken
after the others' shares, but never much later.
"""

import asyncio
from collections import OrderedDict
from time import monotonic

from models.base.ids import MasterId

_SHARE = 500
"""Messages."""
_RESTORED = 100.0
"""Messages in a second."""
_LONGEST_WAIT = 0.25
"""Seconds until messages beyond the share are taken, whoever has some of its share left."""
_MOST = 10_000
"""Trees that are remembered. Each takes about 200 bytes."""


class FirstShares:
    """Of one process."""

    def __init__(
        self, share: int = _SHARE, restored: float = _RESTORED, longest_wait: float = _LONGEST_WAIT
    ) -> None:
        self._share = share
        self._restored = restored
        self._longest_wait = longest_wait
        self._left: OrderedDict[MasterId, tuple[float, float]] = OrderedDict()
        """What was left of each tree's share, and when."""
        self._ahead = 0
        self._nobody_ahead = asyncio.Event()

    def turn(self, tree: MasterId) -> "TurnOfShares":
        """A turn of the tree, which has to leave at its end."""
        return TurnOfShares(self, tree, self._longest_wait)

    def take(self, tree: MasterId, number: int) -> bool:
        """Take so many messages off the share. False: less is left, and nothing was taken."""
        now = monotonic()
        before, seen = self._left.pop(tree, (float(self._share), now))
        left = min(float(self._share), before + (now - seen) * self._restored)
        is_there = left >= number
        self._left[tree] = (left - number if is_there else left, now)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        return is_there

    def note_ahead(self, more: int) -> None:
        """So many more turns, or fewer, are within their shares."""
        self._ahead += more
        if not self._ahead:
            self._nobody_ahead.set()

    async def let_ahead(self) -> None:
        """Wait until nobody is within its share, or long enough."""
        if not self._ahead:
            return
        self._nobody_ahead.clear()
        try:
            async with asyncio.timeout(self._longest_wait):
                await self._nobody_ahead.wait()
        except TimeoutError:
            return


class TurnOfShares:
    """A turn of one tree, which takes batches of messages. One that has taken nothing for `patience` seconds
    delays nobody: it waits for a mail server."""

    def __init__(self, shares: FirstShares, tree: MasterId, patience: float) -> None:
        self._shares = shares
        self._tree = tree
        self._patience = patience
        self._until_late: asyncio.TimerHandle | None = None
        """While it is ahead of those beyond their shares."""

    async def may_take(self, number: int) -> None:
        """Return when the turn may take so many messages."""
        if not self._shares.take(self._tree, number):
            self.leave()
            await self._shares.let_ahead()
            return
        if self._until_late is None:
            self._shares.note_ahead(1)
        else:
            self._until_late.cancel()
        self._until_late = asyncio.get_running_loop().call_later(self._patience, self.leave)

    def leave(self) -> None:
        """The turn takes nothing more."""
        if self._until_late is not None:
            self._until_late.cancel()
            self._until_late = None
            self._shares.note_ahead(-1)
