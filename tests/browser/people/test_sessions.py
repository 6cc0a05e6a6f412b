"""The page that lists where somebody is signed in."""

from playwright.async_api import Page, expect

from tests.browser.people.accessibility import findings
from tests.browser.people.steps import expect_signed_in, give_password, kept_token
from tests.browser.visits import Visit
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.world import PASSWORD, Person, World

_SESSIONS = "{ viewer { sessions { nodes { current } } } }"


async def _opened(visit: Visit, person: Person) -> Page:
    """The page, after the sign-in that it asks for. The person has one session more, made by the world."""
    page = visit.page
    await page.goto(f"{visit.server_url}/sessions")
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
    await page.get_by_label("E-mail").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading")).to_have_text("Where you are signed in")
    assert page.url == f"{visit.server_url}/sessions"
    return page


async def _status(http: Api, token: str) -> int:
    return (
        await http.http.post(
            "/graphql", json={"query": _SESSIONS}, headers={"Authorization": f"Bearer {token}"}
        )
    ).status_code


async def test_a_session_is_ended_by_the_keyboard(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    page = await _opened(visit, person)
    items = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    await expect(items).to_have_count(2)
    await expect(items.filter(has_text="This tab")).to_have_count(1)
    await expect(items.filter(has_text="This tab")).to_contain_text("Linux")
    assert await findings(page) == []
    other = items.filter(has_not_text="This tab").get_by_role("button")
    await other.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("The session is ended.")
    await expect(items).to_have_count(1)
    await expect(page.get_by_role("heading")).to_be_focused()
    await expect(page.get_by_role("button", name="End all others")).to_be_hidden()
    assert (await _status(http, person.token), await _status(http, await kept_token(page))) == (401, 200)
    visit.assert_clean()


async def test_all_others_are_ended(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    more = await done(http, "signIn", None, "token", email=person.email, password=PASSWORD)
    page = await _opened(visit, person)
    await page.get_by_role("button", name="End all others").click()
    await expect(page.get_by_role("status")).to_have_text("All other sessions are ended.")
    tokens = person.token, more["token"], await kept_token(page)
    assert [await _status(http, token) for token in tokens] == [401, 401, 200]
    visit.assert_clean()


async def test_who_ends_this_session_signs_in_anew(visit: Visit, world: World, http: Api) -> None:
    person = await world.person()
    page = await _opened(visit, person)
    token = await kept_token(page)
    await page.get_by_role("listitem").filter(has_text="This tab").get_by_role("button").click()
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
    assert (await kept_token(page), await _status(http, token)) == ("", 401)
    assert await _status(http, person.token) == 200
    visit.assert_clean()


async def test_a_session_that_was_ended_elsewhere_is_asked_to_sign_in(
    visit: Visit, world: World, http: Api
) -> None:
    person = await world.person()
    page = await give_password(visit, person)
    await expect_signed_in(page, person)
    await http.read("mutation { sessionRevokeOthers { userErrors { code } } }", person)
    await page.get_by_role("link", name="Where you are signed in").click()
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
    assert await kept_token(page) == ""


async def test_a_server_out_of_reach_is_said_and_can_be_tried_again(visit: Visit, world: World) -> None:
    person = await world.person()
    page = await _opened(visit, person)
    await page.route("**/graphql", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("list", name="Sessions").get_by_role("listitem")).to_have_count(2)


async def test_a_german_reads_german(german_visit: Visit, world: World) -> None:
    person = await world.person()
    page = german_visit.page
    await page.goto(f"{german_visit.server_url}/sign-in")
    await page.evaluate("token => sessionStorage.setItem('mandant:token', token)", person.token)
    await page.goto(f"{german_visit.server_url}/sessions")
    await expect(page.get_by_role("heading")).to_have_text("Wo Sie angemeldet sind")
    await expect(page.get_by_role("listitem").filter(has_text="Dieser Tab")).to_contain_text("angemeldet am")
    assert await findings(page) == []
    german_visit.assert_clean()
