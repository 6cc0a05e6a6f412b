"""Rate limits: how often something may be tried, counted in the database for all processes together (T33)."""

import datetime
import ipaddress
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, literal, update
from sqlalchemy.dialects.postgresql import insert

from authz.policy.refusals import RateLimited
from engine.text.remembered import remembered
from engine.writes.sessions import WriteSession, WriteSessions
from models.effects.attempts import attempts

_NETWORK_OF_A_CLIENT = 64
"""In bits. A client with one IPv6 address controls the whole network of this size."""


@dataclass(frozen=True)
class Limit:
    """At most `most` tries of one subject, such as `sign-in anna@example.com`, in a window of time.

    With `failures_only` the caller gives a successful try back (see `give_attempts_back`).
    """

    subject: str
    most: int
    window: datetime.timedelta
    failures_only: bool = False


class Tried(NamedTuple):
    """How often the subject was tried in the window, this try included, and the seconds until the window
    ends."""

    times: int
    seconds_left: int


async def count_attempt(sessions: WriteSessions, limit: Limit) -> None:
    """Count a try. Raises RateLimited. The count has a transaction of its own, so that refused tries count
    too."""
    async with sessions.begin() as session:
        (tried,) = await count_attempts(session, [limit])
    if tried.times > limit.most:
        raise RateLimited(tried.seconds_left)


async def count_attempts(session: WriteSession, limits: Sequence[Limit]) -> list[Tried]:
    """Count a try for each limit within the caller's transaction, which has to commit for it to count. The
    caller compares the returned numbers with the limits.

    Callers that count several limits pass them in one fixed order, so that two transactions cannot deadlock.
    """
    rows = [{"subject": limit.subject, "window_start": _window_start(limit), "count": 1} for limit in limits]
    counted = (
        insert(attempts)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["subject", "window_start"], set_={"count": attempts.c.count + literal(1)}
        )
        .returning(
            attempts.c.subject,
            attempts.c.count.label("times"),
            attempts.c.window_start,
            func.now().label("now"),
        )
    )
    found = {row.subject: row for row in (await session.execute(counted)).all()}
    return [_tried(found[limit.subject], limit) for limit in limits]


def _tried(row: Row[Any], limit: Limit) -> Tried:
    left = row.window_start + limit.window - row.now
    return Tried(row.times, max(1, math.ceil(left.total_seconds())))


async def give_attempts_back(session: WriteSession, limits: Iterable[Limit]) -> None:
    """Take back one counted try for each limit: it succeeded, and must not count against the next one."""
    for limit in limits:
        this = and_(attempts.c.subject == limit.subject, attempts.c.window_start == _window_start(limit))
        taken = update(attempts).where(this, attempts.c.count > 0)
        await session.send_built(taken.values(count=attempts.c.count - literal(1)))


@remembered(4096)
def place_of(client_address: str) -> str:
    """What tries from a network address are counted by: an IPv4 address itself, or the IPv6 network."""
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return client_address
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _NETWORK_OF_A_CLIENT), strict=False))


def _window_start(limit: Limit) -> ColumnElement[datetime.datetime]:
    seconds = limit.window.total_seconds()
    return func.to_timestamp(func.floor(func.extract("epoch", func.now()) / seconds) * seconds)
