"""What tests of shares do again and again: a brand with its teams, an offer, what somebody sees."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, done
from tests.world.world import Account, Member, Person, World

SHARE = (
    "replayed share { id email status version role { name } areas hiddenAreas accounts { id } "
    "user { email } sharedBy { email } expiresAt acceptedAt revokedAt }"
)
_SEEN = """{ viewer { accounts { nodes { id parent { id } ancestors { id } viewerPermissions } }
  shares { nodes { id } } } }"""
PREVIEW = (
    "query ($token: String!) { share(token: $token) "
    "{ accountNames giverName roleName areas hiddenAreas email expiresAt } }"
)


@dataclass(frozen=True)
class Brand:
    """A master account with three teams, and its owner."""

    master: Account
    us: Account
    uk: Account
    store: Account
    owner: Member


async def brand_of(world: World) -> Brand:
    """Set it up."""
    master = await world.account(name="Brand")
    us, uk = [await world.account(master, name) for name in ("Marketing US", "Marketing UK")]
    store = await world.account(us, "Store")
    return Brand(master, us, uk, store, await world.member(master, BuiltinRole.OWNER))


def offer_of(
    accounts: list[Account], person: Person, role: BuiltinRole | None = BuiltinRole.MARKETER, **more: Any
) -> dict[str, Any]:
    """The input of `shareCreate`."""
    wanted: dict[str, Any] = {"accountIds": [account.id for account in accounts], "email": person.email}
    if role is not None:
        wanted["roleId"] = ROLE_IDS[role]
    return {**wanted, "idempotencyKey": f"{person.email} {len(accounts)}", **more}


async def seen_by(api: Api, person: Caller) -> dict[str, set[str]]:
    """The accounts that the person sees, and what it may do in them."""
    viewer = (await api.read(_SEEN, person))["viewer"]
    assert all(node["parent"] is None and node["ancestors"] == [] for node in viewer["accounts"]["nodes"])
    return {node["id"]: set(node["viewerPermissions"]) for node in viewer["accounts"]["nodes"]}


async def given(
    api: Api, database: AsyncEngine, brand: Brand, person: Person, offer: dict[str, Any]
) -> dict[str, Any]:
    """A share that was accepted."""
    await done(api, "shareCreate", brand.owner, SHARE, **offer)
    token = (await mails_to(database, person.email))[-1].token
    share: dict[str, Any] = (await done(api, "shareAccept", person, SHARE, token=token))["share"]
    return share
