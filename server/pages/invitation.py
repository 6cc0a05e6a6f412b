"""The page behind the link of an invitation, `/invitation#mdi_...`, and of a share, `/invitation#mdh_...`.

The secret stands in the fragment, which a browser keeps to itself, so no log and no proxy sees it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from resolvers.people.passwords import LONGEST_PASSWORD, PASSWORD_RULE
from resolvers.people.weak_passwords import SHORTEST_PASSWORD
from server.pages.documents import HtmlPage, data_block, fill_template, page_headers
from server.pages.files import own_address

OPERATIONS = Path(__file__).parent / "operations" / "invitation"


@dataclass(frozen=True)
class Configuration:
    """The configuration of the page's script: the API's address, and its GraphQL documents by file name."""

    endpoint: str
    operations: dict[str, str]


def read_operations(folder: Path = OPERATIONS) -> dict[str, str]:
    """The documents of a page's folder, by name without `.graphql`."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql"))}


def _invitation_document(app_url: str | None) -> HtmlPage:
    configuration = Configuration(endpoint="/graphql", operations=read_operations())
    body = fill_template(
        "invitation.html",
        text={
            "icon": own_address("icon.svg"),
            "page_style": own_address("invitation.css"),
            "page_script": own_address("invitation.js"),
            "password_rule": PASSWORD_RULE,
            "shortest_password": str(SHORTEST_PASSWORD),
            "longest_password": str(LONGEST_PASSWORD),
            "next_address": app_url or "/graphql",
            "next_name": "Go on" if app_url else "Open GraphiQL",
        },
        markup={"configuration": data_block(asdict(configuration))},
    )
    return HtmlPage(body, page_headers())


def invitation_page(app_url: str | None = None) -> Callable[[Request], Awaitable[Response]]:
    """What answers GET /invitation: the same page for every link. Its script asks what the one offers.

    `app_url`: where people go once they have accepted; None: to GraphiQL.
    """
    document = _invitation_document(app_url)

    async def page(request: Request) -> Response:
        return HTMLResponse(document.body, headers=document.headers)

    return page
