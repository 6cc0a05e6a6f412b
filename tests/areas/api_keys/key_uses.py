"""When a key was last used, which is written down a moment later."""

import asyncio

from tests.client.api import Api, Caller

_QUERY = "query ($id: ID!) { node(id: $id) { ... on ApiKey { lastUsedAt } } }"


async def last_use(api: Api, caller: Caller, api_key_id: str) -> str:
    """The moment, once there is one."""
    for _ in range(200):
        found = (await api.read(_QUERY, caller, id=api_key_id))["node"]["lastUsedAt"]
        if found is not None:
            return str(found)
        await asyncio.sleep(0.05)
    raise AssertionError("never written down")
