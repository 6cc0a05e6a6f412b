"""The pages behind links to a mailbox: `/email-verification#mdv_...`, which confirms an e-mail address, and
`/password-reset#mdp_...`, which sets a new password and, without a secret, has a link sent.

The secret stands in the fragment, as an invitation's does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from resolvers.people.passwords import LONGEST_PASSWORD, PASSWORD_RULE
from resolvers.people.weak_passwords import SHORTEST_PASSWORD
from server.pages.documents import data_block, fill_template, page_headers
from server.pages.files import own_address
from server.pages.invitation import Configuration, read_operations

OPERATIONS = Path(__file__).parent / "operations" / "mailbox"


def mailbox_page(name: str, app_url: str | None = None) -> Callable[[Request], Awaitable[Response]]:
    """What answers GET /<name>: `email-verification` or `password-reset`.

    `app_url`: where people go afterwards; None: to GraphiQL.
    """
    configuration = Configuration(endpoint="/graphql", operations=read_operations(OPERATIONS))
    body = fill_template(
        f"{name}.html",
        text={
            "icon": own_address("icon.svg"),
            "page_style": own_address("invitation.css"),
            "page_script": own_address(f"{name}.js"),
            "password_rule": PASSWORD_RULE,
            "shortest_password": str(SHORTEST_PASSWORD),
            "longest_password": str(LONGEST_PASSWORD),
            "next_address": app_url or "/graphql",
            "next_name": "Go on" if app_url else "Open GraphiQL",
        },
        markup={"configuration": data_block(asdict(configuration))},
    )
    headers = page_headers()

    async def page(request: Request) -> Response:
        return HTMLResponse(body, headers=headers)

    return page
