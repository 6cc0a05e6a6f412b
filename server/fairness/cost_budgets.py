"""What callers may spend on requests: a budget for each principal and for each tree, which all processes of
a deployment share.

A budget is a bucket that fills at a steady rate. Each process keeps its own picture of it, and takes off what
it lets through. It tells the database what it has taken off, for all its callers together: once a minute, and
for a budget of which it has spent half a portion at once. The database answers with what is left after all
processes. Before that, a process lets no more through than one portion, or one request that costs more. So
all together give at most that much more than the budget, each of them once. A process that dies forgets no
more than that.

A read waits for the database only where a whole portion is spent faster than the database answers.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence
from contextvars import Context
from time import monotonic
from typing import NamedTuple

import structlog

from authz.policy.refusals import RateLimited
from engine.writes.sessions import WriteSessions
from resolvers.effects.cost_budgets import Spending, settle
from server.failures.errors import failure_of
from server.fairness.gate import Caller, Side
from server.logs.charge import Charge
from server.logs.request_log import note_charge

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PORTIONS = 20
"""Of a full budget: what a process may let through before the others know of it."""

_SOON_SECONDS = 60.0
"""When the database is told of what is less than half a portion."""

_PAUSE_SECONDS = 1.0
"""After the database could not be told."""

_MOST = 10_000
"""Budgets that a process has a picture of; each takes about 400 bytes. Of the others it forgets what it has
not told."""

_TOLD_AT_ONCE = 1_000
"""Budgets in one statement."""

_NAMES = {Side.PRINCIPAL: "principal", Side.TREE: "tree", Side.PLACE: "place"}


class Allowance(NamedTuple):
    """A full budget, and what is restored of it each second; in fields of answers."""

    limit: int
    restore_rate: int


OF_A_PRINCIPAL = Allowance(5_000_000, 50_000)
"""Also of a place, where nobody is known to have signed in."""

OF_A_TREE = Allowance(20_000_000, 200_000)
"""Of all API keys of a tree together."""


class _Budget:
    """A process's picture of one."""

    __slots__ = ("_level", "_most", "_portion", "_rate", "_seen", "name", "patient_until", "spent", "subject")

    def __init__(self, side: Side, key: object, allowance: Allowance) -> None:
        self.name = _NAMES[side]
        self.subject = f"{self.name} {key.hex() if isinstance(key, bytes) else key}"
        self._most, self._rate = allowance
        self._portion = allowance.limit // PORTIONS
        self._level = float(self._most)
        self._seen = monotonic()
        self.spent = 0
        """What the database does not know of yet."""
        self.patient_until = 0.0
        """Until then the database is not asked."""

    def left(self, now: float) -> float:
        """What may be spent, as far as this process knows."""
        level = self._level + (now - self._seen) * self._rate
        self._level = level = level if level < self._most else float(self._most)
        self._seen = now
        return level

    def has_to_tell(self, cost: int, now: float) -> bool:
        """Whether the database has to know of what was spent before this is spent, too."""
        return bool(self.spent) and self.spent + cost > self._portion and now >= self.patient_until

    @property
    def has_much_to_tell(self) -> bool:
        return 2 * self.spent >= self._portion

    def spend(self, cost: int) -> None:
        self._level -= cost
        self.spent += cost

    def seconds_until(self, cost: int) -> int:
        """When so much will be left."""
        return max(1, math.ceil((cost - self._level) / self._rate))

    @property
    def spending(self) -> Spending:
        return Spending(self.subject, self.spent, self._most, self._rate)

    def told(self, spent: int, level: float) -> None:
        """The database knows of so much, and this is left."""
        self.spent -= spent
        self._level, self._seen = level - self.spent, monotonic()

    def charge(self, cost: int) -> Charge:
        """As the caller is told."""
        return Charge(cost, self.name, self._most, max(0, int(self._level)), self._rate)


class CostBudgets:
    """Of one process. `sessions`: on the database that all processes share."""

    def __init__(
        self,
        sessions: WriteSessions,
        principal: Allowance = OF_A_PRINCIPAL,
        tree: Allowance = OF_A_TREE,
    ) -> None:
        self._sessions = sessions
        self._allowances = {Side.PRINCIPAL: principal, Side.TREE: tree, Side.PLACE: principal}
        self._budgets: OrderedDict[tuple[Side, object], _Budget] = OrderedDict()
        self._telling: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def charge(self, caller: Caller, cost: int) -> None:
        """Take the cost of a request, or of one answer of a subscription, off the caller's budgets, before it
        runs. The answer tells what is left. Raises RateLimited, and takes nothing, where less is left."""
        while not self.charge_at_once(caller, cost):
            await self._tell([budget for budget in self._of(caller) if budget.spent])

    def charge_at_once(self, caller: Caller, cost: int) -> bool:
        """The same for most requests. False: the database has to be told first, and nothing was taken."""
        budgets = self._of(caller)
        now = monotonic()
        tightest, least = None, math.inf
        for budget in budgets:
            if budget.has_to_tell(cost, now):
                return False
            left = budget.left(now)
            if left < least:
                tightest, least = budget, left
        if tightest is None:
            raise AssertionError("a caller has a side")
        if least < cost:
            note_charge(tightest.charge(cost))
            raise RateLimited(tightest.seconds_until(cost), f"The budget of this {tightest.name} is used up")
        for budget in budgets:
            budget.spend(cost)
            if budget.has_much_to_tell:
                self._tell_now(now, budget)
        if self._later is None and not self._is_closed:
            self._later = asyncio.get_running_loop().call_later(_SOON_SECONDS, self._tell_all)
        note_charge(tightest.charge(cost))
        return True

    async def close(self) -> None:
        """Tell what was not told yet, and stop: what is spent afterwards is told to nobody."""
        self._is_closed = True
        if self._later is not None:
            self._later.cancel()
        if self._telling is not None:
            await self._telling
        await self._told([budget for budget in self._budgets.values() if budget.spent])

    def _of(self, caller: Caller) -> Sequence[_Budget]:
        """A principal's and its tree's; a place's only of callers who are not known."""
        charged = caller if len(caller) == 1 else caller[:-1]
        return [self._budget(one) for one in charged]

    def _budget(self, one: tuple[Side, object]) -> _Budget:
        budget = self._budgets.get(one)
        if budget is not None:
            self._budgets.move_to_end(one)
            return budget
        side, key = one
        budget = self._budgets[one] = _Budget(side, key, self._allowances[side])
        if len(self._budgets) > _MOST:
            self._budgets.popitem(last=False)
        return budget

    def _tell_now(self, now: float, budget: _Budget) -> None:
        if (self._telling is None or self._telling.done()) and now >= budget.patient_until:
            self._telling = self._begun([budget])

    def _tell_all(self) -> None:
        self._later = None
        budgets = [budget for budget in self._budgets.values() if budget.spent]
        if budgets and (self._telling is None or self._telling.done()):
            self._telling = self._begun(budgets)

    async def _tell(self, budgets: Sequence[_Budget]) -> None:
        """Wait until the database knows, or cannot be told; or until it knows of others."""
        if self._telling is None or self._telling.done():
            self._telling = self._begun(budgets)
        await asyncio.shield(self._telling)

    def _begun(self, budgets: Sequence[_Budget]) -> asyncio.Task[None]:
        # Not in the name of the request that happens to be there.
        return asyncio.create_task(self._told(budgets), context=Context())

    async def _told(self, budgets: Sequence[_Budget]) -> None:
        for first in range(0, len(budgets), _TOLD_AT_ONCE):
            part = budgets[first : first + _TOLD_AT_ONCE]
            spendings = [budget.spending for budget in part]
            try:
                async with self._sessions.begin() as session:
                    levels = await settle(session, spendings)
            except Exception as error:  # the process goes on by its own picture
                _log.warning("the use of budgets was not told", code=failure_of(error).code)
                patient_until = monotonic() + _PAUSE_SECONDS
                for budget in part:
                    budget.patient_until = patient_until
                continue
            for budget, spending in zip(part, spendings, strict=True):
                budget.told(spending.spent, levels[budget.subject])
