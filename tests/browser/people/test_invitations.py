"""The invitation's page for those who have a second factor, and for those who read German."""

from playwright.async_api import expect

from tests.areas.second_factor.steps import set_up_app
from tests.browser.invitations import PASSWORD, Invitation, accounts_of
from tests.browser.people.accessibility import findings
from tests.browser.people.steps import kept_token
from tests.browser.visits import Visit
from tests.client.api import Api
from tests.world.world import PASSWORD as WORLD_PASSWORD
from tests.world.world import World


async def test_who_has_a_second_factor_signs_in_and_accepts(
    visit: Visit, invitation: Invitation, world: World, http: Api
) -> None:
    _, codes = await set_up_app(http, await world.person(email=invitation.email))
    page = visit.page
    await page.goto(invitation.link)
    await page.get_by_label("No, sign me in").check()
    await page.get_by_label("Password", exact=True).fill(WORLD_PASSWORD)
    await page.get_by_role("button", name="Sign in and accept").click()
    await expect(page.get_by_role("heading")).to_have_text("Confirm that it is you")
    assert (await kept_token(page), await findings(page)) == ("", [])
    await page.get_by_label("Code").fill(codes[0])
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("heading")).to_have_text(f"You are a member of {invitation.account_name}")
    assert invitation.account_name in await accounts_of(page)
    visit.assert_clean()


async def test_a_german_signs_up(german_visit: Visit, invitation: Invitation) -> None:
    page = german_visit.page
    await page.goto(invitation.link)
    await expect(page.get_by_role("heading")).to_contain_text(f"zu {invitation.account_name} ein")
    await expect(page.get_by_text("10 bis 1.000 beliebige Zeichen")).to_be_visible()
    assert await findings(page) == []
    await page.get_by_label("Ihr Name").fill("Nora Neuling")
    await page.get_by_label("Wählen Sie ein Passwort").fill("\N{ZERO WIDTH SPACE}" * 12)
    await page.get_by_role("button", name="Registrieren und annehmen").click()
    # What the catalogue has no words for is said in the API's.
    await expect(page.get_by_role("alert")).to_have_attribute("lang", "en")
    await page.get_by_label("Wählen Sie ein Passwort").fill(PASSWORD)
    await page.get_by_role("button", name="Registrieren und annehmen").click()
    await expect(page.get_by_role("heading")).to_have_text(f"Sie sind Mitglied von {invitation.account_name}")
    assert invitation.account_name in await accounts_of(page)
    german_visit.assert_clean()


async def test_a_german_sets_a_new_password(german_visit: Visit) -> None:
    page = german_visit.page
    await page.goto(f"{german_visit.server_url}/password-reset#mdp_nothing")
    await expect(page.get_by_role("heading")).to_have_text("Neues Passwort setzen")
    await page.get_by_role("textbox", name="Ihr neues Passwort").fill(PASSWORD)
    await page.get_by_role("button", name="Passwort setzen").click()
    await expect(page.get_by_role("alert")).to_contain_text("Der Link oder Code wurde schon benutzt")
    assert await findings(page) == []
    german_visit.assert_clean()
