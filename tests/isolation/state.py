"""The state of a world as those who see all of an account read it: to learn ids from, and to compare."""

from collections.abc import Mapping
from typing import Any

from tests.isolation.model import Account, Person, World
from tests.isolation.questions import STATE
from tests.isolation.rules import NEEDS, SENT_NEEDS, STOCK_NEEDS
from tests.isolation.sent.questions import SENT_STATE
from tests.isolation.sight import Json, has_values
from tests.isolation.site import Site
from tests.isolation.stock.questions import ROOT_STATE, STOCK_STATE
from tests.isolation.watched.questions import WATCHED_STATE

State = Mapping[str, Json]
"""By an account's id: all that writes may change."""


async def state_of(site: Site) -> State:
    """Of every account, by few people."""
    found: dict[str, Json] = {}
    for person in _seers(site):
        api = await site.api_of(person)
        answer, more = await api.ask(STATE, person), await api.ask(STOCK_STATE, person)
        stocks = {node["id"]: node for node in more.data["viewer"]["accounts"]["nodes"]}
        sending = await api.ask(SENT_STATE, person)
        sent = {node["id"]: node for node in sending.data["viewer"]["accounts"]["nodes"]}
        watching = await api.ask(WATCHED_STATE, person)
        watched = {node["id"]: node for node in watching.data["viewer"]["accounts"]["nodes"]}
        for node in answer.data["viewer"]["accounts"]["nodes"]:
            if _all_seen(node) and node["id"] not in found:
                root = await _root_state(site, person, node["id"])
                of_areas = {"stock": stocks[node["id"]], "sent": sent[node["id"]], "root": root}
                of_areas["watched"] = watched[node["id"]]
                found[node["id"]] = {**node, **of_areas}
    assert len(found) == len(site.world.accounts), "somebody sees each account whole"
    return found


async def _root_state(site: Site, person: Person, account_id: str) -> Json:
    stock = next(found for found in site.world.stocks if found.account.id == account_id)
    api, addresses = await site.api_of(person), [stock.email, stock.unsubscribed, stock.bounced]
    root: Json = await api.read(ROOT_STATE, person, id=account_id, addresses=addresses)
    return root


def _seers(site: Site) -> list[Person]:
    """Who together see every account, as few as are found by asking each for what is left."""
    left, found = list(site.world.accounts), list[Person]()
    for person in site.world.people:
        seen = [account for account in left if _sees_all(site, person, account)]
        if seen:
            found.append(person)
            left = [account for account in left if account not in seen]
    return found


def _sees_all(site: Site, person: Person, account: Account) -> bool:
    needed = {*NEEDS.values(), *STOCK_NEEDS.values(), *SENT_NEEDS.values(), "BLOCK_LIST_READ"}
    return needed <= site.rights.permissions(person, account)


def _all_seen(node: Mapping[str, Any]) -> bool:
    needed = "rightsInheritance", "members", "apiKeys", "roles", "subaccounts", "events"
    return all(node[field] is not None for field in needed)


def learn_events(world: World, state: State) -> None:
    """Take the ids of the logs' lines, and whether they have values. Asserts that they tell of what was done,
    and of nothing else."""
    for account in world.accounts:
        done = [event for event in world.events if event.account is account]
        logged = list(reversed(state[account.id]["events"]["nodes"]))
        found, expected = [line["type"] for line in logged], [event.type for event in done]
        assert found == expected, (account.name, found, expected)
        for event, line in zip(done, logged, strict=True):
            event.id, event.has_values = line["id"], has_values(line)
