"""Sending sources as rows."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.clock import current_moment
from models.base.ids import AccountId, Kind, present
from models.reputation.tables import PlatformState, StateReason, sending_sources
from models.sending.tables import SendStream
from models.statistics.tables import NO_ID
from resolvers.reputation.states import Standing

SourceRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class SendingSource:
    """What sends in an account: an API key, or without one its campaigns and its people, on a stream."""

    stream: SendStream
    api_key_id: uuid.UUID | None

    def columns(self) -> dict[str, Any]:
        """As the row has it."""
        return {"stream": self.stream.value, "api_key_id": self.api_key_id or NO_ID}

    def logged(self) -> dict[str, str | None]:
        """As the log shows it."""
        key = None if self.api_key_id is None else present(Kind.API_KEY, self.api_key_id)
        return {"stream": self.stream.value, "apiKeyId": key}

    @property
    def name(self) -> str:
        """For people."""
        what = f"{self.stream.value} messages"
        if self.api_key_id is None:
            return f"{what} of campaigns and people"
        return f"{what} of the API key {present(Kind.API_KEY, self.api_key_id)}"


@dataclass(frozen=True)
class SourceKey:
    """A source and its account."""

    account_id: AccountId
    source: SendingSource

    @classmethod
    def of(cls, row: Row[Any]) -> "SourceKey":
        """That of a row which names the account, the stream and the key."""
        api_key_id = None if row.api_key_id == NO_ID else row.api_key_id
        return cls(AccountId(row.account_id), SendingSource(SendStream(row.stream), api_key_id))

    @property
    def order(self) -> tuple[uuid.UUID, str, uuid.UUID]:
        """In which rows are locked."""
        return self.account_id, self.source.stream.value, self.source.api_key_id or NO_ID


LOCK_ORDER = (sending_sources.c.account_id, sending_sources.c.stream, sending_sources.c.api_key_id)


def this_source(account: Place, source: SendingSource) -> ColumnElement[bool]:
    """Whether it is this source's row."""
    row = sending_sources.c
    own = [row[name] == value for name, value in source.columns().items()]
    return and_(in_account(sending_sources, account), *own)


def key_columns(account: Place, source: SendingSource) -> dict[str, Any]:
    """What a row of the source begins with."""
    return {**columns_of(account), **source.columns()}


def standing_of(row: Row[Any]) -> Standing:
    """What the platform knows of the source."""
    return Standing(
        state=PlatformState(row.platform_state),
        since=row.platform_since,
        reason=None if row.reason is None else StateReason(row.reason),
        cool_down_until=row.cool_down_until,
        pauses=row.pauses,
        paused_at=row.paused_at,
        judged_from=row.judged_from,
    )


def columns_of_standing(standing: Standing) -> Mapping[str, Any]:
    """The same as columns."""
    return {
        "platform_state": standing.state.value,
        "platform_since": standing.since,
        "reason": None if standing.reason is None else standing.reason.value,
        "cool_down_until": standing.cool_down_until,
        "pauses": standing.pauses,
        "paused_at": standing.paused_at,
        "judged_from": standing.judged_from,
    }


async def read_locked(session: WriteSession, account: Place, source: SendingSource) -> SourceRow | None:
    """The source's row behind its lock; None: it has none."""
    locked = select(*sending_sources.c, current_moment().label("now")).where(this_source(account, source))
    return (await session.execute(locked.with_for_update())).one_or_none()


async def write_standing(
    session: WriteSession, account: Place, source: SendingSource, standing: Standing
) -> None:
    """Change what the platform knows of a source that has a row."""
    row = update(sending_sources).where(this_source(account, source))
    await session.send_built(row.values(**columns_of_standing(standing)))


async def now_of(session: WriteSession) -> datetime.datetime:
    """The moment of the clock that tests can move."""
    moment: datetime.datetime = (await session.execute(select(current_moment()))).scalar_one()
    return moment
