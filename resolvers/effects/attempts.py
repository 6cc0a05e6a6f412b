"""How often something guarded may be tried, counted in the database for all processes together (T33)."""

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
"""In bits: whoever has one address of IPv6 has the whole network of that size."""


@dataclass(frozen=True)
class Limit:
    """At most so many tries of one subject, such as `sign-in anna@example.com`, in a window of time.

    With `failures_only` a try that led to what it was for is given back (see `give_back`).
    """

    subject: str
    most: int
    window: datetime.timedelta
    failures_only: bool = False


class Tried(NamedTuple):
    """How often it was tried in the window, this time included, and the seconds until the window ends."""

    times: int
    seconds_left: int


async def count(sessions: WriteSessions, limit: Limit) -> None:
    """Count a try. Raises RateLimited. In a transaction of its own: a refused try counts too."""
    async with sessions.begin() as session:
        (tried,) = await count_within(session, [limit])
    if tried.times > limit.most:
        raise RateLimited(tried.seconds_left)


async def count_within(session: WriteSession, limits: Sequence[Limit]) -> list[Tried]:
    """Count a try for each of several subjects, in their order, within a transaction: it counts if that is
    committed. Whether it was one too many is for the caller to see.

    Where different limits are counted together, they come in the same order each time: then two transactions
    do not wait for each other in a circle.
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


async def give_back(session: WriteSession, limits: Iterable[Limit]) -> None:
    """Take back the try that was counted for each: it was no failure, so it must not stand against whoever
    tries next."""
    for limit in limits:
        this = and_(attempts.c.subject == limit.subject, attempts.c.window_start == _window_start(limit))
        taken = update(attempts).where(this, attempts.c.count > 0)
        await session.execute(taken.values(count=attempts.c.count - literal(1)))


@remembered(4096)
def place_of(client_address: str) -> str:
    """What tries from a network address are counted by: the address itself, or its network of IPv6."""
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
