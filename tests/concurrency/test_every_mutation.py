"""Sixteen clients send every mutation, with valid input: whatever else they do, nothing breaks (T33).

What is sent, and by whom, are the rows of the matrix of callers. Four clients are in each of four trees and
send at the same moment, so that they meet in their tree, and with those of the others in all that trees
share. By night they go on for ten minutes.
"""

import asyncio
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from starlette.applications import Starlette

from authz.policy.refusals import RefusalCode
from server.failures.errors import ErrorCode
from tests.authz.escalation.outcomes import DONE, codes_of, mutate
from tests.authz.escalation.profiles import BY_NIGHT
from tests.authz.matrix.matrix_callers import NOT_ACCEPTED, Stage, once
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.authz.matrix.matrix_rows import Mutation, Values
from tests.client.api import Api
from tests.client.parsings import parsings
from tests.client.places import new_place
from tests.world.world import PASSWORD, World

_TREES = 4
_CLIENTS_OF_A_TREE = 4
_SECONDS = 600.0 if BY_NIGHT else 5.0
_DOCUMENTED = {code.name for code in RefusalCode} | set(ErrorCode) - {ErrorCode.INTERNAL}


@dataclass
class Deck:
    """All mutations in a random order, again and again."""

    choices: random.Random
    names: list[str] = field(default_factory=list)
    passes: int = 0

    def draw(self) -> str:
        """The next one."""
        if not self.names:
            self.names = sorted(MUTATIONS)
            self.choices.shuffle(self.names)
            self.passes += 1
        return self.names.pop()

    @property
    def is_dealt(self) -> bool:
        """Whether each was drawn."""
        return self.passes > 0 and not self.names


@dataclass(frozen=True)
class Sending:
    """A mutation that one of the clients is about to send."""

    name: str
    caller: str
    values: Values | None

    @property
    def mutation(self) -> Mutation:
        """Its row of the matrix."""
        return MUTATIONS[self.name]


@dataclass(frozen=True)
class Tree:
    """A tree with its callers, and the clients that send for them."""

    stage: Stage
    clients: list[Api]
    deck: Deck
    codes: Counter[str]
    """Of all answers; empty: it was done."""

    async def send_until(self, end: float) -> None:
        """Round by round, until then and until the deck is dealt."""
        while time.monotonic() < end or not self.deck.is_dealt:
            await self._round()

    async def _round(self) -> None:
        """What they need is made before, what they did is undone after: the test writes nothing meanwhile."""
        sendings = [await self._prepare(self.deck.draw()) for _ in self.clients]
        sent = [self._send(api, sending) for api, sending in zip(self.clients, sendings, strict=True)]
        for sending, codes in zip(sendings, await asyncio.gather(*sent), strict=True):
            self.codes.update(codes or [""])
            if not codes:
                await sending.mutation.restore(self.stage, sending.caller)
        await self.stage.reopen()

    async def _prepare(self, name: str) -> Sending:
        mutation = MUTATIONS[name]
        able = [caller for caller, outcome in mutation.expected.items() if outcome == DONE]
        others = [caller for caller in mutation.expected if caller not in NOT_ACCEPTED]
        caller = self.deck.choices.choice(able or others)
        values = await mutation.prepare(self.stage)
        return Sending(name, caller, None if values is None else values | _valid(name))

    async def _send(self, api: Api, sending: Sending) -> list[str]:
        caller = self.stage.callers[sending.caller]
        answer = await mutate(api, sending.name, caller, sending.values)
        codes = codes_of(answer, sending.name)
        assert set(codes) <= _DOCUMENTED, (sending, answer)
        return codes


def _valid(name: str) -> Values:
    """In the place of what the matrix sends, which is refused before a password is hashed."""
    match name:
        case "signUp":
            return {"email": f"{once()}@example.com"}
        case "passwordReset":
            return {"newPassword": PASSWORD}
        case "passwordChange":
            return {"currentPassword": PASSWORD, "newPassword": PASSWORD}
    return {}


async def test_nothing_breaks_whatever_is_sent_at_once(app: Starlette, world: World) -> None:
    deck, codes = Deck(random.Random("every mutation")), Counter[str]()
    async with AsyncExitStack() as stack:

        async def client() -> Api:
            """From a place of its own: sign-ups are counted for each."""
            return await stack.enter_async_context(Api.of(app, new_place()))

        trees = [
            Tree(
                await Stage.of(world),
                [await client() for _ in range(_CLIENTS_OF_A_TREE)],
                deck,
                codes,
            )
            for _ in range(_TREES)
        ]
        end = time.monotonic() + _SECONDS
        with parsings() as found:
            await asyncio.gather(*[tree.send_until(end) for tree in trees])
    assert found == [], "two threads may parse at once"
    assert codes[""] > codes.total() / 2, codes
