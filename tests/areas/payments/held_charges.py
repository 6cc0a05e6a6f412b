"""A payment provider that answers when a test lets it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from resolvers.payments.provider import Charge, ChargeAnswer
from server.settings.payments import PracticePayments


@asynccontextmanager
async def held_charges() -> AsyncIterator[asyncio.Event]:
    """The practice provider answers at the end of the block; the event tells that it was asked."""
    asked, answered = asyncio.Event(), asyncio.Event()
    charge = PracticePayments.charge

    async def held(self: PracticePayments, wanted: Charge) -> ChargeAnswer:
        asked.set()
        await answered.wait()
        return await charge(self, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PracticePayments, "charge", held)
        try:
            yield asked
        finally:
            answered.set()
