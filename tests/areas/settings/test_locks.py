"""Locks: what an account above has locked is inherited and cannot be changed (N15)."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.settings.tables import SettingName
from tests.areas.effects.log import last_event
from tests.areas.settings.seen import settings_of
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.client.mutations import attempt, done
from tests.engine.paths import Path
from tests.world.brand import Brand
from tests.world.settings import set_function, set_setting
from tests.world.world import World


@pytest.mark.parametrize("path", Path)
async def test_what_is_locked_above_holds_below_until_it_is_unlocked(
    path: Path, api: Api, brand: Brand, world: World
) -> None:
    """What the account has stored stays, and holds again."""
    await done(api, "settingsUpdate", brand.owner, accountId=brand.store.id, language="fr")
    lock = {"accountId": brand.master.id, "language": "de", "lock": ["LANGUAGE"]}
    await done(api, "settingsUpdate", brand.owner, **lock)
    event = await last_event(api, brand.owner, brand.master.id)
    assert (event["before"], event["after"]) == (
        {"language": None, "locked": []},
        {"language": "de", "locked": ["LANGUAGE"]},
    )
    assert (await settings_of(api, brand.owner, brand.master, path))["language"]["locksBelow"] is True
    found = (await settings_of(api, brand.owner, brand.store, path))["language"]
    assert (found["value"], found["origin"], found["ownValue"]) == ("de", "INHERITED", "fr")
    assert (found["isLocked"], found["lockedBy"]) == (True, {"id": brand.master.id})
    await done(api, "settingsUpdate", brand.owner, accountId=brand.master.id, unlock=["LANGUAGE"])
    found = (await settings_of(api, brand.owner, brand.store, path))["language"]
    assert (found["value"], found["origin"], found["isLocked"]) == ("fr", "OWN", False)
    assert (await settings_of(api, brand.owner, brand.us, path))["language"]["value"] == "de"


async def test_nothing_of_a_locked_setting_changes(api: Api, brand: Brand, world: World) -> None:
    """Whoever may do everything here is told which account locks it. All else changes."""
    member = await world.member(brand.us, BuiltinRole.OWNER)
    await set_setting(world, brand.us, SettingName.LANGUAGE, "fr")
    await set_setting(world, brand.master, SettingName.LANGUAGE, None, locked=True)
    await set_setting(world, brand.master, SettingName.FIELD_FUNCTIONS, None, locked=True)
    before = await world.state(brand.master)
    functions = [{"name": "greeting", "text": "Hi"}]
    wrong: dict[str, dict[str, Any]] = {
        "language": {"language": "it"},
        "fieldFunctions": {"fieldFunctions": functions, "senderName": "Inn"},
    }
    for field, wanted in wrong.items():
        refused = await attempt(api, "settingsUpdate", brand.owner, accountId=brand.us.id, **wanted)
        assert (refused.code, refused.named) == ("SETTING_LOCKED", field)
        assert refused.user_error is not None
        (blocker,) = refused.user_error["blockers"]
        assert (blocker["id"], blocker["name"]) == (brand.master.id, "Brand")
    others: list[tuple[dict[str, Any], str]] = [
        ({"language": None}, "language"),
        ({"lock": ["LANGUAGE"]}, "lock"),
        ({"lock": ["LANGUAGE"], "language": "it"}, "language"),
        ({"lock": ["FIELD_FUNCTIONS"]}, "lock"),
    ]
    for other, field in others:
        made = await attempt(api, "settingsUpdate", member, accountId=brand.us.id, **other)
        assert (made.code, made.named) == ("SETTING_LOCKED", field), other
    assert await world.state(brand.master) == before
    await done(api, "settingsUpdate", brand.owner, accountId=brand.us.id, senderName="Inn", language="fr")


async def test_of_two_locks_the_higher_one_holds(api: Api, brand: Brand, world: World) -> None:
    await set_setting(world, brand.us, SettingName.LANGUAGE, "fr", locked=True)
    assert (await settings_of(api, brand.owner, brand.store))["language"]["lockedBy"] == {"id": brand.us.id}
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de", locked=True)
    for account in (brand.us, brand.store):
        found = (await settings_of(api, brand.owner, account))["language"]
        assert (found["value"], found["lockedBy"]) == ("de", {"id": brand.master.id})


@pytest.mark.parametrize("mode", [mode for mode in ParentAccess if mode is not ParentAccess.FULL])
async def test_a_lock_ends_where_those_above_could_not_write(
    mode: ParentAccess, api: Api, brand: Brand, world: World
) -> None:
    """Below such a link the value is inherited and can be replaced (N3)."""
    owner = await world.member(brand.us, BuiltinRole.OWNER)
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de", locked=True)
    await set_setting(world, brand.us, SettingName.LANGUAGE, "fr", locked=True)
    await set_setting(world, brand.store, SettingName.LANGUAGE, "it")
    await set_parent_access(world, brand.us, mode)
    found = (await settings_of(api, owner, brand.us))["language"]
    assert (found["value"], found["origin"], found["isLocked"]) == ("fr", "OWN", False)
    found = (await settings_of(api, owner, brand.store))["language"]
    assert (found["value"], found["lockedBy"]) == ("fr", {"id": brand.us.id})
    await done(api, "settingsUpdate", owner, accountId=brand.us.id, language=None, unlock=["LANGUAGE"])
    assert (await settings_of(api, owner, brand.us))["language"]["value"] == "de"
    assert (await settings_of(api, owner, brand.store))["language"]["value"] == "it"


async def test_below_the_link_the_value_that_holds_above_it_is_inherited(
    api: Api, brand: Brand, world: World
) -> None:
    """Not the one that the lock keeps down there."""
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de", locked=True)
    await set_setting(world, brand.us, SettingName.LANGUAGE, "fr")
    await set_parent_access(world, brand.store, ParentAccess.NONE)
    owner = await world.member(brand.store, BuiltinRole.OWNER)
    found = (await settings_of(api, owner, brand.store))["language"]
    assert (found["value"], found["origin"], found["isLocked"]) == ("de", "INHERITED", False)


async def test_locked_field_functions_are_those_of_the_account_that_locks(
    api: Api, brand: Brand, world: World
) -> None:
    await set_function(world, brand.master, "greeting", "Hello")
    await set_function(world, brand.us, "greeting", "Howdy")
    await set_function(world, brand.us, "sign", "Tom")
    await set_setting(world, brand.master, SettingName.FIELD_FUNCTIONS, None, locked=True)
    found = (await settings_of(api, brand.owner, brand.us))["fieldFunctions"]
    assert [one["text"] for one in found["functions"]] == ["Hello"]
    assert [one["text"] for one in found["ownFunctions"]] == ["Howdy", "Tom"]
    assert (found["isLocked"], found["lockedBy"]) == (True, {"id": brand.master.id})
