"""Bearer tokens (JWT) of a configured issuer: checked offline, with rights from the database alone."""

import base64
import datetime
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from resolvers.sessions.ends import note_session_uses
from resolvers.single_sign_on.issuers import Issuers
from resolvers.single_sign_on.outgoing import OutgoingRequests
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.sessions.stored import stored_session, used_before
from tests.areas.single_sign_on.company import Company
from tests.areas.single_sign_on.provider import AUDIENCE, CLIENT_ID, provider
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, code_of

_VIEWER = "{ viewer { user { email } accounts { nodes { id viewerPermissions } } } }"


async def _codes(api: Api, token: str) -> list[str]:
    return (await api.ask("{ viewer { id } }", Token(token))).codes


async def _known(company: Company) -> tuple[str, str]:
    """A person whom the issuer has named: the subject, and the address."""
    await company.set(audience=AUDIENCE)
    email = company.address()
    subject = company.person(email)
    await company.signed_in(subject)
    return subject, email


async def _sessions(company: Company, email: str) -> int:
    statement = (
        select(func.count())
        .select_from(sessions.join(users, users.c.id == sessions.c.user_id))
        .where(users.c.email_canonical == email)
    )
    async with company.world.database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def test_rights_are_those_of_the_database(company: Company) -> None:
    subject, email = await _known(company)
    token = Token(company.provider.bearer(subject, roles=["OWNER"], scope="everything"))
    viewer = (await company.api.read(_VIEWER, token))["viewer"]
    assert viewer["user"]["email"] == email
    (account,) = viewer["accounts"]["nodes"]
    assert account == {"id": company.account.id, "viewerPermissions": ["ACCOUNT_READ", "STATISTICS_READ"]}
    own = select(users.c.id).where(users.c.email_canonical == email).scalar_subquery()
    async with company.world.database.begin() as connection:
        await connection.execute(delete(memberships).where(memberships.c.user_id == own))
    assert (await company.api.read(_VIEWER, token))["viewer"]["accounts"]["nodes"] == []


async def test_it_writes_as_the_person(company: Company) -> None:
    roles = [{"value": "boss", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}]
    await company.set(audience=AUDIENCE, roleClaim="groups", roles=roles)
    subject = company.person(groups="boss")
    await company.signed_in(subject)
    token = Token(company.provider.bearer(subject))
    new = {"accountId": company.account.id, "name": "Made by a bearer token"}
    assert await code_of(company.api, "roleCreate", token, **new, policyLines=[]) in {"", "BAD_USER_INPUT"}
    domain = {"accountId": company.account.id, "kind": "TRACKING", "name": f"t.{company.domain.name}"}
    assert await code_of(company.api, "domainAdd", token, **domain) == ""


async def test_a_token_that_does_not_fit_is_refused(company: Company) -> None:
    subject, email = await _known(company)
    before, now = await _sessions(company, email), int(time.time())
    sign = company.provider.bearer
    for token in (
        sign(subject, aud="another"),
        sign(subject, aud=CLIENT_ID),
        sign(subject, aud=None),
        sign(subject, iss="https://another.example"),
        sign(subject, exp=now - 120),
        sign(subject, exp=None),
        sign(subject, exp="tomorrow"),
        sign(subject, exp=now + 2 * 86_400),
        sign(subject, iat=now + 600),
        sign(subject, nbf=now + 600),
        sign(subject, other_key=True),
        sign(subject, header={"kid": "nobody's"}),
        sign("somebody else"),
        sign(None),  # type: ignore[arg-type]
        sign("x" * 300),
        _unsigned(company, subject),
        await _signed_with_the_public_key(company, subject),
        sign(subject)[:-4] + "AAAA",
        "eyJ.eyJ.eyJ",
        "ey..",
    ):
        assert await _codes(company.api, token) == ["UNAUTHENTICATED"], token
    assert await _sessions(company, email) == before
    assert await _codes(company.api, sign(subject)) == []


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _claims(company: Company, subject: str) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": company.provider.url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 600}


def _unsigned(company: Company, subject: str) -> str:
    return f"{_part({'alg': 'none'})}.{_part(_claims(company, subject))}."


async def _signed_with_the_public_key(company: Company, subject: str) -> str:
    """As if the algorithm had a shared secret: the key that everybody can read."""
    key = company.provider.http.get(f"{company.provider.url}/jwks").json()["keys"][0]
    signed = f"{_part({'alg': 'HS256', 'kid': key['kid']})}.{_part(_claims(company, subject))}"
    secret = json.dumps(key, sort_keys=True).encode()
    mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_without_an_audience_none_is_accepted(company: Company) -> None:
    subject = company.person()
    await company.signed_in(subject)
    assert await _codes(company.api, company.provider.bearer(subject)) == ["UNAUTHENTICATED"]


async def test_a_session_that_was_ended_is_not_opened_again(
    company: Company, settings: Settings, addresses: DatabaseAddresses
) -> None:
    """Also not by a process that has never seen the token."""
    subject, _ = await _known(company)
    token = Token(company.provider.bearer(subject))
    assert await _codes(company.api, token.token) == []
    assert await company.api.read("mutation { signOut { userErrors { code } } }", token)
    assert await _codes(company.api, token.token) == ["UNAUTHENTICATED"]
    allowed = settings.model_copy(update={"private_issuers": True})
    app = create_app(allowed, addresses.application)
    async with Api.of(app) as other, app.router.lifespan_context(app):
        assert await _codes(other, token.token) == ["UNAUTHENTICATED"]


async def test_an_issuer_that_is_down_bothers_nobody_who_is_in(
    company: Company, settings: Settings, addresses: DatabaseAddresses
) -> None:
    with provider() as other:
        await company.set(issuer=other.url)
        company.provider = other
        subject, _ = await _known(company)
        known, late = other.bearer(subject), other.bearer(subject, jti="late")
        new_key = other.bearer(subject, header={"kid": "new"})
        assert await _codes(company.api, known) == []
    # The keys are kept, so also a new token is checked.
    assert await _codes(company.api, late) == []
    assert await _codes(company.api, new_key) == ["UNAUTHENTICATED"]
    allowed = settings.model_copy(update={"private_issuers": True})
    app = create_app(allowed, addresses.application)
    async with Api.of(app) as started_later, app.router.lifespan_context(app):
        assert await _codes(started_later, known) == []


async def test_the_issuer_may_sign_with_a_new_key(company: Company) -> None:
    with provider() as other:
        now = [1000.0]
        issuers = Issuers(OutgoingRequests(private_addresses=True), lambda: now[0])
        key = other.http.get(f"{other.url}/jwks").json()["keys"][0]["kid"]
        await issuers.key(other.url, key)
        other.rotate()
        new = other.http.get(f"{other.url}/jwks").json()["keys"][0]["kid"]
        asked = other.asked_for_keys()
        for _ in range(5):
            with pytest.raises(Exception, match="the key is not known"):
                await issuers.key(other.url, new)
        assert other.asked_for_keys() == asked
        now[0] += 61
        await issuers.key(other.url, new)
        for number in range(5):
            with pytest.raises(Exception, match="the key is not known"):
                await issuers.key(other.url, f"invented {number}")
        assert other.asked_for_keys() == asked + 1
        # One that was given up is not trusted any more.
        with pytest.raises(Exception, match="the key is not known"):
            await issuers.key(other.url, key)


async def test_a_token_ends_with_the_time_that_it_names(company: Company) -> None:
    subject, email = await _known(company)
    token = company.provider.bearer(subject)
    assert await _codes(company.api, token) == []
    own = select(users.c.id).where(users.c.email_canonical == email).scalar_subquery()
    async with company.world.database.begin() as connection:
        past = update(sessions).where(sessions.c.user_id == own).values(expires_at=func.now())
        await connection.execute(past)
    assert await _codes(company.api, token) == ["UNAUTHENTICATED"]


async def test_use_lets_no_session_outlive_its_token(company: Company) -> None:
    subject, _ = await _known(company)
    token = company.provider.bearer(subject)
    assert await _codes(company.api, token) == []
    ends = (await stored_session(company.world, token)).expires_at
    await used_before(company.world, token, minutes=2)
    async with WriteSessions(company.world.database).begin() as session:
        await note_session_uses(session, [digest_of(token)])
    used = await stored_session(company.world, token)
    assert used.last_seen_at > ends - datetime.timedelta(minutes=10)
    assert used.expires_at == ends
