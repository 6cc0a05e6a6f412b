"""What a person says of itself, and what it may take with it."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.shares import Given, give_share
from tests.world.world import World

_PROFILE = "user { name initials language timeZone version }"
_DATA = "{ viewer { personalData } }"


async def _data(api: Api, caller: Any) -> Any:
    return (await api.read(_DATA, caller))["viewer"]["personalData"]


async def test_a_person_changes_its_profile_alone(api: Api, world: World) -> None:
    """Others who see it as a member see the new one, in the order of the new name."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await world.member(account, BuiltinRole.ANALYST, await world.person("Bea"))
    person = await world.person("Anna Maria Berger")
    await world.member(account, BuiltinRole.ANALYST, person)
    values = {"name": "  Zoë de Vries ", "language": "DE-at", "timeZone": "Europe/Vienna"}
    changed = await done(api, "userUpdate", person, _PROFILE, **values, expectedVersion=1)
    assert changed["user"] == {
        "name": "Zoë de Vries",
        "initials": "ZV",
        "language": "de-AT",
        "timeZone": "Europe/Vienna",
        "version": 2,
    }
    query = "query ($id: ID!) { account(id: $id) { members { nodes { user { name language } } } } }"
    nodes = (await api.read(query, owner, id=account.id))["account"]["members"]["nodes"]
    assert {"user": {"name": "Zoë de Vries", "language": "de-AT"}} in nodes
    assert {"user": {"name": "Bea", "language": None}} in nodes


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Cher", "C"),
        ("anna berger", "ab"),
        ("Ольга Петровна Иванова", "ОИ"),
        ("李 小龍", "李小"),
        ("👩🏽‍💻 Anna", "👩🏽‍💻A"),
        ("🇦🇹 Maria ❤️x", "🇦🇹❤️"),
        ("👨‍👩‍👧‍👦 Braun", "👨‍👩‍👧‍👦B"),
        ("Q\u0307ven N\u0308", "Q\u0307N\u0308"),
        ("Q\u0307\u0323\u0331a", "Q\u0307\u0323\u0331"),
        ("李小龍", "李"),
        ("김 철수", "김철"),
        ("क्षितिज शर्मा", "क्षिश"),
        ("நிலா கௌரி", "நிகௌ"),
        ("শ্রী দাস", "শ্রীদা"),
        ("ก้อง ใจ", "ก้ใ"),
        ("محمد علي", "مع"),
        ("“Bo” (Smith)", "BS"),
        ("...", "."),
    ],
)
async def test_initials_are_of_the_first_and_the_last_word(
    name: str, initials: str, api: Api, world: World
) -> None:
    person = await world.person(name)
    assert (await api.read("{ viewer { user { initials } } }", person))["viewer"]["user"] == {
        "initials": initials
    }


@pytest.mark.parametrize(
    "values",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"name": "A\nB"},
        {"name": None},
        {"language": "german"},
        {"language": ""},
        {"timeZone": "Europe/Nowhere"},
        {"timeZone": ""},
    ],
)
async def test_bad_values_change_nothing(values: dict[str, Any], api: Api, world: World) -> None:
    person = await world.person()
    before = await _data(api, person)
    good = {"name": "Good", "language": "fr", "timeZone": "UTC"}
    refused = await attempt(api, "userUpdate", person, **good | values)
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", next(iter(values)))
    assert await _data(api, person) == before


async def test_a_key_has_no_profile(api: Api, world: World) -> None:
    key = await world.api_key(await world.account())
    assert await code_of(api, "userUpdate", key, name="A") == "PERSON_REQUIRED"
    assert await _data(api, key) is None


async def test_what_is_kept_of_a_person_is_its_own(api: Api, world: World) -> None:
    """Memberships and shares with the names of their accounts, and nobody else's."""
    member = await world.member(await world.account(name="Here"), BuiltinRole.MARKETER)
    other = await world.member(member.account, BuiltinRole.OWNER)
    opened = await world.account(name="Opened")
    giver = await world.member(opened, BuiltinRole.OWNER)
    await give_share(world, [opened], member.person, giver.person, Given(BuiltinRole.ANALYST))
    found = await _data(api, member)
    assert found["person"].keys() == {
        *("id", "name", "email", "emailVerifiedAt", "language", "timeZone", "createdAt")
    }
    assert (found["person"]["id"], found["person"]["email"]) == (member.person.id, member.person.email)
    assert [each["account"] for each in found["memberships"]] == [{"id": member.account.id, "name": "Here"}]
    assert found["memberships"][0]["role"] == "MARKETER"
    assert [each["accounts"] for each in found["shares"]] == [[{"id": opened.id, "name": "Opened"}]]
    assert (len(found["sessions"]), found["devices"]) == (1, [])
    assert (await _data(api, other))["shares"] == []
