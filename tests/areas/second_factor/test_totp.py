"""Codes of an app, and recovery codes."""

import asyncio
from xml.etree import ElementTree

from sqlalchemy import select

from models.second_factor.tables import recovery_codes, totp_secrets
from resolvers.second_factor.totp import matching_step
from tests.areas.effects.log import mails_to
from tests.areas.second_factor.steps import (
    App,
    challenged,
    code_is_taken,
    early_in_a_step,
    factor_of,
    forget_codes,
    set_up_app,
    sign_in_by_code,
    with_app,
)
from tests.areas.sessions.stored import give_session
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.world import PASSWORD, World

_QUIET_ZONE = 4
"""In modules, on each side of a QR code."""


async def _answers(api: Api, caller: Caller) -> bool:
    return (await api.ask("{ viewer { id } }", caller)).errors == []


async def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, with six digits: the secret is 12345678901234567890."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert matching_step(secret, "287082", 59) == 1
    assert matching_step(secret, "081804", 1_111_111_109) == 37_037_036
    assert matching_step(secret, "287082", 89) == 1
    assert matching_step(secret, "287082", 90) is None


async def test_an_app_is_asked_at_the_next_sign_in(stranger: Api, world: World) -> None:
    person = await world.person()
    _, other = await give_session(world, person)
    app, codes = await set_up_app(stranger, person)
    assert len(set(codes)) == 10
    assert not await _answers(stranger, other), "a session that has proved nothing ends"
    factor = await factor_of(stranger, person)
    assert (factor["proved"], factor["totp"], factor["recoveryCodesLeft"]) == (True, True, 10)
    asked = await challenged(stranger, person)
    assert asked["token"] is None
    assert asked["secondFactors"] == ["TOTP", "RECOVERY_CODE"]
    await forget_codes(world, person)
    token = await sign_in_by_code(stranger, person, app.code())
    assert (await factor_of(stranger, token))["proved"]


async def test_the_same_code_is_taken_once_and_the_one_before_is_taken(stranger: Api, world: World) -> None:
    person, app, _ = await with_app(stranger, world)
    await early_in_a_step()
    assert await code_is_taken(stranger, person, app.code(steps_ago=1)) == ""
    assert await code_is_taken(stranger, person, app.code(steps_ago=1)) == "SECOND_FACTOR_REFUSED"
    assert await code_is_taken(stranger, person, app.code()) == ""
    assert await code_is_taken(stranger, person, app.code()) == "SECOND_FACTOR_REFUSED"
    assert await code_is_taken(stranger, person, app.code(steps_ago=2)) == "SECOND_FACTOR_REFUSED"
    assert await code_is_taken(stranger, person, app.code(steps_ago=-2)) == "SECOND_FACTOR_REFUSED"


async def test_of_two_sign_ins_with_one_code_one_is_done(stranger: Api, world: World) -> None:
    for _ in range(4):
        person, app, _ = await with_app(stranger, world)
        asked = [await challenged(stranger, person) for _ in range(2)]
        code = app.code()
        found = await at_once(
            *[
                attempt(stranger, "signInConfirm", None, challengeToken=each["challengeToken"], code=code)
                for each in asked
            ]
        )
        assert sorted(each.code for each in found) == ["", "SECOND_FACTOR_REFUSED"]


async def test_a_challenge_is_answered_once(stranger: Api, world: World) -> None:
    person, _, codes = await with_app(stranger, world)
    token = (await challenged(stranger, person))["challengeToken"]
    found = await at_once(
        *[attempt(stranger, "signInConfirm", None, challengeToken=token, code=code) for code in codes[:2]]
    )
    assert sorted(each.code for each in found) == ["", "SECOND_FACTOR_REFUSED"]
    assert (await factor_of(stranger, person))["recoveryCodesLeft"] == 9


async def test_twenty_guesses_do_not_find_it_and_then_the_right_one_waits(
    stranger: Api, world: World
) -> None:
    person, app, codes = await with_app(stranger, world)
    right = {app.code(steps) for steps in (-1, 0, 1, 2)}
    wrong = [f"{number:06}" for number in range(30) if f"{number:06}" not in right][:20]
    token = (await challenged(stranger, person))["challengeToken"]
    found = [
        await code_of(stranger, "signInConfirm", None, challengeToken=token, code=code) for code in wrong
    ]
    assert found == ["SECOND_FACTOR_REFUSED"] * 10 + ["RATE_LIMITED"] * 10
    for code in (app.code(), codes[0]):
        refused = await code_of(stranger, "signInConfirm", None, challengeToken=token, code=code)
        assert refused == "RATE_LIMITED"
    assert (await factor_of(stranger, person))["recoveryCodesLeft"] == 10


async def test_a_recovery_code_works_once_however_it_is_typed(stranger: Api, world: World) -> None:
    person, _, codes = await with_app(stranger, world)
    assert await code_is_taken(stranger, person, codes[0].lower().replace("-", " ")) == ""
    assert await code_is_taken(stranger, person, codes[0]) == "SECOND_FACTOR_REFUSED"
    other, _, _ = await with_app(stranger, world)
    assert await code_is_taken(stranger, other, codes[1]) == "SECOND_FACTOR_REFUSED"
    made = await done(stranger, "recoveryCodesRenew", person, "recoveryCodes", password=PASSWORD)
    assert await code_is_taken(stranger, person, codes[1]) == "SECOND_FACTOR_REFUSED"
    assert await code_is_taken(stranger, person, made["recoveryCodes"][1]) == ""


async def test_a_changed_password_ends_the_challenge(stranger: Api, world: World) -> None:
    person, app, _ = await with_app(stranger, world)
    token = (await challenged(stranger, person))["challengeToken"]
    change = {"currentPassword": PASSWORD, "newPassword": "a much better password"}
    await done(stranger, "passwordChange", person, **change)
    found = await attempt(stranger, "signInConfirm", None, challengeToken=token, code=app.code())
    assert found.code == "SECOND_FACTOR_REFUSED"


async def test_it_takes_the_password_to_change_factors(stranger: Api, world: World) -> None:
    person, _, _ = await with_app(stranger, world)
    for name in ("totpDisable", "recoveryCodesRenew", "passkeyStart", "totpStart"):
        assert await code_of(stranger, name, person, password="not the password") == "SIGN_IN_REFUSED"
    assert await code_of(stranger, "totpStart", person, password=PASSWORD) == "FAILED_PRECONDITION"
    assert (await factor_of(stranger, person))["totp"]
    assert await code_of(stranger, "totpDisable", person, password=PASSWORD) == ""
    factor = await factor_of(stranger, person)
    assert (factor["proved"], factor["totp"], factor["recoveryCodesLeft"]) == (False, False, 0)
    again = await attempt(stranger, "totpDisable", person, password=PASSWORD)
    assert (again.code, again.message) == ("FAILED_PRECONDITION", "No authenticator app is set up.")
    assert await factor_of(stranger, person) == factor
    assert await code_of(stranger, "recoveryCodesRenew", person, password=PASSWORD) == "FAILED_PRECONDITION"


async def test_who_has_not_proved_the_address_sets_up_no_factor(stranger: Api, world: World) -> None:
    person = await world.person(verified=False)
    assert await code_of(stranger, "totpStart", person, password=PASSWORD) == "ADDRESS_NOT_VERIFIED"


async def test_an_unconfirmed_app_counts_for_nothing(stranger: Api, world: World) -> None:
    person = await world.person()
    started = await done(stranger, "totpStart", person, "secret", password=PASSWORD)
    assert (await challenged(stranger, person))["token"] is not None
    again = await done(stranger, "totpStart", person, "secret", password=PASSWORD)
    assert await code_of(stranger, "totpConfirm", person, code=App(started["secret"]).code()) != ""
    assert await code_of(stranger, "totpConfirm", person, code=App(again["secret"]).code()) == ""


async def test_the_secret_is_a_picture_too(stranger: Api, world: World) -> None:
    """An SVG document of square modules, for each secret another one."""
    person = await world.person()
    pictures = set[str]()
    for _ in range(2):
        made = await done(stranger, "totpStart", person, "uri qrCode", password=PASSWORD)
        picture = ElementTree.fromstring(made["qrCode"])
        _, _, width, height = picture.attrib["viewBox"].split()
        assert width == height
        modules = int(width) - 2 * _QUIET_ZONE
        assert modules in range(21, 178, 4)
        # As many bits as the URI has need at least so many modules.
        assert modules**2 > 8 * len(made["uri"])
        pictures.add(made["qrCode"])
    assert len(pictures) == 2


async def test_a_double_click_confirms_once_and_is_no_wrong_code(stranger: Api, world: World) -> None:
    """One of them gets the recovery codes; the app can be confirmed again after it was removed."""
    person = await world.person()
    for _ in range(3):
        app = App((await done(stranger, "totpStart", person, "secret", password=PASSWORD))["secret"])
        await early_in_a_step()
        code = app.code()
        made = await asyncio.gather(
            *[attempt(stranger, "totpConfirm", person, "recoveryCodes", code=code) for _ in range(4)]
        )
        assert [each.code for each in made] == [""] * 4
        assert sorted(len(each.payload["recoveryCodes"] or ()) for each in made) == [0, 0, 0, 10]
        assert (await factor_of(stranger, person))["recoveryCodesLeft"] == 10
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        assert await code_of(stranger, "totpConfirm", person, code=wrong) == "FAILED_PRECONDITION"
        assert await code_of(stranger, "totpDisable", person, password=PASSWORD) == ""


async def test_signing_up_again_is_no_way_around_it(stranger: Api, world: World) -> None:
    person, _, _ = await with_app(stranger, world)
    sign_up = {"name": "X", "email": person.email, "password": PASSWORD, "accountName": "Own"}
    assert await code_of(stranger, "signUp", None, **sign_up) == "SIGN_UP_REFUSED"


async def test_secrets_are_stored_sealed_and_codes_as_digests(stranger: Api, world: World) -> None:
    person = await world.person()
    started = await done(stranger, "totpStart", person, "secret", password=PASSWORD)
    made = await done(stranger, "totpConfirm", person, "recoveryCodes", code=App(started["secret"]).code())
    async with world.database.connect() as connection:
        sealed = (
            await connection.execute(
                select(totp_secrets.c.secret).where(totp_secrets.c.user_id == person.key)
            )
        ).scalar_one()
        digests = (
            await connection.execute(
                select(recovery_codes.c.digest).where(recovery_codes.c.user_id == person.key)
            )
        ).scalars()
    assert started["secret"].encode() not in sealed
    assert not {code.encode() for code in made["recoveryCodes"]} & set(digests)
    assert all(started["secret"] not in mail.body for mail in await mails_to(world.database, person.email))


async def test_two_apps_at_once_leave_one(stranger: Api, world: World) -> None:
    person = await world.person()
    await asyncio.gather(
        *[attempt(stranger, "totpStart", person, "secret", password=PASSWORD) for _ in range(2)]
    )
    async with world.database.connect() as connection:
        rows = await connection.execute(
            select(totp_secrets.c.user_id).where(totp_secrets.c.user_id == person.key)
        )
        assert len(rows.all()) == 1
