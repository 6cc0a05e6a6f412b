"""E-mails are written so that a mail program reads the same values."""

import cProfile
import datetime
import pstats
import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.transports.compose import compose
from server.transports.mail import Attachment, Mail, Mailbox

_NOW = datetime.datetime(2030, 5, 17, 12, 30, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
MAIL = Mail(
    sender=Mailbox("us@example.com", "Us"),
    recipient=Mailbox("anna@example.com"),
    subject="Hello",
    message_id="1@example.com",
    date=_NOW,
    text="Hello\n",
)

_LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
_LOCAL_PARTS = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9]{1,20})?", fullmatch=True)
_DOMAINS = st.sampled_from(["example.com", "xn--gre-hoa8b.example", "a-b.example.co.uk"])
_ADDRESSES = st.builds("{}@{}".format, _LOCAL_PARTS, _DOMAINS)
_MAILBOXES = st.builds(Mailbox, _ADDRESSES, _LINES.map(lambda text: text.strip()))
_TYPES = st.sampled_from(["application/pdf", "text/plain", "text/html", "image/svg+xml", "application/zip"])
_NAMES = _LINES.map(lambda text: text.strip()[:150]).filter(bool)
_ATTACHMENTS = st.builds(Attachment, name=_NAMES, type=_TYPES, content=st.binary(max_size=300))
MAILS = st.builds(
    Mail,
    sender=_MAILBOXES,
    recipient=_MAILBOXES,
    reply_to=st.none() | _MAILBOXES,
    subject=_LINES,
    message_id=_ADDRESSES,
    date=st.integers(0, 7_000_000_000).map(lambda at: datetime.datetime.fromtimestamp(at, datetime.UTC)),
    text=_TEXTS,
    html=st.none() | _TEXTS,
    headers=st.lists(st.tuples(st.sampled_from(["X-First", "X-Second", "List-Id"]), _LINES), max_size=3),
    attachments=st.lists(_ATTACHMENTS, max_size=2),
    unsubscribe_url=st.none() | st.from_regex(r"https://t\.example/[a-zA-Z0-9._~%=-]{1,300}", fullmatch=True),
)


def _read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def _values(message: EmailMessage, name: str) -> list[str]:
    """The values of a header, with lines joined. Python's newer parser loses spaces of encoded words."""
    return [re.sub(r"\r?\n(?=[ \t])", "", str(raw)) for found, raw in message.raw_items() if found == name]


def _texts(message: EmailMessage, name: str) -> list[str]:
    return [_decoded(value) for value in _values(message, name)]


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def _mailboxes(message: EmailMessage, name: str) -> list[Mailbox]:
    found = getaddresses(_values(message, name))
    return [Mailbox(address, _decoded(shown)) for shown, address in found]


def _body(text: str) -> str:
    """As mail has it: with CR LF at the end of each line, the last one as well."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines if lines.endswith("\n") else f"{lines}\n"


@given(MAILS)
def test_what_is_written_is_read_as_the_same(mail: Mail) -> None:
    content = compose(mail)
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    message = _read(content)
    assert message.defects == []
    assert _mailboxes(message, "From") == [mail.sender]
    assert _mailboxes(message, "To") == [mail.recipient]
    assert _mailboxes(message, "Reply-To") == ([mail.reply_to] if mail.reply_to else [])
    assert _texts(message, "Subject") == [mail.subject]
    assert message["Message-ID"] == f"<{mail.message_id}>"
    assert message["Date"].datetime == mail.date
    assert message["List-Unsubscribe"] == (mail.unsubscribe_url and f"<{mail.unsubscribe_url}>")
    assert ("List-Unsubscribe-Post" in message) == (mail.unsubscribe_url is not None)
    for name in {name for name, _ in mail.headers}:
        assert _texts(message, name) == [value for found, value in mail.headers if found == name]
    _check_parts(message, mail)


def _check_parts(message: EmailMessage, mail: Mail) -> None:
    assert _content(message.get_body(("plain",))) == _body(mail.text or "")
    assert _content(message.get_body(("html",))) == (None if mail.html is None else _body(mail.html))
    attached = list(message.iter_attachments())
    assert [part.get_payload(decode=True) for part in attached] == [each.content for each in mail.attachments]
    assert [part.get_content_type() for part in attached] == [each.type for each in mail.attachments]
    assert [part.get_filename() for part in attached] == [each.name for each in mail.attachments]


def _content(part: Any) -> str | None:
    return None if part is None else part.get_payload(decode=True).decode().replace("\r\n", "\n")


def _head(mail: Mail) -> str:
    return compose(mail).partition(b"\r\n\r\n")[0].decode()


@pytest.mark.parametrize(
    "subject", ["word " * 2000, "x" * 10_000, "Größe " * 1700, "  two  spaces ", "=?utf-8?q?x?="]
)
def test_subjects_of_any_length_and_form(subject: str) -> None:
    content = compose(replace(MAIL, subject=subject))
    assert _texts(_read(content), "Subject") == [subject]
    assert max(len(line) for line in content.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    "name", ["Santos, Maria", 'Maria "Mia" Santos', "Größe, Anna <x@example.org>", "a@b", "()"]
)
def test_a_name_adds_no_address(name: str) -> None:
    message = _read(compose(replace(MAIL, sender=Mailbox("us@example.com", name))))
    assert _mailboxes(message, "From") == [Mailbox("us@example.com", name)]
    (address,) = message["From"].addresses
    assert address.addr_spec == "us@example.com"


def test_the_domain_is_written_in_ascii() -> None:
    mail = replace(
        MAIL, sender=Mailbox("us@Grüße.example"), recipient=Mailbox("grüße@grüße.example", "Größe")
    )
    head = _head(mail)
    assert "From: us@xn--gre-6ka8l.example\r\n" in head
    assert "<grüße@xn--gre-6ka8l.example>\r\n" in head


def test_a_link_to_unsubscribe_stays_in_one_line() -> None:
    """Mail programs follow no encoded words."""
    url = f"https://track.example/u/{'a' * 300}"
    assert f"\r\nList-Unsubscribe: <{url}>\r\n" in _head(replace(MAIL, unsubscribe_url=url))


def test_text_without_html_and_the_reverse() -> None:
    text, html = _read(compose(MAIL)), _read(compose(replace(MAIL, text=None, html="<p>Grüße")))
    assert (text.get_content_type(), _content(text)) == ("text/plain", "Hello\n")
    assert (html.get_content_type(), _content(html)) == ("text/html", "<p>Grüße\n")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("", "7bit"),
        ("From us\n.\n", "7bit"),
        ("a" * 78, "7bit"),
        ("a" * 79, "quoted-printable"),
        ("Grüße, dear all! \n.\n\tThis is the end of all that we say\t", "quoted-printable"),
        ("Привет, мир\n" * 20, "base64"),
    ],
)
def test_a_text_is_in_ascii_in_lines_that_are_short(text: str, encoding: str) -> None:
    content = compose(replace(MAIL, text=text))
    message = _read(content)
    assert message["Content-Transfer-Encoding"] == encoding
    assert _content(message) == _body(text)
    assert max(len(line) for line in content.split(b"\r\n")) <= 78


def test_html_stands_beside_the_files_that_it_shows() -> None:
    shown = Attachment(name="Größe.png", type="image/png", content=bytes(5000), content_id="logo")
    attached = Attachment(name="a.pdf", type="application/pdf", content=b"%PDF", content_id=None)
    mail = replace(MAIL, html='<img src="cid:logo">', attachments=[shown, attached])
    message = _read(compose(mail))
    assert message.defects == []
    found = [(part.get_content_type(), part["Content-ID"]) for part in message.walk()]
    assert found == [
        ("multipart/mixed", None),
        ("multipart/alternative", None),
        ("text/plain", None),
        ("multipart/related", None),
        ("text/html", None),
        ("image/png", "<logo>"),
        ("application/pdf", None),
    ]
    image = list(message.walk())[5]
    assert (image.get_filename(), image.get_content_disposition()) == ("Größe.png", "inline")
    assert image.get_payload(decode=True) == bytes(5000)
    # Without HTML nothing shows it, so it is attached.
    attachments = list(_read(compose(replace(mail, html=None))).iter_attachments())
    assert [each.get_content_disposition() for each in attachments] == ["attachment", "attachment"]


def test_no_header_is_parsed_while_a_mail_is_written() -> None:
    """That took four times as long as all the rest."""
    mail = replace(MAIL, subject="Größe", html="<p>Grüße", unsubscribe_url="https://t.example/u")
    profile = cProfile.Profile()
    profile.runcall(compose, mail)
    called = {Path(function[0]).name for function in pstats.Stats(profile).stats}  # type: ignore[attr-defined]  # typeshed lacks it
    assert "generator.py" in called
    assert called.isdisjoint({"_header_value_parser.py", "headerregistry.py"})


_BREAKS = st.sampled_from(["\r", "\n", "\r\n", "\0", "\x0b", "\x1c", "\x85", "\u2028", "\r\n ", "\r\n\r\n"])
_WORDS = st.text(st.sampled_from("abc: <>@Ü"), max_size=8)
_BROKEN = st.builds("{}{}{}".format, _WORDS, _BREAKS, st.just("Bcc: everybody@example.com") | _WORDS)


@given(
    _BROKEN,
    st.sampled_from(
        [
            lambda text: replace(MAIL, subject=text),
            lambda text: replace(MAIL, message_id=text),
            lambda text: replace(MAIL, unsubscribe_url=text),
            lambda text: replace(MAIL, headers=[("X-First", text)]),
            lambda text: replace(MAIL, headers=[(text, "value")]),
            lambda text: replace(MAIL, sender=Mailbox(text)),
            lambda text: replace(MAIL, sender=Mailbox(f"us@{text}.example.com")),
            lambda text: replace(MAIL, sender=Mailbox("us@example.com", text)),
            lambda text: replace(MAIL, recipient=Mailbox("us@example.com", text)),
            lambda text: replace(MAIL, reply_to=Mailbox("us@example.com", text)),
            lambda text: replace(MAIL, attachments=[Attachment(name=text, type="text/plain", content=b"")]),
            lambda text: replace(MAIL, attachments=[Attachment(name="a", type=text, content=b"")]),
        ]
    ),
)
def test_no_value_ends_its_line(text: str, put: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compose(put(text))


@pytest.mark.parametrize(
    "mail",
    [
        replace(MAIL, text=None),
        replace(MAIL, text="a\0b"),
        replace(MAIL, text="\ud800"),
        replace(MAIL, sender=Mailbox("us")),
        replace(MAIL, sender=Mailbox("us@example.com, them@example.com")),
        replace(MAIL, sender=Mailbox("a b@example.com")),
        replace(MAIL, sender=Mailbox("us@")),
        replace(MAIL, sender=Mailbox("@example.com")),
        replace(MAIL, headers=[("subject", "another one")]),
        replace(MAIL, headers=[("Content-Type", "text/html")]),
        replace(MAIL, headers=[("X:Y", "value")]),
        replace(MAIL, headers=[("", "value")]),
        replace(MAIL, unsubscribe_url="https://example.com/ü"),
        replace(MAIL, unsubscribe_url=f"https://example.com/{'a' * 1000}"),
        replace(MAIL, attachments=[Attachment(name="a", type="message/rfc822", content=b"")]),
        replace(MAIL, attachments=[Attachment(name="a", type="multipart/mixed", content=b"")]),
        replace(MAIL, attachments=[Attachment(name="a", type="pdf", content=b"")]),
    ],
)
def test_what_no_mail_contains(mail: Mail) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compose(mail)
