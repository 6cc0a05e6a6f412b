"""The invitation page in a real browser, against the running server."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.browser.invitations import PASSWORD, Invitation, accounts_of, sign_up_elsewhere
from tests.browser.visits import Visit


@pytest.fixture
async def opened(visit: Visit, invitation: Invitation) -> Page:
    await visit.page.goto(invitation.link)
    await expect(visit.page.get_by_role("heading")).to_contain_text(invitation.account_name)
    return visit.page


async def _expect_membership(page: Page, account_name: str) -> None:
    await expect(page.get_by_role("heading")).to_have_text(f"You are a member of {account_name}")
    assert account_name in await accounts_of(page)
    await expect(page.get_by_role("link", name="Open GraphiQL")).to_have_attribute("href", "/graphql")


async def test_a_new_person_signs_up(opened: Page, visit: Visit, invitation: Invitation) -> None:
    await expect(opened.get_by_role("textbox", name="E-mail")).to_have_value(invitation.email)
    await opened.get_by_label("Your name").fill("Nora Newcomer")
    await opened.get_by_label("Choose a password").fill(PASSWORD)
    await opened.get_by_role("button", name="Sign up and accept").click()
    await _expect_membership(opened, invitation.account_name)
    visit.assert_clean()


async def test_it_says_what_the_role_may_do_and_how_long_a_password_is(opened: Page, visit: Visit) -> None:
    """Before anything is typed."""
    await expect(opened.get_by_text("campaigns: read, write, send")).to_be_visible()
    await expect(opened.get_by_text("10 to 1,000 characters")).to_be_visible()
    visit.assert_clean()


async def test_an_offer_is_declined_without_an_account(opened: Page, visit: Visit) -> None:
    await opened.get_by_role("button", name="Decline").click()
    await expect(opened.get_by_role("heading")).to_have_text("You have declined")
    await opened.reload()
    await expect(opened.get_by_role("heading")).to_have_text("This link is not valid any more")
    visit.assert_clean()


async def test_a_refusal_is_shown_in_words(opened: Page, visit: Visit) -> None:
    await opened.get_by_label("Your name").fill("Nora Newcomer")
    # What the page lets through and the server does not take.
    await opened.get_by_label("Choose a password").fill("\N{ZERO WIDTH SPACE}" * 12)
    await opened.get_by_role("button", name="Sign up and accept").click()
    await expect(opened.get_by_role("alert")).to_contain_text("assword")
    await expect(opened.get_by_role("button", name="Sign up and accept")).to_be_enabled()
    visit.assert_clean()


async def test_a_known_person_signs_in(
    opened: Page, visit: Visit, invitation: Invitation, database: AsyncEngine
) -> None:
    await sign_up_elsewhere(visit.server_url, invitation.email, database)
    await opened.get_by_label("No, sign me in").check()
    password = opened.get_by_label("Password", exact=True)

    await password.fill("not the password")
    await opened.get_by_role("button", name="Sign in and accept").click()
    await expect(opened.get_by_role("alert")).not_to_be_empty()

    await password.fill(PASSWORD)
    await opened.get_by_role("button", name="Sign in and accept").click()
    await _expect_membership(opened, invitation.account_name)
    visit.assert_clean()


async def test_a_person_signed_in_already_accepts_at_once(
    opened: Page, visit: Visit, invitation: Invitation, database: AsyncEngine
) -> None:
    token = await sign_up_elsewhere(visit.server_url, invitation.email, database)
    await opened.evaluate("token => sessionStorage.setItem('mandant:token', token)", token)
    await opened.reload()
    await expect(opened.get_by_text("You are signed in as Early Bird")).to_be_visible()
    await opened.get_by_role("button", name="Accept the invitation").click()
    await _expect_membership(opened, invitation.account_name)
    visit.assert_clean()


async def test_another_person_is_refused(
    opened: Page, visit: Visit, invitation: Invitation, demo_token: str
) -> None:
    await opened.evaluate("token => sessionStorage.setItem('mandant:token', token)", demo_token)
    await opened.reload()
    await opened.get_by_role("button", name="Accept the invitation").click()
    await expect(opened.get_by_role("alert")).not_to_be_empty()
    await opened.reload()
    await expect(opened.get_by_role("heading")).to_contain_text(invitation.account_name)
    visit.assert_clean()


async def test_a_used_link_is_not_valid_any_more(opened: Page, visit: Visit) -> None:
    await opened.get_by_label("Your name").fill("Nora Newcomer")
    await opened.get_by_label("Choose a password").fill(PASSWORD)
    await opened.get_by_role("button", name="Sign up and accept").click()
    await expect(opened.get_by_role("link", name="Open GraphiQL")).to_be_visible()
    await opened.reload()
    await expect(opened.get_by_role("heading")).to_have_text("This link is not valid any more")
    visit.assert_clean()


async def test_a_link_without_its_secret_is_not_valid(visit: Visit) -> None:
    await visit.page.goto(f"{visit.server_url}/invitation")
    await expect(visit.page.get_by_role("heading")).to_have_text("This link is not valid any more")
    visit.assert_clean()


async def test_a_server_out_of_reach_is_said_and_can_be_tried_again(
    visit: Visit, invitation: Invitation
) -> None:
    await visit.page.route("**/graphql", lambda route: route.abort())
    await visit.page.goto(invitation.link)
    await expect(visit.page.get_by_text("The server cannot be reached")).to_be_visible()
    await visit.page.unroute("**/graphql")
    await visit.page.get_by_role("button", name="Try again").click()
    await expect(visit.page.get_by_role("heading")).to_contain_text(invitation.account_name)


async def test_the_secret_never_travels_in_an_address(visit: Visit, invitation: Invitation) -> None:
    secret = invitation.link.partition("#")[2]
    assert secret
    addresses: list[str] = []
    visit.page.on("request", lambda request: addresses.append(request.url.partition("#")[0]))
    await visit.page.goto(invitation.link)
    await expect(visit.page.get_by_role("heading")).to_contain_text(invitation.account_name)
    assert addresses
    assert not [address for address in addresses if secret in address]
    visit.assert_clean()
