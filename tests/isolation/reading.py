"""Compares what a viewer reads with what the model says: by id, list, node, filter, count and nested path."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.client.api import Answer, Api
from tests.isolation.model import Account, Asker, Key, Person, Role, Token
from tests.isolation.questions import ACCOUNT, ACCOUNTS, BARE, NODE, NODES, VIEWER
from tests.isolation.rules import EVERYTHING, NEEDS
from tests.isolation.sight import Json, Sight, Thing, id_of, matches, shown
from tests.isolation.tally import Tally

_SETTINGS: dict[str, Callable[[Account], object]] = {
    "rightsInheritance": lambda account: "ALL_ROLES" if account.passes_all_roles else "ADMINISTRATORS",
    "apiKeyCreation": lambda account: "MASTER_ONLY" if account.master.keys_by_master_only else "ANYWHERE",
    "unsubscribeScope": lambda account: "ACCOUNT",
    "sendingDomainLimit": lambda account: 1,
    "fieldFunctions": lambda account: True,
    "reviewApproved": lambda account: False,
}
Lists = Mapping[str, Sequence[Any]]
_FIRST = 100
"""How many ids `nodes` takes."""


@dataclass(frozen=True)
class Viewer:
    """Who asks, and from where. `accepted`: there is a secret, and it works from there."""

    name: str
    subject: Asker | None
    api: Api
    accepted: bool
    chance: random.Random
    """What decides which of many questions it asks."""


@dataclass(frozen=True)
class Refusal:
    """A field that is not shown, and what it needs."""

    field: str
    code: str
    permission: str | None


@dataclass(frozen=True)
class _Asked:
    """What is asked of each account."""

    permission: str
    search: str
    role: Role

    @property
    def variables(self) -> dict[str, str]:
        return {"permission": self.permission, "search": self.search, "role": self.role.id}


class Reading:
    """All that one viewer reads of a world."""

    def __init__(self, sight: Sight, viewer: Viewer, tally: Tally) -> None:
        self._world = sight.world
        self._sight = sight
        self._viewer = viewer
        self._tally = tally
        self._by_list: frozenset[str] = frozenset()
        self._by_node: frozenset[str] = frozenset()

    async def compare(self) -> None:
        """Ask everything."""
        search = self._viewer.chance.choice(self._world.accounts).name.upper()[:-1]
        await self._compare_viewer(search)
        await self._compare_nodes()
        for account in self._world.accounts:
            await self._compare_by_id(account)
        await self._compare_accounts(search)

    async def _ask(self, query: str, **variables: Any) -> Answer:
        return await self._viewer.api.ask(query, self._viewer.subject, **variables)

    async def _compare_viewer(self, search: str) -> None:
        answer = await self._ask(VIEWER, search=search)
        if self._refused("viewer", answer):
            return
        viewer, sight = answer.data["viewer"], self._sight
        subject = self._viewer.subject
        assert subject is not None
        self._fact("viewer.id", subject.id, viewer["id"])
        for field, kind in (("user", Person), ("apiKey", Key), ("narrowedToken", Token)):
            self._fact(
                f"viewer.{field}", subject.id if isinstance(subject, kind) else None, id_of(viewer[field])
            )
        self._by_list = frozenset(node["id"] for node in viewer["accounts"]["nodes"])
        for field, expected in {
            "accounts": sight.accounts(),
            "masters": sight.accounts(lambda account: account.parent is None),
            "subaccounts": sight.accounts(lambda account: account.parent is not None),
            "active": sight.accounts(lambda account: account.status == "ACTIVE"),
            "suspended": sight.accounts(lambda account: account.status == "SUSPENDED"),
            "closed": sight.accounts(lambda account: account.status == "CLOSED"),
            "found": sight.accounts(lambda account: matches(account, search)),
        }.items():
            self._items(f"viewer.{field}", expected, [node["id"] for node in viewer[field]["nodes"]])
            self._fact(f"viewer.{field}.totalCount", len(expected), viewer[field]["totalCount"])
        self._alike("edges", self._by_list, {edge["node"]["id"] for edge in viewer["accounts"]["edges"]})
        self._alike("by name", self._by_list, {node["id"] for node in viewer["byName"]["nodes"]})
        for field, expected in {
            "shares": sight.shared(),
            "memberships": sight.memberships(),
            "invitations": sight.invited(),
            "narrowedTokens": sight.narrowed(),
        }.items():
            found = [shown(f"viewer.{field}", node) for node in viewer[field]["nodes"]]
            self._items(f"viewer.{field}", expected, found)
            self._fact(f"viewer.{field}.totalCount", len(expected), viewer[field]["totalCount"])

    async def _compare_nodes(self) -> None:
        things = self._things()
        found: set[str] = set()
        for start in range(0, len(things), _FIRST):
            page = things[start : start + _FIRST]
            answer = await self._ask(NODES, ids=[thing.id for thing in page])
            if not self._viewer.accepted and self._viewer.subject is not None:
                self._refused("nodes", answer)
                return
            assert answer.errors == [], answer.errors
            for thing, node in zip(page, answer.data["nodes"], strict=True):
                expected = thing.id if self._sight.sees(thing) else None
                self._fact(f"node {type(thing).__name__} {thing.id}", expected, id_of(node))
                if node is not None:
                    found.add(node["id"])
        self._by_node = frozenset(found)
        for thing in self._viewer.chance.sample(things, 3):
            single = (await self._ask(NODE, id=thing.id)).data["node"]
            self._alike(f"node and nodes {thing.id}", id_of(single), thing.id if thing.id in found else None)

    def _things(self) -> list[Thing]:
        world = self._world
        members = [member for member in world.members if not member.removed]
        return [
            *world.accounts,
            *world.people,
            *world.roles,
            *members,
            *world.keys,
            *world.tokens,
            *world.shares,
            *world.invitations,
            *world.openings,
            *world.events,
        ]

    async def _compare_accounts(self, search: str) -> None:
        """Everything about all accounts by the list, and about some of them by id."""
        asked = self._asked(search)
        answer = await self._ask(ACCOUNTS, **asked.variables)
        if self._refused("viewer", answer):
            return
        nodes = answer.data["viewer"]["accounts"]["nodes"]
        accounts = {account.id: account for account in self._world.accounts}
        for number, node in enumerate(nodes):
            refusals = [_refusal(error) for error in answer.errors if error["path"][3] == number]
            self._compare_account(accounts[node["id"]], node, refusals, asked)
        for node in self._viewer.chance.sample(nodes, min(2, len(nodes))):
            account = accounts[node["id"]]
            answer = await self._ask(ACCOUNT, id=account.id, **asked.variables)
            self._compare_account(account, answer.data["account"], list(map(_refusal, answer.errors)), asked)

    async def _compare_by_id(self, account: Account) -> None:
        answer = await self._ask(BARE, id=account.id)
        if self._refused("account", answer):
            return
        found, what = answer.data["account"], f"account {account.name}"
        self._fact(what, self._sight.account(account), id_of(found))
        self._fact(f"{what}: refusal", [] if found else ["NOT_FOUND"], answer.codes)
        self._alike(f"{what} by id and list", found is not None, account.id in self._by_list)
        self._alike(f"{what} by id and node", found is not None, account.id in self._by_node)

    def _asked(self, search: str) -> _Asked:
        chance = self._viewer.chance
        return _Asked(chance.choice(sorted(EVERYTHING)), search, chance.choice(self._world.roles))

    def _compare_account(self, account: Account, found: Json, refusals: list[Refusal], asked: _Asked) -> None:
        self._compare_plain(account, found, asked.permission)
        self._compare_refusals(account, refusals)
        lists = self._sight.lists(account, asked.role, asked.search)
        for field in NEEDS:
            self._compare_field(account, field, found[field], lists)
        self._compare_list(account, "accessMatrix", found["accessMatrix"], lists["accessMatrix"])

    def _compare_plain(self, account: Account, found: Json, permission: str) -> None:
        sight, what = self._sight, f"account {account.name}"
        for field, expected in {
            "name": account.name,
            "kind": "SUBACCOUNT" if account.parent else "MASTER",
            "status": account.status,
            "ownStatus": account.own_status,
            "externalId": account.external_id,
            "parentAccess": account.parent_access,
            "viewerCan": sight.can(account, permission),
        }.items():
            self._fact(f"{what}.{field}", expected, found[field])
        held = sight.rights.permissions(sight.subject, account)
        self._tally.rights(
            self._named(f"{what}.viewerPermissions"), held, frozenset(found["viewerPermissions"])
        )
        self._fact(f"{what}.parent", sight.account(account.parent), id_of(found["parent"]))
        self._fact(f"{what}.master", sight.account(account.master), id_of(found["master"]))
        above = list(filter(None, map(sight.account, account.above)))
        self._items(f"{what}.ancestors", above, [node["id"] for node in found["ancestors"]])
        sides = [side for side in (account, account.parent) if side is not None]
        asked = account.request if any(sight.can(side, "SETTINGS_READ") for side in sides) else None
        request = found["parentAccessRequest"]
        self._fact(f"{what}.parentAccessRequest", asked, request and request["parentAccess"])

    def _compare_refusals(self, account: Account, told: list[Refusal]) -> None:
        denied = {field: need for field, need in NEEDS.items() if not self._sight.can(account, need)}
        expected = [Refusal(field, "FORBIDDEN", need) for field, need in denied.items()]
        # Here a refusal that is missing is what leaks, and one too many is what is lost.
        self._items(f"account {account.name}: refused", told, expected)

    def _compare_field(self, account: Account, field: str, found: Any, lists: Lists) -> None:
        what, may = f"account {account.name}.{field}", self._sight.can(account, NEEDS[field])
        if field in _SETTINGS:
            self._fact(what, _SETTINGS[field](account) if may else None, found)
        elif may and found is not None:
            self._compare_list(account, field, found, lists[field])
        else:
            self._fact(what, "a list" if may else None, None if found is None else "a list")

    def _compare_list(self, account: Account, field: str, found: Json, expected: Sequence[Any]) -> None:
        what = f"account {account.name}.{field}"
        self._items(what, expected, [shown(field, node) for node in found["nodes"]])
        self._fact(f"{what}.totalCount", len(expected), found["totalCount"])
        for node in found["nodes"] if field in _BY_NODE else ():
            self._alike(f"{what} {node['id']} by list and node", True, node["id"] in self._by_node)

    def _refused(self, what: str, answer: Answer) -> bool:
        """Whether the viewer's secret is not accepted; then that is all it may be told."""
        expected = None if self._viewer.accepted else "UNAUTHENTICATED"
        told = next((code for code in answer.codes if code == "UNAUTHENTICATED"), None)
        if expected or told:
            self._fact(f"{what}: refusal", expected, told)
            self._fact(f"{what}: data", None, (answer.data or {}).get(what))
        return told is not None

    def _named(self, what: str) -> str:
        return f"{self._viewer.name}: {what}"

    def _fact(self, what: str, expected: object, found: object) -> None:
        self._tally.fact(self._named(what), expected, found)

    def _items(self, what: str, expected: Any, found: Any) -> None:
        self._tally.items(self._named(what), expected, found)

    def _alike(self, what: str, one: object, other: object) -> None:
        self._tally.alike(self._named(what), one, other)


_BY_NODE = frozenset({"subaccounts", "members", "invitations", "shares", "roles", "allKeys", "events"})
"""Lists of what has an id of its own."""


def _refusal(error: Json) -> Refusal:
    extensions = error["extensions"]
    return Refusal(str(error["path"][-1]), extensions["code"], extensions.get("permission"))
