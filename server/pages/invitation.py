"""The page behind the link of an invitation, `/invitation#mdi_...`, and of a share, `/invitation#mdh_...`.

The secret stands in the fragment, which a browser keeps to itself, so no log and no proxy sees it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.pages.documents import Document, data_block, fill_template, page_headers
from server.pages.files import own_address

OPERATIONS = Path(__file__).parent / "operations" / "invitation"


@dataclass(frozen=True)
class Configuration:
    """What the page's script is told: where to ask, and its GraphQL documents by their files' names."""

    endpoint: str
    operations: dict[str, str]


def read_operations() -> dict[str, str]:
    """The documents of `operations/invitation/`, by name without `.graphql`."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(OPERATIONS.glob("*.graphql"))}


def _invitation_document() -> Document:
    configuration = Configuration(endpoint="/graphql", operations=read_operations())
    body = fill_template(
        "invitation.html",
        text={
            "icon": own_address("icon.svg"),
            "page_style": own_address("invitation.css"),
            "page_script": own_address("invitation.js"),
        },
        markup={"configuration": data_block(asdict(configuration))},
    )
    return Document(body, page_headers())


_document = _invitation_document()


async def invitation_page(request: Request) -> Response:
    """GET /invitation. The page is the same for every link; its script asks /graphql what the one offers."""
    return HTMLResponse(_document.body, headers=_document.headers)
