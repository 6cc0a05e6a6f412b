"""The access matrix as it is read, and what a dry run says would change in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from models.base.ids import Kind
from tests.authz.escalation.outcomes import mutate_with
from tests.client.api import Answer, Api, Caller
from tests.world.world import Account

_CHANGES = (
    "accessChanges { accountId accountName kind subjectId subjectName gained lost "
    "oldEnds { endsAt permissions } newEnds { endsAt permissions } oldIpRanges newIpRanges } "
    "moreAccessChanges authzRevision userErrors { code field message ... on PermissionDenied { permission } }"
)
_MATRIX = """query ($id: ID!, $after: String) { account(id: $id) { accessMatrix(first: 100, after: $after) {
  totalCount nodes { subjectId kind name permissions } pageInfo { hasNextPage endCursor } } } }"""


@dataclass(frozen=True)
class Place:
    """Where in the matrix: the account, and the person or the key."""

    account_id: str
    subject_id: str


@dataclass(frozen=True)
class Matrix:
    """What is held where, and the subjects' names by their ids."""

    held: dict[Place, frozenset[str]]
    names: dict[str, str]

    def at(self, place: Place) -> frozenset[str]:
        """What is held there."""
        return self.held.get(place, frozenset())


@dataclass(frozen=True)
class Change:
    """What would become of a place."""

    gained: frozenset[str]
    lost: frozenset[str]


_NOTHING = Change(frozenset(), frozenset())


async def matrix_of(api: Api, caller: Caller, accounts: Iterable[Account]) -> Matrix:
    """All that the caller is shown of these accounts."""
    found = Matrix({}, {})
    for account in accounts:
        nodes = await _nodes(api, caller, account)
        found.names.update({node["subjectId"]: node["name"] for node in nodes})
        found.held.update(
            {Place(account.id, node["subjectId"]): frozenset(node["permissions"]) for node in nodes}
        )
    return found


async def _nodes(api: Api, caller: Caller, account: Account) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        data = await api.read(_MATRIX, caller, id=account.id, after=after)
        page = data["account"]["accessMatrix"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len({node["subjectId"] for node in nodes}) == len(nodes)
            return nodes
        after = page["pageInfo"]["endCursor"]


async def dry_run(api: Api, name: str, caller: Caller | None, values: dict[str, Any]) -> Answer:
    """Ask what the mutation would do."""
    return await mutate_with(api, name, caller, values | {"dryRun": True}, _CHANGES)


def told(answer: Answer, name: str, before: Matrix, after: Matrix) -> dict[Place, Change]:
    """What a dry run said that is gained and lost at once, of all that there is to say. What has no id yet is
    found by its name."""
    payload = answer.data[name]
    assert payload["moreAccessChanges"] is False
    assert payload["authzRevision"] is None, "nothing was done"
    made = {text: id_ for id_, text in after.names.items() if id_ not in before.names}
    found = {}
    for change in payload["accessChanges"]:
        place = Place(change["accountId"], change["subjectId"] or made[change["subjectName"]])
        assert place not in found
        found[place] = Change(frozenset(change["gained"]), frozenset(change["lost"]))
        later = [(change["oldEnds"], change["newEnds"]), (change["oldIpRanges"], change["newIpRanges"])]
        assert found[place] != _NOTHING or any(old != new for old, new in later)
    return {place: change for place, change in found.items() if change != _NOTHING}


async def own_id(api: Api, caller: Caller | None) -> str:
    """The caller's, as a subject of the matrix."""
    viewer = (await api.read("{ viewer { user { id } apiKey { id } } }", caller))["viewer"]
    found: str = (viewer["user"] or viewer["apiKey"])["id"]
    return found


def seen_changes(before: Matrix, after: Matrix, asker_id: str) -> dict[Place, Change]:
    """How two whole matrices differ, as far as the asker may see it, before or after."""
    found = {}
    for place in before.held.keys() | after.held.keys():
        old, new, own = before.at(place), after.at(place), Place(place.account_id, asker_id)
        needed = "MEMBERS_READ" if place.subject_id.startswith(Kind.USER) else "API_KEYS_READ"
        seen = place == own or needed in before.at(own) | after.at(own)
        if old != new and seen:
            found[place] = Change(new - old, old - new)
    return found
