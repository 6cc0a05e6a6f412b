"""Signing in with the company's own service, from the password's refusal to the session."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.single_sign_on.company import Company, company_of
from tests.areas.single_sign_on.provider import provider
from tests.browser.invitations import accounts_of, mailed_link
from tests.browser.people.accessibility import findings
from tests.browser.people.steps import give_password, kept_token
from tests.browser.visits import Visit
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.world import PASSWORD, World


@pytest.fixture
async def company(http: Api, world: World, app: Starlette) -> AsyncIterator[Company]:
    with provider() as issuer:
        yield await company_of(http, world, issuer, app)


async def _sign_in_at_the_issuer(page: Page, company: Company, email: str) -> None:
    subject = company.person(email)
    await expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible()
    await page.locator("input[name=sub]").fill(subject)
    await page.get_by_role("button", name="Authorize").click()


async def _require(company: Company) -> None:
    """Everybody with an address of the company has to."""
    await company.set(enforcement="REQUIRED", breakGlassMemberIds=[company.owner.id])


async def _begin(page: Page, visit: Visit, whose: str) -> None:
    """By a link, such as that of a portal, and a click."""
    await page.goto(f"{visit.server_url}/sso/start?{whose}")
    await expect(page.get_by_role("heading")).to_have_text("Sign in with your company")
    assert page.url == f"{visit.server_url}/sign-in"
    await page.get_by_role("button", name="Go to your company's sign-in").click()


async def test_who_has_to_is_led_to_the_company_and_back(
    visit: Visit, company: Company, world: World
) -> None:
    person = await world.person(email=company.address())
    await world.member(company.account, BuiltinRole.ANALYST, person)
    await _require(company)
    page = await give_password(visit, person)
    await expect(page.get_by_role("heading")).to_have_text("Sign in with your company")
    assert (await kept_token(page), await findings(page)) == ("", [])
    await page.get_by_role("button", name="Go to your company's sign-in").click()
    await _sign_in_at_the_issuer(page, company, person.email)
    await expect(page.get_by_role("heading")).to_have_text("You are signed in")
    await expect(page.get_by_text(person.email)).to_be_visible()
    assert page.url == f"{visit.server_url}/sign-in"
    assert (await kept_token(page)).startswith("mds_")


async def test_who_may_goes_there_by_a_button(visit: Visit, company: Company) -> None:
    page, email = visit.page, company.address()
    await page.goto(f"{visit.server_url}/sign-in")
    await page.get_by_role("button", name="Sign in with your company").click()
    assert page.url == f"{visit.server_url}/sign-in"
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("button", name="Sign in with your company").click()
    await _sign_in_at_the_issuer(page, company, email)
    await expect(page.get_by_role("heading")).to_have_text("You are signed in")
    await expect(page.get_by_text(email)).to_be_visible()


async def test_who_is_not_let_in_reads_why_and_can_try_again(visit: Visit, german_visit: Visit) -> None:
    words = (visit, "You are not signed in", "Sign in again", "There is no single sign-on")
    worte = (german_visit, "Sie sind nicht angemeldet", "Noch einmal anmelden", "keine Anmeldung über das")
    for each, title, again, reason in (words, worte):
        page = each.page
        await page.goto(f"{each.server_url}/sso/start?email=somebody@nowhere.example")
        await expect(page.get_by_role("heading")).to_have_text(title)
        await expect(page.get_by_role("alert")).to_contain_text(reason)
        assert await findings(page) == []
        await page.get_by_role("link", name=again).click()
        assert page.url == f"{each.server_url}/sign-in"


async def test_a_code_that_is_not_valid_is_said_and_the_form_is_there(visit: Visit) -> None:
    page = visit.page
    await page.goto(f"{visit.server_url}/sign-in#mdc_nothing")
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    assert (await kept_token(page), page.url) == ("", f"{visit.server_url}/sign-in")
    assert await findings(page) == []
    visit.assert_clean()


async def test_an_invitation_is_accepted_after_the_companys_sign_in(
    visit: Visit, company: Company, world: World, database: AsyncEngine
) -> None:
    """The invitation is to another tree. The page of sign-in leads back to it."""
    page, person = visit.page, await world.person(email=company.address())
    await _require(company)
    account = await world.account(name="Elsewhere")
    owner = await world.member(account, BuiltinRole.OWNER)
    role = f"role_{BuiltinRole.MARKETER.id}"
    wanted = {"accountId": account.id, "email": person.email, "roleId": role, "idempotencyKey": "1"}
    await done(company.api, "memberInvite", owner, **wanted)
    await page.goto(await mailed_link(database, person.email))
    await page.get_by_label("No, sign me in").check()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in and accept").click()
    await page.get_by_role("button", name="Go to your company's sign-in").click()
    await _sign_in_at_the_issuer(page, company, person.email)
    await expect(page.get_by_text(f"You are signed in as {person.name}")).to_be_visible()
    await page.get_by_role("button", name="Accept the invitation").click()
    await expect(page.get_by_role("heading")).to_have_text("You are a member of Elsewhere")
    assert "Elsewhere" in await accounts_of(page)


async def test_who_has_no_password_changes_factors_after_a_fresh_sign_in(
    visit: Visit, company: Company, world: World
) -> None:
    page, email = visit.page, company.address()
    subject = company.person(email)
    await _begin(page, visit, f"email={email}")
    await page.locator("input[name=sub]").fill(subject)
    await page.get_by_role("button", name="Authorize").click()
    await expect(page.get_by_role("heading")).to_have_text("You are signed in")
    await page.goto(f"{visit.server_url}/second-factor")
    await page.get_by_role("button", name="Set up an app").click()
    await expect(page.get_by_label("Your password")).to_be_hidden()
    assert await findings(page) == []
    await page.locator("#change-button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Set up an authenticator app")
    assert await page.locator("#secret").inner_text() != ""

    async with world.database.begin() as connection:
        older = "UPDATE sessions SET created_at = created_at - interval '11 minutes'"
        await connection.exec_driver_sql(f"{older} WHERE sign_on_subject = $1", (subject,))
    await page.goto(f"{visit.server_url}/second-factor")
    await page.get_by_role("button", name="Set up an app").click()
    await page.locator("#change-button").click()
    await expect(page.get_by_role("alert")).to_contain_text("sign in anew with your company")
    await page.get_by_role("button", name="Sign in with your company again").click()
    await page.locator("input[name=sub]").fill(subject)
    await page.get_by_role("button", name="Authorize").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
    await page.get_by_role("button", name="Set up an app").click()
    await page.locator("#change-button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Set up an authenticator app")


async def test_a_link_with_the_code_of_somebody_else_signs_nobody_in(
    visit: Visit, german_visit: Visit, company: Company
) -> None:
    """Neither in a page that has begun nothing, nor in one that has begun itself."""
    attacker, email = german_visit.page, company.address()
    await attacker.route("**/graphql", lambda route: route.abort())
    await _begin_in_german(german_visit, company.account.id)
    await _sign_in_at_the_issuer(attacker, company, email)
    async with attacker.expect_request("**/graphql") as asked:
        pass
    (code,) = re.findall(r"mdc_\w+", (await asked.value).post_data or "")
    page = visit.page
    for has_begun in (False, True):
        if has_begun:
            await _begin(page, visit, f"account={company.account.id}")
            await expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible()
        await page.goto(f"{visit.server_url}/sign-in#{code}")
        await expect(page.get_by_role("heading")).to_have_text("Sign in")
        await expect(page.get_by_role("alert")).to_contain_text("belongs to another page")
        assert await kept_token(page) == ""


async def _begin_in_german(visit: Visit, account_id: str) -> None:
    await visit.page.goto(f"{visit.server_url}/sso/start?account={account_id}")
    await visit.page.get_by_role("button", name="Zur Anmeldung Ihres Unternehmens").click()
