"""Style sheets are written into the elements, and nothing is loaded for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from resolvers.templates.rendering.html import for_mail
from resolvers.templates.rendering.process import done
from resolvers.templates.rendering.work import Fault, Part, Work

_LIQUID = (
    "<style>.a { color: {{ account.colour | default: 'navy' }} }{% if big %} p { font-size: 20px }{% endif %}"
    "</style>{% for n in (1..2) %}<p class='{{ kind }}' style='width: {{ n }}px'>{{ n }}</p>{% endfor %}"
)
"""Liquid in a style sheet, in a tag and in an attribute."""


def _mailed(html: str) -> str:
    """The body of the mail."""
    return for_mail(html).partition("<body>")[2].removesuffix("</body></html>")


@pytest.mark.parametrize(
    ("html", "body"),
    [
        ("<style>p{color:red}</style><p>a</p>", '<p style="color: red;">a</p>'),
        ("<STYLE>p{color:red}</STYLE><P>a", '<p style="color: red;">a</p>'),
        ("<style>p{color:red}</style><p style='color:blue'>a</p>", '<p style="color: blue">a</p>'),
        (
            "<style>p{color:red!important}</style><p style='color:blue'>a</p>",
            '<p style="color: red !important">a</p>',
        ),
        (
            "<style>.a .b{margin:0}</style><p class=a><b class=b>a</b></p>",
            '<p class="a"><b class="b" style="margin: 0;">a</b></p>',
        ),
        ("<style>p{content:'<b>'}</style><p>é&nbsp;&lt;</p>", "<p style=\"content: '<b>';\">é&nbsp;&lt;</p>"),
        ("<style>p{color:red</style><p>a</p>", '<p style="color: red;">a</p>'),
        ("<style>}}}{{{ ;;</style><p>a</p>", "<p>a</p>"),
        ("<style>p{}</style><p>a<!--[if mso]><i>x<![endif]--></p>", "<p>a<!--[if mso]><i>x<![endif]--></p>"),
    ],
)
def test_elements_get_their_styles(html: str, body: str) -> None:
    assert _mailed(html) == body


@pytest.mark.parametrize(
    "rule",
    [
        "@media (max-width:600px){p{color:red}}",
        "@media (prefers-color-scheme:dark){.a{color:#fff!important}}",
        "@font-face{font-family:x;src:url(https://example.com/a)}",
        "a:hover { color: red; }",
        ".ExternalClass { width: 100%; }",
        "p::before { content: 'x'; }",
    ],
)
def test_what_no_element_can_have_stays_in_the_sheet(rule: str) -> None:
    """Also `a:hover`, and what only a mail program's own elements match."""
    mailed = for_mail(f"<style>b {{ color: red }} {rule}</style><p class=a><a href=x>y</a><b>z</b></p>")
    assert rule in mailed.partition("</style>")[0]
    assert '<b style="color: red;">z</b>' in mailed


def test_html_without_a_sheet_stays_as_it_is() -> None:
    for html in ("<p>a", "<p style='color:red'>a</P>", "", "{{ x }}"):
        assert for_mail(html) == html


@asynccontextmanager
async def _counted() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that counts who comes."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], came


async def test_nothing_is_fetched_and_no_file_read() -> None:
    """Links to style sheets go; what a style sheet imports is left to the mail program."""
    async with _counted() as (port, came):
        away = f"http://127.0.0.1:{port}/a.css"
        for address in (away, "file:///etc/hostname", "/etc/hostname", f"//127.0.0.1:{port}/a.css"):
            html = (
                f"<base href='http://127.0.0.1:{port}'><link rel='stylesheet' href='{address}'>"
                f"<style>@import url('{address}'); b{{background:url({address})}}</style><b>a</b>"
            )
            mailed = await asyncio.to_thread(for_mail, html)
            assert "<link" not in mailed
            assert f"url({address})" in mailed.partition("<body>")[2]
        await asyncio.sleep(0)
        assert came == []


def test_liquid_is_rendered_before_styles_are_read() -> None:
    values = {"account": {"colour": "red"}, "big": True, "kind": "a"}
    found = done(Work({Part.HTML: _LIQUID}, values))
    assert not isinstance(found, Fault)
    assert found.parts[Part.HTML].partition("<body>")[2].removesuffix("</body></html>") == "".join(
        f'<p class="a" style="font-size: 20px;color: red;width: {n}px">{n}</p>' for n in (1, 2)
    )


def test_a_value_is_no_style_sheet() -> None:
    """A value may not end the sheet that it stands in."""
    html = "<style>p { color: {{ v }} }</style><p>a</p>"
    found = done(Work({Part.HTML: html}, {"v": "red } </style><script>alert(1)</script>"}))
    assert not isinstance(found, Fault)
    assert "<script" not in found.parts[Part.HTML]
