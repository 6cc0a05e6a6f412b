"""Compares what a viewer reads of what accounts send: by list, id, node, filter, count, and in numbers."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from tests.isolation.model import Account, Sent
from tests.isolation.questions import NODES
from tests.isolation.reading import Refusal, Viewer
from tests.isolation.rules import SENT_NEEDS
from tests.isolation.sent.questions import ALL_SENT, NUMBERS, SENT
from tests.isolation.sent.sight import SentSight, shown
from tests.isolation.sight import Json, Sight, id_of
from tests.isolation.stock.asking import StockAsking, refusals
from tests.isolation.tally import Tally

_SOME = 2
"""Of so many accounts a viewer asks for numbers."""

_PREVIEW, _STATISTICS = ("CAMPAIGNS_SEND", "CONTACTS_READ"), ("STATISTICS_READ",)

_OF_ONE = {"sent": 2, "delivered": 1}
"""What an account has sent, and what came back."""


class SentReading(StockAsking):
    """All that one viewer reads of it."""

    def __init__(self, sight: Sight, viewer: Viewer, tally: Tally) -> None:
        super().__init__(sight, viewer, tally)
        self.sent = SentSight(sight)

    async def compare(self) -> None:
        """Ask everything."""
        wanted = self.viewer.chance.choice(self.world.sent)
        await self._compare_list(wanted)
        await self._compare_nodes()
        some = self.viewer.chance.sample(self.world.accounts, min(_SOME, len(self.world.accounts)))
        await self._compare_by_id(some[0], wanted)
        for account in some:
            await self._compare_numbers(account)

    async def _compare_list(self, wanted: Sent) -> None:
        answer = await self.ask(ALL_SENT, label=wanted.label)
        if self.is_refused_whole("accounts", answer):
            return
        accounts = {account.id: account for account in self.world.accounts}
        for number, node in enumerate(answer.data["viewer"]["accounts"]["nodes"]):
            refused = refusals(answer, ["viewer", "accounts", "nodes", number])
            self._compare_fields(accounts[node["id"]], node, refused, wanted)

    async def _compare_by_id(self, account: Account, wanted: Sent) -> None:
        answer = await self.ask(SENT, id=account.id, label=wanted.label)
        if not self.is_refused_whole("account", answer) and answer.data["account"] is not None:
            self._compare_fields(account, answer.data["account"], refusals(answer, ["account"]), wanted)

    def _compare_fields(
        self, account: Account, found: Json, refused: Sequence[Refusal], wanted: Sent
    ) -> None:
        what, can = f"account {account.name}", self.sight.can
        denied = {name: need for name, need in SENT_NEEDS.items() if not can(account, need)}
        expected = [Refusal(name, "FORBIDDEN", need) for name, need in denied.items()]
        # Here a refusal that is missing is what leaks, and one too many is what is lost.
        self.items(f"{what}: refused", refused, expected)
        for name, items in self.sent.fields(account, wanted).items():
            if name in denied or found[name] is None:
                self.fact(f"{what}.{name}", None if name in denied else items, found[name])
                continue
            self.items(f"{what}.{name}", items, [shown(name, node) for node in found[name]["nodes"]])
            self.fact(f"{what}.{name}.totalCount", len(items), found[name]["totalCount"])

    async def _compare_nodes(self) -> None:
        things, crossed = self.sent.things, self.sent.crossed
        answer = await self.ask(NODES, ids=[*things, *crossed][:100])
        if self.is_refused_whole("nodes", answer):
            return
        nodes = answer.data["nodes"]
        for (id_, (account, needed)), node in zip(things.items(), nodes, strict=False):
            expected = id_ if self.sight.can(account, needed) else None
            self.fact(f"node {id_} of {account.name}", expected, id_of(node))
        self.items("nodes of nobody", [], [id_of(node) for node in nodes[len(things) :] if node is not None])

    async def _compare_numbers(self, account: Account) -> None:
        sent, today = self.world.sent_by(account), datetime.datetime.now(datetime.UTC).date()
        days = {"since": today - datetime.timedelta(days=2), "until": today + datetime.timedelta(days=2)}
        given = {name: day.isoformat() for name, day in days.items()}
        answer = await self.ask(NUMBERS, id=account.id, campaign=sent.campaign_id, **given)
        what = f"root, account {account.name}"
        if self.is_refused_whole(what, answer):
            return
        told = {str(error["path"][0]): error["extensions"] for error in answer.errors}
        expected = self._numbers(account)
        for field, value in answer.data.items():
            needed = (
                ("CAMPAIGNS_SEND", "CONTACTS_READ") if field == "campaignPreview" else ("STATISTICS_READ",)
            )
            code = self._refusal(account, needed)
            extensions = told.get(field, {})
            said = " ".join(filter(None, (extensions.get("code"), extensions.get("permission"))))
            self.fact(f"{what}.{field}: refusal", code or None, said or None)
            if code or value is None:
                self.fact(f"{what}.{field}", None if code else expected[field], value)
            elif field == "campaignPreview":
                self.fact(f"{what}.{field}", expected[field], value)
            else:
                self.items(f"{what}.{field}", map(str, expected[field]), map(str, value["nodes"]))

    def _refusal(self, account: Account, needed: Sequence[str]) -> str:
        """A preview and statistics are shown whatever the status."""
        if not self.sight.account(account):
            return "NOT_FOUND"
        held = self.sight.rights.held(self.sight.subject, account)
        missing = [name for name in needed if name not in held]
        return f"FORBIDDEN {missing[0]}" if missing else ""

    def _numbers(self, account: Account) -> Mapping[str, Any]:
        below = self.sent.counted(account, below=True)
        of_all = {name: number * len(below) for name, number in _OF_ONE.items()}
        rows = [
            {"account": {"id": each.account.id}, "label": each.label.lower(), "numbers": _OF_ONE}
            for each in below
        ]
        return {
            "own": [{"numbers": _OF_ONE}],
            "below": [{"numbers": of_all}],
            "byAccount": rows,
            "recipientStatistics": [{"channel": "SMS", "recipients": "SE", "numbers": of_all}],
            "campaignPreview": {"recipients": 1, "blocked": 0},
        }
