"""A key that has stopped with its maker, because of a limit that ends by itself, breaks no promise then."""

import datetime

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.accounts.tables import ParentAccess
from tests.areas.effects.log import mail_to
from tests.areas.promises.scene import FINANCE, Scene
from tests.areas.staff.staff_at_work import wanted as override_of
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.world.staff import limit_below, staff_member
from tests.world.world import Member

_MANAGERS = [ROLE_IDS[role] for role in (BuiltinRole.OWNER, BuiltinRole.ADMINISTRATOR)]
_SEEN = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"


async def _made(scene: Scene) -> tuple[Member, Token]:
    """Somebody from above with a key in the account, that is to stop with them."""
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    manager = await scene.world.member(scene.master, BuiltinRole.ADMINISTRATOR)
    values = {"accountId": scene.account.id, "name": "Robot", "roleId": FINANCE}
    made = await done(scene.api, "apiKeyCreate", manager, "secret", **values, whenMakerLosesAccess="STOP")
    return manager, Token(made["secret"])


async def _reads_invoices(scene: Scene, key: Token) -> bool:
    answer = await scene.api.ask(_SEEN, key, id=scene.account.id)
    account = (answer.data or {}).get("account")
    return account is not None and "INVOICES_READ" in account["viewerPermissions"]


async def test_it_counts_while_a_limit_of_its_maker_has_stopped_it(scene: Scene) -> None:
    manager, key = await _made(scene)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": _MANAGERS}
    staff = await staff_member(scene.world)
    limited = {"memberId": manager.id, "permissions": ["STATISTICS_READ"]}
    limit = override_of(scene.master, "USER_RIGHTS", **limited)
    made = await done(scene.api, "overrideCreate", staff, "override { id }", **limit)
    assert not await _reads_invoices(scene, key)
    told = await attempt(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    assert told.code == "PROMISE_BROKEN"
    assert told.message.startswith("An API key has INVOICES_READ in ")
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    ending = {"accountId": scene.master.id, "overrideId": made["override"]["id"], "reason": "Settled"}
    assert await code_of(scene.api, "overrideEnd", staff, **ending) == ""
    assert await _reads_invoices(scene, key)


async def test_the_end_of_a_limit_by_the_clock_gives_back_no_more_than_was_counted(scene: Scene) -> None:
    manager, key = await _made(scene)
    await limit_below(scene.world, scene.master, manager.person, {Permission.STATISTICS_READ})
    promised = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": _MANAGERS}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **promised) == ""
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    await limit_below(scene.world, scene.master, manager.person, {Permission.STATISTICS_READ}, past)
    assert await _reads_invoices(scene, key)
    query = "query ($id: ID!) { account(id: $id) { accessPromises { nodes { exceptionCount } } } }"
    found = await scene.api.read(query, scene.owner, id=scene.account.id)
    assert found["account"]["accessPromises"]["nodes"] == [{"exceptionCount": 1}]


async def test_one_that_stays_stopped_does_not_count(scene: Scene) -> None:
    """Whatever brings its maker back is held to the promise."""
    manager, key = await _made(scene)
    await done(scene.api, "memberRemove", scene.chief, memberId=manager.id)
    assert not await _reads_invoices(scene, key)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": _MANAGERS}
    assert await code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted) == ""
    invited = {"accountId": scene.master.id, "email": manager.person.email, "roleId": _MANAGERS[1]}
    await done(scene.api, "memberInvite", scene.chief, **invited, idempotencyKey="1")
    token = (await mail_to(scene.world.database, manager.person.email)).token
    assert await code_of(scene.api, "invitationAccept", manager.person, token=token) == "PROMISE_BROKEN"
    assert not await _reads_invoices(scene, key)
