"""One turn of a tree. A batch of messages is claimed while the one before it is handed over. What became of a
batch is written down with the next claim."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId
from models.effects.jobs import Job
from models.messages.tables import MessageChannel
from resolvers.messages.delivery.claim import AT_ONCE, claim_messages
from resolvers.messages.delivery.claimed import ClaimedMessage
from resolvers.messages.delivery.first_shares import TurnOfShares
from resolvers.messages.delivery.held import HELD
from resolvers.messages.delivery.settle import Settled, settle_messages, settled_as
from resolvers.messages.queue import note_done
from resolvers.messages.transport import Handed, Verdict
from resolvers.statistics.count import note_counted
from schema.fields.deployment import Deployment
from server.jobs.message_carrier import MessageCarrier

BATCHES = 10
"""Of a turn: so often some messages of the tree are claimed before other trees have their turns."""

_STALE_SECONDS = 60.0
"""A batch that waited so long for the one before it is put back: others would soon take it for one whose
worker died."""

_PUT_BACK = Handed(Verdict.LATER, "It was claimed, and nobody began with it.", is_tried=False)


@dataclass(frozen=True)
class _Batch:
    """`claimed_at`: by this process's clock."""

    messages: Sequence[ClaimedMessage]
    claimed_at: float


@dataclass
class MessageTurn:
    """`done`: what became of messages, which is not written down yet. `looked_at` and `held`: the accounts of
    the turn, and those of them that may not send."""

    sessions: WriteSessions
    deployment: Deployment
    carrier: MessageCarrier
    channels: Collection[MessageChannel]
    job: Job
    shares: TurnOfShares
    done: list[Settled] = field(default_factory=list)
    looked_at: dict[AccountId, None] = field(default_factory=dict)
    held: dict[AccountId, None] = field(default_factory=dict)

    async def run(self) -> None:
        """Hand over so many batches. Whatever happens, what became of messages is written down."""
        try:
            batch = await self._claimed()
            for number in range(1, BATCHES + 1):
                if batch is None:
                    break
                batch = await self._handed_over(batch, is_last=number == BATCHES)
        finally:
            self.shares.leave()
            await self._end()

    async def _handed_over(self, batch: _Batch, *, is_last: bool) -> _Batch | None:
        """Returns the next batch, if there is one."""
        if monotonic() - batch.claimed_at > _STALE_SECONDS:
            self._put_back(batch)
            return None
        following = None if is_last else asyncio.create_task(self._claimed())
        try:
            handed_over = await asyncio.gather(*[self.carrier.deliver(each) for each in batch.messages])
            # Not in one step with the waiting: the claim beside it takes what is there away meanwhile.
            self.done += handed_over
        except BaseException:
            # Nobody hands over what was claimed meanwhile: it is not to be taken for doubtful.
            next_batch = None if following is None else await following
            if next_batch is not None:
                self._put_back(next_batch)
            raise
        return None if following is None else await following

    def _put_back(self, batch: _Batch) -> None:
        self.done += [settled_as(message, _PUT_BACK) for message in batch.messages]

    async def _claimed(self) -> _Batch | None:
        """The next batch; it may be empty, with others behind it. None: nothing is due any more."""
        await self.shares.may_take(AT_ONCE)
        async with self._settling() as session:
            claimed = await claim_messages(session, self.job.master_id, self.deployment.review, self.channels)
        if claimed is None or claimed.is_last:
            self.shares.leave()
        if claimed is None:
            return None
        self.looked_at |= dict.fromkeys(claimed.looked_at)
        self.held |= dict.fromkeys(claimed.held)
        return None if claimed.is_last else _Batch(claimed.messages, monotonic())

    async def _end(self) -> None:
        async with self._settling() as session:
            if await enter_as_worker(session, self.job.master_id):
                if self.looked_at:
                    await note_done(session, self.job.master_id, list(self.looked_at), self.channels)
                if self.held:
                    await note_done(session, self.job.master_id, list(self.held), self.channels, HELD)

    @asynccontextmanager
    async def _settling(self) -> AsyncIterator[WriteSession]:
        """A transaction that writes down first what became of messages."""
        done, self.done = self.done, []
        async with self.sessions.begin() as session:
            is_counted = await settle_messages(session, self.job.master_id, done, self.deployment.keyring)
            yield session
            if is_counted:
                await note_counted(session, self.job)
