"""Settings: who sets them, what is inherited, and where each value comes from (N15, R83)."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.settings.tables import SettingName
from models.staff.overrides import OverrideKind
from resolvers.settings.values import BounceLimits
from tests.areas.effects.log import events_of, last_event
from tests.areas.settings.seen import TEXTS, settings_of
from tests.authz.cases.moments import NEXT_MONTH
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import attempt, code_of, done
from tests.engine.paths import Path
from tests.world.brand import Brand
from tests.world.settings import set_function, set_setting
from tests.world.shares import Given, give_share
from tests.world.staff import set_override, staff_member
from tests.world.world import World


@pytest.mark.parametrize("path", Path)
async def test_nobody_has_set_anything(path: Path, api: Api, brand: Brand) -> None:
    """Then the platform's values hold, or none."""
    found = await settings_of(api, brand.owner, brand.store, path)
    values = {name: found[name]["value"] for name in TEXTS}
    usual = {"timeZone": "UTC", "language": "en", "campaignApproval": "NONE"}
    assert values == dict.fromkeys(TEXTS) | usual
    assert found["bounceLimits"]["value"] == {"softBounces": 5, "days": 30}
    assert found["quietHours"]["value"] is None
    assert found["fieldFunctions"]["functions"] == []
    for name in (*TEXTS, "bounceLimits", "quietHours"):
        assert (found[name]["origin"], found[name]["ownValue"], found[name]["isLocked"]) == (
            "PLATFORM",
            None,
            False,
        )


@pytest.mark.parametrize("path", Path)
async def test_what_is_not_set_is_inherited_from_the_nearest(
    path: Path, api: Api, brand: Brand, world: World
) -> None:
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de")
    await set_setting(world, brand.us, SettingName.LANGUAGE, "en-US", copied_from=brand.uk)
    await set_setting(world, brand.master, SettingName.BOUNCE_LIMITS, BounceLimits(2, 3))
    expected = {
        brand.master: ("de", "OWN", None, None),
        brand.uk: ("de", "INHERITED", brand.master, None),
        brand.us: ("en-US", "COPIED", None, brand.uk),
        brand.store: ("en-US", "INHERITED", brand.us, None),
    }
    for account, (value, origin, inherited_from, copied_from) in expected.items():
        found = await settings_of(api, brand.owner, account, path)
        language = found["language"]
        assert (language["value"], language["origin"]) == (value, origin)
        assert language["inheritedFrom"] == (inherited_from and {"id": inherited_from.id})
        assert language["copiedFrom"] == (copied_from and {"id": copied_from.id})
        assert (language["copiedAt"] is not None) is (copied_from is not None)
        assert found["bounceLimits"]["value"] == {"softBounces": 2, "days": 3}


def _values(account_id: str, **values: Any) -> dict[str, Any]:
    return {"accountId": account_id, **values}


async def test_an_update_changes_what_it_names_and_tells_the_log(
    api: Api, brand: Brand, world: World
) -> None:
    """Null gives up the account's own value; what changes nothing leaves no trace."""
    limits = {"softBounces": 3, "days": 7}
    values = {
        "timeZone": "Europe/Vienna",
        "defaultCountry": "at",
        "language": "DE-at",
        "bounceLimits": limits,
    }
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, **values))
    found = await settings_of(api, brand.owner, brand.us)
    assert [found[name]["value"] for name in values] == ["Europe/Vienna", "AT", "de-AT", limits]
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["before"]) == (
        "SETTINGS_UPDATED",
        dict.fromkeys(
            ["time_zone", "default_country", "language", "bounce_limits.soft_bounces", "bounce_limits.days"]
        ),
    )
    assert (event["after"]["language"], event["after"]["bounce_limits.days"]) == ("de-AT", 7)
    before = await world.state(brand.master)
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, **values))
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, lock=[], quietHours=None))
    assert await world.state(brand.master) == before, "nothing is written where nothing changes"
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, language=None))
    found = await settings_of(api, brand.owner, brand.us)
    assert (found["language"]["value"], found["language"]["origin"]) == ("en", "PLATFORM")
    assert found["timeZone"]["origin"] == "OWN"
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["before"], event["after"]) == ({"language": "de-AT"}, {"language": None})


async def test_a_value_that_was_copied_is_ones_own_once_it_changes(
    api: Api, brand: Brand, world: World
) -> None:
    """The same value again leaves it a copy, and so does a lock."""
    await set_setting(world, brand.us, SettingName.SENDER_NAME, "Inn", copied_from=brand.uk)
    first = (await settings_of(api, brand.owner, brand.us))["senderName"]
    update = _values(brand.us.id, senderName="Inn", lock=["SENDER_NAME"])
    await done(api, "settingsUpdate", brand.owner, **update)
    again = (await settings_of(api, brand.owner, brand.us))["senderName"]
    assert again == first | {"locksBelow": True}
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, senderName="Hotel"))
    found = (await settings_of(api, brand.owner, brand.us))["senderName"]
    assert (found["origin"], found["copiedFrom"], found["copiedAt"]) == ("OWN", None, None)


WRONG: dict[str, list[Any]] = {
    "timeZone": ["Mars/Base", "", "europe/berlin"],
    "defaultCountry": ["XX", "DEU", ""],
    "language": ["deutsch", "de-XX", "xx", "de_AT", "de-AT-1996", ""],
    "senderName": ["", " ", "a\nb", "x" * 201, "In\u200bn"],
    "senderAddress": ["inn", "inn@", "a b@example.com", "HOTEL24", "0800-FLOWERS", "+46701234567", "46738"],
    "campaignApproval": ["", "none", "EVERYBODY", "ANOTHER_PERSON "],
    "unsubscribePage": [
        "http://example.com",
        "https://",
        "https://example",
        "https://a:b@example.com",
        "https://example.com:0/",
        "https://example.com:x/",
        "https://[::1]/",
        "https://exa mple.com",
        "https://münchen.example.com",
        f"https://example.com/{'x' * 2000}",
        "javascript:alert(1)",
    ],
    "bounceLimits": [
        {"softBounces": number, "days": days}
        for number, days in ((0, 1), (1, 0), (101, 1), (1, 366), (-1, 5))
    ],
    "quietHours": [
        {"start": start, "end": end}
        for start, end in (("24:00", "01:00"), ("1:00", "02:00"), ("01:00", "01:00"), ("01:00", "02:60"))
    ],
    "fieldFunctions": [[{"name": f"a{number}", "text": "b"} for number in range(101)]],
}
WRONG_FUNCTIONS = [
    {"name": "Greeting", "text": "a"},
    {"name": "1a", "text": "a"},
    {"name": "a" * 51, "text": "a"},
    {"name": "a", "text": " \n"},
    {"name": "a", "text": "x" * 2001},
    {"name": "a", "text": "\x1b"},
    {"name": "b", "text": "c"},
]


@pytest.mark.parametrize("name", ["HOTEL24", "0800-FLOWERS", "83ViCARE73", "+46701234567", "46738"])
async def test_the_name_of_a_sender_is_no_number(name: str, api: Api, brand: Brand) -> None:
    """T26: it stays as it was typed, also where it could be spelled on a keypad or is all digits."""
    values = _values(brand.us.id, senderName=name, defaultCountry="SE")
    await done(api, "settingsUpdate", brand.owner, **values)
    for account in (brand.us, brand.store):
        assert (await settings_of(api, brand.owner, account))["senderName"]["value"] == name
    event = await last_event(api, brand.owner, brand.us.id)
    assert event["after"]["sender_name"] == name


@pytest.mark.parametrize("field", WRONG)
async def test_what_is_no_such_value_is_refused(field: str, api: Api, brand: Brand, world: World) -> None:
    before = await world.state(brand.master)
    for value in WRONG[field]:
        refused = await attempt(api, "settingsUpdate", brand.owner, **_values(brand.us.id, **{field: value}))
        assert (refused.code, refused.named) == ("BAD_USER_INPUT", field), value
    assert await world.state(brand.master) == before


async def test_a_wrong_field_function_is_named_by_its_position(api: Api, brand: Brand, world: World) -> None:
    """The last one has the name of one before it."""
    before = await world.state(brand.master)
    for wrong in WRONG_FUNCTIONS:
        functions = [{"name": "b", "text": "c"}, {"name": "d", "text": None}, wrong]
        given = _values(brand.us.id, fieldFunctions=functions)
        refused = await attempt(api, "settingsUpdate", brand.owner, **given)
        assert (refused.code, refused.named) == ("BAD_USER_INPUT", "fieldFunctions.2"), wrong
    assert await world.state(brand.master) == before


async def test_field_functions_are_inherited_and_replaced_name_by_name(
    api: Api, brand: Brand, world: World
) -> None:
    await set_function(world, brand.master, "greeting", "Hello")
    await set_function(world, brand.master, "farewell", "Bye")
    functions = [{"name": "greeting", "text": "Howdy"}, {"name": "sign", "text": "Tom\n\tand Ann"}]
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, fieldFunctions=functions))
    found = (await settings_of(api, brand.owner, brand.store))["fieldFunctions"]["functions"]
    assert [(one["name"], one["text"], one["inheritedFrom"]["id"]) for one in found] == [
        ("farewell", "Bye", brand.master.id),
        ("greeting", "Howdy", brand.us.id),
        ("sign", "Tom\n\tand Ann", brand.us.id),
    ]
    event = await last_event(api, brand.owner, brand.us.id)
    assert event["before"] == {"field_functions.greeting": None, "field_functions.sign": None}
    removal = [{"name": "greeting", "text": None}, {"name": "unknown"}]
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, fieldFunctions=removal))
    found = (await settings_of(api, brand.owner, brand.us))["fieldFunctions"]
    assert [one["text"] for one in found["functions"]] == ["Bye", "Hello", "Tom\n\tand Ann"]
    assert [one["name"] for one in found["ownFunctions"]] == ["sign"]
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, fieldFunctions=None))
    found = (await settings_of(api, brand.owner, brand.us))["fieldFunctions"]
    assert [one["origin"] for one in found["functions"]] == ["INHERITED", "INHERITED"]
    assert found["ownFunctions"] == []


async def test_an_account_has_a_hundred_field_functions(api: Api, brand: Brand, world: World) -> None:
    first = [{"name": f"a{number}", "text": "b"} for number in range(100)]
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, fieldFunctions=first))
    before = await world.state(brand.master)
    more = [{"name": "b", "text": "c"}]
    refused = await attempt(api, "settingsUpdate", brand.owner, **_values(brand.us.id, fieldFunctions=more))
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", "fieldFunctions")
    assert await world.state(brand.master) == before
    swapped = [*more, {"name": "a0"}]
    await done(api, "settingsUpdate", brand.owner, **_values(brand.us.id, fieldFunctions=swapped))


async def test_support_turns_field_functions_off(api: Api, brand: Brand, world: World) -> None:
    """R83: below as well, and what is stored stays."""
    agent = await staff_member(world)
    await set_function(world, brand.master, "greeting", "Hello")
    await set_function(world, brand.us, "sign", "Tom")
    await set_override(world, brand.us, OverrideKind.FIELD_FUNCTIONS, agent, field_functions=False)
    for account in (brand.us, brand.store):
        found = (await settings_of(api, brand.owner, account))["fieldFunctions"]
        assert found["functions"] == []
    assert [one["text"] for one in found["ownFunctions"]] == []
    await set_override(world, brand.store, OverrideKind.FIELD_FUNCTIONS, agent, field_functions=True)
    found = (await settings_of(api, brand.owner, brand.store))["fieldFunctions"]
    assert [one["text"] for one in found["functions"]] == ["Hello", "Tom"]


async def test_a_guest_sees_no_account_above(api: Api, brand: Brand, world: World) -> None:
    """Nor who it is that a value comes from, or that locks it."""
    guest = await world.person()
    await give_share(world, [brand.us], guest, brand.owner.person, Given(BuiltinRole.ADMINISTRATOR))
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de", locked=True)
    await set_setting(world, brand.us, SettingName.SENDER_NAME, "Inn", copied_from=brand.uk)
    await set_function(world, brand.master, "greeting", "Hello")
    found = await settings_of(api, guest, brand.us)
    language, name = found["language"], found["senderName"]
    assert (language["value"], language["origin"], language["isLocked"]) == ("de", "INHERITED", True)
    assert (language["inheritedFrom"], language["lockedBy"]) == (None, None)
    assert (name["origin"], name["copiedFrom"]) == ("COPIED", None)
    (function,) = found["fieldFunctions"]["functions"]
    assert (function["origin"], function["inheritedFrom"]) == ("INHERITED", None)
    refused = await attempt(api, "settingsUpdate", guest, **_values(brand.us.id, language="fr"))
    assert refused.user_error is not None
    assert (refused.code, refused.user_error["blockers"]) == ("SETTING_LOCKED", [])
    assert brand.master.id not in str(refused.answer.data)
    assert brand.master.name not in str(refused.answer.data)


async def test_who_has_a_right_that_ends_sets_and_does_not_lock(api: Api, brand: Brand, world: World) -> None:
    """A setting gives no access; a lock binds others for good."""
    guest, member = await world.person(), await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await give_share(world, [brand.us], guest, brand.owner.person, Given(BuiltinRole.ADMINISTRATOR))
    temporary = await world.member(brand.us, BuiltinRole.ADMINISTRATOR, expires_at=NEXT_MONTH)
    callers: list[Caller] = [guest, temporary, member]
    for number, caller in enumerate(callers):
        await done(api, "settingsUpdate", caller, **_values(brand.us.id, senderName=f"By {number}"))
    here = await world.member(brand.us, await world.role(brand.us, "ACCOUNT_READ SETTINGS_WRITE"))
    before = await world.state(brand.master)
    lock = _values(brand.us.id, lock=["LANGUAGE"])
    assert await code_of(api, "settingsUpdate", guest, **lock) == "REACHED_BY_SHARE"
    assert await code_of(api, "settingsUpdate", temporary, **lock) == "RIGHT_ENDS"
    assert await code_of(api, "settingsUpdate", here, **lock) == "FORBIDDEN"
    both = _values(brand.us.id, lock=["LANGUAGE"], unlock=["LANGUAGE"])
    assert await code_of(api, "settingsUpdate", member, **both) == "BAD_USER_INPUT"
    assert await world.state(brand.master) == before
    await done(api, "settingsUpdate", member, **lock)


async def test_whoever_is_above_may_read_only(api: Api, brand: Brand, world: World) -> None:
    """What is set above is inherited all the same."""
    await set_parent_access(world, brand.us, ParentAccess.READ_ONLY)
    await done(api, "settingsUpdate", brand.owner, **_values(brand.master.id, language="de"))
    assert (await settings_of(api, brand.owner, brand.us))["language"]["value"] == "de"
    code = await code_of(api, "settingsUpdate", brand.owner, **_values(brand.us.id, language="fr"))
    assert code == "FORBIDDEN"
    assert len(await events_of(api, brand.owner, brand.us.id)) == 0
