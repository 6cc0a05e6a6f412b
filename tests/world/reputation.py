"""Sending sources and what they sent, written straight into the database."""

import datetime
import uuid
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId, MasterId, new_id
from models.messages.tables import MessageChannel
from models.reputation.tables import KEY_OF_SOURCE, CustomerState, PlatformState, sending_sources
from models.sending.tables import SendStream
from models.statistics.tables import NO_ID, NUMBERS, StatisticPeriod, statistics
from resolvers.reputation.judge import judge_sources
from tests.world.world import Account, World


async def give_source(
    world: World,
    account: Account,
    stream: SendStream = SendStream.MARKETING,
    api_key_id: uuid.UUID | None = None,
    **values: Any,
) -> None:
    """The source has a row that says this, from now on."""
    since = {f"{key}_since": func.now() for key in ("customer", "platform") if f"{key}_state" in values}
    values = since | values
    key: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    key |= {"stream": stream.value, "api_key_id": api_key_id or NO_ID}
    written = upsert(sending_sources).values(**key, **values)
    kept = written.on_conflict_do_update(index_elements=KEY_OF_SOURCE, set_=values or key)
    async with world.database.begin() as connection:
        await connection.execute(kept)


async def source_of(
    world: World,
    account: Account,
    stream: SendStream = SendStream.MARKETING,
    api_key_id: uuid.UUID | None = None,
) -> Any:
    """The source's row; None: it has none."""
    row = sending_sources.c
    own = row.account_id == account.key, row.stream == stream.value, row.api_key_id == (api_key_id or NO_ID)
    async with world.database.connect() as connection:
        return (await connection.execute(select(sending_sources).where(*own))).one_or_none()


async def give_hour(
    world: World,
    account: Account,
    sent: int,
    hard_bounces: int = 0,
    complaints: int = 0,
    *,
    stream: SendStream = SendStream.MARKETING,
    api_key_id: uuid.UUID | None = None,
    ago: datetime.timedelta = datetime.timedelta(0),
) -> None:
    """So much was sent and came back in an hour, this one or an earlier one."""
    values: dict[str, Any] = dict.fromkeys(NUMBERS, 0)
    values |= {"sent": sent, "hard_bounces": hard_bounces, "complaints": complaints}
    place = {"master_id": account.master, "account_id": account.key, "campaign_id": new_id(), "label": ""}
    row = {
        "period": StatisticPeriod.HOUR.value,
        "starts_at": func.date_trunc("hour", func.mandant_now() - ago),
        "channel": MessageChannel.EMAIL.value,
        "stream": stream.value,
        "api_key_id": api_key_id or NO_ID,
    }
    async with world.database.begin() as connection:
        await connection.execute(insert(statistics).values(**place, **row, **values))


async def judge(sessions: WriteSessions, *accounts: Account) -> None:
    """What the job that adds statistics up does at its end, in one tree."""
    async with sessions.begin() as session:
        await judge_in(session, *accounts)


async def judge_in(session: WriteSession, *accounts: Account) -> None:
    """The same in a transaction that is open."""
    tree = MasterId(accounts[0].master)
    await session.execute(select(func.set_config("mandant.trees", str(tree), True)))
    await judge_sources(session, tree, [AccountId(account.key) for account in accounts])


async def let_send(world: World, account: Account) -> None:
    """Neither the account nor the platform has stopped its marketing."""
    running: dict[str, Any] = {"platform_state": PlatformState.ACTIVE.value, "reason": None}
    await give_source(world, account, customer_state=CustomerState.ACTIVE.value, **running)
