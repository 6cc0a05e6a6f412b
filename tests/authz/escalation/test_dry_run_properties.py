"""A dry run of a random change in a random forest says exactly what the change then does (N4)."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.builtin_roles import BuiltinRole
from models.areas import modules_of_areas
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.authz.escalation.forests import SCOPES, Plot, plant, plots
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.escalation.profiles import examples
from tests.authz.matrix.matrices import dry_run, matrix_of, own_id, seen_changes, told
from tests.client.api import Api
from tests.database.stored import fingerprints
from tests.world.world import Person, World

TRIES: dict[str, Callable[[Tries, Draw], Awaitable[Try]]] = {
    name: make
    for area in modules_of_areas("tests.areas.{area}.dry_runs")
    for name, make in area.TRIES.items()
}
_NUMBERS = st.integers(0, 11)
_RIGHTS = SCOPES.map(lambda names: (names - {"ACCOUNT_SUSPEND"}) | {"STATISTICS_READ"})
_DRAWS = {
    name: st.builds(Draw, st.just(name), _NUMBERS, _NUMBERS, _NUMBERS, _RIGHTS, _RIGHTS, st.booleans())
    for name in TRIES
}


@pytest.mark.parametrize("name", TRIES)
@examples(1)
@given(data=st.data(), plot=plots())
async def test_what_it_says_is_what_then_happens(
    name: str, data: st.DataObject, plot: Plot, api: Api, registry: World
) -> None:
    """Or both are refused alike; a dry run leaves no trace in any table."""
    draw = data.draw(_DRAWS[name])
    planted = await plant(registry, plot)
    root = next(account for account in planted.accounts if not account.path)
    tree = [account for account in planted.accounts if account.master == root.key]
    owner, watcher = await registry.member(root, BuiltinRole.OWNER), await registry.person()
    for account in tree:
        # In each by itself: a link may let nothing of it pass.
        await registry.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    tries = Tries(registry, tree, owner, watcher, await registry.person())
    for caller, _ in planted.callers:
        if isinstance(caller, Person):
            await tries.add_stopping_key(caller)
    tried = await TRIES[draw.name](tries, draw)
    before = await fingerprints(registry.database)
    answer = await dry_run(api, name, tried.caller, tried.values)
    assert await fingerprints(registry.database) == before
    asker, old = await own_id(api, tried.caller), await matrix_of(api, watcher, tree)
    became = outcome(await mutate(api, name, tried.caller, tried.values), name)
    new = await matrix_of(api, watcher, tree)
    assert outcome(answer, name) == became
    if became == DONE:
        assert told(answer, name, old, new) == seen_changes(old, new, asker)
    else:
        assert old == new
