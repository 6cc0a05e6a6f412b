"""A real PostgreSQL for every test; each worker has a database of its own, each test makes its own trees."""

import gc
import itertools
import os
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from server.database.clock import Clock
from server.database.connections import connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import PaymentProviderName
from server.settings.settings import Settings
from server.start.app import create_app
from tests.authz.escalation import profiles as profiles  # for all tests: no example has a deadline
from tests.by_day import without_nightly
from tests.client.api import CHECKS, Api
from tests.client.named import check_named
from tests.database.database import TestServer, clone, deadlocks, drop, named
from tests.isolation.summary import pytest_terminal_summary as pytest_terminal_summary
from tests.room import room
from tests.world.world import World

CHECKS.append(check_named)

_ADDRESSES = pytest.StashKey[DatabaseAddresses]()
_SERVER = pytest.StashKey[TestServer]()

_TESTS_BETWEEN_SEARCHES = 600
"""A search takes half a second, and what waits for it some 50 MB."""
_MEMORY_IS_GIVEN_BACK = ("MALLOC_MMAP_THRESHOLD_", "1048576")
"""For the workers' C library. A password is hashed in 19 MB: left to itself, it keeps twice that for each
thread that has hashed one, and each application that a test makes has such a thread."""
_tests = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Start the server, or, in a worker, hear where it is."""
    told: dict[str, str] | None = getattr(config, "workerinput", None)
    if told is not None:
        config.stash[_ADDRESSES] = DatabaseAddresses(told["owner"], told["application"])
        return
    if config.option.collectonly or config.option.help:
        return
    os.environ.setdefault(*_MEMORY_IS_GIVEN_BACK)
    server = TestServer()
    config.stash[_ADDRESSES] = server.start()
    config.stash[_SERVER] = server


def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the server is."""
    addresses = node.config.stash[_ADDRESSES]
    node.workerinput.update(owner=addresses.owner, application=addresses.application)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """By day slow tests are left to the night."""
    items[:], left = without_nightly(items)
    config.hook.pytest_deselected(items=left)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules, schemas and collected tests stay. More than half of the time of collecting tests went into
    looking for garbage among them, and a fifth of a worker's later time: they are left out, as in the server,
    and it is looked for more seldom."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(200_000, 20, 20)
        gc.enable()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Applications that tests are done with are circles, each with all that it remembers."""
    if next(_tests) % _TESTS_BETWEEN_SEARCHES == 0:
        gc.collect()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


@pytest.fixture(scope="session", autouse=True)
def _on_a_busy_machine() -> Iterator[None]:
    with room():
        yield


@pytest.fixture(scope="session")
async def addresses(pytestconfig: pytest.Config) -> AsyncIterator[DatabaseAddresses]:
    """A migrated database of this worker's own: as its owner, and as the application.

    The product locks rows in one order everywhere. In no test, and no race, may two transactions wait for
    each other: PostgreSQL would end one of them, and a client would be told of a conflict that is none.
    """
    server = pytestconfig.stash[_ADDRESSES]
    name = await clone(server.owner)
    yield DatabaseAddresses(named(server.owner, name), named(server.application, name))
    waited = await deadlocks(server.owner, name)
    await drop(server.owner, name)
    assert waited == 0, f"{waited} transactions waited for each other; the tests' PostgreSQL log says which"


@pytest.fixture(scope="session")
async def database(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The worker's database as its owner: to prepare what a test needs and to look at what it did."""
    engine = connect_as_owner(addresses.owner)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def settings() -> Settings:
    """As without any environment, but that credit can be bought."""
    practice = PaymentProviderName.PRACTICE
    return Settings(
        smtp_url=None,
        public_url="http://mandant.test",
        payment_provider=practice,
        contact_key=SecretStr("a secret of the tests"),
        secret_keys=SecretStr("another secret of the tests"),
    )


@pytest.fixture(scope="session")
async def app(settings: Settings, addresses: DatabaseAddresses) -> Starlette:
    """The application on the worker's database, as the application's role."""
    return create_app(settings, addresses.application)


@pytest.fixture(scope="session")
async def api(app: Starlette) -> AsyncIterator[Api]:
    """GraphQL over HTTP, in the same process."""
    async with Api.of(app) as found:
        yield found


@pytest.fixture
def world(database: AsyncEngine) -> World:
    """Makes people, accounts, members and keys, directly in the database."""
    return World(database)


@pytest.fixture
async def clock(database: AsyncEngine) -> AsyncIterator[Clock]:
    """The clock of plans and sends, to be put forward; afterwards it goes as it did."""
    found = Clock(database)
    yield found
    await found.reset()
