"""The page of second factors: an app with its secret and recovery codes, and passkeys of a real browser."""

from playwright.async_api import Page, expect

from tests.areas.second_factor.steps import (
    App,
    early_in_a_step,
    factor_of,
    forget_codes,
    set_up_app,
    with_app,
)
from tests.browser.demo import open_demo
from tests.browser.people.accessibility import findings
from tests.browser.people.steps import expect_signed_in, give_password
from tests.browser.visits import Visit
from tests.client.api import Api
from tests.world.world import PASSWORD, Person, World


async def _opened(visit: Visit, person: Person) -> Page:
    page = visit.page
    await page.goto(f"{visit.server_url}/sign-in")
    await page.evaluate("token => sessionStorage.setItem('mandant:token', token)", person.token)
    await page.goto(f"{visit.server_url}/second-factor")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
    return page


async def _change(page: Page, action: str, password: str = PASSWORD) -> None:
    """Press the button, and give the password by the keyboard."""
    await page.get_by_role("button", name=action).press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert await findings(page) == []
    await page.get_by_label("Your password").fill(password)
    await page.keyboard.press("Enter")


async def _expect_done(page: Page) -> None:
    await expect(page.get_by_role("status")).to_have_text("It is done.")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert await findings(page) == []


async def _give_authenticator(page: Page) -> None:
    """The browser has a device that knows its person."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_an_app_is_set_up_and_removed(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    page = await _opened(visit, person)
    await expect(page.get_by_role("button", name="Make new recovery codes")).to_be_hidden()
    await _change(page, "Set up an app", "not the password")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Set up an authenticator app")
    assert await findings(page) == []
    secret = await page.locator("#secret").inner_text()
    link = page.get_by_role("link", name="Open it in an app on this device")
    assert f"secret={secret}" in str(await link.get_attribute("href"))
    picture = page.get_by_role("img", name="QR code")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    await page.get_by_label("The code that the app shows now").fill("000")
    await page.get_by_role("button", name="Confirm the app").click()
    await expect(page.get_by_role("alert")).not_to_be_empty()
    assert not (await factor_of(http, person))["totp"]
    await early_in_a_step()
    await page.get_by_label("The code that the app shows now").fill(App(secret).code())
    await page.get_by_role("button", name="Confirm the app").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    await expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    assert await findings(page) == []
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_text("An app is set up.")).to_be_visible()
    await expect(page.get_by_text("Codes that were not used yet: 10")).to_be_visible()
    assert (await factor_of(http, person))["totp"]

    await _change(page, "Remove the app")
    await _expect_done(page)
    await expect(page.get_by_text("No app is set up.")).to_be_visible()
    assert not (await factor_of(http, person))["totp"]
    visit.assert_clean()


async def test_recovery_codes_are_renewed(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    _, earlier = await set_up_app(http, person)
    page = await _opened(visit, person)
    await _change(page, "Make new recovery codes")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    codes = await page.get_by_role("list", name="Recovery codes").get_by_role("listitem").all_inner_texts()
    assert len(codes) == 10
    assert not set(codes) & set(earlier)
    await page.evaluate("sessionStorage.clear()")
    page = await give_password(visit, person)
    await page.get_by_label("Code").fill(codes[0])
    await page.get_by_role("button", name="Confirm").click()
    await expect_signed_in(page, person)
    visit.assert_clean()


async def test_a_passkey_is_added_signs_in_and_is_removed(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    await _give_authenticator(visit.page)
    page = await _opened(visit, person)
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_label("A name for the passkey").fill("Laptop <1>")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_role("list", name="Passkeys").get_by_text("Laptop <1>")).to_be_visible()
    assert await findings(page) == []

    # As the second factor of a password, and alone.
    await page.evaluate("sessionStorage.clear()")
    page = await give_password(visit, person)
    await page.get_by_role("button", name="Use the passkey").click()
    await expect_signed_in(page, person)
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect_signed_in(page, person)

    await page.get_by_role("link", name="Your second factor").click()
    await _change(page, "Remove: Laptop <1>")
    await _expect_done(page)
    await expect(page.get_by_text("You have no passkey.")).to_be_visible()
    assert (await factor_of(http, person))["passkeys"] == []
    visit.assert_clean()


async def test_a_browser_without_passkeys_says_so(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    await _give_authenticator(visit.page)
    page = await _opened(visit, person)
    await page.evaluate("() => { navigator.credentials.create = async () => { throw new DOMException(); }; }")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_label("A name for the passkey").fill("Laptop")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("alert")).to_have_text("The browser gave no passkey. Please try again.")
    assert (await factor_of(http, person))["passkeys"] == []
    visit.assert_clean()


async def test_a_german_reads_german(german_visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    await set_up_app(http, person)
    await forget_codes(world, person)
    page = german_visit.page
    await page.goto(f"{german_visit.server_url}/sign-in")
    await page.evaluate("token => sessionStorage.setItem('mandant:token', token)", person.token)
    await page.goto(f"{german_visit.server_url}/second-factor")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ihr zweiter Faktor")
    await expect(page.get_by_text("Noch nicht benutzte Codes: 10")).to_be_visible()
    await page.get_by_role("button", name="App entfernen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("App entfernen")
    assert await findings(page) == []
    german_visit.assert_clean()


async def test_at_another_address_passkeys_are_not_offered(visit: Visit, world: World) -> None:
    person = await world.person()
    site = visit.server_url
    visit.server_url = site.replace("localhost", "127.0.0.1")
    page = await _opened(visit, person)
    await expect(page.get_by_text(f"Passkeys work at another address: {site}")).to_be_visible()
    await expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    assert await findings(page) == []
    await page.evaluate("sessionStorage.clear()")
    await page.goto(f"{visit.server_url}/sign-in")
    await expect(page.get_by_role("button", name="Sign in with your company")).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    visit.assert_clean()


async def test_the_button_of_a_demo_says_where_to_sign_in(visit: Visit, world: World, http: Api) -> None:
    person, _, _ = await with_app(http, world)
    button = await open_demo(visit, person.email, PASSWORD)
    await button.click()
    told = f"{person.email} has a second factor now. Sign in at /sign-in, which opens GraphiQL afterwards."
    await expect(visit.page.get_by_text(told)).to_be_visible()
    visit.assert_clean()
