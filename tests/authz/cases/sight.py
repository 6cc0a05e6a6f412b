"""What somebody sees of some accounts, by every way there is; the ways must agree."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.client.api import Api, Caller
from tests.world.world import Account

_RIGHTS = "fragment Rights on Account { id status viewerPermissions }"
_PLACE = """fragment Place on Account {
  parent { id } master { id } ancestors { id }
  children: subaccounts(first: 100) { nodes { id } }
  below: subaccounts(first: 100, includeDescendants: true) { totalCount nodes { id } }
}"""
_LIST = "viewer { accounts(first: 100) { totalCount nodes { ...Rights } } }"
_NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ...Rights }} }} {_RIGHTS}"


@dataclass(frozen=True)
class Rights:
    """What the viewer may do in an account."""

    id: str
    status: str
    permissions: frozenset[str]


@dataclass(frozen=True)
class Place:
    """What is seen around an account. `children` and `below` None: the lists are forbidden."""

    parent: str | None
    master: str | None
    ancestors: tuple[str, ...]
    children: tuple[str, ...] | None
    below: tuple[str, ...] | None


@dataclass(frozen=True)
class Sight:
    """`listed` in the order of the list; what is missing in `places` is NOT_FOUND by its id."""

    listed: tuple[Rights, ...]
    places: dict[str, Place]

    @property
    def listed_ids(self) -> list[str]:
        """The list alone."""
        return [rights.id for rights in self.listed]

    def permissions(self, account: Account) -> frozenset[str] | None:
        """What may be done in the account; None: it is not there."""
        return next((rights.permissions for rights in self.listed if rights.id == account.id), None)


async def look(api: Api, caller: Caller, accounts: Iterable[Account]) -> Sight:
    """Ask for the list of all, and for each account by id and as a node; assert that they agree."""
    ids = [account.id for account in accounts]
    declared = " ".join(f"$a{number}: ID!" for number in range(len(ids)))
    by_id = " ".join(
        f"a{number}: account(id: $a{number}) {{ ...Rights ...Place }}" for number in range(len(ids))
    )
    query = f"query ({declared}) {{ {_LIST} {by_id} }} {_RIGHTS} {_PLACE}"
    answer = await api.ask(query, caller, **{f"a{number}": id_ for number, id_ in enumerate(ids)})
    assert answer.status == 200
    page = answer.data["viewer"]["accounts"]
    found = {id_: answer.data[f"a{number}"] for number, id_ in enumerate(ids)}
    sight = Sight(
        tuple(_rights(item) for item in page["nodes"]),
        {id_: _place(item) for id_, item in found.items() if item is not None},
    )
    assert page["totalCount"] == len(sight.listed)
    assert _by_id(found.values()) == _by_id(page["nodes"]), "the list and the look-ups by id disagree"
    assert _denials(answer.errors) == _expected_denials(sight, ids)
    nodes = (await api.read(_NODES, caller, ids=ids))["nodes"]
    assert _by_id(nodes) == _by_id(page["nodes"]), "the list and the nodes disagree"
    _assert_closed(sight)
    return sight


def _by_id(items: Iterable[dict[str, Any] | None]) -> dict[str, Rights]:
    return {item["id"]: _rights(item) for item in items if item is not None}


def _rights(item: dict[str, Any]) -> Rights:
    return Rights(item["id"], item["status"], frozenset(item["viewerPermissions"]))


def _place(item: dict[str, Any]) -> Place:
    below = item["below"]
    assert below is None or below["totalCount"] == len(below["nodes"])
    return Place(
        item["parent"] and item["parent"]["id"],
        item["master"] and item["master"]["id"],
        tuple(above["id"] for above in item["ancestors"]),
        _page_ids(item["children"]),
        _page_ids(below),
    )


def _page_ids(page: dict[str, Any] | None) -> tuple[str, ...] | None:
    return None if page is None else tuple(node["id"] for node in page["nodes"])


def _denials(errors: list[dict[str, Any]]) -> set[tuple[str, str | None, str]]:
    """(code, permission, path) of each error."""
    found = {
        (
            error["extensions"]["code"],
            error["extensions"].get("permission"),
            ".".join(str(step) for step in error["path"]),
        )
        for error in errors
    }
    assert len(found) == len(errors), "an error was told twice"
    return found


def _expected_denials(sight: Sight, ids: list[str]) -> set[tuple[str, str | None, str]]:
    expected: set[tuple[str, str | None, str]] = set()
    for number, id_ in enumerate(ids):
        place = sight.places.get(id_)
        if place is None:
            expected.add(("NOT_FOUND", None, f"a{number}"))
        elif place.below is None:
            expected |= {
                ("FORBIDDEN", "SUBACCOUNTS_READ", f"a{number}.{name}") for name in ("children", "below")
            }
    return expected


def _assert_closed(sight: Sight) -> None:
    """Nothing is seen through another account that is not seen by itself (T31)."""
    visible = set(sight.listed_ids)
    for rights in sight.listed:
        place = sight.places[rights.id]
        around = {place.parent, place.master, *place.ancestors, *(place.children or ()), *(place.below or ())}
        assert around - {None} <= visible
        listing = "SUBACCOUNTS_READ" in rights.permissions
        assert (place.below is not None) == listing
        assert (place.children is not None) == listing
