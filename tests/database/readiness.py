"""What `/readyz` says, which is kept for a second."""

import asyncio
from typing import Any

from tests.client.api import Api

_PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""


async def ready_answers(api: Api, status: int, replica: str | None = None) -> Any:
    """Its answer, once it has this status, and tells this one of the replica."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            response = await api.http.get("/readyz")
            answer = response.json()
            if response.status_code == status and replica in (None, answer.get("replica", {}).get("status")):
                return answer
            await asyncio.sleep(0.1)
