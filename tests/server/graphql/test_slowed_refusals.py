"""Callers that do not wait as they are told to are refused late."""

import asyncio

import pytest

from server.graphql import slowed_refusals
from server.graphql.slowed_refusals import AT_ONCE, SlowedRefusals


async def test_who_asks_again_at_once_is_refused_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody at another address."""
    monkeypatch.setattr(slowed_refusals, "DELAY_SECONDS", 60)
    refusals, now = SlowedRefusals(), asyncio.get_running_loop().time
    late: asyncio.Task[None] | None = None
    while late is None:
        second = int(now())
        for _ in range(AT_ONCE):
            await refusals.wait("203.0.113.1")
        asked = asyncio.create_task(refusals.wait("203.0.113.1"))
        await refusals.wait("203.0.113.2")
        # The counts are those of a second, which must not have ended meanwhile.
        late = asked if int(now()) == second else None
        if late is None:
            asked.cancel()
    assert not late.done()
    late.cancel()
