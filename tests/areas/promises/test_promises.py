"""N13: nobody but FINANCE and the owner reads the invoices of an account. Every change is held to it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.effects.log import events_of, mail_to, mails_to
from tests.areas.explain.asking import why
from tests.areas.promises.scene import ADMINISTRATOR, ALLOWED, FINANCE, Scene
from tests.areas.staff.staff_at_work import wanted as override_of
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.shares import Given, give_share
from tests.world.staff import staff_member

_PROMISES = """query ($id: ID!) { account(id: $id) { accessPromises { totalCount nodes {
  id permissions roles { name } exceptionCount madeBy { id } endedAt } } } }"""


Breaking = Callable[[Scene], Awaitable[str]]


async def _member_updated(scene: Scene) -> str:
    values = {"memberId": scene.analyst.id, "roleId": ADMINISTRATOR}
    return await code_of(scene.api, "memberUpdate", scene.owner, **values)


async def _member_invited(scene: Scene, role_id: str = ADMINISTRATOR) -> str:
    invited = {"accountId": scene.account.id, "email": "iris@example.com", "roleId": role_id}
    return await code_of(scene.api, "memberInvite", scene.owner, **invited, idempotencyKey=role_id)


async def _share_created(scene: Scene, area: str = "INVOICES") -> str:
    shared = {"accountIds": [scene.account.id], "email": "gus@example.com", "areas": [area]}
    return await code_of(scene.api, "shareCreate", scene.owner, **shared, idempotencyKey=area)


async def _key_created(scene: Scene) -> str:
    wanted = {"accountId": scene.account.id, "name": "Robot", "roleId": ADMINISTRATOR}
    return await code_of(scene.api, "apiKeyCreate", scene.owner, **wanted)


async def _role_updated(scene: Scene) -> str:
    role = await scene.world.role(scene.account, "ACCOUNT_READ")
    await scene.world.member(scene.account, role)
    values = {"roleId": role.id, "permissions": ["ACCOUNT_READ", "INVOICES_READ"]}
    return await code_of(scene.api, "roleUpdate", scene.owner, **values)


BREAKING: list[Breaking] = [_member_updated, _member_invited, _share_created, _key_created, _role_updated]


async def _access(scene: Scene) -> Any:
    matrix = """query ($id: ID!) { account(id: $id) { accessMatrix(first: 100) { nodes {
      subjectId permissions } } } }"""
    return (await scene.api.read(matrix, scene.owner, id=scene.account.id))["account"]["accessMatrix"][
        "nodes"
    ]


@pytest.mark.parametrize("breaking", BREAKING)
async def test_a_change_that_breaks_it_is_refused_and_not_made(scene: Scene, breaking: Breaking) -> None:
    await scene.promise()
    before = await _access(scene)
    assert await breaking(scene) == "PROMISE_BROKEN"
    having = [entry for entry in await _access(scene) if "INVOICES_READ" in entry["permissions"]]
    assert having == [entry for entry in before if "INVOICES_READ" in entry["permissions"]]


@pytest.mark.parametrize("breaking", BREAKING)
async def test_without_it_the_change_is_made(scene: Scene, breaking: Breaking) -> None:
    ended = await scene.promise()
    await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=ended)
    assert await breaking(scene) == ""


async def test_what_comes_from_above_counts(scene: Scene) -> None:
    """The link that lets the rights of the accounts above pass, and a key made there."""
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    await scene.world.member(scene.master, BuiltinRole.ADMINISTRATOR)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    assert await code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted) == "PROMISE_BROKEN"
    await set_parent_access(scene.world, scene.account, ParentAccess.NONE)
    await scene.promise()
    made = {"accountId": scene.master.id, "name": "Robot", "roleId": ADMINISTRATOR}
    assert await code_of(scene.api, "apiKeyCreate", scene.chief, **made) == ""
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    again = {**made, "name": "Another"}
    assert await code_of(scene.api, "apiKeyCreate", scene.chief, **again) == "PROMISE_BROKEN"


async def test_what_keeps_it_is_made(scene: Scene) -> None:
    """The roles that it names, other permissions, other accounts, and what takes away."""
    await scene.promise()
    values = {"memberId": scene.analyst.id, "roleId": FINANCE}
    assert await code_of(scene.api, "memberUpdate", scene.owner, **values) == ""
    for account, role in ((scene.account, BuiltinRole.MARKETER), (scene.below, BuiltinRole.ADMINISTRATOR)):
        made = {"accountId": account.id, "name": "Robot", "roleId": ROLE_IDS[role]}
        assert await code_of(scene.api, "apiKeyCreate", scene.owner, **made) == ""
    assert await code_of(scene.api, "memberRemove", scene.owner, memberId=scene.analyst.id) == ""


async def test_an_owner_with_a_reason_makes_an_exception(scene: Scene) -> None:
    """Of those people alone; nobody else does, and nobody without a reason."""
    administrator = await scene.world.member(scene.account, BuiltinRole.ADMINISTRATOR)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    values = {"memberId": scene.analyst.id, "roleId": ADMINISTRATOR}
    assert await scene.with_reason("memberUpdate", administrator, **values) in (
        "PROMISE_BROKEN",
        "ROLE_TOO_WIDE",
    )
    assert await code_of(scene.api, "memberUpdate", scene.owner, **values) == "PROMISE_BROKEN"
    assert await scene.with_reason("memberUpdate", scene.owner, **values) == ""
    (promise,) = (await scene.api.read(_PROMISES, scene.owner, id=scene.account.id))["account"][
        "accessPromises"
    ]["nodes"]
    assert promise["exceptionCount"] == 2
    assert await _key_created(scene) == "PROMISE_BROKEN"
    assert await code_of(scene.api, "memberUpdate", scene.owner, **values) == ""


async def test_it_is_shown_and_told(scene: Scene) -> None:
    promise = await scene.promise()
    found = (await scene.api.read(_PROMISES, scene.owner, id=scene.account.id))["account"]["accessPromises"]
    (shown,) = found["nodes"]
    assert shown == {
        "id": promise,
        "permissions": ["INVOICES_READ"],
        "roles": [{"name": "OWNER"}, {"name": "FINANCE"}],
        "exceptionCount": 0,
        "madeBy": {"id": scene.owner.person.id},
        "endedAt": None,
    }
    made = (await events_of(scene.api, scene.owner, scene.account.id))[0]
    assert (made["type"], made["subjectId"]) == ("PROMISE_MADE", promise)
    assert made["after"] == {"permission": "INVOICES_READ", "roles": ["FINANCE", "OWNER"]}
    await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=promise)
    await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=promise)
    kinds = [event["type"] for event in await events_of(scene.api, scene.owner, scene.account.id)]
    assert kinds.count("PROMISE_ENDED") == 1
    found = (await scene.api.read(_PROMISES, scene.owner, id=scene.account.id))["account"]["accessPromises"]
    assert found["totalCount"] == 0


async def test_who_makes_it(scene: Scene) -> None:
    administrator = await scene.world.member(scene.account, BuiltinRole.ADMINISTRATOR)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    assert await code_of(scene.api, "accessPromiseCreate", administrator, **wanted) == "FORBIDDEN"
    stranger = await scene.world.member(await scene.world.account(), BuiltinRole.OWNER)
    assert await code_of(scene.api, "accessPromiseCreate", stranger, **wanted) == "NOT_FOUND"
    assert await code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted) == "PROMISE_BROKEN"
    foreign = await scene.world.role(await scene.world.account(), "ACCOUNT_READ")
    refused = await attempt(
        scene.api, "accessPromiseCreate", scene.owner, **{**wanted, "roleIds": [foreign.id]}
    )
    assert (refused.code, refused.named) == ("NOT_FOUND", "roleIds")
    refused = await attempt(scene.api, "accessPromiseCreate", scene.owner, **{**wanted, "roleIds": []})
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", "roleIds")
    found = (await scene.api.read(_PROMISES, scene.owner, id=scene.account.id))["account"]["accessPromises"]
    assert found["totalCount"] == 0


async def test_a_dry_run_tells_that_it_would_be_refused(scene: Scene) -> None:
    await scene.promise()
    values = {"memberId": scene.analyst.id, "roleId": ADMINISTRATOR, "dryRun": True}
    assert await code_of(scene.api, "memberUpdate", scene.owner, **values) == "PROMISE_BROKEN"


async def test_an_explanation_names_it(scene: Scene) -> None:
    """For the permission that it is about, whoever has it; and for nobody who does not see the members."""
    promise = await scene.promise()
    for permission, chain in (("INVOICES_READ", ["PROMISE NO_SAY"]), ("INVOICES_WRITE", [])):
        told = await why(scene.api, scene.owner, scene.account, permission, scene.analyst)
        assert [step for step in told.chain if step.startswith("PROMISE")] == chain
    step = (await why(scene.api, scene.owner, scene.account, "INVOICES_READ")).step("PROMISE")
    assert step["about"] == promise
    assert step["sentence"] == f"{scene.account.name} has promised INVOICES_READ to FINANCE, OWNER alone."
    told = await why(scene.api, scene.analyst, scene.account, "INVOICES_READ")
    assert not [step for step in told.chain if step.startswith("PROMISE")]


async def test_the_refusal_names_it_to_those_who_see_the_members(scene: Scene) -> None:
    """Somebody else, such as who lets the rights of the accounts above pass, learns no more than that."""
    promise = await scene.promise()
    values = {"memberId": scene.analyst.id, "roleId": ADMINISTRATOR}
    told = await attempt(scene.api, "memberUpdate", scene.owner, **values)
    assert told.user_error is not None
    for part in (scene.analyst.person.name, "INVOICES_READ", scene.account.name, promise):
        assert part in told.user_error["message"]
    key = {"accountId": scene.account.id, "name": "Robot", "roleId": ADMINISTRATOR}
    told = await attempt(scene.api, "apiKeyCreate", scene.owner, **key)
    assert told.user_error is not None
    assert told.user_error["message"].startswith("An API key would have INVOICES_READ in ")
    assert "Robot" not in told.user_error["message"]


async def test_who_joins_learns_no_more_than_that_it_is_promised(scene: Scene) -> None:
    """By an offer that was made before the promise."""
    member, guest = await scene.world.person(), await scene.world.person()
    invited = {"accountId": scene.account.id, "email": member.email, "roleId": ADMINISTRATOR}
    await done(scene.api, "memberInvite", scene.owner, **invited, idempotencyKey="1")
    shared = {"accountIds": [scene.account.id], "email": guest.email, "areas": ["INVOICES"]}
    await done(scene.api, "shareCreate", scene.owner, **shared, idempotencyKey="1")
    promise, before = await scene.promise(), await _access(scene)
    for name, person in (("invitationAccept", member), ("shareAccept", guest)):
        token = (await mail_to(scene.world.database, person.email)).token
        told = await attempt(scene.api, name, person, token=token)
        assert told.code == "PROMISE_BROKEN"
        assert told.user_error is not None
        assert promise not in told.user_error["message"]
        assert scene.account.name not in told.user_error["message"]
    assert await _access(scene) == before


async def test_an_offer_that_nobody_could_accept_is_not_made(scene: Scene) -> None:
    """Also from above, as far as the link lets it pass; with words for who sees the members."""
    promise = await scene.promise()
    email = f"{scene.account.key}@example.com"
    invited = {"accountId": scene.account.id, "email": email, "roleId": ADMINISTRATOR}
    told = await attempt(scene.api, "memberInvite", scene.owner, **invited, idempotencyKey="1")
    assert told.user_error is not None
    assert told.user_error["message"].startswith("Once it is accepted, somebody would have INVOICES_READ in ")
    assert promise in told.user_error["message"]
    offers = """query ($id: ID!) { account(id: $id) {
      invitations { totalCount } shares { totalCount } events(first: 1) { nodes { type } } } }"""
    found = (await scene.api.read(offers, scene.owner, id=scene.account.id))["account"]
    assert found["invitations"] == {"totalCount": 0}
    assert found["events"]["nodes"] == [{"type": "PROMISE_MADE"}]
    assert await mails_to(scene.world.database, email) == []
    assert await _member_invited(scene, FINANCE) == ""
    assert await _share_created(scene, "STATISTICS") == ""
    above = {**invited, "accountId": scene.master.id}
    assert await code_of(scene.api, "memberInvite", scene.chief, **above, idempotencyKey="2") == ""
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    again = {**above, "email": f"ivy.{email}"}
    refused = await attempt(scene.api, "memberInvite", scene.chief, **again, idempotencyKey="3")
    assert refused.code == "PROMISE_BROKEN"
    assert await mails_to(scene.world.database, f"ivy.{email}") == []


async def test_an_exception_can_be_offered_what_it_may_have(scene: Scene) -> None:
    guest = await scene.world.person()
    share = await give_share(
        scene.world, [scene.account], guest, scene.owner.person, Given(BuiltinRole.ADMINISTRATOR)
    )
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    await done(scene.api, "shareRevoke", scene.owner, shareId=share.id)
    shared = {"accountIds": [scene.account.id], "email": guest.email, "areas": ["INVOICES"]}
    await done(scene.api, "shareCreate", scene.owner, **shared, idempotencyKey="1")
    token = (await mail_to(scene.world.database, guest.email)).token
    assert await code_of(scene.api, "shareAccept", guest, token=token) == ""


async def test_a_limit_that_staff_set_keeps_no_promise(scene: Scene) -> None:
    """It ends by itself, and nothing would be checked then: so what the role gives without it counts."""
    await set_parent_access(scene.world, scene.account, ParentAccess.FULL)
    manager = await scene.world.member(scene.master, BuiltinRole.ADMINISTRATOR)
    limited = {"memberId": manager.id, "permissions": ["STATISTICS_READ"]}
    staff = await staff_member(scene.world)
    limit = override_of(scene.master, "USER_RIGHTS", **limited)
    made = await done(scene.api, "overrideCreate", staff, "override { id }", **limit)
    matrix = [entry for entry in await _access(scene) if entry["subjectId"] == manager.person.id]
    assert [sorted(entry["permissions"]) for entry in matrix] == [["ACCOUNT_READ", "STATISTICS_READ"]]
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    assert await code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted) == "PROMISE_BROKEN"
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    ending = {"accountId": scene.master.id, "overrideId": made["override"]["id"], "reason": "Settled"}
    assert await code_of(scene.api, "overrideEnd", staff, **ending) == ""
    assert await _key_created(scene) == "PROMISE_BROKEN"


async def test_a_role_that_was_deleted_is_not_shown(scene: Scene) -> None:
    role = await scene.world.role(scene.account, "ACCOUNT_READ INVOICES_READ", name="Auditors")
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": [*ALLOWED, role.id]}
    await done(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    await done(scene.api, "roleDelete", scene.owner, roleId=role.id)
    found = (await scene.api.read(_PROMISES, scene.owner, id=scene.account.id))["account"]["accessPromises"]
    assert found["nodes"][0]["roles"] == [{"name": "OWNER"}, {"name": "FINANCE"}]
    assert await _key_created(scene) == "PROMISE_BROKEN"


@pytest.mark.parametrize("first", ["accessPromiseCreate", "memberUpdate"])
async def test_a_promise_beside_a_change_that_would_break_it(scene: Scene, first: str) -> None:
    """Whichever is first holds, and the other is refused."""
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    version = await scene.api.with_version(
        "memberUpdate", scene.owner, {"memberId": scene.analyst.id, "roleId": ADMINISTRATOR}
    )
    requests = {
        "accessPromiseCreate": code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted),
        "memberUpdate": code_of(scene.api, "memberUpdate", scene.owner, **version),
    }
    gate = Gate("INSERT INTO access_promises" if first == "accessPromiseCreate" else "UPDATE memberships")
    leading = asyncio.create_task(gate.holding(requests.pop(first)))
    await gate.reached()
    (following,) = (asyncio.create_task(request) for request in requests.values())
    assert await waits(following, scene.world.database)
    gate.open()
    assert (await leading, await following) == ("", "PROMISE_BROKEN")
    having = [entry for entry in await _access(scene) if "INVOICES_READ" in entry["permissions"]]
    assert len(having) == (1 if first == "accessPromiseCreate" else 2)


async def test_a_promise_beside_a_person_who_joins(scene: Scene) -> None:
    for _ in range(ROUNDS):
        person = await scene.world.person()
        invited = {"accountId": scene.below.id, "email": person.email, "roleId": ADMINISTRATOR}
        await done(scene.api, "memberInvite", scene.owner, **invited, idempotencyKey=person.email)
        token = (await mail_to(scene.world.database, person.email)).token
        wanted = {"accountId": scene.below.id, "permission": "SETTINGS_WRITE", "roleIds": ALLOWED}
        codes = await at_once(
            code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted),
            code_of(scene.api, "invitationAccept", person, token=token),
        )
        assert sorted(codes) == ["", "PROMISE_BROKEN"]
        found = (await scene.api.read(_PROMISES, scene.owner, id=scene.below.id))["account"]
        for promise in found["accessPromises"]["nodes"]:
            await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=promise["id"])
        members = "query ($id: ID!) { account(id: $id) { members(userId: $who) { nodes { id } } } }"
        query = members.replace("$id: ID!", "$id: ID!, $who: ID")
        nodes = (await scene.api.read(query, scene.owner, id=scene.below.id, who=person.id))["account"]
        for member in nodes["members"]["nodes"]:
            await done(scene.api, "memberRemove", scene.owner, memberId=member["id"])
