"""GraphiQL in a real browser, against the running server."""

import asyncio
import json
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Page, Route, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.pages.files import FOLDER
from server.pages.graphiql import graphiql_document, read_tabs
from server.pages.libraries import LIBRARY_FILES, PUBLIC_NETWORK, Kind
from tests.browser.demo import open_demo
from tests.browser.invitations import PASSWORD, sign_up_elsewhere
from tests.browser.visits import Visit
from tests.world.credit import give_payment_method
from tests.world.world import World

pytestmark = pytest.mark.skipif(
    not (FOLDER / "node_modules").is_dir(), reason="npm ci was not run in server/pages"
)


@pytest.fixture
async def graphiql(visit: Visit) -> Page:
    await visit.page.goto(f"{visit.server_url}/graphql")
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("WhoAmI")
    return visit.page


async def _use_token(page: Page, token: str) -> None:
    await page.get_by_label("Token", exact=True).fill(token)
    await page.get_by_role("button", name="Use token").click()


async def _name_behind(server_url: str, token: str) -> str:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"{server_url}/graphql",
            json={"query": "{ viewer { user { name } } }"},
            headers={"Authorization": f"Bearer {token}"},
        )
    name = response.json()["data"]["viewer"]["user"]["name"]
    assert isinstance(name, str)
    return name


async def _tabs(page: Page, *names: str) -> None:
    await expect(page.locator(".graphiql-tab-button")).to_have_text(names)


async def test_without_a_token_the_tabs_lead_to_one(graphiql: Page, visit: Visit) -> None:
    await _tabs(graphiql, "WhoAmI", "SignUp", "SignIn")
    assert len(read_tabs()) > 10
    visit.assert_clean()


async def test_the_tabs_fit_the_role_and_name_its_account(graphiql: Page, visit: Visit, world: World) -> None:
    account = await world.account()
    method = await give_payment_method(world, account)
    finance = await world.member(account, BuiltinRole.FINANCE)
    await _use_token(graphiql, finance.token)
    await _tabs(graphiql, "WhoAmI", "UsageAndPlan", "InvoicesAndCredit", "BuyCredit", "YearOfSends")
    await graphiql.locator(".graphiql-tab-button", has_text="BuyCredit").click()
    variables = graphiql.locator(".graphiql-editor-tool")
    await expect(variables).to_contain_text(account.id)
    await expect(variables).to_contain_text(method.id)

    await _use_token(graphiql, (await world.member(account, BuiltinRole.ANALYST)).token)
    await _tabs(graphiql, "WhoAmI", "YearOfSends")
    visit.assert_clean()


async def test_the_people_of_a_demo_sign_in_by_a_button(visit: Visit, database: AsyncEngine) -> None:
    email = "button@example.com"
    await sign_up_elsewhere(visit.server_url, email, database)
    button = await open_demo(visit, email, PASSWORD)
    await button.click()
    await expect(visit.page.get_by_text("Early Bird · Owner, of the tests")).to_be_visible()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(visit.page.locator(".graphiql-tab-button", has_text="CreateSubaccount")).to_be_visible()
    visit.assert_clean()


async def test_a_query_in_the_address_is_opened(visit: Visit) -> None:
    asked = urlencode({"query": "query Asked($id: ID!) { node(id: $id) { id } }", "variables": '{"id": "1"}'})
    await visit.page.goto(f"{visit.server_url}/graphql?{asked}")
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("Asked")
    await expect(visit.page.locator(".graphiql-editor-tool")).to_contain_text('"id": "1"')
    visit.assert_clean()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
async def test_a_query_is_run_on_screens_of_both_sizes(
    visit: Visit, demo_token: str, width: int, height: int
) -> None:
    """Nothing that is needed lies outside of the screen, or under something else."""
    page = visit.page
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(f"{visit.server_url}/graphql")
    await _use_token(page, demo_token)
    await expect(page.locator(".graphiql-tab-button", has_text="CreateSubaccount")).to_be_attached()
    await page.get_by_role("button", name="Execute query").click()
    answer = page.locator(".graphiql-response")
    await expect(answer).to_contain_text('"viewer"')
    for part in (answer, page.locator(".graphiql-query-editor"), page.locator("#token-state")):
        box = await part.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] >= 150
        assert box["y"] + min(box["height"], 40) <= height
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    visit.assert_clean()


async def test_who_am_i_shows_the_person_behind_the_token(
    graphiql: Page, visit: Visit, demo_token: str
) -> None:
    name = await _name_behind(visit.server_url, demo_token)
    answer = graphiql.locator(".graphiql-response")

    await _use_token(graphiql, demo_token)
    await graphiql.get_by_role("button", name="Execute query").click()
    await expect(answer).to_contain_text(name)

    await graphiql.get_by_role("button", name="Forget").click()
    await expect(answer).not_to_contain_text(name)
    await expect(graphiql.get_by_text("requests are anonymous")).to_be_visible()
    visit.assert_clean()


async def test_a_subscription_tells_until_it_is_stopped(graphiql: Page, visit: Visit, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await _use_token(graphiql, owner.token)
    await graphiql.locator(".graphiql-tab-button", has_text="FollowTheLog").click()
    await expect(graphiql.locator(".graphiql-editor-tool")).to_contain_text(account.id)

    async with graphiql.expect_request(lambda request: "FollowTheLog" in (request.post_data or "")) as asked:
        await graphiql.get_by_role("button", name="Execute query").click()
    request = await asked.value
    answer = graphiql.locator(".graphiql-response")
    assert await request.response() is not None
    headers = await request.all_headers()
    assert headers["accept"] == "text/event-stream"
    assert headers["authorization"] == f"Bearer {owner.token}"
    await asyncio.sleep(1.0)  # what is changed before the server looks is not told
    await _change(visit.server_url, owner.token, account.id, "first")
    await expect(answer).to_contain_text("ACCOUNT_UPDATED")
    first = await answer.inner_text()
    await _change(visit.server_url, owner.token, account.id, "second")
    await expect(answer).not_to_have_text(first, use_inner_text=True)
    await expect(answer).to_contain_text("ACCOUNT_UPDATED")

    await graphiql.get_by_role("button", name="Stop query").click()
    await expect(graphiql.get_by_role("button", name="Execute query")).to_be_visible()
    visit.assert_clean()


async def test_who_is_fast_runs_what_the_tab_holds(graphiql: Page, visit: Visit, world: World) -> None:
    """GraphiQL itself notes late that the editor holds something else, and then of another kind."""
    account = await world.account()
    await _use_token(graphiql, (await world.member(account, BuiltinRole.OWNER)).token)
    await expect(graphiql.locator(".graphiql-tab-button", has_text="FollowTheLog")).to_be_attached()
    await expect(graphiql.locator(".graphiql-query-editor")).to_contain_text("WhoAmI")
    async with graphiql.expect_request(lambda request: "FollowTheLog" in (request.post_data or "")) as asked:
        await graphiql.evaluate("""() => {
          const tabs = [...document.querySelectorAll(".graphiql-tab-button")];
          tabs.find((tab) => tab.textContent === "FollowTheLog").click();
          document.querySelector(".graphiql-execute-button").click();
        }""")
    request = await asked.value
    assert json.loads(request.post_data or "")["operationName"] == "FollowTheLog"
    assert (await request.all_headers())["accept"] == "text/event-stream"
    await graphiql.get_by_role("button", name="Stop query").click()
    await expect(graphiql.get_by_role("button", name="Execute query")).to_be_visible()
    visit.assert_clean()


async def test_a_subscription_that_is_refused_says_why(graphiql: Page, visit: Visit, world: World) -> None:
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await _use_token(graphiql, owner.token)
    asked = urlencode({"query": f'subscription {{ usage(accountId: "{other.id}") {{ sent }} }}'})
    await graphiql.goto(f"{visit.server_url}/graphql?{asked}")
    await expect(graphiql.get_by_text(owner.person.email)).to_be_visible()
    await graphiql.get_by_role("button", name="Execute query").click()
    await expect(graphiql.locator(".graphiql-response")).to_contain_text("NOT_FOUND")
    await expect(graphiql.get_by_role("button", name="Execute query")).to_be_visible()
    visit.assert_clean()


async def _change(server_url: str, token: str, account_id: str, value: str) -> None:
    document = (
        "mutation ($input: AccountUpdateInput!) { accountUpdate(input: $input) { userErrors { code } } }"
    )
    read = "query ($id: ID!) { account(id: $id) { version } }"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        url = f"{server_url}/graphql"
        found = await client.post(url, json={"query": read, "variables": {"id": account_id}})
        version = found.json()["data"]["account"]["version"]
        values = {"accountId": account_id, "externalId": value, "expectedVersion": version}
        done = await client.post(url, json={"query": document, "variables": {"input": values}})
    assert done.json()["data"]["accountUpdate"]["userErrors"] == []


async def test_until_a_new_token_is_known_nothing_is_sent_with_the_former(
    graphiql: Page, visit: Visit, demo_token: str
) -> None:
    """Whoever is fast would else do as one person what another one was chosen for."""
    known = asyncio.Event()

    async def look_up_late(route: Route) -> None:
        if "viewerPermissions" in (route.request.post_data or ""):
            await known.wait()
        await route.continue_()

    await graphiql.route(f"{visit.server_url}/graphql", look_up_late)
    await _use_token(graphiql, demo_token)
    run = graphiql.get_by_role("button", name="Execute query")
    with pytest.raises(PlaywrightTimeout):
        await run.click(timeout=500)
    known.set()
    await run.click()
    await expect(graphiql.locator(".graphiql-response")).to_contain_text(
        await _name_behind(visit.server_url, demo_token)
    )
    visit.assert_clean()


async def test_another_token_asks_for_the_schema_anew(graphiql: Page, visit: Visit, demo_token: str) -> None:
    def asks_for_the_schema(body: str | None) -> bool:
        return "IntrospectionQuery" in (body or "")

    async with graphiql.expect_request(lambda request: asks_for_the_schema(request.post_data)) as asked:
        await _use_token(graphiql, demo_token)
    request = await asked.value
    assert await request.header_value("Authorization") == f"Bearer {demo_token}"
    visit.assert_clean()


async def test_the_token_outlives_a_reload_and_not_the_tab(
    graphiql: Page, visit: Visit, demo_token: str
) -> None:
    await _use_token(graphiql, f"  {demo_token}\n")
    in_use = f"{await _name_behind(visit.server_url, demo_token)} · "
    await expect(graphiql.get_by_text(in_use)).to_be_visible()
    await graphiql.reload()
    await expect(graphiql.get_by_text(in_use)).to_be_visible()

    other_tab = await graphiql.context.new_page()
    await other_tab.goto(graphiql.url)
    await expect(other_tab.get_by_text("requests are anonymous")).to_be_visible()
    assert await graphiql.evaluate("localStorage.length") == 0
    visit.assert_clean()


async def test_documentation_explorer_and_dialogs_open(graphiql: Page, visit: Visit) -> None:
    await graphiql.get_by_label("Show Documentation Explorer").click()
    await graphiql.locator(".graphiql-doc-explorer").get_by_text("Mutation", exact=True).click()
    await expect(graphiql.locator(".graphiql-doc-explorer")).to_contain_text("subaccountCreate")
    await graphiql.get_by_label("Show GraphiQL Explorer").click()
    await expect(graphiql.locator(".graphiql-explorer-root")).to_contain_text("viewerPermissions")

    for dialog in ("settings", "short keys"):
        await graphiql.get_by_role("button", name=f"Open {dialog} dialog").click()
        await expect(graphiql.get_by_role("dialog")).to_be_visible()
        await graphiql.keyboard.press("Escape")
        await expect(graphiql.get_by_role("dialog")).to_be_hidden()
    visit.assert_clean()


async def test_without_npm_the_page_runs_from_the_public_network(visit: Visit) -> None:
    """The network's part is played by npm's own files: the policy and the hashes must let them in."""
    files = {PUBLIC_NETWORK + file.location: file for file in LIBRARY_FILES}
    document = graphiql_document(installed=False)

    async def public_network(route: Route) -> None:
        file = files[route.request.url]
        await route.fulfill(
            body=file.installed_in(FOLDER / "node_modules").read_bytes(),
            headers={"Access-Control-Allow-Origin": "*", "Content-Type": file.kind.value},
        )

    async def page_without_npm(route: Route) -> None:
        if route.request.method != "GET":
            await route.continue_()
            return
        headers = document.headers | {"Content-Type": "text/html; charset=utf-8"}
        await route.fulfill(body=document.body, headers=headers)

    await visit.page.route(f"{PUBLIC_NETWORK}**", public_network)
    await visit.page.route(f"{visit.server_url}/graphql", page_without_npm)
    await visit.page.goto(f"{visit.server_url}/graphql")
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("WhoAmI")
    assert visit.complaints == []
    assert set(visit.foreign_requests) == set(files)
    assert {file.kind for file in files.values()} == {Kind.SCRIPT, Kind.STYLE}
