"""N13: an ownership that breaks a promise takes the reason of an owner, not only of who becomes one."""

from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, mails_to
from tests.areas.promises.scene import ALLOWED, FINANCE, Scene
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.ownership import accept, offer_to

_OFFER = """query ($id: ID!) { account(id: $id) {
  ownershipOffer { offeredAt expiresAt brokenPromises { id } } } }"""
_HELD = """query ($id: ID!) { account(id: $id) { accessPromises { nodes { exceptionCount } }
  members { nodes { user { id } role { name } } } } }"""


async def _offer(scene: Scene) -> Any:
    return (await scene.api.read(_OFFER, scene.owner, id=scene.account.id))["account"]["ownershipOffer"]


async def _transfer(scene: Scene) -> str:
    values = {"accountId": scene.account.id, "toMemberId": scene.analyst.id}
    return await scene.with_reason("ownershipTransfer", scene.owner, **values)


async def _accept(scene: Scene) -> str:
    return await scene.with_reason("ownershipAccept", scene.analyst, accountId=scene.account.id)


async def _offered(scene: Scene) -> int:
    """How often the log tells of the offer."""
    return len(await events_of(scene.api, scene.owner, scene.account.id, "OWNERSHIP_OFFERED"))


async def test_a_later_promise_is_not_for_the_taker_to_break(scene: Scene) -> None:
    assert await offer_to(scene.api, scene.owner, scene.analyst) == ""
    promise, before = await scene.promise(), await _offer(scene)
    assert before["brokenPromises"] == [{"id": promise}]
    held = await scene.api.read(_HELD, scene.owner, id=scene.account.id)
    for _ in range(2):
        assert await accept(scene.api, scene.analyst) == "PROMISE_BROKEN"
        assert await _accept(scene) == "PROMISE_BROKEN"
        assert await offer_to(scene.api, scene.owner, scene.analyst) == "PROMISE_BROKEN"
    assert await _offer(scene) == before
    assert await scene.api.read(_HELD, scene.owner, id=scene.account.id) == held
    assert await _offered(scene) == 1


async def test_the_owner_offers_it_again_for_a_reason(scene: Scene) -> None:
    """The offer is the same, with no other mail; the log has the reason. Then the taker gives one, too."""
    assert await offer_to(scene.api, scene.owner, scene.analyst) == ""
    await scene.promise()
    before, mails = await _offer(scene), await mails_to(scene.world.database, scene.analyst.person.email)
    assert await _transfer(scene) == ""
    assert await _offered(scene) == 2
    for again in (await _transfer(scene), await offer_to(scene.api, scene.owner, scene.analyst)):
        assert again == ""
    assert await _offered(scene) == 2, "for what has a reason nothing is asked again"
    assert await _offer(scene) == before
    assert await mails_to(scene.world.database, scene.analyst.person.email) == mails
    assert await accept(scene.api, scene.analyst) == "PROMISE_BROKEN"
    assert await _accept(scene) == ""
    found = (await scene.api.read(_HELD, scene.analyst, id=scene.account.id))["account"]
    assert found["accessPromises"]["nodes"] == [{"exceptionCount": 1}]


async def test_a_reason_is_for_the_promises_of_then(scene: Scene) -> None:
    """A second promise needs another one."""
    await scene.promise()
    assert await _transfer(scene) == ""
    wanted = {"accountId": scene.account.id, "permission": "SETTINGS_WRITE", "roleIds": ALLOWED}
    made = await done(scene.api, "accessPromiseCreate", scene.owner, "accessPromise { id }", **wanted)
    assert await _accept(scene) == "PROMISE_BROKEN"
    await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=made["accessPromise"]["id"])
    assert await _accept(scene) == ""


async def test_a_new_offer_has_none_of_the_reasons_of_the_one_before(scene: Scene) -> None:
    await scene.promise()
    other = await scene.world.member(scene.account, BuiltinRole.ANALYST)
    assert await _transfer(scene) == ""
    await done(scene.api, "ownershipTransferWithdraw", scene.owner, accountId=scene.account.id)
    assert await offer_to(scene.api, scene.owner, other) == "PROMISE_BROKEN"
    assert await _offer(scene) is None
    assert await accept(scene.api, scene.analyst) == "FAILED_PRECONDITION"


async def test_the_taker_does_not_free_itself_from_a_promise_about_owners(scene: Scene) -> None:
    """An analyst gives the reason alone, and gets nothing."""
    assert await offer_to(scene.api, scene.owner, scene.analyst) == ""
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": [FINANCE]}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **wanted) == ""
    assert await _accept(scene) == "PROMISE_BROKEN"
    matrix = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    mine = (await scene.api.read(matrix, scene.analyst, id=scene.account.id))["account"]["viewerPermissions"]
    assert "INVOICES_READ" not in mine


async def test_a_promise_beside_an_acceptance_that_would_break_it(scene: Scene) -> None:
    """Whichever is first holds; then the other one is refused, or its caller is no owner any more."""
    assert await offer_to(scene.api, scene.owner, scene.analyst) == ""
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    codes = await at_once(
        code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted), accept(scene.api, scene.analyst)
    )
    assert codes in (["", "PROMISE_BROKEN"], ["FORBIDDEN", ""])


async def test_the_promise_that_bars_is_named_not_an_older_one(scene: Scene) -> None:
    """The older one has the owner's reason already. Whoever accepts sees the members."""
    seeing = await scene.world.role(scene.account, "ACCOUNT_READ MEMBERS_READ")
    taker = await scene.world.member(scene.account, seeing)
    older = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": [FINANCE]}
    younger = {**older, "permission": "SETTINGS_WRITE"}
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **older) == ""
    values = {"accountId": scene.account.id, "toMemberId": taker.id}
    assert await scene.with_reason("ownershipTransfer", scene.owner, **values) == ""
    assert await scene.with_reason("accessPromiseCreate", scene.owner, **younger) == ""
    first, second = [each["id"] for each in (await _promises(scene))]
    before = await scene.api.read(_HELD, scene.owner, id=scene.account.id)
    told = [
        await attempt(scene.api, "ownershipTransfer", scene.owner, **values),
        await attempt(scene.api, "ownershipAccept", taker, accountId=scene.account.id),
    ]
    for refused in told:
        assert refused.code == "PROMISE_BROKEN"
        assert f"{taker.person.name} would have SETTINGS_WRITE" in refused.message, refused.message
        assert second in refused.message
        assert first not in refused.message
    assert await scene.with_reason("ownershipAccept", taker, accountId=scene.account.id) == "PROMISE_BROKEN"
    assert await scene.api.read(_HELD, scene.owner, id=scene.account.id) == before
    await done(scene.api, "accessPromiseEnd", scene.owner, accessPromiseId=second)
    refused = await attempt(scene.api, "ownershipAccept", taker, accountId=scene.account.id)
    assert first in refused.message, "without a reason this one bars"
    assert await scene.with_reason("ownershipAccept", taker, accountId=scene.account.id) == ""


async def _promises(scene: Scene) -> list[dict[str, Any]]:
    query = "query ($id: ID!) { account(id: $id) { accessPromises { nodes { id } } } }"
    found = (await scene.api.read(query, scene.owner, id=scene.account.id))["account"]["accessPromises"]
    return sorted(found["nodes"], key=lambda each: str(each["id"]))


async def test_an_offer_names_the_old_owner_where_the_new_one_keeps_it(scene: Scene) -> None:
    """Owners may have it, and whoever was one would be an administrator."""
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    await done(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    values = {"accountId": scene.account.id, "toMemberId": scene.analyst.id}
    told = await attempt(scene.api, "ownershipTransfer", scene.owner, **values)
    assert told.code == "PROMISE_BROKEN"
    assert told.message.startswith(f"Once it is accepted, {scene.owner.person.name} would have INVOICES_READ")
    assert await _offer(scene) is None
