"""N13: whatever kind of offer it is, it is held to promises when it is made, and shown as doomed by later
ones."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.effects.log import mail_to
from tests.areas.parent_access.linked import answer, wish
from tests.areas.promises.scene import ADMINISTRATOR, ALLOWED, FINANCE, Scene
from tests.authz.escalation.outcomes import root_fields
from tests.client.mutations import attempt, code_of, done
from tests.client.schema import SCHEMA
from tests.world.ownership import accept, offer_to
from tests.world.world import Member

_OFFERS = """query ($id: ID!) { account(id: $id) {
  invitations { nodes { status lapse brokenPromises { id } role { name } } }
  shares { nodes { id status lapse brokenPromises { id } areas role { name } accounts { id } } }
  ownershipOffer { brokenPromises { id } }
  parentAccessRequest { parentAccess brokenPromises { id } } } }"""
_READER = {"permission": "INVOICES_READ", "roleIds": ALLOWED}


async def _offers(scene: Scene, viewer: Member | None = None) -> Any:
    return (await scene.api.read(_OFFERS, viewer or scene.owner, id=scene.account.id))["account"]


async def _shared(scene: Scene, email: str = "gus@example.com", **values: Any) -> str:
    """A share of the account's statistics that waits. Its id."""
    wanted = {"accountIds": [scene.account.id], "email": email, "areas": ["STATISTICS"], **values}
    made = await done(scene.api, "shareCreate", scene.owner, "share { id }", **wanted, idempotencyKey=email)
    return str(made["share"]["id"])


async def _member_invite(scene: Scene) -> str:
    wanted = {"accountId": scene.account.id, "email": "iris@example.com", "roleId": ADMINISTRATOR}
    return await code_of(scene.api, "memberInvite", scene.owner, **wanted, idempotencyKey="1")


async def _share_create(scene: Scene) -> str:
    wanted = {"accountIds": [scene.account.id], "email": "gus@example.com", "areas": ["INVOICES"]}
    return await code_of(scene.api, "shareCreate", scene.owner, **wanted, idempotencyKey="1")


async def _share_update(scene: Scene) -> str:
    found = await _offers(scene)
    share_id = found["shares"]["nodes"][0]["id"] if found["shares"]["nodes"] else await _shared(scene)
    return await code_of(scene.api, "shareUpdate", scene.owner, shareId=share_id, areas=["INVOICES"])


async def _ownership_transfer(scene: Scene) -> str:
    """The one who is owner today would be an administrator, whom the promise does not name."""
    return await offer_to(scene.api, scene.owner, scene.analyst)


async def _parent_access_update(scene: Scene) -> str:
    """The parent asks for more; the one who would get the invoices of the account below is there already."""
    return await wish(scene.api, scene.chief, scene.account, ParentAccess.FULL)


MAKING: dict[str, Callable[[Scene], Awaitable[str]]] = {
    "memberInvite": _member_invite,
    "shareCreate": _share_create,
    "shareUpdate": _share_update,
    "ownershipTransfer": _ownership_transfer,
    "parentAccessUpdate": _parent_access_update,
}
"""Mutations that make offers of access, with one that INVOICES_READ for owners and FINANCE alone dooms."""

_MADE_BY: dict[str, set[str]] = {
    "invitationAccept": {"memberInvite"},
    "shareAccept": {"shareCreate", "shareUpdate"},
    "ownershipAccept": {"ownershipTransfer"},
    "parentAccessAnswer": {"parentAccessUpdate"},
}
_NO_ACCESS = {
    "secondFactorResetApprove": "lets a person in again who has the rights already",
    "overrideApprove": "of platform staff, whose limits end by themselves; promises do not count them",
    "reviewApprove": "of what is sent",
    "campaignApprove": "of what is sent",
    "accessReviewItemConfirm": "keeps what somebody has",
    "signInConfirm": "of a session",
    "totpConfirm": "of a second factor",
}


def test_each_kind_of_offer_is_tried() -> None:
    """A mutation by which somebody accepts or approves what another one made has a row."""
    mutations = root_fields(SCHEMA.mutation_type)
    second = ("Accept", "Answer", "Approve", "Confirm")
    assert {name for name in mutations if name.endswith(second)} == {*_MADE_BY, *_NO_ACCESS}
    assert set().union(*_MADE_BY.values()) == set(MAKING)


async def _promise(scene: Scene) -> list[str]:
    """Two: of the account and of the one below it. An administrator above would break the second one."""
    await scene.world.member(scene.master, BuiltinRole.ADMINISTRATOR)
    wanted = {"accountId": scene.below.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    made = await done(scene.api, "accessPromiseCreate", scene.owner, "accessPromise { id }", **wanted)
    return [await scene.promise(), str(made["accessPromise"]["id"])]


@pytest.mark.parametrize("name", MAKING)
async def test_an_offer_that_breaks_a_promise_is_not_made(scene: Scene, name: str) -> None:
    await _promise(scene)
    if name == "shareUpdate":
        await _shared(scene)
    before = await _offers(scene)
    assert await MAKING[name](scene) == "PROMISE_BROKEN"
    assert await _offers(scene) == before


@pytest.mark.parametrize("name", MAKING)
async def test_an_offer_that_a_later_promise_dooms_is_shown_as_such(scene: Scene, name: str) -> None:
    """With the promises, to who may see them; and no more once they have ended."""
    assert await MAKING[name](scene) == ""
    assert [shown for shown in _shown(await _offers(scene)) if shown[1]] == []
    promises = await _promise(scene)
    (found,) = _shown(await _offers(scene))
    expected = {"shareCreate": promises[:1], "shareUpdate": promises[:1], "parentAccessUpdate": promises[1:]}
    assert found[1] == expected.get(name, sorted(promises))
    assert found[0] in (None, ("LAPSED", "PROMISE_BROKEN"))
    for promise in promises:
        await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=promise)
    (found,) = _shown(await _offers(scene))
    assert found == (None if found[0] is None else ("PENDING", None), [])


def _shown(offers: Any) -> list[tuple[tuple[str, str | None] | None, list[str]]]:
    """Of each offer its status with the reason, as far as it has one, and the promises against it."""
    single = [offers["ownershipOffer"], offers["parentAccessRequest"]]
    nodes = [*offers["invitations"]["nodes"], *offers["shares"]["nodes"], *filter(None, single)]
    return [
        (
            (node["status"], node["lapse"]) if "status" in node else None,
            sorted(each["id"] for each in node["brokenPromises"]),
        )
        for node in nodes
    ]


async def test_who_does_not_see_the_members_sees_no_promise(scene: Scene) -> None:
    """As a guest sees what was shared with it before, or who asks for a link sees the request."""
    await _parent_access_update(scene)
    await _promise(scene)
    assert (await _offers(scene, scene.owner))["parentAccessRequest"]["brokenPromises"] != []
    request = "query ($id: ID!) { account(id: $id) { parentAccessRequest { brokenPromises { id } } } }"
    found = (await scene.api.read(request, scene.chief, id=scene.account.id))["account"]
    assert found["parentAccessRequest"] == {"brokenPromises": []}


async def test_accepting_what_is_doomed_is_refused(scene: Scene) -> None:
    """By the code, whichever kind it is; and the offer waits on."""
    guest, invited = await scene.world.person(), await scene.world.person()
    await _shared(scene, guest.email, areas=["INVOICES"])
    wanted = {"accountId": scene.account.id, "email": invited.email, "roleId": ADMINISTRATOR}
    await done(scene.api, "memberInvite", scene.owner, **wanted, idempotencyKey="1")
    assert await offer_to(scene.api, scene.owner, scene.analyst) == ""
    assert await _parent_access_update(scene) == ""
    await _promise(scene)
    before = await _offers(scene)
    for name, person in (("invitationAccept", invited), ("shareAccept", guest)):
        token = (await mail_to(scene.world.database, person.email)).token
        assert await code_of(scene.api, name, person, token=token) == "PROMISE_BROKEN"
    assert await accept(scene.api, scene.analyst) == "PROMISE_BROKEN"
    assert await answer(scene.api, scene.owner, scene.account, ParentAccess.FULL) == "PROMISE_BROKEN"
    assert await _offers(scene) == before


async def test_what_waits_may_be_narrowed(scene: Scene) -> None:
    """Which only takes away. Areas in the place of a role that a promise lets through give something else."""
    await _shared(scene, areas=["INVOICES", "STATISTICS"])
    by_role = await _shared(scene, "gil@example.com", areas=None, roleId=FINANCE)
    await _promise(scene)
    share_id = (await _offers(scene))["shares"]["nodes"][-1]["id"]
    update = {"shareId": share_id, "areas": ["INVOICES"]}
    assert await code_of(scene.api, "shareUpdate", scene.owner, **update) == ""
    (_, narrowed) = (await _offers(scene))["shares"]["nodes"]
    assert (narrowed["areas"], narrowed["lapse"]) == (["INVOICES"], "PROMISE_BROKEN")
    update = {"shareId": by_role, "areas": ["INVOICES"]}
    assert await code_of(scene.api, "shareUpdate", scene.owner, **update) == "PROMISE_BROKEN"
    assert (await _offers(scene))["shares"]["nodes"][0]["role"] == {"name": "FINANCE"}
    update = {"shareId": share_id, "areas": ["STATISTICS"]}
    assert await code_of(scene.api, "shareUpdate", scene.owner, **update) == ""
    (_, narrowed) = (await _offers(scene))["shares"]["nodes"]
    assert (narrowed["status"], narrowed["brokenPromises"]) == ("PENDING", [])


async def test_an_account_that_an_accepted_share_shall_open(scene: Scene) -> None:
    """It gives access at once: the promise of the added account is held."""
    guest = await scene.world.person()
    share_id = await _shared(scene, guest.email, areas=["INVOICES"])
    token = (await mail_to(scene.world.database, guest.email)).token
    await done(scene.api, "shareAccept", guest, token=token)
    wanted = {"accountId": scene.below.id, **_READER}
    await done(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    both = [scene.account.id, scene.below.id]
    changed = {"shareId": share_id, "accountIds": both}
    assert await code_of(scene.api, "shareUpdate", scene.owner, **changed) == "PROMISE_BROKEN"
    (share,) = (await _offers(scene))["shares"]["nodes"]
    assert share["accounts"] == [{"id": scene.account.id}]


async def test_an_owner_hands_over_with_a_reason(scene: Scene) -> None:
    """Whoever accepts is an owner then, and gives a reason too; the previous owner becomes an exception."""
    await scene.promise()
    values = {"accountId": scene.account.id, "toMemberId": scene.analyst.id}
    told = await attempt(scene.api, "ownershipTransfer", scene.owner, **values)
    assert told.user_error is not None
    assert told.user_error["message"].startswith(
        f"Once it is accepted, {scene.owner.person.name} would have INVOICES_READ"
    )
    assert await scene.with_reason("ownershipTransfer", scene.owner, **values) == ""
    assert await accept(scene.api, scene.analyst) == "PROMISE_BROKEN"
    assert await scene.with_reason("ownershipAccept", scene.analyst, accountId=scene.account.id) == ""
    query = "query ($id: ID!) { account(id: $id) { accessPromises { nodes { exceptionCount } } } }"
    found = (await scene.api.read(query, scene.analyst, id=scene.account.id))["account"]["accessPromises"]
    assert found["nodes"] == [{"exceptionCount": 1}]


async def test_the_owners_of_an_asked_account_can_accept(scene: Scene) -> None:
    """The request has a reason, so those above become exceptions of the account's own promise."""
    await scene.promise()
    await scene.world.member(scene.master, BuiltinRole.ADMINISTRATOR)
    assert await _parent_access_update(scene) == ""
    assert (await _offers(scene))["parentAccessRequest"]["brokenPromises"] == []
    assert await answer(scene.api, scene.owner, scene.account, ParentAccess.FULL) == ""


async def test_who_is_excepted_can_be_offered_it(scene: Scene) -> None:
    """The ownership too."""
    excepted = await scene.world.member(scene.account, BuiltinRole.ADMINISTRATOR)
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": [FINANCE]}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    assert await offer_to(scene.api, scene.owner, scene.analyst) == "PROMISE_BROKEN"
    assert await offer_to(scene.api, scene.owner, excepted) == ""
    assert await accept(scene.api, excepted) == ""
