"""The HTML of a message with its links led through ours, and with a picture that tells that it was shown.

Nothing else of it is changed, not a byte: no parser writes it anew. It is read as browsers read it (the
tokenization of the HTML standard), as far as that decides where a tag begins, where it ends, and what its
first `href` is. The time grows with the size alone, whatever the HTML is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import NamedTuple
from urllib.parse import urlsplit

from resolvers.messages.tracking.links import MessageLinks
from resolvers.templates.tracking_links import LONGEST_URL, MOST_LINKS, Click

_PIXEL = '<img src="{url}" width="1" height="1" alt="" style="border:0">'

_LINKING = ("a", "area")
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
"""What is inside is text, until their end tag."""

_TOKEN = re.compile(r"<(?:!--|[!?]|(/?[a-zA-Z][^\s/>]*+))")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(?P<name>[^\s/>][^\s/>=]*+)
    (?:\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s"'>][^\s>]*+)))?+""",
    re.VERBOSE,
)
_TAG_END = re.compile(r"[\s/]*+>")
_EMPTY_VALUE = re.compile(r"\s*+=\s*+>")
_HTTP = re.compile(r"https?://[!-~]+", re.IGNORECASE | re.ASCII)
_REFERENCE = re.compile(
    r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]*));?(?=(.?))", re.DOTALL
)
_LARGEST_CHARACTER = 0x10FFFF


class _Span(NamedTuple):
    """A piece of the HTML."""

    start: int
    end: int


@dataclass(frozen=True)
class _Tag:
    """`name`: in lower case, of an end tag with a slash. `href`: where the first one's value stands."""

    name: str
    start: int
    end: int
    href: _Span | None


def tracked_html(html: str, links: MessageLinks) -> str:
    """The links by http and https lead through ours, but for the one that unsubscribes and for those that
    cannot be tracked: longer ones, and hosts in other letters than ASCII."""
    pieces: list[str] = []
    copied = number = 0
    body_end = len(html)
    own = links.unsubscribe_url()
    for tag in _tags(html):
        if tag.name == "/body":
            body_end = tag.start
        if tag.name not in _LINKING or tag.href is None or number == MOST_LINKS:
            continue
        url = _decoded(html[tag.href.start : tag.href.end]).strip()
        if url == own or not _can_be_tracked(url):
            continue
        pieces += [html[copied : tag.href.start], links.click_url(Click(place=number, url=url))]
        copied = tag.href.end
        number += 1
    # At the end of the body, unless links follow it.
    end = body_end if body_end >= copied else len(html)
    pieces += [html[copied:end], _PIXEL.format(url=links.open_url()), html[end:]]
    return "".join(pieces)


def _can_be_tracked(url: str) -> bool:
    if _HTTP.fullmatch(url) is None or len(url) > LONGEST_URL:
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _tags(html: str) -> Iterator[_Tag]:
    """Those outside of comments and of texts such as scripts. After one without an end there are no more."""
    at = 0
    while (found := _TOKEN.search(html, at)) is not None:
        if found[1] is None:
            end = _end_of_markup(html, found)
        else:
            tag = _tag(html, found)
            if tag is None:
                return
            yield tag
            end = _end_of_text(html, tag) if tag.name in _RAW else tag.end
        if end is None:
            return
        at = end


def _end_of_markup(html: str, found: re.Match[str]) -> int | None:
    """The end of a comment, or of what is read like one."""
    if found[0] != "<!--":
        end = html.find(">", found.end())
        return None if end < 0 else end + 1
    if html.startswith((">", "->"), found.end()):  # `<!-->` is a whole comment
        return html.index(">", found.end()) + 1
    end = html.find("-->", found.end())
    return None if end < 0 else end + 3


def _end_of_text(html: str, tag: _Tag) -> int | None:
    """Where the end tag of such an element begins."""
    end = re.compile(rf"</{tag.name}[\s/>]", re.IGNORECASE).search(html, tag.end)
    return None if end is None else end.start()


def _tag(html: str, found: re.Match[str]) -> _Tag | None:
    at, href = found.end(), None
    while (end := _TAG_END.match(html, at)) is None:
        attribute = _ATTRIBUTE.match(html, at)
        if attribute is None:
            return None
        at = attribute.end()
        value = next((name for name in ("double", "single", "bare") if attribute[name] is not None), None)
        if value is None and (empty := _EMPTY_VALUE.match(html, at)) is not None:
            end = empty
            break
        if value is None and _has_open_value(html, at):
            return None
        if attribute["name"].lower() == "href" and href is None:
            href = _Span(at, at) if value is None else _Span(*attribute.span(value))
    return _Tag(found[1].lower(), found.start(), end.end(), href)


def _has_open_value(html: str, at: int) -> bool:
    """Whether a quotation mark opens a value that never ends."""
    rest = html[at : at + 1_000].lstrip()
    return rest.startswith("=")


def _decoded(value: str) -> str:
    """The value of an attribute."""
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: re.Match[str]) -> str:
    """What a character reference stands for. In attributes, `&copy=1` is none."""
    decimal, hexadecimal, name, behind = found.groups()
    if name is None:
        number = int(decimal) if decimal is not None else int(hexadecimal, 16)
        return chr(number) if 0 < number <= _LARGEST_CHARACTER else found[0]
    if found[0].endswith(";"):
        return html5.get(f"{name};", found[0])
    return found[0] if behind == "=" else html5.get(name, found[0])
