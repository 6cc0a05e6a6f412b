"""Signing in at the company's own provider, and who is not let in."""

import asyncio
from typing import Any

import httpx
from sqlalchemy import func, select, update

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, parse
from models.people.users import users
from models.single_sign_on.tables import single_sign_on_identities, single_sign_ons
from tests.areas.effects.log import events_of
from tests.areas.single_sign_on.company import CHALLENGE, Company, failure_in
from tests.areas.single_sign_on.giving import VERIFIER
from tests.areas.single_sign_on.provider import provider
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.domains import new_name
from tests.world.world import PASSWORD

_VIEWER = """{ viewer { user { id name email }
  accounts { nodes { id } } } }"""


async def _seen(company: Company, caller: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await company.api.read(_VIEWER, caller))["viewer"]
    return found


async def _role_of(company: Company, email: str) -> str | None:
    query = "query ($id: ID!) { account(id: $id) { members { nodes { user { email } role { name } } } } }"
    found = await company.api.read(query, company.owner, id=company.account.id)
    members = found["account"]["members"]["nodes"]
    return next((each["role"]["name"] for each in members if each["user"]["email"] == email), None)


async def _people(company: Company) -> tuple[int, int]:
    """How many people and identities there are."""
    counts = select(
        select(func.count()).select_from(users).scalar_subquery(),
        select(func.count()).select_from(single_sign_on_identities).scalar_subquery(),
    )
    async with company.world.database.connect() as connection:
        row = (await connection.execute(counts)).one()
    return int(row[0]), int(row[1])


async def test_a_new_person_gets_a_membership_and_a_session(company: Company) -> None:
    email = company.address()
    token = await company.signed_in(company.person(email))
    viewer = await _seen(company, token)
    assert (viewer["user"]["name"], viewer["user"]["email"]) == ("Pia Sign-On", email)
    assert [account["id"] for account in viewer["accounts"]["nodes"]] == [company.account.id]
    assert await _role_of(company, email) == "ANALYST"
    events = await events_of(company.api, company.owner, company.account.id)
    assert "MEMBER_JOINED" in [event["type"] for event in events]
    assert await code_of(company.api, "signIn", None, email=email, password=PASSWORD) == "SIGN_IN_REFUSED"


async def test_the_same_person_is_found_again_by_the_subject(company: Company) -> None:
    subject = company.person()
    first = await _seen(company, await company.signed_in(subject))
    company.provider.know(subject, email=company.address(), email_verified=True)
    assert (await _seen(company, await company.signed_in(subject)))["user"] == first["user"]


async def test_a_registered_person_keeps_its_account_and_role(company: Company) -> None:
    person = await company.world.person(email=company.address())
    member = await company.world.member(company.account, BuiltinRole.MARKETER, person)
    viewer = await _seen(company, await company.signed_in(company.person(person.email)))
    assert viewer["user"]["id"] == member.person.id
    assert await _role_of(company, person.email) == "MARKETER"


async def test_start_by_address_leads_to_the_company(company: Company) -> None:
    async with company.browser() as browser:
        target = httpx.URL(await browser.start(email=company.address("Anybody")))
    assert str(target).startswith(company.provider.url)
    assert target.params["code_challenge_method"] == "S256"
    assert target.params["redirect_uri"] == "http://mandant.test/sso/callback"
    async with company.browser() as browser:
        for parameters in ({"email": f"x@{new_name()}"}, {"email": "nothing"}, {"account": "acct_1"}, {}):
            answer = await browser.ask(**parameters)
            assert (answer.status_code, failure_in(answer)) == (404, "NOT_FOUND")


async def test_the_claim_decides_the_role_at_each_sign_in(company: Company) -> None:
    mapped = [("finance", BuiltinRole.FINANCE), ("web", BuiltinRole.DEVELOPER)]
    roles = [{"value": value, "roleId": ROLE_IDS[role]} for value, role in mapped]
    await company.set(roleClaim="groups", roles=roles)
    email = company.address()
    subject = company.person(email, groups=["all", "web"])
    await company.signed_in(subject)
    assert await _role_of(company, email) == "DEVELOPER"
    company.provider.know(subject, email=email, email_verified=True, groups=["web", "finance"])
    await company.signed_in(subject)
    assert await _role_of(company, email) == "FINANCE"
    company.provider.know(subject, email=email, email_verified=True, groups=7)
    await company.signed_in(subject)
    assert await _role_of(company, email) == "FINANCE"


async def test_an_owner_stays_one(company: Company) -> None:
    roles = [{"value": "all", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}]
    await company.set(roleClaim="groups", roles=roles)
    person = await company.world.person(email=company.address())
    await company.world.member(company.account, BuiltinRole.OWNER, person)
    await company.signed_in(company.person(person.email, groups="all"))
    assert await _role_of(company, person.email) == "OWNER"


async def test_without_a_role_nobody_gets_in(company: Company) -> None:
    await company.set(defaultRoleId=None)
    before = await _people(company)
    assert await company.failure(company.person()) == "NO_ROLE"
    assert await _people(company) == before


async def test_an_address_of_another_domain_names_nobody(company: Company) -> None:
    stranger = await company.world.person()
    before = await _people(company)
    for email in (stranger.email, f"x@sub.{company.domain.name}", "nothing", ""):
        assert await company.failure(company.person(email or " ")) == "OTHER_DOMAIN"
    assert await _people(company) == before


async def test_an_address_that_the_issuer_has_not_verified_names_nobody(company: Company) -> None:
    before = await _people(company)
    for verified in (False, "false", 0, None, "no"):
        assert await company.failure(company.person(email_verified=verified)) == "EMAIL_NOT_VERIFIED"
    assert await _people(company) == before


async def test_a_squatter_of_the_address_is_somebody_else(company: Company) -> None:
    squatter = await company.world.person(email=company.address(), verified=False)
    employee = await company.signed_in(company.person(squatter.email))
    ids = [
        (await company.api.read("{ viewer { id } }", each))["viewer"]["id"] for each in (squatter, employee)
    ]
    assert ids[0] == squatter.id != ids[1]
    refused = await code_of(company.api, "signIn", None, email=squatter.email, password=PASSWORD)
    assert refused == "SIGN_IN_REFUSED"


async def test_a_state_of_another_browser_fits_nothing(company: Company) -> None:
    subject = company.person()
    before = await _people(company)
    async with company.browser() as victim, company.browser() as attacker:
        target = company.provider.sign_in(await attacker.start(), subject)
        assert failure_in(await victim.come_back(target)) == "LAPSED"
        await victim.start()
        assert failure_in(await victim.come_back(target)) == "LAPSED"
        for changed in ("", "x", "acct_1.x"):
            other = target.copy_set_param("state", changed)
            assert failure_in(await attacker.come_back(other)) == "LAPSED"
    assert await _people(company) == before


async def test_a_code_is_used_once(company: Company) -> None:
    async with company.browser() as browser:
        target = company.provider.sign_in(await browser.start(), company.person())
        cookies = dict(browser.http.cookies)
        answer = await browser.come_back(target)
        assert answer.status_code == 303
        for name, value in cookies.items():
            browser.http.cookies.set(name, value, path="/sso")
        assert failure_in(await browser.come_back(target)) == "LAPSED"
    code = answer.headers["location"].partition("#")[2]
    assert answer.headers["location"].startswith("https://app.example#mdc_")
    await company.complete(answer)
    for each in (code, "mdc_x"):
        values = {"code": each, "verifier": VERIFIER}
        assert await code_of(company.api, "singleSignOnComplete", None, **values) == "LINK_NOT_VALID"


async def test_a_code_opens_a_session_in_the_page_that_began_alone(company: Company) -> None:
    """So nobody is signed in as somebody else by a link with that one's code."""
    async with company.browser() as browser:
        answer = await browser.come_back(company.provider.sign_in(await browser.start(), company.person()))
    code = answer.headers["location"].partition("#")[2]
    for verifier in ("", "what another page keeps", CHALLENGE):
        values = {"code": code, "verifier": verifier}
        refused = await code_of(company.api, "singleSignOnComplete", None, **values)
        assert refused in ("LINK_NOT_VALID", "BAD_USER_INPUT")
    await company.complete(answer)


async def test_a_link_leads_to_the_page_that_begins(company: Company) -> None:
    """Such as a tile of the issuer's portal. Nothing has begun."""
    async with company.browser() as browser:
        for parameters in ({"account": company.account.id}, {"email": company.address("ann+1")}):
            answer = await browser.http.get("/sso/start", params=parameters)
            assert answer.status_code == 303
            target = httpx.URL(answer.headers["location"])
            assert (target.host, dict(target.params)) == ("app.example", parameters)
            assert "set-cookie" not in answer.headers
        for challenge in ("", "x", "x" * 43, "=" * 43, f"{CHALLENGE}="):
            refused = await browser.ask(account=company.account.id, challenge=challenge)
            assert (refused.status_code, failure_in(refused)) == (400, "LAPSED")


async def test_a_code_of_another_attempt_is_not_taken(company: Company) -> None:
    """The issuer asks for the code verifier, which another browser does not have."""
    subject = company.person()
    async with company.browser() as one, company.browser() as other:
        stolen = company.provider.sign_in(await one.start(), subject)
        own = company.provider.sign_in(await other.start(), subject)
        mixed = own.copy_set_param("code", stolen.params["code"])
        assert failure_in(await other.come_back(mixed)) == "DENIED"


async def test_who_does_not_want_to_is_not_signed_in(company: Company) -> None:
    async with company.browser() as browser:
        back = company.provider.deny(await browser.start())
        state = httpx.URL(await browser.start()).params["state"]
        answer = await browser.come_back(back.copy_set_param("state", state))
    assert failure_in(answer) == "DENIED"


async def test_an_issuer_that_is_down_is_told_and_those_who_are_in_stay_in(company: Company) -> None:
    with provider() as other:
        await company.set(issuer=other.url)
        company.provider = other
        token = await company.signed_in(company.person())
        async with company.browser() as browser:
            waiting = other.sign_in(await browser.start(), company.person())
            other_browser = browser.http.cookies
    await company.api.read("{ viewer { id } }", token)
    async with company.browser() as browser:
        browser.http.cookies = other_browser
        answer = await browser.come_back(waiting)
    assert (answer.status_code, failure_in(answer)) == (502, "UNAVAILABLE")
    await company.set(issuer="http://127.0.0.1:1")
    async with company.browser() as browser:
        answer = await browser.ask(account=company.account.id)
    assert (answer.status_code, failure_in(answer)) == (502, "UNAVAILABLE")


async def test_an_issuer_of_another_name_is_not_trusted(company: Company) -> None:
    await company.set(issuer=company.provider.url.replace("127.0.0.1", "localhost"))
    async with company.browser() as browser:
        answer = await browser.ask(account=company.account.id)
    # The provider calls itself as it is asked, so its addresses are the same and the name fits.
    assert answer.status_code == 303
    await company.set(issuer=company.provider.url + "/")
    async with company.browser() as browser:
        answer = await browser.ask(account=company.account.id)
    assert failure_in(answer) == "MISCONFIGURED"


async def test_the_secret_is_sealed_and_never_shown(company: Company) -> None:
    query = """query ($id: ID!) { account(id: $id) { singleSignOn { issuer clientId hasClientSecret audience
      enforcement roleClaim roles { value role { name } } defaultRole { name } breakGlassMembers { id }
      signInUrl redirectUrl logoutUrl } } }"""
    found = (await company.api.read(query, company.owner, id=company.account.id))["account"]["singleSignOn"]
    assert found == {
        "issuer": company.provider.url,
        "clientId": "mandant",
        "hasClientSecret": True,
        "audience": None,
        "enforcement": "OPTIONAL",
        "roleClaim": None,
        "roles": [],
        "defaultRole": {"name": "ANALYST"},
        "breakGlassMembers": [],
        "signInUrl": f"http://mandant.test/sso/start?account={company.account.id}",
        "redirectUrl": "http://mandant.test/sso/callback",
        "logoutUrl": f"http://mandant.test/sso/logout/{company.account.id}",
    }
    statement = select(single_sign_ons.c.client_secret).where(
        single_sign_ons.c.master_id == parse(Kind.ACCOUNT, company.account.id)
    )
    async with company.world.database.connect() as connection:
        stored = (await connection.execute(statement)).scalar_one()
    assert b"a secret" not in stored
    company.settings.pop("clientSecret")
    await company.set(clientId="mandant")
    await company.signed_in(company.person())
    await company.set(clientSecret=None)
    after = (await company.api.read(query, company.owner, id=company.account.id))["account"]["singleSignOn"]
    assert after["hasClientSecret"] is False


async def test_only_owners_set_it_and_only_of_master_accounts(company: Company) -> None:
    administrator = await company.world.member(company.account, BuiltinRole.ADMINISTRATOR)
    given = await company.input()
    made = await attempt(company.api, "singleSignOnUpdate", administrator, **given)
    assert (made.code, made.answer.data["singleSignOnUpdate"]["userErrors"][0]["permission"]) == (
        "FORBIDDEN",
        "ACCOUNT_TRANSFER",
    )
    below = await company.world.account(company.account, "Team")
    other = {**given, "accountId": below.id, "expectedVersion": 1}
    assert await code_of(company.api, "singleSignOnUpdate", company.owner, **other) == "FAILED_PRECONDITION"


async def test_settings_that_do_not_fit_are_refused(company: Company) -> None:
    marketer = await company.world.member(company.account, BuiltinRole.MARKETER)
    role = {"value": "all", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    for changes, named, code in (
        ({"issuer": "ftp://issuer.example"}, "issuer", "BAD_USER_INPUT"),
        ({"issuer": "https://issuer.example?x=1"}, "issuer", "BAD_USER_INPUT"),
        ({"issuer": "https://me:you@issuer.example"}, "issuer", "BAD_USER_INPUT"),
        ({"audience": "mandant"}, "audience", "BAD_USER_INPUT"),
        ({"roles": [role]}, "roleClaim", "BAD_USER_INPUT"),
        ({"roles": [role, role], "roleClaim": "groups"}, "roles", "BAD_USER_INPUT"),
        ({"defaultRoleId": ROLE_IDS[BuiltinRole.OWNER]}, "defaultRoleId", "CONSENT_REQUIRED"),
        ({"enforcement": "REQUIRED"}, "breakGlassMemberIds", "BAD_USER_INPUT"),
        ({"breakGlassMemberIds": [marketer.id]}, "breakGlassMemberIds", "BAD_USER_INPUT"),
        ({"expectedVersion": 1}, "expectedVersion", "CONFLICT"),
    ):
        made = await attempt(
            company.api, "singleSignOnUpdate", company.owner, **await company.input(**changes)
        )
        assert (made.code, made.named) == (code, named), changes
    await company.signed_in(company.person())


async def test_removing_it_ends_its_sessions(company: Company) -> None:
    token = await company.signed_in(company.person())
    await done(company.api, "singleSignOnRemove", company.owner, accountId=company.account.id)
    assert (await company.api.ask("{ viewer { id } }", token)).codes == ["UNAUTHENTICATED"]
    async with company.browser() as browser:
        answer = await browser.ask(email=company.address())
    assert failure_in(answer) == "NOT_FOUND"


async def test_two_first_sign_ins_at_once_make_one_person(company: Company) -> None:
    email = company.address()
    subject = company.person(email)
    first, second = await asyncio.gather(company.signed_in(subject), company.signed_in(subject))
    one, other = await _seen(company, first), await _seen(company, second)
    assert one == other
    assert await _role_of(company, email) == "ANALYST"


async def test_who_deleted_itself_comes_back_as_somebody_new(company: Company) -> None:
    subject = company.person(email=company.address())
    before = await company.signed_in(subject)
    old = (await company.api.read("{ viewer { id } }", before))["viewer"]["id"]
    # As in a tree that the deletion does not see: what the issuer calls the person is still there.
    async with company.world.database.begin() as connection:
        gone = {"deleted_at": func.now(), "email": "x", "email_canonical": "x", "email_verified_at": None}
        await connection.execute(update(users).where(users.c.id == parse(Kind.USER, old)).values(gone))
    after = await company.signed_in(subject)
    assert (await company.api.read("{ viewer { id } }", after))["viewer"]["id"] != old
