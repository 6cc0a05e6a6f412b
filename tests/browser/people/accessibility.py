"""What axe-core finds in a page as it stands."""

from playwright.async_api import Page

from server.pages.files import FOLDER

AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  ({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => html + failureSummary)])"""


async def findings(page: Page) -> list[object]:
    """All violations of all of its rules: those of WCAG, and what is good practice."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[object] = await page.evaluate(_RUN)
    return found
