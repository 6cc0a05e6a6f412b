"""Handing an account over: offered, and accepted by who shall own it (R46, T4)."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.members.ownership_offers import ownership_offers
from resolvers.members.mail_kinds import OWNERSHIP_OFFER
from tests.areas.effects.log import events_of, mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.ownership import accept, hand_over, offer_to
from tests.world.world import Account, Member, World

_ROLES = "query ($id: ID!) { account(id: $id) { members { nodes { id role { name } } } } }"
_OFFER = "{ toMember { id } fromMember { id } giverName account { id } }"
_SHOWN = f"query ($id: ID!) {{ account(id: $id) {{ ownershipOffer {_OFFER} }} }}"
_OFFERED = f"{{ viewer {{ ownershipOffers {{ totalCount nodes {_OFFER} }} }} }}"


async def _roles(api: Api, caller: Caller, account_id: str) -> dict[str, str]:
    members = (await api.read(_ROLES, caller, id=account_id))["account"]["members"]["nodes"]
    return {member["id"]: member["role"]["name"] for member in members}


async def _pair(world: World, account: Account | None = None) -> tuple[Member, Member]:
    """An owner and a marketer of a new account."""
    account = account or await world.account()
    return await world.member(account, BuiltinRole.OWNER), await world.member(account, BuiltinRole.MARKETER)


async def test_the_owner_hands_the_account_over(api: Api, world: World, database: AsyncEngine) -> None:
    """Nothing changes before the other one accepts, who is told what it means."""
    old, new = await _pair(world)
    account = old.account
    shown = {"toMember": {"id": new.id}, "fromMember": {"id": old.id}, "giverName": old.person.name}
    shown |= {"account": {"id": account.id}}
    for _ in range(2):  # the same again changes nothing
        made = await done(
            api, "ownershipTransfer", old, f"ownershipOffer {_OFFER}", accountId=account.id, toMemberId=new.id
        )
        assert made["ownershipOffer"] == shown
    assert await _roles(api, old, account.id) == {old.id: "OWNER", new.id: "MARKETER"}
    (mail,) = await mails_to(database, new.person.email)
    assert mail.subject == OWNERSHIP_OFFER.subject
    assert (await api.read(_SHOWN, old, id=account.id))["account"]["ownershipOffer"] == shown
    assert (await api.ask(_SHOWN, new, id=account.id)).codes == ["FORBIDDEN"]
    seen = shown | {"fromMember": None}  # whose role shows no members
    assert (await api.read(_OFFERED, new))["viewer"]["ownershipOffers"] == {"totalCount": 1, "nodes": [seen]}
    assert (await api.read(_OFFERED, old))["viewer"]["ownershipOffers"]["totalCount"] == 0
    assert await code_of(api, "ownershipAccept", old, accountId=account.id) == "FAILED_PRECONDITION"
    taken = await done(api, "ownershipAccept", new, "member { id role { name } }", accountId=account.id)
    assert taken["member"] == {"id": new.id, "role": {"name": "OWNER"}}
    assert await _roles(api, new, account.id) == {old.id: "ADMINISTRATOR", new.id: "OWNER"}
    events = await events_of(api, new, account.id)
    assert [(event["type"], event["actorName"], event["before"], event["after"]) for event in events] == [
        (
            "OWNERSHIP_TRANSFERRED",
            new.person.name,
            {"owner": old.person.id},
            {"owner": new.person.id},
        ),
        ("OWNERSHIP_OFFERED", old.person.name, None, {"owner": new.person.id}),
    ]
    assert await offer_to(api, old, new) == "FORBIDDEN"
    assert await accept(api, new) == "FAILED_PRECONDITION"


async def test_nobody_becomes_an_owner_by_an_update(api: Api, world: World) -> None:
    old, new = await _pair(world)
    before = await world.state(old.account)
    role_id = ROLE_IDS[BuiltinRole.OWNER]
    assert await code_of(api, "memberUpdate", old, memberId=new.id, roleId=role_id) == "CONSENT_REQUIRED"
    assert await world.state(old.account) == before


async def test_it_is_declined_or_taken_back(api: Api, world: World) -> None:
    old, new = await _pair(world)
    other = await world.member(old.account, BuiltinRole.ADMINISTRATOR)
    values = {"accountId": old.account.id}
    for name, caller, stranger, kind in (
        ("ownershipDecline", new, other, "OWNERSHIP_DECLINED"),
        ("ownershipTransferWithdraw", old, other, "OWNERSHIP_WITHDRAWN"),
    ):
        assert await code_of(api, name, caller, **values) == "FAILED_PRECONDITION"
        assert await offer_to(api, old, new) == ""
        assert await offer_to(api, old, other) == "CONFLICT"
        assert await code_of(api, name, stranger, **values) in {"FAILED_PRECONDITION", "FORBIDDEN"}
        await done(api, name, caller, **values)
        assert (await events_of(api, old, old.account.id))[0]["type"] == kind
        assert await accept(api, new) == "FAILED_PRECONDITION"
    assert await _roles(api, old, old.account.id) == {
        old.id: "OWNER",
        new.id: "MARKETER",
        other.id: "ADMINISTRATOR",
    }


async def _expires(api: Api, world: World, old: Member, new: Member) -> None:
    of_account = ownership_offers.c.account_id == old.account.key
    async with world.database.begin() as connection:
        await connection.execute(update(ownership_offers).where(of_account).values(expires_at=func.now()))


async def _owner_steps_down(api: Api, world: World, old: Member, new: Member) -> None:
    second = await world.member(old.account, BuiltinRole.OWNER)
    down = {"memberId": old.id, "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    await done(api, "memberUpdate", second, **down)


async def _giver_leaves(api: Api, world: World, old: Member, new: Member) -> None:
    await world.member(old.account, BuiltinRole.OWNER)
    await done(api, "memberLeave", old, accountId=old.account.id)


async def _taker_owns_another(api: Api, world: World, old: Member, new: Member) -> None:
    await world.member(await world.account(), BuiltinRole.OWNER, new.person)


_ENDS = {
    "expires": (_expires, "FAILED_PRECONDITION"),
    "the owner is none any more": (_owner_steps_down, "FAILED_PRECONDITION"),
    "the owner leaves": (_giver_leaves, "FAILED_PRECONDITION"),
    "the taker owns another account": (_taker_owns_another, "ALREADY_OWNS_ACCOUNT"),
}


@pytest.mark.parametrize("end", _ENDS)
async def test_it_is_accepted_only_while_both_are_what_they_were(api: Api, world: World, end: str) -> None:
    old, new = await _pair(world)
    assert await offer_to(api, old, new) == ""
    change: Callable[..., Awaitable[None]]
    change, code = _ENDS[end]
    await change(api, world, old, new)
    offers = (await api.read(_OFFERED, new))["viewer"]["ownershipOffers"]["totalCount"]
    assert offers == (code == "ALREADY_OWNS_ACCOUNT")
    before = await world.state(old.account)
    assert await accept(api, new) == code
    assert await world.state(old.account) == before


async def test_a_taker_who_leaves_and_comes_again_is_offered_nothing(api: Api, world: World) -> None:
    old, new = await _pair(world)
    assert await offer_to(api, old, new) == ""
    await done(api, "memberLeave", new, accountId=old.account.id)
    again = await world.member(old.account, BuiltinRole.ANALYST, new.person)
    assert await accept(api, again) == "FAILED_PRECONDITION"


async def test_the_old_owner_may_own_another_account_then(api: Api, world: World) -> None:
    """R46, in both directions."""
    old, new = await _pair(world)
    giver, _ = await _pair(world)
    receiver = await world.member(giver.account, BuiltinRole.ANALYST, old.person)
    assert await offer_to(api, giver, receiver) == "ALREADY_OWNS_ACCOUNT"
    assert await hand_over(api, old, new) == ""
    assert await hand_over(api, giver, receiver) == ""
    assert await offer_to(api, new, old) == "ALREADY_OWNS_ACCOUNT"
    assert (await _roles(api, new, old.account.id))[new.id] == "OWNER"


async def test_from_above_the_old_owner_is_named(api: Api, world: World) -> None:
    """R42: the parent steps in; an account without an owner needs none."""
    parent = await world.account()
    account, orphan = await world.account(parent), await world.account(parent)
    above = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    old, new = await _pair(world, account)
    unnamed = await attempt(api, "ownershipTransfer", above, accountId=account.id, toMemberId=new.id)
    assert unnamed.code == "BAD_USER_INPUT"
    assert unnamed.user_error is not None
    assert unnamed.user_error["field"] == ["input", "fromMemberId"]
    assert await hand_over(api, above, new, old) == ""
    assert await _roles(api, above, account.id) == {old.id: "ADMINISTRATOR", new.id: "OWNER"}
    offered = (await events_of(api, above, account.id))[-1]
    assert offered["actingFrom"] == {"id": parent.id}
    heir = await world.member(orphan, BuiltinRole.ANALYST)
    assert await hand_over(api, above, heir) == ""
    assert await _roles(api, above, orphan.id) == {heir.id: "OWNER"}


async def test_only_between_an_owner_and_another_member(api: Api, world: World) -> None:
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    second = await world.member(account, BuiltinRole.OWNER)
    admin = await world.member(account, BuiltinRole.ADMINISTRATOR)
    outsider = await world.member(other, BuiltinRole.ANALYST)
    before = await world.state(account, other)
    cases = [
        ({"toMemberId": second.id}, "FAILED_PRECONDITION"),
        ({"toMemberId": owner.id}, "FAILED_PRECONDITION"),
        ({"toMemberId": admin.id, "fromMemberId": admin.id}, "FAILED_PRECONDITION"),
        ({"toMemberId": outsider.id}, "NOT_FOUND"),
        ({"toMemberId": admin.id, "fromMemberId": outsider.id}, "NOT_FOUND"),
    ]
    for members, code in cases:
        transfer = {"accountId": account.id} | members
        assert await code_of(api, "ownershipTransfer", owner, **transfer) == code, members
    assert await world.state(account, other) == before
