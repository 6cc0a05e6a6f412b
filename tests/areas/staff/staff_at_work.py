"""What tests of platform staff ask for."""

import datetime
from typing import Any

from tests.client.api import Api, Caller
from tests.world.world import Account

OVERRIDE = (
    "override { id kind unsubscribeScope sendingDomains fieldFunctions reason status accountId accountName "
    "madeByName approvedByName endedByName inForceFrom endedAt expiresAt }"
)
_HELD = """query ($id: ID!) { account(id: $id) {
  unsubscribeScope sendingDomainLimit fieldFunctions reviewApproved
} }"""
USUAL = {
    "unsubscribeScope": "ACCOUNT",
    "sendingDomainLimit": 1,
    "fieldFunctions": True,
    "reviewApproved": False,
}
"""What holds in an account where nothing is overridden."""


def in_days(days: float) -> str:
    """A moment as clients write it."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)).isoformat()


def wanted(account: Account, kind: str, **value: Any) -> dict[str, Any]:
    """The input of `overrideCreate`."""
    return {
        "accountId": account.id,
        "kind": kind,
        "reason": "Ticket 4711",
        "expiresAt": in_days(30),
        **value,
    }


async def held(api: Api, caller: Caller, account: Account) -> dict[str, Any]:
    """What holds in the account now."""
    found: dict[str, Any] = (await api.read(_HELD, caller, id=account.id))["account"]
    return found
