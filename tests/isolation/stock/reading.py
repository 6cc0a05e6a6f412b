"""Compares what a viewer reads of what accounts write with: by list, id, node, filter, count and nested
path."""

from collections.abc import Sequence
from typing import Any

from tests.isolation.model import Account, Stock
from tests.isolation.questions import NODES
from tests.isolation.reading import Refusal
from tests.isolation.rules import STOCK_NEEDS
from tests.isolation.sight import Json, id_of
from tests.isolation.stock.asking import StockAsking, refusals
from tests.isolation.stock.questions import AROUND, STOCK, STOCKS, filters
from tests.isolation.stock.shown import shown

_AROUND = {"contacts", "domains", "webhooks", "settings"}
_SOME = 2
"""Of so many accounts a viewer asks by id."""


class StockReading(StockAsking):
    """All that one viewer reads of it as fields of accounts and by `node`."""

    async def compare(self) -> None:
        """Ask everything."""
        wanted = self.viewer.chance.choice(self.world.stocks)
        await self._compare_list(wanted)
        await self._compare_nodes()
        for account in self.viewer.chance.sample(self.world.accounts, min(_SOME, len(self.world.accounts))):
            await self._compare_by_id(account, wanted)
            await self._compare_around(account, wanted)

    async def _compare_list(self, wanted: Stock) -> None:
        answer = await self.ask(STOCKS, **filters(wanted))
        if self.is_refused_whole("accounts", answer):
            return
        accounts = {account.id: account for account in self.world.accounts}
        for number, node in enumerate(answer.data["viewer"]["accounts"]["nodes"]):
            refused = refusals(answer, ["viewer", "accounts", "nodes", number])
            self._compare_fields(accounts[node["id"]], node, refused, wanted)

    async def _compare_by_id(self, account: Account, wanted: Stock) -> None:
        answer = await self.ask(STOCK, id=account.id, **filters(wanted))
        if not self.is_refused_whole("account", answer) and answer.data["account"] is not None:
            self._compare_fields(account, answer.data["account"], refusals(answer, ["account"]), wanted)

    async def _compare_around(self, account: Account, wanted: Stock) -> None:
        answer = await self.ask(AROUND, id=account.id)
        if self.is_refused_whole("around", answer) or answer.data["account"] is None:
            return
        found, accounts = answer.data["account"], {each.id: each for each in self.world.accounts}
        places: list[tuple[Json | None, list[str | int]]] = [
            (found[name], ["account", name]) for name in ("parent", "master")
        ]
        for number, node in enumerate(found["ancestors"]):
            places.append((node, ["account", "ancestors", number]))
        for node, path in places:
            if node is not None:
                self._compare_fields(accounts[node["id"]], node, refusals(answer, path), wanted, _AROUND)

    def _compare_fields(
        self,
        account: Account,
        found: Json,
        refused: Sequence[Refusal],
        wanted: Stock,
        asked: set[str] | None = None,
    ) -> None:
        what = f"account {account.name}"
        needs = {name: need for name, need in STOCK_NEEDS.items() if asked is None or name in asked}
        denied = {name: need for name, need in needs.items() if not self.sight.can(account, need)}
        expected = [Refusal(name, "FORBIDDEN", need) for name, need in denied.items()]
        # Here a refusal that is missing is what leaks, and one too many is what is lost.
        self.items(f"{what}: refused", refused, expected)
        fields = self.stock.fields(account, wanted)
        for name in needs:
            self._compare_field(f"{what}.{name}", name, None if name in denied else fields[name], found[name])

    def _compare_field(self, what: str, name: str, expected: Any, found: Any) -> None:
        if expected is None or found is None:
            self.fact(what, expected, found)
        elif isinstance(expected, list):
            nodes = found if name == "contactAttributes" else found["nodes"]
            self.items(what, expected, [shown(name, node) for node in nodes])
            if name != "contactAttributes":
                self.fact(f"{what}.totalCount", len(expected), found["totalCount"])
        else:
            self.fact(what, expected, shown(name, found))

    async def _compare_nodes(self) -> None:
        things, crossed = self.stock.things, self.stock.crossed
        answer = await self.ask(NODES, ids=[*things, *crossed])
        if self.is_refused_whole("nodes", answer):
            return
        nodes = answer.data["nodes"]
        for (id_, (account, needed)), node in zip(things.items(), nodes[: len(things)], strict=True):
            expected = id_ if self.sight.can(account, needed) else None
            self.fact(f"node {id_} of {account.name}", expected, id_of(node))
        self.items("nodes of nobody", [], [id_of(node) for node in nodes[len(things) :] if node is not None])
