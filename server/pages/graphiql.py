"""GraphiQL: the page that a browser gets at GET /graphql."""

import json
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.pages.documents import Document, data_block, fill_template, page_headers
from server.pages.files import ASSETS_PATH, libraries_are_installed, own_address
from server.pages.libraries import LIBRARY_FILES, PUBLIC_NETWORK, Kind, LibraryFile

# GraphiQL's two dialogs add one constant style element that stops the page behind from scrolling. Its hash
# lets it in, and nothing else; a browser's console prints the new one should a new GraphiQL change it.
DIALOG_STYLE = "'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='"
OPERATIONS = Path(__file__).parent / "operations"


@dataclass(frozen=True)
class Tab:
    """One ready operation. `variables` is JSON text, empty for an operation that takes none."""

    query: str
    variables: str


@dataclass(frozen=True)
class Configuration:
    """What the page's script is told."""

    endpoint: str
    tabs: list[Tab]


def read_tabs() -> list[Tab]:
    """The operations of `operations/*.graphql` in the order of their names, with the `.json` beside each."""
    return [
        Tab(query=path.read_text(encoding="utf-8"), variables=_variables_beside(path))
        for path in _documents()
    ]


def _documents() -> list[Path]:
    return sorted(OPERATIONS.glob("*.graphql"))


def _variables_beside(document: Path) -> str:
    path = document.with_suffix(".json")
    if not path.exists():
        return ""
    return json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=2)


def _element(file: LibraryFile, base: str) -> str:
    address = escape(base + file.location)
    check = f'integrity="{file.integrity}" crossorigin="anonymous"'
    if file.kind is Kind.STYLE:
        return f'<link rel="stylesheet" href="{address}" {check}>'
    return f'<script defer src="{address}" {check}></script>'


def graphiql_document(*, installed: bool) -> Document:
    """The page with the libraries of this server, or of a public network where npm has not installed them.

    Either way each library file carries the hash of npm's file (see `LibraryFile`), so that a browser runs
    these bytes or none. The policy names the network's files one by one: the network as a whole carries
    everybody's packages.
    """
    base = ASSETS_PATH if installed else PUBLIC_NETWORK
    foreign = () if installed else LIBRARY_FILES
    configuration = Configuration(endpoint="/graphql", tabs=read_tabs())
    body = fill_template(
        "graphiql.html",
        text={
            "icon": own_address("icon.svg"),
            "page_style": own_address("graphiql.css"),
            "page_script": own_address("graphiql.js"),
        },
        markup={
            "libraries": "\n    ".join(_element(file, base) for file in LIBRARY_FILES),
            "configuration": data_block(asdict(configuration)),
        },
    )
    headers = page_headers(
        scripts=[base + file.location for file in foreign if file.kind is Kind.SCRIPT],
        styles=[DIALOG_STYLE, *(base + file.location for file in foreign if file.kind is Kind.STYLE)],
    )
    # The same address answers programs with JSON.
    return Document(body, headers | {"Vary": "Accept"})


_document = graphiql_document(installed=libraries_are_installed)


async def graphiql_page(request: Request) -> Response:
    """GET /graphql for a browser. The page is the same for everybody; the token stays in the browser."""
    return HTMLResponse(_document.body, headers=_document.headers)
