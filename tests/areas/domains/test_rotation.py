"""`mandant keys rotate`: what an older secret has sealed is sealed with the newest one, beside writers."""

import asyncio
from collections.abc import Iterable

import pytest
from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.domains.tables import domain_keys
from resolvers.domains.sealed_columns import NEXT_PRIVATE_KEY, PRIVATE_KEY
from resolvers.sealing import rotate as rotation
from resolvers.sealing.keyring import Keyring, NotOpenedError
from server.commands.keys import rotate
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed
from tests.areas.fixtures import brand
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.own_database import api, application, own, owner_engine, world
from tests.waiting import until
from tests.world.brand import Brand
from tests.world.domains import Domain, give_domain
from tests.world.world import World

__all__ = ["api", "application", "brand", "own", "owner_engine", "world"]

_OLD, _BOTH, _NEW = Keyring([b"old"]), Keyring([b"new", b"old"]), Keyring([b"new"])
_MANY = 25


@pytest.fixture
async def sealed(world: World, brand: Brand, monkeypatch: pytest.MonkeyPatch) -> list[Domain]:
    """Domains of two accounts; an older secret has sealed their keys. A batch is small."""
    monkeypatch.setattr(rotation, "BATCH", 4)
    async with world.database.begin() as connection:
        await connection.execute(delete(domain_keys))
    domains = [await give_domain(world, account) for account in (brand.us, brand.uk) for _ in range(_MANY)]
    await _seal(world, _OLD, domains)
    return domains


async def _seal(world: World, keyring: Keyring, domains: Iterable[Domain]) -> None:
    this = (domain_keys.c.master_id == bindparam("tree")) & (domain_keys.c.domain_id == bindparam("domain"))
    rows = []
    for domain in domains:
        place = PRIVATE_KEY.place({"master_id": domain.account.master, "domain_id": domain.key})
        value = keyring.seal(place, domain.key.bytes)
        rows.append({"tree": domain.account.master, "domain": domain.key, "sealed": value})
    async with world.database.begin() as connection:
        await connection.execute(
            update(domain_keys).where(this).values(private_key=bindparam("sealed")), rows
        )


async def _stored(database: AsyncEngine) -> list[Row[*tuple[object, ...]]]:
    async with database.connect() as connection:
        return list((await connection.execute(select(domain_keys))).all())


def _opens(keyring: Keyring, row: Row[*tuple[object, ...]]) -> bool:
    try:
        value = keyring.open(PRIVATE_KEY.place(dict(row._mapping)), row.private_key)
    except NotOpenedError:
        return False
    return bool(value == row.domain_id.bytes)


async def test_everything_opens_with_the_new_secret_alone(
    own: DatabaseAddresses, world: World, sealed: list[Domain]
) -> None:
    resealed = await rotate(own.owner, _BOTH)
    assert (resealed.done, resealed.unopened) == (2 * _MANY, 0)
    rows = await _stored(world.database)
    assert len(rows) == 2 * _MANY
    assert all(_opens(_NEW, row) for row in rows)
    assert not any(_opens(_OLD, row) for row in rows)
    again = await rotate(own.owner, _BOTH)
    assert (again.done, again.unopened) == (0, 0)


async def test_keys_that_wait_are_sealed_anew_too(
    own: DatabaseAddresses, world: World, sealed: list[Domain]
) -> None:
    """Each for its own place: nobody can have a key used by copying it there."""
    domain = sealed[0]
    place = NEXT_PRIVATE_KEY.place({"master_id": domain.account.master, "domain_id": domain.key})
    waiting = {"next_selector": "m1", "next_public_key": "BBBB", "next_private_key": _OLD.seal(place, b"n")}
    async with world.database.begin() as connection:
        this = domain_keys.c.domain_id == domain.key
        await connection.execute(update(domain_keys).where(this).values(waiting))
    resealed = await rotate(own.owner, _BOTH)
    assert (resealed.done, resealed.unopened) == (2 * _MANY + 1, 0)
    (row,) = [each for each in await _stored(world.database) if each.domain_id == domain.key]
    assert _NEW.open(place, row.next_private_key) == b"n"
    with pytest.raises(NotOpenedError):
        _NEW.open(PRIVATE_KEY.place(dict(row._mapping)), row.next_private_key)


async def test_it_is_for_the_owner(own: DatabaseAddresses, sealed: list[Domain]) -> None:
    """Anybody else sees nothing that is sealed, and would be told that nothing is left."""
    with pytest.raises(CommandFailed):
        await rotate(own.application, _BOTH)


async def test_it_continues_where_it_was_interrupted(
    own: DatabaseAddresses, world: World, sealed: list[Domain]
) -> None:
    """What has been done is not done again."""
    await _seal(world, _NEW, sealed[:30])
    before = {row.domain_id: row.private_key for row in await _stored(world.database)}
    assert (await rotate(own.owner, _BOTH)).done == 20
    after = {row.domain_id: row.private_key for row in await _stored(world.database)}
    assert {key for key in after if after[key] == before[key]} == {domain.key for domain in sealed[:30]}


async def test_a_row_that_a_writer_has_locked_is_taken_later(
    own: DatabaseAddresses, world: World, sealed: list[Domain]
) -> None:
    """It waits for nobody, so nobody and it can wait for each other."""

    async def all_but_one() -> bool:
        rows = await _stored(world.database)
        return sum(_opens(_NEW, row) for row in rows) == 2 * _MANY - 1

    held = select(domain_keys).where(domain_keys.c.domain_id == sealed[7].key).with_for_update()
    async with world.database.begin() as writer:
        await writer.execute(held)
        rotating = asyncio.create_task(rotate(own.owner, _BOTH))
        await until(all_but_one)
        assert not rotating.done()
    assert (await rotating).done == 2 * _MANY
    assert all(_opens(_NEW, row) for row in await _stored(world.database))


async def test_domains_are_removed_meanwhile(
    api: Api, own: DatabaseAddresses, world: World, brand: Brand, sealed: list[Domain]
) -> None:
    removals = [done(api, "domainRemove", brand.owner, domainId=domain.id) for domain in sealed[::2]]
    await asyncio.gather(rotate(own.owner, _BOTH), *removals)
    rows = await _stored(world.database)
    assert {row.domain_id for row in rows} == {domain.key for domain in sealed[1::2]}
    assert all(_opens(_NEW, row) for row in rows)


async def test_what_no_secret_opens_stays_and_is_told(
    own: DatabaseAddresses, world: World, sealed: list[Domain]
) -> None:
    """Sealed by a secret that is gone, or copied from another row."""
    await _seal(world, Keyring([b"lost"]), sealed[:3])
    values = {row.domain_id: row.private_key for row in await _stored(world.database)}
    copied = update(domain_keys).where(domain_keys.c.domain_id == sealed[3].key)
    async with world.database.begin() as connection:
        await connection.execute(copied.values(private_key=values[sealed[4].key]))
    resealed = await rotate(own.owner, _BOTH)
    assert (resealed.done, resealed.unopened) == (2 * _MANY - 4, 4)
    after = {row.domain_id: row.private_key for row in await _stored(world.database)}
    assert [after[domain.key] for domain in sealed[:3]] == [values[domain.key] for domain in sealed[:3]]
    assert after[sealed[3].key] == values[sealed[4].key]
