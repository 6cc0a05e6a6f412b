"""Links of rendered messages, found and replaced."""

import pytest

from resolvers.templates.links import links_in_html, links_in_text, replace_in_html, replace_in_text

_HTML = """<!DOCTYPE html><html><head><base href="https://base.example/"></head><body>
<!--[if mso]><a href="https://comment.example/">c</a><![endif]-->
<a href="https://a.example/?x=1&amp;y=2" class="b">one</a><A HREF=' HTTP://B.example '>two</A>
<a href="mailto:a@b.example">m</a><a href="tel:+491">t</a><a href="#top">h</a><a href="sms:1">s</a>
<a href="https://off.example/" data-track="OFF">o</a><a href="javascript:x()">j</a><a>n</a><a href="">e</a>
<a href="/relative">r</a><a href="https://">w</a><a href="http://[x">i</a><img src="https://img.example/">
<map><area href="https://area.example/"></map></body></html>"""


def _other(link: str) -> str:
    return f'https://t.example/?a="&{link}'


def test_links_of_html() -> None:
    found = ["https://a.example/?x=1&y=2", "HTTP://B.example", "https://area.example/"]
    assert links_in_html(_HTML) == found
    replaced = replace_in_html(_HTML, _other)
    assert links_in_html(replaced) == [_other(link) for link in found]
    for kept in (
        *("<!DOCTYPE html>", '<a href="mailto:a@b.example">', '<a href="#top">', 'class="b"'),
        *('<a href="https://off.example/" data-track="OFF">', '<img src="https://img.example/">'),
        *('<!--[if mso]><a href="https://comment.example/">c</a><![endif]-->', '<a href="/relative">'),
    ):
        assert kept in replaced


def test_html_without_links_stays_as_it_is() -> None:
    html = "<P>Hi<br><a href='#x'>up</a>"
    assert replace_in_html(html, _other) == html


_TEXTS = {
    "See https://a.example/x. Or (https://b.example/y)!": ["https://a.example/x", "https://b.example/y"],
    "https://a.example/wiki/X_(y), and https://a.example/a,b": [
        "https://a.example/wiki/X_(y)",
        "https://a.example/a,b",
    ],
    "<https://a.example/?a=1&b=2>": ["https://a.example/?a=1&b=2"],
    '"HTTPS://A.example/é"': ["HTTPS://A.example/é"],
    "mailto:a@b.example www.a.example ftp://a.example https://": [],
}


@pytest.mark.parametrize(("text", "links"), _TEXTS.items())
def test_links_of_a_text(text: str, links: list[str]) -> None:
    assert links_in_text(text) == links
    replaced = replace_in_text(text, lambda link: f"[{len(link)}]")
    for link in links:
        text = text.replace(link, f"[{len(link)}]", 1)
    assert replaced == text
