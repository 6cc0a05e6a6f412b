"""What tests of links do again and again: an agency with a hotel and its spa, and what is seen of a link."""

from dataclasses import dataclass
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import code_of, done
from tests.world.world import Account, Member, World

_LINK = """query ($id: ID!) { account(id: $id) {
  parentAccess version parentAccessRequest { parentAccess reason fromAbove requestedAt expiresAt }
} }"""
_RIGHTS = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"


@dataclass(frozen=True)
class Agency:
    """A master account, its subaccount and one below that, with their people."""

    master: Account
    hotel: Account
    spa: Account
    above: Member
    owner: Member
    administrator: Member


async def agency_of(world: World, mode: ParentAccess = ParentAccess.FULL) -> Agency:
    """Set it up; `above` is an administrator of the master account, the others are the hotel's."""
    master = await world.account(name="Agency")
    hotel = await world.account(master, "Hotel")
    spa = await world.account(hotel, "Spa")
    await world.member(master, BuiltinRole.OWNER)
    above = await world.member(master, BuiltinRole.ADMINISTRATOR)
    owner = await world.member(hotel, BuiltinRole.OWNER)
    administrator = await world.member(hotel, BuiltinRole.ADMINISTRATOR)
    if mode is not ParentAccess.FULL:
        await set_parent_access(world, hotel, mode)
    return Agency(master, hotel, spa, above, owner, administrator)


async def link_of(api: Api, caller: Caller, account: Account) -> dict[str, Any]:
    """The link as the caller sees it."""
    found: dict[str, Any] = (await api.read(_LINK, caller, id=account.id))["account"]
    return found


async def wish(
    api: Api, caller: Caller, account: Account, mode: ParentAccess, *, reason: str = "Because"
) -> str:
    """Ask for a mode; the code with which it is refused, empty if it was done or waits for the other side."""
    version = (await link_of(api, caller, account))["version"]
    values = {"accountId": account.id, "expectedVersion": version, "parentAccess": mode.value}
    return await code_of(api, "parentAccessUpdate", caller, **values, reason=reason)


async def answer(
    api: Api, caller: Caller, account: Account, mode: ParentAccess, *, accept: bool = True
) -> str:
    """Answer the other side; the code with which that is refused."""
    values = {"accountId": account.id, "parentAccess": mode.value, "accept": accept}
    return await code_of(api, "parentAccessAnswer", caller, **values)


async def take_back(api: Api, caller: Caller, account: Account, mode: ParentAccess) -> str:
    """Take back what one's own side asks for; the code with which that is refused."""
    return await code_of(api, "parentAccessWithdraw", caller, accountId=account.id, parentAccess=mode.value)


async def open_glass(api: Api, caller: Caller, account: Account, reason: str = "Fire") -> str:
    """Break the glass. The opening's id."""
    values = {"accountId": account.id, "reason": reason, "hours": 2}
    made = await done(api, "breakGlassOpen", caller, "breakGlassOpening { id }", **values)
    return str(made["breakGlassOpening"]["id"])


async def rights_in(api: Api, caller: Caller, account: Account) -> set[str]:
    """What the caller may do in the account."""
    return set((await api.read(_RIGHTS, caller, id=account.id))["account"]["viewerPermissions"])
