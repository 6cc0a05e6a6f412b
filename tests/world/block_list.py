"""Block lists for tests: entered through the API, and written straight into the database."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from models.base.ids import new_id
from models.block_list.tables import BlockReason, block_entries
from resolvers.inputs.address_digests import digest_of
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.contacts import CONTACT_KEY
from tests.world.world import Account, World

ADDED = "results { index outcome entryId message }"
REMOVED = "results { index outcome entryId blockedBy message }"
_LIST = """query (
  $accountId: ID!, $inherited: Boolean! = false, $address: String, $first: Int, $after: String
) {
  blockList(accountId: $accountId, includeInherited: $inherited, address: $address, first: $first,
    after: $after) {
    nodes { id address hash reason source enteredById createdAt isInherited inheritedFrom { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} }"""


def hash_of(canonical: str) -> str:
    """As partners send it."""
    return hashlib.sha256(canonical.encode()).hexdigest()


async def block(api: Api, caller: Caller, account: Account, *addresses: str, **more: Any) -> list[str]:
    """The results of entering these."""
    return [result["outcome"] for result in await blocking(api, caller, account, *addresses, **more)]


async def blocking(
    api: Api, caller: Caller, account: Account, *addresses: str, **more: Any
) -> list[dict[str, Any]]:
    """The results of entering these."""
    values = {"accountId": account.id, "addresses": list(addresses), **more}
    found: list[dict[str, Any]] = (await done(api, "blockListAdd", caller, ADDED, **values))["results"]
    return found


async def unblock(api: Api, caller: Caller, account: Account, *entries: str) -> list[dict[str, Any]]:
    """The results of removing these."""
    values = {"accountId": account.id, "entries": list(entries)}
    found: list[dict[str, Any]] = (await done(api, "blockListRemove", caller, REMOVED, **values))["results"]
    return found


async def listed(api: Api, caller: Caller, account: Account, **more: Any) -> list[dict[str, Any]]:
    """The first page of the block list."""
    found = await api.read(_LIST, caller, accountId=account.id, **more)
    nodes: list[dict[str, Any]] = found["blockList"]["nodes"]
    return nodes


async def page_of(api: Api, caller: Caller, account: Account, **more: Any) -> dict[str, Any]:
    """A page of the block list."""
    found: dict[str, Any] = (await api.read(_LIST, caller, accountId=account.id, **more))["blockList"]
    return found


async def give_entries(world: World, account: Account, addresses: Sequence[str]) -> list[uuid.UUID]:
    """The account blocks these canonical addresses; of each the digest alone is kept. The entries' ids."""
    ids = [new_id() for _ in addresses]
    rows = [
        {
            "master_id": account.master,
            "account_id": account.key,
            "id": entry_id,
            "digest": digest_of(CONTACT_KEY, address),
            "reason": BlockReason.IMPORT.value,
            "user_id": new_id(),
        }
        for entry_id, address in zip(ids, addresses, strict=True)
    ]
    async with world.database.begin() as connection:
        await connection.execute(insert(block_entries), rows)
    return ids
