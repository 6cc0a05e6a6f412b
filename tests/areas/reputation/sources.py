"""What tests of reputation ask for."""

from typing import Any

from models.base.ids import Kind, present
from tests.client.api import Api, Caller
from tests.world.world import Account, ApiKey

_FIELDS = """
  stream apiKeyId apiKey { id name } canSend customerState platformState reason coolDownUntil
  trialSendsLeft sent hardBounces complaints bounceRate complaintRate judgedAt
"""
SHOWN = f"sendingSource {{ {_FIELDS} }}"
_SOURCES = f"query ($id: ID!) {{ account(id: $id) {{ sendingSources {{ nodes {{ {_FIELDS} }} }} }} }}"


async def sources_of(api: Api, caller: Caller, account: Account) -> list[dict[str, Any]]:
    """The account's sources as the caller sees them."""
    found = (await api.read(_SOURCES, caller, id=account.id))["account"]["sendingSources"]["nodes"]
    assert isinstance(found, list)
    return found


def key_id(key: ApiKey) -> str:
    """As clients see it."""
    return present(Kind.API_KEY, key.key)


def this(account: Account, key: ApiKey | None = None, stream: str = "MARKETING", **more: str) -> Any:
    """The source as an input names it."""
    return {"accountId": account.id, "stream": stream, "apiKeyId": key and key_id(key), **more}
