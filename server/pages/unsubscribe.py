"""The page behind the link in a message by which its recipient unsubscribes. It needs no script."""

import enum
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import HTMLResponse, Response

from server.pages.documents import fill_template, page_headers
from server.pages.files import own_address
from server.pages.languages import Language, texts

_FORM = '<form method="post"><button type="submit">{label}</button></form>'


class UnsubscribeState(enum.Enum):
    """What the page says; the value begins the keys of its texts: a title, a text, and the label of its
    button, if it has one."""

    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


def unsubscribe_page(
    state: UnsubscribeState,
    language: Language,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page in this state, in the language."""
    words = texts(language, "unsubscribe")
    label = words.get(f"{state.value}_button")
    body = fill_template(
        "unsubscribe.html",
        text={
            "language": language.value,
            "icon": own_address("icon.svg"),
            "page_style": own_address("invitation.css"),
            "title": words[f"{state.value}_title"],
            "text": words[f"{state.value}_text"],
        },
        markup={"form": "" if label is None else _FORM.format(label=label)},
    )
    own = {"Cache-Control": "no-store", "Content-Language": language.value, "Vary": "Accept-Language"}
    return HTMLResponse(body, status, {**page_headers(forms=True), **own, **(headers or {})})
