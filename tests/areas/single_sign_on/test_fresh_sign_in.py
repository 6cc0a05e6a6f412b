"""Who has no password confirms by a fresh single sign-on."""

from typing import Any

import pytest
from sqlalchemy import select, text, update

from authz.callers.tokens import digest_of
from models.people.sessions import sessions
from models.people.users import users
from models.second_factor.tables import passkeys, totp_secrets
from resolvers.people.passwords.proved_passwords import FRESH_FOR
from tests.areas.second_factor.steps import App, factor_of
from tests.areas.single_sign_on.company import Company
from tests.client.mutations import Token, attempt, code_of, done

_HAS = "{ viewer { hasPassword } }"
_WITHOUT_PASSWORD = ("totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart", "userDelete")


async def _let_minutes_pass(company: Company, token: Token) -> None:
    """More than count as fresh."""
    older = update(sessions).where(sessions.c.digest == digest_of(token.token))
    async with company.world.database.begin() as connection:
        passed = FRESH_FOR.total_seconds() + 1
        await connection.execute(
            older.values(created_at=sessions.c.created_at - text(f"interval '{passed} seconds'"))
        )


async def _stored(company: Company) -> list[Any]:
    """All people and factors."""
    async with company.world.database.connect() as connection:
        found: list[Any] = []
        for table in (users, totp_secrets, passkeys):
            found += (await connection.execute(select(table).order_by(table.c[0]))).all()
        return found


async def test_a_factor_is_set_up_and_removed_without_a_password(company: Company) -> None:
    token = await company.signed_in(company.person())
    assert (await company.api.read(_HAS, token))["viewer"] == {"hasPassword": False}
    started = await done(company.api, "totpStart", token, "secret")
    confirmed = {"code": App(started["secret"]).code()}
    made = await done(company.api, "totpConfirm", token, "recoveryCodes", **confirmed)
    assert len(made["recoveryCodes"]) == 10
    assert (await factor_of(company.api, token))["totp"]
    renewed = await done(company.api, "recoveryCodesRenew", token, "recoveryCodes", password=None)
    assert len(renewed["recoveryCodes"]) == 10
    await done(company.api, "passkeyStart", token, "challengeToken")
    await done(company.api, "totpDisable", token)
    assert not (await factor_of(company.api, token))["totp"]


async def test_a_person_goes_without_a_password(company: Company) -> None:
    email = company.address()
    token = await company.signed_in(company.person(email))
    await done(company.api, "userDelete", token, "removedUserId")
    assert (await company.api.ask(_HAS, token)).codes == ["UNAUTHENTICATED"]
    async with company.world.database.connect() as connection:
        left = select(users.c.id).where(users.c.email_canonical == email)
        assert (await connection.execute(left)).all() == []


@pytest.mark.parametrize("name", _WITHOUT_PASSWORD)
async def test_after_some_minutes_it_is_asked_for_again(company: Company, name: str) -> None:
    subject = company.person()
    token = await company.signed_in(subject)
    await _let_minutes_pass(company, token)
    before = await _stored(company)
    assert await code_of(company.api, name, token) == "FRESH_SIGN_IN_REQUIRED"
    made = await attempt(company.api, name, token, password="a guess of a password")
    assert (made.code, made.named) == ("SIGN_IN_REFUSED", "password")
    assert await _stored(company) == before
    again = await company.signed_in(subject)
    assert await code_of(company.api, "totpStart", again) == ""
    assert await code_of(company.api, name, token) == "FRESH_SIGN_IN_REQUIRED"


@pytest.mark.parametrize("name", _WITHOUT_PASSWORD)
async def test_who_has_a_password_gives_it(company: Company, name: str) -> None:
    """Also in a session that the company has just opened: it would be weaker than the password."""
    person = await company.world.person(email=company.address())
    signed_in = await company.signed_in(company.person(person.email))
    before = await _stored(company)
    for caller in (person, signed_in):
        assert (await company.api.read(_HAS, caller))["viewer"] == {"hasPassword": True}
        made = await attempt(company.api, name, caller)
        assert (made.code, made.named) == ("BAD_USER_INPUT", "password")
    assert await _stored(company) == before


async def test_a_bearer_token_is_no_fresh_sign_in(company: Company) -> None:
    """Its session begins with its first use, whenever the person signed in."""
    token = await company.signed_in(company.person())
    bearer = update(sessions).where(sessions.c.digest == digest_of(token.token))
    async with company.world.database.begin() as connection:
        await connection.execute(bearer.values(ends_by=sessions.c.expires_at))
    before = await _stored(company)
    assert await code_of(company.api, "totpStart", token) == "FRESH_SIGN_IN_REQUIRED"
    assert await _stored(company) == before


async def test_a_key_has_no_password(company: Company) -> None:
    key = await company.world.api_key(company.account)
    assert (await company.api.read(_HAS, key))["viewer"] == {"hasPassword": None}
    assert await code_of(company.api, "totpStart", key) == "PERSON_REQUIRED"
