"""Compares what a viewer reads of what watches over access: by list, id and node, and as a directory."""

from collections.abc import Sequence

from tests.isolation.model import Account, Key, Person
from tests.isolation.questions import NODES
from tests.isolation.reading import Refusal
from tests.isolation.rules import WATCHED_NEEDS
from tests.isolation.sight import Json, id_of
from tests.isolation.stock.asking import StockAsking, refusals
from tests.isolation.watched.questions import ALL_WATCHED, WATCHED
from tests.isolation.watched.sight import WatchedSight, shown


class WatchedReading(StockAsking):
    """All that one viewer reads of it."""

    async def compare(self) -> None:
        """Ask everything."""
        await self._compare_list()
        await self._compare_by_id(self.viewer.chance.choice(self.world.accounts))
        await self._compare_nodes()
        await self._compare_directory()

    @property
    def _watched(self) -> WatchedSight:
        return WatchedSight(self.sight)

    async def _compare_list(self) -> None:
        """What is missing in accounts that are kept from the viewer is named there alone."""
        answer = await self.viewer.api.ask(ALL_WATCHED, self.viewer.subject)
        if self.is_refused_whole("accounts", answer):
            return
        viewer, accounts = answer.data["viewer"], {account.id: account for account in self.world.accounts}
        for number, node in enumerate(viewer["accounts"]["nodes"]):
            refused = refusals(answer, ["viewer", "accounts", "nodes", number])
            self._compare_fields(accounts[node["id"]], node, refused)
        subject, found = self.viewer.subject, viewer["secondFactor"]
        if not isinstance(subject, Person):
            self.fact("secondFactor", None, found)
            return
        self.fact("secondFactor.proved", subject.proved, found["proved"])
        self.fact("secondFactor.totp", subject.proved, found["totp"])
        passkeys = [str(passkey["id"]) for passkey in found["passkeys"]]
        self.items("secondFactor.passkeys", subject.passkeys, passkeys)
        missing = [node["accountId"] for node in found["missingIn"]["nodes"]]
        self.items("secondFactor.missingIn", self._watched.missing_in(), missing)

    async def _compare_by_id(self, account: Account) -> None:
        answer = await self.ask(WATCHED, id=account.id)
        if not self.is_refused_whole("account", answer) and answer.data["account"] is not None:
            self._compare_fields(account, answer.data["account"], refusals(answer, ["account"]))

    def _compare_fields(self, account: Account, found: Json, refused: Sequence[Refusal]) -> None:
        what, can = f"account {account.name}", self.sight.can
        denied = {name: need for name, need in WATCHED_NEEDS.items() if not can(account, need)}
        expected = [Refusal(name, "FORBIDDEN", need) for name, need in denied.items()]
        # Here a refusal that is missing is what leaks, and one too many is what is lost.
        self.items(f"{what}: refused", refused, expected)
        required = any(place.requires_factor for place in account.path)
        for name, value in (
            ("requiresSecondFactor", required),
            ("ownRequiresSecondFactor", account.requires_factor),
        ):
            self.fact(f"{what}.{name}", None if name in denied else value, found[name])
        for name, items in self._watched.fields(account).items():
            if name in denied or found[name] is None:
                self.fact(f"{what}.{name}", None if name in denied else items, found[name])
                continue
            self.items(f"{what}.{name}", items, [shown(name, node) for node in found[name]["nodes"]])
            self.fact(f"{what}.{name}.totalCount", len(items), found[name]["totalCount"])

    async def _compare_nodes(self) -> None:
        things = self._watched.things
        answer = await self.ask(NODES, ids=list(things)[:100])
        if self.is_refused_whole("nodes", answer):
            return
        for (id_, account), node in zip(things.items(), answer.data["nodes"], strict=False):
            expected = id_ if self.sight.can(account, "MEMBERS_READ") else None
            self.fact(f"node {id_} of {account.name}", expected, id_of(node))

    async def _compare_directory(self) -> None:
        """Only a key of a master account that reads its members is a directory; it finds its own groups."""
        subject = self.viewer.subject
        headers = {} if subject is None else {"authorization": f"Bearer {subject.token}"}
        master = subject.account if isinstance(subject, Key) and self.viewer.accepted else None
        may = master is not None and master.parent is None and self.sight.can(master, "MEMBERS_READ")
        groups = [found for found in self.world.groups if may and found.account is master]
        for path, expected in (
            ("Groups", [(group.id.partition("_")[2], group.members) for group in groups]),
            ("Users", [("", 0)] * sum(group.members for group in groups)),
        ):
            answer = await self.viewer.api.http.get(f"/scim/v2/{path}", headers=headers)
            self.fact(f"directory {path}: answered", may or None, answer.is_success or None)
            told = answer.json()["Resources"] if answer.is_success else []
            groups_told = [(each["id"], len(each["members"])) for each in told if path == "Groups"]
            self.items(f"directory {path}", expected, groups_told or [("", 0)] * len(told))
