"""Every view of every page, in both languages, light and dark, as axe-core sees it."""

import itertools

import pytest
from playwright.async_api import Browser

from server.pages import PAGES
from tests.authz.escalation.profiles import BY_NIGHT
from tests.browser.people.accessibility import findings

_VIEWS = "[...document.querySelectorAll('main > section')].map(({ id }) => id)"
_SHOW = """shown => {
  for (const view of document.querySelectorAll('main > section')) {
    view.hidden = view.id !== shown;
    for (const part of view.querySelectorAll('[hidden]')) { part.hidden = false; }
  }
  // What scripts fill in.
  for (const title of document.querySelectorAll('h1:empty')) { title.textContent = 'Filled in'; }
  for (const list of document.querySelectorAll('main ul:empty')) {
    list.append(document.createElement('li')); list.firstChild.textContent = 'Filled in'; }
  for (const link of document.querySelectorAll('a:not([href])')) { link.href = '/'; }
}"""


_LOOKS = list(itertools.product(["light", "dark"], ["en-GB", "de-DE"]))
_BY_DAY = [("light", "en-GB"), ("dark", "de-DE")]
"""Each colour scheme and each language once."""


@pytest.mark.parametrize(("scheme", "locale"), _LOOKS if BY_NIGHT else _BY_DAY)
@pytest.mark.parametrize("name", PAGES)
async def test_no_view_has_findings(
    browser: Browser, server_url: str, name: str, scheme: str, locale: str
) -> None:
    dark = scheme == "dark"
    context = await browser.new_context(locale=locale, color_scheme="dark" if dark else "light")
    page = await context.new_page()
    await page.goto(f"{server_url}/{name}")
    views = await page.evaluate(_VIEWS)
    assert len(views) >= 2
    found = {}
    for view in views:
        await page.evaluate(_SHOW, view)
        found[view] = await findings(page)
    assert found == {view: [] for view in views}
    assert await page.evaluate("document.documentElement.lang") == locale[:2]
    await context.close()


async def test_axe_does_find_what_is_wrong(browser: Browser, server_url: str) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{server_url}/sign-in")
    await page.evaluate("document.querySelector('label').remove()")
    assert [each[0] for each in await findings(page)] == ["label"]  # type: ignore[index]
    await context.close()
