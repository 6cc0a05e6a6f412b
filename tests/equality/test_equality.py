"""Both executors answer the same, whoever asks and whatever is asked."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.failures.errors import Unauthenticated
from server.graphql.runner import OperationRunner
from tests.authz.escalation.profiles import BY_NIGHT
from tests.equality.conftest import Tally
from tests.equality.drawn.answers import check_equality, compiled, reference
from tests.equality.drawn.operations import operation, operations
from tests.equality.drawn.scene import REFUSED, VIEWERS, Scene
from tests.equality.drawn.vocabulary import Vocabulary


@pytest.mark.parametrize("viewer", VIEWERS)
@settings(
    max_examples=200 if BY_NIGHT else 10,
    derandomize=not BY_NIGHT,
    deadline=None,
    # A smaller example takes minutes to find: by day the first one must do.
    phases=[Phase.generate, Phase.shrink] if BY_NIGHT else [Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_both_executors_answer_the_same(
    viewer: str,
    executor: OperationRunner,
    scene: Scene,
    vocabularies: Mapping[str, Vocabulary],
    tally: Tally,
    data: st.DataObject,
) -> None:
    asked = data.draw(operations(executor.schema, vocabularies[viewer]))
    for name in (viewer, "owner of a tree"):
        tally.drawn += 1
        tally.answered_by_both += await check_equality(executor, asked, scene.callers[name])


@pytest.mark.parametrize("caller", REFUSED)
@pytest.mark.parametrize("query", ["{ __typename }", "{ viewer { id } }", '{ node(id: "x") { id } }'])
async def test_who_is_no_longer_known_is_refused_by_both(
    caller: str, query: str, executor: OperationRunner, scene: Scene
) -> None:
    for execute in (compiled, reference):
        with pytest.raises(Unauthenticated):
            await execute(executor, operation(query), scene.callers[caller])
