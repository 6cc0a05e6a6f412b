"""GraphiQL as a demo serves it, with buttons that sign its people in."""

from playwright.async_api import Locator, Route

from server.pages import DemoLogin
from server.pages.graphiql import graphiql_document
from tests.browser.visits import Visit


async def open_demo(visit: Visit, email: str, password: str) -> Locator:
    """The button of a demo that signs this person in."""
    login = DemoLogin("Owner", "of the tests", email, password)
    document = graphiql_document(installed=True, logins=[login])

    async def page_of_a_demo(route: Route) -> None:
        if route.request.method != "GET":
            await route.continue_()
            return
        headers = document.headers | {"Content-Type": "text/html; charset=utf-8"}
        await route.fulfill(body=document.body, headers=headers)

    await visit.page.route(f"{visit.server_url}/graphql", page_of_a_demo)
    await visit.page.goto(f"{visit.server_url}/graphql")
    return visit.page.get_by_role("button", name="Owner", exact=True)
