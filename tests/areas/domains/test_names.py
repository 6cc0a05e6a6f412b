"""Which texts are names of domains, and which of them are the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.domain_names import LONGEST, domain_name, registered_part

SAME = {
    "case": ("News.EXAMPLE.com", "news.example.com"),
    "the dot at the end": ("news.example.com.", "news.example.com"),
    "spaces around it": ("  news.example.com\n", "news.example.com"),
    "full width": ("ｎｅｗｓ．ｅｘａｍｐｌｅ．ｃｏｍ", "news.example.com"),
    "full stops of Chinese": ("news。example。com", "news.example.com"),
    "invisible letters": ("ne\u00adws.exam\u200bple.com", "news.example.com"),
    "an umlaut": ("BÜCHER.example.com", "xn--bcher-kva.example.com"),
    "an umlaut in two parts": ("bu\u0308cher.example.com", "xn--bcher-kva.example.com"),
    "ASCII of an umlaut": ("XN--BCHER-kva.example.com", "xn--bcher-kva.example.com"),
    "a sharp s, which is a letter of its own": ("straße.example.com", "xn--strae-oqa.example.com"),
    "Greek": ("βόλος.com", "xn--nxasmm1c.com"),
    "what a registry sells": ("example.co.uk", "example.co.uk"),
    "what others sell": ("example.github.io", "example.github.io"),
    "digits": ("123.com", "123.com"),
    "a top level that nobody knows": ("example.notyetknown", "example.notyetknown"),
}
REFUSED = {
    "nothing": "",
    "a dot": ".",
    "dots": "news..example.com",
    "two dots at the end": "news.example.com..",
    "a public suffix": "co.uk",
    "a top-level domain": "com",
    "a top-level domain in Unicode": "рф",
    "one label": "intranet",
    "localhost": "localhost",
    "below localhost": "a.localhost",
    "a reserved name": "news.test",
    "a name of examples": "mail.example",
    "a name of the local network": "printer.local",
    "a name of no DNS": "abc.onion",
    "what numbers go back by": "7.2.0.192.in-addr.arpa",
    "an address": "192.0.2.7",
    "a short address": "127.1",
    "an address of version 6": "2001:db8::7",
    "an address in brackets": "[2001:db8::7]",
    "an underscore": "_dmarc.example.com",
    "a star": "*.example.com",
    "a space": "exam ple.com",
    "an address of the web": "https://example.com",
    "a path": "example.com/",
    "a port": "example.com:25",
    "a mailbox": "a@example.com",
    "a hyphen in front": "-news.example.com",
    "a hyphen behind": "news-.example.com",
    "an emoji": "💩.la",
    "no ASCII form of anything": "xn--a.com",
    "another direction": "\u202enews.example.com",
    "a null": "news\x00.example.com",
    "a long label": f"{'a' * 64}.com",
    "a long name": "a." * 100 + "com",
    "a very long text": "a" * 100_000,
    "many marks": "a" + "\u0301" * 300 + ".com",
}


@pytest.mark.parametrize("what", SAME)
def test_one_domain_has_one_form(what: str) -> None:
    given_name, canonical = SAME[what]
    found = domain_name(given_name, "name")
    assert found.ascii == canonical
    assert domain_name(found.shown, "name") == domain_name(found.ascii, "name") == found


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_domain_is_refused(what: str) -> None:
    with pytest.raises(Refusal) as refused:
        domain_name(REFUSED[what], "name")
    assert (refused.value.code, refused.value.field) == (RefusalCode.BAD_USER_INPUT, "name")


@given(st.text(max_size=60) | st.text("abc-.üß。xn1", max_size=60).map(lambda text: f"{text}.com"))
def test_whatever_is_sent_becomes_a_name_of_dns_or_is_refused(text: str) -> None:
    try:
        found = domain_name(text, "name")
    except Refusal:
        return
    labels = found.ascii.split(".")
    assert found.ascii.isascii()
    assert found.ascii == found.ascii.lower()
    assert len(found.ascii) <= LONGEST
    assert len(labels) > 1
    assert all(1 <= len(label) <= 63 for label in labels)
    assert domain_name(found.shown, "name") == found


def test_the_registered_part() -> None:
    assert registered_part("a.news.example.co.uk") == "example.co.uk"
    assert registered_part("example.com") == "example.com"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" ", "it is empty"),
        ("https://example.com", "it is a URL"),
        ("example.com/news", "it is a URL"),
        (f"{'a.' * LONGEST}com", f"more than {LONGEST} characters"),
    ],
)
def test_the_refusal_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        domain_name(text, "name")
