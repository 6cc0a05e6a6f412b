"""Looking at settings through the API."""

from typing import Any

from tests.client.api import Api, Caller
from tests.engine.paths import Path
from tests.world.world import Account

_ORIGIN = "origin inheritedFrom { id } copiedFrom { id } copiedAt"
_STATE = f"{_ORIGIN} isLocked lockedBy {{ id }} locksBelow"
TEXTS = (
    *("timeZone", "defaultCountry", "language", "senderName", "senderAddress", "unsubscribePage"),
    "campaignApproval",
)
SETTINGS = (
    "settings { "
    + " ".join(f"{name} {{ value ownValue {_STATE} }}" for name in TEXTS)
    + f" bounceLimits {{ value {{ softBounces days }} ownValue {{ softBounces days }} {_STATE} }}"
    + f" quietHours {{ value {{ start end }} ownValue {{ start end }} {_STATE} }}"
    + f" fieldFunctions {{ functions {{ name text {_ORIGIN} }} ownFunctions {{ name text {_ORIGIN} }}"
    + " isLocked lockedBy { id } locksBelow } }"
)
QUERY = f"query ($id: ID!) {{ account(id: $id) {{ {SETTINGS} }} }}"


async def settings_of(api: Api, caller: Caller, account: Account, path: Path = Path.COMPILED) -> Any:
    """All settings of the account, as the caller sees them."""
    return (await api.read(path.of(QUERY), caller, id=account.id))["account"]["settings"]
