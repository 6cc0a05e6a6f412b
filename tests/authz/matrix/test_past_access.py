"""The past is what the present was: after random changes through the API, each moment between them is asked
about and compared with what was seen then (N2)."""

from hypothesis import given
from hypothesis import strategies as st

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.areas import modules_of_areas
from tests.areas.access.past import explained, matrix_at, now
from tests.areas.access.past_tokens import DOINGS, Doing, Tokens
from tests.authz.escalation.dry_run_tries import Draw, Tries
from tests.authz.escalation.forests import SCOPES, Plot, plant, plots
from tests.authz.escalation.outcomes import mutate
from tests.authz.escalation.profiles import examples
from tests.authz.matrix.matrices import matrix_of
from tests.client.api import Api
from tests.world.world import ApiKey, Person, World

_TRIES = {
    name: make
    for area in modules_of_areas("tests.areas.{area}.dry_runs")
    for name, make in area.TRIES.items()
}
_NUMBERS = st.integers(0, 11)
_RIGHTS = SCOPES.map(lambda names: (names - {"ACCOUNT_SUSPEND"}) | {"STATISTICS_READ"})
_DRAWS = st.builds(
    Draw, st.sampled_from(sorted(_TRIES)), _NUMBERS, _NUMBERS, _NUMBERS, _RIGHTS, _RIGHTS, st.booleans()
)
_STORIES = st.lists(DOINGS | DOINGS | _DRAWS, min_size=8, max_size=14)
_ASKED = st.sampled_from([each.name for each in Permission])


@examples(4)
@given(plot=plots(), draws=st.lists(_DRAWS, min_size=4, max_size=6), asked=_ASKED)
async def test_the_past_is_what_the_present_was(
    plot: Plot, draws: list[Draw], asked: str, api: Api, registry: World
) -> None:
    """Of every person and key in every account of the tree, and why."""
    planted = await plant(registry, plot)
    root = next(account for account in planted.accounts if not account.path)
    tree = [account for account in planted.accounts if account.master == root.key]
    owner, watcher = await registry.member(root, BuiltinRole.OWNER), await registry.person()
    for account in tree:
        await registry.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    tries = Tries(registry, tree, owner, watcher, watcher)
    for caller, _ in planted.callers:
        if isinstance(caller, Person):
            await tries.add_stopping_key(caller)
    seen = []
    for draw in draws:
        tries.guest = await registry.person()
        tried = await _TRIES[draw.name](tries, draw)
        await mutate(api, draw.name, tried.caller, tried.values)
        matrix, place = await matrix_of(api, watcher, tree), tries.account(draw)
        why = await explained(api, watcher, matrix, place, asked)
        seen.append((await now(registry.database), matrix, place, why))
    for moment, matrix, place, why in seen:
        assert await matrix_at(api, watcher, tree, moment) == matrix.held
        assert await explained(api, watcher, matrix, place, asked, moment) == why


@examples(6)
@given(
    plot=plots(most_accounts=4),
    draws=st.lists(DOINGS | DOINGS | _DRAWS, min_size=8, max_size=14),
    asked=_ASKED,
)
async def test_so_it_is_of_narrowed_tokens(
    plot: Plot, draws: list[Draw | tuple[Doing, int]], asked: str, api: Api, registry: World
) -> None:
    """Among changes of what their parents have: tokens of people, of keys and of tokens, and their ends."""
    planted = await plant(registry, plot)
    root = next(account for account in planted.accounts if not account.path)
    tree = [account for account in planted.accounts if account.master == root.key]
    owner, watcher = await registry.member(root, BuiltinRole.OWNER), await registry.person()
    for account in tree:
        await registry.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    tries = Tries(registry, tree, owner, watcher, watcher)
    people = [owner.person, *(caller for caller, _ in planted.callers if isinstance(caller, Person))]
    keys = [await registry.api_key(root)]
    keys += [caller for caller, _ in planted.callers if isinstance(caller, ApiKey)]
    tokens = Tokens(api, registry, tree, owner, people, keys)
    await tokens.do(Doing.NARROW, 0)
    seen, place = [], root
    for draw in draws:
        if isinstance(draw, Draw):
            tries.guest, place = await registry.person(), tries.account(draw)
            tried = await _TRIES[draw.name](tries, draw)
            await mutate(api, draw.name, tried.caller, tried.values)
        else:
            await tokens.do(*draw)
        matrix = await matrix_of(api, watcher, tree)
        # Those that have ended are in no matrix.
        matrix.names.update({token.id: "" for token in tokens.made})
        why = await explained(api, watcher, matrix, place, asked)
        seen.append((await now(registry.database), matrix, place, why))
    for moment, matrix, place, why in seen:
        assert await matrix_at(api, watcher, tree, moment) == matrix.held
        assert await explained(api, watcher, matrix, place, asked, moment) == why
