"""What the viewer was invited to, and where it is a member."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, new_id, present
from tests.areas.effects.log import last_event
from tests.authz.cases.moments import offer
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.world import Account, Person, World

_RECEIVED = """{ viewer { invitations { totalCount nodes {
  id accountName inviterName roleName permissions memberExpiresAt } } } }"""
_OWN = """{ viewer { memberships { totalCount nodes {
  account { name } role { name } relation user { id } inheritedFrom { id } } } } }"""


async def _received(api: Api, caller: Caller) -> list[dict[str, Any]]:
    page = (await api.read(_RECEIVED, caller))["viewer"]["invitations"]
    assert page["totalCount"] == len(page["nodes"])
    nodes: list[dict[str, Any]] = page["nodes"]
    return nodes


async def _invited(
    world: World, brand: Brand, person: Person, account: Account, inviter: Person | None = None
) -> tuple[str, str]:
    by = inviter or brand.owner.person
    return await offer(world.database, account, BuiltinRole.MARKETER, person.email, by)


async def test_the_invited_person_sees_and_declines_it(api: Api, world: World, brand: Brand) -> None:
    person = await world.person()
    id_, token = await _invited(world, brand, person, brand.us)
    (found,) = await _received(api, person)
    assert found["id"] == id_
    assert (found["accountName"], found["roleName"]) == ("Marketing US", "MARKETER")
    assert found["inviterName"] == brand.owner.person.name
    assert "CAMPAIGNS_WRITE" in found["permissions"]
    assert await done(api, "invitationDecline", person, "declined", invitationId=id_) == {
        "declined": True,
        "userErrors": [],
    }
    assert await _received(api, person) == []
    assert (await last_event(api, brand.owner, brand.us.id))["type"] == "INVITATION_DECLINED"
    assert await code_of(api, "invitationAccept", person, token=token) == "INVITATION_REVOKED"
    assert await code_of(api, "invitationDecline", person, invitationId=id_) == "INVITATION_REVOKED"


async def test_the_invited_person_accepts_it_by_its_id(api: Api, world: World, brand: Brand) -> None:
    person = await world.person()
    id_, _ = await _invited(world, brand, person, brand.us)
    made = await done(api, "invitationAccept", person, "member { role { name } }", invitationId=id_)
    assert made["member"] == {"role": {"name": "MARKETER"}}
    assert await _received(api, person) == []
    assert await code_of(api, "invitationAccept", person, invitationId=id_) == "INVITATION_USED"


async def test_only_the_proved_address_finds_it(api: Api, world: World, brand: Brand) -> None:
    """Whoever typed the address first, a stranger, a key, and nobody at all learn nothing."""
    squatter, stranger = await world.person(verified=False), await world.person()
    id_, _ = await _invited(world, brand, squatter, brand.us)
    key = await world.api_key(brand.us)
    everybody: tuple[Caller, ...] = (squatter, stranger, key)
    for caller in everybody:
        assert await _received(api, caller) == []
    others: tuple[Caller, ...] = (squatter, stranger, brand.owner)
    for other in others:
        for field in ("invitationAccept", "invitationDecline"):
            assert await code_of(api, field, other, invitationId=id_) == "NOT_FOUND"
    assert await code_of(api, "invitationDecline", None, invitationId=id_) == "NOT_FOUND"
    assert await code_of(api, "invitationAccept", key, invitationId=id_) == "PERSON_REQUIRED"
    query = "query ($id: ID!) { account(id: $id) { invitations { nodes { status } } } }"
    found = (await api.read(query, brand.owner, id=brand.us.id))["account"]["invitations"]["nodes"]
    assert found == [{"status": "PENDING"}]


@pytest.mark.parametrize("field", ["invitationAccept", "invitationDecline"])
async def test_it_is_named_in_one_way(api: Api, world: World, brand: Brand, field: str) -> None:
    person = await world.person()
    id_, token = await _invited(world, brand, person, brand.us)
    for both in ({}, {"invitationId": id_, "token": token}):
        made = await attempt(api, field, person, **both)
        assert (made.code, made.named) == ("BAD_USER_INPUT", "token")
    unknown = await attempt(api, field, person, invitationId=present(Kind.INVITATION, new_id()))
    assert (unknown.code, unknown.named) == ("NOT_FOUND", "invitationId")
    assert len(await _received(api, person)) == 1


async def test_what_lapsed_is_not_listed(api: Api, world: World, brand: Brand) -> None:
    person = await world.person()
    inviter = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await _invited(world, brand, person, brand.us, inviter.person)
    await _invited(world, brand, person, brand.store)
    await world.set_status(brand.store, AccountStatus.SUSPENDED)
    assert [found["accountName"] for found in await _received(api, person)] == ["Marketing US"]
    await done(api, "memberRemove", brand.owner, memberId=inviter.id)
    assert await _received(api, person) == []
    await world.set_status(brand.store, AccountStatus.ACTIVE)
    assert [found["accountName"] for found in await _received(api, person)] == ["Store"]


async def test_the_viewer_sees_its_own_memberships_without_any_right(
    api: Api, world: World, brand: Brand
) -> None:
    """In all trees, with their roles; not what it reaches from above."""
    other = await world.account(name="Other")
    person = (await world.member(other, BuiltinRole.ANALYST)).person
    await world.member(brand.us, BuiltinRole.ADMINISTRATOR, person)
    page = (await api.read(_OWN, person))["viewer"]["memberships"]
    assert page["totalCount"] == 2
    assert {(node["account"]["name"], node["role"]["name"]) for node in page["nodes"]} == {
        ("Other", "ANALYST"),
        ("Marketing US", "ADMINISTRATOR"),
    }
    for node in page["nodes"]:
        assert (node["relation"], node["user"]["id"], node["inheritedFrom"]) == ("MEMBER", person.id, None)
    key = await world.api_key(brand.us)
    assert (await api.read(_OWN, key))["viewer"]["memberships"]["totalCount"] == 0
