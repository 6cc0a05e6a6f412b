"""The page behind the link in a message by which its recipient unsubscribes. It needs no script."""

import enum
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import HTMLResponse, Response

from server.pages.documents import fill_template, page_headers
from server.pages.files import own_address

_FORM = '<form method="post"><button type="submit">{label}</button></form>'


class UnsubscribeState(enum.Enum):
    """What the page says: a title, a text, and the label of its button, if it has one."""

    ASKED = "Unsubscribe", "You will get no more newsletters and offers from this sender.", "Unsubscribe"
    DONE = "You are unsubscribed", "You will get no more newsletters and offers from this sender.", None
    FAILED = "You are not unsubscribed yet", "Something went wrong. Please try again.", "Try again"
    UNKNOWN = "This link is not valid", "It was changed, or is too old. Please ask the sender.", None


def unsubscribe_page(
    state: UnsubscribeState,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page in this state."""
    title, text, label = state.value
    body = fill_template(
        "unsubscribe.html",
        text={
            "icon": own_address("icon.svg"),
            "page_style": own_address("invitation.css"),
            "title": title,
            "text": text,
        },
        markup={"form": "" if label is None else _FORM.format(label=label)},
    )
    own = page_headers(forms=True) | {"Cache-Control": "no-store"}
    return HTMLResponse(body, status, {**own, **(headers or {})})
