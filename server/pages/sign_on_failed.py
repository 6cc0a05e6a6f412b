"""The page for a person whom single sign-on did not let in. It needs no script."""

from http import HTTPStatus

from starlette.responses import HTMLResponse, Response

from server.pages.documents import fill_template, page_headers
from server.pages.files import own_address


def sign_on_failed_page(text: str, code: str, status: HTTPStatus) -> Response:
    """`text`: why. `code`: the same for support."""
    body = fill_template(
        "sign-on-failed.html",
        text={
            "icon": own_address("icon.svg"),
            "page_style": own_address("invitation.css"),
            "text": text,
            "code": code,
        },
        markup={},
    )
    return HTMLResponse(body, status, page_headers() | {"Cache-Control": "no-store"})
