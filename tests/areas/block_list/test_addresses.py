"""Which ways to write an address are the same entry, and which are none (T24, T26)."""

import pytest

from tests.client.api import Api
from tests.world.block_list import block, blocking
from tests.world.brand import brand_of
from tests.world.world import World

_SAME = [
    ("ann@example.com", "  ANN@Example.COM\t"),
    ("ann@example.com", "ａｎｎ@example.com"),
    ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ("ann@bücher.example", "ANN@BÜCHER.example"),
    ("ren\u00e9@example.com", "rene\u0301@example.com"),
    ("+49 30 1234567", "030/123 45 67"),
    ("+49 30 1234567", "0049 30 1234567"),
    ("+49301234567", "＋４９３０１２３４５６７"),
    ("+49301234567", "+49 (0)30 1234567"),
]
_DIFFERENT = [
    ("ann@example.com", "ann+news@example.com"),
    ("ann@example.com", "a.nn@example.com"),
    ("ann@example.com", "ann@example.org"),
    ("ann@gmail.com", "ann@googlemail.com"),
    ("+49301234567", "+43301234567"),
]
_NONE = [
    "",
    "ann",
    "ann@",
    "@example.com",
    "ann@example",
    "ann@example.com.",
    '"ann smith"@example.com',
    "ann＠example.com",
    f"ann@{'x' * 250}.com",
    "VE-ViCARE",
    "+49 30 1234567 ext. 5",
    "123",
    "+",
    "+999 1234567",
    "A" * 64,
    "a" * 63,
]


@pytest.mark.parametrize(("first", "second"), _SAME)
async def test_these_are_the_same(api: Api, world: World, first: str, second: str) -> None:
    brand = await brand_of(world)
    found = await block(api, brand.owner, brand.us, first, second, phoneCountry="DE")
    assert found == ["ADDED", "ALREADY_BLOCKED"]


@pytest.mark.parametrize(("first", "second"), _DIFFERENT)
async def test_these_are_never_merged(api: Api, world: World, first: str, second: str) -> None:
    brand = await brand_of(world)
    assert await block(api, brand.owner, brand.us, first, second, phoneCountry="DE") == ["ADDED", "ADDED"]


@pytest.mark.parametrize("text", _NONE)
async def test_these_are_none(api: Api, world: World, text: str) -> None:
    brand = await brand_of(world)
    (outcome,) = await blocking(api, brand.owner, brand.us, text, phoneCountry="DE")
    assert (outcome["outcome"], outcome["entryId"]) == ("MALFORMED", None)
    assert outcome["message"]
