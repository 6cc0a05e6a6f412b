"""A lock from above and a value from below at once, in both orders (N15)."""

import asyncio
from typing import Any

from tests.areas.settings.seen import settings_of
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.world import World


def _lock(api: Api, brand: Brand) -> Any:
    values = {"accountId": brand.master.id, "expectedVersion": 1, "language": "de", "lock": ["LANGUAGE"]}
    return code_of(api, "settingsUpdate", brand.owner, **values)


def _set(api: Api, brand: Brand) -> Any:
    values = {"accountId": brand.store.id, "expectedVersion": 1, "language": "fr"}
    return code_of(api, "settingsUpdate", brand.owner, **values)


async def _language(api: Api, brand: Brand) -> tuple[str, str | None]:
    found = (await settings_of(api, brand.owner, brand.store))["language"]
    return found["value"], found["ownValue"]


async def test_a_value_that_comes_first_is_kept_down_by_the_lock(api: Api, world: World) -> None:
    """The lock waits for it."""
    brand = await brand_of(world)
    gate = Gate("INSERT INTO settings")
    setting = asyncio.create_task(gate.holding(_set(api, brand)))
    await gate.reached()
    locking = asyncio.create_task(_lock(api, brand))
    assert await waits(locking, world.database)
    gate.open()
    assert (await setting, await locking) == ("", "")
    assert await _language(api, brand) == ("de", "fr")


async def test_a_value_that_comes_second_is_refused(api: Api, world: World) -> None:
    """It waits for the lock, and sees it."""
    brand = await brand_of(world)
    gate = Gate("INSERT INTO settings")
    locking = asyncio.create_task(gate.holding(_lock(api, brand)))
    await gate.reached()
    setting = asyncio.create_task(_set(api, brand))
    assert await waits(setting, world.database)
    gate.open()
    assert (await locking, await setting) == ("", "SETTING_LOCKED")
    assert await _language(api, brand) == ("de", None)


async def test_whichever_is_first(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        locked, was_set = await at_once(_lock(api, brand), _set(api, brand))
        assert locked == ""
        assert was_set in {"", "SETTING_LOCKED"}
        assert await _language(api, brand) == ("de", None if was_set else "fr")


async def test_copies_in_both_directions_and_a_new_account(api: Api, world: World) -> None:
    """They lock the tree, so that none waits for another that waits for it."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        copies = [
            {"fromAccountId": one.id, "toAccountId": other.id, "settings": ["LANGUAGE", "TIME_ZONE"]}
            for one, other in ((brand.us, brand.uk), (brand.uk, brand.us))
        ]
        new = {"parentId": brand.us.id, "name": "New", "idempotencyKey": "1"}
        copied = {"copyFrom": brand.uk.id, "copy": ["LANGUAGE"]}
        codes = await at_once(
            *[code_of(api, "settingsCopy", brand.owner, **copy) for copy in copies],
            code_of(api, "subaccountCreate", brand.owner, **new, **copied),
            _set(api, brand),
        )
        assert codes == [""] * 4
