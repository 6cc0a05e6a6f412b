"""The pages behind links to a mailbox, in a real browser, against the running server."""

import re
from uuid import uuid4

import httpx
from playwright.async_api import expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.effects.outbox import outbox_messages
from resolvers.effects.mail_limits import MailKind
from resolvers.people.mail_kinds import EMAIL_VERIFICATION, PASSWORD_RESET
from tests.browser.invitations import PASSWORD, Invitation, accounts_of, sign_up_unverified
from tests.browser.visits import Visit
from tests.client.api import Api

NEW_PASSWORD = "another password 8"


async def _mailed_link(database: AsyncEngine, email: str, kind: MailKind) -> str:
    mails = select(outbox_messages.c.body).where(
        outbox_messages.c.recipient == email, outbox_messages.c.subject == kind.subject
    )
    async with database.connect() as connection:
        bodies = (await connection.execute(mails.order_by(outbox_messages.c.id))).scalars().all()
    link = re.search(r"^http\S+$", bodies[-1], re.MULTILINE)
    assert link is not None
    return link[0]


async def test_an_address_is_confirmed_and_then_invited(
    visit: Visit, invitation: Invitation, database: AsyncEngine
) -> None:
    """Who has not confirmed its address signs in on the device that signed up, is sent the link, opens it on
    another one, and accepts."""
    page, email = visit.page, invitation.email
    _, device = await sign_up_unverified(visit.server_url, email)
    await page.goto(invitation.link)
    await page.evaluate("device => localStorage.setItem('mandant:device', device)", device)
    await page.get_by_label("No, sign me in").check()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in and accept").click()
    await expect(page.get_by_role("alert")).to_contain_text("not confirmed yet")

    await page.evaluate("sessionStorage.clear()")
    await page.goto(await _mailed_link(database, email, EMAIL_VERIFICATION))
    await page.get_by_label("Your password").fill("not the password")
    await page.get_by_role("button", name="Confirm the address").click()
    await expect(page.get_by_role("alert")).to_contain_text("password is wrong")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Confirm the address").click()
    await expect(page.get_by_role("heading")).to_have_text("Your e-mail address is confirmed")

    await page.goto(invitation.link)
    await page.get_by_label("No, sign me in").check()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in and accept").click()
    await expect(page.get_by_role("heading")).to_contain_text("You are a member of")
    assert invitation.account_name in await accounts_of(page)
    visit.assert_clean()


async def test_the_signed_in_person_confirms_by_a_button(visit: Visit, database: AsyncEngine) -> None:
    email = f"new-{uuid4().hex}@example.com"
    token, _ = await sign_up_unverified(visit.server_url, email)
    page, link = visit.page, await _mailed_link(database, email, EMAIL_VERIFICATION)
    await page.goto(link)
    await page.evaluate("token => sessionStorage.setItem('mandant:token', token)", token)
    await page.reload()
    await expect(page.get_by_label("Your password")).to_be_hidden()
    await page.get_by_role("button", name="Confirm the address").click()
    await expect(page.get_by_role("heading")).to_have_text("Your e-mail address is confirmed")
    visit.assert_clean()


async def test_a_new_password_is_asked_for_and_set(visit: Visit, database: AsyncEngine) -> None:
    page, email = visit.page, f"forgetful-{uuid4().hex}@example.com"
    await sign_up_unverified(visit.server_url, email)
    await page.goto(f"{visit.server_url}/password-reset")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("button", name="Send the link").click()
    await expect(page.get_by_role("heading")).to_have_text("Look into your mailbox")

    await page.goto(await _mailed_link(database, email, PASSWORD_RESET))
    await expect(page.get_by_text("10 to 1,000 characters")).to_be_visible()
    await page.get_by_role("textbox", name="Your new password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("heading")).to_have_text("Your new password is set")
    await expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", "/sign-in")
    assert (await page.evaluate("localStorage.getItem('mandant:device')")).startswith("mdd_")
    async with httpx.AsyncClient(base_url=visit.server_url) as http:
        refused = await Api(http).refusal("signIn", None, email=email, password=PASSWORD)
        assert (refused, await Api(http).refusal("signIn", None, email=email, password=NEW_PASSWORD)) == (
            "SIGN_IN_REFUSED",
            "",
        )
    await page.reload()
    await page.get_by_role("textbox", name="Your new password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("alert")).to_contain_text("used already")
    visit.assert_clean()
