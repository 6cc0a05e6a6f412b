"""What stands beside the event loop steps back for it, and so do callers that do not wait."""

import asyncio
import os
import sys
import threading

import pytest

from server import slowed_refusals
from server.side_threads import side_thread
from server.slowed_refusals import AT_ONCE, SlowedRefusals


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_a_thread_beside_the_loop_has_a_lower_priority() -> None:
    thread = side_thread("a test")
    niceness = thread.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    assert niceness > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread.shutdown()


async def test_who_asks_again_at_once_is_refused_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody at another address."""
    monkeypatch.setattr(slowed_refusals, "DELAY_SECONDS", 60)
    refusals, now = SlowedRefusals(), asyncio.get_running_loop().time
    await asyncio.sleep(1 - now() % 1)  # the counts are those of a second
    for _ in range(AT_ONCE):
        await refusals.wait("203.0.113.1")
    late = asyncio.create_task(refusals.wait("203.0.113.1"))
    await refusals.wait("203.0.113.2")
    assert not late.done()
    late.cancel()
