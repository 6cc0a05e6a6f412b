"""Making narrowed tokens through the API."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tests.client.api import Api, Caller
from tests.client.mutations import Attempt, attempt, done
from tests.world.world import Account

MADE = "token narrowedToken { id }"


@dataclass(frozen=True)
class Narrowed:
    """A narrowed token."""

    token: str
    id: str


def wanted(accounts: Iterable[Account], permissions: Collection[str], **changes: Any) -> dict[str, Any]:
    """The input of `tokenNarrow`."""
    values = {"accountIds": [account.id for account in accounts], "permissions": sorted(permissions)}
    return {**values, "expiresInMinutes": 10, "audience": "Widget", **changes}


async def narrowed(
    api: Api, caller: Caller, accounts: Iterable[Account], permissions: Collection[str], **changes: Any
) -> Narrowed:
    """A token that was made."""
    made = await done(api, "tokenNarrow", caller, MADE, **wanted(accounts, permissions, **changes))
    return Narrowed(made["token"], made["narrowedToken"]["id"])


async def narrow(
    api: Api, caller: Caller, accounts: Iterable[Account], permissions: Collection[str], **changes: Any
) -> Attempt:
    """Try to make one."""
    return await attempt(api, "tokenNarrow", caller, MADE, **wanted(accounts, permissions, **changes))
