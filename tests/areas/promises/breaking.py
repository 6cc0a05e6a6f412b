"""Each mutation that somebody can get a permission by, as one that breaks a promise of the scene."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from resolvers.effects.event_types import EventType
from tests.areas.effects.log import mail_to
from tests.areas.promises.scene import ADMINISTRATOR, ALLOWED, Scene
from tests.client.api import Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, Attempt, attempt, done

ANALYST = ROLE_IDS[BuiltinRole.ANALYST]


@dataclass(frozen=True)
class Trying:
    """What is tried: by whom, with which input. `holder`: how the refusal names who would break it."""

    caller: Caller
    values: dict[str, Any]
    holder: str

    async def send(self, scene: Scene, mutation: str) -> Attempt:
        """Try it."""
        return await attempt(scene.api, mutation, self.caller, **self.values)


Setting = Callable[[Scene], Awaitable[Trying]]
"""Makes everything that is needed, also the promise. INVOICES_READ is for owners and FINANCE alone."""
_SOMEBODY = "Once it is accepted, somebody"
_KEY = "An API key"


async def _account_update(scene: Scene) -> Trying:
    """A custom role reaches down once all roles do."""
    role = await scene.world.role(scene.master, "ACCOUNT_READ INVOICES_READ")
    reader = await scene.world.member(scene.master, role)
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    await scene.promise()
    values = {"accountId": scene.master.id, "rightsInheritance": "ALL_ROLES"}
    return Trying(scene.chief, values, reader.person.name)


async def _invitation_accept(scene: Scene) -> Trying:
    person = await scene.world.person()
    wanted = {"accountId": scene.account.id, "email": person.email, "roleId": ADMINISTRATOR}
    await done(scene.api, "memberInvite", scene.owner, **wanted, idempotencyKey="1")
    await scene.promise()
    return Trying(person, {"token": (await mail_to(scene.world.database, person.email)).token}, "")


async def _member_invite(scene: Scene) -> Trying:
    await scene.promise()
    values = {"accountId": scene.account.id, "email": "iris@example.com", "roleId": ADMINISTRATOR}
    return Trying(scene.owner, {**values, "idempotencyKey": "1"}, _SOMEBODY)


async def _member_update(scene: Scene) -> Trying:
    await scene.promise()
    values = {"memberId": scene.analyst.id, "roleId": ADMINISTRATOR}
    return Trying(scene.owner, values, scene.analyst.person.name)


async def _ownership_transfer(scene: Scene) -> Trying:
    await scene.promise()
    values = {"accountId": scene.account.id, "toMemberId": scene.analyst.id}
    return Trying(scene.owner, values, f"Once it is accepted, {scene.owner.person.name}")


async def _ownership_accept(scene: Scene) -> Trying:
    """By somebody who sees the members before, too. The one who is owner today would be an administrator."""
    taker = await scene.world.member(scene.account, BuiltinRole.ADMINISTRATOR)
    values = {"accountId": scene.account.id, "toMemberId": taker.id}
    await done(scene.api, "ownershipTransfer", scene.owner, **values)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    return Trying(taker, {"accountId": scene.account.id}, scene.owner.person.name)


async def _share_create(scene: Scene) -> Trying:
    await scene.promise()
    values = {"accountIds": [scene.account.id], "email": "gus@example.com", "areas": ["INVOICES"]}
    return Trying(scene.owner, {**values, "idempotencyKey": "1"}, _SOMEBODY)


async def _shared(scene: Scene, email: str, *areas: str) -> str:
    wanted = {"accountIds": [scene.account.id], "email": email, "areas": areas}
    made = await done(scene.api, "shareCreate", scene.owner, "share { id }", **wanted, idempotencyKey=email)
    return str(made["share"]["id"])


async def _share_update(scene: Scene) -> Trying:
    """Of one that waits."""
    share_id = await _shared(scene, "gus@example.com", "STATISTICS")
    await scene.promise()
    return Trying(scene.owner, {"shareId": share_id, "areas": ["INVOICES"]}, _SOMEBODY)


async def _share_update_of_a_guest(scene: Scene) -> Trying:
    """Another account is opened to somebody who is a guest already."""
    guest = await scene.world.person()
    wanted = {"accountIds": [scene.below.id], "email": guest.email, "areas": ["INVOICES"]}
    made = await done(scene.api, "shareCreate", scene.owner, "share { id }", **wanted, idempotencyKey="1")
    token = (await mail_to(scene.world.database, guest.email)).token
    await done(scene.api, "shareAccept", guest, token=token)
    await scene.promise()
    both = {"shareId": made["share"]["id"], "accountIds": [scene.below.id, scene.account.id]}
    return Trying(scene.owner, both, guest.name)


async def _share_accept(scene: Scene) -> Trying:
    guest = await scene.world.person()
    await _shared(scene, guest.email, "INVOICES")
    await scene.promise()
    return Trying(guest, {"token": (await mail_to(scene.world.database, guest.email)).token}, "")


async def _key(scene: Scene, caller: Caller, **values: Any) -> Any:
    wanted = {"accountId": scene.account.id, "name": "Robot", "roleId": ADMINISTRATOR, **values}
    return (await done(scene.api, "apiKeyCreate", caller, "apiKey { id }", **wanted))["apiKey"]["id"]


async def _api_key_create(scene: Scene) -> Trying:
    await scene.promise()
    values = {"accountId": scene.account.id, "name": "Robot", "roleId": ADMINISTRATOR}
    return Trying(scene.owner, values, _KEY)


async def _api_key_update(scene: Scene) -> Trying:
    key = await _key(scene, scene.owner, permissions=["STATISTICS_READ"])
    await scene.promise()
    return Trying(scene.owner, {"apiKeyId": key, "permissions": None}, _KEY)


async def _api_key_adopt(scene: Scene) -> Trying:
    """A key that has stopped with who made it works again."""
    maker = await scene.world.member(scene.account, BuiltinRole.ADMINISTRATOR)
    key = await _key(scene, maker, whenMakerLosesAccess="STOP")
    await done(scene.api, "memberRemove", scene.owner, memberId=maker.id)
    await scene.promise()
    return Trying(scene.owner, {"apiKeyId": key}, _KEY)


async def _role_update(scene: Scene) -> Trying:
    role = await scene.world.role(scene.account, "ACCOUNT_READ")
    member = await scene.world.member(scene.account, role)
    await scene.promise()
    values = {"roleId": role.id, "permissions": ["ACCOUNT_READ", "INVOICES_READ"]}
    return Trying(scene.owner, values, member.person.name)


async def _above(scene: Scene) -> str:
    """Somebody above who would read the invoices, if the link let it pass. The name."""
    return (await scene.world.member(scene.master, BuiltinRole.ADMINISTRATOR)).person.name


async def _parent_access_update(scene: Scene) -> Trying:
    """By the owner, who asks nobody; the account below has promised, of which it is no owner."""
    name = await _above(scene)
    wanted = {"accountId": scene.below.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    await done(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    values = {"accountId": scene.account.id, "parentAccess": "FULL", "reason": "Because"}
    return Trying(scene.owner, values, name)


async def _parent_access_request(scene: Scene) -> Trying:
    await _above(scene)
    wanted = {"accountId": scene.below.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    await done(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    values = {"accountId": scene.account.id, "parentAccess": "FULL", "reason": "Because"}
    return Trying(scene.chief, values, "")


async def _parent_access_answer(scene: Scene) -> Trying:
    name = await _above(scene)
    values = {"accountId": scene.account.id, "parentAccess": "FULL", "reason": "Because"}
    await done(scene.api, "parentAccessUpdate", scene.chief, **values)
    wanted = {"accountId": scene.below.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    await done(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    return Trying(scene.owner, {"accountId": scene.account.id, "parentAccess": "FULL", "accept": True}, name)


async def _access_promise_create(scene: Scene) -> Trying:
    administrator = await scene.world.member(scene.account, BuiltinRole.ADMINISTRATOR)
    values = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    return Trying(scene.owner, values, administrator.person.name)


@dataclass(frozen=True)
class Row:
    """Where a promise is broken, with the event that holds the change to it."""

    event: EventType
    setting: Setting


_JOINED, _OFFERED = EventType.MEMBER_JOINED, EventType.OWNERSHIP_OFFERED
BREAKING = {
    "accountUpdate": Row(EventType.ACCOUNT_UPDATED, _account_update),
    "invitationAccept": Row(_JOINED, _invitation_accept),
    "memberInvite": Row(EventType.MEMBER_INVITED, _member_invite),
    "memberUpdate": Row(EventType.MEMBER_UPDATED, _member_update),
    "ownershipTransfer": Row(_OFFERED, _ownership_transfer),
    "ownershipAccept": Row(EventType.OWNERSHIP_TRANSFERRED, _ownership_accept),
    "shareCreate": Row(EventType.SHARE_CREATED, _share_create),
    "shareUpdate": Row(EventType.SHARE_UPDATED, _share_update),
    "shareUpdate of a guest": Row(EventType.SHARE_CREATED, _share_update_of_a_guest),
    "shareAccept": Row(EventType.SHARE_ACCEPTED, _share_accept),
    "apiKeyCreate": Row(EventType.API_KEY_CREATED, _api_key_create),
    "apiKeyUpdate": Row(EventType.API_KEY_UPDATED, _api_key_update),
    "apiKeyAdopt": Row(EventType.API_KEY_ADOPTED, _api_key_adopt),
    "roleUpdate": Row(EventType.ROLE_UPDATED, _role_update),
    "parentAccessUpdate": Row(EventType.PARENT_ACCESS_UPDATED, _parent_access_update),
    "parentAccessUpdate from above": Row(EventType.PARENT_ACCESS_REQUESTED, _parent_access_request),
    "parentAccessAnswer": Row(EventType.PARENT_ACCESS_UPDATED, _parent_access_answer),
    "accessPromiseCreate": Row(EventType.PROMISE_MADE, _access_promise_create),
}
"""Of every mutation that can answer PROMISE_BROKEN."""
