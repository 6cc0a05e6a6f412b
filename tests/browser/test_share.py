"""The page behind a share's link, in a real browser, against the running server (R32, R33)."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.browser.invitations import PASSWORD, Invitation, accounts_of, sign_up_elsewhere
from tests.browser.visits import Visit


@pytest.fixture
async def opened(visit: Visit, share: Invitation) -> Page:
    await visit.page.goto(share.link)
    title = f"Maria Santos shares {share.account_name} with you"
    await expect(visit.page.get_by_role("heading")).to_have_text(title)
    return visit.page


async def _expect_access(page: Page, account_name: str) -> None:
    await expect(page.get_by_role("heading")).to_have_text(f"You have access to {account_name}")
    assert account_name in await accounts_of(page)


async def test_it_says_what_is_shared(opened: Page, visit: Visit, share: Invitation) -> None:
    facts = opened.locator("#offer-facts")
    await expect(facts).to_contain_text(share.account_name)
    await expect(facts).to_contain_text("MARKETER")
    await expect(facts).to_contain_text("block list and contacts")
    visit.assert_clean()


async def test_a_new_person_signs_up_with_an_own_account(
    opened: Page, visit: Visit, share: Invitation
) -> None:
    await expect(opened.get_by_role("textbox", name="E-mail")).to_have_value(share.email)
    await opened.get_by_label("Your name").fill("Gus Guest")
    await opened.get_by_label("The name of your own account").fill("Guest & Sons")
    await opened.get_by_label("Choose a password").fill(PASSWORD)
    await opened.get_by_role("button", name="Sign up and accept").click()
    await _expect_access(opened, share.account_name)
    assert "Guest & Sons" in await accounts_of(opened)
    visit.assert_clean()


async def test_a_known_person_signs_in(
    opened: Page, visit: Visit, share: Invitation, database: AsyncEngine
) -> None:
    await sign_up_elsewhere(visit.server_url, share.email, database)
    await opened.get_by_label("No, sign me in").check()
    await opened.get_by_label("Password", exact=True).fill(PASSWORD)
    await opened.get_by_role("button", name="Sign in and accept").click()
    await _expect_access(opened, share.account_name)
    visit.assert_clean()


async def test_a_person_signed_in_already_accepts_at_once(
    opened: Page, visit: Visit, share: Invitation, database: AsyncEngine
) -> None:
    token = await sign_up_elsewhere(visit.server_url, share.email, database)
    await opened.evaluate("token => sessionStorage.setItem('mandant:token', token)", token)
    await opened.reload()
    await opened.get_by_role("button", name="Accept the invitation").click()
    await _expect_access(opened, share.account_name)
    await opened.reload()
    await expect(opened.get_by_role("heading")).to_have_text("This link is not valid any more")
    visit.assert_clean()


async def test_another_person_is_refused(
    opened: Page, visit: Visit, share: Invitation, demo_token: str
) -> None:
    await opened.evaluate("token => sessionStorage.setItem('mandant:token', token)", demo_token)
    await opened.reload()
    await opened.get_by_role("button", name="Accept the invitation").click()
    await expect(opened.get_by_role("alert")).to_contain_text("another e-mail address")
    assert share.account_name not in await accounts_of(opened)
    visit.assert_clean()


async def test_an_invitation_asks_for_no_own_account(visit: Visit, invitation: Invitation) -> None:
    await visit.page.goto(invitation.link)
    await expect(visit.page.get_by_label("Your name")).to_be_visible()
    await expect(visit.page.get_by_label("The name of your own account")).to_be_hidden()
    visit.assert_clean()
