"""What `/readyz` says, which is kept for a second."""

import asyncio
from typing import Any

from tests.api import Api

_PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""


async def ready_answers(api: Api, status: int) -> Any:
    """Its answer, once it has this status."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            response = await api.http.get("/readyz")
            if response.status_code == status:
                return response.json()
            await asyncio.sleep(0.1)
