"""An app of another origin in a real browser: it calls the API where it may, and the browser keeps it from it
where it may not."""

from typing import Any

from playwright.async_api import Browser, Page
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.sending.recipient_lists import recipient_lists
from server.database.clock import Clock
from tests.client.api import Api
from tests.world.billing import invoices_of, issue
from tests.world.brand import brand_of
from tests.world.credit import EURO
from tests.world.plans import make_plan, subscribe
from tests.world.world import World

_CALL = """async ({ url, method, headers, body, lines, credentials }) => {
  if (lines) {
    body = new Blob(Array.from({ length: lines }, (_, number) => `person${number}@example.com\\n`));
  }
  try {
    const response = await fetch(url, { method, headers, body, credentials });
    const blob = await response.blob();
    return {
      status: response.status,
      requestId: response.headers.get("X-Request-Id"),
      disposition: response.headers.get("Content-Disposition"),
      type: blob.type,
      begins: await blob.slice(0, 200).text(),
    };
  } catch (error) {
    return { refused: error.name };
  }
}"""
_REFUSED = {"refused": "TypeError"}
_LINES = 60_000


async def _page(browser: Browser, origin: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(origin)
    return page


async def _call(page: Page, url: str, token: str, method: str = "POST", **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "from-the-app", **more.pop("headers", {})}
    found: dict[str, Any] = await page.evaluate(
        _CALL, {"url": url, "method": method, "headers": headers, "credentials": "omit", **more}
    )
    return found


async def test_an_app_of_another_origin(
    browser: Browser,
    server_url: str,
    own_app: str,
    foreign_app: str,
    world: World,
    api: Api,
    clock: Clock,
    application: AsyncEngine,
    owner_engine: AsyncEngine,
) -> None:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, price=10 * EURO))
    await clock.forward(days=40)
    await issue(application)
    (invoice,) = await invoices_of(api, brand.owner, brand.master, "id number")
    token, json = brand.owner.token, {"Content-Type": "application/json", "X-App-Version": "1"}
    who = '{"query": "{ viewer { user { email } } }"}'
    graphql, pdf = f"{server_url}/graphql", f"{server_url}/invoices/{invoice['id']}.pdf"
    recipients = f"{server_url}/recipients?accountId={brand.master.id}&form=ADDRESSES"
    text = {"Content-Type": "text/plain"}

    page = await _page(browser, own_app)
    asked = await _call(page, graphql, token, body=who, headers=json)
    assert (asked["status"], asked["requestId"]) == (200, "from-the-app")
    assert brand.owner.person.email in asked["begins"]
    stale = await _call(page, graphql, "mds_x", body=who, headers=json)
    assert stale["status"] == 401
    assert "UNAUTHENTICATED" in stale["begins"]
    sent = await _call(page, recipients, token, lines=_LINES, headers=text)
    assert (sent["status"], f'"recipients":{_LINES}' in sent["begins"]) == (201, True)
    wrong = await _call(page, recipients, token, body="x", headers={"Content-Type": "image/png"})
    assert (wrong["status"], "UNSUPPORTED_MEDIA_TYPE" in wrong["begins"]) == (415, True)
    file = await _call(page, pdf, token, "GET")
    assert (file["status"], file["type"], file["begins"][:5]) == (200, "application/pdf", "%PDF-")
    assert invoice["number"] in file["disposition"]
    assert await _call(page, graphql, token, body=who, headers=json, credentials="include") == _REFUSED

    foreign = await _page(browser, foreign_app)
    assert await _call(foreign, graphql, token, body=who, headers=json) == _REFUSED
    assert await _call(foreign, recipients, token, lines=2, headers=text) == _REFUSED
    assert await _call(foreign, pdf, token, "GET") == _REFUSED
    async with owner_engine.connect() as connection:
        lists = select(func.count()).select_from(recipient_lists)
        assert (await connection.execute(lists)).scalar_one() == 1, "what was refused was not done"
