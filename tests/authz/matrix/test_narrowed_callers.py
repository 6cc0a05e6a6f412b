"""Every mutation that needs a permission against narrowed tokens of an owner and of an administrator's key:
what gives or takes access is refused to the widest of them, and everything to those that only read."""

import pytest
from starlette.applications import Starlette

from authz.policy.permissions import GIVES_ACCESS, Permission
from tests.areas.narrowed_tokens.narrowing import Narrowed, narrowed
from tests.authz.escalation.outcomes import mutate, outcome
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.places import new_place
from tests.world.world import World

_NEEDING = sorted(
    name
    for name, row in MUTATIONS.items()
    if row.permission not in (None, "ACCOUNT_READ") and " or " not in row.permission
)
_GIVING = sorted(name for name in _NEEDING if Permission[str(MUTATIONS[name].permission)] in GIVES_ACCESS)


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """One world for all fields."""
    return await Stage.of(registry)


def test_the_lists_are_not_empty() -> None:
    assert {"memberUpdate", "apiKeyCreate", "shareCreate", "roleDelete", "accessReviewStart"} <= set(_GIVING)
    assert {"creditTransfer", "contactErase"} <= set(_NEEDING)


@pytest.mark.parametrize("name", one_in(2, _GIVING))
async def test_the_widest_token_gives_and_takes_no_access(name: str, stage: Stage, app: Starlette) -> None:
    """Whatever its owner may do. An administrator's key closes no account."""
    left_out = GIVES_ACCESS | {Permission.ACCOUNT_SUSPEND, Permission.ACCOUNT_CLOSE}
    most = [found.name for found in Permission if found not in left_out]
    await _compare(name, stage, app, most)


@pytest.mark.parametrize("name", one_in(5, _NEEDING))
async def test_a_token_that_reads_changes_nothing(name: str, stage: Stage, app: Starlette) -> None:
    """With every right to read."""
    await _compare(name, stage, app, [found.name for found in Permission if found.name.endswith("_READ")])


async def _compare(name: str, stage: Stage, app: Starlette, permissions: list[str]) -> None:
    mutation = MUTATIONS[name]
    async with Api.of(app, new_place()) as api:
        tokens: list[Narrowed] = []
        for parent in (stage.callers["owner"], stage.callers["key_administrator"]):
            assert parent is not None
            tokens.append(await narrowed(api, parent, [stage.account], permissions))
        tokens.append(await narrowed(api, tokens[0], [stage.account], permissions))
        for token in tokens:
            values, before = await mutation.prepare(stage), await stage.state()
            found = outcome(await mutate(api, name, token, values), name)
            assert found == f"FORBIDDEN {mutation.permission}"
            assert await stage.state() == before
    await stage.reopen()
