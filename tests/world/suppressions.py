"""Unsubscribes and bounces for tests, and what they exclude."""

import datetime
import uuid
from typing import Any

from sqlalchemy import func, insert

from models.base.ids import new_id
from models.settings.tables import SettingName
from models.suppressions.tables import bounces, unsubscribes
from resolvers.inputs.address_digests import digest_of
from resolvers.settings.values import PLATFORM_VALUES, BounceLimits
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.contacts import CONTACT_KEY
from tests.world.world import Account, World

_LIMITS = PLATFORM_VALUES[SettingName.BOUNCE_LIMITS]
assert isinstance(_LIMITS, BounceLimits)
SOFT_BOUNCES, WINDOW = _LIMITS.soft_bounces, datetime.timedelta(days=_LIMITS.days)
"""The platform's bounce limits."""

RESULTS = "results { index outcome message }"
DELIVERABILITY = """query (
  $accountId: ID!, $addresses: [String!]!, $contactListId: ID, $phoneCountry: String
) {
  deliverability(accountId: $accountId, addresses: $addresses, contactListId: $contactListId,
    phoneCountry: $phoneCountry) {
    index canonical rules malformed marketing transactional exclusions {
      cause stops since blockReason bounceKind isInherited account { id } liftedBy
} } }"""


def ago(**time: float) -> str:
    """A moment so long ago."""
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(**time)).isoformat()


async def unsubscribe(
    api: Api, caller: Caller, account: Account, *addresses: str, at: str = "", list_id: str | None = None
) -> list[str]:
    """The outcomes of reporting that these unsubscribed."""
    more = {"occurredAt": at or ago(seconds=1), "contactListId": list_id}
    reports = [{"address": address, **more} for address in addresses]
    return await _outcomes(api, "unsubscribeReport", caller, account, reports)


async def bounce(
    api: Api, caller: Caller, account: Account, *addresses: str, kind: str = "HARD", at: str = ""
) -> list[str]:
    """The outcomes of reporting that messages to these bounced."""
    more = {"kind": kind, "occurredAt": at or ago(seconds=1)}
    reports = [{"address": address, **more} for address in addresses]
    return await _outcomes(api, "bounceReport", caller, account, reports)


async def resubscribe(api: Api, caller: Caller, account: Account, address: str, **more: Any) -> str:
    """The outcome of subscribing again."""
    values = {"accountId": account.id, "address": address, "evidence": "The form of 3 May", **more}
    return str((await done(api, "resubscribe", caller, "outcome", **values))["outcome"])


async def _outcomes(
    api: Api, name: str, caller: Caller, account: Account, reports: list[dict[str, Any]]
) -> list[str]:
    values = {"accountId": account.id, "reports": reports}
    return [each["outcome"] for each in (await done(api, name, caller, RESULTS, **values))["results"]]


async def deliverability(
    api: Api, caller: Caller, account: Account, *addresses: str, **more: Any
) -> list[dict[str, Any]]:
    """What is said of these."""
    found = await api.read(DELIVERABILITY, caller, accountId=account.id, addresses=list(addresses), **more)
    rows: list[dict[str, Any]] = found["deliverability"]
    return rows


async def streams(api: Api, caller: Caller, account: Account, address: str, **more: Any) -> str:
    """The streams on which it can be sent to: `MT`, `T` or nothing."""
    (found,) = await deliverability(api, caller, account, address, **more)
    able = [name for name, stream in (("M", "marketing"), ("T", "transactional")) if found[stream]]
    return "".join(able)


async def give_unsubscribe(
    world: World, account: Account, address: str, list_key: uuid.UUID | None = None
) -> None:
    """The recipient has unsubscribed: from the account, or from a list."""
    values = {"id": new_id(), "unsubscribed_at": func.now(), "contact_list_id": list_key}
    async with world.database.begin() as connection:
        await connection.execute(insert(unsubscribes).values(**_row(account, address), **values))


async def give_bounce(world: World, account: Account, address: str) -> None:
    """A message to the recipient has bounced for good."""
    values = {"id": new_id(), "soft_at": [], "excluded_at": func.now(), "excluded_by": "HARD"}
    async with world.database.begin() as connection:
        await connection.execute(insert(bounces).values(**_row(account, address), **values))


async def give_suppressions(world: World, account: Account, address: str) -> None:
    """The recipient has unsubscribed from the account, and a message to it bounced for good."""
    await give_unsubscribe(world, account, address)
    await give_bounce(world, account, address)


def _row(account: Account, address: str) -> dict[str, Any]:
    digest = digest_of(CONTACT_KEY, address)
    return {"master_id": account.master, "account_id": account.key, "digest": digest}
