"""Entries count in all accounts below, and nobody lifts them from there (R67, R76, T27)."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.world.block_list import block, blocking, hash_of, listed, page_of, unblock
from tests.world.brand import Brand, brand_of
from tests.world.world import Member, World

_ANN = "ann@example.com"


@pytest.fixture
async def brand(world: World) -> Brand:
    """A tree and the owner of its master account."""
    return await brand_of(world)


@pytest.fixture
async def below(world: World, brand: Brand) -> Member:
    """The administrator of an account below, who reaches none above."""
    return await world.member(brand.store, BuiltinRole.ADMINISTRATOR)


async def test_lists_show_where_an_entry_is_from(api: Api, brand: Brand) -> None:
    await block(api, brand.owner, brand.master, _ANN, source="Court order")
    await block(api, brand.owner, brand.store, "bob@example.com")
    assert [entry["address"] for entry in await listed(api, brand.owner, brand.store)] == ["bob@example.com"]
    shown = await listed(api, brand.owner, brand.store, inherited=True)
    assert [(entry["address"], entry["isInherited"], entry["inheritedFrom"]) for entry in shown] == [
        ("bob@example.com", False, None),
        (_ANN, True, {"id": brand.master.id}),
    ]
    assert await listed(api, brand.owner, brand.us, inherited=True, address=_ANN) != []
    assert await listed(api, brand.owner, brand.uk, inherited=True, address="bob@example.com") == []


async def test_below_only_the_hash_of_an_inherited_entry_is_shown(
    api: Api, brand: Brand, below: Member
) -> None:
    """It is needed to leave the address out elsewhere too. The address is of an account out of reach."""
    await block(api, brand.owner, brand.us, _ANN, source="Court order")
    (entry,) = await listed(api, below, brand.store, inherited=True)
    assert (entry["hash"], entry["isInherited"]) == (hash_of(_ANN), True)
    assert entry["address"] is entry["source"] is entry["enteredById"] is entry["inheritedFrom"] is None


async def test_an_entry_does_not_name_an_account_that_is_out_of_reach(
    api: Api, brand: Brand, below: Member
) -> None:
    """Not in its id either, which serves to remove it all the same, or is refused as another one is."""
    (made,) = await blocking(api, brand.owner, brand.us, _ANN)
    (seen,) = await listed(api, brand.owner, brand.store, inherited=True)
    assert seen["id"] == made["entryId"]
    answer = await page_of(api, below, brand.store, inherited=True)
    assert str(brand.us.key) not in str(answer)
    (entry,) = answer["nodes"]
    for caller in (below, brand.owner):
        assert [each["outcome"] for each in await unblock(api, caller, brand.store, entry["id"])] == [
            "INHERITED"
        ]
    elsewhere = [await unblock(api, brand.owner, account, entry["id"]) for account in (brand.us, brand.uk)]
    assert [each["outcome"] for (each,) in elsewhere] == ["NOT_BLOCKED", "NOT_BLOCKED"]
    assert [each["outcome"] for each in await unblock(api, brand.owner, brand.us, seen["id"])] == ["REMOVED"]


async def test_nobody_lifts_an_entry_from_below(api: Api, brand: Brand, below: Member) -> None:
    """The refusal says whose it is, as far as the caller may know."""
    (made,) = await blocking(api, brand.owner, brand.us, _ANN)
    for entry in (_ANN, hash_of(_ANN), made["entryId"]):
        (seen,) = await unblock(api, brand.owner, brand.store, entry)
        assert seen == {
            "index": 0,
            "outcome": "INHERITED",
            "entryId": None,
            "blockedBy": brand.us.id,
            "message": "It is on the block list of Marketing US, and can only be removed there.",
        }
        (hidden,) = await unblock(api, below, brand.store, entry)
        assert hidden == seen | {
            "blockedBy": None,
            "message": "It is on the block list of an account above, and can only be removed there.",
        }
    assert len(await listed(api, brand.owner, brand.us)) == 1


async def test_an_own_entry_is_lifted_and_the_one_above_stays(api: Api, brand: Brand, below: Member) -> None:
    await block(api, brand.owner, brand.master, _ANN)
    assert await block(api, below, brand.store, _ANN) == ["ADDED"]
    (outcome,) = await unblock(api, brand.owner, brand.store, _ANN)
    assert (outcome["outcome"], outcome["blockedBy"]) == ("REMOVED", brand.master.id)
    assert len(await listed(api, below, brand.store, inherited=True)) == 1


async def test_the_nearest_account_above_is_named(api: Api, brand: Brand) -> None:
    for account in (brand.master, brand.us):
        await block(api, brand.owner, account, _ANN)
    (outcome,) = await unblock(api, brand.owner, brand.store, _ANN)
    assert outcome["blockedBy"] == brand.us.id


async def test_an_entry_of_another_branch_or_tree_is_none(api: Api, world: World, brand: Brand) -> None:
    elsewhere = await brand_of(world)
    (aside,) = await blocking(api, brand.owner, brand.uk, _ANN)
    (foreign,) = await blocking(api, elsewhere.owner, elsewhere.master, _ANN)
    for entry in (_ANN, aside["entryId"], foreign["entryId"]):
        (outcome,) = await unblock(api, brand.owner, brand.store, entry)
        assert (outcome["outcome"], outcome["message"]) == ("NOT_BLOCKED", None)
    assert await listed(api, brand.owner, brand.store, inherited=True) == []


async def test_who_has_no_right_below_has_none_by_an_entry_above(
    api: Api, brand: Brand, below: Member
) -> None:
    await block(api, brand.owner, brand.us, _ANN)
    values = {"accountId": brand.us.id, "entries": [_ANN]}
    assert await code_of(api, "blockListRemove", below, **values) == "NOT_FOUND"
    assert len(await listed(api, brand.owner, brand.us)) == 1
