"""What became of messages, counted as the program counts it."""

import datetime
from collections.abc import Sequence
from dataclasses import replace

from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId, AccountKey, MasterId
from models.effects.jobs import Job
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.job_kinds import STATISTICS_ROLL_UP
from models.statistics.tables import StatisticKind
from resolvers.statistics.count import Counted, Source, count_in
from server.jobs.dispatch import do
from tests.server.deployed import deployed
from tests.world.world import Account

BY_MAIL = Source(channel=MessageChannel.EMAIL, stream=SendStream.MARKETING)


def counted(
    kind: StatisticKind, happened_at: datetime.datetime, number: int = 1, source: Source = BY_MAIL
) -> Counted:
    """Something that happened `number` times, by default with marketing e-mails."""
    return Counted(source=source, kind=kind, happened_at=happened_at, number=number)


def labeled(label: str) -> Source:
    """E-mails with this label."""
    return replace(BY_MAIL, label=label)


async def count_there(sessions: WriteSessions, account: Account, *given: Counted) -> None:
    """A transaction counts these in the account."""
    async with sessions.begin() as session:
        await count_within(session, account, given)


async def count_within(session: WriteSession, account: Account, given: Sequence[Counted]) -> None:
    """The session's transaction counts these in the account."""
    await session.rows("SELECT set_config('mandant.trees', $1, true)", (str(account.master),))
    await count_in(session, AccountKey(MasterId(account.master), AccountId(account.key)), given)


async def roll_up(sessions: WriteSessions, account: Account) -> None:
    """What a worker does about the account's tree."""
    tree = MasterId(account.master)
    await do(sessions, deployed(), Job(STATISTICS_ROLL_UP, tree, tree))
