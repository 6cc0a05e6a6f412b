"""Links in HTML are led through ours, and nothing else of it is changed."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base.ids import AccountId, MasterId, MessageId, new_id
from resolvers.messages.tracking.html import tracked_html
from resolvers.messages.tracking.links import MessageLinks, link_base
from resolvers.templates.tracking_links import LinkSigner

_SIGNER = LinkSigner([b"a secret of the tests"])
LINKS = MessageLinks(
    signer=_SIGNER,
    base="https://links.example.com",
    master_id=MasterId(new_id()),
    account_id=AccountId(new_id()),
    message_id=MessageId(new_id()),
)
_CLICK = re.compile(r"https://links\.example\.com/c/([A-Za-z0-9_-]+)")
_PIXEL = re.compile(
    r'<img src="https://links\.example\.com/o/[A-Za-z0-9_-]+" width="1" height="1" alt="" style="border:0">'
)


def _targets(html: str) -> list[str]:
    """Where the links lead that go through ours, in their order."""
    found = [_SIGNER.read(token) for token in _CLICK.findall(html)]
    clicks = [link.click for link in found if link is not None and link.click is not None]
    assert [click.place for click in clicks] == list(range(len(found)))
    return [click.url for click in clicks]


@pytest.mark.parametrize(
    ("html", "targets"),
    [
        ('<a href="https://example.com/">x</a>', ["https://example.com/"]),
        ("<A HREF='HTTP://example.com/a'>x</A>", ["HTTP://example.com/a"]),
        ("<a class=b href=https://example.com/a?b=c>x</a>", ["https://example.com/a?b=c"]),
        ('<a\n title="a > b"\n href = "https://example.com/">x</a>', ["https://example.com/"]),
        ("<a title=it's href=https://example.com/>x</a>", ["https://example.com/"]),
        ('<area href="https://example.com/" alt="">', ["https://example.com/"]),
        ('<a href=" https://example.com/ ">x</a>', ["https://example.com/"]),
        ('<a href="https://example.com/?a=1&amp;b=2">x</a>', ["https://example.com/?a=1&b=2"]),
        ('<a href="https://example.com/?a=1&b=2&copy=3">x</a>', ["https://example.com/?a=1&b=2&copy=3"]),
        ('<a href="https://example.com/?a&#61;&#x31;&lt;">x</a>', ["https://example.com/?a=1<"]),
        ('<a href="https://example.com/1" href="https://example.com/2">x</a>', ["https://example.com/1"]),
        ('<a href="https://a.example/"><a href="https://b.example/">', ["https://a.example/", "https://b.example/"]),
        ('<a/href="https://example.com/"/>x</a>', ["https://example.com/"]),
        ("<p>1 < 2 <a href=http://example.com>x</a>", ["http://example.com"]),
        ('<a href="mailto:a@example.com">x</a>', []),
        ('<a href="tel:+4930901820">x</a>', []),
        ('<a href="#top">x</a><a href="/a">x</a><a href="//example.com/">x</a>', []),
        ('<a href="javascript:alert(1)">x</a>', []),
        ('<a href="">x</a><a href>x</a><a href=>x</a>', []),
        ('<a href="https://bücher.example/">x</a>', []),
        ('<a href="https://example.com/&#13;&#10;a">x</a>', []),
        ('<a href="https://">x</a><a href="https://[::1">x</a>', []),
        (f'<a href="https://example.com/{"a" * 4_000}">x</a>', []),
        ('<link href="https://example.com/a.css"><img src="https://example.com/a.png">', []),
        ('<abbr href="https://example.com/">x</abbr>', []),
        ('<!-- <a href="https://example.com/">x</a> -->', []),
        ('<!--[if mso]><a href="https://example.com/">x</a><![endif]-->', []),
        ('<!--><a href="https://example.com/">x</a>', ["https://example.com/"]),
        ('<style>a::after { content: "<a href=https://example.com/>" }</style>', []),
        ('<script>"<a href=https://a.example/>"</script><a href=https://b.example/>', ["https://b.example/"]),
        ('<img alt="<a href=https://example.com/>">', []),
        ('<a href="https://example.com/', []),
        ('<a href="https://a.example/"><p title="<a href=https://b.example/>', ["https://a.example/"]),
        ("<!DOCTYPE html><?xml a?><a href=https://example.com/>", ["https://example.com/"]),
    ],
)  # fmt: skip
def test_links_by_http_are_led_through_ours(html: str, targets: list[str]) -> None:
    made = tracked_html(html, LINKS)
    assert _targets(made) == targets
    assert len(_PIXEL.findall(made)) == 1


def test_the_link_that_unsubscribes_stays() -> None:
    own = LINKS.unsubscribe_url()
    assert own in tracked_html(f'<a href="{own}">Unsubscribe</a>', LINKS)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<body><p>x</p></body></html>", "<body><p>x</p>{}</body></html>"),
        ("<p>x</p>", "<p>x</p>{}"),
        ("<BODY>x</BODY>\n<!-- </body> -->", "<BODY>x{}</BODY>\n<!-- </body> -->"),
        ("", "{}"),
    ],
)
def test_the_picture_stands_at_the_end(html: str, shown: str) -> None:
    assert _PIXEL.sub("{}", tracked_html(html, LINKS)) == shown


def test_a_link_behind_the_end_of_the_body_is_whole() -> None:
    made = tracked_html('<body></body><a href="https://example.com/">x</a>', LINKS)
    assert made.startswith("<body></body><a")
    assert _PIXEL.sub("", made).endswith('">x</a>')


_PIECES = st.sampled_from(
    (
        *("<a ", "href=", '"', "'", ">", "https://example.com/", "<!--", "-->", "<script>", "</script>"),
        *("</body>", "&amp;", "=", "<", "\n", "ä", "<p title=", "\x00", "<style", "</", "?>", "<!"),
        *(" ", "/", "x"),
    )
)


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_nothing_else_is_changed(html: str) -> None:
    """Whatever the HTML is: with the links as they were, and without the picture, it is what it was."""
    made = tracked_html(html, LINKS)
    assert len(_PIXEL.findall(made)) == 1
    targets = iter(_targets(made))
    plain = _PIXEL.sub("", _CLICK.sub(lambda _: next(targets), made))
    assert plain.replace("&amp;", "&") == html.replace("&amp;", "&")


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(reversed(attrs)).get("href")
        if tag == "a" and value is not None:
            self.found.append(value)


def test_a_parser_finds_the_same_links() -> None:
    html = "".join(
        f'<table width="100%"><tr><td style="a:b"><a target=_blank href="https://example.com/{number}?a=1&amp;b=2">'
        f"{number}</a></td></tr></table>"
        for number in range(200)
    )
    parser = _Hrefs()
    parser.feed(html)
    assert _targets(tracked_html(html, LINKS)) == parser.found


@pytest.mark.parametrize(
    "html",
    [
        "<a " * 150_000,
        '<a "' * 120_000,
        "<a href='" * 50_000,
        "<!--" * 120_000,
        "<script>" * 60_000,
        "<a " + " " * 500_000,
        "<a x=" * 100_000,
        "<" * 500_000,
        "<a b" + " =" * 250_000,
        '<a href="' + "&a" * 250_000 + '">',
    ],
)
def test_the_largest_html_takes_a_moment(html: str) -> None:
    """500,000 characters are the most that a message has."""
    began = time.process_time()
    tracked_html(html[:500_000], LINKS)
    assert time.process_time() - began < 3.0


def test_links_begin_with_the_accounts_domain() -> None:
    assert link_base("https://api.example.com/", None) == "https://api.example.com"
    assert link_base("https://api.example.com", "links.customer.example") == "https://links.customer.example"


def test_headers_for_one_click() -> None:
    headers = LINKS.unsubscribe_headers()
    assert headers["List-Unsubscribe"] == f"<{LINKS.unsubscribe_url()}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
