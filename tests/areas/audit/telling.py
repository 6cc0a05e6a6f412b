"""Who gained and lost what, as events tell it, beside what the access matrix shows before and after."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.authz.matrix.matrices import Matrix, Place, matrix_of
from tests.client.api import Api, Caller
from tests.world.world import Account

_LOG = """query ($id: ID!, $below: Boolean!) { account(id: $id) {
  events(first: 100, includeDescendants: $below) { nodes { id type subjectId accessChangeCount
    accessChanges(first: 100) { totalCount
      nodes { subjectId kind name account { id } gained lost } } } } } }"""

Events = list[dict[str, Any]]
Readers = Mapping[Account, Caller]
"""Who reads the matrix and the log of each account."""


async def events_with_access(api: Api, caller: Caller, account: Account, below: bool = True) -> Events:
    """The account's log, the oldest first."""
    found = await api.read(_LOG, caller, id=account.id, below=below)
    nodes: Events = found["account"]["events"]["nodes"]
    return nodes[::-1]


@asynccontextmanager
async def told_as_shown(api: Api, readers: Readers) -> AsyncIterator[Events]:
    """What happens in the block is told by events as the matrix shows it. They are in the list then."""
    before = await _matrix(api, readers)
    known = {event["id"] for event in await _events(api, readers)}
    found: Events = []
    yield found
    after = await _matrix(api, readers)
    found += [event for event in await _events(api, readers) if event["id"] not in known]
    here = {account.id for account in readers}
    told = _applied(before, found)
    assert {place: held for place, held in told.items() if place.account_id in here} == {
        place: held for place, held in after.held.items() if held
    }


async def _matrix(api: Api, readers: Readers) -> Matrix:
    found = Matrix({}, {})
    for account, reader in readers.items():
        found.held.update((await matrix_of(api, reader, [account])).held)
    return found


async def _events(api: Api, readers: Readers) -> Events:
    """Of all that may be seen, as the one sees it who sees all of it."""
    found: dict[str, dict[str, Any]] = {}
    for account, reader in readers.items():
        for event in await events_with_access(api, reader, account):
            if event["accessChangeCount"] is not None:
                found[event["id"]] = event
    return [found[each] for each in sorted(found)]


def _applied(before: Matrix, events: Events) -> dict[Place, frozenset[str]]:
    """The matrix after what the events tell."""
    held = dict(before.held)
    for event in events:
        changes = event["accessChanges"]["nodes"]
        assert event["accessChangeCount"] == event["accessChanges"]["totalCount"] == len(changes)
        for change in changes:
            place = Place(change["account"]["id"], change["subjectId"])
            gained, lost = frozenset(change["gained"]), frozenset(change["lost"])
            had = held.get(place, frozenset())
            assert gained or lost
            assert not gained & had
            assert lost <= had
            held[place] = had - lost | gained
    return {place: rights for place, rights in held.items() if rights}
