"""The page of sign-in: passwords, second factors, and the keyboard alone."""

from playwright.async_api import expect

from tests.areas.second_factor.steps import early_in_a_step, forget_codes, set_up_app
from tests.browser.people.accessibility import findings
from tests.browser.people.steps import expect_signed_in, give_password, kept_token
from tests.browser.visits import Visit
from tests.client.api import Api
from tests.world.world import PASSWORD, World


async def test_a_password_opens_a_session_that_signing_out_ends(
    visit: Visit, world: World, http: Api
) -> None:
    person = await world.person()
    page = await give_password(visit, person, "not the password")
    await expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    assert (await kept_token(page), await findings(page)) == ("", [])

    page = await give_password(visit, person)
    await expect_signed_in(page, person)
    assert await findings(page) == []
    token = await kept_token(page)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
    await expect(page.get_by_label("Password", exact=True)).to_have_value("")
    assert await kept_token(page) == ""
    answer = await http.http.post(
        "/graphql",
        json={"query": "{ viewer { user { id } } }"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 401
    visit.assert_clean()


async def test_a_session_that_is_over_is_signed_out_of(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    page = await give_password(visit, person)
    await expect_signed_in(page, person)
    await http.read("mutation { sessionRevokeOthers { userErrors { code } } }", person)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
    assert await kept_token(page) == ""


async def test_a_code_of_the_app_is_asked_for(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    app, codes = await set_up_app(http, person)
    await forget_codes(world, person)
    page = await give_password(visit, person)
    await expect(page.get_by_role("heading")).to_have_text("Confirm that it is you")
    assert (await kept_token(page), await findings(page)) == ("", [])
    assert await page.evaluate("document.activeElement.id") == "factor-title"
    await expect(page.get_by_role("button", name="Use the passkey")).to_be_hidden()

    await page.get_by_label("Code").fill("no code")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("alert")).to_contain_text("The code or the passkey is wrong")
    assert await kept_token(page) == ""
    await early_in_a_step()
    await page.get_by_label("Code").fill(f" {app.code()} ")
    await page.get_by_role("button", name="Confirm").click()
    await expect_signed_in(page, person)

    await page.evaluate("sessionStorage.clear()")
    page = await give_password(visit, person)
    await page.get_by_label("Code").fill(codes[0])
    await page.get_by_role("button", name="Confirm").click()
    await expect_signed_in(page, person)
    visit.assert_clean()


async def test_who_has_lost_all_asks_for_a_reset(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    await set_up_app(http, person)
    page = await give_password(visit, person)
    await page.get_by_role("button", name="Ask for a reset").click()
    await expect(page.get_by_role("heading")).to_have_text("You have asked for a reset")
    assert (await kept_token(page), await findings(page)) == ("", [])
    visit.assert_clean()


async def test_the_keyboard_alone_signs_in(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    _, codes = await set_up_app(http, person)
    page = visit.page
    await page.goto(f"{visit.server_url}/sign-in")
    await expect(page.get_by_role("heading")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type(person.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type("not the password")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Control+A")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading")).to_have_text("Confirm that it is you")
    await page.keyboard.press("Tab")
    await page.keyboard.type(codes[0])
    await page.keyboard.press("Enter")
    await expect_signed_in(page, person)
    await expect(page.get_by_role("heading")).to_be_focused()
    visit.assert_clean()


async def test_a_german_reads_german(german_visit: Visit, world: World) -> None:
    person = await world.person()
    page = german_visit.page
    await page.goto(f"{german_visit.server_url}/sign-in")
    await expect(page.get_by_role("heading")).to_have_text("Anmelden")
    await page.get_by_label("E-Mail").fill(person.email)
    await page.get_by_label("Passwort", exact=True).fill("falsch")
    await page.get_by_role("button", name="Anmelden", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("Die E-Mail-Adresse oder das Passwort stimmt nicht.")
    await expect(page.get_by_role("alert")).to_have_attribute("lang", "de")
    assert await findings(page) == []
    await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Anmelden", exact=True).click()
    await expect(page.get_by_role("heading")).to_have_text("Sie sind angemeldet")
    await expect(page.get_by_text(f"Sie sind angemeldet als {person.name}")).to_be_visible()
    german_visit.assert_clean()
