"""The pages for people, each in the language of the browser:

    /invitation           behind the link of an invitation, `#mdi_...`, and of a share, `#mdh_...`
    /email-verification   behind the link that confirms an e-mail address, `#mdv_...`
    /password-reset       sets a new password by a link, `#mdp_...`; without one it has a link sent
    /sign-in              with a second factor, a passkey, or the company's own sign-in
    /sessions             where the person is signed in
    /second-factor        the person's app, passkeys and recovery codes

The secret stands in the fragment, which a browser keeps to itself, so no log and no proxy sees it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from resolvers.people.passwords.new_passwords import LONGEST_PASSWORD
from resolvers.people.passwords.weak_passwords import SHORTEST_PASSWORD
from server.pages.documents import HtmlPage, data_block, fill_template, page_headers
from server.pages.files import own_address
from server.pages.languages import Language, preferred, refusals, texts

OPERATIONS = Path(__file__).parent / "operations"
PAGES = {
    "email-verification": ("mailbox",),
    "invitation": ("invitation", "sign-in"),
    "password-reset": ("mailbox",),
    "second-factor": ("second-factor",),
    "sessions": ("sessions",),
    "sign-in": ("sign-in",),
}
"""The folders of each page's GraphQL documents. A page's name is its path, and that of its files."""


@dataclass(frozen=True)
class Surroundings:
    """`app_url`: where people go on; None: to GraphiQL. `passkey_origin`: the pages where passkeys work."""

    app_url: str | None
    passkey_origin: str


@dataclass(frozen=True)
class Configuration:
    """The configuration of a page's script: the API's address, its GraphQL documents by file name, its words,
    and what it says of failures, by their code."""

    endpoint: str
    operations: dict[str, str]
    texts: dict[str, str]
    refusals: dict[str, str]
    passkey_origin: str


def read_operations(name: str) -> dict[str, str]:
    """The documents of a page, by name without `.graphql`."""
    paths = [path for folder in PAGES[name] for path in sorted((OPERATIONS / folder).glob("*.graphql"))]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def page_of_people(name: str, surroundings: Surroundings) -> Callable[[Request], Awaitable[Response]]:
    """What answers GET /<name>: the same page for everybody who prefers the same language."""
    documents = {language: _document(name, language, surroundings) for language in Language}

    async def page(request: Request) -> Response:
        document = documents[preferred(request.headers.get("accept-language", ""))]
        return HTMLResponse(document.body, headers=document.headers)

    return page


def _document(name: str, language: Language, surroundings: Surroundings) -> HtmlPage:
    own = texts(language, name)
    own["password_rule"] = _password_rule(own["password_rule"], language)
    app_url = surroundings.app_url
    words = own | {
        "language": language.value,
        "icon": own_address("icon.svg"),
        "page_style": own_address("invitation.css"),
        "page_script": own_address(f"{name}.js"),
        "shortest_password": str(SHORTEST_PASSWORD),
        "longest_password": str(LONGEST_PASSWORD),
        "next_address": app_url or "/graphql",
        "next_name": own["go_on"] if app_url else own["open_graphiql"],
    }
    configuration = Configuration(
        "/graphql", read_operations(name), own, refusals(language), surroundings.passkey_origin
    )
    steps = fill_template("sign-in-steps.html", text=words, markup={})
    views = fill_template(f"{name}.html", text=words, markup={"sign_in_steps": steps.rstrip()})
    markup = {"configuration": data_block(_as_script(configuration)), "views": views.rstrip()}
    body = fill_template("frame.html", text=words, markup=markup)
    own_headers = {"Content-Language": language.value, "Vary": "Accept-Language"}
    return HtmlPage(body, page_headers() | own_headers)


def _as_script(configuration: Configuration) -> dict[str, object]:
    values: dict[str, object] = asdict(configuration)
    values["passkeyOrigin"] = values.pop("passkey_origin")
    return values


def _password_rule(rule: str, language: Language) -> str:
    longest = f"{LONGEST_PASSWORD:,}"
    if language is Language.GERMAN:
        longest = longest.replace(",", ".")
    return Template(rule).substitute(shortest=SHORTEST_PASSWORD, longest=longest)
