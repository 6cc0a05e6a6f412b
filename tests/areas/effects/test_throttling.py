"""How often a password may be tried (T33): counted in each field, for each address, and for each place.

A limit stops whoever tries, and nobody else; it says when it can be tried again.
"""

import asyncio
import time
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from models.effects.attempts import attempts
from models.people.devices import devices
from resolvers.people.devices import MOST_OF_A_PERSON
from resolvers.people.sign_in_limits import OF_A_DEVICE, OF_AN_ADDRESS
from tests.authz.cases.moments import hash_quickly, open_session
from tests.client.api import Api
from tests.client.mutations import Token, code_of, done
from tests.client.places import new_network, new_place
from tests.world.world import PASSWORD, Person, World

ROOT = Path(__file__).parents[3]
_WINDOW = 600
"""Seconds that tries are counted for."""
_FROM_A_PLACE = 20
_OF_AN_ADDRESS = 10


@pytest.fixture(autouse=True)
async def _in_one_window() -> None:
    """Windows begin at fixed times: a test must not run across such a time."""
    left = _WINDOW - time.time() % _WINDOW
    if left < 30:
        await asyncio.sleep(left)


async def _person(world: World, email: str | None = None) -> Person:
    """Somebody whose password takes no time to check."""
    person = await world.person(email=email)
    await hash_quickly(world.database, person)
    return person


async def _sign_in_codes(api: Api, email: str, *passwords: str) -> list[str]:
    return [await code_of(api, "signIn", None, email=email, password=password) for password in passwords]


async def test_guesses_elsewhere_refuse_nobody(app: Starlette, world: World) -> None:
    """Some from each of nine places, and nine from one network of IPv6: the person signs in all the same."""
    person = await _person(world)
    network = new_network()
    for place in [*(new_place() for _ in range(9)), f"{network}1"]:
        guesses = ["a wrong password"] * (9 if ":" in place else 2)
        async with Api.of(app, place) as api:
            assert set(await _sign_in_codes(api, person.email, *guesses)) == {"SIGN_IN_REFUSED"}
    async with Api.of(app, new_place()) as elsewhere, Api.of(app, f"{network}2") as neighbour:
        assert await _sign_in_codes(elsewhere, person.email, PASSWORD) == [""]
        guesses = ["a wrong password"] * 2
        assert await _sign_in_codes(neighbour, person.email, *guesses) == ["SIGN_IN_REFUSED", "RATE_LIMITED"]


async def test_a_known_device_is_counted_by_itself(
    app: Starlette, world: World, database: AsyncEngine
) -> None:
    """Many places that guess together lock out unknown devices alone; a known one is somebody's own."""
    person, other = await _person(world), await _person(world)
    place = new_place()
    async with Api.of(app, place) as api:
        known = {"email": person.email, "deviceToken": await _device(api, person)}
        stolen = {"email": person.email, "deviceToken": await _device(api, other)}
        subjects = [f"sign-in {person.email}", f"sign-in from {place}"]
        await _fill(database, subjects, OF_AN_ADDRESS)
        right = {"password": PASSWORD}
        assert await _sign_in_codes(api, person.email, PASSWORD) == ["RATE_LIMITED"]
        assert await code_of(api, "signIn", None, **stolen, **right) == "RATE_LIMITED"
        made = await done(api, "signIn", None, "deviceToken", **known, **right)
        assert made["deviceToken"] == known["deviceToken"]
        wrong = {"password": "a wrong password"}
        codes = [await code_of(api, "signIn", None, **known, **wrong) for _ in range(OF_A_DEVICE + 1)]
        assert codes == ["SIGN_IN_REFUSED"] * OF_A_DEVICE + ["RATE_LIMITED"]
        assert await code_of(api, "signIn", None, **known, **right) == "RATE_LIMITED"


async def _device(api: Api, person: Person) -> str:
    wanted = {"email": person.email, "password": PASSWORD}
    made = await done(api, "signIn", None, "deviceToken", **wanted)
    return str(made["deviceToken"])


async def _fill(database: AsyncEngine, subjects: list[str], times: int) -> None:
    """As if so often had been tried in the window."""
    async with database.begin() as connection:
        for subject, window in product(subjects, (_WINDOW, 3600)):
            start = func.to_timestamp(func.floor(func.extract("epoch", func.now()) / window) * window)
            made = insert(attempts).values(subject=subject, window_start=start, count=times)
            await connection.execute(
                made.on_conflict_do_update(index_elements=["subject", "window_start"], set_={"count": times})
            )


async def test_a_persons_devices_are_bounded(stranger: Api, world: World, database: AsyncEngine) -> None:
    person = await _person(world)
    made = [await _device(stranger, person) for _ in range(MOST_OF_A_PERSON + 2)]
    assert len(set(made)) == len(made)
    statement = select(func.count()).where(devices.c.user_id == person.key)
    async with database.connect() as connection:
        assert (await connection.execute(statement)).scalar_one() == MOST_OF_A_PERSON


async def test_what_succeeds_does_not_count(app: Starlette, world: World) -> None:
    """However often somebody signs in, at once and one after the other."""
    person = await _person(world)
    async with Api.of(app, new_place()) as api:
        for _ in range(3):
            codes = await asyncio.gather(*(_sign_in_codes(api, person.email, PASSWORD) for _ in range(5)))
            assert codes == [[""]] * 5
        guesses = ["a wrong password"] * _OF_AN_ADDRESS
        assert set(await _sign_in_codes(api, person.email, *guesses)) == {"SIGN_IN_REFUSED"}


async def test_a_stolen_session_does_not_lock_its_persons_own(stranger: Api, world: World) -> None:
    person = await _person(world)
    own = Token(await open_session(world.database, person))
    guess = {"currentPassword": "a wrong password", "newPassword": "a much better password"}
    for _ in range(_OF_AN_ADDRESS + 1):
        refused = await code_of(stranger, "passwordChange", person, **guess)
    assert refused == "RATE_LIMITED"
    right = {"currentPassword": PASSWORD, "newPassword": "a much better password"}
    assert await code_of(stranger, "passwordChange", own, **right) == ""


async def test_a_limit_says_when_to_try_again(stranger: Api, world: World) -> None:
    """In the payload, and over HTTP by the longest of an answer's; what else it did is done."""
    person, other = await _person(world), await _person(world)
    await _sign_in_codes(stranger, person.email, *["a wrong password"] * _OF_AN_ADDRESS)
    one = "{ userErrors { code message ... on RateLimited { retryAfter } } }"
    query = f"""mutation ($one: SignInInput!, $other: SignInInput!) {{
      one: signIn(input: $one) {one} other: signIn(input: $other) {one} }}"""
    variables = {
        name: {"email": each.email, "password": PASSWORD}
        for name, each in (("one", person), ("other", other))
    }
    response = await stranger.http.post("/graphql", json={"query": query, "variables": variables})
    data = response.json()["data"]
    (error,) = data["one"]["userErrors"]
    assert (error["code"], data["other"]["userErrors"], response.status_code) == ("RATE_LIMITED", [], 200)
    assert 1 <= error["retryAfter"] <= _WINDOW
    assert error["message"] == f"Too many attempts; try again in {error['retryAfter']} seconds."
    assert response.headers["retry-after"] == str(error["retryAfter"])
    wrong = {"query": query, "variables": variables | {"one": variables["other"]}}
    assert "retry-after" not in (await stranger.http.post("/graphql", json=wrong)).headers


def test_every_limit_says_so() -> None:
    """There is one refusal by a limit, which has the seconds."""
    uses = {
        path.name
        for folder in ("authz", "resolvers", "schema", "server")
        for path in (ROOT / folder).rglob("*.py")
        if "RefusalCode.RATE_LIMITED" in path.read_text(encoding="utf-8")
    }
    assert uses == {"refusals.py"}


async def test_aliases_of_one_request_count_each(stranger: Api, world: World) -> None:
    """T33: five sign-ins in one request are five tries; after ten not even the right password helps."""
    person, other = await _person(world), await _person(world)
    tries = " ".join(
        f'a{n}: signIn(input: {{email: "{person.email}", password: "guess number {n}"}})'
        " { token userErrors { code } }"
        for n in range(5)
    )
    answers = [await stranger.read(f"mutation {{ {tries} }}") for _ in range(3)]
    codes = [data[f"a{n}"]["userErrors"][0]["code"] for data in answers for n in range(5)]
    assert codes == ["SIGN_IN_REFUSED"] * _OF_AN_ADDRESS + ["RATE_LIMITED"] * (15 - _OF_AN_ADDRESS)
    assert await _sign_in_codes(stranger, person.email, PASSWORD) == ["RATE_LIMITED"]
    assert await _sign_in_codes(stranger, other.email, PASSWORD) == [""]


async def test_spellings_of_one_address_are_one_address(stranger: Api, world: World) -> None:
    """T24, T33: what signs in the same person is counted together, or each spelling buys ten more tries."""
    local = f"anna-{uuid4().hex}"
    await _person(world, f"{local}@example.com")
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
    person = await _person(world)
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
    """A registered address answers a sign-up with its own person for the right password only. What is mailed
    of others is limited, and beyond that those are tries too."""
    person = await _person(world)
    guess = {"name": "A", "email": person.email, "password": "a wrong password", "accountName": "B"}
    ups = [await code_of(stranger, "signUp", None, **guess) for _ in range(7)]
    ins = await _sign_in_codes(stranger, person.email, *["a wrong password"] * (_OF_AN_ADDRESS - 1))
    assert ups == [""] * 5 + ["RATE_LIMITED"] * 2
    assert ins == ["SIGN_IN_REFUSED"] * (_OF_AN_ADDRESS - 2) + ["RATE_LIMITED"]
