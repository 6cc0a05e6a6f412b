"""Those whom the stories are about: an account and its owner, who does everything through the API.

The accounts, their owners and their first plans stand there at the beginning; what follows is asked of the
API, and after each refusal nothing is changed in the tree.
"""

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import CreditMode
from server.database.clock import Clock
from tests.client.api import Api
from tests.client.mutations import Attempt, attempt
from tests.world.credit import EURO
from tests.world.plans import Plan, subscribe
from tests.world.world import Account, Member, World

_numbers = itertools.count(1)
_USAGE = """query ($id: ID!, $cycle: UsageCycle!) { account(id: $id) { usage(cycle: $cycle) {
  startsAt endsAt sent activeContacts { used limit } sends { used limit } forecast { runsOutOn } warnings
  accounts(first: 100) { nodes { account { name } sends } } } } }"""


@dataclass(frozen=True)
class Usage:
    """What a cycle has used."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    contacts: tuple[int, int]
    """Used, of so many."""
    sends: tuple[int, int]
    sent_by: dict[str, int]
    """Of the account and those below it, by their names."""
    runs_out_on: str | None
    warnings: list[str]


@dataclass(frozen=True)
class Business:
    """An account and its owner."""

    api: Api
    world: World
    account: Account
    owner: Member

    @classmethod
    async def founded(cls, api: Api, world: World, name: str) -> "Business":
        """A business with a master account."""
        account = await world.account(name=name)
        return cls(api, world, account, await world.member(account, BuiltinRole.OWNER))

    async def client(self, name: str) -> "Business":
        """A business with a subaccount of this one, and an owner of its own."""
        account = await self.world.account(self.account, name)
        return Business(self.api, self.world, account, await self.world.member(account, BuiltinRole.OWNER))

    async def does(self, field: str, selection: str = "", /, **values: Any) -> Any:
        """What a mutation answers that must succeed."""
        made = await self._attempt(field, selection, **values)
        assert made.done, made
        return made.payload

    async def refused(self, field: str, /, **values: Any) -> str:
        """The code with which a mutation is refused that must be."""
        before = await self.world.state(self.account)
        made = await self._attempt(field, "", **values)
        assert not made.done, made
        assert await self.world.state(self.account) == before
        return made.code

    async def _attempt(self, field: str, selection: str, /, **values: Any) -> Attempt:
        return await attempt(self.api, field, self.owner, selection, **values)

    async def begins_with(self, plan: Plan, clock: Clock, time_zone: str = "UTC") -> None:
        """Have a plan from this moment on, also one that a tree could not change to at once."""
        await subscribe(self.world, self.account, plan, time_zone, await clock.now())

    async def choose(self, plan: Plan) -> None:
        """Change to another plan."""
        query = "query ($id: ID!) { account(id: $id) { version } }"
        version = (await self.api.read(query, self.owner, id=self.account.id))["account"]["version"]
        wanted = {"planId": plan.id, "expectedVersion": version}
        await self.does("planChange", accountId=self.account.id, **wanted)

    async def mail(self, names: str, **more: Any) -> None:
        """Send to these names: book it, and commit it."""
        booked = await self.does("sendReserve", "reservation { id }", **self.list_of(names, **more))
        await self.does("sendCommit", reservationId=booked["reservation"]["id"])

    async def cannot_mail(self, names: str, **more: Any) -> str:
        """Why nothing can be sent to these names."""
        return await self.refused("sendReserve", **self.list_of(names, **more))

    def list_of(self, names: str, **more: Any) -> dict[str, Any]:
        """What is sent to these names, separated by spaces; addresses as they are."""
        addresses = [name if "@" in name else f"{name}@example.com" for name in names.split()]
        key = f"story {next(_numbers)}"
        given = {"stream": "MARKETING", "recipients": addresses, "idempotencyKey": key}
        return {"accountId": self.account.id, **given, **more}

    async def warned_of(self, names: str) -> list[str]:
        """What a preview says of a campaign to these names."""
        query = """query ($accountId: ID!, $recipients: [String!]) { sendPreview(
          accountId: $accountId, stream: MARKETING, recipients: $recipients) { warnings } }"""
        given = self.list_of(names)
        wanted = {"accountId": given["accountId"], "recipients": given["recipients"]}
        found: list[str] = (await self.api.read(query, self.owner, **wanted))["sendPreview"]["warnings"]
        return found

    async def usage(self, cycle: str = "CURRENT") -> Usage:
        """What the account sees of its cycle."""
        answer = await self.api.read(_USAGE, self.owner, id=self.account.id, cycle=cycle)
        found = answer["account"]["usage"]
        return Usage(
            datetime.datetime.fromisoformat(found["startsAt"]),
            datetime.datetime.fromisoformat(found["endsAt"]),
            (found["activeContacts"]["used"], found["activeContacts"]["limit"]),
            (found["sends"]["used"], found["sends"]["limit"]),
            {node["account"]["name"]: node["sends"] for node in found["accounts"]["nodes"]},
            None if found["forecast"] is None else found["forecast"]["runsOutOn"],
            found["warnings"],
        )

    async def keeps_own_balance(self, of: "Business") -> None:
        """Let a business below have a balance of its own."""
        mode = CreditMode.OWN_BALANCE.name
        await self.does("creditModeUpdate", accountId=of.account.id, mode=mode)

    async def hand(self, giver: "Business", taker: "Business", euros: int) -> None:
        """Move credit from one account to the other."""
        await self.does("creditTransfer", **self.transfer(giver, taker, euros))

    def transfer(self, giver: "Business", taker: "Business", euros: int) -> dict[str, Any]:
        """What moves it."""
        between = {"fromAccountId": giver.account.id, "toAccountId": taker.account.id}
        return {**between, "amount": euros * EURO, "idempotencyKey": f"story {next(_numbers)}"}

    async def top_up(self, euros: int) -> None:
        """Pay with a card of its own."""
        card = {"accountId": self.account.id, "reference": "paid", "label": "Card"}
        method = (await self.does("paymentMethodAdd", "paymentMethod { id }", **card))["paymentMethod"]
        wanted = {"accountId": self.account.id, "paymentMethodId": method["id"], "amount": euros * EURO}
        key = f"story {next(_numbers)}"
        bought = await self.does("creditTopUp", "topUp { status }", **wanted, idempotencyKey=key)
        assert bought["topUp"]["status"] == "SETTLED"

    async def cents(self) -> int:
        """What it has to spend itself."""
        query = "query ($id: ID!) { account(id: $id) { credit { balance reserved } } }"
        credit = (await self.api.read(query, self.owner, id=self.account.id))["account"]["credit"]
        assert credit["reserved"] == "0"
        return int(credit["balance"]) * 100 // EURO
