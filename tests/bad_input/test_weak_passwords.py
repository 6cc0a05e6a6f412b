"""What others would guess first is no new password; nothing else is asked of one."""

import time
from uuid import uuid4

import pytest

from resolvers.people.passwords.weak_passwords import PasswordOwner, weakness
from server.demo.story import DEMO_PASSWORD
from tests.areas.effects.log import mails_to
from tests.bad_input.place import stored
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.world import PASSWORD, World

_OWNER = PasswordOwner("Zoë Brandt-Meyer", "zoe.brandt@north-agency.example")

_COMMON = [
    *("q1w2e3r4t5y6", "liverpool1", "mickeymouse", "International", "Password123!", "2024 Monkey 1985"),
    *("football123456789", "7777 dragon 7777", "ILOVEYOU-2024"),
]
_REPEATED = ["aaaaaaaaaa", "abcabcabcabc", "passwordpassword", "xyxyxyxyxyx", "\N{KEY}" * 20, "1212121212"]
_IN_ORDER = ["1234567890", "98765432109", "abcdefghijkl", "LKJIHGFEDCBA", "qwertyuiopas", "123-456-7890"]
_OWN = [
    *("Brandt-Meyer", "meyer brandt", "zoe.brandt", "ZOEBRANDT1985", "zoë meyer 19850312", "north-agency"),
    *("Mandant2026", "mandant mandant!", "my mandant", "brandt@north-agency"),
]
_GOOD = [
    *(PASSWORD, DEMO_PASSWORD, "x7kq9mzp2w", "monkey8390271645", "zoe went up north", "eleven monkeys"),
    *("mandant of a horse", "1985 was no year", "8305917264", "пароль зимой летом", "\N{KEY}" * 9 + "x"),
    *('!"§$%&/()=?', 'zoe!"§$%&/()=?', 'abc!"§$%&/()=?'),
]


@pytest.mark.parametrize("password", [*_COMMON, *_REPEATED, *_IN_ORDER, *_OWN])
def test_what_others_would_guess_is_weak(password: str) -> None:
    found = weakness(password, _OWNER)
    assert found is not None
    expected = {"common": _COMMON, "repeats": _REPEATED, "sequence": _IN_ORDER, "name": _OWN}
    (word,) = [each for each, passwords in expected.items() if password in passwords]
    assert word in found


@pytest.mark.parametrize("password", _GOOD)
def test_what_is_long_enough_and_nobodys_first_guess_is_not(password: str) -> None:
    """Of letters alone, or of digits alone, too."""
    assert weakness(password, _OWNER) is None


def test_what_is_made_up_to_take_long_takes_no_time() -> None:
    owner = PasswordOwner("ab " * 66, f"{'c.d' * 20}@{'ef.' * 60}example.com")
    began = time.process_time()
    for text in ("ab" * 499 + "cd", ("a" * 499 + "b") * 2, "0" * 999 + "a", "abc" * 333, "1234567890" * 100):
        weakness(text, owner)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("password", ["liverpool1", "1234567890", "PersonPerson"])
async def test_nowhere_is_a_weak_password_set(stranger: Api, world: World, password: str) -> None:
    """Neither by signing up, nor by a change, nor by a link, which can be used again."""
    person = await world.person(name="Person")
    await done(stranger, "passwordResetRequest", None, email=person.email)
    token = (await mails_to(world.database, person.email))[-1].token
    before = await stored(world)
    new = {"name": "Person", "email": f"{uuid4().hex}@example.com", "accountName": "B", "password": password}
    tries = {
        "signUp": (None, new, "password"),
        "passwordChange": (
            person,
            {"currentPassword": PASSWORD, "newPassword": password},
            "newPassword",
        ),
        "passwordReset": (None, {"token": token, "newPassword": password}, "newPassword"),
    }
    for name, (caller, values, field) in tries.items():
        refused = await attempt(stranger, name, caller, **values)
        assert refused.user_error is not None
        assert (refused.code, refused.user_error["field"]) == ("BAD_USER_INPUT", ["input", field])
        assert refused.user_error["message"].endswith("Choose another one.")
    assert await stored(world) == before
    assert await code_of(stranger, "passwordReset", None, token=token, newPassword="of many words") == ""
