"""Of several changes of what was read once, one is made; the others are told the current version."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.client.updates import Update
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import brand_of
from tests.world.oracles import told_by_areas
from tests.world.world import World

UPDATES: dict[str, Update] = told_by_areas("UPDATES")


async def test_one_wins_and_the_others_are_told(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        callers = [await world.member(account, BuiltinRole.ADMINISTRATOR) for _ in range(4)]
        attempts = await at_once(
            *[
                attempt(
                    api,
                    "accountUpdate",
                    caller,
                    "account { name version }",
                    accountId=account.id,
                    expectedVersion=1,
                    name=f"By {number}",
                )
                for number, caller in enumerate(callers)
            ]
        )
        won = [found for found in attempts if found.done]
        lost = [found.user_error for found in attempts if not found.done]
        assert len(won) == 1
        assert len(lost) == 3
        for error in lost:
            assert error is not None
            assert (error["__typename"], error["currentVersion"]) == ("VersionConflict", 2)
        (event,) = await events_of(api, callers[0], account.id)
        assert won[0].payload["account"] == {"name": event["after"]["name"], "version": 2}


async def test_a_change_of_status_is_a_change_too(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        master = await world.account()
        account = await world.account(master)
        above = await world.member(master, BuiltinRole.ADMINISTRATOR)
        owner = await world.member(account, BuiltinRole.OWNER)
        renamed, closed = await at_once(
            attempt(api, "accountUpdate", owner, accountId=account.id, expectedVersion=1, name="New"),
            attempt(api, "accountClose", above, accountId=account.id),
        )
        assert closed.done
        assert renamed.code in {"", "ACCOUNT_CLOSED"}
        query = "query ($id: ID!) { account(id: $id) { version status } }"
        found = await api.read(query, above, id=account.id)
        assert found["account"] == {"version": 3 if renamed.done else 2, "status": "CLOSED"}


@pytest.mark.parametrize("name", UPDATES)
async def test_of_two_updates_of_the_same_version_one_wins(name: str, api: Api, world: World) -> None:
    brand = await brand_of(world)
    updated = await UPDATES[name].make(world, brand)
    values = {**updated.ids, **await UPDATES[name].others(world, brand)}
    version = (await api.with_version(name, brand.owner, values))["expectedVersion"]
    # Nobody changes another person's profile.
    second = brand.owner if name == "userUpdate" else await world.member(brand.master, BuiltinRole.OWNER)
    one, other = await at_once(
        *[attempt(api, name, caller, **values, expectedVersion=version) for caller in (brand.owner, second)]
    )
    won, lost = (one, other) if one.done else (other, one)
    assert won.done, won
    assert lost.user_error is not None
    assert (lost.code, lost.user_error["__typename"]) == ("CONFLICT", "VersionConflict")
    assert lost.user_error["currentVersion"] > version
