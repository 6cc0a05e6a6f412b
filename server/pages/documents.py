"""What the pages share: templates, the data block and the headers of an HTML page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class HtmlPage:
    """A finished HTML page and the headers it is sent with."""

    body: str
    headers: dict[str, str]


def data_block(configuration: Mapping[str, object]) -> str:
    """JSON for a `<script type="application/json">`, of which no value can end the element."""
    return json.dumps(configuration).replace("<", "\\u003c")


def fill_template(name: str, *, text: dict[str, str], markup: dict[str, str]) -> str:
    """The HTML file `name` with its `$placeholders` filled; `text` is escaped, `markup` is not."""
    template = Template((STATIC / name).read_text(encoding="utf-8"))
    return template.substitute({key: escape(value) for key, value in text.items()} | markup)


def page_headers(
    *, scripts: Sequence[str] = (), styles: Sequence[str] = (), forms: bool = False, frames: bool = False
) -> dict[str, str]:
    """The headers of a page that loads from this server and from the foreign addresses given, alone.

    Nothing inline runs, nothing may frame the page. The browser itself sends `forms` to this server, or none;
    the page shows `frames` of this server, or none.
    """
    policy = (
        "default-src 'none'",
        " ".join(("script-src 'self'", *scripts)),
        " ".join(("style-src 'self'", *styles)),
        "img-src 'self' data:",
        "font-src data:",
        "connect-src 'self'",
        "frame-src 'self'" if frames else "frame-src 'none'",
        "base-uri 'none'",
        "form-action 'self'" if forms else "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
