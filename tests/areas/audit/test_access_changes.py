"""Who gained and lost which permissions, as events tell it: what the access matrix shows."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.audit.telling import Readers, events_with_access, told_as_shown
from tests.areas.effects.log import mail_to
from tests.areas.staff.staff_at_work import wanted
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, Token, done
from tests.world.brand import Brand, offer_of
from tests.world.shares import give_share
from tests.world.staff import staff_member
from tests.world.world import PASSWORD, CustomRole, Member, World


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
    manager: Member
    """Of all accounts, from above."""
    store_owner: Member
    heir: Member
    """Of the store, too."""

    @property
    def readers(self) -> Readers:
        """The store may be closed to all above."""
        brand = self.brand
        above = dict.fromkeys((brand.master, brand.us, brand.uk), self.brand.owner)
        return {**above, brand.store: self.store_owner}

    async def do(
        self, mutation: str, caller: Caller | None = None, selection: str = "", /, **values: Any
    ) -> dict[str, Any]:
        made: dict[str, Any] = await done(self.api, mutation, caller or self.brand.owner, selection, **values)
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
    store_owner = await world.member(brand.store, BuiltinRole.OWNER)
    heir = await world.member(brand.store, BuiltinRole.MARKETER)
    manager = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
    return Scene(api, world, brand, member, guest, role.id, key.id, share.id, manager, store_owner, heir)


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


async def _closes_the_store_to_all_above(scene: Scene) -> None:
    await set_parent_access(scene.world, scene.brand.store, ParentAccess.BREAK_GLASS)


async def _by_staff(scene: Scene, mutation: str) -> object:
    agent = await staff_member(scene.world)
    return await scene.do(mutation, agent, accountId=scene.brand.master.id, reason="Ticket 4711")


async def _override(scene: Scene) -> object:
    """One person's rights below."""
    agent = await staff_member(scene.world)
    of = {"memberId": scene.manager.id, "permissions": ["STATISTICS_READ"]}
    return await scene.do("overrideCreate", agent, **wanted(scene.brand.master, "USER_RIGHTS", **of))


async def _override_ends(scene: Scene) -> object:
    query = "query ($id: ID!) { account(id: $id) { overrides { nodes { id } } } }"
    found = await scene.api.read(query, scene.brand.owner, id=scene.brand.master.id)
    (override,) = found["account"]["overrides"]["nodes"]
    values = {"accountId": scene.brand.master.id, "overrideId": override["id"], "reason": "Ticket 4712"}
    return await scene.do("overrideEnd", await staff_member(scene.world), **values)


async def _key_of(scene: Scene, name: str) -> str:
    query = "query ($id: ID!) { account(id: $id) { apiKeys { nodes { id name } } } }"
    found = await scene.api.read(query, scene.brand.owner, id=scene.brand.us.id)
    (key,) = [each["id"] for each in found["account"]["apiKeys"]["nodes"] if each["name"] == name]
    return str(key)


async def _gives_a_key(scene: Scene, choice: str = "STOP") -> Member:
    """A member of Marketing US has made a key, which stops without its maker."""
    maker = await scene.world.member(scene.brand.us, BuiltinRole.ADMINISTRATOR)
    values = {"accountId": scene.brand.us.id, "name": "Made", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    await scene.do("apiKeyCreate", maker, **values, whenMakerLosesAccess=choice)
    return maker


async def _stops_the_key(scene: Scene) -> None:
    maker = await _gives_a_key(scene)
    await scene.do("memberRemove", memberId=maker.id)


async def _gives_keys_that_stop(scene: Scene) -> tuple[Member, CustomRole]:
    """A member of Marketing US has made a key, and this one another key: both stop without their maker."""
    us, rights = scene.brand.us, "ACCOUNT_READ API_KEYS_WRITE"
    makers, of_keys = await scene.world.role(us, rights), await scene.world.role(us, rights)
    maker = await scene.world.member(us, makers)
    values = {"accountId": us.id, "roleId": of_keys.id, "whenMakerLosesAccess": "STOP"}
    made = await scene.do("apiKeyCreate", maker, "secret", name="Made", **values)
    await scene.do("apiKeyCreate", Token(made["secret"]), name="Made by a key", **values)
    return maker, makers


async def _adopts(scene: Scene) -> object:
    return await scene.do("apiKeyAdopt", apiKeyId=await _key_of(scene, "Made"))


async def _ownership(scene: Scene) -> object:
    values = {"accountId": scene.brand.store.id, "toMemberId": scene.heir.id}
    await scene.do("ownershipTransfer", scene.store_owner, **values)
    return await scene.do("ownershipAccept", scene.heir, accountId=scene.brand.store.id)


async def _role_deleted(scene: Scene) -> object:
    """One that somebody has is not deleted."""
    role = await scene.world.role(scene.brand.master, "ACCOUNT_READ", "ACCOUNT_READ")
    return await scene.do("roleDelete", roleId=role.id)


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
    "another access of parents": lambda scene: scene.do(
        "parentAccessUpdate",
        accountId=scene.brand.store.id,
        parentAccess="READ_ONLY",
        reason="A project",
    ),
    "an opened account": lambda scene: scene.do(
        "breakGlassOpen", accountId=scene.brand.store.id, reason="Fire", hours=1
    ),
    "another owner": _ownership,
    "a closed account": lambda scene: scene.do("accountClose", accountId=scene.brand.store.id),
    "a reopened account": lambda scene: scene.do("accountReopen", accountId=scene.brand.store.id),
    "an account suspended by staff": lambda scene: _by_staff(scene, "accountStaffSuspend"),
    "an account resumed by staff": lambda scene: _by_staff(scene, "accountStaffResume"),
    "an override": _override,
    "an override that ends": _override_ends,
    "an adopted key": _adopts,
    "a role that nobody has any more": _role_deleted,
    "a new name": lambda scene: scene.do("accountUpdate", accountId=scene.brand.us.id, name="New"),
}


_TELLS_NOTHING = {"a role that nobody has any more", "a new name"}
_GIVEN: dict[str, Do] = {
    "an opened account": _closes_the_store_to_all_above,
    "a reopened account": lambda scene: scene.do("accountClose", accountId=scene.brand.store.id),
    "an account resumed by staff": lambda scene: _by_staff(scene, "accountStaffSuspend"),
    "an override that ends": _override,
    "an adopted key": _stops_the_key,
}
"""What there was before."""


@pytest.mark.parametrize("what", _DOES)
async def test_events_tell_what_the_matrix_shows(scene: Scene, what: str) -> None:
    if given := _GIVEN.get(what):
        await given(scene)
    async with told_as_shown(scene.api, scene.readers) as events:
        await _DOES[what](scene)
    assert any(event["accessChanges"]["nodes"] for event in events) == (what not in _TELLS_NOTHING)


@pytest.mark.parametrize("by_role", [False, True])
async def test_keys_that_stop_with_a_maker_are_told_with_it(scene: Scene, by_role: bool) -> None:
    """Also one that was made by such a key: no row of the keys is written."""
    maker, role = await _gives_keys_that_stop(scene)
    async with told_as_shown(scene.api, scene.readers) as events:
        if by_role:
            await scene.do("roleUpdate", roleId=role.id, permissions=["ACCOUNT_READ"], permissionsBelow=[])
        else:
            await scene.do("memberUpdate", memberId=maker.id, roleId=ROLE_IDS[BuiltinRole.ANALYST])
    (event,) = events
    lost = {change["name"] for change in event["accessChanges"]["nodes"] if change["lost"]}
    assert {"Made", "Made by a key"} < lost


async def test_nothing_is_told_of_accounts_out_of_reach(api: Api, world: World, scene: Scene) -> None:
    """Who sees members of an account sees the changes there, and of an account below only what it may see
    there."""
    brand = scene.brand
    auditor = await world.member(brand.us, await world.role(brand.us, "ACCOUNT_READ AUDIT_READ"))
    manager = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await set_parent_access(world, brand.store, ParentAccess.NONE)
    await scene.do("memberUpdate", memberId=scene.member.id, roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR])
    (by_auditor,) = await events_with_access(api, auditor, brand.us, False)
    assert by_auditor["accessChanges"] == {"totalCount": 0, "nodes": []}
    assert by_auditor["accessChangeCount"] is None
    (by_manager,) = await events_with_access(api, manager, brand.us, False)
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
    (event,) = await events_with_access(scene.api, scene.brand.owner, scene.brand.us, False)
    assert event["accessChangeCount"] == 2


async def test_a_sign_up_tells_what_its_owner_and_its_first_key_may_do(api: Api) -> None:
    number = uuid.uuid4().hex[:12]
    values = {
        "name": "Nora",
        "email": f"nora-{number}@example.com",
        "password": PASSWORD,
        "accountName": "Nora's",
    }
    made = await done(api, "signUp", None, "token user { id } account { id } apiKey { id }", **values)
    log = await api.read(_OF_SIGN_UP, Token(made["token"]), id=made["account"]["id"])
    gained = {
        change["subjectId"]: len(change["gained"])
        for event in log["account"]["events"]["nodes"]
        for change in event["accessChanges"]["nodes"]
    }
    assert gained.keys() == {made["user"]["id"], made["apiKey"]["id"]}
    assert all(gained.values())


_OF_SIGN_UP = """query ($id: ID!) { account(id: $id) { events { nodes {
  accessChanges { nodes { subjectId gained } } } } } }"""
