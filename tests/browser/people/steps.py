"""What people do at the page of sign-in."""

from playwright.async_api import Page, expect

from tests.browser.visits import Visit
from tests.world.world import PASSWORD, Person


async def give_password(visit: Visit, person: Person, password: str = PASSWORD) -> Page:
    """Fill the form in and send it."""
    page = visit.page
    await page.goto(f"{visit.server_url}/sign-in")
    await page.get_by_label("E-mail").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    return page


async def expect_signed_in(page: Page, person: Person) -> None:
    """The page says so, and keeps a token that belongs to the person."""
    await expect(page.get_by_role("heading")).to_have_text("You are signed in")
    await expect(page.get_by_text(f"You are signed in as {person.name} ({person.email}).")).to_be_visible()
    assert (await kept_token(page)).startswith("mds_")


async def kept_token(page: Page) -> str:
    """The token that the page kept; empty without one."""
    return str(await page.evaluate("sessionStorage.getItem('mandant:token') ?? ''"))
