"""Every list can be walked in both directions, and each item is met exactly once."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.roles.tables import roles
from tests.client.api import Api
from tests.engine.paths import Path
from tests.engine.scene import Scene, make_scene
from tests.engine.walks import Listing, Reading
from tests.world.world import Account, World

_NAMES = ("beta", "Alpha", "beta")


_SIZES = {Path.COMPILED: 1, Path.REFERENCE: 2}


@dataclass(frozen=True)
class Lists:
    """An account with three rows of each kind, and a tree whose accounts share names."""

    scene: Scene
    master: Account
    named: tuple[Account, ...]
    role_ids: list[str]
    """By name."""

    @property
    def by_creation(self) -> list[str]:
        """The named accounts, oldest first."""
        return [account.id for account in self.named]

    @property
    def all_by_creation(self) -> list[str]:
        """All that the viewer reaches, oldest first."""
        return [*self.scene.account_ids, self.master.id, *self.by_creation]

    @property
    def by_name(self) -> list[str]:
        """The named accounts by name, whatever its case, then oldest first."""
        ordered = sorted(self.named, key=lambda account: (account.name.lower(), account.key))
        return [account.id for account in ordered]


@pytest.fixture(scope="module")
async def lists(database: AsyncEngine) -> Lists:
    world = World(database)
    scene = await make_scene(world, 1, 3)
    master = await world.account(name="Master")
    await world.member(master, BuiltinRole.ADMINISTRATOR, scene.owner.person)
    middle = [await world.account(master, name) for name in _NAMES[:2]]
    leaf = await world.account(middle[0], _NAMES[2])
    # Two grants that reach the same accounts: each account is still listed once.
    await world.member(middle[0], BuiltinRole.ADMINISTRATOR, scene.owner.person)
    async with database.connect() as connection:
        rows = await connection.execute(
            select(roles.c.id)
            .where(or_(roles.c.account_id.is_(None), roles.c.account_id == scene.master.key))
            .order_by(roles.c.sort_key, roles.c.id)
        )
        role_ids = [present(Kind.ROLE, row.id) for row in rows]
    return Lists(scene, master, (*middle, leaf), role_ids)


_OWN = ', search: "a", kind: SUBACCOUNT'
"""What the viewer's list is narrowed to: the named accounts, and not the other tree."""
LISTINGS: dict[str, tuple[Listing, Callable[[Lists], list[str]]]] = {
    "members": (Listing("members"), lambda lists: list(lists.scene.member_ids)),
    "members from above too": (
        Listing("members", ", includeInherited: true"),
        lambda lists: [present(Kind.MEMBER, lists.scene.owner.key), *lists.scene.member_ids],
    ),
    "roles": (Listing("roles"), lambda lists: lists.role_ids),
    "invitations": (Listing("invitations"), lambda lists: list(lists.scene.invitation_ids[::-1])),
    "API keys": (Listing("apiKeys"), lambda lists: list(lists.scene.key_ids)),
    "events": (Listing("events"), lambda lists: list(lists.scene.event_ids[::-1])),
}
for _field, _arguments, _of_viewer in (
    ("accounts", _OWN, True),
    ("subaccounts", ", includeDescendants: true", False),
):
    LISTINGS |= {
        f"{_field} {_order}": (Listing(_field, f"{_arguments}, orderBy: {_order}", _of_viewer), _expected)
        for _order, _expected in {
            "CREATED": lambda lists: lists.by_creation,
            "CREATED_DESC": lambda lists: lists.by_creation[::-1],
            "NAME": lambda lists: lists.by_name,
            "NAME_DESC": lambda lists: lists.by_name[::-1],
        }.items()
    }
LISTINGS |= {
    f"all accounts {_order}": (Listing("accounts", f", orderBy: {_order}", of_viewer=True), _expected)
    for _order, _expected in {
        "CREATED": lambda lists: lists.all_by_creation,
        "CREATED_DESC": lambda lists: lists.all_by_creation[::-1],
    }.items()
}
LISTINGS["children"] = (Listing("subaccounts"), lambda lists: lists.by_creation[:2])


def _reading(api: Api, lists: Lists, listing: Listing, path: Path) -> Reading:
    is_of_accounts = listing.field in {"accounts", "subaccounts"}
    account = lists.master if is_of_accounts else lists.scene.children[0]
    return Reading(api, lists.scene.owner, account.id, path)


def _shown(expected: list[str], ids: list[str]) -> bool:
    """Members from above are shown under an id that names the account that they are seen from, too."""
    return len(expected) == len(ids) and all(
        shown.startswith(wanted) for wanted, shown in zip(expected, ids, strict=True)
    )


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("name", LISTINGS)
async def test_a_walk_meets_each_item_once_and_in_order(
    api: Api, lists: Lists, name: str, path: Path
) -> None:
    listing, expected_of = LISTINGS[name]
    expected = expected_of(lists)
    reading = _reading(api, lists, listing, path)
    for pages in (
        await reading.forward(listing, _SIZES[path]),
        await reading.backward(listing, _SIZES[path]),
    ):
        assert _shown(expected, [id_ for page in pages for id_ in page.ids])
        assert {page.total for page in pages} == {len(expected)}
        assert all(len(page.ids) <= _SIZES[path] for page in pages)


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("name", ["members", "events", "accounts NAME", "subaccounts CREATED_DESC"])
async def test_a_page_of_nothing_tells_where_there_is_more(
    api: Api, lists: Lists, name: str, path: Path
) -> None:
    """`first: 0` has no cursors; that something follows is still known."""
    listing, expected_of = LISTINGS[name]
    reading = _reading(api, lists, listing, path)
    whole = await reading.page(listing, first=100)
    first, last = await reading.page(listing, first=0), await reading.page(listing, last=0)
    assert (first.ids, first.has_next, first.has_previous) == ([], True, False)
    assert (last.ids, last.has_next, last.has_previous) == ([], False, True)
    assert first.total == last.total == len(expected_of(lists))
    beyond = await reading.page(listing, first=2, after=whole.cursors[-1])
    assert (beyond.ids, beyond.has_next, beyond.has_previous) == ([], False, True)
    before = await reading.page(listing, last=2, before=whole.cursors[0])
    assert (before.ids, before.has_next, before.has_previous) == ([], True, False)


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("name", ["members", "events", "accounts NAME", "subaccounts NAME_DESC"])
async def test_a_page_lies_between_two_cursors(api: Api, lists: Lists, name: str, path: Path) -> None:
    listing, _ = LISTINGS[name]
    reading = _reading(api, lists, listing, path)
    whole = await reading.page(listing, first=100)
    bounds = {"after": whole.cursors[0], "before": whole.cursors[2]}
    for size in ({"first": 2}, {"last": 2}, {"first": 100}, {}):
        assert (await reading.page(listing, **bounds, **size)).ids == whole.ids[1:2]
    assert (await reading.page(listing, **bounds, first=0)).has_next


async def test_without_a_size_a_page_has_twenty_items(api: Api, world: World) -> None:
    scene = await make_scene(world, 21, 1)
    for path in Path:
        reading = Reading(api, scene.owner, scene.master.id, path)
        page = await reading.page(Listing("subaccounts"))
        assert page.ids == [child.id for child in scene.children[:20]]
        assert (page.has_next, page.total) == (True, 21)


@pytest.mark.parametrize("path", Path)
async def test_what_comes_and_goes_does_not_shift_a_walk(api: Api, world: World, path: Path) -> None:
    """A cursor stands for a place in the order, not for a number of items, nor for an item that is there."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    members = [await world.member(account, BuiltinRole.ANALYST) for _ in range(4)]
    reading = Reading(api, owner, account.id, path)
    listing = Listing("members")
    first = await reading.page(listing, first=2)
    assert first.ids == [owner.id, members[0].id]
    for gone in members[:2]:
        await api.change("memberRemove", owner, memberId=gone.id)
    new = await world.member(account, BuiltinRole.ANALYST)
    rest = await reading.page(listing, first=10, after=first.cursors[-1])
    assert rest.ids == [members[2].id, members[3].id, new.id]


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("order", ["CREATED", "CREATED_DESC"])
async def test_roles_that_reach_the_same_accounts_hide_none_of_another_tree(
    api: Api, world: World, order: str, path: Path
) -> None:
    """Where the page begins, more grants than it has places may all lead to one and the same account."""
    viewer = await world.person()
    first, last = [await world.account(name=name) for name in ("First", "Last")]
    chain = [await world.account()]
    for _ in range(3):
        chain.append(await world.account(chain[-1]))
    for account in (first, last, *chain[:-1]):
        await world.member(account, BuiltinRole.ADMINISTRATOR, viewer)
    between = await world.account(chain[-1])
    after = [await world.account(account) for account in (first, last, first)]
    expected = [account.id for account in (first, last, *chain, between, *after)]
    if order == "CREATED_DESC":
        expected.reverse()
    listing = Listing("accounts", f", orderBy: {order}", of_viewer=True)
    reading = Reading(api, viewer, first.id, path)
    for pages in (await reading.forward(listing, 1), await reading.backward(listing, 1)):
        assert [id_ for page in pages for id_ in page.ids] == expected
