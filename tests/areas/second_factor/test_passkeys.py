"""Passkeys, as a second factor and alone."""

import json

import pytest
from sqlalchemy import func, select

from authz.policy.builtin_roles import BuiltinRole
from models.people.sessions import sessions
from models.second_factor.tables import (
    factor_challenges,
    factor_resets,
    passkeys,
    recovery_codes,
    totp_secrets,
)
from tests.areas.second_factor.requiring import require_factor
from tests.areas.second_factor.steps import SITE, add_passkey, challenged, factor_of
from tests.authz.cases.moments import hash_quickly
from tests.client.api import Api
from tests.client.authenticator import SoftPasskey
from tests.client.mutations import Token, attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.world import PASSWORD, Person, World

_START = "mutation { passkeySignInStart { challengeToken passkeyOptions userErrors { code } } }"


async def _person(world: World) -> Person:
    person = await world.person()
    await hash_quickly(world.database, person)
    return person


async def _started(api: Api) -> tuple[str, str]:
    found = (await api.read(_START))["passkeySignInStart"]
    return found["challengeToken"], found["passkeyOptions"]


async def _alone(api: Api, passkey: SoftPasskey) -> str:
    token, options = await _started(api)
    values = {"challengeToken": token, "passkey": passkey.get(options)}
    return await code_of(api, "passkeySignIn", None, **values)


async def test_a_passkey_is_a_second_factor(stranger: Api, world: World) -> None:
    person = await _person(world)
    passkey, made = await add_passkey(stranger, person)
    assert len(made["recoveryCodes"]) == 10
    asked = await challenged(stranger, person)
    assert asked["token"] is None
    assert asked["secondFactors"] == ["PASSKEY", "RECOVERY_CODE"]
    answer = passkey.get(asked["passkeyOptions"])
    values = {"challengeToken": asked["challengeToken"], "passkey": answer}
    found = await done(stranger, "signInConfirm", None, "token", **values)
    factor = await factor_of(stranger, Token(found["token"]))
    assert factor["proved"]
    (kept,) = factor["passkeys"]
    assert kept["name"] == "Laptop"
    assert kept["lastUsedAt"] is not None
    assert await code_of(stranger, "signInConfirm", None, **values) == "SECOND_FACTOR_REFUSED"


async def test_a_passkey_is_enough_alone(stranger: Api, world: World) -> None:
    person = await _person(world)
    passkey, _ = await add_passkey(stranger, person)
    token, options = await _started(stranger)
    assert json.loads(options).get("allowCredentials", []) == []
    values = {"challengeToken": token, "passkey": passkey.get(options)}
    found = await done(stranger, "passkeySignIn", None, "token user { id }", **values)
    assert found["user"] == {"id": person.id}
    assert (await factor_of(stranger, Token(found["token"])))["proved"]
    assert await code_of(stranger, "passkeySignIn", None, **values) == "SECOND_FACTOR_REFUSED"


@pytest.mark.parametrize(
    "origin", ["https://mandant.test", "http://mandant.test.evil.example", "http://evil"]
)
async def test_a_passkey_of_another_origin_is_refused(stranger: Api, world: World, origin: str) -> None:
    person = await _person(world)
    started = await done(stranger, "passkeyStart", person, "challengeToken passkeyOptions", password=PASSWORD)
    foreign = SoftPasskey(origin)
    values = {"challengeToken": started["challengeToken"], "name": "Laptop"}
    made = foreign.create(started["passkeyOptions"])
    refused = await code_of(stranger, "passkeyAdd", person, **values, credential=made)
    assert refused == "SECOND_FACTOR_REFUSED"
    assert (await factor_of(stranger, person))["passkeys"] == []
    passkey, _ = await add_passkey(stranger, person)
    passkey.origin = origin
    assert await _alone(stranger, passkey) == "SECOND_FACTOR_REFUSED"
    asked = await challenged(stranger, person)
    values = {"challengeToken": asked["challengeToken"], "passkey": passkey.get(asked["passkeyOptions"])}
    assert await code_of(stranger, "signInConfirm", None, **values) == "SECOND_FACTOR_REFUSED"


async def test_what_is_signed_has_to_be_the_challenge_by_the_key_of_the_person(
    stranger: Api, world: World
) -> None:
    person, other = await _person(world), await _person(world)
    passkey, _ = await add_passkey(stranger, person)
    foreign, _ = await add_passkey(stranger, other)
    asked, another = await challenged(stranger, person), await challenged(stranger, person)
    forged = SoftPasskey(SITE, id=passkey.id)
    careless = SoftPasskey(SITE, verifies=False, key=passkey.key, id=passkey.id)
    answers = [
        passkey.get(another["passkeyOptions"]),
        foreign.get(asked["passkeyOptions"]),
        forged.get(asked["passkeyOptions"]),
        careless.get(asked["passkeyOptions"]),
        SoftPasskey(SITE).get(asked["passkeyOptions"]),
        *("", "{}", "[]", "null", "x" * 5_000, '{"id": 1}'),
    ]
    for answer in answers:
        values = {"challengeToken": asked["challengeToken"], "passkey": answer}
        assert await code_of(stranger, "signInConfirm", None, **values) == "SECOND_FACTOR_REFUSED", answer
    assert await code_of(stranger, "signInConfirm", None, challengeToken="mdc_x", passkey=answers[0]) != ""
    both = {"challengeToken": asked["challengeToken"], "passkey": "{}", "code": "123456"}
    assert await code_of(stranger, "signInConfirm", None, **both) == "BAD_USER_INPUT"


async def test_a_copied_passkey_is_noticed_by_its_counter(stranger: Api, world: World) -> None:
    person = await _person(world)
    passkey, _ = await add_passkey(stranger, person)
    for _ in range(2):
        assert await _alone(stranger, passkey) == ""
    passkey.count = 0
    assert await _alone(stranger, passkey) == "SECOND_FACTOR_REFUSED"


async def test_one_passkey_belongs_to_one_person_once(stranger: Api, world: World) -> None:
    person, other = await _person(world), await _person(world)
    passkey, _ = await add_passkey(stranger, person)
    for caller in (person, other):
        started = await done(
            stranger, "passkeyStart", caller, "challengeToken passkeyOptions", password=PASSWORD
        )
        values = {"challengeToken": started["challengeToken"], "name": "Again"}
        values["credential"] = passkey.create(started["passkeyOptions"])
        assert await code_of(stranger, "passkeyAdd", caller, **values) == "SECOND_FACTOR_REFUSED"
    started = await done(stranger, "passkeyStart", other, "challengeToken passkeyOptions", password=PASSWORD)
    values = {"challengeToken": started["challengeToken"], "name": "Of somebody else"}
    values["credential"] = SoftPasskey(SITE).create(started["passkeyOptions"])
    assert await code_of(stranger, "passkeyAdd", person, **values) == "SECOND_FACTOR_REFUSED"


async def test_the_last_one_stays_where_it_is_required(stranger: Api, world: World) -> None:
    member = await world.member(await world.account(), BuiltinRole.ANALYST)
    await hash_quickly(world.database, member.person)
    made = [(await add_passkey(stranger, member, name))[1]["passkey"]["id"] for name in ("A", "B")]
    await require_factor(world, member.account)
    found = await at_once(
        *[attempt(stranger, "passkeyRemove", member, passkeyId=id_, password=PASSWORD) for id_ in made]
    )
    assert sorted(each.code for each in found) == ["", "SECOND_FACTOR_REQUIRED"]
    assert len((await factor_of(stranger, member))["passkeys"]) == 1
    other = await _person(world)
    values = {"passkeyId": made[0], "password": PASSWORD}
    assert await code_of(stranger, "passkeyRemove", other, **values) == "NOT_FOUND"


async def test_who_is_deleted_does_not_come_back_by_any_factor(stranger: Api, world: World) -> None:
    """Nor by a challenge from before; and nothing is kept of the factors."""
    person = await _person(world)
    passkey, made = await add_passkey(stranger, person)
    asked = await challenged(stranger, person)
    assert await code_of(stranger, "userDelete", person, password=PASSWORD) == ""
    assert await _alone(stranger, passkey) == "SECOND_FACTOR_REFUSED"
    answers: list[dict[str, str]] = [
        {"code": made["recoveryCodes"][0]},
        {"passkey": passkey.get(asked["passkeyOptions"])},
    ]
    for answer in answers:
        values = {"challengeToken": asked["challengeToken"], **answer}
        assert await code_of(stranger, "signInConfirm", None, **values) == "SECOND_FACTOR_REFUSED"
    async with world.database.connect() as connection:
        for table in (sessions, passkeys, recovery_codes, totp_secrets, factor_challenges, factor_resets):
            left = select(func.count()).select_from(table).where(table.c.user_id == person.key)
            assert (await connection.execute(left)).scalar_one() == 0, table.name
