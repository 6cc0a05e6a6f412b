"""A trial sends a mutation undisturbed, and then with its connection cut. It compares what is left in the
database, and what the mutation answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.authz.escalation.outcomes import codes_of, mutate
from tests.authz.matrix.matrix_callers import Stage
from tests.client.api import Answer, Api
from tests.concurrency.cuts.cutter import COMMIT, Cut, Cutter, Place, cutting
from tests.concurrency.cuts.footprints import Footprint, Moment, ended, footprint, moment
from tests.concurrency.cuts.sendings import Sending, sending

_UNAVAILABLE = "UNAVAILABLE"
_DONE_AND_TOLD_SO = {"signOut": "UNAUTHENTICATED"}
"""The codes that are also right if the mutation was done and only the answer to COMMIT was lost. After
`signOut` the token has ended."""


@dataclass(frozen=True)
class Whole:
    """What an undisturbed mutation does. `left[n]`: the footprint of its first n transactions. `reads`: how
    often it asks the pool that only reads."""

    writes: Sequence[str]
    left: Sequence[Footprint]
    reads: int

    @property
    def last_commit(self) -> int:
        """The number of the trip behind which all is done. Payloads with fields of the data plane are read
        behind it."""
        return len(self.writes) - self.writes[::-1].index(COMMIT)

    @property
    def places(self) -> list[Place]:
        """All trips."""
        reads = [Place(number, is_read=True) for number in range(1, self.reads + 1)]
        return [*reads, *(Place(number) for number in range(1, len(self.writes) + 1))]

    def may_leave(self, place: Place, when: Cut) -> list[Footprint]:
        """What a cut there may leave. The server may have worked on a COMMIT whose answer was lost."""
        if self.survives(place, when):
            return [self.left[-1]]
        before, after = (self.writes[:number].count(COMMIT) for number in (place.number - 1, place.number))
        return [self.left[before], *([self.left[after]] if when is Cut.DURING else [])]

    def survives(self, place: Place, when: Cut) -> bool:
        """Whether the mutation is done in spite of the cut: a read is sent again, and after COMMIT the
        mutation needs no connection any more."""
        if self.reads_payload(place):
            return True
        return place.is_read or (when is Cut.AFTER and self.writes[place.number - 1] == COMMIT)

    def reads_payload(self, place: Place) -> bool:
        """Whether the place is behind the last COMMIT: the answer may then lack what it would show."""
        return not place.is_read and place.number > self.last_commit


@dataclass(frozen=True)
class Trial:
    """Of one mutation."""

    name: str
    api: Api
    stage: Stage

    async def whole(self) -> Whole:
        """What it does undisturbed."""
        sent, since = await self._prepared()
        left: list[Footprint] = [{}]

        async def look() -> None:
            left.append(await footprint(self._database, since))

        cutter = Cutter(committed=look)
        answer = await self._send(sent, cutter)
        assert codes_of(answer, self.name) == [], answer
        await sent.undo()
        return Whole(cutter.writes, left, len(cutter.reads))

    async def cut(self, whole: Whole, place: Place, when: Cut) -> None:
        """Check that all is done, or nothing, and that a repeated request finds it done once."""
        sent, since = await self._prepared()
        cutter = Cutter(place, when)
        answer = await self._send(sent, cutter)
        assert cutter.process is not None, ("there was no such trip", place)
        assert cutter.writes == list(whole.writes[: len(cutter.writes)]), place
        await ended(self._database, cutter.process)
        left = await footprint(self._database, since)
        told = (place, when, left, answer)
        assert left in whole.may_leave(place, when), told
        is_done = left == whole.left[-1]
        codes = self._may_tell(survived=whole.survives(place, when), is_done=is_done)
        codes += [[_UNAVAILABLE]] if whole.reads_payload(place) else []
        assert codes_of(answer, self.name) in codes, told
        if self._has_key(sent) or not is_done:
            await self._again(sent, since, whole, is_begun=left != {})
        await sent.undo()

    def _may_tell(self, *, survived: bool, is_done: bool) -> list[list[str]]:
        """The codes that are right. An empty list: the mutation is done, and its answer says so."""
        if survived:
            return [[]]
        other = _DONE_AND_TOLD_SO.get(self.name) if is_done else None
        return [[code] for code in (_UNAVAILABLE, other) if code]

    async def _again(self, sent: Sending, since: Moment, whole: Whole, *, is_begun: bool) -> None:
        """Send the same once more, as a client does that got UNAVAILABLE."""
        answer = await self._send(sent, Cutter())
        assert codes_of(answer, self.name) == [], answer
        assert await footprint(self._database, since) == whole.left[-1]
        if self._has_key(sent):
            assert self._payload(answer)["replayed"] is is_begun

    async def _prepared(self) -> tuple[Sending, Moment]:
        sent = await sending(self.name, self.stage)
        if sent.values is not None:
            values = await self.api.with_version(self.name, sent.caller, sent.values)
            sent = Sending(sent.caller, values, sent.undo)
        return sent, await moment(self._database)

    async def _send(self, sent: Sending, cutter: Cutter) -> Answer:
        with cutting(cutter):
            return await mutate(self.api, self.name, sent.caller, sent.values)

    def _payload(self, answer: Answer) -> dict[str, Any]:
        payload: dict[str, Any] = answer.data[self.name]
        return payload

    @staticmethod
    def _has_key(sent: Sending) -> bool:
        return "idempotencyKey" in (sent.values or {})

    @property
    def _database(self) -> AsyncEngine:
        return self.stage.world.database
