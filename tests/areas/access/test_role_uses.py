"""Where custom roles are given, that they are not deleted while in use, and what is left of them then."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.roles.custom_roles import as_made, listed, made_role
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.shares import Given, give_share
from tests.world.world import Account, CustomRole, Member, World


@pytest.fixture
async def main(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, main: Account) -> Member:
    return await world.member(main, BuiltinRole.OWNER)


async def test_a_role_is_given_in_its_subtree_and_nowhere_else(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    branch, sibling = await world.account(main), await world.account(main)
    shop = await world.account(branch)
    elsewhere = await world.account()
    stranger = await world.member(elsewhere, BuiltinRole.OWNER)
    places = (main, branch, sibling, shop, elsewhere)
    members = {place.id: await world.member(place, BuiltinRole.ANALYST) for place in places}
    role = await world.role(branch)
    assert await listed(api, owner, main) == []
    for place in (branch, shop):
        assert await listed(api, owner, place) == [role.id]
    assert await listed(api, owner, sibling) == []
    for place, caller in ((main, owner), (sibling, owner), (elsewhere, stranger)):
        before = await world.state(main, elsewhere)
        member = members[place.id]
        assert await _give(api, caller, member, role) == {"NOT_FOUND"}
        assert await world.state(main, elsewhere) == before
    for place in (branch, shop):
        assert await _give(api, owner, members[place.id], role) == {""}


async def _give(api: Api, caller: Member, member: Member, role: CustomRole) -> set[str]:
    """What becomes of each way to give the role in the member's account."""
    place = member.account
    given = {"accountId": place.id, "roleId": role.id}
    offer = given | {"email": f"new-{place.key.hex}@example.com", "idempotencyKey": "1"}
    return {
        await code_of(api, "memberInvite", caller, **offer),
        await code_of(api, "apiKeyCreate", caller, **given, name="Robot"),
        await code_of(api, "memberUpdate", caller, memberId=member.id, roleId=role.id),
    }


@pytest.mark.parametrize("use", ["member", "invitation", "share", "key"])
async def test_a_role_in_use_is_not_deleted(
    use: str, api: Api, world: World, main: Account, owner: Member
) -> None:
    """Also far below its account; once the use has ended, it is."""
    shop = await world.account(await world.account(main))
    role = await world.role(main)
    if use == "member":
        member = await world.member(shop, role)
        end = ("memberRemove", {"memberId": member.id})
    elif use == "invitation":
        offer = {"accountId": shop.id, "email": f"{shop.key.hex}@example.com", "idempotencyKey": "1"}
        made = await done(api, "memberInvite", owner, "invitation { id }", **offer, roleId=role.id)
        end = ("invitationRevoke", {"invitationId": made["invitation"]["id"]})
    elif use == "share":
        share = await give_share(world, [shop], await world.person(), owner.person, Given(role))
        end = ("shareRevoke", {"shareId": share.id})
    else:
        key = await world.api_key(shop, role)
        end = ("apiKeyRevoke", {"apiKeyId": key.id})
    before = await world.state(main)
    assert await code_of(api, "roleDelete", owner, roleId=role.id) == "ROLE_IN_USE"
    assert await world.state(main) == before
    await done(api, end[0], owner, **end[1])
    assert await code_of(api, "roleDelete", owner, roleId=role.id) == ""
    assert await listed(api, owner, shop) == []


async def test_a_revoked_share_outlives_its_role(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    role = await world.role(main)
    share = await give_share(world, [main], await world.person(), owner.person, Given(role))
    await done(api, "shareRevoke", owner, shareId=share.id)
    await done(api, "roleDelete", owner, roleId=role.id)
    before = await world.state(main)
    assert await code_of(api, "shareRevoke", owner, shareId=share.id) == ""
    change = {"shareId": share.id, "expectedVersion": 2, "accountIds": [main.id], "areas": ["STATISTICS"]}
    assert await code_of(api, "shareUpdate", owner, **change) == "SHARE_REVOKED"
    assert await world.state(main) == before


async def test_a_deleted_role_is_gone_and_leaves_its_name(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    role = await made_role(api, owner)
    key = await world.api_key(main, as_made(role))
    await done(api, "apiKeyRevoke", owner, apiKeyId=key.id)
    deleted = await done(api, "roleDelete", owner, "account { id }", roleId=role["id"])
    assert deleted["account"] == {"id": main.id}
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await api.read(query, owner, id=role["id"]))["node"] is None
    before = await world.state(main)
    for field, values in (
        ("roleUpdate", {"expectedVersion": 1, "name": "Again"}),
        ("roleDelete", {}),
    ):
        assert await code_of(api, field, owner, roleId=role["id"], **values) == "NOT_FOUND"
    given = {"accountId": main.id, "name": "Robot", "roleId": role["id"]}
    assert await code_of(api, "apiKeyCreate", owner, **given) == "NOT_FOUND"
    assert await world.state(main) == before
    keys = (
        "query ($id: ID!) { account(id: $id) { apiKeys(includeRevoked: true) { nodes { "
        "role { name permissions policyLines { area } } } } } }"
    )
    shown = (await api.read(keys, owner, id=main.id))["account"]["apiKeys"]["nodes"]
    assert shown == [{"role": {"name": "Editor", "permissions": [], "policyLines": []}}]
    assert (await made_role(api, owner))["id"] != role["id"]
