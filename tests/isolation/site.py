"""Where a random world is built: the API as its clients ask it, the mail as people read it, and chance."""

import datetime
import itertools
import random
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import httpx
from starlette.applications import Starlette

from tests.client.api import INPUT_TYPES, Api
from tests.client.places import new_place
from tests.client.streams import InProcess
from tests.isolation.model import Account, Asker, Event, Key, Person, Role, Subject, World
from tests.isolation.patience import PatientApi
from tests.isolation.rights import Rights

Item = TypeVar("Item")

_worlds = itertools.count(1)
_phones = itertools.count(1_200_001)

SOON = datetime.timedelta(seconds=3)
"""Longer than a busy machine takes to ask for what ends then."""


class Behind(Protocol):
    """What happens behind the API."""

    async def mailed(self, email: str) -> list[str]:
        """Return the secrets of the links that were mailed to an address, the oldest first."""

    async def add_up(self, master_id: str) -> None:
        """Do what a worker does about the statistics of a master account's tree."""

    async def hand_over(self, message_id: str) -> None:
        """Say of a marketing message that it has been handed over."""

    async def prove(self, master_id: str, domain_id: str, name: str) -> None:
        """Verify a master account's domain for signing in."""

    async def end_review(self, master_id: str, review_id: str) -> None:
        """Let the time of a master account's access review be over, and do what a worker then does."""


@dataclass
class Site:
    """A world while it is built. Whatever is done through it is done by somebody who may, and remembered."""

    app: Starlette
    stack: AsyncExitStack
    behind: Behind
    chance: random.Random
    number: int
    """No other world of this database has it."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.rights = Rights(self.world)
        self._apis: dict[str, Api] = {}
        self._place = new_place()  # sign-ups are counted for each
        self._serials = itertools.count(1)

    @classmethod
    @asynccontextmanager
    async def of(cls, app: Starlette, behind: Behind, seed: int) -> "AsyncIterator[Site]":
        """An empty one. What fails in it names the seed."""
        async with AsyncExitStack() as stack:
            try:
                yield cls(app, stack, behind, random.Random(seed), next(_worlds))
            except Exception as error:
                error.add_note(f"in the world of seed {seed}")
                raise

    async def api_at(self, address: str | None = None) -> Api:
        """The API as it is asked from a network address."""
        address = address or self._place
        if address not in self._apis:
            transport = InProcess(self.app, client=(address, 1))
            http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
            self._apis[address] = PatientApi(await self.stack.enter_async_context(http))
        return self._apis[address]

    async def api_of(self, subject: Asker | None) -> Api:
        """The API as the subject asks it."""
        return await self.api_at(None if subject is None or isinstance(subject, Person) else subject.address)

    async def do(
        self, mutation: str, subject: Asker | None, selection: str, /, **values: Any
    ) -> dict[str, Any]:
        """A mutation that must be done."""
        input_type = INPUT_TYPES.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
        document = (
            f"mutation ($input: {input_type}!) {{ {mutation}(input: $input) "
            f"{{ {selection} userErrors {{ code message }} }} }}"
        )
        api = await self.api_of(subject)
        given = await api.with_version(mutation, subject, values)
        payload: dict[str, Any] = (await api.read(document, subject, input=given))[mutation]
        assert payload["userErrors"] == [], (mutation, payload["userErrors"])
        return payload

    def once(self, what: str) -> str:
        """A text that no other has."""
        return f"{what} {self.number}-{next(self._serials)}"

    def email(self) -> str:
        """An address that no other has."""
        return f"{self.once('p').replace(' ', '')}@{self.domain}"

    @property
    def domain(self) -> str:
        """Of all people's addresses."""
        return f"world-{self.number}.example.com"

    def phone(self) -> str:
        """A number that no other has."""
        return f"+4670{next(_phones):07d}"

    def soon(self) -> str:
        """A moment that will have passed when the world is built."""
        return self.later(SOON)

    @staticmethod
    def later(time: datetime.timedelta) -> str:
        """A moment to come."""
        return (datetime.datetime.now(datetime.UTC) + time).isoformat()

    def other_chance(self) -> random.Random:
        """Chance of its own, for what happens beside other things."""
        return random.Random(self.chance.random())

    def some(self, items: Collection[Item], most: int) -> list[Item]:
        """Some of them, at least one if there are any."""
        if not items:
            return []
        return self.chance.sample(list(items), self.chance.randint(1, min(most, len(items))))

    def log(
        self,
        account: Account,
        event_type: str,
        actor: Subject,
        permission: str | Account,
        names: Account | None = None,
    ) -> None:
        """Remember an event; `permission`: what it needed, or the account that it was done from; `names`: an
        account among its values."""
        place = permission
        if isinstance(place, str):
            place = self.rights.acting_from(actor, account, place)
        self.world.events.append(Event(account, event_type, actor, place, names))

    def able(self, accounts: Collection[Account], permission: str, role: Role | None = None) -> Subject:
        """Somebody who holds the permission in each of the accounts, and what the role gives there."""
        found: list[Subject] = [
            subject
            for subject in self.world.subjects
            if all(self._is_able(subject, account, permission, role) for account in accounts)
        ]
        return self.chance.choice(found)

    def _is_able(self, subject: Subject, account: Account, permission: str, role: Role | None) -> bool:
        if isinstance(subject, Key) and not self.rights.works(subject):
            return False
        if self.rights.bars(subject, account):
            return False
        lasting = self.rights.lasting(subject, account)
        if permission not in lasting & self.rights.left_by_status(account):
            return False
        if role is None:
            return True
        gives = role.gives
        below = gives.inherited if account.passes_all_roles else gives.below
        return gives.here <= lasting and below <= self.rights.lasting_below(subject, account)

    async def version(self, account: Account, subject: Subject) -> int:
        """The account's version, for who reads it."""
        api = await self.api_of(subject)
        data = await api.read("query ($id: ID!) { account(id: $id) { version } }", subject, id=account.id)
        found: int = data["account"]["version"]
        return found

    def master_owner(self, account: Account) -> Person:
        """Who owns the account's tree."""
        owner = self.world.owner(account.master)
        assert owner is not None
        return owner
