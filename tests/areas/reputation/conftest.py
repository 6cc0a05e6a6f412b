"""Accounts that send, by people and by keys."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.messages.conftest import shop, site
from tests.world.plans import make_plan, subscribe
from tests.world.world import Account, ApiKey, Member, World

__all__ = ["shop", "site"]


@dataclass(frozen=True)
class Agency:
    """A master account above a client's account with two keys, and beside another client's."""

    master: Account
    client: Account
    other: Account
    owner: Member
    """Of the master account: may do everything below."""
    manager: Member
    """An administrator of the client's account."""
    key: ApiKey
    second: ApiKey


@pytest.fixture
async def agency(world: World) -> Agency:
    """With a large plan."""
    master = await world.account()
    await subscribe(world, master, await make_plan(world, active_contacts=10_000, sends=10_000))
    client, other = [await world.account(master) for _ in range(2)]
    return Agency(
        master,
        client,
        other,
        await world.member(master, BuiltinRole.OWNER),
        await world.member(client, BuiltinRole.ADMINISTRATOR),
        await world.api_key(client),
        await world.api_key(client),
    )


@pytest.fixture(scope="session")
async def sessions(addresses: DatabaseAddresses) -> AsyncIterator[WriteSessions]:
    """Transactions as a worker has them."""
    engine = connect_as_application(addresses.application, pool_size=4)
    yield WriteSessions(engine)
    await engine.dispose()
