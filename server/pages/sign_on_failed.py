"""The page for a person whom single sign-on did not let in. It needs no script."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import HTMLResponse, Response

from server.pages.documents import fill_template, page_headers
from server.pages.files import own_address
from server.pages.languages import Language, sign_on_failures, texts


@dataclass(frozen=True)
class SignOnFailurePage:
    """`text`: why, in English. `code`: the same for support, by which other languages have own words."""

    text: str
    code: str
    status: HTTPStatus

    def respond(self, language: Language, again: str) -> Response:
        """The page in the language. `again`: the address where people sign in."""
        words = texts(language, "sign-on-failed")
        body = fill_template(
            "sign-on-failed.html",
            text={
                "language": language.value,
                "icon": own_address("icon.svg"),
                "page_style": own_address("invitation.css"),
                "title": words["title"],
                "text": sign_on_failures(language).get(self.code, self.text),
                "code": self.code,
                "again": words["again"],
                "again_address": again,
            },
            markup={},
        )
        own = {"Cache-Control": "no-store", "Content-Language": language.value, "Vary": "Accept-Language"}
        return HTMLResponse(body, self.status, page_headers() | own)
