"""Compares what a viewer reads of what accounts write with at the root of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.model import Account, Block, Stock
from tests.isolation.sight import Json, id_of
from tests.isolation.stock.asking import StockAsking
from tests.isolation.stock.questions import ROOTS
from tests.isolation.stock.shown import entry, shown
from tests.isolation.stock.sight import HIDDEN, hash_of

_NEEDS = {
    "own": ("BLOCK_LIST_READ",),
    "whole": ("BLOCK_LIST_READ",),
    "one": ("BLOCK_LIST_READ",),
    "deliverability": ("BLOCK_LIST_READ", "CONTACTS_READ"),
    "personalData": ("CONTACTS_READ",),
    "sendPreview": ("CAMPAIGNS_SEND", "CONTACTS_READ"),
    "strange": ("CAMPAIGNS_SEND", "CONTACTS_READ"),
    "templateContent": ("TEMPLATES_READ",),
    "templatePreview": ("TEMPLATES_READ", "CONTACTS_READ"),
    "strangeTemplate": ("TEMPLATES_READ",),
    "strangeContact": ("TEMPLATES_READ", "CONTACTS_READ"),
}
"""By a field of `ROOTS`: what it needs, in the order in which it says so."""

_SOME = 4


@dataclass(frozen=True)
class _Asked:
    """What is asked about an account. `other`: of the same tree; `strange`, `known`: of anybody."""

    account: Account
    other: Account
    strange: Stock
    known: Block
    addresses: list[str]


class StockRoots(StockAsking):
    """All that one viewer reads there."""

    async def compare(self) -> None:
        """Ask about some accounts."""
        for account in self.viewer.chance.sample(self.world.accounts, min(_SOME, len(self.world.accounts))):
            await self._compare(self._draw(account))

    def _draw(self, account: Account) -> _Asked:
        world, chance = self.world, self.viewer.chance
        other = chance.choice([found for found in world.accounts if found.master is account.master])
        mailed = [each for found in world.stocks for each in (found.email, found.unsubscribed, found.bounced)]
        addresses = sorted({*mailed, *(block.address for block in world.blocks)})
        return _Asked(account, other, chance.choice(world.stocks), chance.choice(world.blocks), addresses)

    async def _compare(self, asked: _Asked) -> None:
        own = self.world.stock(asked.account)
        answer = await self.ask(
            ROOTS,
            id=asked.account.id,
            other=asked.other.id,
            addresses=asked.addresses,
            known=asked.known.address,
            foreign=asked.strange.email,
            job=own.job_ids[0],
            list=own.list_id,
            otherList=asked.strange.list_id,
            template=own.template_id,
            contact=own.contact_id,
            otherTemplate=asked.strange.template_id,
            otherContact=asked.strange.contact_id,
        )
        what = f"root, account {asked.account.name}"
        if self.is_refused_whole(what, answer):
            return
        told = {str(error["path"][0]): _code(error) for error in answer.errors}
        codes = {field: self._refusal(asked, field) for field in answer.data}
        for field, code in codes.items():
            self.fact(f"{what}.{field}: refusal", code or None, told.get(field))
            if code:
                self.fact(f"{what}.{field}", None, answer.data[field])
        found = {field: value for field, value in answer.data.items() if value and not codes[field]}
        self._compare_blocks(what, asked, found)
        self._compare_addresses(what, asked, found)
        self._compare_others(what, asked, found)

    def _refusal(self, asked: _Asked, field: str) -> str:
        """Why a field is not answered."""
        account, can = asked.account, self.sight.can
        if field == "job":
            return "" if can(account, "CONTACTS_READ") else "NOT_FOUND"
        if field == "settingsDiff":
            both = can(account, "SETTINGS_READ") and can(asked.other, "SETTINGS_READ")
            return "" if both else "NOT_FOUND"
        if not self.sight.account(account):
            return "NOT_FOUND"
        # A preview sends nothing: it is shown whatever the status, and warns of it.
        held = self.sight.rights.held(self.sight.subject, account)
        missing = [name for name in _NEEDS[field] if name not in held]
        if missing:
            return f"FORBIDDEN {missing[0]}"
        is_strange = field.startswith("strange") and asked.strange.account is not account
        return "NOT_FOUND" if is_strange else ""

    def _compare_blocks(self, what: str, asked: _Asked, found: Mapping[str, Any]) -> None:
        known_ids = {block.id for block in self.world.blocks}
        for field, inherited in (("own", False), ("whole", True), ("one", True)):
            if field in found:
                entries = self.stock.entries(asked.account, inherited=inherited)
                hashed = hash_of(asked.known.address)
                expected = [each for each in entries if field != "one" or each[2] == hashed]
                nodes = [entry(node, known_ids, HIDDEN) for node in found[field]["nodes"]]
                self.items(f"{what}.{field}", expected, nodes)

    def _compare_addresses(self, what: str, asked: _Asked, found: Mapping[str, Any]) -> None:
        account, stock = asked.account, self.world.stock(asked.account)
        if "deliverability" in found:
            for address, row in zip(asked.addresses, found["deliverability"], strict=True):
                expected = self.stock.deliverability(account, address)
                self.fact(f"{what}.deliverability {address}", expected, shown("deliverability", row))
        if "personalData" in found:
            data = found["personalData"]
            expected_id = stock.contact_id if asked.strange is stock else None
            self.fact(f"{what}.personalData", expected_id, id_of(data["contact"]))
            blocks = self.sight.can(account, "BLOCK_LIST_READ")
            self.fact(f"{what}.personalData.blocked", blocks or None, "blocked" in data or None)

    def _compare_others(self, what: str, asked: _Asked, found: Mapping[str, Any]) -> None:
        account, stock = asked.account, self.world.stock(asked.account)
        if "job" in found:
            self.fact(f"{what}.job", (stock.job_ids[0], account.id), shown("jobs", found["job"]))
        if "settingsDiff" in found:
            values = self.stock.value(account), self.stock.value(asked.other)
            expected = [] if values[0] == values[1] else [("SENDER_NAME", *values)]
            self.items(f"{what}.settingsDiff", expected, shown("settingsDiff", found["settingsDiff"]))
        if "sendPreview" in found:
            one = {"recipients": 1, "blocked": 0, "unsubscribed": 0, "bounced": 0}
            self.fact(f"{what}.sendPreview", one, found["sendPreview"])
        text = f"{stock.template_name} {stock.email}"
        expected_texts = {
            "templateContent": f"{stock.template_name} {{{{ contact.email }}}}",
            "templatePreview": text,
            "strangeTemplate": f"{asked.strange.template_name} ",
            "strangeContact": asked.strange.email,
        }
        for field, shown_text in expected_texts.items():
            if field in found:
                self.fact(f"{what}.{field}", {"text": shown_text}, found[field])
        if "strange" in found:
            self.fact(f"{what}.strange", {"recipients": 1}, found["strange"])


def _code(error: Json) -> str:
    extensions = error["extensions"]
    return " ".join(filter(None, [extensions["code"], extensions.get("permission")]))
