"""How often a password may be tried (T33): counted in each field, for each address, and for each place."""

import asyncio
import time
from uuid import uuid4

import pytest

from tests.api import Api
from tests.resolvers.mutations import code_of
from tests.world import PASSWORD, World

_WINDOW = 600
"""Seconds that tries are counted for."""
_FROM_A_PLACE = 20
_OF_AN_ADDRESS = 10


@pytest.fixture(autouse=True)
async def _in_one_window() -> None:
    """Windows begin at fixed times: a test must not run across such a time."""
    left = _WINDOW - time.time() % _WINDOW
    if left < 15:
        await asyncio.sleep(left)


async def _sign_in_codes(api: Api, email: str, *passwords: str) -> list[str]:
    return [await code_of(api, "signIn", None, email=email, password=password) for password in passwords]


async def test_aliases_of_one_request_count_each(stranger: Api, world: World) -> None:
    """T33: twenty sign-ins in one request are twenty tries; then not even the right password helps."""
    person, other = await world.person(), await world.person()
    tries = " ".join(
        f'a{n}: signIn(input: {{email: "{person.email}", password: "guess number {n}"}})'
        " { token userErrors { code } }"
        for n in range(20)
    )
    data = await stranger.read(f"mutation {{ {tries} }}")
    codes = [data[f"a{n}"]["userErrors"][0]["code"] for n in range(20)]
    assert codes == ["SIGN_IN_REFUSED"] * _OF_AN_ADDRESS + ["RATE_LIMITED"] * (20 - _OF_AN_ADDRESS)
    assert await _sign_in_codes(stranger, person.email, PASSWORD) == ["RATE_LIMITED"]
    assert await _sign_in_codes(stranger, other.email, PASSWORD) == [""]


async def test_spellings_of_one_address_are_one_address(stranger: Api, world: World) -> None:
    """T24, T33: what signs in the same person is counted together, or each spelling buys ten more tries."""
    local = f"anna-{uuid4().hex}"
    await world.person(email=f"{local}@example.com")
    domains = ["example.com", "EXAMPLE.com", "example。com", *(f"{_wide(n)}.com" for n in range(1, 9))]
    codes = [
        await code_of(stranger, "signIn", None, email=f" {local}@{domain}", password="a wrong password")
        for domain in domains
    ]
    assert codes == ["SIGN_IN_REFUSED"] * _OF_AN_ADDRESS + ["RATE_LIMITED"]


def _wide(number: int) -> str:
    """`example` with full-width letters at the places of the number's bits."""
    return "".join(
        chr(ord(letter) + 0xFEE0) if number >> place & 1 else letter for place, letter in enumerate("example")
    )


async def test_the_current_password_can_be_guessed_ten_times(stranger: Api, world: World) -> None:
    person = await world.person()
    guess = {"currentPassword": "a wrong password", "newPassword": "a much better password"}
    codes = [await code_of(stranger, "passwordChange", person, **guess) for _ in range(_OF_AN_ADDRESS + 1)]
    assert codes == ["SIGN_IN_REFUSED"] * _OF_AN_ADDRESS + ["RATE_LIMITED"]
    right = {"currentPassword": PASSWORD, "newPassword": "a much better password"}
    assert await code_of(stranger, "passwordChange", person, **right) == "RATE_LIMITED"


async def test_one_place_signs_up_twenty_times(stranger: Api) -> None:
    codes = [
        await code_of(
            stranger, "signUp", None, name="", email=f"{uuid4().hex}@example.com", password=PASSWORD
        )
        for _ in range(_FROM_A_PLACE + 1)
    ]
    assert codes == ["BAD_USER_INPUT"] * _FROM_A_PLACE + ["RATE_LIMITED"]


async def test_signing_up_is_no_way_around(stranger: Api, world: World) -> None:
    """A registered address answers a sign-up with the right password only, so those are tries too."""
    person = await world.person()
    guess = {"name": "A", "email": person.email, "password": "a wrong password", "accountName": "B"}
    ups = [await code_of(stranger, "signUp", None, **guess) for _ in range(2)]
    ins = await _sign_in_codes(stranger, person.email, *["a wrong password"] * (_OF_AN_ADDRESS - 1))
    assert ups == ["SIGN_UP_REFUSED"] * 2
    assert ins == ["SIGN_IN_REFUSED"] * (_OF_AN_ADDRESS - 2) + ["RATE_LIMITED"]
