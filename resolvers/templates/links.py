"""Links in rendered messages: found, and replaced by others, so that clicks can be counted.

These functions know nothing of accounts and domains. Whoever sends says by what a link is replaced.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

Replace = Callable[[str], str]
"""Gives what stands in a link's place."""

_TRACK, _OFF = "data-track", "off"
"""A link with this attribute leads where it says: `<a href="..." data-track="off">`."""

_IN_TEXT = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_BEHIND = ".,;:!?'*_"
"""What ends a sentence, not a link."""
_PAIRS = {")": "(", "]": "[", "}": "{"}


def links_in_html(html: str) -> list[str]:
    """Where its links lead, in their order: by http and https alone."""
    return [link for _, link in _linking(LexborHTMLParser(html))]


def replace_in_html(html: str, replace: Replace) -> str:
    """The whole document with other links. Without links it stays as it is."""
    document = LexborHTMLParser(html)
    found = list(_linking(document))
    for node, link in found:
        node.attrs["href"] = replace(link)
    return str(document.html) if found else html


def links_in_text(text: str) -> list[str]:
    """The links in a plain text, in their order."""
    return [_cut(match.group()) for match in _IN_TEXT.finditer(text)]


def replace_in_text(text: str, replace: Replace) -> str:
    """The text with other links."""

    def other(match: re.Match[str]) -> str:
        link = _cut(match.group())
        return replace(link) + match.group()[len(link) :]

    return _IN_TEXT.sub(other, text)


def _linking(document: LexborHTMLParser) -> Iterator[tuple[LexborNode, str]]:
    for node in document.css("a[href], area[href]"):
        link = (node.attributes.get("href") or "").strip()
        marked = (node.attributes.get(_TRACK) or "").strip().lower()
        if marked != _OFF and _leads_out(link):
            yield node, link


def _leads_out(link: str) -> bool:
    """Not `mailto:`, `tel:` or `#...`, nor what is no link at all."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _cut(link: str) -> str:
    """The link without the punctuation behind it."""
    while True:
        last = link[-1]
        is_open = last in _PAIRS and link.count(last) > link.count(_PAIRS[last])
        if last not in _BEHIND and not is_open:
            return link
        link = link[:-1]
