"""Commands of one caller that come while its last ones are being carried out go together, in one transaction.

Writes of one account that count against the same limit can only go one after the other, and each has some
twenty statements. So what a busy caller waits for is the number of its transactions, and hardly how much each
of them does.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from authz.policy.refusals import RateLimited, Refusal, TryLater

C = TypeVar("C")
D = TypeVar("D")

_LONGEST_QUEUE = 128
"""Requests of one key that wait, each with its command in memory."""


@dataclass(frozen=True)
class _Waiting(Generic[C, D]):
    command: C
    size: int
    answer: "asyncio.Future[D]"


Together = Callable[[Sequence[C]], Awaitable[Sequence[D]]]
"""Carries out commands in one transaction, and returns what became of each."""


class Gathering:
    """The commands of a process that wait."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[_Waiting[Any, Any]]] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def run(self, key: Hashable, command: C, size: int, most: int, together: Together[C, D]) -> D:
        """What became of the command. It goes together with others of the same key, as many as have `most`
        as the sum of their sizes. If they are refused together, each goes by itself, in the order in which
        they came: limits let through as much as without the others.

        Raises what `together` raises, and RateLimited if too many wait.
        """
        waiting = _Waiting[C, D](command, size, asyncio.get_running_loop().create_future())
        queue = self._queues.get(key)
        if queue is None:
            self._queues[key] = deque([waiting])
            # In a task of its own: if the first caller goes away, the others' commands are not lost.
            task = asyncio.create_task(self._work(key, most, together))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        elif len(queue) < _LONGEST_QUEUE:
            queue.append(waiting)
        else:
            raise RateLimited(1, "Too many requests at once")
        return await waiting.answer

    async def _work(self, key: Hashable, most: int, together: Together[C, D]) -> None:
        queue = self._queues[key]
        try:
            while queue:
                await _answer(_taken(queue, most), together)
        finally:
            del self._queues[key]
            for each in queue:
                each.answer.cancel()


def _taken(queue: deque[_Waiting[C, D]], most: int) -> list[_Waiting[C, D]]:
    """The first ones, without those whose callers have gone."""
    taken: list[_Waiting[C, D]] = []
    size = 0
    while queue and (not taken or size + queue[0].size <= most):
        first = queue.popleft()
        if not first.answer.done():
            taken.append(first)
            size += first.size
    return taken


async def _answer(taken: Sequence[_Waiting[C, D]], together: Together[C, D]) -> None:
    if not taken:
        return
    try:
        found = await together([each.command for each in taken])
    except Refusal as refusal:
        if len(taken) > 1 and not isinstance(refusal, TryLater):
            for each in taken:
                await _answer([each], together)
            return
        _fail(taken, refusal)
    except BaseException as error:
        _fail(taken, error)
        if not isinstance(error, Exception):
            raise
    else:
        for each, done in zip(taken, found, strict=True):
            if not each.answer.done():
                each.answer.set_result(done)


def _fail(taken: Sequence[_Waiting[C, D]], error: BaseException) -> None:
    for each in taken:
        if each.answer.done():
            continue
        if isinstance(error, Exception):
            each.answer.set_exception(error)
        else:
            each.answer.cancel()
