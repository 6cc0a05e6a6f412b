"""GraphiQL: the page that a browser gets at GET /graphql."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from authz.policy.permissions import Permission
from server.pages.documents import HtmlPage, data_block, fill_template, page_headers
from server.pages.files import ASSETS_PATH, libraries_are_installed, own_address
from server.pages.libraries import LIBRARY_FILES, PUBLIC_NETWORK, Kind, LibraryFile

# GraphiQL's two dialogs add one constant style element that stops the page behind from scrolling. Its hash
# lets it in, and nothing else; a browser's console prints the new one should a new GraphiQL change it.
DIALOG_STYLE = "'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='"
OPERATIONS = Path(__file__).parent / "operations"


ANONYMOUS = "ANONYMOUS"
"""What a tab is for that nobody needs who is signed in."""

STAFF = "STAFF"
"""What a tab is for that the platform's staff alone need."""

_NEEDED = {
    "02-account-and-tree": [Permission.MEMBERS_READ.name, Permission.SUBACCOUNTS_READ.name],
    "03-create-a-subaccount": [Permission.SUBACCOUNTS_WRITE.name],
    "04-invite-a-member": [Permission.MEMBERS_WRITE.name],
    "05-share-accounts": [Permission.MEMBERS_WRITE.name],
    "06-sign-up": [ANONYMOUS],
    "07-sign-in": [ANONYMOUS],
    "08-usage-and-plan": [Permission.PLAN_READ.name, Permission.STATISTICS_READ.name],
    "09-send-preview": [Permission.CAMPAIGNS_SEND.name],
    "10-send-reserve": [Permission.CAMPAIGNS_SEND.name],
    "11-invoices-and-credit": [Permission.INVOICES_READ.name, Permission.CREDIT_READ.name],
    "12-buy-credit": [Permission.CREDIT_WRITE.name],
    "13-api-keys": [Permission.API_KEYS_READ.name],
    "14-a-year-of-sends": [Permission.STATISTICS_READ.name],
    "15-contacts": [Permission.CONTACTS_READ.name],
    "16-save-contacts": [Permission.CONTACTS_WRITE.name],
    "17-who-is-not-sent-to": [Permission.BLOCK_LIST_READ.name, Permission.CONTACTS_READ.name],
    "18-add-a-domain": [Permission.DOMAINS_WRITE.name],
    "19-settings": [Permission.SETTINGS_READ.name, Permission.SUBACCOUNTS_READ.name],
    "20-change-settings": [Permission.SETTINGS_WRITE.name, Permission.SETTINGS_READ.name],
    "21-personal-data": [Permission.CONTACTS_READ.name],
    "22-erase-a-contact": [Permission.CONTACTS_WRITE.name],
    "23-reviews": [STAFF],
    "24-follow-the-log": [Permission.AUDIT_READ.name],
}
"""What a tab is for, by its file; the others are for everybody."""


@dataclass(frozen=True)
class Tab:
    """One ready operation. `variables` is JSON text, empty for an operation that takes none.

    `needs`: names of permissions; the tab is shown to callers who hold all of them in one account. Or
    ANONYMOUS, or STAFF.
    """

    query: str
    variables: str
    needs: list[str]


@dataclass(frozen=True)
class DemoLogin:
    """A person whom a button signs in. `about`: a description of the person."""

    label: str
    about: str
    email: str
    password: str


@dataclass(frozen=True)
class Configuration:
    """The configuration of the page's script. `operations`: those that the script sends by itself."""

    endpoint: str
    tabs: list[Tab]
    operations: dict[str, str]
    logins: list[DemoLogin]


def read_tabs() -> list[Tab]:
    """The operations of `operations/*.graphql` in the order of their names, with the `.json` beside each."""
    return [
        Tab(
            query=path.read_text(encoding="utf-8"),
            variables=_variables_beside(path),
            needs=_NEEDED.get(path.stem, []),
        )
        for path in _documents()
    ]


def read_own_operations() -> dict[str, str]:
    """The operations that the page sends by itself, by name without `.graphql`."""
    paths = sorted((OPERATIONS / "graphiql").glob("*.graphql"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


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


def graphiql_document(*, installed: bool, logins: Sequence[DemoLogin] = ()) -> HtmlPage:
    """The page with the libraries of this server, or of a public network where npm has not installed them.

    Either way each library file carries the hash of npm's file (see `LibraryFile`), so that a browser runs
    these bytes or none. The policy names the network's files one by one: the network as a whole carries
    everybody's packages.
    """
    base = ASSETS_PATH if installed else PUBLIC_NETWORK
    foreign = () if installed else LIBRARY_FILES
    configuration = Configuration("/graphql", read_tabs(), read_own_operations(), list(logins))
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
    return HtmlPage(body, headers)


def graphiql_page(logins: Sequence[DemoLogin] = ()) -> Callable[[Request], Awaitable[Response]]:
    """What answers GET /graphql for a browser: the same page for everybody. The token stays in the browser.

    `logins`: people of a demo, whose passwords are no secrets.
    """
    document = graphiql_document(installed=libraries_are_installed, logins=logins)

    async def page(request: Request) -> Response:
        return HTMLResponse(document.body, headers=document.headers)

    return page
