"""Phone numbers without a country are of the account's default country, its own or inherited (T26)."""

import pytest

from models.settings.tables import SettingName
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.block_list import block, blocking, listed, unblock
from tests.world.brand import Brand, brand_of
from tests.world.settings import set_setting
from tests.world.suppressions import bounce, deliverability, resubscribe, unsubscribe
from tests.world.world import World

_NATIONAL, _INTERNATIONAL = "030 1234567", "+49301234567"


@pytest.fixture
async def brand(world: World) -> Brand:
    """A tree and the owner of its master account."""
    return await brand_of(world)


@pytest.fixture
async def german(world: World, brand: Brand) -> Brand:
    """The default country of all of it is Germany."""
    await set_setting(world, brand.master, SettingName.DEFAULT_COUNTRY, "DE")
    return brand


async def test_every_input_takes_national_numbers(api: Api, german: Brand) -> None:
    """And means the same recipient everywhere."""
    owner, account = german.owner, german.us
    assert await block(api, owner, account, _INTERNATIONAL, _NATIONAL) == ["ADDED", "ALREADY_BLOCKED"]
    (entry,) = await listed(api, owner, account, address=_NATIONAL)
    assert entry["address"] == _INTERNATIONAL
    (removed,) = await unblock(api, owner, account, _NATIONAL)
    assert (removed["outcome"], removed["entryId"]) == ("REMOVED", entry["id"])
    assert await unsubscribe(api, owner, account, _NATIONAL) == ["RECORDED"]
    assert await resubscribe(api, owner, account, _INTERNATIONAL) == "RESUBSCRIBED"
    assert await unsubscribe(api, owner, account, "+49307654321") == ["RECORDED"]
    assert await resubscribe(api, owner, account, "030 7654321") == "RESUBSCRIBED"
    assert await bounce(api, owner, account, _NATIONAL) == ["EXCLUDED"]
    (found,) = await deliverability(api, owner, account, _NATIONAL)
    assert (found["canonical"], found["rules"]) == (_INTERNATIONAL, ["FORMATTING_REMOVED", "COUNTRY_ADDED"])
    assert [each["cause"] for each in found["exclusions"]] == ["BOUNCE"]


async def test_the_request_says_another_country(api: Api, german: Brand) -> None:
    """Then the setting does not count."""
    assert await block(api, german.owner, german.us, _NATIONAL, phoneCountry="AT") == ["ADDED"]
    assert await block(api, german.owner, german.us, "+43301234567") == ["ALREADY_BLOCKED"]


async def test_the_nearest_setting_counts(api: Api, world: World, german: Brand) -> None:
    await set_setting(world, german.us, SettingName.DEFAULT_COUNTRY, "AT")
    assert await block(api, german.owner, german.us, _NATIONAL) == ["ADDED"]
    assert await block(api, german.owner, german.us, "+43301234567") == ["ALREADY_BLOCKED"]
    (found,) = await deliverability(api, german.owner, german.uk, _NATIONAL)
    assert found["canonical"] == _INTERNATIONAL


async def test_a_number_without_any_country_says_so(api: Api, brand: Brand) -> None:
    """Each in its place; what is beside it is done."""
    results = await blocking(api, brand.owner, brand.us, _NATIONAL, "ann@example.com")
    assert [each["outcome"] for each in results] == ["MALFORMED", "ADDED"]
    assert "it has no country" in results[0]["message"]
    assert await bounce(api, brand.owner, brand.us, _NATIONAL, "bob@example.com") == ["MALFORMED", "EXCLUDED"]
    (found,) = await deliverability(api, brand.owner, brand.us, _NATIONAL)
    assert "it has no country" in found["malformed"]
    values = {"accountId": brand.us.id, "address": _NATIONAL, "evidence": "The form of 3 May"}
    refused = await attempt(api, "resubscribe", brand.owner, **values)
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", "address")
    answer = await api.ask(
        'query ($id: ID!) { blockList(accountId: $id, address: "030 1234567") { nodes { id } } }',
        brand.owner,
        id=brand.us.id,
    )
    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_USER_INPUT"]


async def test_an_alphanumeric_sender_is_no_number_of_any_country(api: Api, german: Brand) -> None:
    """It is not spelled on a keypad: `VE-ViCARE` is nobody's number (T26)."""
    senders = ["VE-ViCARE", "83ViCARE73", "ＶＥ83842273", "0800-FLOWERS"]
    results = await blocking(api, german.owner, german.us, *senders)
    assert {each["outcome"] for each in results} == {"MALFORMED"}
    assert {each["message"] for each in results} == {"Not a phone number: it has letters."}
    found = await deliverability(api, german.owner, german.us, *senders)
    assert [each["canonical"] for each in found] == [None] * len(senders)
