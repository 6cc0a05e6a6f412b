"""Both executors on one world, and how many examples they are compared by.

`HYPOTHESIS_PROFILE=nightly` asks for more examples, and for others each time.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.pool import Pool
from server.database.connections import connect_as_application, data_pool, read_pool
from server.database.read_pools import ReadPools
from server.embedded_postgres import DatabaseAddresses
from server.graphql.runner import OperationRunner
from tests.client.schema import STRAWBERRY
from tests.equality.drawn.harvest import harvest
from tests.equality.drawn.scene import Scene, make_scene
from tests.equality.drawn.vocabulary import Vocabulary
from tests.server.deployed import BOUNDLESS, deployed
from tests.world.world import World

_POOL_SIZE = 4


@pytest.fixture(scope="session")
async def scene(database: AsyncEngine) -> Scene:
    """The world that all examples read."""
    return await make_scene(World(database))


@pytest.fixture(scope="session")
async def reads(addresses: DatabaseAddresses) -> AsyncIterator[Pool]:
    """The compiled executor's connections."""
    pool = read_pool(addresses.application, _POOL_SIZE)
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def far(addresses: DatabaseAddresses) -> AsyncIterator[Pool]:
    """Its connections for far statements."""
    pool = data_pool(addresses.application, _POOL_SIZE)
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def executor(addresses: DatabaseAddresses, reads: Pool, far: Pool) -> AsyncIterator[OperationRunner]:
    """Both executors, as the server has them."""
    engine = connect_as_application(addresses.application, _POOL_SIZE)
    made = OperationRunner(
        STRAWBERRY, engine, ReadPools(reads, far), deployed(), of_a_principal=BOUNDLESS, of_a_tree=BOUNDLESS
    )
    yield made
    await made.close()
    await engine.dispose()


@pytest.fixture(scope="session")
async def vocabularies(scene: Scene, executor: OperationRunner) -> Mapping[str, Vocabulary]:
    """What each viewer's arguments are made of."""
    return await harvest(executor, scene)


@dataclass
class Tally:
    """How many operations were drawn, and how many of them both executors answered."""

    drawn: int = 0
    answered_by_both: int = 0


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    """Fails where too few operations were compiled: then the comparison would prove nothing."""
    counted = Tally()
    yield counted
    assert counted.answered_by_both >= counted.drawn * 2 // 3
