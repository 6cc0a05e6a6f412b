"""Random trees with people and keys, drawn by hypothesis and set up in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from models.accounts.tables import AccountStatus, ParentAccess, RightsInheritance
from tests.authz.cases.expectations import EVERYTHING
from tests.authz.cases.moments import PAST, expire_key
from tests.authz.escalation.reach_model import (
    ALL_SCOPES,
    AREAS,
    CustomRights,
    Forest,
    Grant,
    Grants,
    Node,
    Opened,
    Shared,
    ShareState,
)
from tests.client.api import Caller
from tests.client.links import break_glass, set_parent_access
from tests.world.shares import Given, give_share
from tests.world.staff import limit_below
from tests.world.world import Account, CustomRole, Person, World


@dataclass(frozen=True)
class Plot:
    """A forest and what each person and each key holds in it."""

    forest: Forest
    people: tuple[Grants, ...]
    keys: tuple[Grant, ...]


@dataclass(frozen=True)
class Planted:
    """The same in the database, in the same order."""

    accounts: tuple[Account, ...]
    callers: tuple[tuple[Caller, Grants], ...]
    dead_keys: tuple[Caller, ...]


ROLES = st.sampled_from(BuiltinRole)
KEY_ROLES = st.sampled_from([role for role in BuiltinRole if role is not BuiltinRole.OWNER])
_FULL = ParentAccess.FULL
MODES = st.sampled_from(
    [*[_FULL] * 3, ParentAccess.READ_ONLY, *[ParentAccess.BREAK_GLASS] * 3, ParentAccess.NONE]
)
STATUSES = st.sampled_from([*[AccountStatus.ACTIVE] * 4, AccountStatus.SUSPENDED, AccountStatus.CLOSED])
SCOPES = st.one_of(
    st.just(ALL_SCOPES),
    st.frozensets(st.sampled_from(sorted(ALL_SCOPES))),
    st.frozensets(st.sampled_from(sorted(ALL_SCOPES))).map(lambda scopes: scopes | {"ACCOUNT_READ"}),
)
_SOME_AREAS = st.frozensets(st.sampled_from(sorted(AREAS)), max_size=6)
_SHARE_STATES = st.sampled_from([*[ShareState.HOLDS] * 4, *ShareState])
CUSTOM_RIGHTS = st.builds(CustomRights, SCOPES, SCOPES)
_ENDED = st.sampled_from([False, False, False, True])
_LIMITS = st.just(EVERYTHING) | SCOPES


@st.composite
def plots(draw: st.DrawFn, most_accounts: int = 7) -> Plot:
    """One to three trees, up to three people with up to three roles, two shares and two openings each, up to
    two keys."""
    count = draw(st.integers(2, most_accounts))
    nodes = tuple(draw(_node(number)) for number in range(count))
    numbers = st.integers(0, count - 1)
    shares = st.lists(shared(Forest(nodes)), max_size=2).map(tuple)
    openings = _openings(nodes)
    people = tuple(
        draw(_memberships(numbers)) + draw(shares) + draw(openings) for _ in range(draw(st.integers(1, 3)))
    )
    key_roles = KEY_ROLES | CUSTOM_RIGHTS
    keys = draw(st.lists(st.builds(Grant, numbers, key_roles, SCOPES, _ENDED), max_size=2).map(tuple))
    return Plot(Forest(nodes), people, keys)


def _node(number: int) -> st.SearchStrategy[Node]:
    """A root now and then, else below any account that is there already."""
    parents: st.SearchStrategy[int | None] = st.just(None)
    if number:
        parents = st.sampled_from([None, *range(number), *range(number)])
    node = st.builds(Node, parents, STATUSES, st.booleans(), MODES)
    return node.map(lambda node: node if node.parent is not None else replace(node, parent_access=_FULL))


def _openings(nodes: Sequence[Node]) -> st.SearchStrategy[tuple[Opened, ...]]:
    """Mostly of accounts that can be opened; one that changed its mode since gives nothing."""
    closed = [number for number, node in enumerate(nodes) if node.parent_access is ParentAccess.BREAK_GLASS]
    below = [number for number, node in enumerate(nodes) if node.parent is not None]
    places = [*closed * 3, *below]
    if not places:
        return st.just(())
    opened = st.builds(Opened, st.sampled_from(places), _ENDED)
    return st.lists(opened, max_size=2, unique_by=lambda opening: opening.account).map(tuple)


@st.composite
def shared(draw: st.DrawFn, forest: Forest) -> Shared:
    """Some accounts of one tree, with a role or with areas."""
    first = draw(st.integers(0, len(forest.nodes) - 1))
    tree = [number for number in range(len(forest.nodes)) if forest.root(number) == forest.root(first)]
    accounts = draw(st.lists(st.sampled_from(tree), min_size=1, max_size=3, unique=True).map(tuple))
    state = draw(_SHARE_STATES)
    if draw(st.booleans()):
        role = draw(KEY_ROLES | CUSTOM_RIGHTS)
        return Shared(accounts, role, hidden=draw(_SOME_AREAS) - {"ACCOUNT"}, state=state)
    return Shared(accounts, None, draw(_SOME_AREAS), state=state)


@st.composite
def _memberships(draw: st.DrawFn, numbers: st.SearchStrategy[int]) -> tuple[Grant, ...]:
    """One role in an account; an e-mail address owns at most one account (R46), and ownership never ends."""
    accounts = draw(st.lists(numbers, max_size=3, unique=True))
    grants: list[Grant] = []
    for account in accounts:
        owns = any(grant.role is BuiltinRole.OWNER for grant in grants)
        role = draw((KEY_ROLES if owns else ROLES) | CUSTOM_RIGHTS)
        ended = role is not BuiltinRole.OWNER and draw(_ENDED)
        grants.append(Grant(account, role, ended=ended, limit=draw(_LIMITS)))
    return tuple(grants)


async def plant(world: World, plot: Plot) -> Planted:
    """Write it into the database; statuses last, as in life."""
    accounts: list[Account] = []
    for node in plot.forest.nodes:
        accounts.append(await world.account(None if node.parent is None else accounts[node.parent]))
        if node.passes_all_roles:
            await world.set_inheritance(accounts[-1], RightsInheritance.ALL_ROLES)
    callers: list[tuple[Caller, Grants]] = []
    dead_keys: list[Caller] = []
    for grants in plot.people:
        person = await world.person()
        for grant in grants:
            if isinstance(grant, Shared):
                await plant_share(world, accounts, grant, person)
                continue
            if isinstance(grant, Opened):
                ended_at = PAST if grant.ended else None
                await break_glass(world, accounts[grant.account], person, ended_at=ended_at)
                continue
            ends = PAST if grant.ended else None
            role = await plant_role(world, accounts[grant.account], grant.role)
            await world.member(accounts[grant.account], role, person, ends)
            if grant.limit != EVERYTHING:
                left = {Permission[name] for name in grant.limit}
                await limit_below(world, accounts[grant.account], person, left)
        callers.append((person, grants))
    for grant in plot.keys:
        scopes = mask_of(frozenset(Permission[name] for name in grant.scopes))
        role = await plant_role(world, accounts[grant.account], grant.role)
        key = await world.api_key(accounts[grant.account], role, scopes)
        if grant.ended:
            await expire_key(world.database, key)
            dead_keys.append(key)
        else:
            callers.append((key, (grant,)))
    await set_modes(world, accounts, plot.forest)
    await _set_statuses(world, accounts, plot.forest)
    return Planted(tuple(accounts), tuple(callers), tuple(dead_keys))


async def plant_share(
    world: World, accounts: Sequence[Account], share: Shared, person: Person
) -> BuiltinRole | CustomRole | None:
    """Write a share, as it came to be, into the database. The role that it gives; a custom one belongs to the
    master account."""
    opened = [accounts[number] for number in share.accounts]
    (master,) = [account for account in accounts if account.key == opened[0].master]
    role = None if share.role is None else await plant_role(world, master, share.role)
    given = Given(
        role,
        None if share.role else [Area(name) for name in share.areas],
        [Area(name) for name in share.hidden],
        accepted=share.state is not ShareState.WAITS,
        expires_at=PAST if share.state is ShareState.EXPIRED else None,
        revoked_at=PAST if share.state is ShareState.REVOKED else None,
    )
    await give_share(world, opened, person, await world.person(), given)
    return role


async def plant_role(
    world: World, account: Account, role: BuiltinRole | CustomRights
) -> BuiltinRole | CustomRole:
    """The role, to be held in the account; a custom one belongs to that account."""
    if isinstance(role, BuiltinRole):
        return role
    return await world.role(account, " ".join(role.permissions), " ".join(role.below))


async def set_modes(world: World, accounts: Sequence[Account], forest: Forest) -> None:
    """Let pass down what the forest's links let pass."""
    for account, node in zip(accounts, forest.nodes, strict=True):
        if node.parent_access is not ParentAccess.FULL:
            await set_parent_access(world, account, node.parent_access)


async def _set_statuses(world: World, accounts: Sequence[Account], forest: Forest) -> None:
    for account, node in zip(accounts, forest.nodes, strict=True):
        if node.status is not AccountStatus.ACTIVE:
            await world.set_status(account, node.status)
