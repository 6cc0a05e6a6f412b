"""Each refusal by a promise says which one and who would break it, to those who see the members there."""

import pytest

from resolvers.effects.access_told import MAY_GIVE_ACCESS
from resolvers.effects.promised import OFFERS_ACCESS
from tests.areas.promises.breaking import BREAKING
from tests.areas.promises.scene import ADMINISTRATOR, ALLOWED, Scene
from tests.authz.escalation.outcomes import root_fields
from tests.authz.rules.consequences import Access, Consequences, Limited
from tests.client.mutations import attempt, code_of
from tests.client.schema import SCHEMA
from tests.world.oracles import told_by_areas
from tests.world.world import Account

_PROMISED = """query ($id: ID!) { account(id: $id) { accessPromises { nodes { id } } } }"""
_UNSEEN = {"invitationAccept", "shareAccept", "parentAccessUpdate from above"}
"""Who joins, or asks from above the link, does not see the members of the account that promised."""

_GIVE_NOTHING = {
    "they end or take it": {
        *("accessReviewItemEnd", "accessReviewStart", "accountClose", "accountSuspend", "apiKeyRevoke"),
        *("apiKeyRotate", "breakGlassEnd", "invitationDecline", "invitationRevoke", "memberLeave"),
        *("memberRemove", "personRemove", "roleDelete", "sessionRevoke", "sessionRevokeOthers"),
        *("shareDecline", "shareLeave", "shareRevoke", "signOut", "tokenRevoke", "userDelete"),
    },
    "a promise counts what they bring back": {"accountResume", "accountReopen", "overrideEnd"},
    "it is less than somebody has": {"overrideCreate", "tokenNarrow"},
    "it has a reason of its own": {"breakGlassOpen"},
    "nobody has it yet": {"roleCreate"},
    "it is about the caller itself": {
        *("emailChange", "emailVerify", "passkeyAdd", "passwordChange", "passwordReset", "signIn", "signUp"),
    },
    "what a promise keeps is left out": {"scimGroupRoleSet"},
}
"""Mutations that change access and that no promise refuses, by why not."""


async def _promises(scene: Scene, account: Account) -> list[str]:
    found = (await scene.api.read(_PROMISED, scene.owner, id=account.id))["account"]["accessPromises"]
    return [promise["id"] for promise in found["nodes"]]


def test_every_mutation_that_may_give_access_is_tried() -> None:
    consequences: dict[str, Consequences] = told_by_areas("CONSEQUENCES")
    changing = {
        name
        for name, row in consequences.items()
        if row.access is not Access.NOBODY or Limited.OFFERS in row.limited
    }
    mutations = {name.split(" ")[0] for name in BREAKING}
    assert mutations <= set(root_fields(SCHEMA.mutation_type))
    assert mutations - {"accessPromiseCreate"} | set().union(*_GIVE_NOTHING.values()) == changing
    assert not mutations & set().union(*_GIVE_NOTHING.values())
    assert {row.event for row in BREAKING.values()} == MAY_GIVE_ACCESS | OFFERS_ACCESS.keys()


@pytest.mark.parametrize("name", BREAKING)
async def test_a_refusal_names_the_promise_and_who_would_break_it(scene: Scene, name: str) -> None:
    trying = await BREAKING[name].setting(scene)
    told = await trying.send(scene, name.split(" ")[0])
    assert told.code == "PROMISE_BROKEN", told
    names = [scene.account.name, scene.below.name, scene.master.name, scene.owner.person.name]
    promises = [*await _promises(scene, scene.account), *await _promises(scene, scene.below)]
    if name in _UNSEEN:
        assert told.message.startswith("Somebody would have a permission that the account, or one below it, ")
        assert not [each for each in (*names, *promises, "INVOICES", "FINANCE") if each in told.message]
        return
    verb = "has" if name == "accessPromiseCreate" else "would have"
    assert told.message.startswith(f"{trying.holder} {verb} INVOICES_READ in "), told.message
    assert [each for each in (scene.account.name, scene.below.name) if f"in {each}" in told.message]
    no_reason_helps = told.message.startswith("Once it is accepted") and name != "ownershipTransfer"
    advice = "`accessPromiseEnd`" if no_reason_helps else "with a reason in the request's extensions"
    assert advice in told.message
    if name == "accessPromiseCreate":
        assert promises == []
    else:
        assert "which has promised it to FINANCE, OWNER alone: " in told.message
        assert [each for each in promises if each in told.message]


async def test_who_accepts_an_ownership_learns_what_to_do(scene: Scene) -> None:
    """And nothing of the promise, whose members the analyst does not see yet."""
    values = {"accountId": scene.account.id, "toMemberId": scene.analyst.id}
    await attempt(scene.api, "ownershipTransfer", scene.owner, **values)
    promise = await scene.promise()
    told = await attempt(scene.api, "ownershipAccept", scene.analyst, accountId=scene.account.id)
    assert told.code == "PROMISE_BROKEN"
    assert "an owner has to offer it again first, with a reason" in told.message
    assert not [each for each in (promise, "INVOICES", scene.owner.person.name) if each in told.message]
    assert "told to callers with MEMBERS_READ there" in told.message
    assert "accessPromises" not in told.message


async def test_who_does_not_see_the_members_learns_whether_a_reason_helps(scene: Scene) -> None:
    """None makes up for an invitation. For a key one does, and the name of the promise stays hidden."""
    allowed = await scene.world.role(scene.account, "ACCOUNT_READ MEMBERS_WRITE API_KEYS_WRITE INVOICES_READ")
    unseeing = await scene.world.member(scene.account, allowed)
    wanted = {
        "accountId": scene.account.id,
        "permission": "INVOICES_READ",
        "roleIds": [*ALLOWED, allowed.id],
    }
    assert await code_of(scene.api, "accessPromiseCreate", scene.owner, **wanted) == ""
    (promise,) = await _promises(scene, scene.account)
    role = await scene.world.role(scene.account, "ACCOUNT_READ INVOICES_READ")
    of = {"accountId": scene.account.id, "roleId": role.id}
    told = [
        await attempt(scene.api, "memberInvite", unseeing, **of, email="new@example.com", idempotencyKey="1"),
        await attempt(scene.api, "apiKeyCreate", unseeing, **of, name="Robot"),
    ]
    assert [each.code for each in told] == ["PROMISE_BROKEN"] * 2
    assert "No reason makes up for that" in told[0].message
    assert "in the request's extensions" not in told[0].message
    assert "can do it with a reason in the request's extensions" in told[1].message
    assert not [each for each in told if promise in each.message or "INVOICES" in each.message]


async def test_a_promise_that_is_broken_already_names_no_key(scene: Scene) -> None:
    """And is not made."""
    key = {"accountId": scene.account.id, "name": "Robot", "roleId": ADMINISTRATOR}
    assert await code_of(scene.api, "apiKeyCreate", scene.owner, **key) == ""
    wanted = {"accountId": scene.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
    told = await attempt(scene.api, "accessPromiseCreate", scene.owner, **wanted)
    assert told.message.startswith(f"An API key has INVOICES_READ in {scene.account.name} already")
    assert "Robot" not in told.message
    assert await _promises(scene, scene.account) == []
