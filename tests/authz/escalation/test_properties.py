"""Reach, on random trees: the product's one SQL definition against the design in plain Python."""

from collections.abc import Collection

from hypothesis import given

from tests.authz.cases.sight import Place, Sight, look
from tests.authz.escalation.forests import Planted, Plot, plant, plots
from tests.authz.escalation.profiles import examples
from tests.authz.escalation.reach_model import Forest, Grant, Grants, Shared
from tests.client.api import Api, Caller
from tests.world.world import World


@examples(20)
@given(plot=plots())
async def test_reach_is_what_the_design_says(plot: Plot, api: Api, registry: World) -> None:
    """List, look-up by id and node: the model's accounts, permissions, statuses and surroundings."""
    planted = await plant(registry, plot)
    for caller, grants in planted.callers:
        sight = await look(api, caller, planted.accounts)
        _assert_as_modelled(sight, planted, plot.forest, grants)
        _assert_nothing_up_or_sideways(sight, planted, plot.forest, grants)
        await _assert_pages(api, caller, sight)
    for key in planted.dead_keys:
        assert (await api.ask("{ viewer { id } }", key)).status == 401


_PAGES = """{ viewer {
  first: accounts(first: 2) { totalCount nodes { id } pageInfo { endCursor } }
  last: accounts(last: 2) { nodes { id } }
  newest: accounts(first: 2, orderBy: CREATED_DESC) { nodes { id } }
  named: accounts(first: 100, orderBy: NAME) { nodes { id } }
  active: accounts(first: 100, status: ACTIVE) { totalCount nodes { id } }
} }"""


_REST = "query ($after: String) { viewer { accounts(first: 100, after: $after) { nodes { id } } } }"


async def _assert_pages(api: Api, caller: Caller, sight: Sight) -> None:
    """Whatever page, order or filter: parts of the same list, counted without what is not seen."""
    viewer = (await api.read(_PAGES, caller))["viewer"]
    cursor = viewer["first"]["pageInfo"]["endCursor"]
    rest = (await api.read(_REST, caller, after=cursor))["viewer"]["accounts"]["nodes"]
    pages = {name: [node["id"] for node in page["nodes"]] for name, page in viewer.items()}
    ids = sight.listed_ids
    active = [rights.id for rights in sight.listed if rights.status == "ACTIVE"]
    assert pages["first"] == ids[:2]
    assert [node["id"] for node in rest] == ids[2:]
    assert pages["last"] == ids[-2:]
    assert pages["newest"] == ids[::-1][:2]
    assert sorted(pages["named"]) == sorted(ids)
    assert pages["active"] == active
    assert viewer["first"]["totalCount"] == len(ids)
    assert viewer["active"]["totalCount"] == len(active)


def _assert_as_modelled(sight: Sight, planted: Planted, forest: Forest, grants: Grants) -> None:
    modelled = {
        number: permissions
        for number in range(len(forest.nodes))
        if (permissions := forest.permissions(grants, number)) is not None
    }
    ids = [account.id for account in planted.accounts]
    assert sight.listed_ids == [ids[number] for number in modelled]
    for rights, (number, permissions) in zip(sight.listed, modelled.items(), strict=True):
        assert rights.permissions == permissions
        assert rights.status == forest.status(number).value
        assert sight.places[rights.id] == _modelled_place(forest, number, modelled.keys(), permissions, ids)


def _modelled_place(
    forest: Forest, number: int, visible: Collection[int], permissions: frozenset[str], ids: list[str]
) -> Place:
    seen = [other for other in range(len(ids)) if other in visible]
    above = forest.above(number)
    below = tuple(ids[other] for other in seen if number in forest.above(other))
    children = tuple(ids[other] for other in seen if forest.nodes[other].parent == number)
    parent = forest.nodes[number].parent
    root = above[0] if above else number
    lists = "SUBACCOUNTS_READ" in permissions
    return Place(
        parent=ids[parent] if parent is not None and parent in seen else None,
        master=ids[root] if root in seen else None,
        ancestors=tuple(ids[other] for other in above if other in seen),
        children=children if lists else None,
        below=below if lists else None,
    )


def _assert_nothing_up_or_sideways(sight: Sight, planted: Planted, forest: Forest, grants: Grants) -> None:
    """T3, said once more without the model's tables: whoever sees an account holds something on its path, or
    was given a share of that very account (R21)."""
    holding = {grant.account for grant in grants if isinstance(grant, Grant) and not grant.ended}
    shared = {number for grant in grants if isinstance(grant, Shared) for number in grant.accounts}
    for number, account in enumerate(planted.accounts):
        if account.id in sight.listed_ids:
            assert number in shared or holding & {number, *forest.above(number)}
