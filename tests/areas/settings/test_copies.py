"""Copies of settings: chosen ones, once, and again (N15, R87)."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.settings.tables import SettingName
from resolvers.settings.values import BounceLimits
from tests.areas.effects.log import events_of, last_event
from tests.areas.settings.seen import settings_of
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.settings import set_function, set_setting
from tests.world.world import Account, World

_CHANGES = "changes { setting function valueBefore originBefore valueAfter }"


@pytest.fixture
async def filled(brand: Brand, world: World) -> Brand:
    """The team in the USA with settings of its own and one that it inherits."""
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de")
    await set_setting(world, brand.us, SettingName.SENDER_NAME, "Inn")
    await set_setting(world, brand.us, SettingName.BOUNCE_LIMITS, BounceLimits(3, 7))
    await set_function(world, brand.us, "greeting", "Howdy")
    return brand


def _copy(source: Account, target: Account, *settings: str) -> dict[str, Any]:
    return {"fromAccountId": source.id, "toAccountId": target.id, "settings": list(settings)}


ALL = tuple(name.value for name in SettingName)


async def test_a_dry_run_tells_what_the_copy_then_changes(api: Api, filled: Brand, world: World) -> None:
    """And the same again changes nothing."""
    await set_function(world, filled.uk, "sign", "Ann")
    copy = _copy(filled.us, filled.uk, *ALL)
    before = await world.state(filled.master)
    tried = await done(api, "settingsCopy", filled.owner, f"account {{ id }} {_CHANGES}", **copy, dryRun=True)
    assert await world.state(filled.master) == before
    assert tried["account"] is None
    limits = {"softBounces": 3, "days": 7}
    usual = {"softBounces": 5, "days": 30}
    assert [tuple(change.values()) for change in tried["changes"]] == [
        ("TIME_ZONE", None, "UTC", "PLATFORM", "UTC"),
        ("LANGUAGE", None, "de", "INHERITED", "de"),
        ("SENDER_NAME", None, None, "PLATFORM", "Inn"),
        ("CAMPAIGN_APPROVAL", None, "NONE", "PLATFORM", "NONE"),
        ("BOUNCE_LIMITS", None, usual, "PLATFORM", limits),
        ("FIELD_FUNCTIONS", "greeting", None, "PLATFORM", "Howdy"),
    ]
    made = await done(api, "settingsCopy", filled.owner, f"account {{ version }} {_CHANGES}", **copy)
    assert (made["changes"], made["account"]) == (tried["changes"], {"version": 2})
    found = await settings_of(api, filled.owner, filled.uk)
    for name in ("timeZone", "language", "senderName", "bounceLimits"):
        assert (found[name]["origin"], found[name]["copiedFrom"]) == ("COPIED", {"id": filled.us.id})
    functions = found["fieldFunctions"]["functions"]
    assert [(one["text"], one["origin"]) for one in functions] == [("Howdy", "COPIED"), ("Ann", "OWN")]
    event = await last_event(api, filled.owner, filled.uk.id)
    assert event["type"] == "SETTINGS_COPIED"
    assert event["after"]["copied_from"] == filled.us.id
    assert (event["before"]["sender_name"], event["after"]["sender_name"]) == (None, "Inn")
    before = await world.state(filled.master)
    again = await done(api, "settingsCopy", filled.owner, f"account {{ version }} {_CHANGES}", **copy)
    assert again == {"account": {"version": 2}, "changes": [], "userErrors": []}
    assert await world.state(filled.master) == before


async def test_a_copy_does_not_follow_and_is_made_again(api: Api, filled: Brand, world: World) -> None:
    copy = _copy(filled.us, filled.uk, "SENDER_NAME")
    await done(api, "settingsCopy", filled.owner, **copy)
    await done(api, "settingsUpdate", filled.owner, accountId=filled.us.id, senderName="Hotel")
    assert (await settings_of(api, filled.owner, filled.uk))["senderName"]["value"] == "Inn"
    made = await done(api, "settingsCopy", filled.owner, _CHANGES, **copy)
    (change,) = made["changes"]
    assert (change["valueBefore"], change["originBefore"], change["valueAfter"]) == ("Inn", "COPIED", "Hotel")


async def test_what_is_not_copied(api: Api, filled: Brand, world: World) -> None:
    """To itself, to another tree, into what is locked, without the right to read."""
    other = await world.account()
    await world.member(other, BuiltinRole.ADMINISTRATOR, filled.owner.person)
    finance = await world.member(filled.us, BuiltinRole.FINANCE)
    await world.member(filled.uk, BuiltinRole.ADMINISTRATOR, finance.person)
    await set_setting(world, filled.master, SettingName.LANGUAGE, "de", locked=True)
    before = await world.state(filled.master, other)
    for caller, values, code, field in (
        (filled.owner, _copy(filled.us, filled.us, "LANGUAGE"), "BAD_USER_INPUT", "toAccountId"),
        (filled.owner, _copy(filled.us, other, "LANGUAGE"), "BAD_USER_INPUT", "fromAccountId"),
        (filled.owner, _copy(filled.us, filled.uk, "SENDER_NAME", "LANGUAGE"), "SETTING_LOCKED", "settings"),
        (finance, _copy(filled.us, filled.uk, "SENDER_NAME"), "FORBIDDEN", None),
        (finance, _copy(filled.master, filled.uk, "SENDER_NAME"), "NOT_FOUND", "fromAccountId"),
        (finance, _copy(filled.uk, filled.master, "SENDER_NAME"), "NOT_FOUND", "toAccountId"),
    ):
        refused = await attempt(api, "settingsCopy", caller, **values)
        assert (refused.code, refused.named) == (code, field)
        assert await code_of(api, "settingsCopy", caller, **values, dryRun=True) == code
    assert await world.state(filled.master, other) == before


async def test_a_closed_account_is_copied_from(api: Api, filled: Brand, world: World) -> None:
    """It can be read."""
    await world.set_status(filled.us, AccountStatus.CLOSED)
    await done(api, "settingsCopy", filled.owner, **_copy(filled.us, filled.uk, "SENDER_NAME"))
    before = await world.state(filled.master)
    code = await code_of(api, "settingsCopy", filled.owner, **_copy(filled.uk, filled.us, "LANGUAGE"))
    assert code == "ACCOUNT_CLOSED"
    assert await world.state(filled.master) == before


def _new(parent: Account, key: str, **more: Any) -> dict[str, Any]:
    return {"parentId": parent.id, "name": "New", "idempotencyKey": key, **more}


async def test_a_subaccount_begins_with_what_was_chosen(api: Api, filled: Brand, world: World) -> None:
    """From any account of the tree; nothing else is copied (T29)."""
    values = _new(
        filled.uk, "1", copyFrom=filled.us.id, copy=["SENDER_NAME", "FIELD_FUNCTIONS", "QUIET_HOURS"]
    )
    made = await done(api, "subaccountCreate", filled.owner, "account { id version } replayed", **values)
    assert made["account"]["version"] == 1
    query = """query ($id: ID!) { account(id: $id) { reviewApproved settings {
      senderName { value origin copiedFrom { id } } bounceLimits { origin }
      fieldFunctions { functions { text origin } } } } }"""
    found = (await api.read(query, filled.owner, id=made["account"]["id"]))["account"]
    assert found["settings"]["senderName"] == {
        "value": "Inn",
        "origin": "COPIED",
        "copiedFrom": {"id": filled.us.id},
    }
    assert found["settings"]["bounceLimits"] == {"origin": "PLATFORM"}
    assert found["settings"]["fieldFunctions"]["functions"] == [{"text": "Howdy", "origin": "COPIED"}]
    assert found["reviewApproved"] is False
    kinds = [event["type"] for event in await events_of(api, filled.owner, made["account"]["id"])]
    assert kinds == ["API_KEY_CREATED", "SETTINGS_COPIED", "ACCOUNT_CREATED"]
    again = await done(api, "subaccountCreate", filled.owner, "account { id } replayed", **values)
    assert (again["account"]["id"], again["replayed"]) == (made["account"]["id"], True)
    values["copy"] = ["SENDER_NAME"]
    assert await code_of(api, "subaccountCreate", filled.owner, **values) == "IDEMPOTENCY_MISMATCH"


async def test_what_a_subaccount_does_not_begin_with(api: Api, filled: Brand, world: World) -> None:
    member = await world.member(filled.uk, BuiltinRole.ADMINISTRATOR)
    other = await world.account()
    await world.member(other, BuiltinRole.ADMINISTRATOR, filled.owner.person)
    await set_setting(world, filled.uk, SettingName.SENDER_NAME, "UK", locked=True)
    before = await world.state(filled.master, other)
    name = {"copy": ["SENDER_NAME"]}
    for caller, more, code, field in (
        (filled.owner, {"copyFrom": filled.us.id}, "BAD_USER_INPUT", "copy"),
        (filled.owner, {"copyFrom": filled.us.id, "copy": []}, "BAD_USER_INPUT", "copy"),
        (filled.owner, name, "BAD_USER_INPUT", "copy"),
        (filled.owner, {"copyFrom": other.id, **name}, "BAD_USER_INPUT", "copyFrom"),
        (filled.owner, {"copyFrom": filled.us.id, **name}, "SETTING_LOCKED", "copy"),
        (member, {"copyFrom": filled.us.id, **name}, "NOT_FOUND", "copyFrom"),
    ):
        refused = await attempt(api, "subaccountCreate", caller, **_new(filled.uk, "1", **more))
        assert (refused.code, refused.named) == (code, field)
    assert await world.state(filled.master, other) == before
