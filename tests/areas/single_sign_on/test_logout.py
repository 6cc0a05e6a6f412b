"""The issuer ends sessions (back-channel logout)."""

import time

import httpx

from tests.areas.single_sign_on.company import Company
from tests.areas.single_sign_on.provider import AUDIENCE
from tests.client.mutations import Token


async def _is_in(company: Company, token: Token) -> bool:
    return not (await company.api.ask("{ viewer { id } }", token)).errors


async def _logged_out(company: Company, token: str, account: str | None = None) -> httpx.Response:
    path = f"/sso/logout/{account or company.account.id}"
    return await company.api.http.post(path, data={"logout_token": token})


async def test_all_sessions_of_the_subject_end(company: Company) -> None:
    await company.set(audience=AUDIENCE)
    subject, other = company.person(), company.person()
    first, second = await company.signed_in(subject), await company.signed_in(subject)
    bearer, foreign = Token(company.provider.bearer(subject)), await company.signed_in(other)
    assert await _is_in(company, bearer)
    answer = await _logged_out(company, company.provider.logout_token(sub=subject))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    found = [await _is_in(company, each) for each in (first, second, bearer, foreign)]
    assert found == [False, False, False, True]
    again = await company.signed_in(subject)
    assert await _is_in(company, again)


async def test_the_issuers_session_ends_the_one_that_it_opened(company: Company) -> None:
    email = company.address()
    subject = company.person(email, sid="one")
    first = await company.signed_in(subject)
    company.provider.know(subject, email=email, email_verified=True, sid="two")
    second = await company.signed_in(subject)
    assert (await _logged_out(company, company.provider.logout_token(sid="two"))).status_code == 200
    assert [await _is_in(company, each) for each in (first, second)] == [True, False]
    await _logged_out(company, company.provider.logout_token(sid="one", sub=subject))
    assert not await _is_in(company, first)


async def test_a_token_that_does_not_fit_ends_nothing(company: Company) -> None:
    subject = company.person()
    session = await company.signed_in(subject)
    sign, now = company.provider.logout_token, int(time.time())
    other = await company.world.account(name="Another")
    for token in (
        sign(sub=subject, nonce="x"),
        sign(sub=subject, events={}),
        sign(sub=subject, events="http://schemas.openid.net/event/backchannel-logout"),
        sign(sub=subject, aud="another"),
        sign(sub=subject, iss="https://another.example"),
        sign(sub=subject, iat=now - 900, exp=now + 900),
        sign(sub=subject, exp=now - 300),
        sign(),
        company.provider.bearer(subject, aud="mandant"),
        "eyJ.eyJ.eyJ",
        "x",
    ):
        answer = await _logged_out(company, token)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), token
    for account in (other.id, "acct_1", "x"):
        assert (await _logged_out(company, sign(sub=subject), account)).status_code == 400
    assert (await company.api.http.post(f"/sso/logout/{company.account.id}")).status_code == 400
    assert await _is_in(company, session)
