"""Compares what a viewer reads of what accounts write with: by list, id, node, filter, count, root field,
nested path and file."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.client.api import Answer
from tests.isolation.model import Account
from tests.isolation.questions import NODES
from tests.isolation.reading import Refusal, Viewer
from tests.isolation.rules import STOCK_NEEDS
from tests.isolation.sight import Json, Sight, id_of
from tests.isolation.stock_questions import AROUND, ROOTS, STOCK, STOCKS
from tests.isolation.stock_shown import entry, shown
from tests.isolation.stock_sight import HIDDEN, StockSight, hash_of
from tests.isolation.tally import Tally

_AROUND = {"contacts", "domains", "settings"}
_FILES = 2
"""Of so many accounts a viewer asks for the contacts as a file."""


class StockReading:
    """All that one viewer reads of it."""

    def __init__(self, sight: Sight, viewer: Viewer, tally: Tally) -> None:
        self._world = sight.world
        self._sight = sight
        self._stock = StockSight(sight)
        self._viewer = viewer
        self._tally = tally
        self._accounts = {account.id: account for account in sight.world.accounts}
        self._entry_ids = {block.id for block in sight.world.blocks}

    async def compare(self) -> None:
        """Ask everything."""
        other = self._viewer.chance.choice(self._world.stocks)
        filters = {"email": other.email, "prefix": other.email[:-1], "list": other.list_id}
        await self._compare_list(filters)
        await self._compare_nodes()
        for account in self._world.accounts:
            await self._compare_roots(account)
        for account in self._viewer.chance.sample(self._world.accounts, _FILES):
            await self._compare_by_id(account, filters)
            await self._compare_around(account)
            await self._compare_files(account)

    async def _ask(self, query: str, **variables: Any) -> Answer:
        """And nothing of the answer names an account that is out of reach."""
        answer = await self._viewer.api.ask(query, self._viewer.subject, **variables)
        text = str(answer.data)
        away = [account for account in self._world.accounts if not self._sight.account(account)]
        named = [account.name for account in away if account.id.partition("_")[2] in text]
        self._items("accounts out of reach are named", [], named)
        return answer

    async def _compare_list(self, filters: dict[str, str]) -> None:
        answer = await self._ask(STOCKS, **filters)
        if self._refused_whole("viewer", answer):
            return
        for number, node in enumerate(answer.data["viewer"]["accounts"]["nodes"]):
            refusals = _refusals(answer, ["viewer", "accounts", "nodes", number])
            self._compare_fields(self._accounts[node["id"]], node, refusals, filters)

    async def _compare_by_id(self, account: Account, filters: dict[str, str]) -> None:
        answer = await self._ask(STOCK, id=account.id, **filters)
        if not self._refused_whole("account", answer) and answer.data["account"] is not None:
            refusals = _refusals(answer, ["account"])
            self._compare_fields(account, answer.data["account"], refusals, filters)

    async def _compare_around(self, account: Account) -> None:
        answer = await self._ask(AROUND, id=account.id)
        found = (answer.data or {}).get("account")
        if found is None:
            return
        places: list[tuple[Json | None, list[str | int]]] = [
            (found[name], ["account", name]) for name in ("parent", "master")
        ]
        for number, node in enumerate(found["ancestors"]):
            places.append((node, ["account", "ancestors", number]))
        for node, path in places:
            if node is not None:
                above = self._accounts[node["id"]]
                self._compare_fields(above, node, _refusals(answer, path), {}, _AROUND)

    def _compare_fields(
        self,
        account: Account,
        found: Json,
        refusals: Sequence[Refusal],
        filters: Mapping[str, str],
        asked: set[str] | None = None,
    ) -> None:
        what = f"account {account.name}"
        needs = {name: need for name, need in STOCK_NEEDS.items() if asked is None or name in asked}
        denied = {name: need for name, need in needs.items() if not self._sight.can(account, need)}
        expected = [Refusal(name, "FORBIDDEN", need) for name, need in denied.items()]
        # Here a refusal that is missing is what leaks, and one too many is what is lost.
        self._items(f"{what}: refused", refusals, expected)
        fields = self._stock.fields(account, filters.get("email", "-"), filters.get("list", ""))
        for name in needs:
            self._compare_field(f"{what}.{name}", name, None if name in denied else fields[name], found[name])

    def _compare_field(self, what: str, name: str, expected: Any, found: Any) -> None:
        if expected is None or found is None:
            self._fact(what, expected, found)
        elif isinstance(expected, list):
            nodes = found if name == "contactAttributes" else found["nodes"]
            self._items(what, expected, [shown(name, node) for node in nodes])
            if name != "contactAttributes":
                self._fact(f"{what}.totalCount", len(expected), found["totalCount"])
        else:
            self._fact(what, expected, shown(name, found))

    async def _compare_nodes(self) -> None:
        things = self._stock.things
        answer = await self._ask(NODES, ids=list(things))
        if self._refused_whole("nodes", answer):
            return
        for (id_, (account, needed)), node in zip(things.items(), answer.data["nodes"], strict=True):
            expected = id_ if self._sight.can(account, needed) else None
            self._fact(f"node {id_} of {account.name}", expected, id_of(node))

    async def _compare_roots(self, account: Account) -> None:
        world, chance = self._world, self._viewer.chance
        other = chance.choice([found for found in world.accounts if found.master is account.master])
        stock, known = world.stock(chance.choice(world.accounts)), chance.choice(world.blocks)
        mailed = [each for found in world.stocks for each in (found.email, found.unsubscribed, found.bounced)]
        addresses = sorted({*mailed, *(block.address for block in world.blocks)})
        answer = await self._ask(
            ROOTS,
            id=account.id,
            other=other.id,
            addresses=addresses,
            known=known.address,
            foreign=stock.email,
            job=world.stock(account).job_id,
        )
        what, found = f"root, account {account.name}", answer.data or {}
        codes = {field: self._refusal(account, other, field) for field in found}
        told = {str(error["path"][0]): _code(error) for error in answer.errors}
        for field, code in codes.items():
            self._fact(f"{what}.{field}: refusal", code or None, told.get(field))
            if code:
                self._fact(f"{what}.{field}", None, found[field])
        shown_ = {field: value for field, value in found.items() if value is not None and not codes[field]}
        self._compare_root_values(account, other, stock.email, known.address, addresses, shown_)

    def _refusal(self, account: Account, other: Account, field: str) -> str:
        """Why a root field of `ROOTS` is not answered."""
        if not self._viewer.accepted:
            return "UNAUTHENTICATED"
        if not self._sight.account(account):
            return "NOT_FOUND"
        needed = {"personalData": ["CONTACTS_READ"], "deliverability": ["BLOCK_LIST_READ", "CONTACTS_READ"]}
        if field in ("job", "settingsDiff"):
            sides = [(account, "CONTACTS_READ")]
            if field == "settingsDiff":
                sides = [(account, "SETTINGS_READ"), (other, "SETTINGS_READ")]
            return "" if all(self._sight.can(*side) for side in sides) else "NOT_FOUND"
        missing = [
            name for name in needed.get(field, ["BLOCK_LIST_READ"]) if not self._sight.can(account, name)
        ]
        return f"FORBIDDEN {missing[0]}" if missing else ""

    def _compare_root_values(
        self,
        account: Account,
        other: Account,
        foreign: str,
        known: str,
        addresses: Sequence[str],
        found: Mapping[str, Any],
    ) -> None:
        what, stock = f"root, account {account.name}", self._world.stock(account)
        for field, inherited in (("own", False), ("whole", True), ("one", True)):
            if field in found:
                entries = self._stock.entries(account, inherited=inherited)
                hashed = hash_of(known)
                expected = [each for each in entries if field != "one" or each[2] == hashed]
                nodes = [entry(node, self._entry_ids, HIDDEN) for node in found[field]["nodes"]]
                self._items(f"{what}.{field}", expected, nodes)
        if "deliverability" in found:
            for address, row in zip(addresses, found["deliverability"], strict=True):
                expected_row = self._stock.deliverability(account, address)
                self._fact(f"{what}.deliverability {address}", expected_row, shown("deliverability", row))
        if "personalData" in found:
            data = found["personalData"]
            expected_id = stock.contact_id if foreign == stock.email else None
            self._fact(f"{what}.personalData", expected_id, id_of(data["contact"]))
            blocks = self._sight.can(account, "BLOCK_LIST_READ")
            self._fact(f"{what}.personalData.blocked", blocks or None, "blocked" in data or None)
        if "job" in found:
            self._fact(f"{what}.job", (stock.job_id, account.id), shown("jobs", found["job"]))
        if "settingsDiff" in found:
            values = self._stock.value(account), self._stock.value(other)
            expected_diff = [] if values[0] == values[1] else [("SENDER_NAME", *values)]
            self._items(f"{what}.settingsDiff", expected_diff, shown("settingsDiff", found["settingsDiff"]))

    async def _compare_files(self, account: Account) -> None:
        stock = self._world.stock(account)
        # Files are refused with the code alone.
        code = self._refusal(account, account, "personalData").partition(" ")[0]
        for parameter, id_ in (("accountId", account.id), ("contactListId", stock.list_id)):
            subject = self._viewer.subject
            headers = {} if subject is None else {"authorization": f"Bearer {subject.token}"}
            answer = await self._viewer.api.http.get("/contacts", params={parameter: id_}, headers=headers)
            what = f"file by {parameter}, account {account.name}"
            told = "" if answer.is_success else answer.json()["errors"][0]["extensions"]["code"]
            self._fact(f"{what}: refusal", code or None, told or None)
            rows = answer.text.splitlines()[1:] if answer.is_success else None
            self._fact(what, None if code else [stock.email], rows and [row.split(",")[1] for row in rows])

    def _refused_whole(self, what: str, answer: Answer) -> bool:
        """Whether the viewer's secret is not accepted; `Reading` says what it is told then."""
        data = (answer.data or {}).get(what)
        if self._viewer.accepted:
            return False
        if self._viewer.subject is not None or what != "nodes":
            self._fact(f"{what}: data", None, data)
            return True
        return False

    def _fact(self, what: str, expected: object, found: object) -> None:
        self._tally.fact(f"{self._viewer.name}: {what}", expected, found)

    def _items(self, what: str, expected: Any, found: Any) -> None:
        self._tally.items(f"{self._viewer.name}: {what}", expected, found)


def _refusals(answer: Answer, path: Sequence[str | int]) -> list[Refusal]:
    """Those of the fields of an object."""
    found = [error for error in answer.errors if error["path"][:-1] == list(path)]
    return [
        Refusal(str(error["path"][-1]), error["extensions"]["code"], error["extensions"].get("permission"))
        for error in found
    ]


def _code(error: Json) -> str:
    extensions = error["extensions"]
    return " ".join(filter(None, [extensions["code"], extensions.get("permission")]))
