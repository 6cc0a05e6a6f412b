"""Both executors answer the same to a request that names the least revision it may see (N7)."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.wall.freshness import Revision, current_revision
from server.failures.errors import RevisionUnknown
from server.graphql.runner import OperationRunner
from tests.equality.drawn.answers import check_equality, compiled, reference
from tests.equality.drawn.operations import Operation, operation, operations
from tests.equality.drawn.scene import REFUSED, VIEWERS, Scene
from tests.equality.drawn.vocabulary import Vocabulary

FUTURE = Revision(f"00000001-1-{2**64 - 1}")


def _at_least(asked: Operation, revision: Revision) -> Operation:
    return replace(asked, request=asked.request._replace(min_revision=revision))


@pytest.fixture(scope="module")
async def revision(scene: Scene, database: AsyncEngine) -> Revision:
    """A change made after the scene."""
    async with database.begin() as connection:
        return Revision((await connection.execute(select(current_revision()))).scalar_one())


@pytest.mark.parametrize("viewer", VIEWERS)
@settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_what_contains_the_revision_is_answered_alike(
    viewer: str,
    executor: OperationRunner,
    scene: Scene,
    revision: Revision,
    vocabularies: Mapping[str, Vocabulary],
    data: st.DataObject,
) -> None:
    asked = data.draw(operations(executor.schema, vocabularies[viewer]))
    await check_equality(executor, _at_least(asked, revision), scene.callers[viewer])


@pytest.mark.parametrize("caller", [*VIEWERS, *REFUSED])
async def test_an_unknown_revision_is_refused_by_both(
    caller: str, executor: OperationRunner, scene: Scene
) -> None:
    asked = operation("{ viewer { id } }")
    for execute in (compiled, reference):
        with pytest.raises(RevisionUnknown):
            await execute(executor, _at_least(asked, FUTURE), scene.callers[caller])
