"""Passwords have 10 to 1,000 characters, of any kind."""

import time
import unicodedata
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from resolvers.people.passwords.new_passwords import is_password_of, typed_password
from tests.bad_input.place import stored
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.world import PASSWORD, World

_WRONG = {"empty": "", "9 letters": "x" * 9, "1,001 letters": "x" * 1_001, "9 emojis": "\N{KEY}" * 9}


@pytest.mark.parametrize("what", _WRONG)
async def test_a_new_password_of_a_wrong_length_is_refused(stranger: Api, world: World, what: str) -> None:
    person = await world.person()
    before = await stored(world)
    new = {"name": "A", "email": f"{uuid4().hex}@example.com", "accountName": "B"}
    signed_up = await attempt(stranger, "signUp", None, **new, password=_WRONG[what])
    change = {"currentPassword": PASSWORD, "newPassword": _WRONG[what]}
    changed = await attempt(stranger, "passwordChange", person, **change)
    for refused, field in ((signed_up, "password"), (changed, "newPassword")):
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", field]
    assert await stored(world) == before
    assert await code_of(stranger, "signIn", None, email=person.email, password=PASSWORD) == ""


@pytest.mark.parametrize("password", ["\N{KEY}" * 999 + "x", " pässwörd\u0301 שלום "])
async def test_a_password_of_the_right_length_works_as_it_was_typed(
    stranger: Api, world: World, password: str
) -> None:
    person = await world.person()
    await done(stranger, "passwordChange", person, currentPassword=PASSWORD, newPassword=password)
    assert await code_of(stranger, "signIn", None, email=person.email, password=password) == ""
    longer = password + "x"
    assert await code_of(stranger, "signIn", None, email=person.email, password=longer) == "SIGN_IN_REFUSED"


async def test_no_answer_repeats_a_password(stranger: Api, world: World) -> None:
    person = await world.person()
    secret = "do not repeat this"
    attempts = [
        await attempt(stranger, "signIn", None, email=person.email, password=secret),
        await attempt(stranger, "passwordChange", person, currentPassword=secret, newPassword="short"),
        await attempt(
            stranger, "passwordChange", person, currentPassword=secret, newPassword=secret + "\x00"
        ),
        await attempt(stranger, "signIn", None, email="anna", password=secret, unknown=secret),
    ]
    assert [found.code for found in attempts] == [
        "SIGN_IN_REFUSED",
        "SIGN_IN_REFUSED",
        "BAD_USER_INPUT",
        "BAD_USER_INPUT",
    ]
    for found in attempts[:3]:
        assert secret not in str(found.answer)


SPELLINGS = {
    "composed": ("pässwörd é", "pässwörd é"),
    "a wide space": ("long pass word", "long\u00a0pass\u3000word"),
    "hangul": ("아주긴비밀번호를씁니다", unicodedata.normalize("NFD", "아주긴비밀번호를씁니다")),
}


@pytest.mark.parametrize("what", SPELLINGS)
async def test_a_password_is_the_same_however_it_is_typed(stranger: Api, world: World, what: str) -> None:
    one, other = SPELLINGS[what]
    composed, decomposed = unicodedata.normalize("NFC", one), unicodedata.normalize("NFD", other)
    assert composed != decomposed
    for new, typed in ((composed, decomposed), (decomposed, composed)):
        person = await world.person()
        await done(stranger, "passwordChange", person, currentPassword=PASSWORD, newPassword=new)
        assert await code_of(stranger, "signIn", None, email=person.email, password=typed) == ""
        wrong = typed.upper()[::-1] + "x"
        assert await code_of(stranger, "signIn", None, email=person.email, password=wrong) == (
            "SIGN_IN_REFUSED"
        )


@pytest.mark.parametrize("password", ["good pass\u200bword", "good pass\tword", "good pass\U000e0041word"])
async def test_a_password_of_what_cannot_be_seen_is_refused(
    stranger: Api, world: World, password: str
) -> None:
    person = await world.person()
    before = await stored(world)
    change = {"currentPassword": PASSWORD, "newPassword": password}
    assert await code_of(stranger, "passwordChange", person, **change) == "BAD_USER_INPUT"
    assert await stored(world) == before
    assert await code_of(stranger, "signIn", None, email=person.email, password=password) == "SIGN_IN_REFUSED"


def test_a_stored_hash_of_a_plain_password_stays_good() -> None:
    """Whatever the parameters were that it was made with."""
    assert is_password_of(typed_password(PASSWORD), PasswordHasher().hash(PASSWORD))


def test_the_longest_passwords_are_read_in_no_time() -> None:
    began = time.process_time()
    for text in ("\u30fba" * 500, "\u0661" * 999 + "a", "\u0e33" * 1_000, "\u200c\u0628" * 500):
        assert not is_password_of(typed_password(text), None)
    assert time.process_time() - began < 2, "each takes what argon2 takes, and some milliseconds"
