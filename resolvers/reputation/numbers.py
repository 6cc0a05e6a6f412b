"""What sources sent in their windows, and what came back. The caller is in the data plane."""

import datetime
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, Uuid, and_, any_, column, func, literal, literal_column, select
from sqlalchemy.types import TypeEngine

from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, MasterId
from models.messages.tables import MessageStatus, messages
from models.statistics.tables import NO_ID, StatisticPeriod, statistics
from resolvers.reputation.sources import SourceKey
from resolvers.reputation.states import Numbers


async def read_numbers(
    session: WriteSession,
    master_id: MasterId,
    account_ids: Collection[AccountId],
    since: datetime.datetime,
    later: Mapping[SourceKey, datetime.datetime],
) -> Mapping[SourceKey, Numbers]:
    """Those of all sources of these accounts that sent since this moment. `later`: from when on those of some
    sources count."""
    hour, start = statistics.c, _starts(later)
    own = and_(
        start.c.account_id == hour.account_id,
        start.c.stream == hour.stream,
        start.c.api_key_id == hour.api_key_id,
    )
    key = hour.account_id, hour.stream, hour.api_key_id
    totals = [func.sum(hour[name]).label(name) for name in ("sent", "hard_bounces", "complaints")]
    statement = (
        select(*key, *totals)
        .select_from(statistics.outerjoin(start, own))
        .where(
            hour.master_id == master_id,
            hour.account_id == any_(_array(account_ids, Uuid())),
            hour.period == StatisticPeriod.HOUR.value,
            hour.starts_at >= func.coalesce(start.c.starts_at, literal(since, DateTime(timezone=True))),
        )
        .group_by(*key)
    )
    rows = await session.execute(statement)
    return {
        SourceKey.of(row): Numbers(int(row.sent), int(row.hard_bounces), int(row.complaints)) for row in rows
    }


async def read_waiting(
    session: WriteSession,
    master_id: MasterId,
    account_ids: Collection[AccountId],
    since: datetime.datetime,
    later: Mapping[SourceKey, datetime.datetime],
) -> Mapping[SourceKey, int]:
    """How many messages of each source were counted as sent since then, and wait: what is held says nothing
    about what is sent (T28)."""
    message, start = messages.c, _starts(later)
    api_key_id = func.coalesce(message.api_key_id, literal(NO_ID, Uuid))
    own = and_(
        start.c.account_id == message.account_id,
        start.c.stream == message.stream,
        start.c.api_key_id == api_key_id,
    )
    key = message.account_id, message.stream, api_key_id.label("api_key_id")
    statement = (
        select(*key, func.count().label("waiting"))
        .select_from(messages.outerjoin(start, own))
        .where(
            message.master_id == master_id,
            message.account_id == any_(_array(account_ids, Uuid())),
            message.status == MessageStatus.WAITING.value,
            message.created_at >= func.coalesce(start.c.starts_at, literal(since, DateTime(timezone=True))),
            message.is_test.is_(False),
        )
        .group_by(message.account_id, message.stream, literal_column("3"))
    )
    return {SourceKey.of(row): row.waiting for row in await session.execute(statement)}


def _starts(later: Mapping[SourceKey, datetime.datetime]) -> Any:
    keys = list(later)
    return (
        func.unnest(
            _array([key.account_id for key in keys], Uuid()),
            _array([key.source.stream.value for key in keys], Text()),
            _array([key.source.api_key_id or NO_ID for key in keys], Uuid()),
            _array([later[key] for key in keys], DateTime(timezone=True)),
        )
        .table_valued(
            column("account_id", Uuid()),
            column("stream", Text()),
            column("api_key_id", Uuid()),
            column("starts_at", DateTime(timezone=True)),
        )
        .render_derived("later")
    )


def _array(values: Collection[Any], of: TypeEngine[Any]) -> Any:
    given: Sequence[uuid.UUID | str | datetime.datetime] = list(values)
    return literal(given, ARRAY(of))
