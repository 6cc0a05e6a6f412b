"""Both executors read the data plane alike."""

from typing import Any

import pytest

from server.graphql.runner import OperationRunner
from tests.equality.drawn.answers import check_equality, compiled
from tests.equality.drawn.operations import operation
from tests.equality.drawn.scene import Scene

_CONTACT = "{ __typename id externalId email phone attributes source version createdAt }"
_PAGE = f"{{ totalCount nodes {_CONTACT} edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage "
_PAGE += "hasPreviousPage startCursor endCursor } }"
_SELECTIONS = {
    **{f"{size}": f"contacts({size}) {_PAGE}" for size in ("first: 0", "first: 1", "first: 7", "first: 100")},
    **{f"{size}": f"contacts({size}) {_PAGE}" for size in ("last: 0", "last: 3", "last: 100")},
    "lists of contacts": "contacts(first: 4) { nodes { lists { totalCount nodes { list { name } } } } }",
    "contacts of lists": "contactLists { totalCount nodes { id name contacts(first: 3) { totalCount "
    "nodes { email } pageInfo { endCursor } } } edges { cursor } } contactAttributes { name type }",
    "by address": 'contacts(emailPrefix: "ann.1") { totalCount nodes { email } edges { cursor } }',
    "by attribute": 'contacts(attribute: "big", value: "9007199254740993") { nodes { email attributes } }',
    "who does not want it": "unsubscribes(first: 3) { totalCount nodes { contact { email phone } contactList "
    "{ name } isOfList unsubscribedAt resubscribedAt evidence } pageInfo { endCursor } }",
    "whom nothing reaches": "bounces(last: 2) { totalCount nodes { contact { email lists { totalCount } } "
    "softBounces latestSoftBounceAt excludedAt excludedBy } edges { cursor } }",
    "a count alone": "contacts { totalCount }",
    "aliases": "one: contacts(first: 2) { nodes { id } } two: contacts(first: 2) { nodes { id } } "
    "three: contacts(last: 2) { nodes { id } }",
    "fragments": "...Counted contacts { nodes { ... on Contact { email } } } ",
    "at several places": "contacts { nodes { id } } master { contacts(first: 1) { nodes { id } } } "
    "subaccounts { nodes { contacts(first: 2) { nodes { id email } } } } ",
}
_FRAGMENT = "fragment Counted on Account { contacts { counted: totalCount } }"
_VIEWERS = ("owner of a tree", "member in two trees", "marketer", "finance", "key", "guest who manages")


@pytest.mark.parametrize("viewer", _VIEWERS)
@pytest.mark.parametrize("selection", _SELECTIONS.values(), ids=_SELECTIONS)
async def test_contacts_of_many_accounts(
    executor: OperationRunner, scene: Scene, viewer: str, selection: str
) -> None:
    """Of several trees; to some viewers some are denied."""
    source = f"{{ viewer {{ accounts(first: 100) {{ nodes {{ name {selection} }} }} }} }}"
    asked = operation(f"{source} {_FRAGMENT}" if "...Counted" in source else source)
    assert await check_equality(executor, asked, scene.callers[viewer])


async def test_what_is_compared_are_contacts(executor: OperationRunner, scene: Scene) -> None:
    """Else the test above would pass for a field that is always empty."""
    source = "{ viewer { accounts(first: 100) { nodes { contacts { totalCount } } } } }"
    counts: dict[str, list[Any]] = {}
    for viewer in ("owner of a tree", "member in two trees"):
        answer = await compiled(executor, operation(source), scene.callers[viewer])
        assert answer is not None
        counts[viewer] = sorted(count for count in _found(answer.data, "totalCount") if count)
    assert counts == {"owner of a tree": [25], "member in two trees": [9, 17, 21]}


@pytest.mark.parametrize("argument", ["first: 4, after", "last: 4, before"])
async def test_pages_by_a_variable(executor: OperationRunner, scene: Scene, argument: str) -> None:
    """A wrong cursor is refused before the data plane is asked."""
    caller = scene.callers["owner of a tree"]
    source = "query ($cursor: String) {{ viewer {{ accounts(first: 30) {{ nodes {{ {} }} }} }} }}"
    first = await compiled(executor, operation(source.format("contacts { edges { cursor } }")), caller)
    assert first is not None
    cursor = _found(first.data, "cursor")[5]
    asked = source.format(f"contacts({argument}: $cursor) {_PAGE}")
    assert await check_equality(executor, operation(asked, cursor=cursor), caller)
    assert await check_equality(executor, operation(asked, cursor=None), caller)
    assert not await check_equality(executor, operation(asked, cursor="nothing"), caller)


@pytest.mark.parametrize("way", ["account(id: $id)", "node(id: $id)", "nodes(ids: [$id, $id])"])
async def test_contacts_by_the_accounts_id(executor: OperationRunner, scene: Scene, way: str) -> None:
    source = f"query ($id: ID!) {{ {way} {{ ... on Account {{ contacts(first: 2) {_PAGE} }} }} }}"
    for id_ in [id_ for id_ in scene.ids if id_.startswith("acct_")][:8]:
        for viewer in ("owner of a tree", "member in two trees", "finance"):
            assert await check_equality(executor, operation(source, id=id_), scene.callers[viewer])


def _found(value: Any, key: str) -> list[Any]:
    """The values under the key, in their order."""
    if not isinstance(value, (tuple, list)):
        return []
    if len(value) == 2 and value[0] == key:
        return [value[1]]
    return [found for item in value for found in _found(item, key)]
