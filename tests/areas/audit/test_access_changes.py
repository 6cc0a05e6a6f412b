"""Who gained and lost which permissions, as events tell it: what the access matrix shows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.effects.log import mail_to
from tests.authz.matrix.matrices import Matrix, Place, matrix_of
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, done
from tests.world.brand import Brand, offer_of
from tests.world.shares import give_share
from tests.world.world import Account, Member, World

_LOG = """query ($id: ID!, $below: Boolean!) { account(id: $id) {
  events(first: 100, includeDescendants: $below) { nodes { id type accessChangeCount
    accessChanges(first: 100) { totalCount
      nodes { subjectId kind name account { id } gained lost } } } } } }"""

Events = list[dict[str, Any]]


async def _events(api: Api, caller: Caller, account: Account, below: bool = True) -> Events:
    found = await api.read(_LOG, caller, id=account.id, below=below)
    nodes: Events = found["account"]["events"]["nodes"]
    return nodes[::-1]


def _applied(before: Matrix, events: Events) -> dict[Place, frozenset[str]]:
    """The matrix after what the events tell."""
    held = dict(before.held)
    for event in events:
        changes = event["accessChanges"]["nodes"]
        assert event["accessChangeCount"] == event["accessChanges"]["totalCount"] == len(changes)
        for change in changes:
            place = Place(change["account"]["id"], change["subjectId"])
            gained, lost = frozenset(change["gained"]), frozenset(change["lost"])
            had = held.get(place, frozenset())
            assert gained or lost
            assert not gained & had
            assert lost <= had
            held[place] = had - lost | gained
    return {place: rights for place, rights in held.items() if rights}


@dataclass(frozen=True)
class Scene:
    """A brand with people, keys, a share and a custom role."""

    api: Api
    world: World
    brand: Brand
    member: Member
    """Of Marketing US, with a custom role of the master account that passes down."""
    guest: Member
    role_id: str
    key_id: str
    share_id: str

    async def do(self, mutation: str, caller: Caller | None = None, /, **values: Any) -> dict[str, Any]:
        made: dict[str, Any] = await done(self.api, mutation, caller or self.brand.owner, **values)
        return made


@pytest.fixture
async def scene(api: Api, world: World, brand: Brand) -> Scene:
    role = await world.role(
        brand.master, "ACCOUNT_READ MEMBERS_READ STATISTICS_READ", "ACCOUNT_READ STATISTICS_READ"
    )
    member = await world.member(brand.us, role)
    await world.member(brand.store, role)
    guest = await world.member(brand.uk, BuiltinRole.ANALYST)
    friend = await world.person()
    key = await world.api_key(brand.us, BuiltinRole.ANALYST)
    share = await give_share(world, [brand.us, brand.uk], friend, brand.owner.person)
    await world.member(brand.store, BuiltinRole.OWNER)
    return Scene(api, world, brand, member, guest, role.id, key.id, share.id)


Do = Callable[[Scene], Awaitable[object]]


async def _invitation(scene: Scene) -> object:
    person = await scene.world.person()
    values = {
        "accountId": scene.brand.us.id,
        "email": person.email,
        "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR],
    }
    await scene.do("memberInvite", idempotencyKey="1", **values)
    token = (await mail_to(scene.world.database, person.email)).token
    return await scene.do("invitationAccept", person, token=token)


async def _share(scene: Scene) -> object:
    person = await scene.world.person()
    await scene.do("shareCreate", **offer_of([scene.brand.us, scene.brand.uk], person))
    return await scene.do(
        "shareAccept", person, token=(await mail_to(scene.world.database, person.email)).token
    )


_DOES: dict[str, Do] = {
    "a raised member": lambda scene: scene.do(
        "memberUpdate", memberId=scene.member.id, roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR]
    ),
    "a removed member": lambda scene: scene.do("memberRemove", memberId=scene.member.id),
    "who leaves": lambda scene: scene.do("memberLeave", scene.guest, accountId=scene.brand.uk.id),
    "an accepted invitation": _invitation,
    "a new key": lambda scene: scene.do(
        "apiKeyCreate",
        accountId=scene.brand.us.id,
        name="Robot",
        roleId=ROLE_IDS[BuiltinRole.MARKETER],
    ),
    "a revoked key": lambda scene: scene.do("apiKeyRevoke", apiKeyId=scene.key_id),
    "an accepted share": _share,
    "a wider share": lambda scene: scene.do(
        "shareUpdate", shareId=scene.share_id, roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR]
    ),
    "a revoked share": lambda scene: scene.do("shareRevoke", shareId=scene.share_id),
    "another custom role": lambda scene: scene.do(
        "roleUpdate",
        roleId=scene.role_id,
        permissions=["ACCOUNT_READ", "CREDIT_READ"],
        permissionsBelow=["ACCOUNT_READ", "CREDIT_READ"],
    ),
    "rights that pass down": lambda scene: scene.do(
        "accountUpdate", accountId=scene.brand.us.id, rightsInheritance="ALL_ROLES"
    ),
    "a suspended account": lambda scene: scene.do(
        "accountSuspend", accountId=scene.brand.us.id, reason="Unpaid"
    ),
    "a new account": lambda scene: scene.do(
        "subaccountCreate", parentId=scene.brand.us.id, name="New", idempotencyKey="1"
    ),
    "a removed person": lambda scene: scene.do(
        "personRemove", accountId=scene.brand.master.id, userId=scene.guest.person.id
    ),
    "a new name": lambda scene: scene.do("accountUpdate", accountId=scene.brand.us.id, name="New"),
}


@pytest.mark.parametrize("what", _DOES)
async def test_events_tell_what_the_matrix_shows(scene: Scene, what: str) -> None:
    api, brand = scene.api, scene.brand
    accounts = [brand.master, brand.us, brand.uk, brand.store]
    before = await matrix_of(api, brand.owner, accounts)
    known = {event["id"] for event in await _events(api, brand.owner, brand.master)}
    await _DOES[what](scene)
    after = await matrix_of(api, brand.owner, accounts)
    events = [event for event in await _events(api, brand.owner, brand.master) if event["id"] not in known]
    told = _applied(before, events)
    here = {account.id for account in accounts}
    assert {place: held for place, held in told.items() if place.account_id in here} == {
        place: held for place, held in after.held.items() if held
    }
    changed = before.held != after.held or any(place.account_id not in here for place in told)
    assert changed == (what != "a new name")
    assert changed == any(event["accessChanges"]["nodes"] for event in events)


async def test_nothing_is_told_of_accounts_out_of_reach(api: Api, world: World, scene: Scene) -> None:
    """Who sees members of an account sees the changes there, and of an account below only what it may see
    there."""
    brand = scene.brand
    auditor = await world.member(brand.us, await world.role(brand.us, "ACCOUNT_READ AUDIT_READ"))
    manager = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await set_parent_access(world, brand.store, ParentAccess.NONE)
    await scene.do("memberUpdate", memberId=scene.member.id, roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR])
    (by_auditor,) = await _events(api, auditor, brand.us, False)
    assert by_auditor["accessChanges"] == {"totalCount": 0, "nodes": []}
    assert by_auditor["accessChangeCount"] is None
    (by_manager,) = await _events(api, manager, brand.us, False)
    (change,) = by_manager["accessChanges"]["nodes"]
    assert (change["account"]["id"], change["subjectId"]) == (brand.us.id, scene.member.person.id)
    assert (change["kind"], change["name"]) == ("PERSON", scene.member.person.name)
    assert by_manager["accessChangeCount"] is None, "something passes to the store, whose members are hidden"


async def test_a_refused_change_and_a_dry_run_leave_nothing(scene: Scene) -> None:
    before = await scene.world.state(scene.brand.master)
    values = {"memberId": scene.member.id, "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    await scene.do("memberUpdate", dryRun=True, **values)
    assert await scene.world.state(scene.brand.master) == before
    await scene.do("memberUpdate", **values)
    (event,) = await _events(scene.api, scene.brand.owner, scene.brand.us, False)
    assert event["accessChangeCount"] == 2
