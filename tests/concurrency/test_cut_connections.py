"""A connection is cut at every trip of a write, before, during and after it: all is done, or nothing.

Who repeats the request under its idempotency key is told which, and it is done once.
"""

import asyncio
import enum
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.write_connection import Unawaited, WriteConnection
from models.effects.events import events
from models.sending.tables import send_reservations
from resolvers.effects.event_kinds import EventKind
from tests.world.api import Api
from tests.world.brand import Brand, brand_of
from tests.world.credit import EURO, credit_of, give_credit, own_balances
from tests.world.mutations import Attempt, attempt
from tests.world.plans import make_plan, subscribe
from tests.world.sends import booking
from tests.world.world import World

T = TypeVar("T")

_RETRIED = 3
"""How often a client tries again: each of the pool's connections may have been lost."""


class Cut(enum.Enum):
    """When the connection is lost: of "during", the server may have worked on what was sent, or not."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass
class Cutter:
    """Cuts a write's connection at one of its trips, once."""

    place: int
    when: Cut
    trips: int = 0
    has_cut: bool = field(default=False)

    async def behind(
        self, connection: WriteConnection, ahead: Sequence[Unawaited], ask: Callable[[], Awaitable[T]]
    ) -> T:
        """In the place of `WriteConnection._behind`."""
        self.trips += 1
        if self.has_cut or self.trips != self.place:
            return await _behind(connection, ahead, ask)
        self.has_cut = True
        if self.when is Cut.BEFORE:
            connection.terminate()
            return await _behind(connection, ahead, ask)
        if self.when is Cut.AFTER:
            found = await _behind(connection, ahead, ask)
            connection.terminate()
            return found
        asking = asyncio.ensure_future(_behind(connection, ahead, ask))
        await asyncio.sleep(0)
        connection.terminate()
        return await asking


_behind = WriteConnection._behind


@dataclass(frozen=True)
class Write:
    """A write with an idempotency key. `done`: how often it was done, by what it left behind."""

    name: str
    values: Callable[[Brand, str], dict[str, Any]]
    done: Callable[[AsyncEngine, Brand], Awaitable[int]]


def _transfer(brand: Brand, key: str) -> dict[str, Any]:
    between = {"fromAccountId": brand.master.id, "toAccountId": brand.us.id}
    return {**between, "amount": str(EURO), "idempotencyKey": key}


async def _transferred(database: AsyncEngine, brand: Brand) -> int:
    """By the balances and the log, which must agree."""
    moved = await credit_of(database, brand.us) // EURO
    assert await _logged(database, brand, EventKind.CREDIT_TRANSFERRED) == moved
    return moved


def _sending(brand: Brand, key: str) -> dict[str, Any]:
    return booking(brand.us, f"contact-{key}", key=key)


async def _reserved(database: AsyncEngine, brand: Brand) -> int:
    statement = select(func.count()).where(send_reservations.c.account_id == brand.us.key)
    async with database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def _logged(database: AsyncEngine, brand: Brand, kind: EventKind) -> int:
    statement = select(func.count()).where(events.c.account_id == brand.us.key, events.c.kind == kind.value)
    async with database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


WRITES = [Write("creditTransfer", _transfer, _transferred), Write("sendReserve", _sending, _reserved)]


async def _brand(world: World) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, sends=999, active_contacts=999))
    await give_credit(world, brand.master, 100 * EURO)
    await own_balances(world, brand.us)
    return brand


@pytest.mark.parametrize("when", Cut)
@pytest.mark.parametrize("write", WRITES, ids=[write.name for write in WRITES])
async def test_it_is_done_once_or_not_at_all(
    api: Api, world: World, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch, write: Write, when: Cut
) -> None:
    brand = await _brand(world)
    assert (await _sent(api, brand, write, "first")).done  # prepares statements, and makes its caller known
    told_done = 0
    for place in itertools.count(1):
        cutter, before = Cutter(place, when), await write.done(database, brand)
        monkeypatch.setattr(WriteConnection, "_behind", _by(cutter))
        first = await _sent(api, brand, write, f"key-{place}")
        monkeypatch.setattr(WriteConnection, "_behind", _behind)
        again = await _again(api, brand, write, f"key-{place}")
        assert await write.done(database, brand) == before + 1, (place, first)
        if first.done:
            assert again.payload["replayed"] is True
            told_done += 1
        if not cutter.has_cut:
            break
    assert place > 4, "each trip was cut"
    assert told_done >= 1, "that which was not cut"


def _by(cutter: Cutter) -> Callable[..., Awaitable[Any]]:
    async def behind(
        connection: WriteConnection, ahead: Sequence[Unawaited], ask: Callable[[], Awaitable[Any]]
    ) -> Any:
        return await cutter.behind(connection, ahead, ask)

    return behind


async def _sent(api: Api, brand: Brand, write: Write, key: str) -> Attempt:
    return await attempt(api, write.name, brand.owner, "replayed", **write.values(brand, key))


async def _again(api: Api, brand: Brand, write: Write, key: str) -> Attempt:
    """What a client does that is answered UNAVAILABLE."""
    for _ in range(_RETRIED):
        found = await _sent(api, brand, write, key)
        if found.code != "UNAVAILABLE":
            break
    assert found.done, found
    return found
